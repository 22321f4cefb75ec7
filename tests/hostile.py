"""Files as they should not be sent, and old ones that may be, built from nothing."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook

SHEET = "xl/worksheets/sheet1.xml"
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SECTOR = 512
_END, _FAT, _FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


def xlsx(rows: Iterable[Sequence[object]], *, name: str = "花名册", others: Iterable[str] = ()) -> bytes:
    """A workbook with `rows` on its first sheet, and one cell of text on each of `others`."""
    book = Workbook()
    sheet = book.active
    sheet.title = name
    for row in rows:
        sheet.append(list(row))
    for other in others:
        book.create_sheet(other).append(["另一个表"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def zip_of(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def with_sheet_xml(xml: bytes, *, extra: Mapping[str, bytes] | None = None) -> bytes:
    """A workbook whose only sheet is the given XML."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx([["甲"]]))) as good, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bad:
        parts = {part: good.read(part) for part in good.namelist()} | {SHEET: xml} | (dict(extra or {}))
        for part, content in parts.items():
            bad.writestr(part, content)
    return stream.getvalue()


def sheet_xml(cells: str, *, before: str = "") -> bytes:
    sheet = f'<worksheet xmlns="{_NAMESPACE}"><sheetData>{cells}</sheetData></worksheet>'
    return f'<?xml version="1.0"?>{before}{sheet}'.encode()


def long_sheet(rows: int) -> bytes:
    """More than fits into a pipe: a reader is still at work when the first rows have come."""
    text = "长" * 60
    return with_sheet_xml(
        sheet_xml(
            "".join(
                f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{text}</t></is></c></row>'
                for row in range(1, rows + 1)
            )
        )
    )


def repeated_text(cells: int, *, length: int = 30_000) -> bytes:
    """One long shared text that many cells refer to: small as a file, large as values."""
    strings = f'<sst xmlns="{_NAMESPACE}"><si><t>{"长" * length}</t></si></sst>'.encode()
    rows = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(1, cells + 1))
    return with_sheet_xml(sheet_xml(rows), extra={"xl/sharedStrings.xml": strings})


def far_cell(reference: str = "XFD1048576") -> bytes:
    row = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    return with_sheet_xml(
        sheet_xml(
            '<row r="1"><c r="A1"><v>1</v></c></row>'
            f'<row r="{row}"><c r="{reference}" s="0"><v>1</v></c></row>'
        )
    )  # fmt: skip


def billion_laughs() -> bytes:
    names = "abcdefghij"
    entities = "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10 if before else "ha" * 10}">'
        for before, name in zip(("", *names), names, strict=False)
    )
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>&j;</t></is></c></row>'
    return with_sheet_xml(sheet_xml(cell, before=f"<!DOCTYPE x [{entities}]>"))


