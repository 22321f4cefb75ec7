"""What a rule of cross-footing is, what rules share, and what one of them finds (reports.crossfooting runs them)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from reports import recount
from reports.choices import Layout
from reports.grids import Grid, grid
from reports.recount import Astray, Facts, Sums, Twice
from reports.scopes import terms_of
from schools.models import Term

PEOPLE, AWARDS, FEN = "people", "awards", "fen"
UNITS = {PEOPLE: _("人数"), AWARDS: _("人次"), FEN: _("金额")}
SHOWN = 20
"""Comparisons that fail, and rows that differ, of one rule that a page lists."""
HOLDING = 6
"""Comparisons of one rule that a page lists though they hold."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The figure of a table or of what was signed, and the same counted otherwise; as a limit, what it is at most."""

    what: str
    left: int
    right: int
    unit: str
    is_limit: bool = False
    left_url: str = ""

    @property
    def unit_name(self) -> str:
        return str(UNITS[self.unit])

    @property
    def holds(self) -> bool:
        return self.left <= self.right if self.is_limit else self.left == self.right


@dataclass(frozen=True)
class Outcome:
    """What a rule found."""

    rule: "Rule"
    comparisons: list[Comparison]
    astray: list[Astray]

    @property
    def holds(self) -> bool:
        return all(comparison.holds for comparison in self.comparisons)

    @property
    def failing(self) -> int:
        return sum(not comparison.holds for comparison in self.comparisons)

    @property
    def shown(self) -> list[Comparison]:
        """The first that fail, then some that hold."""
        failing = [comparison for comparison in self.comparisons if not comparison.holds]
        holding = [comparison for comparison in self.comparisons if comparison.holds]
        return failing[:SHOWN] + holding[:HOLDING]

    @property
    def rows(self) -> list[Astray]:
        """The first rows that differ; none where nothing fails."""
        return [] if self.holds else self.astray[:SHOWN]

    @property
    def more(self) -> int:
        return 0 if self.holds else max(len(self.astray) - SHOWN, 0)


@dataclass
class Found:
    """What a rule writes down while it counts."""

    comparisons: list[Comparison] = field(default_factory=list)
    astray: list[Astray] = field(default_factory=list)

    def equal(self, what: str, left: int, right: int, unit: str, url: str = "") -> None:
        self.comparisons.append(Comparison(what, left, right, unit, left_url=url))

    def at_most(self, what: str, left: int, right: int, unit: str, url: str = "") -> None:
        self.comparisons.append(Comparison(what, left, right, unit, is_limit=True, left_url=url))

    def name(self, rows: Iterable[Astray | None]) -> None:
        self.astray += [row for row in rows if row is not None]


class Work:
    """What the rules of one look share: each table and the awards one by one are counted once."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.terms: list[Term] = terms_of(scope)
        self._grids: dict[str, Grid] = {}

    def grid(self, layout: str) -> Grid:
        if layout not in self._grids:
            self._grids[layout] = grid(layout, self.scope)
        return self._grids[layout]

    @cached_property
    def awards(self) -> list[Twice]:
        return list(recount.awards_of(self.scope))

    def own(self, key: Callable[[Facts], Any]) -> Sums:
        return recount.by(key, (award.own for award in self.awards))

    def rests_on(self, key: Callable[[Facts], Any]) -> Sums:
        return recount.by(key, (award.rests_on for award in self.awards))

    def astray(self, *names: str) -> Iterator[Astray | None]:
        return (award.astray("counts", *names) for award in self.awards)


@dataclass(frozen=True)
class Rule:
    """A rule by its number in the office's list, in words."""

    number: int
    title: Any
    words: Any
    count: Callable[[Work, Found], None]

    def run(self, work: Work) -> Outcome:
        found = Found()
        self.count(work, found)
        return Outcome(self, found.comparisons, found.astray)


RULES: list[Rule] = []
"""Those that were imported so far, by number."""


def rule(number: int, *, title: Any, words: Any) -> Callable[[Callable[[Work, Found], None]], Rule]:
    """Register a function that counts both sides."""

    def register(count: Callable[[Work, Found], None]) -> Rule:
        RULES.append(Rule(number, title, words, count))
        RULES.sort(key=lambda each: each.number)
        return RULES[-1]

    return register


def three(found: Found, what: str, cell: Any, sums: Sums, key: Any, *, people: bool = True) -> None:
    """A figure of a table beside the same one counted otherwise."""
    count, url = cell.count, cell.selection.url
    if people:
        found.equal(what, count.people, sums.people(key), PEOPLE, f"{url}&tab=people")
    found.equal(what, count.awards, sums.awards[key], AWARDS, url)
    found.equal(what, count.amount_fen, sums.fen[key], FEN, url)


LAYOUTS = list(Layout)
