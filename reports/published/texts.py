"""The text in a file that somebody brings: plain text in UTF-8, UTF-16 or GB18030, or a Word document.

Nothing of it is believed: of a document only the words are unpacked, to a limit; one with declarations of its own is
refused before a parser sees it; and a cell is read once, however far it is said to reach.
"""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from docx.exceptions import PythonDocxError
from docx.oxml import parse_xml
from docx.oxml.exceptions import XmlchemyError
from docx.oxml.ns import qn

from common.moves import Refused

MOST_BYTES = 4_000_000
MOST_LETTERS = 100_000
"""A year's summary has some ten thousand."""
_MOST_UNPACKED = 10_000_000
"""Of the part with the words: a parser takes some twenty times as much memory."""
_WORDS = "word/document.xml"
_WAYS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""How offices pack; the other ways are unpacked by the block, and a block may be huge."""
_RUN, _PARAGRAPH, _TABLE, _ROW, _CELL = (qn(f"w:{name}") for name in ("r", "p", "tbl", "tr", "tc"))
_HOLDERS = {qn(f"w:{name}") for name in ("hyperlink", "ins", "moveTo", "smartTag", "sdt", "sdtContent", "fldSimple")}
_WRITTEN = {qn(f"w:{name}") for name in ("t", "tab", "ptab", "br", "cr", "noBreakHyphen")}
_FAULTS = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    SyntaxError,
    RuntimeError,
    OSError,
    EOFError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    PythonDocxError,
    XmlchemyError,
)
"""What the readers of packed files and of their parts raise where those are broken."""
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_UNSEEN = "\ufeff\u200b\u200c\u200d\u2060"
"""Marks without width, as web pages leave them between digits."""
_TIDY = str.maketrans("\r\v\f", "\n\n\n", _UNSEEN)
_MARKED = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class UnreadableText(Refused):
    """A file that can't be taken as a text."""

    code = "unreadable-text"
    message = _("这个文件读不出文字。请把总结另存为 .txt 或 .docx，或者把文字粘贴到框里。")


class EmptyText(UnreadableText):
    code = "empty-text"
    message = _("没有文字。请粘贴总结的文字，或者选择一个有内容的文件。")


class TextTooLarge(UnreadableText):
    code = "text-too-large"
    message = _("文件超过 %(megabytes)s MB。请删去图片，或者只把文字粘贴过来。")


class TextTooLong(UnreadableText):
    code = "text-too-long"
    message = _("文字超过 %(letters)s 个字，不像是一份总结。请分几次核对。")


class NotAText(UnreadableText):
    code = "not-a-text"
    message = _("这不是文本文件，也不是 .docx 文档。请把总结另存为 .txt 或 .docx 后再试。")


class OldDocument(UnreadableText):
    code = "old-document"
    message = _("这是旧格式的 .doc 文档，或者设有打开密码。请在 Word 或 WPS 里去掉密码，另存为 .docx 后再试。")


def text_of(content: bytes) -> str:
    """The words of a file, lines ended by "\\n" alone; an UnreadableText where there are none."""
    if len(content) > MOST_BYTES:
        raise TextTooLarge(megabytes=MOST_BYTES // 1_000_000)
    if content.startswith(_OLE):
        raise OldDocument()
    return tidy(_document(content) if content.startswith(_ZIP) else _decoded(content))


def tidy(text: str) -> str:
    """A text as it is looked through: one kind of line end, nothing unseen, and neither empty nor endless."""
    text = text.replace("\r\n", "\n").translate(_TIDY)
    if not text.strip():
        raise EmptyText()
    if len(text) > MOST_LETTERS:
        raise TextTooLong(letters=MOST_LETTERS)
    return text


def _decoded(content: bytes) -> str:
    marked = [name for mark, name in _MARKED.items() if content.startswith(mark)]
    for encoding in marked or ["utf-8", "gb18030"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(letter < " " and letter not in "\t\n\r\v\f" for letter in text):
            raise NotAText()
        return text
    raise NotAText()


def _document(content: bytes) -> str:
    found, letters = [], 0
    try:
        for line in _lines(_body(_unpacked(content))):
            found.append(line)
            letters += len(line) + 1
            if letters > MOST_LETTERS + 1:
                raise TextTooLong(letters=MOST_LETTERS)
    except _FAULTS as error:
        raise UnreadableText() from error
    return "\n".join(found)


def _unpacked(content: bytes) -> bytes:
    """The part with the words, counted as it is unpacked, so that a small file can't become a huge one."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if _WORDS not in archive.namelist():
            raise NotAText()
        part = archive.getinfo(_WORDS)
        if part.compress_type not in _WAYS:
            raise UnreadableText()
        with archive.open(part) as stream:
            xml = stream.read(_MOST_UNPACKED + 1)
    if len(xml) > _MOST_UNPACKED:
        raise TextTooLarge(megabytes=_MOST_UNPACKED // 1_000_000)
    if b"<!DOCTYPE" in xml.replace(b"\0", b"") or b"<!ENTITY" in xml.replace(b"\0", b""):
        raise UnreadableText()
    return xml


def _body(xml: bytes) -> Any:
    body = parse_xml(xml).find(qn("w:body"))
    if body is None:
        raise UnreadableText()
    return body


def _lines(body: Any) -> Iterator[str]:
    """Paragraphs, and rows of tables with their cells apart, in the order in which they stand."""
    for block in body:
        if block.tag == _PARAGRAPH:
            yield _words(block)
        elif block.tag == _TABLE:
            for row in block.iterchildren(_ROW):
                yield "\t".join(map(_cell, row.iterchildren(_CELL)))


def _cell(cell: Any) -> str:
    return " ".join(map(_words, cell.iterchildren(_PARAGRAPH))).replace("\n", " ")


def _words(paragraph: Any) -> str:
    return "".join(str(piece) for run in _runs(paragraph) for piece in run if piece.tag in _WRITTEN)


def _runs(holder: Any) -> Iterator[Any]:
    """The runs of a paragraph, those in links, fields, insertions and marked words too; not those in its pictures."""
    for child in holder:
        if child.tag == _RUN:
            yield child
        elif child.tag in _HOLDERS:
            yield from _runs(child)
