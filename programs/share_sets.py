"""Who bears a program, as the county keeps it: sets of parts that add up to the whole, each from a day and a document.

A set that confirmed awards were shared by stays; another split is another set from a later day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused
from programs.choices import Payer
from programs.models import Award, Program, Share
from programs.standards import DaysReversed, OutsideDays, Unchanged, hold, meet
from schools.models import Term

WHOLE = 1000


class NotWhole(Refused):
    code = "shares-not-whole"
    message = _("各级分担合计为 %(percent)s%%，应为 100%%。")


class SharesInUse(Refused):
    code = "shares-in-use"
    message = _("%(term)s已有审定的资助按这个比例分担，不能改动，请从以后的学期起接续新的比例。")


class SharesOverlap(Refused):
    code = "shares-overlap"
    message = _("已有自 %(first)s 起的分担比例，执行时间重叠。请接续那一组，或改动起止日期。")


@dataclass(frozen=True)
class ShareSet:
    """All parts of one program that hold from one day on."""

    program: Program
    valid_from: date
    valid_to: date | None
    document_no: str
    parts: dict[str, int]

    @property
    def pk(self) -> str:
        return str(self.valid_from)

    def rows(self) -> list[Share]:
        """What the table keeps of it: one row for each payer."""
        days = {"valid_from": self.valid_from, "valid_to": self.valid_to, "document_no": self.document_no}
        return [Share(program=self.program, payer=payer, per_mille=part, **days) for payer, part in self.parts.items()]

    @property
    def shown(self) -> list[tuple[str, float]]:
        """Who bears how many percent, from the top level down."""
        return [(str(Payer(payer).label), part / 10) for payer, part in self.parts.items()]


def of(program: Program) -> list[ShareSet]:
    """The sets of a program, the newest first."""
    rows = sorted(Share.objects.filter(program=program), key=lambda share: share.valid_from, reverse=True)
    return [_set(program, list(shares)) for _first, shares in groupby(rows, key=lambda share: share.valid_from)]


def lacks(program: Program, day: date) -> bool:
    """Whether nobody bears the program on a day."""
    return not Share.objects.on(day).filter(program=program).exists()


def find(program: Program, first: date) -> ShareSet | None:
    shares = list(Share.objects.filter(program=program, valid_from=first))
    return _set(program, shares) if shares else None


def _set(program: Program, shares: list[Share]) -> ShareSet:
    parts = {share.payer: share.per_mille for share in shares}
    return ShareSet(
        program=program,
        valid_from=shares[0].valid_from,
        valid_to=shares[0].valid_to,
        document_no=shares[0].document_no,
        parts={payer: parts[payer] for payer in Payer.values if payer in parts},
    )


def terms_shared_by(found: ShareSet) -> list[Term]:
    """The terms in which confirmed awards are borne by this set, the earliest first."""
    confirmed = Award.objects.confirmed().filter(program=found.program)
    terms = Term.objects.filter(pk__in=confirmed.values("term"), starts_on__gte=found.valid_from)
    return list(terms.filter(starts_on__lte=found.valid_to or date.max).order_by("starts_on"))


@transaction.atomic
def add(
    program: Program,
    *,
    parts: Mapping[str, int],
    valid_from: date,
    valid_to: date | None = None,
    document_no: str,
    by: User,
    at: datetime,
) -> ShareSet:
    """Enter who bears a program from a day on, in parts of a thousand."""
    hold(program)
    added = ShareSet(program, valid_from, valid_to, document_no, _whole(parts))
    _write(added)
    actions.record(by, "shares.added", program, at=at, keys=[_key(added)], **_said(added))
    return added


@transaction.atomic
def change(
    found: ShareSet, *, parts: Mapping[str, int], valid_to: date | None, document_no: str, by: User, at: datetime
) -> ShareSet:
    """Put a set right. Once awards were shared by it only its document and an end after the last of their terms."""
    hold(found.program)
    changed = ShareSet(found.program, found.valid_from, valid_to, document_no, _whole(parts))
    if changed == found:
        return found
    terms = terms_shared_by(found)
    if terms and (changed.parts != found.parts or (valid_to or date.max) < terms[-1].starts_on):
        raise SharesInUse(term=terms[-1])
    _take_out(found)
    _write(changed)
    said = {**_said(changed), "were": found.parts, "keys": [_key(found)]}
    actions.record(by, "shares.changed", found.program, at=at, **said)
    return changed


@transaction.atomic
def succeed(
    found: ShareSet, *, valid_from: date, parts: Mapping[str, int], document_no: str, by: User, at: datetime
) -> ShareSet:
    """From a day on the program is borne otherwise; the set that held ends on the day before."""
    hold(found.program)
    if not found.valid_from < valid_from <= (found.valid_to or date.max):
        raise OutsideDays()
    for term in terms_shared_by(found):
        if term.starts_on >= valid_from:
            raise SharesInUse(term=term)
    following = ShareSet(found.program, valid_from, found.valid_to, document_no, _whole(parts))
    if (following.parts, document_no) == (found.parts, found.document_no):
        raise Unchanged()
    rows = Share.objects.filter(program=found.program, valid_from=found.valid_from)
    rows.update(valid_to=valid_from - timedelta(days=1))
    _write(following)
    said = {**_said(following), "were": found.parts, "keys": [_key(found), _key(following)]}
    actions.record(by, "shares.succeeded", found.program, at=at, **said)
    return following


@transaction.atomic
def remove(found: ShareSet, *, by: User, at: datetime) -> None:
    """Take out a set that was entered by mistake and that nothing was shared by."""
    hold(found.program)
    if terms := terms_shared_by(found):
        raise SharesInUse(term=terms[-1])
    _take_out(found)
    actions.record(by, "shares.removed", found.program, at=at, keys=[_key(found)], **_said(found))


def _said(found: ShareSet) -> dict[str, object]:
    """What a set says, for whoever reads the log."""
    return {"parts": found.parts, "day": found.pk, "document_no": found.document_no}


def _key(found: ShareSet) -> list[str]:
    return [found.program.pk, str(found.valid_from)]


def _whole(parts: Mapping[str, int]) -> dict[str, int]:
    """The parts that are not nothing, in the order of the levels; together they are the whole."""
    if (total := sum(parts.values())) != WHOLE:
        raise NotWhole(percent=f"{total / 10:g}")
    return {payer: part for payer in Payer.values if (part := parts.get(payer, 0))}


def _take_out(found: ShareSet) -> None:
    Share.objects.filter(program=found.program, valid_from=found.valid_from).delete()


def _write(added: ShareSet) -> None:
    if added.valid_to and added.valid_to < added.valid_from:
        raise DaysReversed()
    others: Iterable[Share] = Share.objects.filter(program=added.program)
    for other in others:
        if meet(added, other):
            raise SharesOverlap(first=other.valid_from)
    Share.objects.bulk_create(added.rows())
