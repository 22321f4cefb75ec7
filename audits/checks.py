"""Control totals: sum of lines = sum of batch = sum of report, always, and this is what says so.

A check compares the same money counted in two places, key by key (batch, fund, document, program), so that two errors
cannot hide each other. What is borne by several payers is compared payer by payer: the lines of each batch are shared
out by its shares as they were on the day of its approval, and stand beside the ledger. Apps above this one add theirs
in a module of the same name.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.money import split_fen
from disbursements import funds
from disbursements.choices import BatchState, EntryKind, PaymentState, QuotaKind
from disbursements.models import Arrival, Batch, BatchShare, LedgerEntry, Payment, Quota, RecoveryReceipt
from programs.choices import Payer
from programs.models import Program
from schools.models import Term

Fen = Mapping[str, int]

SHOWN = 20
"""Differences of one check that a page lists."""
_APPROVED = [BatchState.APPROVED, BatchState.SENT, BatchState.SETTLED]


@dataclass(frozen=True)
class Place:
    """Where people find what a key stands for."""

    words: str
    url: str = ""


Places = Callable[[Term, Iterable[str]], Mapping[str, Place]]
"""Finds the places of some keys of a term."""


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
    is_limit: bool = False
    """The right side is the most that the left one may be."""
    where: Callable[[Iterable[str]], Mapping[str, Place]] = lambda keys: {key: Place(key) for key in keys}

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
        if self.is_limit:
            return [pair for pair in pairs if pair.left_fen > pair.right_fen]
        return [pair for pair in pairs if pair.left_fen != pair.right_fen]

    @property
    def holds(self) -> bool:
        return not self.differences

    @property
    def shown(self) -> list[tuple[Difference, Place]]:
        """The first differences, each with its place."""
        first = self.differences[:SHOWN]
        places = self.where([difference.key for difference in first]) if first else {}
        return [(difference, places.get(difference.key, Place(difference.key))) for difference in first]

    @property
    def more(self) -> int:
        """Differences that are not listed."""
        return max(len(self.differences) - SHOWN, 0)


def as_they_are(term: Term, keys: Iterable[str]) -> dict[str, Place]:
    return {key: Place(key) for key in keys}


@dataclass(frozen=True)
class Check:
    """A named comparison; `count` gives both sides for a term, in fen by key."""

    title: Any
    left_label: Any
    right_label: Any
    count: Callable[[Term], tuple[Fen, Fen]]
    is_limit: bool = False
    places: Places = as_they_are

    def run(self, term: Term) -> Outcome:
        left, right = self.count(term)
        return Outcome(
            self.title,
            self.left_label,
            self.right_label,
            left,
            right,
            self.is_limit,
            lambda keys: self.places(term, keys),
        )


CHECKS: list[Check] = []


def check(
    *, title: Any, left: Any, right: Any, is_limit: bool = False, places: Places = as_they_are
) -> Callable[[Callable[[Term], tuple[Fen, Fen]]], Check]:
    """Register a function that counts both sides."""

    def register(count: Callable[[Term], tuple[Fen, Fen]]) -> Check:
        CHECKS.append(Check(title, left, right, count, is_limit, places))
        return CHECKS[-1]

    return register


def run(term: Term) -> list[Outcome]:
    """Every check of a term. Each costs a fixed number of queries."""
    return [each.run(term) for each in CHECKS]


def sums(rows: QuerySet[Any], key: str, amount: str = "amount_fen") -> dict[str, int]:
    """Fen by key, counted by the database."""
    return {str(found): fen for found, fen in rows.order_by().values_list(key).annotate(_fen=Sum(amount)) if fen}


def batches(term: Term, keys: Iterable[str]) -> dict[str, Place]:
    """Of numbers of batches, with the payer behind a stroke where one is meant."""
    keys = list(keys)
    found = {batch.number: batch for batch in Batch.objects.filter(number__in={key.split("/")[0] for key in keys})}
    places = {}
    for key in keys:
        number, _stroke, payer = key.partition("/")
        url = found[number].get_absolute_url() if number in found else ""
        places[key] = Place(f"{number} {_payer(payer)}".strip(), url)
    return places


def funds_of_payers(term: Term, keys: Iterable[str]) -> dict[str, Place]:
    """Of a program and a payer ("program/payer"): their entries in the ledger."""
    keys = list(keys)
    named = Program.objects.in_bulk({key.split("/")[0] for key in keys})
    places = {}
    for key in keys:
        program, _stroke, payer = key.partition("/")
        words = f"{named.get(program, program)} {_payer(payer)}"
        places[key] = Place(
            words, f"{reverse('disbursements:funds')}?{urlencode({'program': program, 'payer': payer})}"
        )
    return places


def documents(term: Term, keys: Iterable[str]) -> dict[str, Place]:
    """Of quotas, by their keys."""
    found = Quota.objects.in_bulk([int(key) for key in keys])
    return {
        str(pk): Place(f"{quota} {quota.get_payer_display()}", quota.get_absolute_url()) for pk, quota in found.items()
    }


def programs(term: Term, keys: Iterable[str]) -> dict[str, Place]:
    """Of programs, by their codes."""
    found = Program.objects.in_bulk(list(keys))
    return {code: Place(str(program), reverse("programs:program", args=[code])) for code, program in found.items()}


def _payer(payer: str) -> str:
    return str(Payer(payer).label) if payer in Payer.values else ""


@check(title=_("发放明细合计等于批次金额"), left=_("发放明细"), right=_("批次"), places=batches)
def payments_and_batches(term: Term) -> tuple[Fen, Fen]:
    payments = Payment.objects.filter(batch__term=term, batch__state__in=_APPROVED)
    return sums(payments, "batch__number"), sums(Batch.objects.filter(term=term, state__in=_APPROVED), "number")


@check(title=_("每笔发放等于它的资助金额"), left=_("发放明细"), right=_("资助"), places=batches)
def payments_and_awards(term: Term) -> tuple[Fen, Fen]:
    payments = Payment.objects.live().filter(batch__term=term)
    return sums(payments, "batch__number"), sums(payments, "batch__number", "award__amount_fen")


@check(title=_("审核占用等于已审核批次"), left=_("资金流水：审核占用"), right=_("已审核批次"), places=batches)
def reservations_and_batches(term: Term) -> tuple[Fen, Fen]:
    """A batch that was approved and taken back has set its money aside too, and given it back."""
    entries = LedgerEntry.objects.filter(term=term, kind=EntryKind.RESERVED)
    return sums(entries, "batch__number"), sums(_ever_approved(term), "number")


@check(
    title=_("审核占用按级次等于发放明细按比例分担"),
    left=_("资金流水：审核占用"),
    right=_("发放明细 × 分担比例"),
    places=batches,
)
def reservations_by_payer(term: Term) -> tuple[Fen, Fen]:
    return _entered(term, EntryKind.RESERVED), _shared(Payment.objects.filter(batch__in=_ever_approved(term)))


@check(
    title=_("发放支出按级次等于到账的发放"),
    left=_("资金流水：发放支出"),
    right=_("发放成功 × 分担比例"),
    places=batches,
)
def expenses_and_payments(term: Term) -> tuple[Fen, Fen]:
    paid = Payment.objects.filter(batch__term=term, state=PaymentState.PAID)
    return _entered(term, EntryKind.SPENT), _shared(paid)


@check(
    title=_("失败退回按级次等于失败和撤回的发放"),
    left=_("资金流水：失败退回"),
    right=_("发放失败、批次撤回 × 分担比例"),
    places=batches,
)
def releases_and_payments(term: Term) -> tuple[Fen, Fen]:
    failed = Payment.objects.filter(batch__term=term, state=PaymentState.FAILED)
    taken_back = Payment.objects.filter(batch__in=_ever_approved(term).filter(state=BatchState.DISCARDED))
    return _entered(term, EntryKind.RELEASED), Counter(_shared(failed)) + Counter(_shared(taken_back))


@check(
    title=_("到账后退票按级次等于退票记录"), left=_("资金流水：到账后退票"), right=_("退票 × 分担比例"), places=batches
)
def returned_and_bounces(term: Term) -> tuple[Fen, Fen]:
    bounced = Payment.objects.filter(batch__term=term, bounce__isnull=False)
    return _entered(term, EntryKind.RETURNED), _shared(bounced)


@check(
    title=_("追缴收回按级次等于追缴收款"),
    left=_("资金流水：追缴收回"),
    right=_("追缴收款 × 分担比例"),
    places=funds_of_payers,
)
def recovered_and_receipts(term: Term) -> tuple[Fen, Fen]:
    entries = LedgerEntry.objects.filter(term=term, kind=EntryKind.RECOVERED)
    receipts = RecoveryReceipt.objects.filter(recovery__award__term=term).order_by("pk")
    shares = funds.shares_by_batch(BatchShare.objects.filter(batch__term=term))
    paid = Payment.objects.arrived().filter(award__recoveries__receipts__in=receipts)
    batch_of = dict(paid.values_list("award", "batch"))
    expected: Counter[str] = Counter()
    for award, program, fen in receipts.values_list("recovery__award", "recovery__award__program", "amount_fen"):
        for payer, part in _parts(fen, shares.get(batch_of.get(award, 0))):
            expected[f"{program}/{payer}"] += part
    return _by_two(entries, "program", "payer"), +expected


@check(
    title=_("指标到账减冲销等于到账登记"), left=_("资金流水：到账减冲销"), right=_("有效的到账登记"), places=documents
)
def entries_and_arrivals(term: Term) -> tuple[Fen, Fen]:
    entries = LedgerEntry.objects.filter(term=term)
    net = Counter(sums(entries.filter(kind=EntryKind.ARRIVED), "quota"))
    net.subtract(sums(entries.filter(kind=EntryKind.WITHDRAWN), "quota"))
    arrivals = Arrival.objects.filter(quota__term=term, withdrawn_at=None)
    return net, sums(arrivals, "quota")


@check(title=_("到账不超过指标"), left=_("有效的到账登记"), right=_("有效的资金指标"), is_limit=True, places=documents)
def arrivals_and_quotas(term: Term) -> tuple[Fen, Fen]:
    arrivals = Arrival.objects.filter(quota__term=term, withdrawn_at=None)
    quotas = Quota.objects.in_force().filter(term=term, kind=QuotaKind.NEW)
    return sums(arrivals, "quota"), sums(quotas, "pk")


@check(
    title=_("各项目各级次余额不为负"),
    left=_("占用、结转下期"),
    right=_("到账、上期结转和退回"),
    is_limit=True,
    places=funds_of_payers,
)
def taken_and_there(term: Term) -> tuple[Fen, Fen]:
    taken, there = {}, {}
    for balance in funds.balances(term):
        key = f"{balance.program}/{balance.payer}"
        taken[key] = balance.reserved + balance.carried_out
        there[key] = balance.arrived + balance.carried_in + balance.came_back
    return taken, there


@check(
    title=_("每个批次支出和退回不超过占用"),
    left=_("发放支出、失败退回"),
    right=_("审核占用"),
    is_limit=True,
    places=batches,
)
def settled_and_reserved(term: Term) -> tuple[Fen, Fen]:
    settled = Counter(_entered(term, EntryKind.SPENT)) + Counter(_entered(term, EntryKind.RELEASED))
    return settled, _entered(term, EntryKind.RESERVED)


@check(title=_("结转下期等于上期结转"), left=_("转出学期的流水"), right=_("转入学期的流水"), places=documents)
def carried_out_and_in(term: Term) -> tuple[Fen, Fen]:
    entries = LedgerEntry.objects.filter(quota__in=_carried(term))
    out = entries.filter(kind=EntryKind.CARRIED_OUT, term=F("quota__carried_from"))
    into = entries.filter(kind=EntryKind.CARRIED_IN, term=F("quota__term"))
    return sums(out, "quota"), sums(into, "quota")


@check(title=_("上期结转等于结转的指标"), left=_("资金流水：上期结转"), right=_("结转的指标"), places=documents)
def carried_in_and_quotas(term: Term) -> tuple[Fen, Fen]:
    entries = LedgerEntry.objects.filter(term=term, kind=EntryKind.CARRIED_IN)
    return sums(entries, "quota"), sums(Quota.objects.in_force().filter(term=term, kind=QuotaKind.CARRIED), "pk")


def _carried(term: Term) -> QuerySet[Quota]:
    quotas = Quota.objects.filter(kind=QuotaKind.CARRIED)
    return quotas.filter(term=term) | quotas.filter(carried_from=term)


def _ever_approved(term: Term) -> QuerySet[Batch]:
    return Batch.objects.filter(term=term, approved_at__isnull=False)


def _entered(term: Term, kind: EntryKind) -> dict[str, int]:
    return _by_two(LedgerEntry.objects.filter(term=term, kind=kind), "batch__number", "payer")


def _by_two(rows: QuerySet[Any], first: str, second: str) -> dict[str, int]:
    """Fen by two columns, counted by the database: "2021A-01/county"."""
    found = rows.order_by().values_list(first, second).annotate(_fen=Sum("amount_fen"))
    return {f"{one}/{other}": fen for one, other, fen in found if fen}


def _shared(payments: QuerySet[Payment]) -> dict[str, int]:
    """What each payer bears of these payments by the shares of their batches."""
    shares = funds.shares_by_batch(BatchShare.objects.filter(batch__in=payments.order_by().values("batch")))
    found: Counter[str] = Counter()
    rows = payments.order_by().values_list("batch__number", "batch", "amount_fen").annotate(times=Count("pk"))
    for number, batch, fen, times in rows:
        for payer, part in _parts(fen, shares.get(batch)):
            found[f"{number}/{payer}"] += part * times
    return +found


def _parts(fen: int, shares: dict[str, int] | None) -> Iterable[tuple[str, int]]:
    """An amount by payer. Where shares are missing or wrong it is nobody's, so that it stands out."""
    return split_fen(fen, shares).items() if shares and sum(shares.values()) == 1000 else [("", fen)]
