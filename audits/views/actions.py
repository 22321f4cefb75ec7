"""Who did what, when."""

from django.db.models import Q
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, needs
from accounts.models import Action
from audits.forms import ActionFilter
from audits.wording import act
from common.pages import page_of, render_list
from common.roles import READERS
from jobs import wording


@needs(*READERS)
@require_GET
def actions(request: SignedInRequest) -> HttpResponse:
    """Every act of everybody, newest first."""
    form = ActionFilter(request.GET)
    rows = form.narrow(Action.objects.visible_to(request.user))
    if who := form.wanted("q"):
        rows = rows.filter(Q(actor__name__startswith=who) | Q(actor__username__startswith=who))
    page = page_of(request, rows.for_list(), sizes=(50, 100))
    return render_list(
        request,
        "audits/actions.html",
        part="audits/_actions.html",
        context={
            "form": form,
            "page": page,
            "lines": [
                {"action": action, "act": act(action.verb), "facts": wording.facts(action.details)} for action in page
            ],
        },
    )
