"""The fund: what was allotted to a program, what of it arrived, is set aside, was spent, or goes on to the next term.

Every balance is a sum of the ledger, by program, term and payer. Whatever takes money out of a balance first holds the
program's fund (`_hold`), so that of two who take at once the second one sees what the first one left.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.money import split_fen, yuan
from common.moves import Refused, WrongState
from disbursements.choices import EntryKind, QuotaKind
from disbursements.models import (
    Arrival,
    Batch,
    BatchShare,
    Bounce,
    LedgerEntry,
    Payment,
    Quota,
    RecoveryReceipt,
    ReturnFile,
)
from jobs import documents
from jobs.documents import Brought
from programs.choices import Payer
from programs.models import Program
from programs.shares import NoShares, shares_of, split
from schools.choices import TermState
from schools.models import Term


class NotEnough(Refused):
    code = "fund-not-enough"
    message = _("%(payer)s资金可用 %(available)s 元，这一批需要 %(needed)s 元，不足以支付。")


class AlreadyAllotted(Refused):
    code = "fund-already-allotted"
    message = _("这个文号已经为该项目、该级次登记过指标。")


class ArrivalKnown(Refused):
    code = "fund-arrival-known"
    message = _("同一天、同样金额、同样凭证号的到账已经登记过；确有另一笔，请填写它自己的凭证号。")


class MoreThanAllotted(Refused):
    code = "fund-more-than-allotted"
    message = _("这份指标还有 %(most)s 元没有到账，到账金额不能超过它。")


class NoDayOfArrival(Refused):
    code = "fund-no-day-of-arrival"
    message = _("到账日期不能早于发文日期 %(issued)s，也不能晚于今天。")


class NothingArrives(Refused):
    code = "fund-nothing-arrives"
    message = _("结转或者已撤销的指标不能登记到账。")


class HasArrived(Refused):
    code = "fund-has-arrived"
    message = _("这份指标已有到账，不能撤销；请先冲销到账。")


class CannotWithdraw(Refused):
    code = "fund-cannot-withdraw"
    message = _("结转的指标不能撤销。")


class WhyMissing(Refused):
    code = "fund-why-missing"
    message = _("请写明原因。")


class OwnArrival(Refused):
    code = "fund-own-arrival"
    message = _("这笔到账是您录入的，必须由另一个人冲销。")


class AlreadyUsed(Refused):
    code = "fund-already-used"
    message = _("这笔到账已被占用：%(payer)s资金可用只有 %(available)s 元，冲销会使余额变成负数。")


class TermStillOpen(Refused):
    code = "fund-term-still-open"
    message = _("%(term)s还没有结束，结束以后才能结转。")


class NotAFollowingTerm(Refused):
    code = "fund-not-a-following-term"
    message = _("只能结转到后面的、还没有结束并且开展这个项目的学期。")


class NothingLeft(Refused):
    code = "fund-nothing-left"
    message = _("%(term)s这个项目没有可以结转的资金。")


@dataclass(frozen=True)
class Balance:
    """One program's fund of one payer in a term, in fen. What was withdrawn again has not arrived."""

    program: str
    term: str
    payer: str
    arrived: int = 0
    carried_in: int = 0
    carried_out: int = 0
    reserved: int = 0
    spent: int = 0
    released: int = 0
    returned: int = 0
    recovered: int = 0

    @property
    def available(self) -> int:
        """What a new batch can still take: arrived and carried over, less set aside, plus what came back."""
        return self.arrived + self.carried_in - self.carried_out - self.reserved + self.came_back

    @property
    def came_back(self) -> int:
        """What the bank refused, returned late, or a family gave back."""
        return self.released + self.returned + self.recovered

    @property
    def net_spent(self) -> int:
        """What stayed where it was paid to."""
        return self.spent - self.returned - self.recovered

    @property
    def under_way(self) -> int:
        """Set aside, neither spent nor back yet."""
        return self.reserved - self.spent - self.released


@transaction.atomic
def allot(
    *,
    document_no: str,
    issued_on: date,
    program: Program,
    term: Term,
    payer: str,
    amount_fen: int,
    by: User,
    at: datetime,
    scan: Brought | None = None,
) -> Quota:
    """Enter a quota document (指标文): what a program may get. Nothing can be paid before money arrives.

    A document is entered once for a program, term and payer.
    """
    _hold(program.pk)
    once = {"document_no": document_no, "program": program, "term": term, "payer": payer}
    if Quota.objects.in_force().filter(**once).exists():
        raise AlreadyAllotted()
    quota = Quota.objects.create(
        **once,
        issued_on=issued_on,
        amount_fen=amount_fen,
        file=documents.store(scan, by=by, at=at) if scan else None,
        entered_by=by,
        entered_at=at,
    )
    actions.record(by, "fund.allotted", quota, at=at, amount_fen=amount_fen, payer=payer)
    return quota


