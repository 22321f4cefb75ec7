"""One school's part of a county-wide workbook, as a file of its own that is read like a school's own sheet.

A line of JSON for the head, then one for each row with its number in the county's workbook; packed in pieces, so that
a thousand unfinished parts of a large workbook lie in memory side by side. Cells stay what they were: a number cell
that has lost the last digits of an id is still a number here.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from common import sheets
from common.columns import Head
from common.sheets import Row
from common.tables import Table
from common.unreadable import TooManyRows

_PIECE = 1 << 15
_QUICK = 1


class PartWriter:
    """Gathers the rows of one school while the county's workbook goes by."""

    def __init__(self, head: Head) -> None:
        self.rows = 0
        self.first_row = 0
        self._packed = bytearray()
        self._loose = bytearray()
        self._add(asdict(replace(head, preamble="")))

    def add(self, number: int, cells: Row) -> None:
        self.rows += 1
        self.first_row = self.first_row or number
        self._add([number, cells])

    def content(self) -> bytes:
        """The part as bytes: the same for the same rows."""
        self._pack()
        return bytes(self._packed)

    def _add(self, line: Any) -> None:
        self._loose += json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=_tagged).encode() + b"\n"
        if len(self._loose) > _PIECE:
            self._pack()

    def _pack(self) -> None:
        if self._loose:
            self._packed += gzip.compress(self._loose, _QUICK, mtime=0)
            self._loose = bytearray()


class PartTable(Table):
    """The rows of a part, with the columns and row numbers of the county's workbook."""

    def __init__(self, content: bytes, *, limits: sheets.Limits = sheets.SMALL) -> None:
        head, *self._rows = gzip.decompress(content).splitlines()
        if len(self._rows) > limits.rows:
            raise TooManyRows(rows=limits.rows)
        self.head = Head(**json.loads(head))

    @property
    def height(self) -> int:
        return len(self._rows)

    def lines(self) -> Iterator[tuple[int, Row]]:
        for line in self._rows:
            number, cells = json.loads(line, object_hook=_untagged)
            yield number, cells


def _tagged(cell: Any) -> dict[str, str]:
    """Days and moments as `common.sheet_child` writes them."""
    if isinstance(cell, datetime):
        return {"at": cell.isoformat()}
    if isinstance(cell, date):
        return {"on": cell.isoformat()}
    raise TypeError(type(cell).__name__)


def _untagged(tagged: dict[str, str]) -> date:
    return date.fromisoformat(tagged["on"]) if "on" in tagged else datetime.fromisoformat(tagged["at"])
