"""Papers as people bring them (a policy, a quota document, minutes): known by their first bytes, not by their names."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.moves import Refused
from jobs import files
from jobs.choices import FileKind
from jobs.models import StoredFile
from schools.models import School

LARGEST_BYTES = 20 * 1024 * 1024
ENDINGS: Mapping[bytes, tuple[str, ...]] = {
    b"%PDF-": ("pdf",),
    b"\xff\xd8\xff": ("jpg", "jpeg"),
    b"\x89PNG\r\n\x1a\n": ("png",),
    b"PK\x03\x04": ("docx", "xlsx"),
}
"""How a file begins, and the endings it may have then."""
ACCEPT = ".pdf,.jpg,.jpeg,.png,.docx,.xlsx"


class NotADocument(Refused):
    code = "not-a-document"
    message = _("文件请用 PDF、JPG、PNG、Word（.docx）或 Excel（.xlsx）格式，扩展名要与内容一致。")


class DocumentTooLarge(Refused):
    code = "document-too-large"
    message = _("文件超过了 %(limit)s MB 的上限，请压缩后再上传。")


class Brought(NamedTuple):
    """A file as it was brought."""

    content: bytes
    name: str


def is_one_of(content: bytes, *endings: str) -> bool:
    """Whether a file begins as one of these does, whatever it is called."""
    return any(content.startswith(start) and set(known) & set(endings) for start, known in ENDINGS.items())


def store(
    brought: Brought, *, by: User, at: datetime, kind: FileKind = FileKind.DOCUMENT, school: School | None = None
) -> StoredFile:
    """Keep a paper for good. What does not begin as its ending says is no paper."""
    if len(brought.content) > LARGEST_BYTES:
        raise DocumentTooLarge(limit=LARGEST_BYTES // 2**20)
    ending = brought.name.rpartition(".")[2].lower()
    if not any(brought.content.startswith(start) and ending in known for start, known in ENDINGS.items()):
        raise NotADocument()
    return files.store(brought.content, name=brought.name, kind=kind, by=by, at=at, school=school)
