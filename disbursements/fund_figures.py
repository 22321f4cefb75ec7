"""How fast money goes through: what was allotted, arrived and was paid, and how long it lay on the account.

Days from arrival to card (滞留天数), by program and payer: money is spent in the order in which it arrived. Each fen
that reached a card takes the oldest fen on the account of its payer in its term, and its days run from the day when
that fen arrived until the day when the bank paid it out. A mean weighs every fen alike. What is not paid yet still lies
there, and its days run until today. Money that is carried over keeps the day when it first arrived, the oldest goes
first. A payment that came back from the bank counts as never made; money that a family gave back lies there from the
day it came in.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Count, Sum, TextChoices
from django.utils.translation import gettext_lazy as _

from common.money import split_fen
from disbursements import funds
from disbursements.choices import EntryKind, QuotaKind
from disbursements.funds import Balance
from disbursements.models import Arrival, BatchShare, LedgerEntry, Payment, Quota
from programs.choices import Payer
from schools.choices import Season
from schools.models import Term

Fund = tuple[str, str]
"""Program and payer."""


class Period(TextChoices):
    """Which terms a figure adds up."""

    TERM = "term", _("本学期")
    SCHOOL_YEAR = "school-year", _("本学年")
    FINANCE_YEAR = "finance-year", _("本财政年度")


def terms_in(period: str, term: Term) -> list[Term]:
    """The terms of the chosen term's period that there are, by their first day."""
    first = int(term.school_year)
    codes = {
        Period.SCHOOL_YEAR: [f"{first}{Season.AUTUMN}", f"{first + 1}{Season.SPRING}"],
        Period.FINANCE_YEAR: [f"{term.year}{Season.SPRING}", f"{term.year}{Season.AUTUMN}"],
    }.get(Period(period), [term.pk])
    return list(Term.objects.filter(code__in=codes).order_by("starts_on"))


@dataclass(frozen=True, slots=True)
class Piece:
    """Money that arrived on one day by one document and went to cards in one batch on one day, or still lies there."""

    program: str
    payer: str
    term: str
    quota: int | None
    """None: a family gave it back."""
    arrived_on: date
    amount_fen: int
    batch: int | None = None
    paid_on: date | None = None

    def days(self, today: date) -> int:
        return max(((self.paid_on or today) - self.arrived_on).days, 0)


@dataclass(frozen=True, slots=True)
class Figures:
    """One program's money of one payer in a period, or of all payers (`payer` is empty), in fen."""

    program: str
    payer: str
    allotted: int = 0
    arrived: int = 0
    carried_in: int = 0
    """From terms before the period."""
    carried_out: int = 0
    """To terms after the period."""
    paid: int = 0
    """What reached cards and stayed there, or was given back by a family later."""
    under_way: int = 0
    available: int = 0
    settled: int = 0
    settled_days: int = 0
    """Fen × days of what reached cards."""
    lying: int = 0
    lying_days: int = 0
    oldest: date | None = None
    """The day since when the oldest money lies there."""

    @property
    def on_hand(self) -> int:
        """What there was to pay from."""
        return self.arrived + self.carried_in

    @property
    def days_to_card(self) -> float | None:
        return self.settled_days / self.settled if self.settled else None

    @property
    def days_lying(self) -> float | None:
        return self.lying_days / self.lying if self.lying else None


def figures(terms: Sequence[Term], *, today: date) -> list[Figures]:
    """By program and payer in their order; before the payers of each program stands its sum."""
    found: dict[Fund, Figures] = {}
    for balance in _balances(terms):
        key = (balance.program, balance.payer)
        found[key] = _with_balance(found.get(key, Figures(*key)), balance)
    quotas = (
        Quota.objects.in_force().filter(term__in=terms, kind=QuotaKind.NEW).order_by("program__position", "program")
    )
    for program, payer, fen in quotas.values_list("program", "payer").annotate(fen=Sum("amount_fen")):
        one = found.get((program, payer), Figures(program, payer))
        found[program, payer] = replace(one, allotted=fen)
    for piece in pieces(terms):
        key = (piece.program, piece.payer)
        found[key] = _with_piece(found.get(key, Figures(*key)), piece, today)
    return list(_with_sums(found))


def _balances(terms: Sequence[Term]) -> list[Balance]:
    """Balances of the period; what was carried between two of its terms has neither left nor come."""
    entries = LedgerEntry.objects.filter(term__in=terms)
    within = LedgerEntry.objects.filter(
        kind__in=[EntryKind.CARRIED_IN, EntryKind.CARRIED_OUT], quota__term__in=terms, quota__carried_from__in=terms
    )
    return funds.balances_of(entries.exclude(pk__in=within.values("pk")))


def _with_balance(one: Figures, balance: Balance) -> Figures:
    return replace(
        one,
        arrived=one.arrived + balance.arrived,
        carried_in=one.carried_in + balance.carried_in,
        carried_out=one.carried_out + balance.carried_out,
        paid=one.paid + balance.spent - balance.returned,
        under_way=one.under_way + balance.under_way,
        available=one.available + balance.available,
    )


def _with_piece(one: Figures, piece: Piece, today: date) -> Figures:
    weight = piece.amount_fen * piece.days(today)
    if piece.paid_on:
        return replace(one, settled=one.settled + piece.amount_fen, settled_days=one.settled_days + weight)
    oldest = min(one.oldest or piece.arrived_on, piece.arrived_on)
    return replace(one, lying=one.lying + piece.amount_fen, lying_days=one.lying_days + weight, oldest=oldest)


