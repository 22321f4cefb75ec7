"""Whether the action log is whole: stretches of it are sealed by a keyed digest, and counted again later.

The triggers keep the product from changing a row; somebody who rules over the database can take them away. So the log
is sealed stretch by stretch (LogSeal), and a check computes each digest anew. Both read what is in the table, in
bounded memory. What the last check saw is compared too: a seal at the end that is gone would else be missed by nobody.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import Max, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Action
from audits.models import LogSeal
from common import keyring

STRETCH = 1_000
"""Rows that are sealed together. The last, shorter stretch is closed once a day."""

_KIND = "log-seal"
_ROW = ("pk", "actor", "verb", "target_type", "target_id", "target_label", "at", "details")


class Flaw(TextChoices):
    """What is wrong with a stretch."""

    CHANGED = "changed", _("内容被改动")
    FEWER = "fewer", _("记录被删除")
    MORE = "more", _("记录被添加")
    CHAIN = "chain", _("封存被改动或删除")


@dataclass(frozen=True)
class Stretch:
    """A sealed stretch after it was counted again; without a flaw it is as it was."""

    number: int
    rows: int
    since: datetime | None
    until: datetime | None
    flaw: Flaw | None


@dataclass(frozen=True)
class Last:
    """The end of the chain as a check saw it."""

    number: int = 0
    digest: str = ""


@dataclass(frozen=True)
class _Counted:
    count: int
    digest: str
    since: datetime | None
    until: datetime | None
    last_id: int


def seal_next(*, at: datetime) -> LogSeal | None:
    """Seal the next stretch of what is not sealed yet, or say that there is none to seal now.

    Whole stretches are sealed at once, the shorter rest at most once a day. Call it until it
    gives nothing.
    """
    with transaction.atomic():
        settled = _newest_settled()
        last = newest()
        after, previous = (last.upto_id, last.digest) if last else (0, "")
        if settled <= after:
            return None
        counted = _count(after, settled, previous=previous, most=STRETCH)
        if counted.since is None or counted.until is None:  # no row
            return None
        is_rest = counted.count < STRETCH
        if is_rest and last and last.count < STRETCH and timezone.localdate(last.made_at) >= timezone.localdate(at):
            return None
        return LogSeal.objects.create(
            number=last.number + 1 if last else 1,
            after_id=after,
            upto_id=counted.last_id,
            count=counted.count,
            since=counted.since,
            until=counted.until,
            previous=previous,
            digest=counted.digest,
            made_at=at,
        )


def check(*, last_seen: Last | None = None) -> Iterator[Stretch]:
    """Count every sealed stretch again, in order; `last_seen` is where the chain ended at the check before."""
    before = Last()
    after = 0
    is_met = last_seen is None or not last_seen.number
    for seal in LogSeal.objects.order_by("number").iterator():
        is_next = (seal.number, seal.after_id, seal.previous) == (before.number + 1, after, before.digest)
        counted = _count(seal.after_id, seal.upto_id, previous=seal.previous)
        is_met = is_met or (
            last_seen is not None and (seal.number, seal.digest) == (last_seen.number, last_seen.digest)
        )
        yield Stretch(seal.number, seal.count, seal.since, seal.until, _flaw(seal, counted, is_next=is_next))
        before, after = Last(seal.number, seal.digest), seal.upto_id
    if last_seen and not is_met:
        yield Stretch(last_seen.number, 0, None, None, Flaw.CHAIN)


def rows_sealed() -> int:
    return sum(LogSeal.objects.values_list("count", flat=True))


def rows_open() -> int:
    """Rows that no seal covers yet."""
    upto = LogSeal.objects.aggregate(upto=Max("upto_id"))["upto"] or 0
    return Action.objects.filter(pk__gt=upto).count()


def newest() -> LogSeal | None:
    return LogSeal.objects.order_by("number").last()


def end_of_chain() -> Last:
    last = newest()
    return Last(last.number, last.digest) if last else Last()


def _flaw(seal: LogSeal, counted: _Counted, *, is_next: bool) -> Flaw | None:
    if not is_next:
        return Flaw.CHAIN
    if counted.count != seal.count:
        return Flaw.FEWER if counted.count < seal.count else Flaw.MORE
    return None if counted.digest == seal.digest else Flaw.CHANGED


def _newest_settled() -> int:
    """The newest row beside which no older one can come any more.

    On PostgreSQL numbers are given out before rows are committed: waiting for whoever is writing just now makes sure
    that no lower number comes later. SQLite lets one transaction write at a time.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {Action._meta.db_table} IN SHARE MODE")
    newest: int | None = Action.objects.aggregate(newest=Max("pk"))["newest"]
    return newest or 0


def _count(after: int, upto: int, *, previous: str, most: int | None = None) -> _Counted:
    """Rows and digest of a stretch, of at most so many rows."""
    rows = Action.objects.filter(pk__gt=after, pk__lte=upto).order_by("pk").values_list(*_ROW)
    sums = hashlib.sha256(previous.encode())
    count, last_id, since, until = 0, after, None, None
    for row in (rows[:most] if most else rows).iterator(chunk_size=1_000):
        pk, *said, at, details = row
        at = at.astimezone(UTC)
        words = [pk, *said, at.isoformat(timespec="microseconds"), details]
        sums.update(json.dumps(words, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n")
        since, until = min(since or at, at), max(until or at, at)
        count, last_id = count + 1, pk
    mark = keyring.ring().fingerprint(_KIND, f"{after}-{count}-{sums.hexdigest()}")
    return _Counted(count, mark, since, until, last_id)
