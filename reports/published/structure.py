"""What has to hold inside a line of aid and between lines that say the same: rates, parts, repeated figures."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import combinations

from reports.published import topics
from reports.published.entries import Entry, Period
from reports.published.figures import Figure
from reports.published.misprints import explain
from reports.published.periods import Year
from reports.published.terms import (
    HALF,
    ONE,
    TWO,
    Rule,
    Term,
    Values,
    equal,
    product,
    products,
    total,
    two_rates,
    within,
)

_OTHER_MEASURES = ("月", "天", "日", "餐", "周", "晚")
_NO_RATE_ALONE = re.compile(r"每月|按月|月每|每天|每日|个月|连续|停发|退回|扣除|平均")
"""Words by which money is more or less than heads × rate."""
_NO_PARTS_ALONE = re.compile(r"主要|重叠|重复|交叉|不含|[(，,)]含|(?:其余|另有?|等)(?![^，,。；;]*\d)")
"""Words by which a whole is more or less than the parts that are named."""
_LOOSE = ("等", "其他", "其它", "不同", "分别按", "档次", "至", "或", "上限", "配套")
_USUAL_REST = Decimal("0.5")
"""Parts that make more than this of their whole may leave out a smaller rest."""
_CLOSE = Decimal("0.05")
"""Numbers closer than this may well be two numbers: those found and those paid, say."""
_MOST_LINES = 40
"""Of a section with more lines in one term nothing is compared by place."""
_MOST_TOTALS = 200
_MOST_GROUPS = 5
"""Of children who share a rate in one sentence."""
_LONG_NAME = 8
_NAME = 5


def rate_terms(entries: Iterable[Entry]) -> list[Term]:
    """heads × rate = money, in the line itself; softly in its parts and in the other term's line of the section."""
    found = []
    lines = [entry for entry in entries if not entry.is_rough]
    for place, entry in enumerate(lines):
        rates = _comparable(entry.rates)
        if entry.heads and entry.money and rates:
            doubt = 0.8 if any(word in entry.words for word in _LOOSE) else 0.4
            some_have_another = any(part.rates and not part.money for part in entry.parts)
            soft = some_have_another or bool(_NO_RATE_ALONE.search(entry.sentence))
            others = _bare_before(lines[max(0, place - _MOST_GROUPS) : place], entry)
            found.append(_rate_term(entry, rates, doubt=doubt, soft=soft, others=others))
        for part in entry.parts:
            if rates and part.heads and part.money and not part.rates and not part.is_rough:
                found.append(_rate_term(part, rates, doubt=1.0, soft=True))
    return found + _inherited(lines)


def _bare_before(lines: Sequence[Entry], entry: Entry) -> list[Figure]:
    """The heads without money or rate that stand before an entry in its sentence, the nearest first."""
    found: list[Figure] = []
    for line in reversed(lines):
        is_beside = (line.line, line.sentence) == (entry.line, entry.sentence)
        if line.heads is None or line.money or line.rates or not is_beside:
            break
        found.append(line.heads)
    return found


def _comparable(rates: Sequence[Figure]) -> list[Figure]:
    if any(word in rate.basis for rate in rates for word in _OTHER_MEASURES):
        return []
    return [rate for rate in rates if rate.value > 0]


def _rate_term(
    entry: Entry, rates: Sequence[Figure], *, doubt: float, soft: bool, others: Sequence[Figure] = ()
) -> Term:
    assert entry.heads  # noqa: S101 - asked by every caller
    assert entry.money  # noqa: S101
    if len(rates) > 1:
        return two_rates(entry.heads, entry.money, rates, doubt=doubt, soft=True)
    factors = [ONE]
    if "年" in rates[0].basis and (entry.period is not Period.YEAR or entry.heads.counts_visits):
        factors.append(HALF)
    if entry.period in {Period.YEAR, Period.UNKNOWN}:
        factors.append(TWO)
    return product(entry.heads, rates[0], entry.money, factors=factors, doubt=doubt, soft=soft, others=others)


def _inherited(lines: Sequence[Entry]) -> list[Term]:
    """A line that names no rate may have that of its section, where no other is named.

    The people of a year have none: who came in both terms got it twice.
    """
    found = []
    for entry in lines:
        if entry.rates or not (entry.heads and entry.money) or (entry.whole and entry.whole.rates):
            continue
        if entry.period is Period.YEAR and not entry.heads.counts_visits:
            continue
        for other in lines:
            is_near = other.section == entry.section and other.period is not entry.period and not other.whole
            if is_near and len(rates := _comparable(other.rates)) == 1 and other.heads and other.money:
                found.append(_rate_term(entry, rates, doubt=1.0, soft=True))
    return found