@transaction.atomic
def arrive(quota: Quota, *, amount_fen: int, arrived_on: date, voucher: str = "", by: User, at: datetime) -> Arrival:
    """Enter money of a quota that is on the account: all of it or a part, never more than was allotted.

    Two parts of one day and amount are told apart by their vouchers: the same voucher again is the same money.
    """
    _hold(quota.program_id)
    quota.refresh_from_db(fields=["withdrawn_at"])
    if quota.kind != QuotaKind.NEW or quota.withdrawn_at:
        raise NothingArrives()
    if not quota.issued_on <= arrived_on <= localdate(at):
        raise NoDayOfArrival(issued=quota.issued_on.isoformat())
    most = quota.amount_fen - arrived_of(quota)
    if not 0 < amount_fen <= most:
        raise MoreThanAllotted(most=yuan(most))
    same = quota.arrivals.filter(amount_fen=amount_fen, arrived_on=arrived_on, voucher=voucher, withdrawn_at=None)
    if same.exists():
        raise ArrivalKnown()
    arrival = Arrival.objects.create(
        quota=quota,
        amount_fen=amount_fen,
        arrived_on=arrived_on,
        voucher=voucher,
        entered_by=by,
        entered_at=at,
    )
    _enter_quota(quota, quota.term_id, EntryKind.ARRIVED, amount_fen, arrival=arrival, by=by, at=at)
    actions.record(by, "fund.arrived", quota, at=at, amount_fen=amount_fen, arrived_on=arrived_on.isoformat())
    return arrival


def arrived_of(quota: Quota) -> int:
    """Fen of a quota that are on the account."""
    return quota.arrivals.filter(withdrawn_at=None).aggregate(fen=Sum("amount_fen"))["fen"] or 0


@transaction.atomic
def withdraw_arrival(arrival: Arrival, *, why: str, by: User, at: datetime) -> None:
    """Take a wrong arrival off the account again, as a whole, by a second entry of the ledger.

    It takes another person than the one who entered it, and money that is set aside or spent already stays.
    """
    if not why.strip():
        raise WhyMissing()
    if by.pk == arrival.entered_by_id:
        raise OwnArrival()
    quota = arrival.quota
    _hold(quota.program_id)
    available = _available(quota.program_id, quota.term_id).get(quota.payer, 0)
    if arrival.amount_fen > available:
        raise AlreadyUsed(payer=Payer(quota.payer).label, available=yuan(available))
    withdrawn = Arrival.objects.filter(pk=arrival.pk, withdrawn_at=None)
    if not withdrawn.update(withdrawn_by=by, withdrawn_at=at, withdrawn_why=why.strip()[:200]):
        raise WrongState()
    _enter_quota(quota, quota.term_id, EntryKind.WITHDRAWN, arrival.amount_fen, arrival=arrival, by=by, at=at)
    actions.record(by, "fund.arrival-withdrawn", quota, at=at, amount_fen=arrival.amount_fen)


@transaction.atomic
def withdraw_quota(quota: Quota, *, why: str, by: User, at: datetime) -> None:
    """Give up a quota that was entered wrongly. Nothing of it may have arrived; its document can be entered again."""
    if not why.strip():
        raise WhyMissing()
    if quota.kind != QuotaKind.NEW:
        raise CannotWithdraw()
    _hold(quota.program_id)
    if arrived_of(quota):
        raise HasArrived()
    withdrawn = Quota.objects.filter(pk=quota.pk, withdrawn_at=None)
    if not withdrawn.update(withdrawn_by=by, withdrawn_at=at, withdrawn_why=why.strip()[:200]):
        raise WrongState()
    actions.record(by, "fund.quota-withdrawn", quota, at=at, amount_fen=quota.amount_fen)


