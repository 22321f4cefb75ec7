"""What has to agree with what: each term is a sentence of arithmetic over figures of the text.

A term can say whether it holds, and what one of its figures would have to be for it to hold. `doubt` is how easily
the prose was misunderstood, so that the term need not hold at all (0–1). A soft term never accuses by itself; it
speaks for or against a reading.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from reports.published.figures import Figure, Kind
from reports.published.misprints import is_possible

Values = Mapping[Figure, Decimal]
HALF, ONE, TWO = Decimal("0.5"), Decimal(1), Decimal(2)


class Rule(StrEnum):
    """The cross-footing rules that a published text is held against."""

    TERMS = "terms"
    """春 + 秋 = 年"""
    PARTS = "parts"
    """Σ 其中 = whole"""
    WITHIN = "within"
    """其中 ≤ whole"""
    RATE = "rate"
    """heads × rate = money"""
    PER_HEAD = "per-head"
    """The same money for each child in two lines of a program."""
    RATES = "rates"
    """Σ heads × rate = money"""
    SPLIT = "split"
    """Two rates: the heads part into whole numbers."""
    REPEATED = "repeated"
    """The same figure in two places."""
    HEADLINE = "headline"
    """Headline = Σ lines"""


@dataclass(frozen=True, eq=False, slots=True)
class Term:
    rule: Rule
    figures: tuple[Figure, ...]
    doubt: float
    is_soft: bool
    residuals: tuple[Callable[[Values], Decimal], ...]
    """The term holds where one of them is zero; each is affine in each figure. Empty: it only says yes or no."""
    slack: Decimal
    """What rounding may hide: the residual stays below it."""
    check: Callable[[Values], bool] | None = None
    """For terms that only say yes or no."""
    tolerated: tuple[Callable[[Values], Decimal], ...] = ()
    """Ways in which the term may hold as well, but from which no reading is taken."""

    def holds(self, values: Values) -> bool:
        if self.check is not None:
            return self.check(values)
        rests = [abs(residual(values)) for residual in (*self.residuals, *self.tolerated)]
        return any(rest == 0 or rest < self.slack for rest in rests)

    def solved(self, figure: Figure, values: Values) -> list[Decimal]:
        """What the figure can be, everything else as it is; empty where nothing possible fits."""
        found = []
        for residual in self.residuals:
            at_zero = residual({**values, figure: Decimal(0)})
            slope = residual({**values, figure: ONE}) - at_zero
            if slope and is_possible(figure, -at_zero / slope):
                found.append(-at_zero / slope)
        return found


def total(
    rule: Rule,
    whole: Figure,
    parts: Sequence[Figure],
    *,
    doubt: float,
    exact: frozenset[Figure] | set[Figure] = frozenset(),
    is_soft: bool = False,
) -> Term:
    """`whole` is the sum of `parts`. `exact` are figures that another term shows to be unrounded."""

    def residual(values: Values) -> Decimal:
        return values[whole] - sum((values[part] for part in parts), Decimal(0))

    return Term(rule, (whole, *parts), doubt, is_soft, (residual,), _slack(whole, parts, exact))


def _slack(whole: Figure, parts: Sequence[Figure], exact: frozenset[Figure] | set[Figure]) -> Decimal:
    printed = [figure for figure in (whole, *parts) if not figure.is_incomplete]
    if not printed or all(figure.scale == 1 for figure in printed):
        return Decimal(0)
    finest = min(figure.step for figure in printed)
    loose = [part for part in parts if part not in exact and not part.is_incomplete]
    slack = Decimal(0)
    if whole.step > finest and not whole.is_incomplete:
        slack += whole.step
    for part in loose:
        if part.step > finest or part.step * 100 >= part.scale:
            slack += part.step / 2
    if loose and whole.step == finest and whole.step * 100 >= whole.scale and not whole.is_incomplete:
        slack += whole.step / 2
    return slack


def product(
    heads: Figure,
    rate: Figure,
    money: Figure,
    *,
    factors: Sequence[Decimal],
    doubt: float,
    soft: bool,
    others: Sequence[Figure] = (),
) -> Term:
    """heads × rate = money, for a rate of one term or of a year: any of the factors will do.

    `others` are heads that the money may have been paid to as well, the nearest first.
    """

    def residual(factor: Decimal, also: Sequence[Figure] = ()) -> Callable[[Values], Decimal]:
        return lambda values: values[money] - sum(values[one] for one in (heads, *also)) * values[rate] * factor

    slack = Decimal(0) if money.is_incomplete or money.scale == 1 else money.step
    if heads.scale > 1:
        slack += heads.step * rate.value
    if "均" in rate.basis:
        slack += heads.value * rate.step
    first, *tolerated = (residual(factor) for factor in factors)
    tolerated += [residual(ONE, others[:count]) for count in range(1, len(others) + 1)]
    return Term(Rule.RATE, (money, heads, rate), doubt, soft, (first,), slack, tolerated=tuple(tolerated))


def products(money: Figure, pairs: Sequence[tuple[Figure, Figure]], *, doubt: float) -> Term:
    """The sum over several groups, each with its own rate."""

    def residual(values: Values) -> Decimal:
        return values[money] - sum((values[heads] * values[rate] for heads, rate in pairs), Decimal(0))

    slack = Decimal(0) if money.is_incomplete or money.scale == 1 else money.step
    figures = (money, *(heads for heads, _rate in pairs), *(rate for _heads, rate in pairs))
    return Term(Rule.RATES, figures, doubt, False, (residual,), slack)


def two_rates(heads: Figure, money: Figure, rates: Sequence[Figure], *, doubt: float, soft: bool) -> Term:
    """The money parts into a whole number of heads at each of two rates; with more rates it lies between them."""

    def check(values: Values) -> bool:
        given = sorted({values[rate] for rate in rates})
        return any(_parts_whole(values[heads], values[money], given, factor) for factor in (ONE, HALF, TWO))

    def _parts_whole(people: Decimal, sum_: Decimal, given: Sequence[Decimal], factor: Decimal) -> bool:
        low, high = given[0] * factor, given[-1] * factor
        room = Decimal(0) if money.scale == 1 else money.step / 2
        if not low * people - room <= sum_ <= high * people + room:
            return False
        if len(given) != 2:
            return True
        gap = high - low
        first = ((sum_ - room - low * people) / gap).to_integral_value(ROUND_CEILING)
        return first * gap <= sum_ + room - low * people

    return Term(Rule.SPLIT, (heads, money, *rates), doubt, soft, (), Decimal(0), check)


def one_rate(one: tuple[Figure, Figure], other: tuple[Figure, Figure]) -> Term:
    """Two lines, each heads and money, come to the same for each child. Only ever soft: tiers may differ."""
    (heads, money), (other_heads, other_money) = one, other

    def residual(values: Values) -> Decimal:
        return values[money] * values[other_heads] - values[other_money] * values[heads]

    return Term(Rule.PER_HEAD, (money, heads, other_money, other_heads), 1.0, True, (residual,), Decimal(0))


def within(part: Figure, whole: Figure, *, doubt: float, soft: bool) -> Term:
    """A part is no more than its whole."""
    return Term(Rule.WITHIN, (part, whole), doubt, soft, (), Decimal(0), lambda values: values[part] <= values[whole])


def equal(one: Figure, other: Figure, *, doubt: float, soft: bool) -> Term:
    """Two places give the same figure."""
    finest = min(one.step, other.step)
    slack = Decimal(0) if one.step == other.step else max(one.step, other.step)
    slack = slack if one.kind is Kind.MONEY and slack > finest else Decimal(0)
    return Term(Rule.REPEATED, (one, other), doubt, soft, (lambda values: values[one] - values[other],), slack)
