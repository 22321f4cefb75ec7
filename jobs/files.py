"""Files as they came in or went out: whole, sealed, and found again by their content.

A file lies under its SHA-256, so the same content stored twice lies there once. A row names it for people;
a file whose row was rolled back is seen by nobody.
"""

import hashlib
import os
import re
import tempfile
import unicodedata
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common import keyring
from common.moves import Refused
from common.redaction import redact
from jobs.choices import FileKind
from jobs.models import StoredFile
from schools.models import School

LARGEST_BYTES = 50 * 1024 * 1024
LONGEST_NAME = 200
_PLACE = "jobs_storedfile.content"
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories that have no place in a name: control characters and those that turn the reading direction."""


class TooLarge(Refused):
    code = "file-too-large"
    message = _("文件有 %(size)s MB，超过了 %(limit)s MB 的上限，请拆分后再上传。")


class Empty(Refused):
    code = "file-empty"
    message = _("文件是空的，请检查后重新选择。")


class Missing(Refused):
    code = "file-missing"
    message = _("原始文件不在服务器的文件目录中，请联系系统管理员从备份中恢复。")


def store(
    content: bytes, *, name: str, kind: FileKind, by: User, at: datetime, school: School | None = None
) -> StoredFile:
    """Keep a file for good and say who brought it. The row belongs to the caller's transaction."""
    if not content:
        raise Empty()
    if len(content) > LARGEST_BYTES:
        raise TooLarge(size=-(-len(content) // 2**20), limit=LARGEST_BYTES // 2**20)
    sha256 = hashlib.sha256(content).hexdigest()
    path = _path(sha256)
    if not path.exists():
        _write(path, keyring.ring().seal(content, place=_PLACE))
    return StoredFile.objects.create(
        kind=kind,
        name=shown_name(name),
        sha256=sha256,
        size=len(content),
        school=school,
        stored_by=by,
        stored_at=at,
    )


def content(file: StoredFile) -> bytes:
    """The bytes that were stored, no others: a file that was changed or exchanged on disk does not open."""
    try:
        sealed = _path(file.sha256).read_bytes()
    except FileNotFoundError as error:
        raise Missing() from error
    opened = keyring.ring().open(sealed, place=_PLACE)
    if hashlib.sha256(opened).hexdigest() != file.sha256:
        raise keyring.CannotOpen(_PLACE)
    return opened


def shown_name(name: str) -> str:
    """A name for people: without folders and unseen characters, cut in the middle if it is too long.

    Numbers of persons and cards in it are blotted out, with a sign that every system takes in a name.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    cleaned = "".join(sign for sign in last if unicodedata.category(sign) not in _UNSEEN).strip(" .")
    cleaned = redact(cleaned).replace("*", "＊")
    stem, dot, ending = cleaned.rpartition(".")
    if len(cleaned) > LONGEST_NAME and len(ending) < 10:
        cleaned = stem[: LONGEST_NAME - len(dot + ending)] + dot + ending
    return cleaned[:LONGEST_NAME] or _now("未命名文件")


def _path(sha256: str) -> Path:
    return Path(settings.FILES_DIR) / sha256[:2] / sha256


def _write(path: Path, sealed: bytes) -> None:
    """Under another name first, so that a file is there as a whole or not at all, after a power cut as well."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix="unfinished-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
