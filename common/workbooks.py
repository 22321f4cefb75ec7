"""Writing workbooks that look as offices expect and can't do anything: text stays text, whatever it begins with."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

Kind = Literal["text", "number", "money", "date"]
Value = str | int | float | Decimal | date | datetime | None

_LONGEST_TEXT = 32_767
_BEGIN_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_A4 = 9
_PLAIN_WORDS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FORMATS: dict[Kind, dict[str, Any]] = {
    "text": {"num_format": "@"},
    "number": {"num_format": "0", "align": "right"},
    "money": {"num_format": "#,##0.00", "align": "right"},
    "date": {"num_format": "yyyy-mm-dd", "align": "center"},
}


@dataclass(frozen=True)
class Column:
    """A column of an official table. Values of a money column are whole fen and shown in yuan.

    Ids, cards, phones and codes belong in text columns: Excel forgets the last digits of long numbers.
    """

    heading: str
    width: float = 12
    kind: Kind = "text"
    choices: Sequence[str] = ()
    """What can be chosen in its cells; anything else is refused where the table is filled in."""


def taken_by(name: str, at: datetime) -> str:
    """Who took a file, when: a sheet that turns up somewhere says where it came from."""
    moment = f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    return _("导出人：%(name)s　　数据截至：%(moment)s") % {"name": name, "moment": moment}


def write_csv(rows: Iterable[Sequence[str | int | None]]) -> bytes:
    """Text with commas, with the mark by which Excel knows its encoding. Words begin no formula: an apostrophe does."""
    out = io.StringIO()
    csv.writer(out).writerows([_harmless(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _harmless(value: str | int | None) -> str | int | None:
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGIN_A_FORMULA) else value


def write_table(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Value]],
    *,
    preamble: Sequence[str] = (),
    total: Sequence[Value] | None = None,
    foot: Sequence[str] = (),
    sheet_name: str = "Sheet1",
    has_head: bool = True,
) -> bytes:
    """An .xlsx with a title, a row of remarks, the head, the rows, a total row and a foot for signatures.

    Programs that read it may want no title, or no head.

    `preamble` and `foot` are spread over the width of the table, the last text to the right edge. The same rows give
    the same bytes, so a run that is done again makes the same file.
    """
    stream = io.BytesIO()
    with (
        tempfile.TemporaryDirectory(prefix="table-") as private_folder,
        xlsxwriter.Workbook(stream, {"constant_memory": True, "tmpdir": private_folder, **_PLAIN_WORDS}) as workbook,
    ):
        workbook.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - the library wants it naive
        sheet = _Sheet(workbook, sheet_name, columns)
        if title:
            sheet.title(title)
        if preamble:
            sheet.spread(preamble)
        if has_head:
            sheet.head()
        for row in rows:
            sheet.row(row)
        sheet.offer_choices()
        if total is not None:
            sheet.row(total, is_total=True)
        if foot:
            sheet.spread(foot)
    return stream.getvalue()


class _Sheet:
    """Writes from the top down, because rows that are behind have left memory."""

    def __init__(self, workbook: xlsxwriter.Workbook, name: str, columns: Sequence[Column]) -> None:
        self._sheet = workbook.add_worksheet(name)
        self._columns = columns
        self._next = self._first = 0
        font = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
        self._title = workbook.add_format(font | {"bold": True, "font_size": 16, "align": "center"})
        self._left = workbook.add_format(font)
        self._right = workbook.add_format(font | {"align": "right"})
        self._heading = workbook.add_format(
            font | {"bold": True, "align": "center", "text_wrap": True, "border": 1, "bg_color": "#F2F2F2"}
        )
        self._cells = {kind: workbook.add_format(font | look | {"border": 1}) for kind, look in _FORMATS.items()}
        self._totals = {
            kind: workbook.add_format(font | look | {"border": 1, "bold": True}) for kind, look in _FORMATS.items()
        }
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, column.width)
        self._sheet.set_landscape()
        self._sheet.set_paper(_A4)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self._sheet.set_footer(_("&C第 &P 页，共 &N 页"))

    def title(self, text: str) -> None:
        self._sheet.set_row(self._next, 30)
        if len(self._columns) > 1:
            self._sheet.merge_range(self._next, 0, self._next, len(self._columns) - 1, "", self._title)
        self._text(0, text, self._title)
        self._next += 1

    def spread(self, texts: Sequence[str]) -> None:
        last = len(self._columns) - 1
        if len(texts) > len(self._columns):
            texts = ["    ".join(texts)]
        for number, text in enumerate(texts):
            is_last = number and number == len(texts) - 1
            place = last if is_last else number * len(self._columns) // len(texts)
            self._text(place, text, self._right if is_last else self._left)
        self._next += 1

    def head(self) -> None:
        self._sheet.set_row(self._next, 30)
        for place, column in enumerate(self._columns):
            self._text(place, column.heading, self._heading)
        self._sheet.repeat_rows(self._next)
        self._next += 1
        self._first = self._next
        self._sheet.freeze_panes(self._next, 0)

    def row(self, values: Sequence[Value], *, is_total: bool = False) -> None:
        formats = self._totals if is_total else self._cells
        for place, (column, value) in enumerate(zip(self._columns, values, strict=True)):
            self._value(place, column.kind, value, formats[column.kind])
        self._next += 1

    def offer_choices(self) -> None:
        """The lists that cells of the rows so far choose from."""
        for place, column in enumerate(self._columns):
            if column.choices and self._next > self._first:
                choice = {
                    "validate": "list",
                    "source": list(column.choices),
                    "error_title": _("不在列表里"),
                    "error_message": _("“%(name)s”请从下拉列表里选，不要另写。") % {"name": column.heading},
                }
                self._sheet.data_validation(self._first, place, self._next - 1, place, choice)

    def _value(self, place: int, kind: Kind, value: Value, look: Any) -> None:
        if value is None or value == "":
            self._sheet.write_blank(self._next, place, None, look)
        elif kind == "date" and isinstance(value, date):
            self._sheet.write_datetime(self._next, place, value, look)
        elif kind == "money" and isinstance(value, int):
            self._sheet.write_number(self._next, place, value / 100, look)
        elif kind == "number" and isinstance(value, int | float | Decimal):
            self._sheet.write_number(self._next, place, value, look)
        else:
            self._text(place, str(value), look)

    def _text(self, place: int, text: str, look: Any) -> None:
        if len(text) > _LONGEST_TEXT:  # the library would leave the cell out without a word
            raise ValueError(f"A cell holds {_LONGEST_TEXT} characters at most.")
        self._sheet.write_string(self._next, place, text, look)
