"""The report of a term or year, the names behind a figure, and both as workbooks."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import actions
from accounts.access import SignedInRequest, needs
from common import money
from common.downloads import workbook
from common.pages import render_list, wide_page_of
from common.roles import READERS
from jobs import run
from reports import exports, tables, totals
from reports.forms import NamesFilter, scopes
from reports.tables import Table
from schools.models import term_name


@needs(*READERS)
def report(request: SignedInRequest, scope: str = "") -> HttpResponse:
    if not scope:
        if request.term is None:
            return render(request, "reports/nothing.html")
        return redirect("reports:report", scope=request.term.pk)
    table = _table(scope)
    whole, poor = table.figure(), table.figure(who=totals.REGISTERED_POOR)
    context = {
        "table": table,
        "whole": whole,
        "poor": poor,
        "programs": [(row.label, table.figure(row.program)) for row in table.programs()],
        "chart": [
            (row.label, float(money.wan(table.figure(stage=row.stage).amount_fen).replace(",", "")), False)
            for row in table.stages()
        ],
        "scopes": scopes(),
        "definition": totals.DEFINITION,
        "as_of": timezone.now(),
    }
    return render(request, "reports/report.html", context)


def _table(scope: str) -> Table:
    try:
        return tables.table(scope)
    except totals.NoSuchScope as refusal:
        raise Http404(str(refusal)) from refusal


@needs(*READERS)
def export(request: SignedInRequest, scope: str) -> HttpResponse:
    table, now = _table(scope), timezone.now()
    content = exports.report(table, by=request.user, at=now)
    term = totals.terms_of(scope)[-1]
    actions.record(request.user, "report.exported", term, at=now, scope=scope)
    return workbook(content, _("%(scope)s学生资助情况统计表") % {"scope": table.title})


@needs(*READERS)
def names(request: SignedInRequest) -> HttpResponse:
    form = NamesFilter(request.GET, default=request.term)
    if not form.is_meant():
        raise Http404
    figure = form.figure()
    context = {
        "form": form,
        "figure": figure,
        "page": wide_page_of(request, form.names(), count=figure.persons),
        "scope_name": term_name(figure.term),
        "definition": totals.DEFINITION,
    }
    return render_list(request, "reports/names.html", part="reports/_names.html", context=context)


@require_POST
@needs(*READERS)
def export_names(request: SignedInRequest) -> HttpResponse:
    form = NamesFilter(request.POST, default=request.term)
    if not form.is_meant():
        raise Http404
    term, figure = totals.terms_of(form.key["scope"])[-1], form.key
    job = run.start("names-export", by=request.user, at=timezone.now(), term=term, figure=figure)
    return redirect(job)
