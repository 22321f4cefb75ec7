"""Counts people, awards and money of many figures at once.

Awards and money add up, people do not: a child with two programs is one child in their sum. So awards and money come
from one grouped query, and people from the children themselves: what each child has is put together to a pattern, equal
patterns are counted, and each pattern counts once in every figure that it touches.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.models import Count as CountRows
from django.db.models import Sum

from programs.models import AwardQuerySet
from reports.selections import ALL, REGISTERED_POOR, Count, Selection

READ_ROWS = 10_000


Kind = tuple[Any, ...]
"""What tells groups of awards apart: the term, the columns of a layout, whether the child is registered poor."""

Rows = Callable[[str, Kind], Iterable[tuple[dict[str, str], int | None]]]
"""The rows that such awards belong to (term, the layout's columns): the words that narrow each, and how much of one
award counts there where it is not all of it."""


def counts(awards: AwardQuerySet, scope: str, columns: Sequence[str], rows_of: Rows) -> dict[Selection, Count]:
    """Every figure of a table, by what it counts; a figure that is not there is nothing."""
    places = _Places(scope, rows_of)
    number: Counter[Selection] = Counter()
    money: Counter[Selection] = Counter()
    kinds = ("term", *columns, "is_registered_poor")
    grouped = awards.order_by().values_list(*kinds).annotate(n=CountRows("pk"), fen=Sum("amount_fen"))
    for *kind, n, fen in grouped:
        for selection, part in places.of(tuple(kind)):
            number[selection] += n
            money[selection] += fen if part is None else part * n
    people = _people(awards, kinds, places)
    return {selection: Count(people[selection], number[selection], money[selection]) for selection in number}


def _people(awards: AwardQuerySet, kinds: Sequence[str], places: "_Places") -> Counter[Selection]:
    numbers: dict[Kind, int] = {}
    of_child: dict[int, set[int]] = defaultdict(set)
    for student, *kind in awards.order_by().values_list("student", *kinds).iterator(READ_ROWS):
        of_child[student].add(numbers.setdefault(tuple(kind), len(numbers)))
    known = list(numbers)
    people: Counter[Selection] = Counter()
    for pattern, children in Counter(map(frozenset, of_child.values())).items():
        for selection in {selection for number in pattern for selection, _part in places.of(known[number])}:
            people[selection] += children
    return people


class _Places:
    """Where awards of a kind count: their rows, by term and as a whole, for all and for the registered poor."""

    def __init__(self, scope: str, rows_of: Rows) -> None:
        self._scope, self._rows_of = scope, rows_of
        self._known: dict[Kind, list[tuple[Selection, int | None]]] = {}

    def of(self, kind: Kind) -> list[tuple[Selection, int | None]]:
        if kind not in self._known:
            term, *columns, is_poor = kind
            self._known[kind] = [
                (Selection(scope=when, who=who, **row), part)
                for row, part in self._rows_of(term, tuple(columns))
                for when in {term, self._scope}
                for who in ((ALL, REGISTERED_POOR) if is_poor else (ALL,))
            ]
        return self._known[kind]


def by_term(awards: AwardQuerySet) -> dict[str, Count]:
    """Awards and money of each term, people left out: for a drawing of how they went."""
    rows = awards.order_by().values_list("term").annotate(n=CountRows("pk"), fen=Sum("amount_fen"))
    return {term: Count(0, n, fen or 0) for term, n, fen in rows}
