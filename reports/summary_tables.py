"""The table of the annual summary: stages and programs down, terms and the year across. Figures of `totals` alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.summary_figures import Year
from reports.totals import Figure
from schools.models import Stage, term_name


@dataclass(frozen=True)
class Line:
    """A program in a stage, the sum of a stage, or the sum of all; a figure for each column."""

    stage: str
    program: str
    figures: Sequence[Figure]
    is_sum: bool = False
    is_total: bool = False


def columns(year: Year) -> list[tuple[str, str]]:
    """The terms and the year, each with its name; of a year with one term that is all the same twice."""
    return [*((term.pk, term_name(term.pk)) for term in year.terms), (year.scope, "全年")]


def lines(year: Year, who: str) -> list[Line]:
    """Every figure of these people: by stage and program, a stage's sum where it has several, the sum of all last."""
    found: list[Line] = []
    for group in year.groups:
        for stage in group.stages:
            found += _of_stage(year, stage, who)
    return [*found, Line("", "合计", [year.figure(term, who=who) for term, _name in columns(year)], True, True)]


def _of_stage(year: Year, stage: Stage, who: str) -> list[Line]:
    rows = [
        Line(
            stage.name,
            program.short_name,
            [year.figure(term, program=program.code, stage=stage.code, who=who) for term, _name in columns(year)],
        )
        for program in year.programs
        if year.figure(program=program.code, stage=stage.code, who=who).persons
    ]
    if len(rows) < 2:
        return rows
    sums = [year.figure(term, stage=stage.code, who=who) for term, _name in columns(year)]
    return [*rows, Line(stage.name, "小计", sums, is_sum=True)]
