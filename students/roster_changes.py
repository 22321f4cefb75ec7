"""The difference a roster makes before it counts: who came, left, changed, and who only got another number."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from rapidfuzz.distance import OSA

from common.bulk import in_parts
from common.resident_ids import IdKind
from students import roster_reading
from students.choices import EnrollmentState
from students.expected import Expected, expected
from students.models import Card, Enrollment, Roster, Student
from students.roster_columns import COLUMNS
from students.roster_rows import Row, card_index

_Key = TypeVar("_Key", int, str)
_MISTYPED = 2
"""Valid numbers that differ in more places than this are two children of one name, not one number typed wrongly."""


@dataclass(frozen=True, slots=True)
class Known:
    """A child as the county knows it, in the place where it should be this term."""

    student_id: int
    key: str
    name: str
    born_on: date | None
    id_kind: str
    stage: str
    grade: str
    class_name: str
    is_boarding: bool
    is_registered: bool | None
    state: str
    card: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Changed:
    """A child before and in the file, and which of its facts differ."""

    row: Row
    before: Known
    what: tuple[str, ...]


@dataclass
class Difference:
    """What confirming a file would change. A renumbered child is among the changed and keeps its record."""

    version: int
    """The version it is compared with; 0 stands for last term's children, moved up."""
    base: int
    came: list[Row] = field(default_factory=list)
    left: list[Known] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    renumbered: dict[str, int] = field(default_factory=dict)
    """New key → the student that gets it."""

    @property
    def is_against_last_term(self) -> bool:
        return self.version == 0


def difference(roster: Roster, rows: Sequence[Row]) -> Difference:
    """The difference between the rows of a file and what the school should have by what is known."""
    base = expected(roster.school, roster.term)
    before = {known.key: known for known in _known(base)}
    named = {row.key: row for row in rows}
    now = {key: row for key, row in named.items() if not row.is_refused and row.state != EnrollmentState.LEFT}
    gone = {row.key for row in rows if not row.is_refused and row.state == EnrollmentState.LEFT}
    came = {key: row for key, row in now.items() if key not in before}
    spared = names_of_refused(rows)
    left = {
        key: known for key, known in before.items() if key in gone or (key not in named and known.name not in spared)
    }
    pairs = _renumbered(came, left)
    changed = [
        Changed(row, before[key], what)
        for key, row in now.items()
        if key in before
        if (what := _differs(row, before[key]))
    ]
    changed += [
        Changed(came[new], left[old], ("id_number", *_differs(came[new], left[old]))) for new, old in pairs.items()
    ]
    return Difference(
        version=base.version,
        base=len(before),
        came=[row for key, row in came.items() if key not in pairs],
        left=[known for key, known in left.items() if key not in pairs.values()],
        changed=sorted(changed, key=lambda one: one.row.number),
        renumbered={new: left[old].student_id for new, old in pairs.items()},
    )


def names_of_refused(rows: Iterable[Row]) -> set[str]:
    """Names of rows that stay out for now. Their children are in the file, whatever is wrong with the number:
    whoever has such a name has not left.
    """
    return {row.name for row in rows if row.is_refused}


def _known(base: Expected) -> Iterator[Known]:
    """Plain values instead of objects: this runs over every child of the county."""
    rows = list(
        base.enrollments.order_by("pk").values_list(
            "student", "student__key", "student__name", "student__born_on", "student__id_kind",
            "stage", "grade", "class_name", "is_boarding", "is_registered", "state",
        )
    )  # fmt: skip
    cards: dict[int, tuple[str, str]] = {}
    for students in in_parts([row[0] for row in rows]):
        current = Card.objects.filter(student__in=students, is_current=True)
        for student, *card in current.values_list("student", "number_index", "holder"):
            cards[student] = (card[0], card[1])
    for (
        student, key, name, born_on, id_kind, stage, grade, class_name, is_boarding, is_registered, state,
    ) in rows:  # fmt: skip
        place = base.place(stage, grade)
        if place is not None:
            yield Known(
                student, key, name, born_on, id_kind, *place, class_name, is_boarding, is_registered, state,
                cards.get(student),
            )  # fmt: skip


