"""The board of rosters as a workbook: one row for each school, as many queries for ten as for a thousand."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from common.workbooks import Column, Value, write_table
from schools.models import Term
from students.board import Line

_TO_THE_MINUTE = "Y-m-d H:i"


def write(lines: Iterable[Line], term: Term, *, by: User, at: datetime) -> bytes:
    """Every line with its figures, and the children of all of them at the end."""
    children = children_before = 0
    rows: list[list[Value]] = []
    for line in lines:
        children += line.children
        children_before += line.children_before
        rows.append(_row(line))
    change = children - children_before if children and children_before else None
    total = [_("合计"), None, None, None, None, None, children, children_before, change]
    remarks = [_("学校 %(n)s 所") % {"n": len(rows)}, _("导出：%(by)s　%(at)s") % {"by": by, "at": _minute(at)}]
    return write_table(
        _("%(term)s花名册上报进度表") % {"term": term},
        _columns(),
        rows,
        preamble=remarks,
        total=[*total, *[None] * (len(_columns()) - len(total))],
        sheet_name=_("上报进度"),
    )


def _columns() -> list[Column]:
    return [
        Column(_("学校标识码"), 13),
        Column(_("学校名称"), 24),
        Column(_("乡镇"), 12),
        Column(_("学校类型"), 12),
        Column(_("进度"), 10),
        Column(_("逾期"), 6),
        Column(_("在读（人）"), 10, "number"),
        Column(_("上学期（人）"), 10, "number"),
        Column(_("增减（人）"), 10, "number"),
        Column(_("错误行"), 8, "number"),
        Column(_("需说明行"), 8, "number"),
        Column(_("版本"), 6, "number"),
        Column(_("代办"), 6),
        Column(_("上传时间"), 17),
        Column(_("上报时间"), 17),
        Column(_("催报次数"), 8, "number"),
        Column(_("最近催报"), 17),
        Column(_("退回原因"), 30),
    ]


def _row(line: Line) -> list[Value]:
    roster = line.roster
    return [
        line.school.code,
        line.school.name,
        str(line.school.town),
        str(line.school.kind),
        str(line.progress.label),
        _("是") if line.is_late else "",
        line.children,
        line.children_before,
        line.change,
        roster.rows_refused if roster else None,
        roster.rows_doubtful if roster else None,
        roster.version if roster else None,
        _("是") if line.is_on_behalf else "",
        _minute(roster.uploaded_at if roster else None),
        _minute(line.in_force.committed_at if line.in_force else None),
        line.reminders,
        _minute(line.desk.reminded_at if line.desk else None),
        roster.sent_back_reason if roster else "",
    ]


def _minute(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), _TO_THE_MINUTE) if at else ""
