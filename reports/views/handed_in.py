"""What was handed in: the list, one report, what changed since by names, and another version."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import actions
from accounts.access import SignedInRequest, needs
from common.downloads import workbook
from common.forms import number_of
from common.moves import Refused
from common.pages import chosen, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from jobs import run
from jobs.choices import JobState
from jobs.models import Job
from reports import change_lists, figure_changes, handed_in
from reports.choices import Layout
from reports.counting import Column
from reports.forms import FreezeForm
from reports.models import HandedIn
from schools.models import term_name

FIGURES_SHOWN = 50
"""Numbers other than handed in that the page of a report lists."""


@needs(*READERS)
@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    """Every report that was handed in, the newest first."""
    page = page_of(request, HandedIn.objects.visible_to(request.user).for_list())
    in_force = set(
        HandedIn.objects.in_force().filter(pk__in=[report.pk for report in page]).values_list("pk", flat=True)
    )
    lines = [{"report": report, "name": term_name(report.scope), "is_newest": report.pk in in_force} for report in page]
    context = {"page": page, "lines": lines}
    return render_list(request, "reports/handed_in_list.html", part="reports/_handed_in_list.html", context=context)


@needs(*COUNTY)
@require_POST
def freeze(request: SignedInRequest) -> HttpResponse:
    """Order a table to be kept as it is handed in."""
    form = FreezeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请选择要上报的表和学期。"))
        return redirect("reports:report")
    words = form.cleaned_data
    try:
        version = handed_in.refuse(words["layout"], words["scope"], by=request.user, why=words["why"])
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("reports:report", scope=words["scope"])
    key = f"report-freeze:{words['layout']}:{words['scope']}:{version}:"
    tried = Job.objects.filter(key__startswith=key, state=JobState.FAILED).count()
    job = run.start("report-freeze", by=request.user, at=timezone.now(), key=f"{key}{tried}", version=version, **words)
    return redirect(job)


@needs(*READERS)
@require_GET
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    """One report as it was handed in, with a second look at its rows."""
    report = _found(request, pk)
    newest = HandedIn.objects.filter(layout=report.layout, scope=report.scope).order_by("-version")[0]
    fault = handed_in.fault(report)
    figures = figure_changes.changes(report) if fault.is_whole and newest.pk == report.pk else []
    context = {
        "report": report,
        "name": term_name(report.scope),
        "columns": [str(Column(*column)) for column in report.figures["columns"]],
        "newest": newest,
        "is_whole": fault.is_whole,
        "changes": len(handed_in.differences(report)) if fault.is_whole else 0,
        "figures": figures[:FIGURES_SHOWN],
        "figures_changed": len(figures),
        "may_hand_in": request.user.role in COUNTY and newest.pk == report.pk,
        "layout_name": Layout(report.layout).label,
    }
    return render(request, "reports/handed_in.html", context)


@needs(*READERS)
@require_GET
def names(request: SignedInRequest, pk: int) -> HttpResponse:
    """The awards that one figure of the report counted when it was handed in: of all, or of a `line` and `column`."""
    report = _found(request, pk)
    lines = report.figures["lines"]
    total = next(place for place, each in enumerate(lines) if not each["words"])
    line, column = (number_of(request.GET.get(name, str(else_))) for name, else_ in (("line", total), ("column", 0)))
    if line is None or column is None:
        raise Http404
    try:
        figure = lines[line]["figures"][column]
        rows = handed_in.behind(report, line, column)
    except IndexError as error:
        raise Http404 from error
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("reports:handed-in-list")
    page = page_of(request, rows)
    page.object_list = change_lists.named(page.object_list)
    context = {
        "report": report,
        "name": term_name(report.scope),
        "label": f"{lines[line]['label']} · {Column(*report.figures['columns'][column])}",
        "figure": figure,
        "page": page,
    }
    return render_list(request, "reports/handed_in_names.html", part="reports/_handed_in_names.html", context=context)


@needs(*READERS)
@require_GET
def differences(request: SignedInRequest, pk: int) -> HttpResponse:
    """The awards that are gone, new or other since, with their children."""
    report = _found(request, pk)
    try:
        found = handed_in.differences(report)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("reports:handed-in-list")
    kinds = handed_in.tabs()
    tab = chosen(request, "tab", [key for key, _label in kinds])
    counts = {key: len(getattr(found, key)) for key, _label in kinds}
    rows = getattr(found, tab) if tab else [*found.changed, *found.new, *found.gone]
    page = page_of(request, rows)
    page.object_list = change_lists.shown(page.object_list)
    context = {
        "report": report,
        "name": term_name(report.scope),
        "tabs": tabs_of(request, kinds, counts),
        "page": page,
        "total": len(found),
    }
    return render_list(
        request, "reports/handed_in_differences.html", part="reports/_handed_in_differences.html", context=context
    )


@needs(*READERS)
@require_GET
def export(request: SignedInRequest, pk: int) -> HttpResponse:
    """The same as a workbook; who took it is on record."""
    report, now = _found(request, pk), timezone.now()
    try:
        found = handed_in.differences(report)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("reports:handed-in-list")
    content = change_lists.workbook(report, found, by=request.user, at=now)
    actions.record(request.user, "report.differences-exported", report, at=now, rows=len(found))
    return workbook(content, _("%(report)s上报后变动") % {"report": report})


def _found(request: SignedInRequest, pk: int) -> HandedIn:
    rows = HandedIn.objects.visible_to(request.user).select_related("rows", "workbook", "frozen_by")
    return get_object_or_404(rows, pk=pk)
