"""What the next list of a source touches, as a workbook. Numbers of people stay masked."""

from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from common.bulk import in_parts
from common.workbooks import Column, Value, write_table
from programs import touched
from programs.models import Award, AwardQuerySet
from programs.touched import Gaining, Losing
from schools.models import Term
from students.models import Enrollment, EnrollmentQuerySet, RegisterSnapshot


def write_losing(awards: AwardQuerySet, snapshot: RegisterSnapshot, term: Term, *, by: User, at: datetime) -> bytes:
    """Live awards of the term to children who left the list."""
    return write_table(
        _("%(source)s：可能不再享受的资助") % {"source": snapshot},
        [*_child_columns(), Column(_("资助项目"), 24), Column(_("金额（元）"), 12, "money"), Column(_("状态"), 12),
         Column(_("离开名单的困难情形"), 24), Column(_("另有的困难情形"), 24)],
        map(_losing_row, _losing(awards, snapshot, term)),
        preamble=_remarks(snapshot, term, by, at),
        sheet_name=_("可能不再享受"),
    )  # fmt: skip


def write_gaining(
    children: EnrollmentQuerySet, snapshot: RegisterSnapshot, term: Term, *, by: User, at: datetime
) -> bytes:
    """Children in class whom the list names now."""
    return write_table(
        _("%(source)s：可能新享受资助的学生") % {"source": snapshot},
        [*_child_columns(), Column(_("名单上的困难类型"), 24), Column(_("现有资助"), 30), Column(_("可能新享受"), 30)],
        map(_gaining_row, _gaining(children, snapshot, term)),
        preamble=_remarks(snapshot, term, by, at),
        sheet_name=_("可能新享受"),
    )


def _losing(awards: AwardQuerySet, snapshot: RegisterSnapshot, term: Term) -> Iterator[Losing]:
    for keys in in_parts(list(awards.for_list().values_list("pk", flat=True))):
        part = Award.objects.filter(pk__in=keys).for_list()
        yield from touched.losing_lines(list(part), snapshot, term)


def _gaining(children: EnrollmentQuerySet, snapshot: RegisterSnapshot, term: Term) -> Iterator[Gaining]:
    for keys in in_parts(list(children.for_list().values_list("pk", flat=True))):
        part = Enrollment.objects.filter(pk__in=keys).for_list()
        yield from touched.gaining_lines(list(part), snapshot, term)


def _remarks(snapshot: RegisterSnapshot, term: Term, by: User, at: datetime) -> list[str]:
    minute = date_format(timezone.localtime(at), "Y-m-d H:i")
    before = snapshot.compared_with
    return [
        _("对照：%(before)s → %(now)s")
        % {"before": before.as_of.isoformat() if before else "—", "now": snapshot.as_of.isoformat()},
        str(term),
        _("导出：%(by)s　%(at)s") % {"by": by, "at": minute},
    ]


def _child_columns() -> list[Column]:
    return [
        Column(_("学校标识码"), 13),
        Column(_("学校名称"), 24),
        Column(_("姓名"), 10),
        Column(_("证件号（遮蔽）"), 22),
        Column(_("年级"), 12),
        Column(_("班级"), 8),
    ]


def _losing_row(line: Losing) -> list[Value]:
    award = line.award
    return [
        award.school.code,
        award.school.name,
        award.student.name,
        award.student.masked_id,
        award.grade,
        award.class_name,
        str(award.program),
        award.amount_fen,
        award.get_state_display(),
        _listed(str(fact.category) for fact in line.leaving),
        _listed(str(fact.category) for fact in line.staying),
    ]


def _gaining_row(line: Gaining) -> list[Value]:
    child, school = line.enrollment, line.enrollment.school
    return [
        school.code,
        school.name,
        child.student.name,
        child.student.masked_id,
        child.grade,
        child.class_name,
        _listed(str(person.category) for person in line.people),
        _listed(str(award.program) for award in line.awards),
        _listed(str(verdict.program) for verdict in line.entitled),
    ]


def _listed(texts: Iterator[str]) -> str:
    return _("、").join(dict.fromkeys(texts))
