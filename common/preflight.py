"""The first look at a file: its bytes alone, without a parser and without believing any size that it states.

What is refused here is what a person can be told about; what passes is still read in a confined process.
"""

import functools
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain

from common.unreadable import (
    LIMITS,
    Damaged,
    EmptySheet,
    Encrypted,
    FarCell,
    ForbiddenXml,
    Limits,
    Macros,
    NotASheet,
    UnpacksTooLarge,
    WebPage,
    refusal,
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FILEPASS = 0x2F
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")
_BLOCK = 1 << 18
_OVERLAP = 512


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
