"""Figures of a table that are other now than in the report that was handed in: not whose awards, but which numbers.

An award may be what it was while the table is not: a school moved to another town, finance allotted more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from common import money
from reports.counting import Column
from reports.grids import grid
from reports.handed_in import figures_of
from reports.models import HandedIn


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One number of a table as it was handed in and as it is now; money in fen, None where nothing was said."""

    row: str
    column: str
    what: str
    was: int | None
    now: int | None
    is_money: bool = False

    @property
    def was_words(self) -> str:
        return self._words(self.was)

    @property
    def now_words(self) -> str:
        return self._words(self.now)

    def _words(self, number: int | None) -> str:
        if number is None:
            return "—"
        return money.yuan(number) if self.is_money else f"{number:,}"


def changes(report: HandedIn) -> list[FigureChange]:
    """Every number that differs, in the order of the report. Columns that only one of the two has say nothing."""
    return list(_changes(report.figures, figures_of(grid(report.layout, report.scope))))


def _changes(was: dict[str, Any], now: dict[str, Any]) -> Iterator[FigureChange]:
    before, after = _by_row(was), _by_row(now)
    labels = _labels(now) | _labels(was)
    there = _columns(now)
    shared = [column for column in _columns(was) if column in there]
    names = [(_("人数"), False), (_("人次"), False), (_("金额（元）"), True)]
    for key in [*before, *(key for key in after if key not in before)]:
        label = labels[key]
        olds, news = _figures(was, before.get(key)), _figures(now, after.get(key))
        for column in shared:
            pairs = zip(names, olds.get(column, _NONE), news.get(column, _NONE), strict=True)
            for (what, is_money), old, new in pairs:
                if old != new:
                    yield FigureChange(label, str(column), what, old, new, is_money)
            if not column.is_part:
                given, gives = (_allotted(lines.get(key), column.scope) for lines in (before, after))
                if given != gives:
                    yield FigureChange(label, str(column), _("财政下达（元）"), given, gives, is_money=True)


_NONE = (0, 0, 0)


def _columns(figures: dict[str, Any]) -> list[Column]:
    return [Column(*column) for column in figures["columns"]]


def _labels(figures: dict[str, Any]) -> dict[str, str]:
    """What each line is called; a part with the row that it is a part of."""
    found, outer = {}, ""
    for key, line in _by_row(figures).items():
        outer = outer if line["is_part"] else line["label"]
        found[key] = f"{outer} · {line['label']}" if line["is_part"] else line["label"]
    return found


def _by_row(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Lines by what narrows each: names of schools and programs may change, the figures stand."""
    return {
        "&".join(f"{name}={word}" for name, word in sorted(line["words"].items())): line for line in figures["lines"]
    }


def _allotted(line: dict[str, Any] | None, scope: str) -> int | None:
    return line["allotted"].get(scope) if line else None


def _figures(table: dict[str, Any], line: dict[str, Any] | None) -> dict[Column, list[int]]:
    return dict(zip(_columns(table), line["figures"], strict=True)) if line else {}
