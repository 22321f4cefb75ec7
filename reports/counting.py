"""Counts people, awards and money of many figures at once.

Awards and money add up, people do not: a child with two programs is one child in their sum. So awards and money come
from one grouped query, and people from the children themselves: the database puts together what each child has, equal
patterns are counted, and each pattern counts once in every figure that it touches.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.db.models import Aggregate, BigIntegerField, CharField, ExpressionWrapper, F, IntegerField, Sum, Value
from django.db.models import Count as CountRows
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext_lazy as _

from common.moves import Refused
from programs.models import AwardQuerySet
from reports.selections import ALL, NOTHING, REGISTERED_POOR, Count

READ_ROWS = 10_000

Kind = tuple[Any, ...]
"""What tells groups of awards apart: the term, the columns of a layout, whether the child is registered poor."""

Key = tuple[tuple[str, str], ...]
"""A row by the words that narrow it, in order."""

Rows = Callable[[str, Kind], Iterable[tuple[Key, int | None]]]
"""The rows that such awards belong to (term, the layout's columns): the key of each, and how much of one award counts
there where it is not all of it."""


def key_of(words: Mapping[str, str]) -> Key:
    """The key of a row."""
    return tuple(sorted(words.items()))


class Counts:
    """Every figure of a table, by row, term or year, and who. A figure that is not there is nothing."""

    def __init__(self, scope: str, terms: Sequence[str], rows_of: Rows) -> None:
        codes = [*terms, *([scope] if scope not in terms else [])]
        self._columns = {(code, who): 2 * n + m for n, code in enumerate(codes) for m, who in enumerate(_WHO)}
        self._of_term = {term: sorted({self._columns[term, ALL], self._columns[scope, ALL]}) for term in terms}
        self._rows: dict[Key, int] = {}
        self._rows_of = rows_of
        self._known: dict[Kind, list[tuple[int, int | None]]] = {}
        self.people: Counter[int] = Counter()
        self.awards: Counter[int] = Counter()
        self.fen: Counter[int] = Counter()

    def places(self, kind: Kind) -> list[tuple[int, int | None]]:
        """The numbers of the figures in which awards of a kind count."""
        if kind not in self._known:
            term, *columns, is_poor = kind
            self._known[kind] = [
                (len(self._columns) * self._rows.setdefault(key, len(self._rows)) + column + who, part)
                for key, part in self._rows_of(term, tuple(columns))
                for column in self._of_term[term]
                for who in ((0, 1) if is_poor else (0,))
            ]
        return self._known[kind]

    def has(self, key: Key) -> bool:
        return key in self._rows

    def get(self, key: Key, scope: str, who: str) -> Count:
        if key not in self._rows or (scope, who) not in self._columns:
            return NOTHING
        place = len(self._columns) * self._rows[key] + self._columns[scope, who]
        return Count(self.people[place], self.awards[place], self.fen[place])


_WHO = (ALL, REGISTERED_POOR)


TRIES = 3
"""Money and children come from two queries; where a list was signed between them, both are asked again."""


class StillMoving(Refused):
    code = "counting-still-moving"
    message = _("统计的同时不断有名单审定，请稍后重新打开。")


def counts(awards: AwardQuerySet, scope: str, terms: Sequence[str], columns: Sequence[str], rows_of: Rows) -> Counts:
    """Count every figure of a table. `columns` are the columns of an award that the layout looks at."""
    for _more in range(TRIES - 1):
        with suppress(StillMoving):
            return _counts(awards, scope, terms, columns, rows_of)
    return _counts(awards, scope, terms, columns, rows_of)


def _counts(awards: AwardQuerySet, scope: str, terms: Sequence[str], columns: Sequence[str], rows_of: Rows) -> Counts:
    found = Counts(scope, terms, rows_of)
    kinds = ("term", *columns, "is_registered_poor")
    of_text: dict[str, frozenset[int]] = {}
    grouped = awards.order_by().values_list(*kinds).annotate(n=CountRows("pk"), fen=Sum("amount_fen"))
    for *parts, n, fen in grouped:
        kind = tuple(parts)
        places = found.places(kind)
        of_text[_text(kind)] = frozenset(place for place, _part in places)
        for place, part in places:
            found.awards[place] += n
            found.fen[place] += fen if part is None else part * n
    for pattern, children in Counter(_patterns(awards, kinds)).items():
        texts = pattern.split(_OF_CHILD)
        if any(text not in of_text for text in texts):
            raise StillMoving()
        touched = of_text[texts[0]] if len(texts) == 1 else frozenset().union(*(of_text[text] for text in texts))
        for place in touched:
            found.people[place] += children
    return found


CHILD = ExpressionWrapper(F("student") + 0, output_field=BigIntegerField())
"""The child of an award, to group by. Grouped by the bare column, SQLite walks through the awards of all terms in the
order of children instead of reading those of the terms asked for (a million awards: 0.63 s instead of 0.15)."""

_IN_KIND, _OF_CHILD = "|", ","


def _text(kind: Kind) -> str:
    return _IN_KIND.join(
        "" if part is None else str(int(part)) if isinstance(part, bool) else str(part) for part in kind
    )


class _Joined(Aggregate):
    """The texts of a group, one behind the other."""

    template = "%(function)s(%(expressions)s, ',')"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, function="GROUP_CONCAT", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, function="STRING_AGG", **extra)


def _patterns(awards: AwardQuerySet, kinds: Sequence[str]) -> Iterator[str]:
    """What each child has, put together by the database; the order within a child is nobody's business."""
    parts: list[Any] = []
    for name in kinds:
        column = (
            Cast(Cast(name, IntegerField()), CharField()) if name == "is_registered_poor" else Cast(name, CharField())
        )
        parts += [Coalesce(column, Value("")), Value(_IN_KIND)]
    text = Concat(*parts[:-1], output_field=CharField())
    children = awards.order_by().values(child=CHILD).annotate(pattern=_Joined(text))
    return children.values_list("pattern", flat=True).iterator(READ_ROWS)


def by_term(awards: AwardQuerySet) -> dict[str, Count]:
    """Awards and money of each term, people left out: for a drawing of how they went."""
    rows = awards.order_by().values_list("term").annotate(n=CountRows("pk"), fen=Sum("amount_fen"))
    return {term: Count(0, n, fen or 0) for term, n, fen in rows}
