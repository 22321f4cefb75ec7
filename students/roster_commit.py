"""Making a school's enrollments of the term equal to its confirmed roster: added, changed, left."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts import actions
from common import resident_ids, sheets
from common.bulk import in_parts, upsert
from common.moves import hold, move
from common.resident_ids import IdKind
from jobs.run import Running
from students import identity, roster_changes, roster_reading
from students.choices import ROSTER_MOVES, EnrollmentState, RosterState
from students.models import Card, Enrollment, Roster, Student
from students.roster_rows import Row, card_index, phone_index


def commit(roster: Roster, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Write the confirmed file, chunk by chunk.

    Can be killed anywhere and run again: each chunk moves the cursor with its rows, and the last step
    does all that depends on the whole file at once.
    """
    rows = roster_reading.rows(roster, reader=reader)
    good = [row for row in rows if not row.is_refused]
    if len(good) > settings.JOB_CHUNK_ROWS:
        running.report_total(len(good))
    renumbered = _renumbered(roster, rows)
    while len(good) - running.cursor > settings.JOB_CHUNK_ROWS:
        following = running.cursor + settings.JOB_CHUNK_ROWS
        with running.chunk(to=following):
            hold(roster, RosterState.COMMITTING)
            _write(roster, good[running.cursor : following], renumbered)
    result = {"rows": len(good), "came": roster.came, "left": roster.left, "changed": roster.changed}
    with running.chunk(to=len(good), result=result):
        hold(roster, RosterState.COMMITTING)
        _write(roster, good[running.cursor :], renumbered)
        _take_over(roster, rows)
    return result


def commit_at_once(roster: Roster, *, reader: sheets.Reader | None = None) -> int:
    """The same for one school in the caller's transaction; how many rows it wrote."""
    rows = roster_reading.rows(roster, reader=reader)
    good = [row for row in rows if not row.is_refused]
    renumbered = _renumbered(roster, rows)
    hold(roster, RosterState.COMMITTING)
    for some in in_parts(good, settings.JOB_CHUNK_ROWS):
        _write(roster, some, renumbered)
    _take_over(roster, rows)
    return len(good)


def _renumbered(roster: Roster, rows: Sequence[Row]) -> dict[str, int]:
    """Who got another number; they are among the changed, so without any change there are none."""
    return roster_changes.difference(roster, rows).renumbered if roster.changed else {}


def _renumber(renumbered: dict[str, int], rows: Sequence[Row]) -> None:
    """A child whose number was mended keeps its record, and all that hangs on it."""
    for row in rows:
        if student := renumbered.get(row.key):
            Student.objects.filter(pk=student).update(key=row.key)


_STUDENT = (
    "key", "name", "name_key", "sex", "born_on", "id_type", "id_kind", "id_number", "id_number_index", "guardian_name",
    "guardian_phone", "guardian_phone_index", "town_name", "village", "guardian_id", "guardian_id_index",
)  # fmt: skip
_GUARDIANS_NUMBER = ("guardian_id", "guardian_id_index")
_ENROLLMENT = (
    "term", "school", "student", "stage", "grade", "grade_no", "class_name", "is_boarding", "is_rural", "major",
    "claim", "fee_fen", "note", "state", "roster", "row", "is_registered",
)  # fmt: skip


