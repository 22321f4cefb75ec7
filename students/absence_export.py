"""The search as workbooks: the children with what is known of them, and the figures. Numbers stay masked."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from common.workbooks import Column, Value, write_table
from schools.models import Term
from students import absence_figures, absences
from students.absences import Expectation, Standing
from students.models import Absence, AbsenceQuerySet

_ROWS_A_QUERY = 500


def write(rows: AbsenceQuerySet, term: Term, *, by: User, at: datetime) -> tuple[bytes, int]:
    """The children of rows that were looked at, and how many they are."""
    lines = [_row(absence, term) for absence in _all(rows)]
    remarks = [_("共 %(n)s 人") % {"n": len(lines)}, _exported(by, at)]
    title = _("%(term)s未找到的学生") % {"term": term}
    return write_table(title, _columns(), lines, preamble=remarks, sheet_name=_("未找到的学生")), len(lines)


def _all(rows: AbsenceQuerySet) -> Iterator[Absence]:
    shown = rows.select_related("person__category", "person__snapshot__source", "decided_by")
    shown = shown.prefetch_related("letters").defer("person__phone").order_by("person__town_name", "pk")
    found = shown.iterator(chunk_size=_ROWS_A_QUERY)
    while part := list(islice(found, _ROWS_A_QUERY)):
        yield from part


def _columns() -> list[Column]:
    return [
        Column(_("姓名"), 12),
        Column(_("性别"), 6),
        Column(_("年龄"), 6, "number"),
        Column(_("证件号（遮蔽）"), 22),
        Column(_("就学要求"), 30),
        Column(_("户主姓名"), 12),
        Column(_("与户主关系"), 10),
        Column(_("乡镇"), 12),
        Column(_("村"), 14),
        Column(_("困难类型"), 22),
        Column(_("名单来源"), 22),
        Column(_("状态"), 20),
        Column(_("查找结果"), 22),
        Column(_("说明"), 36),
        Column(_("经办人"), 10),
        Column(_("查明日期"), 12, "date"),
        Column(_("函号"), 16),
        Column(_("就读学校"), 24),
        Column(_("学校所在地"), 18),
        Column(_("发出日期"), 12, "date"),
        Column(_("回执日期"), 12, "date"),
        Column(_("当地享受的资助"), 24),
        Column(_("每学期金额（元）"), 14, "money"),
    ]


def _row(absence: Absence, term: Term) -> list[Value]:
    absence.term = term
    person = absence.person
    live = (one for one in absence.letters.all() if not one.withdrawn_at)
    letter = max(live, key=lambda one: one.pk, default=None)
    return [
        person.name,
        str(person.get_sex_display()),
        absences.age_of(absence),
        person.masked_id,
        str(Expectation(absence.expectation).label),  # type: ignore[attr-defined]
        person.head_name,
        person.relation,
        person.town_name,
        person.village,
        str(person.category),
        str(person.snapshot.source),
        str(Standing(absence.standing).label),  # type: ignore[attr-defined]
        str(absence.get_outcome_display()),
        absence.words,
        str(absence.decided_by) if absence.decided_by else "",
        timezone.localdate(absence.decided_at) if absence.decided_at else None,
        letter.number if letter else "",
        letter.school_name if letter else "",
        letter.school_place if letter else "",
        letter.sent_on if letter else None,
        letter.receipt_on if letter else None,
        letter.receives if letter else "",
        letter.amount_fen if letter else None,
    ]


def write_figures(term: Term, *, by: User, at: datetime) -> bytes:
    """The table by expectation and outcome, and the letters below it."""
    figures = absence_figures.of(term)
    letters = [
        _("外地就读函（%(name)s）：制函 %(made)s 份，发出 %(sent)s 份，收到回执 %(back)s 份")
        % {"name": line.name, "made": line.made, "sent": line.sent, "back": line.back}
        for line in absence_figures.letters()
    ]
    head = [
        Column(_("就学要求"), 34),
        Column(_("未找到（人）"), 12, "number"),
        Column(_("正在查找（人）"), 12, "number"),
        *(Column(str(label), 14, "number") for label in absence_figures.outcomes()),
        Column(_("待比对核实（不计入，人）"), 14, "number"),
    ]
    return write_table(
        _("%(term)s未找到的学生统计表") % {"term": term},
        head,
        [_figures(row) for row in figures.rows],
        preamble=[_("失学告警 %(n)s 人") % {"n": figures.alarm}, *letters, _exported(by, at)],
        total=[_("合计"), *_figures(figures.whole)[1:]],
        sheet_name=_("统计表"),
    )


def _figures(row: absence_figures.Row) -> list[Value]:
    return [row.name, row.total, row.open, *row.counts, row.suspected]


def _exported(by: User, at: datetime) -> str:
    return _("导出：%(by)s　%(at)s") % {"by": by, "at": date_format(timezone.localtime(at), "Y-m-d H:i")}