def _with_sums(found: dict[Fund, Figures]) -> Iterator[Figures]:
    order = list(Payer.values)
    for program in dict.fromkeys(program for program, _payer in found):
        parts = sorted((one for one in found.values() if one.program == program), key=lambda p: order.index(p.payer))
        whole = Figures(program, "")
        for part in parts:
            days = [day for day in (whole.oldest, part.oldest) if day]
            whole = replace(
                whole,
                **{name: getattr(whole, name) + getattr(part, name) for name in _SUMMED},
                oldest=min(days, default=None),
            )
        yield whole
        yield from parts


_SUMMED = (
    "allotted", "arrived", "carried_in", "carried_out", "paid", "under_way", "available", "settled", "settled_days",
    "lying", "lying_days",
)  # fmt: skip


def pieces(terms: Sequence[Term]) -> list[Piece]:
    """Every fen of the period's funds with the day when it arrived and the day when it reached a card, if it did."""
    wanted = {term.pk for term in terms}
    known = _with_earlier(terms)
    came, went = _came(known), _went(known)
    carried: dict[tuple[str, Fund], list[Quota]] = defaultdict(list)
    for quota in Quota.objects.filter(kind=QuotaKind.CARRIED, carried_from__in=known).order_by("pk"):
        carried[str(quota.carried_from_id), (quota.program_id, quota.payer)].append(quota)
    found: list[Piece] = []
    for term in known:
        for fund in sorted({fund for code, fund in came if code == term.pk}):
            lots = _Lots(came[term.pk, fund])
            for paid_on, batch, fen in sorted(went[term.pk, fund]):
                found += (replace(lot, batch=batch, paid_on=paid_on) for lot in lots.take(fen))
            for quota in carried[term.pk, fund]:
                came[quota.term_id, fund] += (
                    replace(lot, term=quota.term_id, quota=lot.quota) for lot in lots.take(quota.amount_fen)
                )
            found += lots.left
    return [piece for piece in found if piece.term in wanted]


def _with_earlier(terms: Sequence[Term]) -> list[Term]:
    """These terms and those whose money was carried over to them, however often, by their first day."""
    codes = {term.pk for term in terms}
    from_to = set(Quota.objects.filter(kind=QuotaKind.CARRIED).values_list("carried_from", "term").distinct())
    while more := {before for before, after in from_to if after in codes} - codes:
        codes |= more
    return list(Term.objects.filter(code__in=codes).order_by("starts_on"))


def _came(terms: Sequence[Term]) -> defaultdict[tuple[str, Fund], list[Piece]]:
    """What arrived on the account by itself, by term and fund."""
    found: defaultdict[tuple[str, Fund], list[Piece]] = defaultdict(list)
    arrivals = Arrival.objects.filter(quota__term__in=terms, withdrawn_at=None).order_by("arrived_on", "pk")
    for program, payer, term, quota, day, fen in arrivals.values_list(
        "quota__program", "quota__payer", "quota__term", "quota", "arrived_on", "amount_fen"
    ):
        found[term, (program, payer)].append(Piece(program, payer, term, quota, day, fen))
    back = LedgerEntry.objects.filter(term__in=terms, kind=EntryKind.RECOVERED).order_by("receipt__received_on", "pk")
    for program, payer, term, day, fen in back.values_list(
        "program", "payer", "term", "receipt__received_on", "amount_fen"
    ):
        found[term, (program, payer)].append(Piece(program, payer, term, None, day, fen))
    return found


def _went(terms: Sequence[Term]) -> defaultdict[tuple[str, Fund], list[tuple[date, int, int]]]:
    """What reached cards and did not come back: day, batch and fen, by term and fund."""
    shares = funds.shares_by_batch(BatchShare.objects.filter(batch__term__in=terms))
    sums: defaultdict[tuple[str, Fund, date, int], int] = defaultdict(int)
    paid = Payment.objects.arrived().filter(batch__term__in=terms).order_by()
    for program, term, batch, day, fen, times in paid.values_list(
        "batch__program", "batch__term", "batch", "paid_on", "amount_fen"
    ).annotate(times=Count("pk")):
        for payer, part in split_fen(fen, shares[batch]).items() if batch in shares else ():
            sums[term, (program, payer), day, batch] += part * times
    found: defaultdict[tuple[str, Fund], list[tuple[date, int, int]]] = defaultdict(list)
    for (term, fund, day, batch), fen in sums.items():
        found[term, fund].append((day, batch, fen))
    return found


class _Lots:
    """Money on an account, the oldest first."""

    def __init__(self, lots: Iterable[Piece]) -> None:
        self.left = sorted(lots, key=lambda lot: (lot.arrived_on, lot.quota or 0))

    def take(self, fen: int) -> list[Piece]:
        """The oldest fen, as many as are asked for and there."""
        taken = []
        while fen and self.left:
            lot = self.left[0]
            part = min(fen, lot.amount_fen)
            taken.append(replace(lot, amount_fen=part))
            fen -= part
            if part == lot.amount_fen:
                self.left.pop(0)
            else:
                self.left[0] = replace(lot, amount_fen=lot.amount_fen - part)
        return taken
