"""The report table: the figures of `reports.totals` put into rows and columns, for page and workbook alike.

Nothing is added up here. A cell without a figure is nought, because figures exist only where awards do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from programs.models import Program
from reports import totals
from reports.totals import ALL, EVERY_PROGRAM, REGISTERED_POOR, Figure
from schools.models import Stage, term_name
from students.choices import CategoryGroup

WHO = (ALL, REGISTERED_POOR)


@dataclass(frozen=True, slots=True)
class Column:
    """One term or the year, for all or for the registered poor."""

    term: str
    who: str

    @property
    def is_part(self) -> bool:
        return self.who != ALL


@dataclass(frozen=True, slots=True)
class Row:
    """A program, one stage of it, or the sum over programs; a figure for each column."""

    label: str
    program: str
    stage: str
    figures: list[Figure]

    @property
    def is_part(self) -> bool:
        return bool(self.stage)

    @property
    def is_total(self) -> bool:
        return self.program == EVERY_PROGRAM


@dataclass(frozen=True, slots=True)
class Table:
    """A term's or a year's report: rows by program and stage, columns by term and who."""

    scope: str
    terms: list[str]
    columns: list[Column]
    rows: list[Row]

    @property
    def title(self) -> str:
        return term_name(self.scope)

    def figure(self, program: str = EVERY_PROGRAM, stage: str = "", who: str = ALL) -> Figure:
        """One figure of the scope itself."""
        place = self.columns.index(Column(self.scope, who))
        row = next((row for row in self.rows if (row.program, row.stage) == (program, stage)), None)
        return row.figures[place] if row else Figure(program, self.scope, who, stage, 0, 0)

    def stages(self) -> list[Row]:
        """The sums over programs, stage by stage."""
        return [row for row in self.rows if row.is_total and row.is_part]

    def programs(self) -> list[Row]:
        """The sums over stages, program by program."""
        return [row for row in self.rows if not row.is_total and not row.is_part]


def who_name(who: str) -> str:
    return _("全部") if who == ALL else str(CategoryGroup.REGISTERED_POOR.label)


def table(scope: str) -> Table:
    """The report of "2021A", or of the year "2021" with its terms beside it."""
    terms = [term.pk for term in totals.terms_of(scope)]
    terms += [scope] if scope not in terms else []
    columns = [Column(term, who) for term in terms for who in WHO]
    known = {(each.program, each.stage, each.term, each.who): each for each in totals.figures(scope)}
    rows = []
    for label, program, stage in _labels({(program, stage) for program, stage, _term, _who in known}):
        figures = [
            known.get((program, stage, column.term, column.who))
            or Figure(program, column.term, column.who, stage, 0, 0)
            for column in columns
        ]
        rows.append(Row(label, program, stage, figures))
    return Table(scope, terms, columns, rows)


def _labels(wanted: set[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Programs in their order, each with its stages where it has several; the sum over programs last."""
    stages = list(Stage.objects.all())
    programs = [(program.pk, str(program)) for program in Program.objects.all()]
    for code, name in [*programs, (EVERY_PROGRAM, _("合计"))]:
        parts = [stage for stage in stages if (code, stage.pk) in wanted]
        if (code, "") in wanted:
            yield name, code, ""
        if len(parts) > 1:
            for stage in parts:
                yield str(stage), code, stage.pk
