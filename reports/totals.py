"""The one definition of every figure. Pages, files and commands ask here and add up nothing themselves.

What is counted (口径): awards that the county has confirmed, one for each child, program and term.
`persons` are awards (人次), not distinct people; money is what was awarded, in fen. `registered-poor`
are the awards of children who were registered as poor (原建档立卡, 脱贫户, 监测对象) when they were proposed.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from programs.models import AwardQuerySet, Program
from reports.scopes import NoSuchScope, counted, terms_of
from reports.selections import ALL, REGISTERED_POOR, Selection

__all__ = [
    "ALL", "DEFINITION", "EVERY_PROGRAM", "REGISTERED_POOR", "Figure", "NoSuchScope", "counted", "figures", "lines",
    "names", "terms_of",
]  # fmt: skip

EVERY_PROGRAM = ALL
DEFINITION = _(
    "统计口径：县级已审定的资助，每名学生、每个项目、每个学期计 1 人次；金额为审定金额。"
    "“脱贫家庭及监测对象”按审定时的困难类型计入。年度数为春季、秋季两学期之和。"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """People and money of one program in one term (or year), for all or for the registered poor.

    `stage` is empty for the sum over stages, `program` is "all" for the sum over programs.
    """

    program: str
    term: str
    who: str
    stage: str
    persons: int
    amount_fen: int

    def as_line(self) -> dict[str, Any]:
        return {
            "program": self.program,
            "term": self.term,
            "who": self.who,
            "persons": self.persons,
            "amount_fen": self.amount_fen,
        }


def figures(scope: str) -> list[Figure]:
    """Every figure of a term or year: by program, term, stage and who, with all their sums.

    For a year: its terms' figures first, then those of the year itself. Programs come in their order,
    "all" last.
    """
    terms = terms_of(scope)
    persons: Counter[tuple[str, str, str, str]] = Counter()
    amounts: Counter[tuple[str, str, str, str]] = Counter()
    rows = counted(terms).order_by().values_list("program", "term", "stage", "is_registered_poor")
    for program, term, stage, is_poor, people, amount_fen in rows.annotate(
        people=Count("pk"), amount=Sum("amount_fen")
    ):
        for key in _sums(program, term, stage, is_poor, scope):
            persons[key] += people
            amounts[key] += amount_fen
    order = {code: place for place, code in enumerate(Program.objects.values_list("code", flat=True))}
    places = {term.pk: place for place, term in enumerate(terms)}
    keys = sorted(
        persons,
        key=lambda key: (places.get(key[1], len(places)), order.get(key[0], len(order)), key[2] != ALL, key[3]),
    )
    return [
        Figure(program, term, who, stage, persons[program, term, who, stage], amounts[program, term, who, stage])
        for program, term, who, stage in keys
    ]


def _sums(program: str, term: str, stage: str, is_poor: bool, scope: str) -> Iterable[tuple[str, str, str, str]]:
    """All the figures one group of awards is part of."""
    for code in (program, EVERY_PROGRAM):
        for when in {term, scope}:
            for who in (ALL, REGISTERED_POOR) if is_poor else (ALL,):
                for where in (stage, ""):
                    yield code, when, who, where


def lines(scope: str) -> list[dict[str, Any]]:
    """The figures by program, term and who, stages added up: what `manage.py totals` prints."""
    return [figure.as_line() for figure in figures(scope) if not figure.stage]


def names(*, scope: str, **narrower: str) -> AwardQuerySet:
    """The awards behind one figure, opened down to the child; by the words of a `Selection`."""
    return Selection(scope, **narrower).awards().for_list()
