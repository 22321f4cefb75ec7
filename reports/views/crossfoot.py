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
    """All ten rules. Each is counted when it comes into the page, one after the other: a year takes a while."""
    _known(scope)
    context = {
        "scope": scope,
        "scope_name": term_name(scope),
        "as_of": timezone.now(),
        "rules": crossfooting.rules(),
        "outcomes": crossfooting.run(scope) if "all" in request.GET else [],
    }
    return render(request, "reports/crossfoot.html", context)


@needs(*READERS)
@require_GET
def rule(request: SignedInRequest, scope: str, number: int) -> HttpResponse:
    """One rule, counted now; the page asks for it, and for the next one with what it gets."""
    _known(scope)
    outcomes = crossfooting.run(scope, only=[number])
    if not outcomes:
        raise Http404
    following = number + 1 if number < len(crossfooting.rules()) else 0
    context = {"scope": scope, "outcome": outcomes[0], "following": following}
    return render(request, "reports/_crossfoot_rule.html", context)


def _known(scope: str) -> None:
    try:
        scopes.terms_of(scope)
    except scopes.NoSuchScope as refusal:
        raise Http404(str(refusal)) from refusal
