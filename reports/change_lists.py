"""What changed since a report was handed in, as people read it: with children, schools, programs; and as a workbook."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common.bulk import in_parts
from common.workbooks import Column, Value, write_table
from programs.models import Program
from reports import handed_in
from reports.handed_in import Change, Differences, Row
from reports.models import HandedIn
from schools.models import School, Stage
from students.models import HardshipCategory, Student


@dataclass(frozen=True, slots=True)
class Told:
    """A changed award with its child, in words."""

    change: Change
    student: Student | None
    kind: str
    was: str
    now: str


class _Names:
    """Schools, programs, stages and categories by their codes."""

    def __init__(self) -> None:
        self.schools = dict(School.objects.values_list("code", "name"))
        self.programs = {program.pk: str(program) for program in Program.objects.all()}
        self.stages = {stage.pk: str(stage) for stage in Stage.objects.all()}
        self.categories = {category.pk: str(category) for category in HardshipCategory.objects.all()}

    def place(self, row: Row) -> str:
        found = [
            self.schools.get(row.school, row.school),
            self.stages.get(row.stage, row.stage),
            self.programs.get(row.program, row.program),
            self.categories.get(row.category, row.category) if row.category else "",
        ]
        return " · ".join(word for word in found if word)


def shown(changes: Iterable[Change]) -> list[Told]:
    """These changes with their children, in as many queries for one as for a page."""
    changes = list(changes)
    names, labels = _Names(), dict(handed_in.tabs())
    students = Student.objects.in_bulk({change.row.student for change in changes})
    return [
        Told(
            change,
            students.get(change.row.student),
            labels["changed" if change.fields else "new" if change.was is None else "gone"],
            names.place(change.was) if change.was else "",
            names.place(change.now) if change.now else "",
        )
        for change in changes
    ]


@dataclass(frozen=True, slots=True)
class Named:
    """An award as a report counted it, with its child and its place in words."""

    row: Row
    student: Student | None
    place: str


def named(rows: Iterable[Row]) -> list[Named]:
    """These rows with their children, in as many queries for one as for a page."""
    rows, names = list(rows), _Names()
    students = Student.objects.in_bulk({row.student for row in rows})
    return [Named(row, students.get(row.student), names.place(row)) for row in rows]


def workbook(report: HandedIn, found: Differences, *, by: User, at: datetime) -> bytes:
    """Every change, one line each; ids are masked."""
    columns = [
        Column(_("变动"), 10),
        Column(_("资助编号"), 12),
        Column(_("姓名"), 12),
        Column(_("证件号（已遮蔽）"), 22),
        Column(_("学期"), 10),
        Column(_("变动内容"), 20),
        Column(_("上报时"), 48),
        Column(_("现在"), 48),
        Column(_("上报时金额（元）"), 16, "money"),
        Column(_("现在金额（元）"), 16, "money"),
    ]
    changes = [*found.changed, *found.new, *found.gone]
    moment = f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    return write_table(
        _("%(report)s上报后变动") % {"report": report},
        columns,
        _lines(changes),
        preamble=[_("数据截至：%(moment)s") % {"moment": moment}, _("导出人：%(name)s") % {"name": by}],
        foot=[_("单位负责人："), _("审核人："), _("填表人：")],
    )


def _lines(changes: list[Change]) -> Iterator[list[Value]]:
    for part in in_parts(changes):
        for told in shown(part):
            change = told.change
            yield [
                told.kind,
                str(change.row.award),
                told.student.name if told.student else "",
                told.student.masked_id if told.student else "",
                change.row.term,
                change.words,
                told.was,
                told.now,
                change.was.amount_fen if change.was else 0,
                change.now.amount_fen if change.now else 0,
            ]
