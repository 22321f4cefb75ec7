"""What schools say to the lines of the first list (应助未助), and what the county says to that.

A line stays open until there is an award, or until the county accepts why there is none.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import Action, User
from common.bulk import insert
from common.moves import Refused
from common.roles import COUNTY, Role
from programs.choices import GAP_ANSWER_MOVES, NOT_MISSED, Gap, GapAnswerState, GapReason, GapState
from programs.gaps import Line, find
from programs.models import GapAnswer, GapAnswerQuerySet, Nomination
from schools.choices import TermState
from schools.models import Term

_WITH_WORDS = frozenset({GapReason.OTHER, GapReason.FACT_WRONG})
_FIELDS = (
    "student", "program", "term", "school", "reason", "words", "answered_by", "answered_at", "state",
    "decided_by", "decided_at", "sent_back_words",
)  # fmt: skip


class NoLines(Refused):
    code = "gap-none"
    message = _("没有可以办理的记录，请先勾选；也可能刚刚有人办理过，请刷新后再看。")


class WordsMissing(Refused):
    code = "gap-words-missing"
    message = _("选择“其他原因”或“情况不实”时，请写明具体情况。")


class SendBackWordsMissing(Refused):
    code = "gap-send-back-words-missing"
    message = _("请写明退回的原因，学校会看到。")


class NotTheSchool(Refused):
    code = "gap-of-another-school"
    message = _("只能由学生所在学校答复。")


class GapTermClosed(Refused):
    code = "gap-term-closed"
    message = _("该学期已经结束，不能再答复。")


class Answers:
    """The answers of a term, by the child and the program they are about."""

    def __init__(self, term: Term, *, schools: Collection[int] | None = None) -> None:
        rows = GapAnswer.objects.filter(term=term).order_by()
        if schools is not None:
            rows = rows.filter(school__in=schools)
        columns = ("student", "program", "school", "state", "reason")
        self._known = {
            (student, program, school): (state, reason)
            for student, program, school, state, reason in rows.values_list(*columns).iterator()
        }
        self._to_propose = _put_forward_since_the_run(term, schools)

    def state(self, line: Line) -> GapState:
        """Where the line stands; what another school said is no answer of this one.

        Whom its school put forward after the last run of proposals is not missed yet: the next run takes it.
        """
        state, reason = self._answer(line)
        if not state and (line.student, line.program, line.school) in self._to_propose:
            return GapState.TO_PROPOSE
        if state == GapAnswerState.WAITING:
            return GapState.WAITING
        if state == GapAnswerState.SENT_BACK:
            return GapState.SENT_BACK
        if state == GapAnswerState.ACCEPTED:
            return GapState.TO_ADD if reason == GapReason.TO_ADD else GapState.CLOSED
        return GapState.UNANSWERED

    def reason(self, line: Line) -> str:
        return self._answer(line)[1]

    def _answer(self, line: Line) -> tuple[str, str]:
        return self._known.get((line.student, line.program, line.school), ("", ""))


def _put_forward_since_the_run(term: Term, schools: Collection[int] | None) -> set[tuple[int, str, int]]:
    """(student, program, school) that a school named after the term's last run of proposals was ordered."""
    runs = Action.objects.filter(verb="awards.proposed", target_type=Term._meta.label_lower, target_id=term.pk)
    named = Nomination.objects.filter(term=term, is_current=True).order_by()
    if last := runs.order_by("-at").values_list("at", flat=True).first():
        named = named.filter(set_at__gt=last)
    if schools is not None:
        named = named.filter(school__in=schools)
    return set(named.values_list("student", "program", "school").iterator())


def open_lines(by_state: Counter[str]) -> int:
    """How many lines somebody has to do something about."""
    return sum(n for state, n in by_state.items() if state not in NOT_MISSED)


@dataclass(frozen=True)
class Figures:
    """The two lists in numbers."""

    by_state: Counter[str]
    mistaken: int

    @property
    def missed(self) -> int:
        """Lines that are open."""
        return open_lines(self.by_state)

    @property
    def to_propose(self) -> int:
        """Lines that wait for the next run of proposals."""
        return self.by_state[GapState.TO_PROPOSE]

    @property
    def to_answer(self) -> int:
        """Lines whose turn is the school's."""
        return self.by_state[GapState.UNANSWERED] + self.by_state[GapState.SENT_BACK]

    @property
    def to_decide(self) -> int:
        """Lines whose turn is the county's."""
        return self.by_state[GapState.WAITING]


