"""What the annual summary is told from: the year's figures of `reports.totals` by the county report's groups of
stages, and what their awards were made of: amounts, tiers, kinds of school, categories.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Count
from django.utils.functional import cached_property

from programs.models import Program, TermProgram
from reports import totals
from reports.totals import ALL, EVERY_PROGRAM, Figure
from schools.models import SchoolKind, Stage, Term
from students.models import Enrollment


@dataclass(frozen=True)
class Group:
    """Stages that the county's report tells under one heading: the compulsory ones together, each other by itself."""

    key: str
    name: str
    stages: tuple[Stage, ...]

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(stage.code for stage in self.stages)


class Cell(NamedTuple):
    """Awards of one program and term that are alike in all that a sentence may tell them apart by."""

    program: str
    term: str
    stage: str
    school_kind: str
    category_group: str | None
    tier: str
    basis: str
    each_fen: int
    persons: int

    @property
    def amount_fen(self) -> int:
        return self.persons * self.each_fen


_CELL = ("program", "term", "stage", "school__kind", "category__group", "tier", "standard__basis", "amount_fen")
COMPULSORY = "compulsory"


class Year:
    """A finance year as the summary tells it. Every figure is one of `totals.figures`, or a sum over `cells`."""

    def __init__(self, year: int) -> None:
        """Raises `totals.NoSuchScope` for a year without terms."""
        self.year = year
        self.scope = str(year)
        self.terms: list[Term] = totals.terms_of(self.scope)

    @cached_property
    def groups(self) -> list[Group]:
        """In the order of the stages."""
        stages = list(Stage.objects.order_by("position", "code"))
        compulsory = tuple(stage for stage in stages if stage.is_compulsory)
        groups: dict[str, Group] = {}
        for stage in stages:
            if stage.is_compulsory:
                groups[COMPULSORY] = Group(COMPULSORY, "义务", compulsory)
            else:
                groups[stage.code] = Group(stage.code, stage.name, (stage,))
        return list(groups.values())

    @cached_property
    def programs(self) -> list[Program]:
        return list(Program.objects.order_by("position", "code").prefetch_related("stages"))

    @cached_property
    def school_kinds(self) -> list[SchoolKind]:
        return list(SchoolKind.objects.order_by("position", "code"))

    @cached_property
    def _figures(self) -> dict[tuple[str, str, str, str], Figure]:
        return {
            (figure.program, figure.stage, figure.term, figure.who): figure for figure in totals.figures(self.scope)
        }

    def figure(self, term: str = "", *, program: str = EVERY_PROGRAM, stage: str = "", who: str = ALL) -> Figure:
        """A figure of `totals`: of the year, or of one of its terms. Nought where there are no awards."""
        term = term or self.scope
        return self._figures.get((program, stage, term, who)) or Figure(program, term, who, stage, 0, 0)

    def figure_of(self, program: Program, group: Group, term: str = "", *, who: str = ALL) -> Figure:
        """The figure of a program within a group of stages.

        It is the program's own where the program has no awards elsewhere; else its stages' figures are added.
        """
        within = self.stages_of(program, group)
        if not self._stages_with_awards[program.code] - group.codes:
            return self.figure(term, program=program.code, who=who)
        parts = [self.figure(term, program=program.code, stage=stage.code, who=who) for stage in within]
        persons, amount_fen = sum(part.persons for part in parts), sum(part.amount_fen for part in parts)
        return Figure(program.code, term or self.scope, who, group.key, persons, amount_fen)

    def stages_of(self, program: Program, group: Group) -> list[Stage]:
        """The stages of a group in which the year has awards of a program."""
        return [stage for stage in group.stages if stage.code in self._stages_with_awards[program.code]]

    @cached_property
    def _stages_with_awards(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for program, stage, _term, _who in self._figures:
            if stage:
                found[program].add(stage)
        return found

    @cached_property
    def _carried_out(self) -> set[tuple[str, str]]:
        return set(TermProgram.objects.filter(term__in=self.terms).values_list("term", "program"))

    def is_carried_out(self, program: Program, term: str) -> bool:
        return (term, program.code) in self._carried_out

    def programs_of(self, group: Group) -> list[Program]:
        """What a group's section has to tell: programs with awards in its stages, or planned for them this year."""
        planned = {code for _term, code in self._carried_out}
        return [
            program
            for program in self.programs
            if self.stages_of(program, group)
            or (program.code in planned and group.codes & {stage.code for stage in program.stages.all()})
        ]

    @cached_property
    def _cells(self) -> dict[tuple[str, str], list[Cell]]:
        rows = totals.counted(self.terms).order_by().values_list(*_CELL).annotate(persons=Count("pk"))
        found: dict[tuple[str, str], list[Cell]] = defaultdict(list)
        for row in rows:
            cell = Cell(*row)
            found[cell.program, cell.term].append(cell)
        return found

    def cells(self, program: Program, group: Group, term: str) -> list[Cell]:
        """What the awards of a program in a term and in these stages are made of."""
        return [cell for cell in self._cells.get((program.code, term), ()) if cell.stage in group.codes]

    @cached_property
    def _schools(self) -> set[tuple[str, str, int]]:
        rows = totals.counted(self.terms).order_by().values_list("term", "stage", "school").distinct()
        return set(rows)

    def schools(self, group: Group, term: str) -> int:
        """Schools with at least one award in a group's stages."""
        return len({school for of, stage, school in self._schools if of == term and stage in group.codes})

    @cached_property
    def _children(self) -> dict[tuple[str, str], int]:
        rows = Enrollment.objects.studying().filter(term__in=self.terms).order_by().values_list("term", "stage")
        return {(term, stage): n for term, stage, n in rows.annotate(n=Count("pk"))}

    def children(self, term: str, group: Group | None = None) -> int:
        """Who studies in a term, in a group's stages or in all."""
        return sum(
            n for (of, stage), n in self._children.items() if of == term and (group is None or stage in group.codes)
        )


def persons_by(cells: Iterable[Cell], key: Callable[[Cell], Any]) -> Counter[Any]:
    """Awards of these cells, by something that tells them apart."""
    counted: Counter[Any] = Counter()
    for cell in cells:
        counted[key(cell)] += cell.persons
    return counted


def fen_by(cells: Iterable[Cell], key: Callable[[Cell], Any]) -> Counter[Any]:
    """Money of these cells, by something that tells them apart."""
    counted: Counter[Any] = Counter()
    for cell in cells:
        counted[key(cell)] += cell.amount_fen
    return counted


def amounts_by(cells: Iterable[Cell], key: Callable[[Cell], Any]) -> dict[Any, set[int]]:
    """The amounts for one child that occur, by something that tells cells apart."""
    found: dict[Any, set[int]] = defaultdict(set)
    for cell in cells:
        found[key(cell)].add(cell.each_fen)
    return found
