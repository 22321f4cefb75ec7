"""Reading spreadsheets that other people made, without trusting one byte of them.

Two steps. `preflight` looks at the bytes without a parser and refuses what a person can be told about. Then a
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
import functools
import io
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import threading
import time
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import IO, Any, Self

from django.utils.translation import gettext_lazy as _

from common.moves import Refused

Cell = str | float | bool | date | datetime | None
Row = list[Cell]

_CHILD = Path(__file__).with_name("sheet_child.py")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FILEPASS = 0x2F
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")
_NOTES = r"说明|须知|填表|填写|填报要求|字典|代码表|示例|样例|样表|下拉|选项|参数"
_BLOCK = 1 << 18
_OVERLAP = 512
_LINE_LIMIT = 1 << 27


class UnreadableSheet(Refused):
    """A file that can't be taken as a sheet. Each cause says in its own words how to mend the file."""

    code = "unreadable-sheet"
    message = _("这个文件读不出来，请另存为 .xlsx 后重新上传。")


class TooLarge(UnreadableSheet):
    code = "file-too-large"
    message = _("文件超过 %(megabytes)s MB。请删去图片和无关的工作表，或者分成几个文件上传。")


class Encrypted(UnreadableSheet):
    code = "encrypted"
    message = _("文件设有打开密码，系统读不了。请在 Excel 或 WPS 里取消密码，保存后重新上传。")


class UnpacksTooLarge(UnreadableSheet):
    code = "unpacks-too-large"
    message = _("文件解开后大得不正常，已停止读取。请把数据复制到一个新建的工作簿里，保存后重新上传。")


class FarCell(UnreadableSheet):
    code = "far-cell"
    message = _("单元格 %(cell)s 里有内容，离数据太远。请删去数据右侧和下方多余的行和列，保存后重新上传。")


class TooManyRows(UnreadableSheet):
    code = "too-many-rows"
    message = _("表格超过 %(rows)s 行。请检查是否上传了别的表，或者删去数据下方多余的行。")


class TooManyColumns(UnreadableSheet):
    code = "too-many-columns"
    message = _("表格超过 %(columns)s 列。请检查是否上传了别的表，或者删去数据右侧多余的列。")


class CellTooLong(UnreadableSheet):
    code = "cell-too-long"
    message = _("有的单元格文字超过 %(cell)s 个字。请删去多余的文字；如果是 CSV 文件，请检查引号是否成对。")


class WebPage(UnreadableSheet):
    code = "web-page"
    message = _("这是网页另存成的 .xls，不是真正的表格。请用 Excel 或 WPS 打开它，另存为 .xlsx 后重新上传。")


class Macros(UnreadableSheet):
    code = "macros"
    message = _("文件里有宏，系统不接收。请另存为不带宏的 .xlsx 后重新上传。")


class ForbiddenXml(UnreadableSheet):
    code = "dtd"
    message = _("文件里有表格不该有的内容（DTD），已停止读取。请把数据复制到一个新建的工作簿里，保存后重新上传。")


class Damaged(UnreadableSheet):
    code = "damaged"
    message = _("文件已经损坏或者没有传完整。请在 Excel 或 WPS 里打开检查，另存为 .xlsx 后重新上传。")


class NotASheet(UnreadableSheet):
    code = "not-a-sheet"
    message = _("这不是能读的表格文件。请上传 .xlsx、.xls 或者 .csv 文件。")


class EmptySheet(UnreadableSheet):
    code = "empty-sheet"
    message = _("表格里没有数据。请检查是否选错了文件，数据所在的工作表是否被隐藏。")


class SeveralSheets(UnreadableSheet):
    code = "several-sheets"
    message = _("文件里有几个工作表都有数据：%(names)s。请只留下要上传的一个，其余的删去后重新上传。")


class UnknownEncoding(UnreadableSheet):
    code = "unknown-encoding"
    message = _("看不出文本文件的编码。请在 Excel 或 WPS 里打开，另存为 .xlsx 后重新上传。")


class ParserDied(UnreadableSheet):
    code = "parser-died"
    message = _("读这个文件时程序中断，文件可能太大或者已经损坏。请把数据复制到一个新建的工作簿里，保存后重新上传。")


class TooSlow(UnreadableSheet):
    code = "too-slow"
    message = _("读这个文件用的时间太长，已停止读取。请把数据复制到一个新建的工作簿里，保存后重新上传。")


