"""What a person says of a suspicion: one child or two. The fact follows at once, and every later run remembers.

Nothing that was decided is lost: a new word on a pair makes the old one past, and so does taking it back.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, hold, move
from common.roles import COUNTY
from students import facts
from students.choices import MATCH_MOVES, CrosscheckState, MatchState, Verdict
from students.models import (
    Crosscheck,
    Enrollment,
    Match,
    MatchDecision,
    MatchQuerySet,
    RegisterPerson,
    SchoolQuestion,
    Student,
    TierSample,
    TierSampleLine,
)
from students.suspicion import COMPULSORY

LONGEST_NOTE = 200
WEAK_SCORE = 10
"""A rare name in common weighs about as much: with less than that, whoever says "one child" says why."""
CONTRADICTIONS = frozenset({"name-differs", "sex-differs", "other-member"})
"""What speaks against one child so clearly that only words can outweigh it."""
_UNDO = {MatchState.CONFIRMED: {MatchState.SUSPECTED}, MatchState.REJECTED: {MatchState.SUSPECTED}}


class NoteMissing(Refused):
    code = "note-missing"
    message = _("这个结论与比对依据不一致，请写明理由。")


class AnotherChild(Refused):
    code = "another-child"
    message = _(
        "名单上的这个人已经确认为%(school)s的%(name)s。一个人只能对应一名学生，如果那条结论有误，请先到那一条撤销。"
    )


class NotTheCounty(Refused):
    code = "not-the-county"
    message = _("只有县资助中心的经办和审核人员可以撤销结论。")


def is_weak(score: int, reasons: Collection[str]) -> bool:
    """Whether the evidence is too thin, or contradicts itself, to confirm a pair without a word."""
    return score < WEAK_SCORE or not CONTRADICTIONS.isdisjoint(reasons)


def needs_note(match: Match, *, is_same: bool) -> bool:
    """Whether this decision goes against the evidence, so that it takes a reason in words."""
    if is_same:
        return is_weak(match.score, match.reasons)
    if match.state == MatchState.SURE:
        return True
    # With the name, such a number speaks so clearly for one child that "not" takes words.
    return "name-same" in match.reasons and not COMPULSORY.isdisjoint(match.reasons)


@transaction.atomic
def decide(match: Match, *, is_same: bool, by: User, at: datetime, note: str = "") -> None:
    """A person says whether two records are one child. The fact follows, and the next run remembers.

    What confirmed itself can only be found wrong, never confirmed once more.
    """
    note = note.strip()[:LONGEST_NOTE]
    if not note and needs_note(match, is_same=is_same):
        raise NoteMissing()
    # All decisions of a run queue here, so that no two people confirm one person as two children.
    hold(match.crosscheck, CrosscheckState.DONE)
    if is_same:
        _refuse_a_second_child(match)
    state = MatchState.CONFIRMED if is_same else MatchState.REJECTED
    said = {"decided_by": by, "decided_at": at, "note": note}
    move(match, state, moves=MATCH_MOVES, **said)
    doubles = _doubles_of(match)
    (doubles.exclude(state=MatchState.SURE) if is_same else doubles).update(state=state, **said)
    _decisions_of(match).update(is_current=False)
    MatchDecision.objects.create(
        student_key=match.enrollment.student.key,
        person_key=match.person.key,
        is_same=is_same,
        decided_by=by,
        decided_at=at,
        note=note,
    )
    _close_questions(match, at)
    _find_in_samples(match, Verdict.SAME if is_same else Verdict.NOT_SAME, by, at)
    facts.renew(match.crosscheck, at=at, students=[match.enrollment.student_id])
    actions.record(by, "match.confirmed" if is_same else "match.rejected", match, at=at, tier=match.tier)


@transaction.atomic
def undo(match: Match, *, by: User, at: datetime) -> None:
    """Take a decision of the run in force back: the pair waits again, and its fact goes with the decision."""
    if by.role not in COUNTY:
        raise NotTheCounty()
    hold(match.crosscheck, CrosscheckState.DONE)
    before = match.state
    unsaid = {"decided_by": None, "decided_at": None, "note": ""}
    move(match, MatchState.SUSPECTED, moves=_UNDO, **unsaid)
    _doubles_of(match).filter(state__in=_UNDO).update(state=MatchState.SUSPECTED, **unsaid)
    _decisions_of(match).update(is_current=False)
    _find_in_samples(match, "", None, None)
    facts.renew(match.crosscheck, at=at, students=[match.enrollment.student_id])
    actions.record(by, "match.undone", match, at=at, tier=match.tier, was=before)


def last_of(check: Crosscheck, by: User) -> Match | None:
    """The pair that this person decided last, one by one, if the run still holds that decision."""
    last = MatchDecision.objects.filter(decided_by=by, is_current=True, sample=None).order_by("-pk").first()
    student = Student.objects.filter(key=last.student_key).first() if last else None
    if last is None or student is None:
        return None
    pairs = _pairs(student.pk).filter(crosscheck=check, person__key=last.person_key, state__in=_UNDO)
    return pairs.select_related("enrollment__student").order_by("pk").first()


def _decisions_of(match: Match) -> QuerySet[MatchDecision]:
    return MatchDecision.objects.filter(
        student_key=match.enrollment.student.key, person_key=match.person.key, is_current=True
    )


def _doubles_of(match: Match) -> MatchQuerySet:
    """The same pair elsewhere in the run: lists write lines twice, and a child may stand in two schools."""
    doubles: MatchQuerySet = _pairs_of_child(match).filter(person__key=match.person.key).exclude(pk=match.pk)
    return doubles


def _pairs_of_child(match: Match) -> MatchQuerySet:
    """What the run says of this child. By enrollment, or SQLite reads the whole queue for one child."""
    return _pairs(match.enrollment.student_id).filter(crosscheck=match.crosscheck_id)


def _pairs(student: int) -> MatchQuerySet:
    enrollments = Enrollment.objects.filter(student=student).order_by().values_list("pk", flat=True)
    pairs: MatchQuerySet = Match.objects.filter(enrollment__in=list(enrollments))
    return pairs


def _refuse_a_second_child(match: Match) -> None:
    """Another candidate who is the same child in a second school is no other child."""
    person = match.person
    lines = RegisterPerson.objects.filter(snapshot=person.snapshot_id, household_no=person.household_no, key=person.key)
    same_person = Match.objects.holding().filter(crosscheck=match.crosscheck_id, person__in=lines)
    others = same_person.exclude(enrollment__student=match.enrollment.student_id)
    other = others.select_related("enrollment__student", "enrollment__school").order_by("pk").first()
    if other is not None:
        raise AnotherChild(name=other.enrollment.student.name, school=other.enrollment.school.name)


def _close_questions(match: Match, at: datetime) -> None:
    """Nobody at the school needs to answer any more."""
    SchoolQuestion.objects.waiting().filter(
        term=match.crosscheck.term, student_key=match.enrollment.student.key, person_key=match.person.key
    ).update(withdrawn_at=at)


def _find_in_samples(match: Match, finding: str, by: User | None, at: datetime | None) -> None:
    """A case that was drawn into a sample is judged by the same word."""
    drawn = Q(match=match) | Q(match__in=_doubles_of(match))
    lines = TierSampleLine.objects.filter(drawn, sample__in=TierSample.objects.filter(confirmed_at=None))
    lines.update(finding=finding, found_by=by, found_at=at)
