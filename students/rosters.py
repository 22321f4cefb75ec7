"""Rosters: a school's file becomes the term's truth for that school.

upload → check (issues and a difference, nothing else is written) → commit (in chunks) → in force.
Each step reads the stored bytes again; there is no second copy of the children in between.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import sheets
from common.bulk import insert, upsert
from common.moves import Refused, WrongState, hold, move
from common.tables import Table
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running
from schools.choices import TermState
from schools.models import School, Term, term_name
from students import headings, identity
from students.choices import ROSTER_MOVES, EnrollmentState, RosterState
from students.models import Card, Enrollment, Roster, RosterIssue, Student
from students.roster_columns import REQUIRED
from students.roster_rows import Row, RowReader, card_index, masked_value, phone_index

ISSUES_KEPT = 5_000
"""Problems stored for one file; a file with more is the wrong file, and the first ones say so."""


_SCHOOL_CODE = re.compile(r"(?<!\d)\d{10}(?!\d)")
_TERM_IN_TEXT = re.compile(r"(?P<code>20\d\d[SA])(?![A-Za-z0-9])|(?P<year>20\d\d)年(?P<season>[春秋])季")
_SEASONS = {"春": "S", "秋": "A"}


class TermClosed(Refused):
    code = "term-closed"
    message = _("该学期已经结束，不能再上传花名册。")


class OtherSchool(Refused):
    code = "other-school"
    message = _("这是另一所学校的花名册（文件中的学校标识码是 %(found)s，本校是 %(expected)s）。请选对文件后重新上传。")


class OtherTerm(Refused):
    code = "other-term"
    message = _("这是另一个学期的花名册（文件中写的是 %(found)s，当前学期是 %(expected)s）。请选对文件后重新上传。")


class BeingCommitted(Refused):
    code = "roster-being-committed"
    message = _("本校上一版花名册正在入库，请等它完成后再上传。")


class NoRows(Refused):
    code = "no-rows"
    message = _("表头下面没有学生。请检查是否选错了工作表或文件。")


class NothingGood(Refused):
    code = "nothing-good"
    message = _("没有一行可以入库，请先改正错误再上传。")


class ReasonNeeded(Refused):
    code = "reason-needed"
    message = _("与现行花名册相比，有 %(left)s 名学生不在新名单里，占 %(share)s%%。请写明原因再确认。")


@dataclass(frozen=True)
class Difference:
    """How a file differs from what is in force (or, at the term's beginning, from last term)."""

    came: list[Row] = field(default_factory=list)
    left: list[Enrollment] = field(default_factory=list)
    changed: list[tuple[Row, Enrollment]] = field(default_factory=list)
    is_against_last_term: bool = False
    base: int = 0

    @property
    def share_left(self) -> int:
        return len(self.left) * 100 // self.base if self.base else 0


def upload(*, school: School, term: Term, content: bytes, name: str, by: User, at: datetime) -> Roster:
    """Keep the file and open a new version for checking. Earlier unconfirmed versions are discarded."""
    if term.state != TermState.OPEN:
        raise TermClosed()
    sheets.preflight(content, limits=sheets.SMALL)
    with transaction.atomic():
        if Roster.objects.filter(school=school, term=term, state=RosterState.COMMITTING).exists():
            raise BeingCommitted()
        open_versions = Roster.objects.filter(
            school=school, term=term, state__in=[RosterState.UPLOADED, RosterState.CHECKED]
        )
        open_versions.update(state=RosterState.DISCARDED)
        last = Roster.objects.filter(school=school, term=term).aggregate(last=Max("version"))["last"] or 0
        file = files.store(content, name=name, kind=FileKind.ROSTER, by=by, at=at, school=school)
        roster = Roster.objects.create(
            school=school, term=term, version=last + 1, file=file, uploaded_by=by, uploaded_at=at
        )
        actions.record(by, "roster.uploaded", roster, at=at, sha256=file.sha256)
    return roster


def check(roster: Roster, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Read the file, write down every problem and the difference. Nothing of the children is written."""
    try:
        rows, issues = _examine(roster, reader)
    except Refused as refusal:
        with running.chunk(to=1, refusal=refusal):
            move(
                roster,
                RosterState.REFUSED,
                moves=ROSTER_MOVES,
                refusal_code=refusal.code,
                refusal_params=refusal.params,
            )
        raise
    counts = {
        "rows_read": len(rows),
        "rows_refused": sum(row.is_refused for row in rows),
        "rows_doubtful": sum(row.is_doubtful for row in rows),
    }
    counts["rows_good"] = counts["rows_read"] - counts["rows_refused"]
    counts |= _count_changes(roster, rows)
    with running.chunk(to=len(rows), result=counts):
        insert(
            RosterIssue,
            ("roster", "row", "column", "field", "code", "severity", "params", "value", "repair"),
            issues,
        )
        move(roster, RosterState.CHECKED, moves=ROSTER_MOVES, **counts)
    return counts


def _examine(roster: Roster, reader: sheets.Reader | None) -> tuple[list[Row], list[tuple[Any, ...]]]:
    rows: list[Row] = []
    issues: list[tuple[Any, ...]] = []
    for row, cells, table in _read(roster, reader):
        rows.append(row)
        for problem in row.problems:
            if len(issues) < ISSUES_KEPT:
                place = table.columns.get(problem.field)
                issues.append((
                    roster.pk,
                    row.number,
                    None if place is None else place + 1,
                    problem.field,
                    problem.code,
                    problem.severity,
                    problem.params,
                    masked_value(problem.field, table.cell(cells, problem.field)),
                    problem.repair,
                ))  # fmt: skip
    if not rows:
        raise NoRows()
    return rows, issues


def _read(roster: Roster, reader: sheets.Reader | None = None) -> Iterator[tuple[Row, sheets.Row, Table]]:
    """The file's children, row by row, with the cells they come from."""
    table = Table(
        files.content(roster.file), headings.synonyms(roster.school), REQUIRED, limits=sheets.SMALL, reader=reader
    )
    _compare_preamble(roster, table.head.preamble)
    row_reader = RowReader(table, school=roster.school, term=roster.term)
    for number, cells in table.lines():
        yield row_reader.read(number, cells), cells, table


def _compare_preamble(roster: Roster, preamble: str) -> None:
    """A file that names another school or another term is the wrong file."""
    school = _SCHOOL_CODE.search(preamble)
    if school and school[0] != roster.school.code:
        raise OtherSchool(found=school[0], expected=roster.school.code)
    if found := _TERM_IN_TEXT.search(preamble):
        term = found["code"] or f"{found['year']}{_SEASONS[found['season']]}"
        if term != roster.term_id:
            raise OtherTerm(found=term_name(term), expected=term_name(roster.term_id))


def difference(roster: Roster) -> Difference:
    """Who came, left and changed, with names, by the file and what is in force now."""
    return _difference(roster, [row for row, _cells, _table in _read(roster)])


def _difference(roster: Roster, rows: list[Row]) -> Difference:
    enrollments, is_last_term = _enrollments_before(roster)
    enrollments = enrollments.select_related("student").defer("student__id_number", "student__guardian_phone")
    before = {enrollment.student.key: enrollment for enrollment in enrollments}
    now = {row.key: row for row in rows if not row.is_refused}
    named = {row.key for row in rows}
    return Difference(
        came=[row for key, row in now.items() if key not in before],
        left=[enrollment for key, enrollment in before.items() if key not in named],
        changed=[
            (row, before[key])
            for key, row in now.items()
            if key in before and not is_last_term and _place(row) != _place(before[key])
        ],
        is_against_last_term=is_last_term,
        base=len(before),
    )


def _place(child: Row | Enrollment) -> tuple[str, str, str, bool]:
    stage = child.stage_id if isinstance(child, Enrollment) else child.stage
    return stage, child.grade, child.class_name, child.is_boarding


def _count_changes(roster: Roster, rows: list[Row]) -> dict[str, int]:
    """How many came, left and changed: the lengths of the difference, without its names."""
    enrollments, is_last_term = _enrollments_before(roster)
    before = {
        key: place
        for key, *place in enrollments.values_list("student__key", "stage", "grade", "class_name", "is_boarding")
    }
    now = {row.key: list(_place(row)) for row in rows if not row.is_refused}
    both = now.keys() & before.keys()
    return {
        "came": len(now) - len(both),
        "left": len(before.keys() - {row.key for row in rows}),
        "changed": 0 if is_last_term else sum(now[key] != before[key] for key in both),
    }


def _enrollments_before(roster: Roster) -> tuple[QuerySet[Enrollment], bool]:
    """The school's children in force this term or, where there are none, last term's; and whether it is those."""
    here = Enrollment.objects.studying().filter(school=roster.school).order_by("pk")
    this_term = here.filter(term=roster.term)
    if this_term.exists():
        return this_term, False
    last = Term.objects.filter(starts_on__lt=roster.term.starts_on).order_by("-starts_on").first()
    return here.filter(term=last), True


def share_left(roster: Roster) -> int:
    """How many of a hundred children in force are not in the checked file."""
    studying = Enrollment.objects.studying().filter(school=roster.school, term=roster.term).count()
    return roster.left * 100 // studying if studying else 0


def needs_reason(share: int) -> bool:
    """Whether so many leaving at once has to be explained in words."""
    return share > settings.ROSTER_UNUSUAL_SHARE


@transaction.atomic
def confirm(roster: Roster, *, by: User, at: datetime, reason: str = "") -> None:
    """Say that the checked file is to be the term's roster; `commit` then writes it.

    Rows with errors stay out and wait for the next version. Where an unusual share of the
    children in force would leave, a reason in words is needed.
    """
    if not roster.rows_good and roster.state == RosterState.CHECKED:
        raise NothingGood()
    share = share_left(roster)
    if needs_reason(share) and not reason.strip():
        raise ReasonNeeded(left=roster.left, share=share)
    if Roster.objects.filter(school=roster.school, term=roster.term, state=RosterState.COMMITTING).exists():
        raise WrongState()
    move(
        roster,
        RosterState.COMMITTING,
        moves=ROSTER_MOVES,
        committed_by=by,
        committed_at=at,
        reason=reason.strip()[:200],
    )
    actions.record(by, "roster.confirmed", roster, at=at, rows=roster.rows_good)


@transaction.atomic
def discard(roster: Roster, *, by: User, at: datetime) -> None:
    """Put an unconfirmed version away; the file stays on record."""
    move(roster, RosterState.DISCARDED, moves=ROSTER_MOVES)
    actions.record(by, "roster.discarded", roster, at=at)


def commit(roster: Roster, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Make the school's enrollments of the term equal to the confirmed file: added, changed, left.

    Can be killed anywhere and run again: each chunk moves the cursor with its rows, and the last step
    does all that depends on the whole file at once.
    """
    if roster.rows_good > settings.JOB_CHUNK_ROWS:
        running.report_total(roster.rows_good)
    refused: list[str] = []
    rest = islice(_good_rows(roster, reader, refused), running.cursor, None)
    part = list(islice(rest, settings.JOB_CHUNK_ROWS))
    while following := list(islice(rest, settings.JOB_CHUNK_ROWS)):
        with running.chunk(to=running.cursor + len(part)):
            hold(roster, RosterState.COMMITTING)
            _write(roster, part)
        part = following
    result = {"rows": running.cursor + len(part), "came": roster.came, "left": roster.left, "changed": roster.changed}
    with running.chunk(to=running.cursor + len(part), result=result):
        hold(roster, RosterState.COMMITTING)
        _write(roster, part)
        _take_over(roster, refused)
    return result


def _good_rows(roster: Roster, reader: sheets.Reader | None, refused: list[str]) -> Iterator[Row]:
    """The rows that can be taken; the keys of the others are noted in `refused`."""
    for row, _cells, _table in _read(roster, reader):
        if row.is_refused:
            refused.append(row.key)
        else:
            yield row


_STUDENT = (
    "key", "name", "name_key", "sex", "born_on", "id_type", "id_kind", "id_number", "id_number_index", "guardian_name",
    "guardian_phone", "guardian_phone_index", "town_name", "village",
)  # fmt: skip
_ENROLLMENT = (
    "term", "school", "student", "stage", "grade", "grade_no", "class_name", "is_boarding", "is_rural", "major",
    "claim", "fee_fen", "note", "state", "roster", "row",
)  # fmt: skip


def _write(roster: Roster, rows: list[Row]) -> None:
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
                identity.number_index(row.id_number, row.id_kind),
                row.guardian_name,
                row.guardian_phone,
                phone_index(row.guardian_phone),
                row.town_name,
                row.village,
            )
            for row in rows
        ],
        unique=["key"],
        update=_STUDENT[1:],
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
                row.note,
                row.state,
                roster.pk,
                row.number,
            )
            for row in rows
        ],
        unique=["term", "school", "student"],
        update=_ENROLLMENT[3:],
    )
    _write_cards(roster, {students[row.key]: row for row in rows if row.card_number})


def _write_cards(roster: Roster, rows: dict[int, Row]) -> None:
    """A card that is new for a child becomes its current one; the old one stays on record."""
    known = {
        student: (index, holder)
        for student, index, holder in Card.objects.filter(student__in=rows, is_current=True).values_list(
            "student", "number_index", "holder"
        )
    }
    new = {
        student: row
        for student, row in rows.items()
        if known.get(student) != (card_index(row.card_number), row.card_holder)
    }
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
            (student, card_index(row.card_number), row.card_number, row.card_holder, row.card_relation, "", since, True)
            for student, row in new.items()
        ],
        unique=["student", "number_index", "holder"],
        update=["relation", "is_current"],
    )


def _take_over(roster: Roster, refused: list[str]) -> None:
    """The last step: whoever is not in the file has left; the version before is superseded.

    A child whose row was refused is in the file: what was known of it stays until the row is mended.
    """
    unnamed = Enrollment.objects.studying().filter(school=roster.school, term=roster.term).exclude(roster=roster)
    spared = set(refused)
    gone = [pk for pk, key in unnamed.values_list("pk", "student__key") if key not in spared]
    for start in range(0, len(gone), settings.JOB_CHUNK_ROWS):
        Enrollment.objects.filter(pk__in=gone[start : start + settings.JOB_CHUNK_ROWS]).update(
            state=EnrollmentState.LEFT
        )
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
