"""Control totals: sum of lines = sum of batch = sum of report, always, and this is what says so.

A check compares the same money counted in two places, key by key (batch, program), so that two errors
cannot hide each other. Apps above this one add theirs in a module of the same name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from disbursements.choices import BatchState, EntryKind, PaymentState
from disbursements.models import Batch, LedgerEntry, Payment, RecoveryReceipt
from schools.models import Term

Fen = Mapping[str, int]

_APPROVED = [BatchState.APPROVED, BatchState.SENT, BatchState.SETTLED]


@dataclass(frozen=True)
class Difference:
    """One key for which the two places do not agree."""

    key: str
    left_fen: int
    right_fen: int


@dataclass(frozen=True)
class Outcome:
    """What one check found: the two figures, and where they differ."""

    title: Any
    left_label: Any
    right_label: Any
    left: Fen
    right: Fen

    @property
    def left_fen(self) -> int:
        return sum(self.left.values())

    @property
    def right_fen(self) -> int:
        return sum(self.right.values())

    @property
    def differences(self) -> list[Difference]:
        keys = sorted(self.left.keys() | self.right.keys())
        pairs = [Difference(key, self.left.get(key, 0), self.right.get(key, 0)) for key in keys]
        return [pair for pair in pairs if pair.left_fen != pair.right_fen]

    @property
    def holds(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class Check:
    """A named comparison; `count` gives both sides for a term, in fen by key."""

    title: Any
    left_label: Any
    right_label: Any
    count: Callable[[Term], tuple[Fen, Fen]]

    def run(self, term: Term) -> Outcome:
        left, right = self.count(term)
        return Outcome(self.title, self.left_label, self.right_label, left, right)


CHECKS: list[Check] = []


def check(*, title: Any, left: Any, right: Any) -> Callable[[Callable[[Term], tuple[Fen, Fen]]], Check]:
    """Register a function that counts both sides."""

    def register(count: Callable[[Term], tuple[Fen, Fen]]) -> Check:
        CHECKS.append(Check(title, left, right, count))
        return CHECKS[-1]

    return register


def run(term: Term) -> list[Outcome]:
    """Every check of a term. Each costs a fixed number of queries."""
    return [each.run(term) for each in CHECKS]


def sums(rows: QuerySet[Any], key: str, amount: str = "amount_fen") -> dict[str, int]:
    """Fen by key, counted by the database."""
    return {str(found): fen for found, fen in rows.order_by().values_list(key).annotate(_fen=Sum(amount)) if fen}


@check(title=_("发放明细合计等于批次金额"), left=_("发放明细"), right=_("批次"))
def payments_and_batches(term: Term) -> tuple[Fen, Fen]:
    payments = Payment.objects.filter(batch__term=term, batch__state__in=_APPROVED)
    return sums(payments, "batch__number"), sums(Batch.objects.filter(term=term, state__in=_APPROVED), "number")


@check(title=_("每笔发放等于它的资助金额"), left=_("发放明细"), right=_("资助"))
def payments_and_awards(term: Term) -> tuple[Fen, Fen]:
    payments = Payment.objects.live().filter(batch__term=term)
    return sums(payments, "batch__number"), sums(payments, "batch__number", "award__amount_fen")


@check(title=_("审核占用等于已审核批次"), left=_("资金流水：审核占用"), right=_("已审核批次"))
def reservations_and_batches(term: Term) -> tuple[Fen, Fen]:
    return _entered(term, EntryKind.RESERVED), sums(Batch.objects.filter(term=term, state__in=_APPROVED), "number")


@check(title=_("发放支出等于到账的发放"), left=_("资金流水：发放支出"), right=_("发放成功"))
def expenses_and_payments(term: Term) -> tuple[Fen, Fen]:
    return _entered(term, EntryKind.SPENT), _answered(term, PaymentState.PAID)


@check(title=_("失败退回等于失败的发放"), left=_("资金流水：失败退回"), right=_("发放失败"))
def releases_and_payments(term: Term) -> tuple[Fen, Fen]:
    return _entered(term, EntryKind.RELEASED), _answered(term, PaymentState.FAILED)


@check(title=_("到账后退票等于退票记录"), left=_("资金流水：到账后退票"), right=_("退票记录"))
def returned_and_bounces(term: Term) -> tuple[Fen, Fen]:
    bounced = Payment.objects.filter(batch__term=term, bounce__isnull=False)
    return _entered(term, EntryKind.RETURNED), sums(bounced, "batch__number")


@check(title=_("追缴收回等于追缴收款"), left=_("资金流水：追缴收回"), right=_("追缴收款"))
def recovered_and_receipts(term: Term) -> tuple[Fen, Fen]:
    entries = LedgerEntry.objects.filter(term=term, kind=EntryKind.RECOVERED)
    receipts = RecoveryReceipt.objects.filter(recovery__award__term=term)
    return sums(entries, "program"), sums(receipts, "recovery__award__program")


@check(title=_("资金指标等于指标到账"), left=_("资金流水：指标到账"), right=_("资金指标"))
def arrivals_and_quotas(term: Term) -> tuple[Fen, Fen]:
    entries = LedgerEntry.objects.filter(term=term, kind=EntryKind.ARRIVED)
    return sums(entries, "quota__document_no"), sums(term.quotas.all(), "document_no")


def _entered(term: Term, kind: EntryKind) -> dict[str, int]:
    return sums(LedgerEntry.objects.filter(term=term, kind=kind), "batch__number")


def _answered(term: Term, state: PaymentState) -> dict[str, int]:
    return sums(Payment.objects.filter(batch__term=term, state=state), "batch__number")