CAUSES: dict[str, type[UnreadableSheet]] = {cause.code: cause for cause in UnreadableSheet.__subclasses__()}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one file may cost. Sizes in bytes, times in seconds."""

    file: int = 40_000_000
    unpacked: int = 400_000_000
    parts: int = 2_000
    ratio: int = 400
    rows: int = 320_000
    columns: int = 200  # the poverty registry's own export has 110
    strings: int = 4_000_000
    cell: int = 32_767
    memory: int = 3 << 29
    cpu: int = 60
    wall: int = 120


LIMITS = Limits()
SMALL = replace(LIMITS, file=20_000_000, unpacked=200_000_000, rows=60_000, cpu=30, wall=60)


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


def preflight(content: bytes, *, limits: Limits = LIMITS) -> str:
    """ "xlsx", "xls" or "csv" by the bytes alone, whatever the file is called; UnreadableSheet for all else.

    It is cheap and parses nothing, so an upload can be answered at once.
    """
    if len(content) > limits.file:
        raise refusal("file-too-large", limits)
    if not content.strip(b"\x00 \t\r\n"):
        raise EmptySheet()
    if content.startswith(b"PK\x03\x04"):
        _look_through_zip(content, limits)
        return "xlsx"
    if content.startswith(_OLE):
        _look_through_ole(content)
        return "xls"
    _look_at_text(content)
    return "csv"


class Workbook:
    """One file that could be opened. Its rows can be gone through once, as they come from the parser."""

    kind: str  # "xlsx", "xls" or "csv"
    sheet: str  # the name of the one whose rows these are
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


def refusal(code: str, limits: Limits = LIMITS, **params: object) -> UnreadableSheet:
    """The refusal a stored code stands for."""
    known = {
        TooLarge.code: {"megabytes": limits.file // 1_000_000},
        TooManyRows.code: {"rows": limits.rows},
        TooManyColumns.code: {"columns": limits.columns},
        CellTooLong.code: {"cell": limits.cell},
    }
    return CAUSES.get(code, UnreadableSheet)(**(known.get(code, {}) | params))


def _value(tagged: dict[str, Any]) -> Any:
    if "on" in tagged:
        return date.fromisoformat(tagged["on"])
    if "at" in tagged:
        return datetime.fromisoformat(tagged["at"])
    return tagged


# Whole numbers become floats as well, so that a number cell is one type whatever the file's kind.
_DECODER = json.JSONDecoder(object_hook=_value, parse_int=float)


def _look_at_text(content: bytes) -> None:
    top = content[:65_536]
    if top.startswith(_BOMS):
        top = top.decode("utf-16", "ignore").encode()
    words = top.removeprefix(b"\xef\xbb\xbf").lstrip()
    if words.startswith(b"<") or words[:13].lower() == b"mime-version:":
        raise WebPage()
    if words.startswith((b"%PDF-", b"{\\rtf")) or _CONTROLS.search(top):
        raise NotASheet()


def _look_through_ole(content: bytes) -> None:
    """An OLE container is an old workbook, or the wrapping of an encrypted new one, or neither."""
    if _entry(content, "EncryptedPackage") is not None:
        raise Encrypted()
    book = _entry(content, "Workbook") or _entry(content, "Book")
    if book is None:
        raise Damaged() if _is_cut_short(content) else NotASheet()
    if _entry(content, "_VBA_PROJECT_CUR") is not None:
        raise Macros()
    if _has_password(content, book):
        raise Encrypted()


def _is_cut_short(content: bytes) -> bool:
    """Whether the container's directory lies where the file has already ended."""
    header = content[:52].ljust(52, b"\0")
    first_sector = int.from_bytes(header[48:52], "little")
    return len(content) <= (first_sector + 1) << min(header[30], 12)


def _entry(content: bytes, name: str) -> int | None:
    """Where the container's directory names a stream so: entries have 128 bytes and begin with the name."""
    written = (name + "\0").encode("utf-16-le")
    place = content.find(written)
    while place >= 0:
        if place % 128 == 0 and content[place + 64 : place + 66] == struct.pack("<H", len(written)):
            return place
        place = content.find(written, place + 1)
    return None


def _has_password(content: bytes, entry: int) -> bool:
    """Whether an old workbook's stream begins as encrypted ones do: FILEPASS among the first records."""
    try:
        (sector,) = struct.unpack_from("<I", content, entry + 116)
        place = (sector + 1) << min(content[30], 12)
        for _record in range(4):
            kind, length = struct.unpack_from("<HH", content, place)
            if kind == _FILEPASS:
                return True
            place += 4 + length
    except struct.error:
        pass  # damaged, as the parser will find
    return False