def _differs(row: Row, before: Known) -> tuple[str, ...]:
    """Which facts of the child are others than before, by the names of their columns. What a school says for the
    first time, whether a child is registered, is no change."""
    facts = {
        "name": row.name != before.name,
        "grade": (row.stage, row.grade) != (before.stage, before.grade),
        "class_name": row.class_name != before.class_name,
        "boarding": row.is_boarding != before.is_boarding,
        "status": row.state != before.state,
        "registered": row.says_registered
        and before.is_registered is not None
        and row.is_registered != before.is_registered,
        "card_number": bool(row.card_number) and (card_index(row.card_number), row.card_holder) != before.card,
    }
    return tuple(name for name, is_other in facts.items() if is_other)


def _renumbered(came: Mapping[str, Row], left: Mapping[str, Known]) -> dict[str, str]:
    """Keys of the file → keys known so far, of children whose number was mended.

    One child of that name comes and one goes, in the same class or with the same birth date; and either one of the
    numbers is no valid one, or the two differ as a slip of the pen does. A number that the county knows already
    belongs to whoever has it.
    """
    names_now = Counter(row.name for row in came.values())
    names_before = Counter(known.name for known in left.values())
    by_name = {known.name: known for known in left.values() if names_before[known.name] == 1}
    candidates = [
        (row, by_name[row.name])
        for row in came.values()
        if names_now[row.name] == 1 and row.name in by_name and _is_near(row, by_name[row.name])
    ]
    if not candidates:
        return {}
    taken = _taken(row.key for row, _known in candidates)
    numbers = dict(
        Student.objects.filter(pk__in=[known.student_id for _row, known in candidates]).values_list("pk", "id_number")
    )
    return {
        row.key: known.key
        for row, known in candidates
        if row.key not in taken and _is_slip(row, known, numbers[known.student_id])
    }


def _is_near(row: Row, known: Known) -> bool:
    same_class = (row.stage, row.grade, row.class_name) == (known.stage, known.grade, known.class_name)
    return same_class or (row.born_on is not None and row.born_on == known.born_on)


def _is_slip(row: Row, known: Known, number: str) -> bool:
    if IdKind.RESIDENT not in {row.id_kind, known.id_kind} or row.id_kind != known.id_kind:
        return True
    return OSA.distance(row.id_number, number) <= _MISTYPED


def _taken(keys: Iterable[str]) -> set[str]:
    return {
        key
        for part in in_parts(list(keys))
        for key in Student.objects.filter(key__in=part).values_list("key", flat=True)
    }


@dataclass(frozen=True)
class ByName:
    """The difference as people read it: with the county's school that a child comes from or goes to."""

    difference: Difference
    came: list[tuple[Row, str]]
    left: list[tuple[Known, str]]
    changed: list[tuple[Changed, list[str]]]


def by_name(roster: Roster) -> ByName:
    """The difference of a checked file, with names. The file is read again for it."""
    found = difference(roster, roster_reading.rows(roster))
    came_from: dict[str, str] = {}
    for keys in in_parts([row.key for row in found.came]):
        elsewhere = Enrollment.objects.filter(student__key__in=keys).exclude(school=roster.school)
        came_from |= dict(elsewhere.order_by("term__starts_on", "pk").values_list("student__key", "school__name"))
    went_to: dict[int, str] = {}
    for students in in_parts([known.student_id for known in found.left]):
        this_term = Enrollment.objects.here().filter(student__in=students, term=roster.term)
        elsewhere = this_term.exclude(school=roster.school)
        went_to |= dict(elsewhere.order_by("pk").values_list("student", "school__name"))
    return ByName(
        difference=found,
        came=[(row, came_from.get(row.key, "")) for row in found.came],
        left=[(known, went_to.get(known.student_id, "")) for known in found.left],
        changed=[(one, [COLUMNS[name].name for name in one.what]) for one in found.changed],
    )
