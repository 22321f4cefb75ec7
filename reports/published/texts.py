"""The text in a file that somebody brings: plain text in UTF-8, UTF-16 or GB18030, or a Word document.

Nothing of it is believed: sizes are counted while a document is unpacked, and a document with declarations of its own
is refused before a parser sees it.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _
from docx import Document
from docx.document import Document as Paper
from docx.table import Table

from common.moves import Refused

MOST_BYTES = 4_000_000
MOST_LETTERS = 100_000
"""A year's summary has some ten thousand."""
_MOST_UNPACKED = 40_000_000
_MOST_PARTS = 1_000
_BLOCK = 1 << 16
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
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
    """A text as it is looked through: one kind of line end, and neither empty nor endless."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")
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
        if any(letter < " " and letter not in "\t\n\r\f" for letter in text):
            raise NotAText()
        return text
    raise NotAText()


def _document(content: bytes) -> str:
    _look_through(content)
    try:
        document = Document(io.BytesIO(content))
        return "\n".join(_lines(document))
    except (ValueError, KeyError, AttributeError, OSError, SyntaxError, zipfile.BadZipFile) as error:
        raise UnreadableText() from error


def _lines(document: Paper) -> Iterator[str]:
    """Paragraphs, and rows of tables with their cells apart, in the order in which they stand."""
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield "\t".join(dict.fromkeys(cell.text.replace("\n", " ") for cell in row.cells))
        else:
            yield block.text


def _look_through(content: bytes) -> None:
    """Unpack every part, counting, so that a small file can't become a huge one inside the parser."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "word/document.xml" not in names:
                raise NotAText()
            if len(parts) > _MOST_PARTS or len(names) != len(parts):
                raise UnreadableText()
            unpacked = 0
            for part in parts:
                for block in _blocks(archive, part):
                    unpacked += len(block)
                    if unpacked > _MOST_UNPACKED:
                        raise TextTooLarge(megabytes=_MOST_UNPACKED // 1_000_000)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UnreadableText() from error


def _blocks(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    is_xml = part.filename.endswith((".xml", ".rels"))
    tail = b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            seen = tail + block
            if is_xml and (b"<!DOCTYPE" in seen or b"<!ENTITY" in seen):
                raise UnreadableText()
            tail = block[-16:]
            yield block
