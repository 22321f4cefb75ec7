"""Publicity and payment of every school of the term, and of one school on one page."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, needs
from audits import reviews
from audits.choices import Lack
from audits.findings import RULES
from audits.review_forms import ReviewFilter
from common.pages import Tab, chosen, page_of, render_list, tabs_of
from common.roles import READERS
from schools.models import School


@needs(*READERS)
@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    """Every school of the term, and which of them are short of what."""
    form, term = ReviewFilter(request.GET), request.term
    rows, counts = School.objects.none(), dict.fromkeys(Lack.values, 0)
    if term is not None:
        rows = form.narrow(reviews.schools_of(term))
        counts = reviews.lacks(rows, term)
    whole = rows.count()
    tab = chosen(request, "tab", Lack.values)
    if tab and term is not None:
        rows = reviews.lacking(rows, term, tab)
    page = page_of(request, rows.select_related("town").order_by("code"), count=counts[tab] if tab else whole)
    standings = reviews.standings(page.object_list, term, reader=request.user) if term else {}
    context: dict[str, Any] = {
        "form": form,
        "tabs": _tabs(request, counts, whole),
        "page": page,
        "lines": [{"school": school, "standing": standings[school.pk]} for school in page],
    }
    return render_list(request, "audits/reviews.html", part="audits/_reviews.html", context=context)


def _tabs(request: SignedInRequest, counts: dict[str, int], whole: int) -> list[Tab]:
    """A school may be short of several things: the whole is not the sum of the tabs."""
    everything, *others = tabs_of(request, Lack.choices, counts)
    return [replace(everything, count=whole), *others]


@needs(*READERS)
@require_GET
def page(request: SignedInRequest, code: str) -> HttpResponse:
    """One school; `sheet` gives it as paper."""
    if request.term is None:
        raise Http404
    school = get_object_or_404(School.objects.select_related("town", "kind"), code=code)
    today = timezone.localdate()
    found = reviews.review(school, request.term, reader=request.user, today=today)
    template = "audits/review_print.html" if "sheet" in request.GET else "audits/review.html"
    return render(request, template, {"review": found, "findings": _findings(found), "today": today})


def _findings(found: reviews.Review) -> list[dict[str, Any]]:
    return [
        {"finding": finding, "title": RULES[finding.rule].title if finding.rule in RULES else finding.rule}
        for finding in found.findings
    ]
