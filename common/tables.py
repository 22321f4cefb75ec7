"""A table in somebody else's workbook: its head found, its lines given one by one as what they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from common import sheets
from common.columns import (
    Head,
    MissingColumns,
    cell_text,
    find_head,
    heading_key,
    is_blank,
    is_foot_row,
    is_total_row,
    stated_total,
)
from common.sheets import Cell, Row

BLANK, TOTAL, FOOT, HEAD = "blank", "total", "foot", "head"


class Table:
    """The lines below the head of the one sheet with data.

    Blank, total and signature rows and repeated heads are passed over and remembered, so that no row is lost.
    """

    passed_over: Sequence[tuple[int, str]] = ()
    """(row number, what it is) of the rows that were no lines so far; of blank rows only those between lines."""

    totals: Mapping[int, int] = MappingProxyType({})
    """Row number → how many there are by the total row there."""

    total_rows: Sequence[tuple[int, Row]] = ()
    """(row number, cells) of the total rows so far, for what else they state."""

    def __init__(
        self,
        content: bytes,
        synonyms: Mapping[str, Sequence[str]],
        required: Sequence[str],
        *,
        limits: sheets.Limits = sheets.LIMITS,
        reader: sheets.Reader | None = None,
        default_head: Sequence[str] | None = None,
    ) -> None:
        """`default_head` names the columns of a file that has no head, because its makers agreed on them."""
        self._workbook = sheets.read(content, limits=limits, reader=reader)
        try:
            self._workbook.expect_one_sheet()
            self.head: Head = self._find_head(synonyms, required, default_head)
        except BaseException:
            self._workbook.close()
            raise

    def _find_head(
        self, synonyms: Mapping[str, Sequence[str]], required: Sequence[str], default: Sequence[str] | None
    ) -> Head:
        try:
            return find_head(self._workbook.top, synonyms, required, merged=self._workbook.merged)
        except MissingColumns:
            if default is None:
                raise
        return replace(find_head([list(default)], synonyms, required), first_row=0, last_row=0)

    def close(self) -> None:
        """Give up what is unread."""
        self._workbook.close()

    @property
    def height(self) -> int:
        """About how many lines there are, blank and total rows among them."""
        return max(0, self._workbook.height - self.head.last_row)

    @property
    def columns(self) -> Mapping[str, int]:
        """field → place of its column, from 0."""
        return self.head.columns

    def lines(self) -> Iterator[tuple[int, Row]]:
        """(row number as people see it, cells). They can be gone through once."""
        self.passed_over = passed = list[tuple[int, str]]()
        self.totals = totals = dict[int, int]()
        self.total_rows = total_rows = list[tuple[int, Row]]()
        blank: list[int] = []
        places = sorted(self.columns.values())
        for number, cells in self._workbook.numbered(after=self.head.last_row):
            says_something = _says_something(cells, places)
            what = "" if says_something and _is_numbered(cells) else self._what(cells, says_something)
            if not what:
                passed += [(row, BLANK) for row in blank]
                blank.clear()
                yield number, cells
            elif what == BLANK:
                blank.append(number)
            else:
                passed.append((number, what))
                if what == TOTAL:
                    total_rows.append((number, cells))
                    if (stated := stated_total(cells)) is not None:
                        totals[number] = stated

    def _what(self, cells: Row, says_something: bool) -> str:
        """What a row is that may be no line; "" for a line. A number alone, in a list numbered in advance, is blank."""
        if is_blank(cells) or (not says_something and _is_numbered(cells)):
            return BLANK
        if is_total_row(cells):
            return TOTAL
        if not says_something or is_foot_row(cells):
            return FOOT
        return HEAD if self._is_head_again(cells) else ""

    def _is_head_again(self, cells: Row) -> bool:
        """Whether the row repeats the head, as lists do that are made for printing."""
        alike = 0
        for name, heading in self.head.headings.items():
            if text := cell_text(self.cell(cells, name)):
                if heading_key(text) != heading_key(heading):
                    return False
                alike += 1
        return alike > 1

    def cell(self, cells: Row, name: str) -> Cell:
        place = self.columns.get(name)
        return cells[place] if place is not None and place < len(cells) else None

    def text(self, cells: Row) -> dict[str, str]:
        """field → the cell as trimmed text, for every field of the head. Not for ids and cards."""
        width = len(cells)
        return {name: cell_text(cells[place]) if place < width else "" for name, place in self.head.columns.items()}


def _says_something(cells: Row, places: Sequence[int]) -> bool:
    width = len(cells)
    return any(cells[place] is not None and cell_text(cells[place]) for place in places if place < width)


def _is_numbered(cells: Row) -> bool:
    """Nearly every line of data begins with its number: then there is nothing to think about."""
    first = cells[0] if cells else None
    return isinstance(first, float) or (isinstance(first, str) and first.isdigit())
