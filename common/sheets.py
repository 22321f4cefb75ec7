"""Reading spreadsheets that other people made, without trusting one byte of them.

Two steps. `common.preflight` looks at the bytes without a parser and refuses what a person can be told about. Then a
confined process (`common.sheet_child`) parses them and streams rows back, so that whatever the parser does to
itself, this process goes on. Nothing is written to disk.

    with sheets.Reader() as reader:             # one helper process for many files
        workbook = sheets.read(content, reader=reader)
        head = columns.find_head(workbook.top, SYNONYMS, REQUIRED, merged=workbook.merged)
        for number, row in workbook.numbered(after=head.last_row):
            ...

Nearly all that can be wrong with a file is raised by `read`; a cell too long, or a parser that dies late, comes
where the rows are read. So check a file to its end before anything of it is written.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, Self

from common.preflight import preflight
from common.unreadable import (
    CAUSES,
    LIMITS,
    SMALL,
    Limits,
    ParserDied,
    SeveralSheets,
    TooSlow,
    UnreadableSheet,
    refusal,
)

__all__ = [
    "CAUSES",
    "LIMITS",
    "SMALL",
    "Cell",
    "Limits",
    "Reader",
    "Row",
    "SheetInfo",
    "UnreadableSheet",
    "Workbook",
    "of_this_thread",
    "preflight",
    "read",
]

Cell = str | float | bool | date | datetime | None
Row = list[Cell]

_CHILD = Path(__file__).with_name("sheet_child.py")
_NOTES = r"说明|须知|填表|填写|填报要求|字典|代码表|示例|样例|样表|下拉|选项|参数"
_BLOCK = 1 << 18
_LINE_LIMIT = 1 << 27


@dataclass(frozen=True)
class SheetInfo:
    name: str
    hidden: bool


def read(content: bytes, *, limits: Limits = LIMITS, reader: Reader | None = None) -> Workbook:
    """The sheet with data in `content`, or UnreadableSheet.

    Give a `reader` when there are many files. Without one the helper process ends with the last row, or
    when the workbook is closed.
    """
    kind = preflight(content, limits=limits)
    if reader:
        return Workbook(reader, content, kind, limits)
    reader = Reader()
    try:
        return Workbook(reader, content, kind, limits, is_own_reader=True)
    except BaseException:
        reader.close()
        raise


class Workbook:
    """One file that could be opened. Its rows can be gone through once, as they come from the parser."""

    kind: str  # "xlsx", "xls" or "csv"
    sheet: str  # the name of the one whose rows these are
    height: int  # down to which row it has cells
    sheets: list[SheetInfo]  # all, in their order
    other_sheets: list[str]  # visible, with data, and not by their name an explanation
    merged: list[tuple[int, int, int, int]]  # first row, first column, last row, last column; from 0; of the top
    top: list[Row]  # the first twelve rows, with the empty ones above the data

    def __init__(
        self, reader: Reader, content: bytes, kind: str, limits: Limits, *, is_own_reader: bool = False
    ) -> None:
        self.kind = kind
        self._own_reader = reader if is_own_reader else None
        self._file = _File(reader, content, kind, limits)
        about = self._file.about
        self.sheet = about["sheet"]
        self.height = int(about["rows"])
        self.sheets = [SheetInfo(*sheet) for sheet in about["sheets"]]
        self.other_sheets = about["others"]
        self.merged = [(int(top), int(left), int(bottom), int(right)) for top, left, bottom, right in about["merged"]]
        self._batches = self._file.batches()
        self.top = next(self._batches, [])
        self._is_read = False

    def rows(self) -> Iterator[Row]:
        """All rows from the sheet's first, so that `enumerate(…, start=1)` gives the row numbers people see."""
        if self._is_read:
            raise RuntimeError("The rows of a workbook can be read once.")
        self._is_read = True
        try:
            yield from self.top
            for batch in self._batches:
                yield from batch
        finally:
            self.close()

    def numbered(self, *, after: int = 0) -> Iterator[tuple[int, Row]]:
        """The rows below row number `after`, each with its own number in the sheet."""
        for number, row in enumerate(self.rows(), start=1):
            if number > after:
                yield number, row

    def expect_one_sheet(self) -> None:
        """Refuse a file that leaves open which of its sheets is meant."""
        if self.other_sheets:
            raise SeveralSheets(names="、".join([self.sheet, *self.other_sheets]))

    def close(self) -> None:
        self._file.close()
        if self._own_reader:
            self._own_reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class Reader:
    """Keeps one helper process for many files, read one after the other.

    Opening the next file gives up what is unread of the last one.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._finalizer: weakref.finalize[..., Any] | None = None
        self._open: _File | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the helper process. The reader can be used again: it starts another."""
        with self._lock:
            self._open = None
            self._process = None
            if self._finalizer:
                self._finalizer()

    def _send(self, file: _File, order: bytes, content: bytes, patience: float) -> int:
        """Give a file to the helper process, and return where its answers can be read."""
        with self._lock:
            if self._open:
                self._open.close()
            for is_last_try in (False, True):
                process = self._process or self._start()
                to_helper, from_helper = _pipes(process)
                try:
                    _write(to_helper.fileno(), order, patience)
                    _write(to_helper.fileno(), content, patience)
                except (BrokenPipeError, TooSlow) as trouble:
                    self.close()
                    if is_last_try:
                        raise ParserDied() from trouble
                else:
                    break
            self._open = file
            return from_helper.fileno()

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(  # our own interpreter and file # noqa: S603
            [sys.executable, "-I", "-X", "utf8", str(_CHILD)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
        )
        to_helper, _from_helper = _pipes(self._process)
        os.set_blocking(to_helper.fileno(), False)
        self._finalizer = weakref.finalize(self, _end, self._process, os.getpid())
        return self._process

    def _done(self, file: _File, *, is_whole: bool) -> None:
        """The file needs nothing more. One that was not read to its end takes the helper process with it."""
        with self._lock:
            if self._open is file:
                self._open = None
                if not is_whole:
                    self.close()


_readers = threading.local()


def of_this_thread() -> Reader:
    """A reader that is kept for as long as the thread lives: background runs read many files one after the other."""
    if getattr(_readers, "process", None) != os.getpid():
        _readers.process, _readers.reader = os.getpid(), Reader()
    reader: Reader = _readers.reader
    return reader


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """Kill the helper and what it forked, and leave no zombie. A fork of the owner leaves it alone."""
    if os.getpid() != owner:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in _pipes(process):
        with contextlib.suppress(BrokenPipeError):
            pipe.close()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The helper process was started without pipes.")
    return process.stdin, process.stdout


def _write(pipe: int, content: bytes, patience: float) -> None:
    """All of `content` into a pipe that doesn't block; TooSlow where nobody takes it."""
    rest = memoryview(content)
    while rest:
        if not _is_ready(pipe, select.POLLOUT, patience):
            raise TooSlow()
        rest = rest[os.write(pipe, rest[:_BLOCK]) :]


def _is_ready(pipe: int, event: int, patience: float) -> bool:
    poll = select.poll()
    poll.register(pipe, event)
    return bool(poll.poll(max(0.0, patience) * 1000))


class _File:
    """The answers of the helper process about one file."""

    def __init__(self, reader: Reader, content: bytes, kind: str, limits: Limits) -> None:
        self._reader = reader
        self._limits = limits
        self._patience = float(limits.wall)
        self._buffer = bytearray()
        self._is_open = True
        task = asdict(limits) | {"kind": kind, "size": len(content), "notes": _NOTES}
        self._pipe = reader._send(self, json.dumps(task).encode() + b"\n", content, self._patience)
        self.about: dict[str, Any] = self._about()

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            self._reader._done(self, is_whole=False)

    def batches(self) -> Iterator[list[Row]]:
        told = 0
        while True:
            answer = self._answer()
            if isinstance(answer, list):
                told += len(answer)
                yield answer
            elif answer.get("end") == told:
                self._exit()
                return
            else:
                raise self._refusal(answer)

    def _about(self) -> dict[str, Any]:
        answer = self._answer()
        if isinstance(answer, dict) and "sheets" in answer:
            return answer
        raise self._refusal(answer)

    def _exit(self) -> None:
        """The process that read this file is gone, and the helper is ready for the next."""
        if self._answer() != {"exit": 0}:
            raise self._refusal({})
        self._is_open = False
        self._reader._done(self, is_whole=True)

    def _refusal(self, answer: Any) -> UnreadableSheet:
        """What to tell people for an answer that was not expected; the helper stays if it can go on."""
        code = answer.get("error") if isinstance(answer, dict) else None
        ending = answer if isinstance(answer, dict) and "exit" in answer else None
        if code in CAUSES:
            ending = self._answer()
        is_whole = isinstance(ending, dict) and "exit" in ending
        self._is_open = False
        self._reader._done(self, is_whole=is_whole)
        if code in CAUSES:
            return refusal(code, self._limits)
        if ending and ending.get("exit") in (-signal.SIGXCPU, -signal.SIGKILL):
            return TooSlow()
        return ParserDied()

    def _answer(self) -> Any:
        """The next line as Python values; `ParserDied` or `TooSlow` where none comes."""
        while True:
            line = self._line()
            if not line:
                continue
            try:
                return _DECODER.decode(line.decode())
            except (ValueError, RecursionError):
                # A line cut short by the death of its writer; how it died is said in the next.
                if not line.startswith(b"["):
                    return {}

    def _line(self) -> bytes:
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > _LINE_LIMIT:
                self.close()
                raise ParserDied()
            self._buffer += self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _more(self) -> bytes:
        if not self._is_open:
            raise RuntimeError("This workbook was closed, or its reader went on to another file.")
        began = time.monotonic()
        is_ready = _is_ready(self._pipe, select.POLLIN, self._patience)
        self._patience -= time.monotonic() - began  # only waiting counts: a slow caller is not the file's fault
        if not is_ready:
            self.close()
            raise TooSlow()
        more = os.read(self._pipe, _BLOCK)
        if not more:
            self.close()
            raise ParserDied()
        return more


def _value(tagged: dict[str, Any]) -> Any:
    if "on" in tagged:
        return date.fromisoformat(tagged["on"])
    if "at" in tagged:
        return datetime.fromisoformat(tagged["at"])
    return tagged


# Whole numbers become floats as well, so that a number cell is one type whatever the file's kind.
_DECODER = json.JSONDecoder(object_hook=_value, parse_int=float)
