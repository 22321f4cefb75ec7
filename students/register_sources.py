"""Sources of other offices' lists: which headings stand for which field, what they mean, what holds within a term."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.columns import heading_key
from common.moves import Refused
from students import headings
from students.headings import HeadingTaken, HeadingUnfit, TooManyHeadings
from students.models import HardshipCategory, RegisterSnapshot, RegisterSource
from students.register_columns import FIELDS, REQUIRED


class SourceTaken(Refused):
    code = "source-taken"
    message = _("已经有这个代码或名称的名单来源。")


class HeadingMissing(Refused):
    code = "heading-missing"
    message = _("“%(column)s”至少要有一个表头写法。")


@transaction.atomic
def add(*, code: str, name: str, office: str, category: HardshipCategory, by: User, at: datetime) -> RegisterSource:
    """Another office's list that the county works with from now on, with the usual headings to begin with."""
    last = RegisterSource.objects.aggregate(last=Max("position"))["last"] or 0
    try:
        with transaction.atomic():
            source = RegisterSource.objects.create(
                code=code,
                name=name,
                office=office,
                category=category,
                headings={field: list(column.headings) for field, column in FIELDS.items()},
                position=last + 1,
            )
    except IntegrityError as error:
        raise SourceTaken() from error
    actions.record(by, "source.added", source, at=at, category=category.pk)
    return source


@transaction.atomic
def keep(
    source: RegisterSource,
    *,
    words: Mapping[str, Sequence[str]],
    category: HardshipCategory,
    when_entering: str,
    when_leaving: str,
    by: User,
    at: datetime,
) -> None:
    """Say how a source's files write their headings, what its list means, and what holds within a term.

    Lists that are frozen stay as they were read; the next one, or one that is read again, is read so.
    """
    source = RegisterSource.objects.select_for_update().get(pk=source.pk)
    wanted = {field: tidied for field in FIELDS if (tidied := _tidied(words.get(field, ())))}
    _refuse(wanted)
    before = {field: tidied for field, texts in source.headings.items() if (tidied := _tidied(texts))}
    details: dict[str, object] = {
        field: {
            "added": [text for text in wanted.get(field, []) if text not in before.get(field, [])],
            "removed": [text for text in before.get(field, []) if text not in wanted.get(field, [])],
        }
        for field in sorted({*wanted, *before})
        if wanted.get(field, []) != before.get(field, [])
    }
    settled = {"category_id": category.pk, "when_entering": when_entering, "when_leaving": when_leaving}
    details |= {name.removesuffix("_id"): value for name, value in settled.items() if getattr(source, name) != value}
    if not details:
        return
    RegisterSource.objects.filter(pk=source.pk).update(headings=wanted, **settled)
    actions.record(by, "source.changed", source, at=at, **details)


def not_understood(source: RegisterSource) -> tuple[RegisterSnapshot | None, list[str]]:
    """The newest list of a source, and its headings that nobody knows by now."""
    newest = source.snapshots.order_by("-pk").first()
    if newest is None:
        return None, []
    known = {heading_key(text) for texts in source.headings.values() for text in texts}
    return newest, [text for text in newest.notes.get("headings", []) if heading_key(text) not in known]


def _tidied(texts: Sequence[str]) -> list[str]:
    return headings.once(filter(None, map(headings.tidy, texts)))


def _refuse(words: Mapping[str, Sequence[str]]) -> None:
    """The same words cannot stand for two fields, and a list without names or numbers cannot be read."""
    owners: dict[str, str] = {}
    for field, texts in words.items():
        if len(texts) > headings.MOST:
            raise TooManyHeadings(most=headings.MOST)
        for text in texts:
            if not headings.fits(text):
                raise HeadingUnfit()
            owner = owners.setdefault(heading_key(text), field)
            if owner != field:
                raise HeadingTaken(text=text, column=str(FIELDS[owner].name))
    for field in REQUIRED:
        if not words.get(field):
            raise HeadingMissing(column=str(FIELDS[field].name))
