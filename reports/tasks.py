"""The background runs of this stage."""

from typing import Any

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from common import money
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running, handler
from programs.models import AwardQuerySet
from reports import exports, handed_in, layouts, summary_document, totals
from reports.layouts import PAYERS
from reports.models import SummaryText
from reports.selections import Count, Selection, count
from schools.models import term_name


@handler("names-export", title=_("导出名单"))
def export_names(running: Running) -> dict[str, Any]:
    """Write the names behind one figure as a workbook and keep it for download; who took it is recorded."""
    key: dict[str, str] = running.params["figure"]
    by, selection = running.job.started_by, Selection(**key)
    figure, borne = count(selection), ""
    if selection.payer:
        part = figure
        figure = Count(part.people, part.awards, selection.awards().aggregate(fen=Sum("amount_fen"))["fen"] or 0)
        borne = _now("以上资助中%(payer)s承担 %(yuan)s 元。") % {
            "payer": dict(PAYERS)[selection.payer],
            "yuan": money.yuan(part.amount_fen),
        }
    awards: AwardQuerySet = totals.names(**key)
    title = _now("%(scope)s资助名单") % {"scope": term_name(key["scope"])}
    words = layouts.definition_of(selection)
    content = exports.names(awards, figure, title=title, definition=words, borne=borne, by=by, at=running.at)
    result = {"rows": figure.awards}
    with running.chunk(to=1, result=result):
        file = files.store(content, name=f"{title}.xlsx", kind=FileKind.EXPORT, by=by, at=running.at)
        actions.record(by, "names.exported", file, at=running.at, sha256=file.sha256, persons=figure.awards, **key)
        result["file_id"] = file.pk
    return result


@handler("summary-file", title=_("生成年度工作总结"))
def write_summary(running: Running) -> dict[str, Any]:
    """Write a year's summary as a Word document and keep it for download; who took it is recorded."""
    by, year = running.job.started_by, int(running.params["year"])
    told, content = summary_document.made(year, SummaryText.objects.visible_to(by), at=running.at)
    result: dict[str, Any] = {}
    with running.chunk(to=1, result=result):
        name = f"{summary_document.title(told)}.docx"
        file = files.store(content, name=name, kind=FileKind.EXPORT, by=by, at=running.at)
        actions.record(by, "summary.taken", file, at=running.at, sha256=file.sha256, year=year, gaps=len(told.gaps))
        result["file_id"] = file.pk
    return result


@handler("report-freeze", title=_("报表定版"))
def freeze(running: Running) -> dict[str, Any]:
    """Count a table of a term or year and keep it as it is handed in, with every award behind it."""
    by, params = running.job.started_by, running.params
    counted_at = timezone.now()  # what counts is when it was counted, not when it was ordered
    prepared = handed_in.prepare(params["layout"], params["scope"])
    result: dict[str, Any] = {}
    with running.chunk(to=1, result=result):
        report = handed_in.keep(prepared, by=by, at=counted_at, why=params["why"], version=params.get("version"))
        result |= {
            "awards": report.awards,
            "people": report.people,
            "total_fen": report.amount_fen,
            "file_id": report.workbook_id,
        }
    return result