def _write(roster: Roster, rows: Sequence[Row], renumbered: dict[str, int]) -> None:
    _renumber(renumbered, rows)
    says_guardian = any(row.guardian_id is not None for row in rows)
    if not says_guardian:
        _forget_other_guardians(rows)
    upsert(
        Student,
        _STUDENT,
        [
            (
                row.key,
                row.name,
                row.name_key,
                row.sex,
                row.born_on,
                row.id_type,
                row.id_kind,
                row.id_number,
                _number_index(row),
                row.guardian_name,
                row.guardian_phone,
                phone_index(row.guardian_phone),
                row.town_name,
                row.village,
                row.guardian_id or "",
                identity.number_index(row.guardian_id, resident_ids.kind(row.guardian_id)) if row.guardian_id else None,
            )
            for row in rows
        ],
        unique=["key"],
        update=_STUDENT[1:] if says_guardian else [name for name in _STUDENT[1:] if name not in _GUARDIANS_NUMBER],
    )
    students = dict(Student.objects.filter(key__in=[row.key for row in rows]).values_list("key", "pk"))
    upsert(
        Enrollment,
        _ENROLLMENT,
        [
            (
                roster.term_id,
                roster.school_id,
                students[row.key],
                row.stage,
                row.grade,
                row.grade_no,
                row.class_name,
                row.is_boarding,
                row.is_rural,
                row.major,
                row.claim,
                row.fee_fen,
                row.note or (roster.word if row.is_doubtful else ""),
                row.state,
                roster.pk,
                row.number,
                row.is_registered,
            )
            for row in rows
        ],
        unique=["term", "school", "student"],
        update=_ENROLLMENT[3:] if any(row.says_registered for row in rows) else _ENROLLMENT[3:-1],
    )
    _write_cards(roster, {students[row.key]: row for row in rows if row.card_number})


def _forget_other_guardians(rows: Sequence[Row]) -> None:
    """A file without guardians' numbers leaves those that are known, but not where it names another guardian."""
    names = {row.key: row.guardian_name for row in rows}
    known = Student.objects.filter(key__in=list(names)).exclude(guardian_id_index=None)
    others = [pk for pk, key, name in known.values_list("pk", "key", "guardian_name") if name != names[key]]
    if others:
        Student.objects.filter(pk__in=others).update(guardian_id="", guardian_id_index=None)


def _number_index(row: Row) -> str | None:
    """A right number's index is the child's key; it is not reckoned a second time."""
    return row.key if row.id_kind is IdKind.RESIDENT else identity.number_index(row.id_number, row.id_kind)


def _write_cards(roster: Roster, rows: dict[int, Row]) -> None:
    """A card that is new for a child becomes its current one; the old one stays on record."""
    known = {
        student: (index, holder)
        for student, index, holder in Card.objects.filter(student__in=rows, is_current=True).values_list(
            "student", "number_index", "holder"
        )
    }
    indexes = {student: card_index(row.card_number) for student, row in rows.items()}
    new = {student: row for student, row in rows.items() if known.get(student) != (indexes[student], row.card_holder)}
    if not new:
        return
    Card.objects.filter(student__in=[student for student in new if student in known], is_current=True).update(
        is_current=False
    )
    since = timezone.localdate(roster.committed_at or roster.uploaded_at)
    upsert(
        Card,
        ("student", "number_index", "number", "holder", "relation", "bank", "since", "is_current"),
        [
            (student, indexes[student], row.card_number, row.card_holder, row.card_relation, "", since, True)
            for student, row in new.items()
        ],
        unique=["student", "number_index", "holder"],
        update=["relation", "is_current"],
    )


def _take_over(roster: Roster, rows: Sequence[Row]) -> None:
    """The last step: whoever is not in the file has left; the version before is superseded.

    A child whose row was refused is in the file: what was known of it stays until the row is mended.
    """
    unnamed = Enrollment.objects.here().filter(school=roster.school, term=roster.term).exclude(roster=roster)
    keys = {row.key for row in rows if row.is_refused}
    names = roster_changes.names_of_refused(rows)
    gone = [
        pk
        for pk, key, name in unnamed.values_list("pk", "student__key", "student__name")
        if key not in keys and name not in names
    ]
    for some in in_parts(gone, settings.JOB_CHUNK_ROWS):
        Enrollment.objects.filter(pk__in=some).update(state=EnrollmentState.LEFT)
    before = Roster.objects.filter(school=roster.school, term=roster.term, state=RosterState.IN_FORCE).first()
    if before is not None:
        move(before, RosterState.SUPERSEDED, moves=ROSTER_MOVES)
    move(roster, RosterState.IN_FORCE, moves=ROSTER_MOVES)
    actions.record(
        roster.committed_by,
        "roster.in-force",
        roster,
        at=roster.committed_at or roster.uploaded_at,
        rows=roster.rows_good,
    )
