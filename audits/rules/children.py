"""Whom the money is for: children in two places, without what their program asks, missed, or without a basis."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum, TextChoices
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from audits.choices import Severity
from audits.findings import Found, rule
from common.bulk import in_parts
from programs import gaps
from programs.choices import NOT_MISSED, Gap
from programs.gap_answers import Answers
from programs.models import Award
from schools.models import Term
from students import register_changes
from students.choices import EnrollmentState, SnapshotState
from students.models import Enrollment, Hardship, RegisterSnapshot
from students.register_changes import Change


class Boarding(TextChoices):
    FROZEN = "frozen", _("审定时登记为走读")
    SINCE = "since", _("现行花名册登记为走读")


class BasisLost(TextChoices):
    WITHDRAWN = "withdrawn", _("所依据的名单已撤回")
    ENDED = "ended", _("困难情形已经终止")
    LEFT = "left", _("已不在后来的名单里")


@rule(
    "two-schools",
    title=_("同一学生同时在两所学校"),
    severity=Severity.SERIOUS,
    basis=_(
        "教基一〔2013〕7号：一人一籍、籍随人走；财教〔2021〕310号（普通高中、中职）、财教〔2021〕56号（义务教育）：不得虚报学生人数"
    ),
    sentence=_("同一名学生（证件号相同）本学期同时在 %(schools)s 所学校在读，已审定资助 %(total_fen)s 元。"),
    advice=_("查是转学没有办结，还是一所学校虚报学生；一所学校改报离校或休学以后不再列出。"),
)
def two_schools(term: Term, today: date) -> Iterator[Found]:
    """One resident number, studying in more than one school of the term."""
    child = Coalesce("student__id_number_index", "student__key")
    rows = Enrollment.objects.studying().filter(term=term).annotate(child=child).order_by()
    twice = rows.values("child").annotate(n=Count("school", distinct=True)).filter(n__gt=1)
    for part in in_parts(sorted(twice.values_list("child", flat=True))):
        places: dict[str, list[Any]] = defaultdict(list)
        theirs = rows.filter(Q(student__id_number_index__in=part) | Q(student__key__in=part)).order_by("pk")
        for key, *rest in theirs.values_list("child", "pk", "student", "school"):
            places[key].append(rest)
        aided = dict(_amounts(term, {line[1] for lines in places.values() for line in lines}))
        for _child, lines in sorted(places.items()):
            students, schools = {line[1] for line in lines}, {line[2] for line in lines}
            total = sum(aided.get(student, 0) for student in students)
            yield Found(
                key=f"{min(students)}",
                school_id=lines[-1][2],
                student_id=lines[-1][1],
                amount_fen=total,
                facts={"schools": len(schools), "total_fen": total},
                evidence=[("students.enrollment", pk, {}) for pk, _student, _school in lines],
            )


def _amounts(term: Term, students: Iterable[int]) -> QuerySet[Any]:
    """Pairs of student and fen of its confirmed awards of the term."""
    awards = Award.objects.confirmed().filter(term=term, student__in=list(students)).order_by()
    return awards.values_list("student").annotate(fen=Sum("amount_fen"))


@rule(
    "not-boarding",
    title=_("寄宿生项目发给了不寄宿的学生"),
    severity=Severity.SERIOUS,
    basis=_("国发〔2015〕67号、财教〔2021〕56号：寄宿生生活补助的对象是家庭经济困难的寄宿生；享受条件以本县录入的为准"),
    sentence=_("%(program)s要求寄宿，%(why)s，金额 %(amount_fen)s 元。"),
    advice=_("核对宿舍名册；学期中改为走读的，写明日期，按本县规定处理。"),
    choices={"why": Boarding},
)
def not_boarding(term: Term, today: date) -> Iterator[Found]:
    """A confirmed award whose rule asks for boarding, of a child that did not board then or does not now."""
    frozen = Q(is_boarding=False)
    since = Q(enrollment__is_boarding=False, enrollment__state=EnrollmentState.STUDYING)
    rows = Award.objects.confirmed().filter(frozen | since, term=term, rule__is_boarding=True).order_by("pk")
    columns = ("pk", "student", "school", "program", "enrollment", "is_boarding", "amount_fen")
    for pk, student, school, program, enrollment, was_boarding, fen in rows.values_list(*columns):
        why = Boarding.SINCE if was_boarding else Boarding.FROZEN
        yield Found(
            key=f"{pk}",
            school_id=school,
            student_id=student,
            amount_fen=fen,
            facts={"program": program, "why": why.value, "amount_fen": fen},
            evidence=[("programs.award", pk, {"amount_fen": fen}), ("students.enrollment", enrollment, {})],
        )


@rule(
    "missed",
    title=_("应助未助"),
    severity=Severity.SERIOUS,
    basis=_("教财〔2018〕16号：认定结果是实施资助的依据，应助尽助"),
    sentence=_("学生符合%(program)s的享受条件，已 %(days)s 天，没有资助，学校也没有得到认可的答复。"),
    advice=_("在“应助核查”里由学校答复、县级审核；书面放弃等得到认可的不再列出。"),
)
def missed(term: Term, today: date) -> Iterator[Found]:
    """Whoever is entitled and has no award, unless the county accepted the school's reason (programs.gaps)."""
    answers = Answers(term)
    for line in gaps.find(term):
        if line.gap is Gap.MISSED and answers.state(line) not in NOT_MISSED:
            yield Found(
                key=f"{line.program}:{line.student}",
                school_id=line.school,
                student_id=line.student,
                facts={"program": line.program, "days": line.days(today)},
                evidence=[("students.enrollment", line.enrollment, {}), ("programs.rule", line.rule, {})],
            )


