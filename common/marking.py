"""Somebody's own sheet given back: the same rows in the same places, with what is wrong written into its cells.

An .xlsx keeps its looks, its other sheets and its order. Whoever made it, a library of ours would have to parse it
to change it, so a confined process does (`common.mark_child`). Where that fails, and for the older kinds of files,
a new workbook with the same cells as text takes its place: there is always a file.
"""

import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter

from common import sheets
from common.columns import cell_text
from common.preflight import preflight
from common.unreadable import UnreadableSheet

RED, AMBER, BLUE, GREEN = "FFF4B6B0", "FFFCE4A8", "FFCFE3F7", "FFCDEBD3"
"""Fills for what stops a row, what needs a word, what is worth a look, and what was mended."""

AUTHOR = "资助系统"
_FONT_COLOUR = "FFB42318"
_WIDTH = 60
_CHILD = Path(__file__).with_name("mark_child.py")
_MEMORY = 1 << 30
_CPU_SECONDS = 45
_WALL_SECONDS = 90
_LARGEST = 50_000_000
_MOST_ROWS = 10_000
_LONGEST = 32_767
Place = tuple[int, int]


@dataclass(frozen=True)
class Mark:
    """One cell's colour, and the words that stand beside it."""

    fill: str
    words: str


@dataclass
class Marks:
    """What is to be written into a sheet. Rows and columns count from 1, as people see them."""

    head: int
    """The row of the headings, above the rows that have reasons."""
    column: int
    """Where the column with the reasons goes."""
    heading: str
    is_marked: bool = False
    """The column is there already, from the last time."""
    cells: dict[Place, Mark] = field(default_factory=dict)
    texts: dict[Place, str] = field(default_factory=dict)
    """Cells that hold something else than in the file."""
    reasons: dict[int, str] = field(default_factory=dict)


def mark(content: bytes, *, sheet: str, rows: Sequence[sheets.Row], marks: Marks) -> bytes:
    """An .xlsx file marked as it is; a new workbook of its `rows` where the file can't be opened to be written."""
    if len(rows) <= _MOST_ROWS and (marked := _mark_confined(content, sheet, marks)):
        return marked
    return write_anew(rows, sheet=sheet, marks=marks)


def _mark_confined(content: bytes, sheet: str, marks: Marks) -> bytes | None:
    task = {
        "size": len(content),
        "sheet": sheet,
        "head": marks.head,
        "column": marks.column,
        "heading": marks.heading,
        "is_marked": marks.is_marked,
        "marks": [[*place, one.fill, one.words] for place, one in marks.cells.items()],
        "texts": [[*place, text] for place, text in marks.texts.items()],
        "reasons": list(marks.reasons.items()),
        "author": AUTHOR,
        "colour": _FONT_COLOUR,
        "width": _WIDTH,
        "memory": _MEMORY,
        "cpu": _CPU_SECONDS,
        "largest": _LARGEST,
    }
    try:
        ended = subprocess.run(  # our own interpreter and file # noqa: S603
            [sys.executable, "-I", "-X", "utf8", str(_CHILD)],
            input=json.dumps(task).encode() + b"\n" + content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
            timeout=_WALL_SECONDS,
            check=False,
        )
        is_whole = ended.returncode == 0 and preflight(ended.stdout, limits=sheets.LIMITS) == "xlsx"
    except (subprocess.TimeoutExpired, OSError, UnreadableSheet):
        return None
    return ended.stdout if is_whole else None


def write_anew(rows: Sequence[sheets.Row], *, sheet: str, marks: Marks) -> bytes:
    """A new workbook with the same cells in the same places, all of them text, and the marks."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet(_sheet_name(sheet))
        plain = {"num_format": "@", "valign": "top"}
        looks: Mapping[str, object] = {
            "": book.add_format(plain),
            **{
                colour: book.add_format(plain | {"bg_color": f"#{colour[2:]}", "border": 1, "border_color": "#D0D0D0"})
                for colour in (RED, AMBER, BLUE, GREEN)
            },
        }
        words = plain | {"font_color": f"#{_FONT_COLOUR[2:]}", "text_wrap": True}
        reason, heading = book.add_format(words), book.add_format(words | {"bold": True})
        for number, cells in enumerate(rows, start=1):
            for place, cell in enumerate(cells, start=1):
                if text := cell_text(cell):
                    page.write_string(number - 1, place - 1, text[:_LONGEST], looks[""])
        for (row, column), text in marks.texts.items():
            page.write_string(row - 1, column - 1, text, looks[""])
        for (row, column), one in marks.cells.items():
            text = marks.texts.get((row, column), _text_at(rows, row, column))
            page.write_string(row - 1, column - 1, text[:_LONGEST], looks[one.fill])
            page.write_comment(row - 1, column - 1, one.words, {"author": AUTHOR, "x_scale": 2})
        if marks.is_marked:
            for number in range(marks.head + 1, len(rows) + 1):
                page.write_blank(number - 1, marks.column - 1, None, looks[""])
        page.write_string(marks.head - 1, marks.column - 1, marks.heading, heading)
        for row, text in marks.reasons.items():
            page.write_string(row - 1, marks.column - 1, text[:_LONGEST], reason)
        page.set_column(marks.column - 1, marks.column - 1, _WIDTH)
        page.freeze_panes(marks.head, 0)
    return out.getvalue()


def _text_at(rows: Sequence[sheets.Row], row: int, column: int) -> str:
    cells = rows[row - 1] if row <= len(rows) else []
    return cell_text(cells[column - 1]) if column <= len(cells) else ""


def _sheet_name(name: str) -> str:
    """A name that a sheet may have: 31 characters, none of []:*?/\\, no quotes at the ends."""
    cleaned = "".join(sign for sign in name if sign not in "[]:*?/\\").strip("'")[:31]
    return cleaned or "Sheet1"
