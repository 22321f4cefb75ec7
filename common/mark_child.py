"""The process that writes marks into a workbook that a stranger made. It is run with `python -I` for one file.

`common.marking` starts it. It can't open a file or a socket, has little memory and time, and holds the whole file
in memory; if the library dies of what it reads, only this process does.

In: a line of JSON (the marks, limits, size), then `size` bytes. Out: the marked workbook; nothing if that failed.
"""

import copy
import io
import json
import os
import resource
import sys
import warnings
import zipfile
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

_LINE_POINTS = 15


def main() -> None:
    task = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read(task["size"])
    os.close(0)
    _practise()
    _confine(task)
    marked = _marked(content, task)
    if len(marked) <= task["largest"]:
        _say(marked)


def _practise() -> None:
    """Mark a workbook of our own first: that loads all that the library loads late, while files can still be opened."""
    warnings.simplefilter("ignore")
    book, out = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["A1"].comment = "甲", Comment("乙", "丙")
    sheet.merge_cells("B1:C1")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _InMemory(book, archive).write_data()
    load_workbook(out, data_only=True, keep_links=False)


def _confine(task: dict[str, Any]) -> None:
    for limit, allowed in (
        (resource.RLIMIT_AS, task["memory"]),
        (resource.RLIMIT_CPU, task["cpu"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (allowed, allowed))


def _marked(content: bytes, task: dict[str, Any]) -> bytes:
    """Formulas become what they showed when the file was saved: nothing is computed, and it reads as before."""
    book = load_workbook(io.BytesIO(content), data_only=True, keep_links=False)
    sheet = book[task["sheet"]]
    _wipe(sheet, task)
    for row, column, text in task["texts"]:
        _write(_cell(sheet, row, column), text)
    for row, column, colour, words in task["marks"]:
        _mark(_cell(sheet, row, column), colour, words, task["author"])
    _add_column(sheet, task)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _InMemory(book, archive).write_data()
    return out.getvalue()


def _wipe(sheet: Worksheet, task: dict[str, Any]) -> None:
    """Take away the marks of an earlier time: the file came back with them."""
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell, Cell) and cell.comment and cell.comment.author == task["author"]:
                cell.comment = None
                cell.fill = PatternFill()
    if task["is_marked"]:
        for (cell,) in sheet.iter_rows(min_row=task["head"] + 1, min_col=task["column"], max_col=task["column"]):
            if isinstance(cell, Cell):
                cell.value = None


def _cell(sheet: Worksheet, row: int, column: int) -> Cell:
    """The cell; of a merged area the one that holds its content."""
    cell = sheet.cell(row, column)
    if isinstance(cell, MergedCell):
        area = next(area for area in sheet.merged_cells.ranges if cell.coordinate in area)
        cell = sheet.cell(area.min_row, area.min_col)
    if not isinstance(cell, Cell):
        raise TypeError
    return cell


def _write(cell: Cell, text: str) -> None:
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    cell.number_format = "@"


def _mark(cell: Cell, colour: str, words: str, author: str) -> None:
    cell.fill = PatternFill("solid", start_color=colour, end_color=colour)
    before = f"{cell.comment.text}\n" if cell.comment else ""
    lines = 2 + sum(len(line) // 18 + 1 for line in (before + words).splitlines())
    cell.comment = Comment(before + words, author, width=300, height=lines * _LINE_POINTS * 4 // 3)


def _add_column(sheet: Worksheet, task: dict[str, Any]) -> None:
    column, head = task["column"], task["head"]
    _make_room(sheet, column, task["width"])
    heading = _cell(sheet, head, column)
    _write(heading, task["heading"])
    if column > 1:
        neighbour = sheet.cell(head, column - 1)
        for look in ("fill", "border", "alignment"):
            setattr(heading, look, copy.copy(getattr(neighbour, look)))
    heading.font = Font(bold=True, color=task["colour"])
    for row, text in task["reasons"]:
        cell = _cell(sheet, row, column)
        _write(cell, text)
        cell.font = Font(color=task["colour"])
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _make_room(sheet: Worksheet, column: int, width: int) -> None:
    """A width of its own for the column. One entry often speaks for all columns to the right; two that overlap make
    a file that Excel calls damaged."""
    for letter, entry in list(sheet.column_dimensions.items()):
        if entry.min and entry.max and entry.min <= column <= entry.max:
            if entry.min < column:
                entry.max = column - 1
            else:
                del sheet.column_dimensions[letter]
    room = sheet.column_dimensions[get_column_letter(column)]
    room.width, room.hidden = width, False


class _InMemory(ExcelWriter):
    """The library lays each sheet down on disk before it packs it; here there is no disk."""

    _archive: zipfile.ZipFile

    def write_worksheet(self, ws: Any) -> None:
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        out = io.BytesIO()
        writer: Any = WorksheetWriter(ws, out=out)
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], out.getvalue())
        self.manifest.append(ws)


def _say(content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main()
