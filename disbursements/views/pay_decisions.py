"""Awards that nobody can pay yet, by reason, and a person's word on those whose child has left."""

from collections import Counter
from typing import Any, cast

from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.pages import chosen, page_of, render_list, tabs_of
from common.roles import COUNTY
from disbursements import pay_decisions
from disbursements.choices import Waiting
from disbursements.forms import DecisionForm
from disbursements.models import PayDecision
from disbursements.payable import waiting
from programs.models import Award, AwardQuerySet, Program


@needs(*READERS_AND_SCHOOL)
def unpaid(request: SignedInRequest, code: str) -> HttpResponse:
    """Confirmed awards of a program that wait, and for what."""
    program = get_object_or_404(Program.objects.filter(terms__term=request.term), pk=code)
    if request.term is None:
        raise Http404
    mine: Any = cast(AwardQuerySet, waiting(request.term, program)).visible_to(request.user)
    counts = Counter(dict(mine.order_by().values_list("waits").annotate(n=Count("pk"))))
    tab = chosen(request, "tab", Waiting.values)
    if tab:
        mine = mine.filter(waits=tab)
    shown = mine.for_list().select_related("pay_decision__decided_by", "enrollment")
    page = page_of(request, shown, count=counts[tab] if tab else sum(counts.values()))
    context = {
        "form": None,
        "program": program,
        "tabs": tabs_of(request, [choice for choice in Waiting.choices if counts[choice[0]]], counts),
        "page": page,
        "lines": [(award, Waiting(award.waits).label) for award in page],
    }
    return render_list(request, "disbursements/unpaid.html", part="disbursements/_unpaid.html", context=context)


@needs(*COUNTY)
def decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Whether a child that left is paid all the same."""
    award = get_object_or_404(Award.objects.visible_to(request.user).for_list().select_related("enrollment"), pk=pk)
    decision = PayDecision.objects.filter(award=award).select_related("decided_by").first()
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("决定已记录。")):
            pay_decisions.decide(award, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect("disbursements:unpaid", award.program_id)
    return render(request, "disbursements/pay_decision.html", {"award": award, "decision": decision, "form": form})
