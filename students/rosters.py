"""Rosters: a school's file becomes the term's truth for that school.

upload → check (issues and a difference, nothing else is written) → mend → confirm → commit (students.roster_commit).
Each step reads the stored bytes again; there is no second copy of the children in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import sheets
from common.bulk import insert, upsert
from common.moves import Refused, WrongState, hold, move
from jobs import files
from jobs.choices import FileKind
from jobs.models import StoredFile
from jobs.run import Running
from schools.models import School, Term
from students import desks, roster_changes, roster_reading
from students.choices import ROSTER_MOVES, RosterState
from students.elsewhere import find_elsewhere
from students.issues import Problem
from students.models import CountyFile, Roster, RosterCorrection, RosterIssue, SchoolTerm
from students.roster_columns import COLUMNS
from students.roster_frame import heading_problems, row_problems
from students.roster_rows import Row, masked_value

ISSUES_KEPT = 5_000
"""Problems stored for one file; a file with more is the wrong file, and the first ones say so."""

LONGEST_VALUE = 100
PROGRESS_ROWS = 1_000
_ISSUE = ("roster", "row", "column", "field", "code", "severity", "params", "value", "repair")


class TermClosed(Refused):
    code = "term-closed"
    message = _("该学期已经结束，不能再上传花名册。需要补报的请联系县资助中心重新开放。")


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
    message = _("与现有名单相比，离校 %(left)s 人、变动 %(changed)s 人，超过了 %(share)s%%。请写明原因再确认。")


class WordNeeded(Refused):
    code = "word-needed"
    message = _("还有 %(rows)s 行需要说明。请逐行说明，或者写一句统一说明再确认。")


class Overtaken(Refused):
    code = "roster-overtaken"
    message = _("校验之后，本校的现行花名册已经换成第 %(version)s 版，这里显示的增减不再准确。请重新校验后再确认。")


class NotAColumn(Refused):
    code = "not-a-column"
    message = _("没有这一列，不能改正。请刷新页面后重试。")


class NothingLeft(Refused):
    code = "nothing-left-over"
    message = _("这一版没有留下未入库的行。")


@dataclass(frozen=True)
class Examined:
    """What reading a file found: its rows, its problems as rows of RosterIssue, and counts for the roster."""

    rows: list[Row]
    issues: list[tuple[Any, ...]]
    counts: dict[str, int]


def at_desk(school: School, term: Term) -> None:
    """Hold the school's desk until the transaction ends, so that of two officers one is first."""
    desk, _made = SchoolTerm.objects.get_or_create(school=school, term=term)
    SchoolTerm.objects.filter(pk=desk.pk).update(reminders=F("reminders"))


def upload(*, school: School, term: Term, content: bytes, name: str, by: User, at: datetime) -> Roster:
    """Keep the file and open a new version for checking. Earlier unconfirmed versions are discarded."""
    sheets.preflight(content, limits=sheets.SMALL)
    with transaction.atomic():
        file = files.store(content, name=name, kind=FileKind.ROSTER, by=by, at=at, school=school)
        return open_version(school=school, term=term, file=file, by=by, at=at)


@transaction.atomic
def open_version(
    *, school: School, term: Term, file: StoredFile, by: User, at: datetime, county_file: CountyFile | None = None
) -> Roster:
    """The next version of a school's roster, from a stored file. Whoever is second discards the first one's."""
    at_desk(school, term)
    if not desks.is_open(school, term, on=timezone.localdate(at)):
        raise TermClosed()
    versions = Roster.objects.filter(school=school, term=term)
    if versions.filter(state=RosterState.COMMITTING).exists():
        raise BeingCommitted()
    versions.filter(state__in=[RosterState.UPLOADED, RosterState.CHECKED]).update(state=RosterState.DISCARDED)
    roster = Roster.objects.create(
        school=school,
        term=term,
        version=(versions.aggregate(last=Max("version"))["last"] or 0) + 1,
        file=file,
        county_file=county_file,
        uploaded_by=by,
        uploaded_at=at,
    )
    actions.record(by, "roster.uploaded", roster, at=at, sha256=file.sha256)
    return roster


