"""A table of a layout over a term or year: rows, columns, figures. Pages, files and frozen reports take it here."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.functional import cached_property

from reports import allotments, layouts
from reports.choices import Layout
from reports.counting import Column, Counts, counts, key_of
from reports.layouts import Row
from reports.scopes import counted, terms_of
from reports.selections import ALL, NONE, REGISTERED_POOR, Count, Selection
from schools.models import term_name
from students.choices import CategoryGroup


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure, with its row and column."""

    row: Row
    column: Column
    count: Count

    @property
    def selection(self) -> Selection:
        """What it counts."""
        return Selection(self.column.scope, **self.column.words, **self.row.words)

    @property
    def is_part(self) -> bool:
        return self.column.is_part


@dataclass(frozen=True)
class Line:
    """A row with a figure for each column, and what was allotted by column where the layout says it."""

    row: Row
    cells: list[Cell]
    allotted: dict[str, int | None] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.row.label

    @property
    def is_part(self) -> bool:
        return self.row.is_part

    @property
    def is_total(self) -> bool:
        return self.row.is_total

    @property
    def columns(self) -> list[tuple[Cell, bool, int | None]]:
        """Each figure, whether what was allotted stands before it, and that."""
        return [
            (cell, not cell.is_part and bool(self.allotted), self.allotted.get(cell.column.scope))
            for cell in self.cells
        ]


@dataclass(frozen=True)
class Grid:
    """A table: rows by the layout, columns by term and who."""

    layout: str
    scope: str
    terms: list[str]
    """The terms and, of a year, the year itself; the scope alone where the columns are groups."""
    columns: list[Column]
    lines: list[Line]
    head: str
    known: Counts
    """Every figure, of the rows that are not shown too."""

    @property
    def title(self) -> str:
        return term_name(self.scope)

    @property
    def name(self) -> str:
        return str(Layout(self.layout).label)

    @property
    def has_allotted(self) -> bool:
        return self.layout == Layout.STAGES

    @property
    def has_groups(self) -> bool:
        return any(column.group for column in self.columns)

    @property
    def width(self) -> int:
        """Figures under one term: three for all, three for each part of it, and what was allotted."""
        return 3 * len(self.columns) // len(self.terms) + self.has_allotted

    def count(self, scope: str = "", who: str = ALL, **words: str) -> Count:
        """One figure, its row shown or not; of the scope itself where no term is named."""
        return self.known.get(key_of(words), Column(scope or self.scope, who))

    def cells(self) -> Iterator[Cell]:
        for line in self.lines:
            yield from line.cells

    @cached_property
    def total(self) -> Line:
        return next(line for line in self.lines if line.is_total)

    @property
    def whole(self) -> Cell:
        """All of the scope."""
        return self._of_total(Column(self.scope))

    @property
    def poor(self) -> Cell:
        """Of it the registered poor."""
        return self._of_total(Column(self.scope, REGISTERED_POOR))

    def _of_total(self, column: Column) -> Cell:
        return Cell(self.total.row, column, self.known.get((), column))

    def outer(self) -> list[tuple[Line, Cell]]:
        """The rows that are no parts of others, without the total, each with its figure of the scope."""
        place = self.columns.index(Column(self.scope))
        return [(line, line.cells[place]) for line in self.lines if not line.is_part and not line.is_total]

    @property
    def is_empty(self) -> bool:
        return not self.whole.count.awards


def grid(layout: str, scope: str, *, fold: str | None = None, only_whole: bool = False) -> Grid:
    """The table of "2021A", or of a year with its terms beside it. Rows without any award are left out.

    For pages, which show less in less time: `fold` leaves out the schools of all towns but that one, `only_whole` the
    terms of a year and the registered poor.
    """
    terms = terms_of(scope)
    shape = layouts.shape(layout, terms, fold=fold)
    codes, columns = [scope], [Column(scope)]
    if shape.has_groups and not only_whole:
        columns += [Column(scope, group=group) for group in (*CategoryGroup.values, NONE)]
    elif not only_whole:
        codes = list(dict.fromkeys([*(term.pk for term in terms), scope]))
        columns = [Column(code, who) for code in codes for who in (ALL, REGISTERED_POOR)]
    known = counts(counted(terms), scope, list(dict.fromkeys([*columns, Column(scope, REGISTERED_POOR)])), shape)
    allotted = allotments.by_place(terms, scope) if layout == Layout.STAGES else {}
    lines = []
    for row in _shown(list(shape.rows()), known, single=shape.names_single_parts):
        key = row.key
        cells = [Cell(row, column, known.get(key, column)) for column in columns]
        given = {code: allotted.get((code, key)) for code in codes} if layout == Layout.STAGES else {}
        lines.append(Line(row, cells, given))
    return Grid(layout, scope, codes, columns, lines, str(shape.head), known)


def _shown(rows: list[Row], known: Counts, *, single: bool) -> Iterator[Row]:
    """Rows with figures, and the total. A part that is the only one of its row may say no more than its row does."""
    there = [row.is_total or known.has(row.key) for row in rows]
    whole_of: list[int] = []
    parts: Counter[int] = Counter()
    for place, row in enumerate(rows):
        whole_of.append(whole_of[-1] if row.is_part else place)
        parts[whole_of[-1]] += row.is_part and there[place]
    for place, row in enumerate(rows):
        if there[place] and (not row.is_part or single or parts[whole_of[place]] > 1):
            yield row
