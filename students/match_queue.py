"""The queue of a run's suspicions: best first, in groups, and the way through it from case to case.

A case page asks only for what stands around its own place in the index `match_queue`; it never counts what it
would have to join.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from students.choices import MatchState
from students.models import Crosscheck, Match, MatchQuerySet, SchoolQuestion, TierSample
from students.models.crosscheck import SchoolQuestionQuerySet

BEFORE, AFTER = 4, 16
_LINE = ("enrollment__student", "enrollment__school", "person__category")
COUNTED = 500
"""A narrowed queue is counted up to here."""


class Asked(TextChoices):
    """How a suspicion stands with its school."""

    NO = "no", _("没有问学校")
    WAITING = "waiting", _("等学校答复")
    OVERDUE = "overdue", _("学校逾期未答复")
    ANSWERED = "answered", _("学校已答复")


@dataclass(frozen=True)
class Surroundings:
    """The neighbours of a case in the queue."""

    before: Match | None
    after: Match | None
    cases: list[Match]


@dataclass(frozen=True)
class Group:
    """The suspicions of one school, or of one kind of doubt."""

    key: Any
    name: str
    people: int
    pairs: int
    new: int
    sample: TierSample | None = None


def waiting(rows: MatchQuerySet) -> MatchQuerySet:
    """What a person has to decide, best first."""
    return rows.filter(state=MatchState.SUSPECTED)


def asked(rows: MatchQuerySet, how: str, *, today: date) -> MatchQuerySet:
    """Those that stand so with their school. One that was asked again waits, whatever was answered before."""
    still_waiting = Exists(_questions().waiting())
    match how:
        case Asked.NO:
            return rows.filter(~Exists(_questions()))
        case Asked.WAITING:
            return rows.filter(still_waiting)
        case Asked.OVERDUE:
            return rows.filter(Exists(_questions().waiting().filter(due_on__lt=today)))
        case Asked.ANSWERED:
            return rows.filter(Exists(_questions().exclude(answered_at=None)), ~still_waiting)
    return rows


def at_hand(rows: MatchQuerySet) -> MatchQuerySet:
    """Without those for which a school's answer is still to come: nobody has to look at them meanwhile."""
    return rows.filter(~Exists(_questions().waiting()))


def _questions() -> SchoolQuestionQuerySet:
    """The questions that were put to a school about the pair of the outer query."""
    found: SchoolQuestionQuerySet = SchoolQuestion.objects.filter(
        student=OuterRef("enrollment__student"),
        person_key=OuterRef("person__key"),
        term=OuterRef("enrollment__term"),
        withdrawn_at=None,
    )
    return found


def answered(check: Crosscheck) -> int:
    """How many suspicions of a run have come back from their schools and wait for the county."""
    back = SchoolQuestion.objects.filter(term=check.term_id, withdrawn_at=None).exclude(answered_at=None)
    pair = waiting(check.matches.all()).filter(
        enrollment__student=OuterRef("student"), person__key=OuterRef("person_key")
    )
    return back.filter(Exists(pair)).values("student_key", "person_key").distinct().count()


def around(queue: MatchQuerySet, found: Match) -> Surroundings:
    """The cases before and after one, in the order of the queue; the case itself stands between them."""
    ordered = queue.select_related(*_LINE).only("score", *(f"{one}__name" for one in _LINE)).order_by("-score", "pk")
    before = list(
        ordered.filter(Q(score__gt=found.score) | Q(pk__lt=found.pk), score__gte=found.score).reverse()[:BEFORE]
    )
    after = list(following(ordered, found)[:AFTER])
    return Surroundings(
        before=before[0] if before else None,
        after=after[0] if after else None,
        cases=[*reversed(before), found, *after],
    )


def following(queue: MatchQuerySet, found: Match) -> MatchQuerySet:
    return queue.filter(Q(score__lt=found.score) | Q(pk__gt=found.pk), score__lte=found.score)


def count(queue: MatchQuerySet) -> tuple[int, bool]:
    """How many there are, up to a limit, and whether there are more."""
    found = queue.order_by()[: COUNTED + 1].count()
    return min(found, COUNTED), found > COUNTED


def by_tier(check: Crosscheck, rows: MatchQuerySet) -> list[Group]:
    """The kinds of doubt, the most frequent first, each with its last sample."""
    samples = {sample.tier: sample for sample in check.samples.order_by("pk")}
    return [
        Group(line["tier"], line["tier"], line["people"], line["pairs"], line["new"], samples.get(line["tier"]))
        for line in _grouped(rows, "tier")
    ]


def by_school(rows: MatchQuerySet) -> list[Group]:
    """The schools, the one with most first."""
    return [
        Group(
            line["enrollment__school__code"],
            line["enrollment__school__name"],
            line["people"],
            line["pairs"],
            line["new"],
        )
        for line in _grouped(rows, "enrollment__school__code", "enrollment__school__name")
    ]


def _grouped(rows: MatchQuerySet, *fields: str) -> Iterable[dict[str, Any]]:
    counted: Any = rows.order_by().values(*fields)
    lines: Iterable[dict[str, Any]] = counted.annotate(
        people=Count("person", distinct=True), pairs=Count("pk"), new=Count("pk", filter=Q(is_new=True))
    ).order_by("-people", fields[0])
    return lines