@rule(
    "basis-gone",
    title=_("审定以后名单变了"),
    severity=Severity.SERIOUS,
    basis=_("教财〔2018〕16号：认定实行动态管理，情况变化及时调整"),
    sentence=_("%(program)s按困难情形审定 %(amount_fen)s 元，之后%(why)s。"),
    advice=_("名单来源规定“到学期结束”的，学期中离开名单不影响本学期，写明即可；名单本来有误的，查是否应当追缴。"),
    choices={"why": BasisLost},
)
def basis_gone(term: Term, today: date) -> Iterator[Found]:
    """Confirmed awards whose hardship does not hold any more, by its own row, its list, or the next list."""
    confirmed = Award.objects.confirmed().filter(term=term, category__isnull=False)
    held = Hardship.objects.in_force(term).filter(student=OuterRef("student"), category=OuterRef("category"))
    known: set[int] = set()
    withdrawn = confirmed.filter(Exists(held.filter(snapshot__state=SnapshotState.WITHDRAWN)))
    yield from _without_basis(term, withdrawn, BasisLost.WITHDRAWN, known)
    yield from _without_basis(term, confirmed.filter(~Exists(held)), BasisLost.ENDED, known)
    for awards, newer in _left_since(term, confirmed, held):
        yield from _without_basis(term, awards, BasisLost.LEFT, known, newer)


def _left_since(
    term: Term, confirmed: QuerySet[Award], held: QuerySet[Hardship]
) -> Iterator[tuple[QuerySet[Award], RegisterSnapshot]]:
    """Awards confirmed before the newest list of a source came, whose child that list does not name any more."""
    facts = Hardship.objects.in_force(term).order_by()
    rested_on = RegisterSnapshot.objects.filter(pk__in=facts.values("snapshot"), state=SnapshotState.FROZEN)
    lists = RegisterSnapshot.objects.filter(state=SnapshotState.FROZEN, as_of__lte=term.ends_on)
    newest = {snapshot.source_id: snapshot for snapshot in lists.order_by("as_of", "pk")}
    for base in rested_on.order_by("pk"):
        newer = copy(newest.get(base.source_id, base))
        if newer.as_of > base.as_of:
            newer.compared_with = base
            left = register_changes.people(newer, Change.LEFT).values("key")
            theirs = held.filter(snapshot=base, match__person__key__in=left)
            yield confirmed.filter(Exists(theirs), list__confirmed_at__lt=newer.uploaded_at), newer


def _without_basis(
    term: Term, awards: QuerySet[Award], why: BasisLost, known: set[int], newer: RegisterSnapshot | None = None
) -> Iterator[Found]:
    rows = awards.order_by("pk").values_list("pk", "student", "school", "program", "category", "amount_fen")
    for part in in_parts([row for row in rows if row[0] not in known]):
        students = [student for _pk, student, *_rest in part]
        facts = {
            (student, category): (pk, snapshot)
            for student, category, pk, snapshot in Hardship.objects.filter(term=term, student__in=students)
            .order_by("pk")
            .values_list("student", "category", "pk", "snapshot")
        }
        for pk, student, school, program, category, fen in part:
            known.add(pk)
            fact, snapshot = facts.get((student, category), (0, 0))
            yield Found(
                key=f"{pk}",
                school_id=school,
                student_id=student,
                amount_fen=fen,
                facts={"program": program, "why": why.value, "amount_fen": fen},
                evidence=[
                    ("programs.award", pk, {"amount_fen": fen}),
                    *([("students.hardship", fact, {}), ("students.registersnapshot", snapshot, {})] if fact else []),
                    *([("students.registersnapshot", newer.pk, {})] if newer else []),
                ],
            )
