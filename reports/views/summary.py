"""The annual summary: what the system says and what people write, section by section, and the Word file of both."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.moves import Refused
from common.roles import COUNTY, READERS
from jobs import run
from reports import summary as summaries
from reports import totals
from reports.models import SummaryText
from reports.summary import Section, Summary, Told
from reports.summary_forms import TextForm, box, seen
from schools.models import Term


@dataclass(frozen=True)
class Card:
    """A section as the page shows it, and the box for people's words."""

    told: Told
    form: TextForm | None
    """None for whoever only reads."""
    refusal: str = ""

    @property
    def box(self) -> str:
        return box(self.told)

    @property
    def is_folded(self) -> bool:
        """Nobody has to write here, nobody did, and nothing is wrong: the box waits behind a line."""
        has_errors = self.form is not None and bool(self.form.errors)
        return not (self.told.section.wants or self.told.words or self.refusal or has_errors)


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """The summary of the chosen term's year."""
    if request.term is None:
        return render(request, "reports/nothing.html")
    return _page(request, request.term.year)


@needs(*READERS)
def year(request: SignedInRequest, year: int) -> HttpResponse:
    return _page(request, year)


def _page(request: SignedInRequest, year: int) -> HttpResponse:
    """Every section with a box; what takes seconds to count comes after the page."""
    summary = _summary(request, year, says=lambda section: not section.is_slow)
    may_write = request.user.role in COUNTY
    parts = [
        (part.title, [Card(told, TextForm(told) if may_write else None) for told in part.sections])
        for part in summary.parts
    ]
    years = sorted({term.year for term in Term.objects.all()}, reverse=True)
    context = {"summary": summary, "year": year, "years": years, "parts": parts, "as_of": timezone.now()}
    return render(request, "reports/summary.html", context)


def _summary(request: SignedInRequest, year: int, *, says: Callable[[Section], bool]) -> Summary:
    try:
        return summaries.of(year, SummaryText.objects.visible_to(request.user), says=says)
    except totals.NoSuchScope as refusal:
        raise Http404(str(refusal)) from refusal


@needs(*READERS)
def problems(request: SignedInRequest, year: int) -> HttpResponse:
    """The sentences that the page of the year does not wait for."""
    summary = _summary(request, year, says=lambda section: section.is_slow)
    slow = [told for told in summary.sections if told.section.is_slow]
    return render(request, "reports/_summary_problems.html", {"told": slow[0]})


@needs(*COUNTY)
def section(request: SignedInRequest, year: int, section: str) -> HttpResponse:
    """One section: the page of the year sends its box here. Whoever was slower gets both words to see."""
    summary, told = _section(request, year, section)
    form, refusal = TextForm(told, request.POST if request.method == "POST" else None), ""
    if form.is_bound and form.is_valid():
        try:
            summaries.write(year=year, section=section, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refused:
            refusal = str(refused)
            summary, told = _section(request, year, section)
            form = TextForm(told, {"text": form.cleaned_data["text"], "before": seen(told)})
        else:
            return _saved(request, year, section)
    failed = form.is_bound and not request.htmx
    context = {"summary": summary, "year": year, "card": Card(told, form, refusal), "form": form}
    template = "reports/_summary_section.html" if request.htmx else "reports/summary_section.html"
    return render(request, template, context, status=422 if failed else 200)


def _section(request: SignedInRequest, year: int, key: str) -> tuple[Summary, Told]:
    """The outline with the sentences of one section."""
    summary = _summary(request, year, says=lambda section: section.key == key and not section.is_slow)
    told = summary.section(key)
    if told is None:
        raise Http404
    return summary, told


def _saved(request: SignedInRequest, year: int, key: str) -> HttpResponse:
    """The section as it is now, to htmx with the list of what is still missing; else the page of the year."""
    if not request.htmx:
        messages.success(request, _("已保存。"))
        return redirect(reverse("reports:summary-year", args=[year]) + f"#{key}")
    summary, told = _section(request, year, key)
    context = {"summary": summary, "year": year, "card": Card(told, TextForm(told)), "is_saved": True}
    return render(request, "reports/_summary_saved.html", context)


@require_POST
@needs(*READERS)
def file(request: SignedInRequest, year: int) -> HttpResponse:
    """Order the Word file: it counts what takes seconds in a whole county."""
    summary = _summary(request, year, says=lambda section: False)
    job = run.start("summary-file", by=request.user, at=timezone.now(), term=summary.year.terms[-1], year=year)
    return redirect(job)