def zip_bomb(gigabytes: int = 10, *, declared: int | None = None) -> bytes:
    """Blanks that inflate to so many gigabytes, in parts of one; `declared` is the size each part claims to have."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    megabyte = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = megabyte * 1024 + packer.flush(zlib.Z_FINISH)
    parts = [("[Content_Types].xml", b"\x03\x00", 0), ("xl/workbook.xml", b"\x03\x00", 0)]
    for number in range(gigabytes):
        parts.append((f"xl/worksheets/sheet{number + 1}.xml", packed, 1 << 30 if declared is None else declared))
    return _zip(parts)


def _zip(parts: Iterable[tuple[str, bytes, int]]) -> bytes:
    """A zip file of deflated parts, with whatever sizes they are said to have."""
    content, directory, count = bytearray(), bytearray(), 0
    for name, packed, size in parts:
        about = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(packed), size, len(name), 0)
        directory += b"PK\x01\x02\x14\x00" + about + struct.pack("<HHHII", 0, 0, 0, 0, len(content)) + name.encode()
        content += b"PK\x03\x04" + about + name.encode() + packed
        count += 1
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(content), 0)
    return bytes(content + directory + end)


def ole(streams: Mapping[str, bytes]) -> bytes:
    """A compound file: header, directory, allocation table, streams."""
    padded = {name: content.ljust(4096, b"\0") for name, content in streams.items()}
    directory = _entry("Root Entry", 5, child=1 if streams else _FREE, start=_END, size=0)
    table: list[int] = []

    def chain(content: bytes) -> int:
        start, sectors = len(table), -(-len(content) // _SECTOR)
        table.extend([*range(start + 1, start + sectors), _END])
        return start

    body = b""
    for number, (name, content) in enumerate(padded.items(), start=1):
        right = number + 1 if number < len(padded) else _FREE
        directory += _entry(name, 2, right=right, start=chain(content), size=len(content))
        body += content.ljust(-(-len(content) // _SECTOR) * _SECTOR, b"\0")
    directory = directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0")
    directory_start = chain(directory)
    body += directory
    tables = 1
    while tables * 128 < len(table) + tables:
        tables += 1
    table_start = len(table)
    table += [_FAT] * tables
    table += [_FREE] * (tables * 128 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, tables, directory_start, 0, 4096, _END, 0, _END, 0)
    places = [*range(table_start, table_start + tables)]
    header += struct.pack("<109I", *places, *[_FREE] * (109 - tables))
    return header + body + struct.pack(f"<{len(table)}I", *table)


def _entry(
    name: str, kind: int, *, right: int = _FREE, child: int = _FREE, start: int = 0, size: int = 0
) -> bytes:  # fmt: skip
    written = (name + "\0").encode("utf-16-le")
    about = struct.pack("<HBBIII", len(written), kind, 1, _FREE, right, child)
    return written.ljust(64, b"\0") + about + bytes(36) + struct.pack("<IQ", start, size)


def encrypted_xlsx() -> bytes:
    """What Excel makes of a workbook with a password to open it."""
    return ole({"EncryptionInfo": b"\x04\x00\x04\x00" + bytes(60), "EncryptedPackage": bytes(range(256)) * 20})


def xls(
    rows: Sequence[Sequence[object]], *, has_password: bool = False, extra: Mapping[str, bytes] | None = None
) -> bytes:
    """A BIFF8 workbook as Excel 97 to 2003 wrote them, with one sheet."""
    name = "Sheet1"
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0x06))
    if has_password:
        start += _record(0x002F, struct.pack("<HHH", 0, 0x1234, 0x5678))
    end = _record(0x000A, b"")
    sheet_at = len(start) + 4 + 8 + len(name) + len(end)
    start += _record(0x0085, struct.pack("<IBBBB", sheet_at, 0, 0, len(name), 0) + name.encode()) + end
    width = max(map(len, rows))
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0x06))
    sheet += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(cell, int | float):
                sheet += _record(0x0203, place + struct.pack("<d", cell))
            elif cell:
                text = str(cell)
                sheet += _record(0x0204, place + struct.pack("<HB", len(text), 1) + text.encode("utf-16-le"))
    return ole({"Workbook": start + sheet + end, **(extra or {})})


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def web_page() -> bytes:
    return "<html><head><meta charset=gb2312></head><table><tr><td>姓名</td></tr></table></html>".encode("gb18030")


def mutated(content: bytes, seed: int) -> bytes:
    """The file after some of the accidents that happen to files."""
    chance = random.Random(seed)
    damaged = bytearray(content)
    for _time in range(chance.randint(1, 6)):
        place = chance.randrange(len(damaged))
        match chance.randrange(5):
            case 0:
                damaged[place] ^= 1 << chance.randrange(8)
            case 1:
                del damaged[place : place + chance.randrange(1, 200)]
            case 2:
                damaged[place:place] = chance.randbytes(chance.randrange(1, 50))
            case 3:
                damaged[place : place + 4] = struct.pack("<I", chance.choice([0, 0xFFFFFFFF, 0x7FFFFFFF, 1 << 20]))
            case _ if len(damaged) > 100:
                del damaged[chance.randrange(50, len(damaged)) :]
    return bytes(damaged)


def mutated_sheet(seed: int) -> bytes:
    """A good zip file around a sheet whose XML is damaged."""
    cells = "".join(
        f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>张三</t></is></c><c r="B{row}"><v>{row * 7}</v></c></row>'
        for row in range(1, 20)
    )
    return with_sheet_xml(mutated(sheet_xml(cells), seed))
