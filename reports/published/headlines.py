"""The total at the head of a summary beside the lines beneath it.

A total may leave out a program or take in one that gets no line, so that it differs from their sum is no contradiction
by itself. It is one where either heads or money is the sum of the lines and the other is not; or where both are near
it, one above and one below: small lines aside, no choice of them, and none that is missing, gives such a pair.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from reports.published import topics
from reports.published.entries import Entry, Period
from reports.published.figures import Figure
from reports.published.periods import Year
from reports.published.terms import Rule, Term, Values, total

_NEAR, _SMALL = Decimal("0.1"), Decimal("0.01")
"""Shares of a headline."""
_DOUBT, _DOUBT_OF_SOME = 0.03, 0.4
_MOST_LEFT_OUT = 2
_FEW = 4
"""Of fewer lines none is taken to be left out."""
_MOST_LINES = 16
_MOST_JUDGED = 5
"""Of so many headlines all choices of lines are tried; a summary has one or two."""


@dataclass(frozen=True, slots=True)
class Total:
    """A headline and the lines beneath it. It has terms where some of the lines are seen to make it."""

    head: Entry
    lines: tuple[Entry, ...]
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A figure of a headline that no choice of its lines gives, and what all of them give."""

    figure: Figure
    lines: tuple[Figure, ...]
    sum_of_lines: Decimal


def totals(entries: Sequence[Entry], values: Values) -> list[Total]:
    """The headlines of a text, for all children and for the registered poor among them."""
    found = []
    for head in entries:
        if not _is_headline(head, entries):
            continue
        below = [line for line in entries if _is_below(line, head)]
        poor = [part for part in head.parts if part.heads and part.money and topics.is_poor(part)][:1]
        for entry, only_poor in [(head, False), *((part, True) for part in poor)]:
            lines = _lines(below, poor=only_poor)
            sections = {line.section for line in lines}
            is_rough = entry.is_rough or any(line.is_rough for line in lines)
            if len(lines) <= _MOST_LINES and len(sections) > 1 and not is_rough:
                found.append(Total(entry, tuple(lines), _terms(entry, lines, values)))
    return found


def contradictions(totals: Sequence[Total], years: Sequence[Year], values: Values) -> Iterator[Contradiction]:
    """Headlines that neither are the sum of their lines nor can be, by the figures as they are read now."""
    doubtful = [given for given in totals if not given.terms and not _terms(given.head, given.lines, values)]
    for crossed in [given for given in doubtful if _is_crossed(given, years, values)][:_MOST_JUDGED]:
        yield from _judged(crossed, years, values)


def _is_headline(entry: Entry, entries: Sequence[Entry]) -> bool:
    """The first line of its section, before any part of it, with heads that may be added and money."""
    if entry.whole or not (entry.heads and entry.money) or entry.is_rough or not entry.heads.counts_visits:
        return False
    if topics.compares(entry) or topics.stages(entry):
        return False
    first = next((line for line in entries if line.section[: len(entry.section)] == entry.section), None)
    return first is entry


def _is_below(line: Entry, head: Entry) -> bool:
    depth = len(head.section)
    return len(line.section) > depth and line.section[:depth] == head.section and not line.is_bracketed


def _lines(below: Sequence[Entry], *, poor: bool) -> list[Entry]:
    """The lines that a total of the year is made of; of a section without any, those of its terms."""
    found = []
    for section in dict.fromkeys(line.section for line in below):
        mine = [line for line in below if line.section == section and _counts(line, poor=poor)]
        found += [line for line in mine if line.period is Period.YEAR] or mine
    return found


def _counts(line: Entry, *, poor: bool) -> bool:
    return bool(line.heads and line.money) and (topics.is_poor(line) if poor else line.whole is None)


def _terms(head: Entry, lines: Sequence[Entry], values: Values) -> tuple[Term, ...]:
    """What has to hold between a headline and the fewest lines left out with which heads or money are their sum.

    Where the other one is the sum of another choice of lines, the headline counts a program with its heads or its money
    alone, and only what holds is left.
    """
    for chosen in _choices(lines, min(_MOST_LEFT_OUT, max(0, len(lines) - _FEW + 1))):
        terms = _of(head, chosen, doubt=_DOUBT if len(chosen) == len(lines) else _DOUBT_OF_SOME)
        holding = tuple(term for term in terms if term.holds(values))
        if holding:
            return holding if _each_is_some_sum(head, lines, values) else terms
    return ()


def _choices(lines: Sequence[Entry], most_left_out: int) -> Iterator[Sequence[Entry]]:
    """All lines first, and then those that remain when one, two or more are left out."""
    for left_out in range(most_left_out + 1):
        for out in combinations(range(len(lines)), left_out):
            yield [line for place, line in enumerate(lines) if place not in out]


