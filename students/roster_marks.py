"""A roster's own file back: the same rows in the same places, each problem in its cell, all of a row in a last column.

Cells that somebody mended on the page hold what they were mended to, so the marked file can be handed in again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import marking, sheets
from common.columns import Head, cell_text, find_head, heading_key
from common.marking import Mark, Marks
from common.moves import Refused
from jobs import files, run
from jobs.choices import FileKind
from jobs.models import Job
from jobs.run import Running
from students import headings, issues, roster_reading
from students.choices import RosterState, Severity
from students.models import Roster, RosterIssue
from students.roster_columns import COLUMNS, MARKS, REQUIRED

FILLS = {Severity.ERROR: marking.RED, Severity.DOUBT: marking.AMBER, Severity.NOTE: marking.BLUE}
_ORDER = [*FILLS.values(), marking.GREEN]
_NUMBERS = {"id_number", "card_number", "guardian_phone", "guardian_id"}
_BLANK = "blank-rows"
"""A row without anything stays so: with words in its last column it would be a row."""


KIND = "roster-mark"
SHEET = "花名册"
ROWS_AT_ONCE = 2_000
"""A file of so many rows is marked in some seconds: whoever asked for it may wait."""


class NotChecked(Refused):
    code = "roster-not-checked"
    message = _("这份花名册还没有校验完，没有可以标出的问题。请等校验完成后再下载。")


def order(roster: Roster, *, by: User, at: datetime) -> Job:
    """The run that makes the marked file; of a school's usual size it is over when this returns."""
    if roster.state in {RosterState.UPLOADED, RosterState.REFUSED}:
        raise NotChecked()
    key = f"{KIND}:{roster.pk}:{roster.checks}"
    with transaction.atomic():
        job = run.start(KIND, by=by, at=at, key=key, school=roster.school, term=roster.term, roster_id=roster.pk)
    return run.execute(job.pk) if roster.rows_read <= ROWS_AT_ONCE else job


