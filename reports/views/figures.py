"""The tables of a term or year: on the page, on paper, as files; and the documents behind what was allotted."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import actions
from accounts.access import SignedInRequest, needs
from common.downloads import csv_table, workbook
from common.roles import COUNTY, READERS
from reports import allotments, exports, grids, layouts, scopes, sights
from reports.forms import LayoutForm, NamesFilter
from reports.grids import Grid
from schools.models import term_name


@needs(*READERS)
@require_GET
def report(request: SignedInRequest, scope: str = "") -> HttpResponse:
    """A table with its drawings; without a scope that of the chosen term."""
    if not scope:
        if request.term is None:
            return render(request, "reports/nothing.html")
        return redirect("reports:report", scope=request.term.pk)
    form = LayoutForm(request.GET)
    fold = sights.fold(form.chosen, form.wanted("town"))
    table = grid_or_404(form.chosen, scope, fold=fold)
    context = {
        "table": table,
        "folds": fold is not None,
        "sight": sights.Sight(table, form.unit_chosen),
        "definition": layouts.definition(table.layout),
        "as_of": timezone.now(),
        "may_hand_in": request.user.role in COUNTY,
        "others": sights.others(),
    }
    return render(request, "reports/report.html", context)


def grid_or_404(layout: str, scope: str, *, fold: str | None = None) -> Grid:
    """The table of an address that somebody typed."""
    try:
        return grids.grid(layout, scope, fold=fold)
    except scopes.NoSuchScope as refusal:
        raise Http404(str(refusal)) from refusal


@needs(*READERS)
@require_GET
def paper(request: SignedInRequest, scope: str) -> HttpResponse:
    """The official form on A4 across; the browser prints it."""
    form = LayoutForm(request.GET)
    table = grid_or_404(form.chosen, scope)
    context = {
        "table": table,
        "sight": sights.Sight(table, form.unit_chosen),
        "definition": layouts.definition(table.layout),
        "as_of": timezone.now(),
        "county": settings.COUNTY_NAME,
    }
    return render(request, "reports/paper.html", context)


@needs(*READERS)
@require_GET
def export(request: SignedInRequest, scope: str) -> HttpResponse:
    """The table as a workbook in the official form, or as plain text with commas."""
    form, now = LayoutForm(request.GET), timezone.now()
    table, is_csv = grid_or_404(form.chosen, scope), request.GET.get("as") == "csv"
    content = (
        exports.csv(table, by=request.user, at=now)
        if is_csv
        else exports.report(table, unit=form.unit_chosen, by=request.user, at=now)
    )
    term = scopes.terms_of(scope)[-1]
    details = {"scope": scope, "layout": str(table.layout), "format": "csv" if is_csv else "xlsx"}
    actions.record(request.user, "report.exported", term, at=now, **details)
    name = exports.title(table)
    return csv_table(content, name) if is_csv else workbook(content, name)


@needs(*READERS)
@require_GET
def allotted(request: SignedInRequest, scope: str) -> HttpResponse:
    """The quota documents behind a figure of the table by stages."""
    try:
        terms = scopes.terms_of(scope)
    except scopes.NoSuchScope as refusal:
        raise Http404(str(refusal)) from refusal
    form = NamesFilter(request.GET, default=None)
    program, stage = (chosen.pk if (chosen := form.wanted(name)) else "" for name in ("program", "stage"))
    found = allotments.documents(terms, program=program, stage=stage)
    context = {
        "scope": scope,
        "scope_name": term_name(scope),
        "found": found,
        "amount_fen": sum(each.quota.amount_fen for each in found),
    }
    return render(request, "reports/allotted.html", context)
