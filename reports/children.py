"""The children behind a figure: one line for each, with what it has of the figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum

from programs.models import Award, AwardQuerySet
from reports.counting import CHILD
from reports.selections import Bearing
from students.models import Student


@dataclass(frozen=True, slots=True)
class Child:
    """A child, its awards within the figure, and their money there."""

    student: Student
    last: Award
    awards: int
    amount_fen: int


def lines(awards: AwardQuerySet) -> QuerySet[Any]:
    """(student, awards, fen) for each child, in a fixed order."""
    children = awards.order_by().annotate(child=CHILD).values_list("child")
    return children.annotate(n=Count("pk"), fen=Sum("amount_fen")).order_by("child")


def shown(rows: Iterable[tuple[int, int, int]], awards: AwardQuerySet, payer: str, bearing: Bearing) -> list[Child]:
    """These lines with their children, in as many queries for one as for a page. Of a payer its part is shown."""
    rows = list(rows)
    found: dict[int, list[Award]] = {student: [] for student, _n, _fen in rows}
    theirs = (
        awards.filter(student__in=found).select_related("student", "school", "term").order_by("term__starts_on", "pk")
    )
    for award in theirs:
        found[award.student_id].append(award)
    return [
        Child(
            own[-1].student,
            own[-1],
            n,
            sum(bearing.parts(each.term_id, each.program_id, each.amount_fen).get(payer, 0) for each in own)
            if payer
            else fen,
        )
        for (student, n, fen) in rows
        if (own := found[student])
    ]
