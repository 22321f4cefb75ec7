"""The process that opens what strangers send. It is run with `python -I` and knows nothing of the product.

`common.sheets` starts one of these, which loads the parser once and then forks a short-lived reader for
each file. The reader can't open a file or a socket, has little memory and time, and says what it finds as lines
of JSON; if the parser aborts, only the reader dies.

In: a line of JSON (kind, size, limits), then `size` bytes. Out: one line about the workbook, lines that each
hold a list of rows, {"end": rows}; or {"error": code}. Last the parent's own {"exit": status}.
"""

import codecs
import csv
import datetime
import gc
import io
import json
import math
import os
import re
import resource
import signal
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Literal

import python_calamine as calamine

_TOP_ROWS = 12
_ROWS_IN_LINE = 32
_DELIMITERS = ",\t;|"
_ENCODINGS = ("utf-8-sig", "gb18030", "utf-16")
_TEXT_FORMULA = re.compile(r'^="([^"]*)"$')  # how a CSV says that a long number is text


class Trouble(Exception):
    """The first argument is a code that `common.sheets` knows."""


def main() -> None:
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)  # loads it while files can still be opened
    gc.freeze()
    while order := sys.stdin.buffer.readline():
        task = json.loads(order)
        content = sys.stdin.buffer.read(task["size"])
        reader = os.fork()
        if not reader:
            _serve(task, content)
        del content
        _, status = os.waitpid(reader, 0)
        _say(b'\n{"exit": %d}\n' % os.waitstatus_to_exitcode(status))


def _serve(task: dict[str, Any], content: bytes) -> None:
    """Read one file and end the process, whatever happens."""
    try:
        os.close(0)
        _confine(task)
        out = _Lines(task["cell"])
        try:
            lines = _csv(content, task) if task["kind"] == "csv" else _workbook(content, task)
            out.tell(next(lines))
            for row in lines:
                out.add(row)
            out.end()
        except Trouble as trouble:
            out.tell({"error": trouble.args[0]})
        except MemoryError:
            out.tell({"error": "parser-died"})
        except calamine.PasswordError:
            out.tell({"error": "encrypted"})
        except BaseException:  # the parser's panics are no Exception
            out.tell({"error": "damaged"})
    finally:
        os._exit(0)


def _confine(task: dict[str, Any]) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    for limit, allowed in (
        (resource.RLIMIT_AS, task["memory"]),
        (resource.RLIMIT_CPU, task["cpu"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (allowed, allowed))


def _workbook(content: bytes, task: dict[str, Any]) -> Iterator[Any]:
    """What is in the workbook, then the rows of its first sheet with data."""
    workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    notes = re.compile(task["notes"])
    chosen, others = None, []
    visible = [
        about
        for about in workbook.sheets_metadata
        if about.visible == calamine.SheetVisibleEnum.Visible and about.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    for about in [about for about in visible if not notes.search(about.name)] or visible:
        sheet = workbook.get_sheet_by_name(about.name)
        if sheet.end is None:
            continue
        if chosen is None:
            chosen = sheet
        else:
            others.append(about.name)
    if chosen is None or chosen.start is None or chosen.end is None:
        raise Trouble("empty-sheet")
    if chosen.end[0] >= task["rows"]:
        raise Trouble("too-many-rows")
    if chosen.end[1] >= task["columns"]:
        raise Trouble("too-many-columns")
    yield {
        "sheets": [
            [about.name, about.visible != calamine.SheetVisibleEnum.Visible] for about in workbook.sheets_metadata
        ],
        "sheet": chosen.name,
        "rows": chosen.end[0] + 1,
        "others": others,
        "merged": [[*first, *last] for first, last in chosen.merged_cell_ranges or () if first[0] < _TOP_ROWS],
    }
    left = [""] * chosen.start[1]
    for row in chosen.iter_rows():
        yield left + row if left else row


def _csv(content: bytes, task: dict[str, Any]) -> Iterator[Any]:
    """The rows of a text file, which is gone through once beforehand, so that all trouble comes first."""
    text = _decoded(content)
    top = "\n".join(islice(io.StringIO(text), _TOP_ROWS))
    delimiter = max(_DELIMITERS, key=top.count)
    # Files with bars are made by banks, for which a quotation mark is a letter.
    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "|" else csv.QUOTE_MINIMAL
    rows = has_data = 0
    csv.field_size_limit(task["cell"])
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True):
            rows += 1
            if rows > task["rows"]:
                raise Trouble("too-many-rows")
            if len(row) > task["columns"]:
                raise Trouble("too-many-columns")
            has_data = has_data or any(cell and not cell.isspace() for cell in row)
    except csv.Error as error:
        raise Trouble("cell-too-long" if "limit" in str(error) else "damaged") from error
    if not has_data:
        raise Trouble("empty-sheet")
    yield {"sheets": [["", False]], "sheet": "", "rows": rows, "others": [], "merged": []}
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True):
        yield [_TEXT_FORMULA.sub(r"\1", cell) for cell in row]


def _decoded(content: bytes) -> str:
    has_bom = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # without one anything would do as utf-16
    for encoding in _ENCODINGS[2:] if has_bom else _ENCODINGS[:2]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Trouble("unknown-encoding")


class _Lines:
    """Writes rows as JSON, some to a line."""

    def __init__(self, cell_limit: int) -> None:
        self._cell_limit = cell_limit
        self._encode = json.JSONEncoder(
            ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_tagged
        ).encode
        self._waiting: list[list[Any]] = []
        self._rows = 0

    def add(self, row: list[Any]) -> None:
        self._waiting.append([None if cell == "" else cell for cell in row])
        self._rows += 1
        # The first rows go alone, for a caller who only looks at the head.
        if len(self._waiting) >= _ROWS_IN_LINE or self._rows == _TOP_ROWS:
            self._flush()

    def end(self) -> None:
        self._flush()
        self.tell({"end": self._rows})

    def tell(self, what: Any) -> None:
        _say(self._encode(what).encode() + b"\n")

    def _flush(self) -> None:
        if not self._waiting:
            return
        try:
            line = self._encode(self._waiting)
        except ValueError:  # infinite or not a number: nothing a sheet can show
            line = self._encode([[cell if _is_finite(cell) else None for cell in row] for row in self._waiting])
        if len(line) > self._cell_limit and any(_longest(row) > self._cell_limit for row in self._waiting):
            raise Trouble("cell-too-long")
        _say(line.encode() + b"\n")
        self._waiting.clear()


def _is_finite(cell: Any) -> bool:
    return not isinstance(cell, float) or math.isfinite(cell)


def _longest(cells: Iterable[Any]) -> int:
    return max((len(cell) for cell in cells if isinstance(cell, str)), default=0)


def _tagged(value: object) -> object:
    if isinstance(value, datetime.datetime):
        return {"at": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"on": value.isoformat()}
    return str(value)


def _say(line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main()