@transaction.atomic
def carry_over(program: Program, from_term: Term, to_term: Term, *, by: User, at: datetime) -> list[Quota]:
    """What every payer has left in a closed term goes on to a following one, as a quota of its own for each.

    Whatever comes back to the closed term later can be carried over by another act.
    """
    if from_term.state != TermState.CLOSED:
        raise TermStillOpen(term=from_term)
    is_carried_out = program.terms.filter(term=to_term).exists()
    if to_term.starts_on <= from_term.starts_on or to_term.state == TermState.CLOSED or not is_carried_out:
        raise NotAFollowingTerm()
    _hold(program.pk)
    left = {payer: fen for payer, fen in _available(program.pk, from_term.pk).items() if fen > 0}
    if not left:
        raise NothingLeft(term=from_term)
    number = _carried_number(program, from_term, to_term)
    quotas = []
    for payer, amount_fen in left.items():
        quota = Quota.objects.create(
            document_no=number,
            issued_on=localdate(at),
            program=program,
            term=to_term,
            payer=payer,
            amount_fen=amount_fen,
            kind=QuotaKind.CARRIED,
            carried_from=from_term,
            entered_by=by,
            entered_at=at,
        )
        _enter_quota(quota, from_term.pk, EntryKind.CARRIED_OUT, amount_fen, by=by, at=at)
        _enter_quota(quota, to_term.pk, EntryKind.CARRIED_IN, amount_fen, by=by, at=at)
        quotas.append(quota)
    actions.record(
        by, "fund.carried-over", program, at=at, term=from_term.pk, to=to_term.pk, amount_fen=sum(left.values())
    )
    return quotas


@dataclass(frozen=True)
class Left:
    """What a program has left in a closed term."""

    program: Program
    term: Term
    balances: list[Balance]

    @property
    def amount_fen(self) -> int:
        return sum(balance.available for balance in self.balances)

    @property
    def payers(self) -> list[tuple[str, int]]:
        return [(str(Payer(balance.payer).label), balance.available) for balance in self.balances]


def left_for(term: Term) -> list[Left]:
    """What earlier, closed terms have left of the programs that this term carries out, by program and payer."""
    programs = {program.pk: program for program in Program.objects.filter(terms__term=term)}
    earlier = Term.objects.filter(state=TermState.CLOSED, starts_on__lt=term.starts_on).in_bulk()
    found: dict[tuple[str, str], list[Balance]] = {}
    for balance in balances_of(LedgerEntry.objects.filter(program__in=programs, term__in=earlier)):
        if balance.available > 0:
            found.setdefault((balance.program, balance.term), []).append(balance)
    return [Left(programs[program], earlier[code], parts) for (program, code), parts in found.items()]


def _carried_number(program: Program, from_term: Term, to_term: Term) -> str:
    """A carry-over has no document of its own: "2021S结转", and "2021S结转2" for what came back after it."""
    earlier = Quota.objects.filter(program=program, term=to_term, carried_from=from_term)
    times = earlier.values("document_no").distinct().count()
    return f"{from_term.pk}结转{times + 1 if times else ''}"


def balances(term: Term | None = None, program: Program | None = None) -> list[Balance]:
    """All balances, by program, term and payer in their order."""
    entries = LedgerEntry.objects.all()
    if term is not None:
        entries = entries.filter(term=term)
    if program is not None:
        entries = entries.filter(program=program)
    return balances_of(entries)


def balances_of(entries: QuerySet[LedgerEntry]) -> list[Balance]:
    """The balances that these entries make, by program, term and payer in their order."""
    sums: dict[tuple[str, str, str], Counter[str]] = {}
    place = ("program__position", "program", "term__starts_on", "term")
    rows = entries.order_by(*place).values_list("program", "term", "payer", "kind", *place)
    for code, term_code, payer, kind, *_place, amount in rows.annotate(sum=Sum("amount_fen")):
        sums.setdefault((code, term_code, payer), Counter())[kind] += amount
    order = list(Payer.values)
    funds = list(dict.fromkeys((code, term_code) for code, term_code, _payer in sums))
    return [
        Balance(
            program=code,
            term=term_code,
            payer=payer,
            arrived=kinds[EntryKind.ARRIVED] - kinds[EntryKind.WITHDRAWN],
            carried_in=kinds[EntryKind.CARRIED_IN],
            carried_out=kinds[EntryKind.CARRIED_OUT],
            reserved=kinds[EntryKind.RESERVED],
            spent=kinds[EntryKind.SPENT],
            released=kinds[EntryKind.RELEASED],
            returned=kinds[EntryKind.RETURNED],
            recovered=kinds[EntryKind.RECOVERED],
        )
        for (code, term_code, payer), kinds in sorted(
            sums.items(), key=lambda item: (funds.index(item[0][:2]), order.index(item[0][2]))
        )
    ]


def _available(program: str, term: str) -> dict[str, int]:
    return {b.payer: b.available for b in balances_of(LedgerEntry.objects.filter(program=program, term=term))}


def _hold(program: str) -> None:
    """Keep a program's fund to ourselves until the transaction ends."""
    Program.objects.filter(pk=program).update(position=F("position"))