def mark(roster: Roster, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Store the marked file of a checked roster; the result names it, for whoever waits for it."""
    with translation.override(settings.LANGUAGE_CODE):
        content, marked = _marked(roster, reader)
        name = _now("%(name)s（已标出问题）.xlsx") % {"name": PurePath(roster.file.name).stem[:150]}
    result = {"rows": marked}
    with running.chunk(to=1, result=result):
        by = running.job.started_by
        file = files.store(content, name=name, kind=FileKind.MARKED, by=by, at=running.at, school=roster.school)
        actions.record(by, "roster.marked", roster, at=running.at, sha256=file.sha256, rows=marked)
        result["file_id"] = file.pk
    return result


def _marked(roster: Roster, reader: sheets.Reader | None) -> tuple[bytes, int]:
    if roster.county_file_id is not None:
        return _marked_part(roster, reader)
    content = files.content(roster.file)
    words = headings.synonyms(roster.school)
    with sheets.read(content, limits=sheets.SMALL, reader=reader) as workbook:
        head = find_head(workbook.top, words, REQUIRED, merged=workbook.merged)
        rows = list(workbook.rows())
    marks = _place_for_reasons(rows, head)
    _mark_rows(marks, roster, head)
    if workbook.kind == "xlsx":
        return marking.mark(content, sheet=workbook.sheet, rows=rows, marks=marks), len(marks.reasons)
    return marking.write_anew(rows, sheet=workbook.sheet, marks=marks), len(marks.reasons)


def _marked_part(roster: Roster, reader: sheets.Reader | None) -> tuple[bytes, int]:
    """The school's own rows of a county-wide workbook, below the headings that were read."""
    table = roster_reading.table_of(roster, reader=reader)
    head, lines = table.head, list(table.lines())
    width = max([max(head.columns.values()) + 1, *(len(cells) for _number, cells in lines)])
    said = {place: head.headings[field] for field, place in head.columns.items()}
    marks = Marks(head.last_row, width + 1, MARKS)
    _mark_rows(marks, roster, head)
    places = {number: row for row, (number, _cells) in enumerate(lines, start=2)}
    moved = Marks(
        1,
        width + 1,
        MARKS,
        cells={(places[row], place): mark for (row, place), mark in marks.cells.items() if row in places},
        texts={(places[row], place): text for (row, place), text in marks.texts.items() if row in places},
        reasons={places[row]: text for row, text in marks.reasons.items() if row in places},
    )
    rows: list[sheets.Row] = [[said.get(place) for place in range(width)], *(cells for _number, cells in lines)]
    return marking.write_anew(rows, sheet=SHEET, marks=moved), len(moved.reasons)


def _mark_rows(marks: Marks, roster: Roster, head: Head) -> None:
    _mark_mended(marks, roster, head)
    _mark_problems(marks, roster.issues.order_by("row", "column", "pk"))


def _place_for_reasons(rows: Sequence[sheets.Row], head: Head) -> Marks:
    """The column that has them from the last time, or the first to the right of all that is written."""
    for row in range(head.first_row, head.last_row + 1):
        for place, cell in enumerate(rows[row - 1], start=1):
            if heading_key(cell_text(cell)) == heading_key(MARKS):
                return Marks(row, place, MARKS, is_marked=True)
    last = max(place for cells in rows for place, cell in enumerate(cells, start=1) if cell_text(cell))
    return Marks(head.last_row, last + 1, MARKS)


def _mark_mended(marks: Marks, roster: Roster, head: Head) -> None:
    """What was mended on the page stands in the cells; what has no cell there is said in the last column."""
    for row, cells in roster_reading.corrections(roster).items():
        for field, value in cells.items():
            place = head.columns.get(field) if field else None
            if place is not None:
                marks.texts[row, place + 1] = value
                marks.cells[row, place + 1] = Mark(marking.GREEN, _now("这一格已经在网页上改正，这里是改正后的内容。"))
            elif not field:
                _add(marks, row, _now("这一行已经在网页上标为不要，请删除。"))
            elif field in COLUMNS and field not in _NUMBERS:
                _add(marks, row, _now("网页上填写的“%(name)s”") % {"name": COLUMNS[field].name} + f"：{value}")


def _mark_problems(marks: Marks, found: Iterable[RosterIssue]) -> None:
    order = list(Severity)
    heads = {
        Severity.ERROR: _now("【有错误，这一行不入库】"),
        Severity.DOUBT: _now("【需要说明】"),
        Severity.NOTE: _now("【提示】"),
    }
    told: dict[int, list[str]] = {}
    gravest: dict[int, Severity] = {}
    for issue in found:
        what, mend = issues.wording(issue)
        severity = Severity(issue.severity)
        if issue.column:
            _mark_cell(marks, (issue.row, issue.column), Mark(FILLS[severity], f"{what}{mend}"))
        if issue.row > marks.head and issue.code != _BLANK:
            name = f"{COLUMNS[issue.field].name}：" if issue.field in COLUMNS else ""
            told.setdefault(issue.row, []).append(f"{name}{what}{mend}".rstrip("。"))
            gravest[issue.row] = min(gravest.get(issue.row, severity), severity, key=order.index)
    for row, texts in told.items():
        marks.reasons[row] = heads[gravest[row]] + "；".join([*texts, *filter(None, [marks.reasons.get(row)])])


def _mark_cell(marks: Marks, place: tuple[int, int], mark: Mark) -> None:
    """The gravest colour wins; all words stay."""
    if before := marks.cells.get(place):
        fill = min(before.fill, mark.fill, key=_ORDER.index)
        mark = Mark(fill, f"{before.words}\n{mark.words}")
    marks.cells[place] = mark


def _add(marks: Marks, row: int, text: str) -> None:
    marks.reasons[row] = "；".join([*filter(None, [marks.reasons.get(row)]), text.rstrip("。")])
