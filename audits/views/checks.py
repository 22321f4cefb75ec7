"""Whether the totals agree."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, needs
from audits import checks as control
from common.roles import READERS


@needs(*READERS)
@require_GET
def checks(request: SignedInRequest) -> HttpResponse:
    """The control totals of the chosen term, counted now."""
    outcomes = control.run(request.term) if request.term else []
    return render(
        request,
        "audits/checks.html",
        {"outcomes": outcomes, "failing": sum(not outcome.holds for outcome in outcomes)},
    )