def reserve(batch: Batch, *, by: User, at: datetime) -> None:
    """Set an approved batch's money aside. Two approvals of one program queue here, so no balance goes below nought.

    How it is borne is written down with the batch: what the bank answers later is shared alike, whatever becomes of
    the program's shares meanwhile.
    """
    _hold(batch.program_id)
    per_mille = shares_of(batch.program, batch.term)
    BatchShare.objects.bulk_create(BatchShare(batch=batch, payer=payer, per_mille=n) for payer, n in per_mille.items())
    parts = split(batch.payments.all(), per_mille)
    available = _available(batch.program_id, batch.term_id)
    for payer, needed in parts.items():
        if needed > available.get(payer, 0):
            raise NotEnough(payer=Payer(payer).label, available=yuan(available.get(payer, 0)), needed=yuan(needed))
    _enter(batch, EntryKind.RESERVED, parts, by=by, at=at)


def settle(
    batch: Batch, payments: Iterable[int], kind: EntryKind, file: ReturnFile | None = None, *, by: User, at: datetime
) -> None:
    """Turn part of a reservation into an expense (SPENT) or give it back (RELEASED); cash has no bank's file."""
    chosen = Payment.objects.filter(pk__in=list(payments))
    _enter(batch, kind, split(chosen, shares_of_batch(batch)), by=by, at=at, file=file)


def release(batch: Batch, *, by: User, at: datetime) -> None:
    """Give back all that a batch still sets aside: it is taken back before it was sent. The caller holds the batch."""
    kept: Counter[str] = Counter()
    signs = {EntryKind.RESERVED: 1, EntryKind.SPENT: -1, EntryKind.RELEASED: -1}
    for payer, kind, amount_fen in batch.entries.filter(kind__in=signs).values_list("payer", "kind", "amount_fen"):
        kept[payer] += signs[EntryKind(kind)] * amount_fen
    _enter(batch, EntryKind.RELEASED, dict(kept), by=by, at=at)


def shares_of_batch(batch: Batch) -> dict[str, int]:
    """payer → thousandths, as on the day of the batch's approval."""
    kept = shares_by_batch(batch.shares.all()).get(batch.pk)
    if not kept:
        raise NoShares()
    return kept


def shares_by_batch(shares: QuerySet[BatchShare]) -> dict[int, dict[str, int]]:
    """payer → thousandths of each batch, in the order of payers: it decides who bears the odd fen."""
    found: dict[int, dict[str, int]] = {}
    for batch, payer, per_mille in shares.order_by("batch", "pk").values_list("batch", "payer", "per_mille"):
        found.setdefault(batch, {})[payer] = per_mille
    return {batch: {payer: kept[payer] for payer in Payer.values if payer in kept} for batch, kept in found.items()}


def take_back(bounces: Iterable[Bounce], *, by: User, at: datetime) -> None:
    """Payments that came back: their money is available again, by payer as it was spent."""
    shares: dict[int, dict[str, int]] = {}
    for bounce in bounces:
        batch = bounce.payment.batch
        if batch.pk not in shares:
            shares[batch.pk] = shares_of_batch(batch)
        parts = split_fen(bounce.payment.amount_fen, shares[batch.pk])
        _enter(batch, EntryKind.RETURNED, parts, by=by, at=at, file=bounce.file, bounce=bounce)


def recover(receipt: RecoveryReceipt, batch: Batch, *, by: User, at: datetime) -> None:
    """Money of a batch that a family gave back is available again, by payer as it was spent."""
    parts = split_fen(receipt.amount_fen, shares_of_batch(batch))
    _enter(batch, EntryKind.RECOVERED, parts, by=by, at=at, receipt=receipt)


def _enter_quota(
    quota: Quota,
    term: str,
    kind: EntryKind,
    amount_fen: int,
    *,
    by: User,
    at: datetime,
    arrival: Arrival | None = None,
) -> None:
    LedgerEntry.objects.create(
        program_id=quota.program_id,
        term_id=term,
        payer=quota.payer,
        kind=kind,
        amount_fen=amount_fen,
        quota=quota,
        arrival=arrival,
        entered_by=by,
        entered_at=at,
    )


def _enter(
    batch: Batch,
    kind: EntryKind,
    parts: dict[str, int],
    *,
    by: User,
    at: datetime,
    file: ReturnFile | None = None,
    bounce: Bounce | None = None,
    receipt: RecoveryReceipt | None = None,
) -> None:
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            program_id=batch.program_id,
            term_id=batch.term_id,
            payer=payer,
            kind=kind,
            amount_fen=amount_fen,
            batch=batch,
            return_file=file,
            bounce=bounce,
            receipt=receipt,
            entered_by=by,
            entered_at=at,
        )
        for payer, amount_fen in parts.items()
        if amount_fen
    )