def figures(term: Term, *, schools: Collection[int] | None = None) -> Figures:
    answers = Answers(term, schools=schools)
    by_state: Counter[str] = Counter()
    mistaken = 0
    for line in find(term, schools=schools):
        if line.gap is Gap.MISTAKEN:
            mistaken += 1
        else:
            by_state[answers.state(line)] += 1
    return Figures(by_state, mistaken)


@transaction.atomic
def answer(lines: Sequence[Line], *, term: Term, reason: str, words: str, by: User, at: datetime) -> int:
    """The school says why these children have no aid, or county staff say it for a school that cannot.

    What the county accepted already stays as it is. Whoever answers for a school cannot accept that answer.
    """
    words = words.strip()[:200]
    if reason in _WITH_WORDS and not words:
        raise WordsMissing()
    schools = {line.school for line in lines}
    if by.role not in COUNTY and (by.role != Role.SCHOOL or schools - {by.school_id}):
        raise NotTheSchool()
    if term.state != TermState.OPEN:
        raise GapTermClosed()
    done = sum(
        _answer_of([line for line in lines if line.school == school], school, term, reason, words, by, at)
        for school in sorted(schools)
    )
    if not done:
        raise NoLines()
    return done


def _answer_of(lines: Sequence[Line], school: int, term: Term, reason: str, words: str, by: User, at: datetime) -> int:
    """The answers of one school; how many are given now."""
    facts = {
        "reason": reason,
        "words": words,
        "answered_by": by,
        "answered_at": at,
        "state": GapAnswerState.WAITING,
        "decided_by": None,
        "decided_at": None,
        "sent_back_words": "",
    }
    changed = _rows(lines, term, of_any_school=True).exclude(state=GapAnswerState.ACCEPTED, school=school)
    done = changed.update(school=school, **facts)
    known = set(_rows(lines, term, of_any_school=True).values_list("student", "program"))
    new = [line for line in lines if (line.student, line.program) not in known]
    insert(
        GapAnswer,
        _FIELDS,
        [
            (line.student, line.program, term.pk, line.school, reason, words, by.pk, at, GapAnswerState.WAITING, None,
             None, "")
            for line in new
        ],
    )  # fmt: skip
    if not done + len(new):
        return 0
    given = _rows(lines, term).filter(answered_by=by, answered_at=at).order_by("pk").values_list("pk", flat=True)
    verb = "gap.answered-for-school" if by.role in COUNTY else "gap.answered"
    actions.record(by, verb, term, at=at, answers=len(given), ids=list(given), reason=reason, school=school)
    return len(given)


@transaction.atomic
def accept(lines: Sequence[Line], *, term: Term, by: User, at: datetime) -> int:
    """The county accepts what the school says; but for "to be added" the line is closed."""
    waiting = _rows(lines, term).filter(state=GapAnswerState.WAITING).exclude(answered_by=by)
    return _decide(waiting, GapAnswerState.ACCEPTED, "gap.accepted", term=term, by=by, at=at)


@transaction.atomic
def send_back(lines: Sequence[Line], *, term: Term, words: str, by: User, at: datetime) -> int:
    """The county wants another answer and says why; also of an answer that it had accepted."""
    words = words.strip()[:200]
    if not words:
        raise SendBackWordsMissing()
    allowed_from = [state for state, following in GAP_ANSWER_MOVES.items() if GapAnswerState.SENT_BACK in following]
    rows = _rows(lines, term).filter(state__in=allowed_from).exclude(answered_by=by)
    return _decide(rows, GapAnswerState.SENT_BACK, "gap.sent-back", term=term, by=by, at=at, words=words)


def _decide(
    rows: GapAnswerQuerySet, to: GapAnswerState, verb: str, *, term: Term, by: User, at: datetime, words: str = ""
) -> int:
    """One UPDATE decides for all of them: of two people who press at once, the second finds none left."""
    done = rows.update(state=to, decided_by=by, decided_at=at, sent_back_words=words)
    if not done:
        raise NoLines()
    mine = GapAnswer.objects.filter(term=term, state=to, decided_by=by, decided_at=at).order_by("pk")
    details = {"reason": words} if words else {}
    actions.record(by, verb, term, at=at, answers=done, ids=list(mine.values_list("pk", flat=True)), **details)
    return done


def _rows(lines: Iterable[Line], term: Term, *, of_any_school: bool = False) -> GapAnswerQuerySet:
    """The answers that are on record to these lines; usually only what the line's own school said."""
    students: dict[tuple[str, int], list[int]] = {}
    for line in lines:
        students.setdefault((line.program, line.school), []).append(line.student)
    named = Q(pk__in=[])
    for (program, school), those in students.items():
        one = Q(program=program, student__in=those)
        named |= one if of_any_school else one & Q(school=school)
    return GapAnswer.objects.filter(named, term=term)