def _look_through_zip(content: bytes, limits: Limits) -> None:
    """Inflate every part, counting, without believing any size the file states and without parsing XML."""
    if content.count(b"PK\x01\x02") > limits.parts:
        raise UnpacksTooLarge()
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise Damaged() from error
    names = [part.filename.replace("\\", "/").lower() for part in parts]
    if any(part.flag_bits & 1 for part in parts):
        raise Encrypted()
    if any(name.endswith("vbaproject.bin") for name in names):
        raise Macros()
    if not any("workbook" in name and name.endswith(".xml") for name in names):
        raise NotASheet()
    if len(set(names)) != len(names):
        raise Damaged()
    if sum(part.file_size for part in parts) > limits.unpacked:
        raise UnpacksTooLarge()
    total = 0
    for name, part in zip(names, parts, strict=True):
        look = _Part(name, limits)
        size = 0
        for block in _inflated(content, part):
            size += len(block)
            total += len(block)
            if total > limits.unpacked or (size > 1_000_000 and size > limits.ratio * max(1, part.compress_size)):
                raise UnpacksTooLarge()
            look.at(block)


def _inflated(content: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part's bytes in blocks, by the compressed data alone."""
    header = content[part.header_offset : part.header_offset + 30]
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise Damaged()
    start = part.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
    packed = memoryview(content)[start : start + part.compress_size]
    if len(packed) < part.compress_size:
        raise Damaged()
    if part.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[place : place + _BLOCK]) for place in range(0, len(packed), _BLOCK))
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise Damaged()
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for place in range(0, len(packed), _BLOCK):
            rest: bytes | memoryview = packed[place : place + _BLOCK]
            while rest and not inflate.eof:
                yield inflate.decompress(rest, _BLOCK)
                rest = inflate.unconsumed_tail
        yield inflate.flush()
    except zlib.error as error:
        raise Damaged() from error
    if not inflate.eof:
        raise Damaged()


class _Part:
    """Looks at one part's blocks as they pass, for what would harm or defeat the parser."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._is_xml = name.endswith((".xml", ".rels", ".vml"))
        self._is_sheet = self._is_xml and "/worksheets/" in name
        self._is_strings = name.endswith("sharedstrings.xml")
        self._limits = limits
        self._tail = b""
        self._strings = self._rows = 0

    def at(self, block: bytes) -> None:
        if not self._is_xml:
            return
        text = self._tail + block
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise ForbiddenXml()
        if self._is_sheet:
            self._rows += block.count(b"<row")
            self._look_for_far_cells(text)
        elif self._is_strings:
            self._strings += block.count(b"<si")
            if self._strings > self._limits.strings:
                raise UnpacksTooLarge()
        self._tail = text[-_OVERLAP:]

    def _look_for_far_cells(self, text: bytes) -> None:
        """A cell with content outside the limits. Empty ones with a format are common, and harmless."""
        for found in _beyond(self._limits.rows, self._limits.columns).finditer(text):
            end = text.find(b">", found.end())
            is_cut_off = end < 0 or end + 5 > len(text)  # then it comes again with the next block
            if is_cut_off or text[end - 1 : end] == b"/" or text[end + 1 : end + 5] == b"</c>":
                continue
            if found["row"] and self._rows > self._limits.rows // 2:
                raise refusal("too-many-rows", self._limits)
            if not found["row"] and len(found["cell"].rstrip(b"0123456789")) < 3:
                raise refusal("too-many-columns", self._limits)
            raise FarCell(cell=found["cell"].decode())


@functools.cache
def _beyond(rows: int, columns: int) -> re.Pattern[bytes]:
    """Cell references outside `rows` × `columns`. It reads 300 MB of sheet faster than looking at each cell."""
    letters, number = "", columns
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(65 + place) + letters
    too_low = _above(str(rows), first="1", last="9", all_of="0-9")
    too_right = _above(letters, first="A", last="Z", all_of="A-Z")
    return re.compile(rf'r="(?P<cell>[A-Z]+(?P<row>{too_low})|(?:{too_right})\d+)"'.encode())


def _above(limit: str, *, first: str, last: str, all_of: str) -> str:
    """A pattern for what is longer than `limit`, or as long and later in order."""
    size = len(limit)
    longer = rf"[{first}-{last}][{all_of}]{{{size},}}"
    as_long = (
        rf"{limit[:place]}[{chr(ord(limit[place]) + 1)}-{last}][{all_of}]{{{size - place - 1}}}"
        for place in range(size)
        if limit[place] != last
    )
    return "|".join(chain([longer], as_long))
