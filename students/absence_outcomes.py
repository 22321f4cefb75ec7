"""What people find out about a child in no roster: the steps of the search, the outcome, and taking it back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypedDict

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import in_parts, upsert
from common.moves import Refused, WrongState
from schools.models import Term
from students import absences, decisions
from students.absences import Expectation, age_of, expectation_at
from students.choices import HOLDING, AbsenceState, MatchState, Outcome
from students.disclosure import NotForReading, Purpose, may_reveal
from students.models import Absence, AbsenceQuerySet, AbsenceStep, Enrollment, Match, RegisterPerson

LONGEST_WORDS = 500
_SAYS_ITSELF = {
    Outcome.TOO_YOUNG: Expectation.KINDERGARTEN,
    Outcome.KINDERGARTEN: Expectation.KINDERGARTEN,
    Outcome.FINISHED: Expectation.SENIOR,
}
"""What the age alone is reason enough for."""
IN_BULK = tuple(outcome for outcome in Outcome if outcome not in {Outcome.OTHER_RECORD, Outcome.DROPPED_OUT})
"""What can be said of several children at once. Whose record a child has, and that it dropped out, is said of one."""


class WordsMissing(Refused):
    code = "absence-words-missing"
    message = _("请写明是怎样查明的，例如联系了谁、对方怎么说。")


class NotAtThisAge(Refused):
    code = "not-at-this-age"
    message = _("按年龄不能作“%(outcome)s”的结论，请核对出生日期或选择其他结果。")


class ChildNotChosen(Refused):
    code = "child-not-chosen"
    message = _("请先按姓名找到花名册里的学生，再确认是同一名学生。")


class OneByOne(Refused):
    code = "absence-one-by-one"
    message = _("“%(outcome)s”只能逐个记录。")


class NotOnAList(Refused):
    code = "not-on-a-list"
    message = _("现行比对所用的名单里没有这个孩子，请重新比对后再办理。")


@transaction.atomic
def note(absence: Absence, *, words: str, by: User, at: datetime) -> AbsenceStep:
    """Keep what somebody did to find the child. It stays, whatever comes of it."""
    words = words.strip()[:LONGEST_WORDS]
    if not words:
        raise WordsMissing()
    step = AbsenceStep.objects.create(absence=absence, words=words, by=by, at=at)
    actions.record(by, "absence.step-noted", absence, at=at)
    return step


def needs_words(outcome: str, age: int | None) -> bool:
    """Whether an outcome has to be explained, because the age alone does not say it."""
    return _SAYS_ITSELF.get(Outcome(outcome)) != expectation_at(age)


def fits(outcome: str, age: int | None) -> bool:
    """Whether a child of that age can have this outcome; of an unknown age everything can be."""
    if age is None:
        return True
    match outcome:
        case Outcome.TOO_YOUNG:
            return age < absences.LATEST_ENTRY
        case Outcome.KINDERGARTEN:
            return age in absences.KINDERGARTEN_AGES
        case Outcome.FINISHED | Outcome.DROPPED_OUT:
            return age not in absences.KINDERGARTEN_AGES
    return True


@transaction.atomic
def settle(absence: Absence, *, outcome: str, words: str, by: User, at: datetime) -> None:
    """Say what was found out. A drop-out is said as well, but its case stays open and red."""
    if outcome == Outcome.OTHER_RECORD:
        raise ChildNotChosen()
    words = words.strip()[:LONGEST_WORDS]
    age = age_of(absence)
    if not fits(outcome, age):
        raise NotAtThisAge(outcome=Outcome(outcome).label)
    if not words and needs_words(outcome, age):
        raise WordsMissing()
    _decide(absence, outcome, words, by, at)
    actions.record(by, "absence.settled", absence, at=at, outcome=outcome)


@transaction.atomic
def settle_several(
    rows: AbsenceQuerySet, term: Term, *, outcome: str, words: str, by: User, at: datetime
) -> tuple[int, int]:
    """Say one thing of several children, and of how many it was said and how many were passed over.

    Passed over is who has an outcome already, and who cannot have this one at its age.
    """
    if outcome not in IN_BULK:
        raise OneByOne(outcome=Outcome(outcome).label)
    words = words.strip()[:LONGEST_WORDS]
    chosen, mine = _unsaid(rows, term)
    fitting = [row for row in mine if fits(outcome, age_of(row))]
    if not words and any(needs_words(outcome, age_of(row)) for row in fitting):
        raise WordsMissing()
    _write(term, [(row, (AbsenceState.SETTLED.value, outcome, words, by.pk, at)) for row in fitting])
    if fitting:
        actions.record(by, "absences.settled", term, at=at, children=len(fitting), outcome=outcome)
    return len(fitting), chosen - len(fitting)


def _unsaid(rows: AbsenceQuerySet, term: Term) -> tuple[int, list[Absence]]:
    """How many rows these are, and those of them without an outcome: until the end nobody else settles one."""
    unsaid = Absence.objects.filter(term=term, state=AbsenceState.OPEN, outcome="")
    chosen = list(rows.order_by("pk").values_list("pk", flat=True))
    mine: list[Absence] = []
    for keys in in_parts(chosen):
        some = unsaid.filter(pk__in=keys)
        some.update(state=F("state"))
        mine += some.select_related("term", "person").defer("person__id_number", "person__phone").order_by("pk")
    return len(chosen), mine


_SAID = ("state", "outcome", "words", "decided_by", "decided_at")


def _write(term: Term, lines: Sequence[tuple[Absence, tuple[Any, ...]]]) -> None:
    fields = ("term", "key", "person", "found_at", *_SAID)
    rows = [(term.pk, row.key, row.person_id, row.found_at, *said) for row, said in lines]
    upsert(Absence, fields, rows, unique=fields[:2], update=_SAID)


@transaction.atomic
def is_the_same(absence: Absence, enrollment: Enrollment, *, words: str, by: User, at: datetime) -> None:
    """The child is in a school of the county under other details: its lines and this student are one from now on.

    It is a decision like those of the desk: the facts of hardship follow, and every later run remembers.
    """
    words = words.strip()[:LONGEST_WORDS]
    if not words:
        raise WordsMissing()
    run = absences.run_in_force(absence.term_id)
    lines = list(absences.lines_of(absence, run)) if run else []
    if run is None or not lines:
        raise NotOnAList()
    _decide(absence, Outcome.OTHER_RECORD, words, by, at)
    for line in lines:
        by_hand = {
            "tier": absences.BY_HAND,
            "reasons": [absences.BY_HAND],
            "state": MatchState.SUSPECTED,
            "is_new": False,
        }
        pair, _is_new = Match.objects.get_or_create(
            crosscheck=run, enrollment=enrollment, person=line, defaults=by_hand
        )
        if pair.state not in HOLDING:
            decisions.decide(pair, is_same=True, by=by, at=at, note=words)
    outcome = Outcome.OTHER_RECORD.value
    actions.record(by, "absence.settled", absence, at=at, outcome=outcome, student=enrollment.student_id)


def _decide(absence: Absence, outcome: str, words: str, by: User, at: datetime) -> None:
    """One conditional UPDATE: of two people who settle one case, one wins."""
    state = AbsenceState.OPEN if outcome == Outcome.DROPPED_OUT else AbsenceState.SETTLED
    still_open = Absence.objects.filter(pk=absence.pk, state=AbsenceState.OPEN)
    if not still_open.update(state=state, outcome=outcome, words=words, decided_by=by, decided_at=at):
        raise WrongState()
    _reload(absence)


def _reload(absence: Absence) -> None:
    absence.refresh_from_db(fields=["state", "outcome", "words", "decided_by", "decided_at"])


@transaction.atomic
def undo(absence: Absence, *, by: User, at: datetime) -> None:
    """Take an outcome back: the child is looked for again. What was said stays among the steps."""
    was, words = absence.outcome, absence.words
    said = Absence.objects.filter(pk=absence.pk, outcome=was).exclude(outcome="")
    if not said.update(state=AbsenceState.OPEN, outcome="", words="", decided_by=None, decided_at=None):
        raise WrongState()
    if was == Outcome.OTHER_RECORD and (run := absences.run_in_force(absence.term_id)):
        lines = absences.lines_of(absence, run).values("pk")
        for pair in run.matches.filter(state=MatchState.CONFIRMED, person__in=lines).order_by("pk"):
            decisions.undo(pair, by=by, at=at)
    with translation.override(settings.LANGUAGE_CODE):
        past = _now("撤销结论：%(outcome)s。%(words)s") % {"outcome": Outcome(was).label, "words": words}
    AbsenceStep.objects.create(absence=absence, words=past[:LONGEST_WORDS], by=by, at=at)
    _reload(absence)
    actions.record(by, "absence.undone", absence, at=at, was=was)


class Said(TypedDict):
    """What was said of a case, in a form that can be kept beside it."""

    outcome: str
    words: str
    decided_by: int | None
    decided_at: str | None


def said_of(absence: Absence) -> Said:
    at = absence.decided_at
    return {
        "outcome": absence.outcome,
        "words": absence.words,
        "decided_by": absence.decided_by_id,
        "decided_at": at.isoformat() if at else None,
    }


@transaction.atomic
def restore(absence: Absence, before: Said, *, outcome: str, words: str, by: User, at: datetime) -> None:
    """Let a case stand as it did before an outcome that is in force. What became of it stays among the steps."""
    then = before["decided_at"]
    former = {**before, "decided_at": datetime.fromisoformat(then) if then else None}
    same = Absence.objects.filter(pk=absence.pk, outcome=outcome, decided_at=absence.decided_at)
    if same.update(state=AbsenceState.OPEN, **former):
        AbsenceStep.objects.create(absence=absence, words=words[:LONGEST_WORDS], by=by, at=at)
        _reload(absence)
        actions.record(by, "absence.undone", absence, at=at, was=outcome)


def proposals(rows: Iterable[Absence], term: Term) -> dict[str, Absence]:
    """key → what the last term found out of a child who has no outcome yet, where it can still be so at its age."""
    wanted = {row.key: row for row in rows if not row.outcome}
    before = absences.term_before(term) if wanted else None
    if before is None:
        return {}
    found: dict[str, Absence] = {}
    for keys in in_parts(sorted(wanted)):
        earlier = Absence.objects.filter(term=before, key__in=keys, state=AbsenceState.SETTLED)
        for row in earlier.exclude(outcome=Outcome.OTHER_RECORD).select_related("decided_by").order_by("pk"):
            if fits(row.outcome, age_of(wanted[row.key])):
                found[row.key] = row
    return found


@transaction.atomic
def take_over(rows: AbsenceQuerySet, term: Term, *, by: User, at: datetime) -> int:
    """Let the last term's outcome hold for those of these children who have none yet, and say for how many.

    Whoever takes it over signs for it, in the words of the last term.
    """
    _chosen, mine = _unsaid(rows, term)
    last = proposals(mine, term)
    taken = [
        (row, (earlier.state, earlier.outcome, earlier.words, by.pk, at))
        for row in mine
        if (earlier := last.get(row.key))
    ]
    _write(term, taken)
    if taken:
        actions.record(by, "absences.taken-over", term, at=at, children=len(taken))
    return len(taken)


def reveal(absence: Absence, *, purpose: Purpose, by: User, at: datetime) -> RegisterPerson:
    """The line with the whole number and phone in it, after it is written down who looked and what for."""
    if not may_reveal(by):
        raise NotForReading()
    actions.record(by, "absence.id-revealed", absence, at=at, purpose=purpose.value)
    return absence.person