def check(roster: Roster, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Read the file, write down every problem and the difference. Nothing of the children is written."""
    try:
        examined = examine(roster, reader=reader, running=running)
    except Refused as refusal:
        with running.chunk(to=running.cursor, refusal=refusal):
            refuse(roster, refusal)
        raise
    with running.chunk(to=max(running.cursor, len(examined.rows)), result=examined.counts):
        record(roster, examined)
    return examined.counts


def examine(roster: Roster, *, reader: sheets.Reader | None = None, running: Running | None = None) -> Examined:
    """Every row of the file with its problems, and how the file differs from what is known; nothing is written."""
    table = roster_reading.table_of(roster, reader=reader)
    if running is not None and table.height > PROGRESS_ROWS:
        running.report_total(table.height)
    rows: list[Row] = []
    cells_of: dict[int, sheets.Row] = {}
    for row, cells in roster_reading.read(roster, table):
        rows.append(row)
        cells_of[row.number] = cells
        if running is not None and not len(rows) % PROGRESS_ROWS and running.cursor < len(rows):
            with running.chunk(to=len(rows)):
                pass
    if not rows:
        raise NoRows()
    find_elsewhere(rows, school=roster.school, term=roster.term)
    found: list[tuple[int, int | None, Problem, str]] = [
        (number, place, problem, "") for number, place, problem in heading_problems(table)
    ]
    for row in rows:
        for problem in row.problems:
            value = masked_value(problem.field, table.cell(cells_of[row.number], problem.field))
            found.append((row.number, table.columns.get(problem.field), problem, value))
    found += [(number, None, problem, "") for number, problem in row_problems(table, read=len(cells_of))]
    difference = roster_changes.difference(roster, rows)
    mark = roster_reading.mark_of(table)
    if mark is not None and mark.version < difference.version:
        versions = {"made_from": mark.version, "in_force": difference.version}
        found.append((1, None, Problem("workbook-outdated", "", versions), ""))
    refused = sum(row.is_refused for row in rows)
    return Examined(
        rows=rows,
        issues=[
            (
                roster.pk,
                number,
                None if place is None else place + 1,
                problem.field,
                problem.code,
                problem.severity,
                problem.params,
                value,
                problem.repair or None,
            )
            for number, place, problem, value in found[:ISSUES_KEPT]
        ],
        counts={
            "rows_read": len(rows),
            "rows_refused": refused,
            "rows_good": len(rows) - refused,
            "rows_doubtful": sum(row.is_doubtful for row in rows),
            "came": len(difference.came),
            "left": len(difference.left),
            "changed": len(difference.changed),
            "compared_with": difference.version,
            "compared_children": difference.base,
        },
    )


def record(roster: Roster, examined: Examined) -> None:
    """Write down what reading the file found. Belongs into the chunk of a run."""
    roster.issues.all().delete()
    insert(RosterIssue, _ISSUE, examined.issues)
    move(roster, RosterState.CHECKED, moves=ROSTER_MOVES, **examined.counts)


def refuse(roster: Roster, refusal: Refused) -> None:
    """The file cannot be read as a roster: say why on its page."""
    words = {"refusal_code": refusal.code, "refusal_params": refusal.params}
    move(roster, RosterState.REFUSED, moves=ROSTER_MOVES, **words)


@transaction.atomic
def correct(roster: Roster, cells: Mapping[tuple[int, str], str | None], *, by: User, at: datetime) -> None:
    """Say what cells of a checked file should hold: (row, field) → value, None for what the file says after all.

    The field "" leaves the whole row out. The file stays as it is; it has to be checked again.
    """
    if any(field and field not in COLUMNS for _row, field in cells):
        raise NotAColumn()
    hold(roster, RosterState.CHECKED)
    taken_back = [cell for cell, value in cells.items() if value is None]
    for row, field in taken_back:
        roster.corrections.filter(row=row, field=field).delete()
    upsert(
        RosterCorrection,
        ("roster", "row", "field", "value", "made_by", "made_at"),
        [
            (roster.pk, row, field, value.strip()[:LONGEST_VALUE], by.pk, at)
            for (row, field), value in cells.items()
            if value is not None
        ],
        unique=["roster", "row", "field"],
        update=["value", "made_by", "made_at"],
    )
    actions.record(by, "roster.corrected", roster, at=at, cells=len(cells))
    begin_again(roster)


def accept(roster: Roster, code: str, *, by: User, at: datetime) -> None:
    """Take every repair that was proposed for one kind of problem."""
    proposed = roster.issues.filter(code=code).values_list("row", "field", "repair")
    cells: dict[tuple[int, str], str | None] = {(row, field): repair for row, field, repair in proposed if repair}
    correct(roster, cells, by=by, at=at)


def begin_again(roster: Roster) -> None:
    """Back to the beginning of the check: cells were mended, or its headings are understood now."""
    fresh = {"checks": F("checks") + 1, "refusal_code": "", "refusal_params": {}}
    move(roster, RosterState.UPLOADED, moves=ROSTER_MOVES, **fresh)


@transaction.atomic
def continue_with_rest(roster: Roster, *, by: User, at: datetime) -> Roster:
    """Another version from the same file, to mend the rows that stayed out; what was mended goes along."""
    if roster.state != RosterState.IN_FORCE or not roster.rows_refused:
        raise NothingLeft()
    following = open_version(
        school=roster.school, term=roster.term, file=roster.file, by=by, at=at, county_file=roster.county_file
    )
    RosterCorrection.objects.bulk_create(
        (
            RosterCorrection(
                roster=following,
                row=one.row,
                field=one.field,
                value=one.value,
                made_by=one.made_by,
                made_at=one.made_at,
            )
            for one in roster.corrections.select_related("made_by")
        ),
        batch_size=500,
    )
    return following


def is_unusual(roster: Roster) -> bool:
    """Whether so many leave or change at once that it has to be explained in words.

    Against last term only who left counts: new classes in September are nothing unusual.
    """
    share = roster.term.unusual_share
    changed = roster.changed if roster.compared_with else 0
    return max(roster.left, changed) * 100 > share * roster.compared_children


@transaction.atomic
def confirm(roster: Roster, *, by: User, at: datetime, reason: str = "", word: str = "") -> None:
    """Say that the checked file is to be the term's roster; `commit` then writes it.

    Rows with errors stay out and wait for the next version. Rows that need a word and have none get `word`, and an
    unusual share of children who leave or change needs a `reason`.
    """
    at_desk(roster.school, roster.term)
    hold(roster, RosterState.CHECKED)
    if not roster.rows_good:
        raise NothingGood()
    if is_unusual(roster) and not reason.strip():
        raise ReasonNeeded(left=roster.left, changed=roster.changed, share=roster.term.unusual_share)
    if roster.rows_doubtful and not word.strip():
        raise WordNeeded(rows=roster.rows_doubtful)
    versions = Roster.objects.filter(school=roster.school, term=roster.term)
    if versions.filter(state=RosterState.COMMITTING).exists():
        raise WrongState()
    in_force = versions.filter(state=RosterState.IN_FORCE).values_list("version", flat=True).first() or 0
    if in_force != roster.compared_with:
        raise Overtaken(version=in_force)
    move(
        roster,
        RosterState.COMMITTING,
        moves=ROSTER_MOVES,
        committed_by=by,
        committed_at=at,
        reason=reason.strip()[:200],
        word=word.strip()[:200],
    )
    actions.record(by, "roster.confirmed", roster, at=at, rows=roster.rows_good)


@transaction.atomic
def discard(roster: Roster, *, by: User, at: datetime) -> None:
    """Put an unconfirmed version away; the file stays on record."""
    move(roster, RosterState.DISCARDED, moves=ROSTER_MOVES)
    actions.record(by, "roster.discarded", roster, at=at)
