"""Whether the tables of a term or year agree with themselves and with what they rest on."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, needs
from common.roles import READERS
from reports import crossfooting, scopes
from schools.models import term_name


@needs(*READERS)
@require_GET
def page(request: SignedInRequest, scope: str) -> HttpResponse:
    """All ten rules, counted now."""
    try:
        outcomes = crossfooting.run(scope)
    except scopes.NoSuchScope as refusal:
        raise Http404(str(refusal)) from refusal
    context = {
        "scope": scope,
        "scope_name": term_name(scope),
        "outcomes": outcomes,
        "failing": sum(not outcome.holds for outcome in outcomes),
        "as_of": timezone.now(),
    }
    return render(request, "reports/crossfoot.html", context)
