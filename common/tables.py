"""A table in somebody else's workbook: its head found, its lines given one by one as what they are."""

from collections.abc import Iterator, Mapping, Sequence

from common import sheets
from common.columns import Head, cell_text, find_head, is_blank, is_foot_row, is_total_row
from common.sheets import Cell, Row


class Table:
    """The lines below the head of the one sheet with data; blank, total and signature rows are passed over."""

    def __init__(
        self,
        content: bytes,
        synonyms: Mapping[str, Sequence[str]],
        required: Sequence[str],
        *,
        limits: sheets.Limits = sheets.LIMITS,
        reader: sheets.Reader | None = None,
    ) -> None:
        self._workbook = sheets.read(content, limits=limits, reader=reader)
        try:
            self._workbook.expect_one_sheet()
            self.head: Head = find_head(self._workbook.top, synonyms, required, merged=self._workbook.merged)
        except BaseException:
            self._workbook.close()
            raise

    @property
    def columns(self) -> Mapping[str, int]:
        """field → place of its column, from 0."""
        return self.head.columns

    def lines(self) -> Iterator[tuple[int, Row]]:
        """(row number as people see it, cells). They can be gone through once."""
        for number, cells in self._workbook.numbered(after=self.head.last_row):
            if _is_numbered(cells) or not (is_blank(cells) or is_total_row(cells) or is_foot_row(cells)):
                yield number, cells

    def cell(self, cells: Row, name: str) -> Cell:
        place = self.columns.get(name)
        return cells[place] if place is not None and place < len(cells) else None

    def text(self, cells: Row) -> dict[str, str]:
        """field → the cell as trimmed text, for every field of the head. Not for ids and cards."""
        return {name: cell_text(cells[place]) if place < len(cells) else "" for name, place in self.columns.items()}


def _is_numbered(cells: Row) -> bool:
    """Nearly every line of data begins with its number: then there is nothing to think about."""
    first = cells[0] if cells else None
    return isinstance(first, float) or (isinstance(first, str) and first.isdigit())
