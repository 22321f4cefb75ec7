"""What changed between two lists, as a workbook. Numbers of people stay masked: the list itself has them."""

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from common.workbooks import Column, Value, write_table
from students import register_changes
from students.models import RegisterPerson, RegisterSnapshot
from students.register_changes import Change, Line

_LINES_A_QUERY = 500


def write(snapshot: RegisterSnapshot, *, by: User, at: datetime) -> bytes:
    """Everybody who came, left or changed since the list before."""
    before = snapshot.compared_with
    remarks = [
        _("对照：%(before)s → %(now)s")
        % {"before": before.as_of.isoformat() if before else "—", "now": snapshot.as_of.isoformat()},
        _("新进入 %(came)s 人，离开 %(left)s 人，信息变动 %(changed)s 人")
        % {"came": snapshot.came, "left": snapshot.left, "changed": snapshot.changed},
        _("导出：%(by)s　%(at)s") % {"by": by, "at": date_format(timezone.localtime(at), "Y-m-d H:i")},
    ]
    return write_table(
        _("%(source)s变化情况") % {"source": snapshot.source},
        _columns(),
        (_row(change, line) for change in Change for line in _lines(snapshot, change)),
        preamble=remarks,
        sheet_name=_("名单变化"),
    )


def _lines(snapshot: RegisterSnapshot, change: Change) -> Iterator[Line]:
    rows = register_changes.for_list(register_changes.people(snapshot, change), snapshot, change)
    part: list[RegisterPerson] = []
    for person in rows.iterator(chunk_size=_LINES_A_QUERY):
        part.append(person)
        if len(part) == _LINES_A_QUERY:
            yield from register_changes.lines(part, change)
            part = []
    yield from register_changes.lines(part, change)


def _columns() -> list[Column]:
    return [
        Column(_("变化"), 10),
        Column(_("姓名"), 12),
        Column(_("原姓名"), 12),
        Column(_("证件号（遮蔽）"), 22),
        Column(_("户编号"), 18),
        Column(_("原户编号"), 18),
        Column(_("与户主关系"), 12),
        Column(_("户主姓名"), 12),
        Column(_("乡镇"), 12),
        Column(_("村"), 14),
        Column(_("原困难类型"), 22),
        Column(_("现困难类型"), 22),
        Column(_("行"), 8, "number"),
    ]


def _row(change: Change, line: Line) -> list[Value]:
    person, before, now = line.person, line.before, line.now
    return [
        str(change.label),
        person.name,
        before.name if before and "name" in line.differs else "",
        person.masked_id,
        person.household_no,
        before.household_no if before and "household" in line.differs else "",
        person.relation,
        person.head_name,
        person.town_name,
        person.village,
        str(before.category) if before else "",
        str(now.category) if now else "",
        person.row,
    ]
