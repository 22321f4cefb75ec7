"""The fund: what arrived for a program, what is set aside, what was spent. Every balance is a sum of the ledger."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.money import split_fen, yuan
from common.moves import Refused
from disbursements.choices import EntryKind
from disbursements.models import Batch, BatchShare, Bounce, LedgerEntry, Payment, Quota, RecoveryReceipt, ReturnFile
from programs.choices import Payer
from programs.models import Program
from programs.shares import NoShares, shares_of, split
from schools.models import Term


class NotEnough(Refused):
    code = "fund-not-enough"
    message = _("%(payer)s资金可用 %(available)s 元，这一批需要 %(needed)s 元，不足以支付。")


@dataclass(frozen=True)
class Balance:
    """One program's fund of one payer in a term, in fen."""

    program: str
    term: str
    payer: str
    arrived: int
    reserved: int
    spent: int
    released: int
    returned: int = 0
    recovered: int = 0

    @property
    def available(self) -> int:
        """What a new batch can still take: arrived less set aside, plus what came back."""
        return self.arrived - self.reserved + self.came_back

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
) -> Quota:
    """Enter a quota document (指标文): money that arrived for a program."""
    quota = Quota.objects.create(
        document_no=document_no,
        issued_on=issued_on,
        program=program,
        term=term,
        payer=payer,
        amount_fen=amount_fen,
        entered_by=by,
        entered_at=at,
    )
    LedgerEntry.objects.create(
        program=program,
        term=term,
        payer=payer,
        kind=EntryKind.ARRIVED,
        amount_fen=amount_fen,
        quota=quota,
        entered_by=by,
        entered_at=at,
    )
    actions.record(by, "fund.allotted", quota, at=at, amount_fen=amount_fen, payer=payer)
    return quota


def balances(term: Term | None = None, program: Program | None = None) -> list[Balance]:
    """All balances, by program and payer in their order."""
    entries = LedgerEntry.objects.all()
    if term is not None:
        entries = entries.filter(term=term)
    if program is not None:
        entries = entries.filter(program=program)
    sums: dict[tuple[str, str, str], Counter[str]] = {}
    rows = entries.order_by("program__position", "term__starts_on").values_list("program", "term", "payer", "kind")
    for code, term_code, payer, kind, amount in rows.annotate(sum=Sum("amount_fen")):
        sums.setdefault((code, term_code, payer), Counter())[kind] += amount
    order = list(Payer.values)
    programs = list(dict.fromkeys((code, term_code) for code, term_code, _payer in sums))
    return sorted(
        (
            Balance(
                program=code,
                term=term_code,
                payer=payer,
                arrived=kinds[EntryKind.ARRIVED],
                reserved=kinds[EntryKind.RESERVED],
                spent=kinds[EntryKind.SPENT],
                released=kinds[EntryKind.RELEASED],
                returned=kinds[EntryKind.RETURNED],
                recovered=kinds[EntryKind.RECOVERED],
            )
            for (code, term_code, payer), kinds in sums.items()
        ),
        key=lambda balance: (programs.index((balance.program, balance.term)), order.index(balance.payer)),
    )


def reserve(batch: Batch, *, by: User, at: datetime) -> None:
    """Set an approved batch's money aside. Two approvals of one program queue here, so no balance goes below nought.

    How it is borne is written down with the batch: what the bank answers later is shared alike, whatever becomes of
    the program's shares meanwhile.
    """
    Program.objects.filter(pk=batch.program_id).update(position=F("position"))
    per_mille = shares_of(batch.program, batch.term)
    BatchShare.objects.bulk_create(BatchShare(batch=batch, payer=payer, per_mille=n) for payer, n in per_mille.items())
    parts = split(batch.payments.all(), per_mille)
    available = {b.payer: b.available for b in balances(batch.term, batch.program)}
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
    kept = dict(batch.shares.order_by("pk").values_list("payer", "per_mille"))
    if not kept:
        raise NoShares()
    return {payer: kept[payer] for payer in Payer.values if payer in kept}


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