def exact_money(terms: Iterable[Term], values: Values) -> set[Figure]:
    """Sums that are heads × rate to the yuan: they were not rounded when they were printed."""
    return {
        term.figures[0]
        for term in terms
        if term.rule is Rule.RATE and any(residual(values) == 0 for residual in (*term.residuals, *term.tolerated))
    }


def part_terms(entries: Sequence[Entry], values: Values, exact: set[Figure]) -> list[Term]:
    """Σ parts = whole, for heads and for money, and for heads by their rates; a part is no more than its whole."""
    kept = {entry for entry in entries if len(entry.parts) > 1 and _adds_up(entry, values)}
    found = []
    for entry in entries:
        if entry.is_rough or any(part.is_rough for part in entry.parts):
            continue
        found += _within_terms(entry)
        found += _counted_terms(entry, values, exact)
        for bracketed in (True, False):
            parts = [part for part in entry.parts if part.is_bracketed is bracketed]
            are_terms = len({part.period for part in parts}) > 1
            if len(parts) > 1 and not are_terms:
                found += _sums(entry, parts, kept, values, exact)
    return found


def _adds_up(entry: Entry, values: Values) -> bool:
    people = [part.heads for part in entry.parts if part.heads]
    return entry.heads is not None and bool(people) and sum(values[one] for one in people) == values[entry.heads]


def _sums(entry: Entry, parts: list[Entry], kept: set[Entry], values: Values, exact: set[Figure]) -> list[Term]:
    doubt = _doubt_of_parts(entry, parts, values)
    names = topics.names_of(parts)
    is_kept = any(other is not entry and topics.names_of(other.parts) == names for other in kept)
    if is_kept:
        doubt = min(doubt, 0.04)
    people = [part.heads for part in parts if part.heads]
    money = [part.money for part in parts if part.money]
    rated = [(part.heads, part.rates[0]) for part in parts if part.heads and len(_comparable(part.rates)) == 1]
    found = []
    if entry.heads and len(people) == len(parts):
        found.append(total(Rule.PARTS, entry.heads, people, doubt=doubt))
    if entry.money and len(money) == len(parts):
        found.append(total(Rule.PARTS, entry.money, money, doubt=doubt, exact=exact))
    if entry.money and len(rated) == len(parts):
        found.append(products(entry.money, rated, doubt=max(doubt, 0.4)))
    holding = [term for term in found if term.holds(values)]
    if _NO_PARTS_ALONE.search(entry.sentence):
        return holding
    if holding and len(found) > 1:
        return [_surer(term) for term in found]
    is_whole = is_kept or len(rated) == len(parts) or topics.are_of_one_family(parts)
    return found if is_whole else holding


def _doubt_of_parts(entry: Entry, parts: list[Entry], values: Values) -> float:
    """How easily parts are not all there are, or overlap. Something small that is not named is the usual case."""
    is_bare_bracket = parts[0].is_bracketed and "其中" not in parts[0].label
    if topics.are_all_of_a_family(parts, is_bracketed=is_bare_bracket):
        return 0.1
    people = [values[part.heads] for part in parts if part.heads]
    share = sum(people) / values[entry.heads] if entry.heads and values[entry.heads] else Decimal(0)
    if _USUAL_REST <= share < 1:
        return 1.0
    if topics.are_of_one_family(parts):
        return 0.2 if share > 1 else 0.5
    return 0.6


def _counted_terms(entry: Entry, values: Values, exact: set[Figure]) -> list[Term]:
    """A total at the end of its sentence is the sum of what stands before; how far back the list begins may be open."""
    parts, found = entry.sums, []
    if any(part.is_rough for part in parts):
        return []
    for first in range(len(parts) - 1):
        rows = parts[first:]
        people, money = [row.heads for row in rows if row.heads], [row.money for row in rows if row.money]
        rated = [(row.heads, row.rates[0]) for row in rows if row.heads and len(_comparable(row.rates)) == 1]
        if entry.heads and len(people) == len(rows):
            found.append(total(Rule.PARTS, entry.heads, people, doubt=0.3))
        if entry.money and len(money) == len(rows):
            found.append(total(Rule.PARTS, entry.money, money, doubt=0.3, exact=exact))
        if entry.money and len(rated) == len(rows):
            found.append(products(entry.money, rated, doubt=0.3))
    return [term for term in found if term.holds(values)] or found[:1]


