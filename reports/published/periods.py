"""Which lines of spring and autumn make a line of the year: 春 + 秋 = 年.

The prose names no keys. Two lines belong to one of the year when heads and money add up; when only one of the two
does, the other contradicts. People (人, 名) may be the same in both terms: only 人次 must add up, and
where the text adds people elsewhere too, their sum is doubted more.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from itertools import product as pairs_of

from reports.published import topics
from reports.published.entries import Entry, Period
from reports.published.figures import Figure, Kind
from reports.published.terms import Rule, Term, Values, one_rate, total

_MATCHED, _HALF, _BY_PLACE, _PEOPLE = 0.01, 0.02, 0.5, 0.3
_MOST_NEAR = 20
"""More lines of one term in one section are not a section."""
_TELLING = 20
"""A number of people below this adds up by accident too often to tie lines together."""

_OTHER_MONEY = re.compile(r"补发|退回|结转")
_MOST_NAMED = 8
"""Of more parts in a sentence some one is the rest by accident."""


@dataclass(frozen=True, slots=True)
class Year:
    """A line of the year and the lines of its terms."""

    spring: Entry
    autumn: Entry
    year: Entry
    terms: tuple[Term, ...]


def years(entries: list[Entry], values: Values, exact: set[Figure]) -> list[Year]:
    """Every line of the year whose terms are found, with what has to hold between them."""
    lines = [entry for entry in entries if not entry.is_bracketed and not entry.is_rough]
    search = _Search(lines, _named(entries), values, exact)
    found = [_with_per_head(year, values) for year in search.all()]
    return found + [split for year in found for split in _splits(year, exact)]


def _with_per_head(year: Year, values: Values) -> Year:
    lines = [year.spring, year.autumn]
    if not _may_be_the_same(year.spring, year.autumn, year.year, values):
        lines.append(year.year)
    pairs = [(line.heads, line.money) for line in lines if line.heads and line.money]
    softly = tuple(one_rate(one, other) for one, other in combinations(pairs, 2))
    return Year(year.spring, year.autumn, year.year, (*year.terms, *softly))


_Named = dict[tuple[int, str], list[Figure]]


def _named(entries: Iterable[Entry]) -> _Named:
    """The figures in brackets and after 其中, by their sentences."""
    found: _Named = {}
    for entry in entries:
        if entry.is_bracketed or entry.whole:
            found.setdefault((entry.line, entry.sentence), []).extend(filter(None, (entry.heads, entry.money)))
    return found


class _Search:
    def __init__(self, lines: list[Entry], named: _Named, values: Values, exact: set[Figure]) -> None:
        self._named, self._values, self._exact = named, values, exact
        self._of = {period: [line for line in lines if line.period is period] for period in Period}
        self._programs = {line: topics.programs(line) for line in lines}
        self._used: set[Entry] = set()
        self._adds_people = False

    def all(self) -> list[Year]:
        found = [year for line in self._of[Period.YEAR] if (year := self._whole_match(line))]
        self._adds_people = any(self._counts_people(year) for year in found)
        taken = {year.year for year in found}
        for line in self._of[Period.YEAR]:
            if line not in taken and (year := self._half_match(line)):
                found.append(year)
                taken.add(line)
        for line in self._of[Period.YEAR]:
            if line not in taken and (year := self._match_by_place(line)):
                found.append(year)
        return found

    @staticmethod
    def _counts_people(year: Year) -> bool:
        return bool(year.year.heads and not year.year.heads.counts_visits)

    def _candidates(self, line: Entry) -> Iterable[tuple[Entry, Entry]]:
        near = [
            [entry for entry in self._of[period] if entry.section == line.section and entry not in self._used]
            for period in (Period.SPRING, Period.AUTUMN)
        ]
        if not all(near):
            near = [
                [entry for entry in self._of[period] if entry not in self._used and self._is_like(entry, line)]
                for period in (Period.SPRING, Period.AUTUMN)
            ]
        for spring, autumn in pairs_of(*(entries[:_MOST_NEAR] for entries in near)):
            if _are_of_one_year(spring, autumn, line) and not self._disagree(spring, autumn, line):
                yield spring, autumn

    def _is_like(self, entry: Entry, line: Entry) -> bool:
        return self._programs[entry] == self._programs[line] and topics.stages(entry) == topics.stages(line)

    def _disagree(self, spring: Entry, autumn: Entry, line: Entry) -> bool:
        known = [self._programs[entry] for entry in (spring, autumn, line)]
        return any(topics.disagree(one, other) for one, other in combinations(known, 2))

    def _whole_match(self, line: Entry) -> Year | None:
        """Heads and money both add up."""
        if not (line.heads and line.money):
            return None
        best = None
        for spring, autumn in self._candidates(line):
            if not self._is_near(spring, autumn, line):
                continue
            terms = self._terms(spring, autumn, line, _MATCHED, _MATCHED)
            if len(terms) == 2 and all(term.holds(self._values) for term in terms):
                liking = self._liking(spring, autumn, line)
                if best is None or liking > best[0]:
                    best = liking, Year(spring, autumn, line, terms)
        return self._take(best[1]) if best else None

    def _is_near(self, spring: Entry, autumn: Entry, line: Entry) -> bool:
        """A first look, quicker than the terms: heads add up, or money does nearly."""
        if not (line.heads and line.money and spring.heads and spring.money and autumn.heads and autumn.money):
            return False
        given = self._values
        heads = given[spring.heads] + given[autumn.heads] - given[line.heads]
        money = given[spring.money] + given[autumn.money] - given[line.money]
        return heads == 0 or abs(money) * 20 <= given[line.money] or abs(money) < line.money.step

    def _half_match(self, line: Entry) -> Year | None:
        """One of the two adds up, and so says which lines belong together."""
        found: list[tuple[int, Year]] = []
        for spring, autumn in self._candidates(line):
            if not self._is_near(spring, autumn, line):
                continue
            terms = self._terms(spring, autumn, line, self._heads_doubt(spring, autumn, line, _HALF), _HALF)
            holding = [term.holds(self._values) for term in terms]
            is_telling = line.heads is not None and self._values[line.heads] >= _TELLING
            if len(terms) == 2 and any(holding) and is_telling and not self._is_of_several(spring, autumn, line):
                found.append((self._liking(spring, autumn, line), Year(spring, autumn, line, terms)))
        found.sort(key=lambda pair: -pair[0])
        if not found or (len(found) > 1 and found[0][0] == found[1][0]):
            return None
        return self._take(found[0][1])

    def _is_of_several(self, spring: Entry, autumn: Entry, line: Entry) -> bool:
        """Whether the money is that of several programs for the same children."""
        sums, several = [], False
        for entry in (spring, autumn):
            like = [
                other.money
                for other in self._of[entry.period]
                if other.money
                and other.heads
                and entry.heads
                and other.heads.value == entry.heads.value
                and other.section == entry.section
            ]
            sums.append(sum((self._values[money] for money in like), Decimal(0)))
            several = several or len(like) > 1
        return several and line.money is not None and abs(sum(sums) - self._values[line.money]) < line.money.step

    def _match_by_place(self, line: Entry) -> Year | None:
        """The only lines that are left of their section, in the same place of all three."""
        groups = [
            [entry for entry in self._of[period] if entry.section == line.section]
            for period in (Period.SPRING, Period.AUTUMN, Period.YEAR)
        ]
        if len({len(group) for group in groups}) != 1:
            return None
        place = groups[2].index(line)
        spring, autumn = groups[0][place], groups[1][place]
        if {spring, autumn} & self._used or topics.compares(line) or not _are_of_one_year(spring, autumn, line):
            return None
        if self._disagree(spring, autumn, line) or not _have_the_same(spring, autumn, line):
            return None
        doubt = _BY_PLACE / 2 if len({spring.line, autumn.line, line.line}) == 1 else _BY_PLACE
        terms = self._terms(spring, autumn, line, self._heads_doubt(spring, autumn, line, doubt), doubt)
        if len(terms) > 1 and not any(term.holds(self._values) for term in terms):
            return None
        return self._take(Year(spring, autumn, line, terms)) if terms else None

    def _take(self, year: Year) -> Year:
        self._used |= {year.spring, year.autumn}
        return year

    def _liking(self, spring: Entry, autumn: Entry, line: Entry) -> int:
        """How well the places and words of three lines agree."""
        places = {
            [entry for entry in self._of[line.period] if entry.section == line.section].index(line)
            for line in (spring, autumn, line)
        }
        words = [self._programs[entry] for entry in (spring, autumn, line)]
        return (4 - len(places)) * 2 + len(words[0] & words[2]) + len(words[1] & words[2])

    def _heads_doubt(self, spring: Entry, autumn: Entry, line: Entry, doubt: float) -> float:
        if not (spring.heads and autumn.heads and line.heads) or line.heads.counts_visits:
            return doubt
        if _may_be_the_same(spring, autumn, line, self._values):
            return max(doubt, _PEOPLE)
        return doubt if self._adds_people else max(doubt, 0.1)

    def _terms(self, spring: Entry, autumn: Entry, line: Entry, heads: float, money: float) -> tuple[Term, ...]:
        found = []
        if line.heads and spring.heads and autumn.heads:
            parts = [spring.heads, autumn.heads]
            soft = not self._adds_people and _may_be_the_same(spring, autumn, line, self._values)
            soft = soft or self._names_the_rest(line, line.heads, parts)
            found.append(total(Rule.TERMS, line.heads, parts, doubt=heads, is_soft=soft))
        if line.money and spring.money and autumn.money:
            parts = [spring.money, autumn.money]
            soft = any(_OTHER_MONEY.search(entry.sentence) for entry in (spring, autumn, line))
            soft = soft or self._names_the_rest(line, line.money, parts)
            found.append(total(Rule.TERMS, line.money, parts, doubt=money, exact=self._exact, is_soft=soft))
        return tuple(found)

    def _names_the_rest(self, line: Entry, whole: Figure, parts: list[Figure]) -> bool:
        """Whether the year says, in brackets or after 其中, what it counts besides its terms."""
        rest = self._values[whole] - sum(self._values[part] for part in parts)
        named = self._named.get((line.line, line.sentence), [])[:_MOST_NAMED]
        return any(figure.kind is whole.kind and abs(self._values[figure] - rest) < whole.step for figure in named)


def _may_be_the_same(spring: Entry, autumn: Entry, line: Entry, values: Values) -> bool:
    """Whether the year counts people, and fewer than its terms together: those of both terms may be counted once."""
    if not (spring.heads and autumn.heads and line.heads) or line.heads.counts_visits:
        return False
    terms = [values[spring.heads], values[autumn.heads]]
    return max(terms) <= values[line.heads] < sum(terms)


def _have_the_same(*entries: Entry) -> bool:
    return len({(entry.heads is None, entry.money is None) for entry in entries}) == 1


def _are_of_one_year(spring: Entry, autumn: Entry, line: Entry) -> bool:
    if any("学年" in words and "每学年" not in words for words in (line.sentence, *line.section)):
        return True
    return len({entry.year for entry in (spring, autumn, line) if entry.year}) <= 1


def _splits(year: Year, exact: set[Figure]) -> list[Year]:
    """The bracketed parts of the three lines, where they have the same names in the same order."""
    groups = [[part for part in entry.parts if part.is_bracketed] for entry in (year.spring, year.autumn, year.year)]
    if len({len(group) for group in groups}) != 1 or len(groups[0]) < 2:
        return []
    if len({topics.names_of(group) for group in groups}) != 1:
        return []
    found = []
    for spring, autumn, line in zip(*groups, strict=True):
        terms = []
        for kind in (Kind.PEOPLE, Kind.MONEY):
            figures = [e.heads if kind is Kind.PEOPLE else e.money for e in (line, spring, autumn)]
            whole, *parts = [figure for figure in figures if figure and not figure.is_about] or [None]
            if whole and len(parts) == 2 and (kind is Kind.MONEY or whole.counts_visits):
                terms.append(total(Rule.TERMS, whole, parts, doubt=_HALF * 2, exact=exact))
        found.append(Year(spring, autumn, line, tuple(terms)))
    return found
