"""Photos of the board on which a list hung: what auditors ask for years later.

A photo shows children's names, so it is never public. It is kept byte for byte, with the time and the place that the
camera wrote into it: they belong to the proof. Nobody here decodes it; it is handed out as it came.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused
from jobs import documents, files
from jobs.choices import FileKind
from jobs.documents import Brought
from programs.models import Notice, NoticePhoto

LARGEST_BYTES = 10 * 1024 * 1024
MOST_AT_ONCE = 10
ACCEPT = "image/jpeg,image/png"


class NotAPhoto(Refused):
    code = "photo-not-a-photo"
    message = _("“%(name)s”不是 JPG 或 PNG 照片。")


class PhotoTooLarge(Refused):
    code = "photo-too-large"
    message = _("“%(name)s”超过了 %(limit)s MB，请调低手机相机的画质后重拍，或者压缩后再上传。")


class TooManyPhotos(Refused):
    code = "photo-too-many"
    message = _("一次最多上传 %(limit)s 张照片。")


class SamePhoto(Refused):
    code = "photo-same"
    message = _("“%(name)s”已经作为公示照片上传过，请换一张。")


class NotItsDays(Refused):
    code = "photo-not-its-days"
    message = _("拍摄日期应在公示开始（%(starts_on)s）以后、今天以前。")


@transaction.atomic
def keep(notice: Notice, brought: Sequence[Brought], *, taken_on: date, by: User, at: datetime) -> list[NoticePhoto]:
    """Keep photos of the board on one day, all of them or none.

    The same picture proves one notice: it is refused a second time, and beside another school's notice.
    """
    if len(brought) > MOST_AT_ONCE:
        raise TooManyPhotos(limit=MOST_AT_ONCE)
    if not notice.starts_on <= taken_on <= timezone.localdate(at):
        raise NotItsDays(starts_on=notice.starts_on.isoformat())
    return [_keep(notice, photo, taken_on=taken_on, by=by, at=at) for photo in brought]


def _keep(notice: Notice, photo: Brought, *, taken_on: date, by: User, at: datetime) -> NoticePhoto:
    name = files.shown_name(photo.name)
    if not documents.is_one_of(photo.content, "jpg", "png"):
        raise NotAPhoto(name=name)
    if len(photo.content) > LARGEST_BYTES:
        raise PhotoTooLarge(name=name, limit=LARGEST_BYTES // 2**20)
    school = notice.list.school
    sha256 = hashlib.sha256(photo.content).hexdigest()
    known = NoticePhoto.objects.filter(Q(notice=notice) | ~Q(notice__list__school=school), file__sha256=sha256)
    if known.exists():
        raise SamePhoto(name=name)
    file = files.store(photo.content, name=photo.name, kind=FileKind.PHOTO, by=by, at=at, school=school)
    kept = NoticePhoto.objects.create(notice=notice, file=file, taken_on=taken_on, kept_by=by, kept_at=at)
    actions.record(by, "notice.photo-kept", notice, at=at, taken_on=taken_on.isoformat(), sha256=sha256)
    return kept


def take(photo: NoticePhoto, *, by: User, at: datetime) -> bytes:
    """The photo as it came, after it is written down who took it."""
    content = files.content(photo.file)
    actions.record(by, "file.downloaded", photo.file, at=at, kind=photo.file.kind, sha256=photo.file.sha256)
    return content