def _each_is_some_sum(head: Entry, lines: Sequence[Entry], values: Values) -> bool:
    """Whether heads and money each are the sum of most of the lines, if not of the same ones."""
    found: set[Figure] = set()
    for chosen in _choices(lines, min(_MOST_LEFT_OUT + 1, len(lines) - 2)):
        found |= {term.figures[0] for term in _of(head, chosen, doubt=_DOUBT_OF_SOME) if term.holds(values)}
    return {head.heads, head.money} <= found


def _of(head: Entry, lines: Sequence[Entry], *, doubt: float) -> tuple[Term, ...]:
    assert head.heads  # noqa: S101 - headlines and their lines have both
    assert head.money  # noqa: S101
    heads = [line.heads for line in lines if line.heads]
    of_heads = doubt if all(figure.counts_visits for figure in heads) else _DOUBT_OF_SOME
    return (
        total(Rule.HEADLINE, head.heads, heads, doubt=of_heads),
        total(Rule.HEADLINE, head.money, [line.money for line in lines if line.money], doubt=doubt),
    )


def _is_crossed(given: Total, years: Sequence[Year], values: Values) -> bool:
    """Whether the sums of the lines are near the headline, one above it and one below, with the small lines or without.

    A small line may stand outside its headline, and a small program without a line of its own inside it.
    """
    people, money, heads, amounts = _compared(given, years, values)
    pairs = [(one, other) for (_, one), (_, other) in zip(heads, amounts, strict=True)]
    large = [pair for pair in pairs if pair[0] > _SMALL * people or pair[1] > _SMALL * money]
    return len(pairs) >= _FEW and all(_cross(lines, people, money) for lines in (pairs, large))


def _cross(lines: Sequence[tuple[Decimal, Decimal]], people: Decimal, money: Decimal) -> bool:
    by_heads = people - sum((heads for heads, _amount in lines), Decimal(0))
    by_money = money - sum((amount for _heads, amount in lines), Decimal(0))
    is_near = abs(by_heads) <= _NEAR * people and abs(by_money) <= _NEAR * money
    return is_near and by_heads * by_money < 0


def _judged(given: Total, years: Sequence[Year], values: Values) -> Iterator[Contradiction]:
    head = given.head
    assert head.heads  # noqa: S101 - headlines have both
    assert head.money  # noqa: S101
    people, money, heads, amounts = _compared(given, years, values)
    slack = head.money.step + sum((figure.step for figure, _amount in amounts), Decimal(0))
    pairs = [(one, other) for (_, one), (_, other) in zip(heads, amounts, strict=True)]
    if not _some_choice_fits(pairs, people, money, slack):
        yield Contradiction(head.heads, tuple(figure for figure, _ in heads), _sum(heads))
        yield Contradiction(head.money, tuple(figure for figure, _ in amounts), _sum(amounts))


_Valued = list[tuple[Figure, Decimal]]


def _compared(given: Total, years: Sequence[Year], values: Values) -> tuple[Decimal, Decimal, _Valued, _Valued]:
    """The headline's heads and money, and those of its lines."""
    assert given.head.heads  # noqa: S101 - headlines have both
    assert given.head.money  # noqa: S101
    heads = [(line.heads, values[line.heads]) for line in given.lines if line.heads]
    amounts = [(line.money, _finest(line, years, values)) for line in given.lines if line.money]
    return values[given.head.heads], values[given.head.money], heads, amounts


def _finest(line: Entry, years: Sequence[Year], values: Values) -> Decimal:
    """The line's money as its terms give it, which is less rounded than the year's."""
    assert line.money  # noqa: S101 - lines have both
    money = values[line.money]
    for year in years:
        if year.year is line and year.spring.money and year.autumn.money:
            both = values[year.spring.money] + values[year.autumn.money]
            if abs(both - money) < line.money.step:
                return both
    return money


def _sum(given: Iterable[tuple[Figure, Decimal]]) -> Decimal:
    return sum((value for _figure, value in given), Decimal(0))


def _some_choice_fits(
    lines: Iterable[tuple[Decimal, Decimal]], people: Decimal, money: Decimal, slack: Decimal
) -> bool:
    """Whether some of the lines make the headline. Sums that come out alike are kept once, those above it never."""
    sums = {(Decimal(0), Decimal(0))}
    for heads, amount in lines:
        added = ((known + heads, one + amount) for known, one in sums)
        sums |= {(more, sum_) for more, sum_ in added if more <= people and sum_ < money + slack}
    return any(heads == people and abs(amount - money) < slack for heads, amount in sums)
