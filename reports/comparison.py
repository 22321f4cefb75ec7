"""Two terms or years of one table side by side."""

from collections.abc import Iterator
from dataclasses import dataclass

from reports import grids, layouts
from reports.counting import Column
from reports.grids import Cell
from reports.layouts import Row


@dataclass(frozen=True, slots=True)
class Pair:
    """A row in both scopes: each figure opens its own names."""

    row: Row
    earlier: Cell
    later: Cell

    @property
    def measures(self) -> Iterator["Measure"]:
        """People, awards, money: both figures and their difference."""
        one, other = self.earlier, self.later
        yield Measure(one.count.people, other.count.people, one.selection.people_url, other.selection.people_url)
        yield Measure(one.count.awards, other.count.awards, one.selection.url, other.selection.url)
        yield Measure(one.count.amount_fen, other.count.amount_fen, one.selection.url, other.selection.url, True)


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure in both scopes."""

    earlier: int
    later: int
    earlier_url: str
    later_url: str
    is_money: bool = False

    @property
    def difference(self) -> int:
        return self.later - self.earlier

    @property
    def percent(self) -> str:
        """How much more or less, in parts of the earlier figure; a dash where that was nothing."""
        if not self.earlier:
            return "—"
        return f"{self.difference * 100 / self.earlier:+.1f}%"


def compare(layout: str, earlier: str, later: str, *, fold: str | None = None) -> list[Pair]:
    """The rows of a table that one of the two has, in their order, the total last; `fold` as a table takes it."""
    one, other = (grids.grid(layout, scope, fold=fold, only_whole=True) for scope in (earlier, later))
    there = {line.row.key for grid in (one, other) for line in grid.lines}
    rows = {line.row.key: line.row for grid in (one, other) for line in grid.lines}
    order = [row.key for row in layouts.shape(layout, [], fold=fold).rows()]
    pairs = []
    for key in order:
        if key in there:
            row = rows[key]
            cells = [Cell(row, Column(grid.scope), grid.count(**row.words)) for grid in (one, other)]
            pairs.append(Pair(row, *cells))
    return pairs


def before(scope: str, known: list[str]) -> str:
    """What a term or year is best seen beside: the same of a year before, else the one before or after it."""
    alike = sorted((code for code in known if len(code) == len(scope) and code != scope), key=_in_time)
    if (a_year_ago := _a_year_before(scope)) in alike:
        return a_year_ago
    earlier = [code for code in alike if _in_time(code) < _in_time(scope)]
    return earlier[-1] if earlier else alike[0] if alike else scope


def _a_year_before(scope: str) -> str:
    if "-" in scope:
        return f"{int(scope[:4]) - 1}-{scope[:4]}"
    return f"{int(scope[:4]) - 1}{scope[4:]}"


def _in_time(scope: str) -> tuple[str, bool]:
    """Spring comes before the autumn of its year, whatever the letters say."""
    return scope[:4], scope.endswith("A")