def _surer(term: Term) -> Term:
    """The other sum over the same parts holds, so nothing is left out of them."""
    return Term(term.rule, term.figures, 0.02, term.is_soft, term.residuals, term.slack, term.check)


def _within_terms(entry: Entry) -> list[Term]:
    """Only the part that follows 其中 at once surely belongs to the whole."""
    part = next((part for part in entry.parts if part.heads), None)
    if part is None or not entry.heads or not part.heads or part.heads.is_about or entry.heads.is_about:
        return []
    is_sure = (
        part.sentence == entry.sentence
        and part.heads.counts_visits == entry.heads.counts_visits
        and "其中" in part.label.partition("|")[0]
        and topics.count_one_kind(part, entry)
    )
    return [within(part.heads, entry.heads, doubt=0.04 if is_sure else 0.5, soft=not is_sure)]


def repeated_terms(entries: Sequence[Entry]) -> list[Term]:
    """Figures that the text gives twice: within a section by the pattern of the other term, and across sections."""
    lines = [entry for entry in entries if entry.heads and not entry.heads.is_about]
    return _by_pattern(lines) + _across(lines)


def _by_pattern(lines: Sequence[Entry]) -> list[Term]:
    """Where spring gives one number twice, autumn's two in the same places are one number as well."""
    found: dict[frozenset[Figure], Term] = {}
    for section in dict.fromkeys(line.section for line in lines):
        spring, autumn = (
            [line for line in lines if line.section == section and line.period is period]
            for period in (Period.SPRING, Period.AUTUMN)
        )
        if len(spring) != len(autumn) or len(spring) > _MOST_LINES:
            continue
        for one, other in combinations(range(len(spring)), 2):
            for model, copy in ((spring, autumn), (autumn, spring)):
                if _say_the_same(model[one], model[other]) and _have_one_name(copy[one], copy[other]):
                    left, right = copy[one].heads, copy[other].heads
                    assert left  # noqa: S101 - lines have heads
                    assert right  # noqa: S101
                    soft = not topics.share(copy[one].label, copy[other].label, _LONG_NAME)
                    found.setdefault(frozenset({left, right}), equal(left, right, doubt=0.5, soft=soft))
    return list(found.values())


def _say_the_same(one: Entry, other: Entry) -> bool:
    assert one.heads  # noqa: S101 - lines have heads
    assert other.heads  # noqa: S101
    return one.heads.value == other.heads.value and one.heads.value >= 100 and _have_one_name(one, other)


def _have_one_name(one: Entry, other: Entry) -> bool:
    return topics.share(one.label, other.label, _NAME)


def _across(lines: Sequence[Entry]) -> list[Term]:
    """A total of four digits or more that comes again elsewhere, under the same name and for the same period."""
    large = [line for line in lines if line.heads and line.heads.value >= 1_000 and not topics.compares(line)]
    found = []
    for one, other in combinations(large[:_MOST_TOTALS], 2):
        if one.line == other.line or one.period is not other.period or one.period is Period.UNKNOWN:
            continue
        left, right = one.heads, other.heads
        assert left  # noqa: S101 - large lines have heads
        assert right  # noqa: S101
        is_far = abs(left.value - right.value) > _CLOSE * max(left.value, right.value)
        is_misprint = is_far and explain(left, right.value).chance <= 0.005
        if left.counts_visits is not right.counts_visits or not (left.value == right.value or is_misprint):
            continue
        if _are_one_total(one, other):
            found.append(equal(left, right, doubt=0.3, soft=False))
    return found


def _are_one_total(one: Entry, other: Entry) -> bool:
    is_one_year = not one.year or not other.year or one.year == other.year
    both_general = not topics.stages(one) and not topics.stages(other)
    both_bare = topics.programs(one) == topics.programs(other)
    return is_one_year and both_general and both_bare and _have_one_name(one, other)


def all_terms(entries: Sequence[Entry], values: Values, exact: set[Figure], years: Sequence[Year]) -> list[Term]:
    """Every term of the text but the rates and the headline."""
    found = [*part_terms(entries, values, exact), *repeated_terms(entries)]
    return found + [term for year in years for term in year.terms]
