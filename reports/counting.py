"""Counts people, awards and money of many figures at once.

Awards and money add up, people do not: a child with two programs is one child in their sum. So the database puts
together what each child has, equal patterns are counted, and each pattern counts once in every figure that it touches.
People, awards and money come from that one query: they are of one moment, whoever signs a list in between.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Aggregate, BigIntegerField, CharField, ExpressionWrapper, F, IntegerField, Sum, Value
from django.db.models import Count as CountRows
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext as _

from programs.models import AwardQuerySet
from reports.selections import ALL, NONE, NOTHING, Count
from schools.models import term_name
from students.choices import CategoryGroup

READ_ROWS = 10_000

Key = tuple[tuple[str, str], ...]
"""A row by the words that narrow it, in order."""

Part = tuple[Key, int | None]
"""A row in which an award counts, and how many fen of it count there where it is not all of them."""


class Shape(Protocol):
    """What a layout says of awards, by the term, the words in its columns of an award ("" for nothing), and the fen."""

    @property
    def columns(self) -> Sequence[str | Combinable]:
        """What it looks at of an award."""

    def rows_of(self, term: str, words: Sequence[str], fen: int) -> Iterable[Part]:
        """The rows in which such awards count, the total included."""

    def group_of(self, words: Sequence[str]) -> str:
        """The group of hardship whose column they count in, where the layout has such columns."""


def key_of(words: dict[str, str]) -> Key:
    """The key of a row."""
    return tuple(sorted(words.items()))


@dataclass(frozen=True, slots=True)
class Column:
    """One term or the year: all of it, the registered poor ("of these"), or the awards of one group of hardship."""

    scope: str
    who: str = ALL
    group: str = ""

    @property
    def is_part(self) -> bool:
        return bool(self.words)

    @property
    def name(self) -> str:
        """Whom it counts, in words."""
        if self.group == NONE:
            return _("没有困难类型")
        return str(CategoryGroup(self.group or self.who).label) if self.is_part else _("合计")

    def __str__(self) -> str:
        return f"{term_name(self.scope)} · {self.name}" if self.is_part else term_name(self.scope)

    @property
    def words(self) -> dict[str, str]:
        """What narrows it beside its scope and its row."""
        return ({} if self.who == ALL else {"who": self.who}) | ({"group": self.group} if self.group else {})

    def holds(self, term: str, *, is_poor: bool, group: str, whole: str) -> bool:
        """Whether an award of that term and group counts here."""
        return self.scope in (term, whole) and (is_poor or self.who == ALL) and self.group in ("", group)


@dataclass(frozen=True)
class Counts:
    """The figures of a table by row and column. A figure that is not there is nothing."""

    columns: Sequence[Column]
    rows: dict[Key, int] = field(default_factory=dict)
    """The rows with figures: the number of the first one of each."""
    people: Counter[int] = field(default_factory=Counter)
    awards: Counter[int] = field(default_factory=Counter)
    fen: Counter[int] = field(default_factory=Counter)

    def has(self, key: Key) -> bool:
        return key in self.rows

    def get(self, key: Key, column: Column) -> Count:
        if key not in self.rows or column not in self.columns:
            return NOTHING
        place = self.rows[key] + self.columns.index(column)
        return Count(self.people[place], self.awards[place], self.fen[place])

    def first_of(self, key: Key) -> int:
        """The number of a row's first figure; those of its other columns follow."""
        return self.rows.setdefault(key, len(self.rows) * len(self.columns))


def counts(awards: AwardQuerySet, whole: str, shown: Sequence[Column], shape: Shape) -> Counts:
    """Count the figures of a table over a term or year in the columns that are shown."""
    children = Counter(_patterns(awards, shape.columns))
    known: Counter[str] = Counter()
    for pattern, n in children.items():
        for kind in pattern.split(_OF_CHILD):
            known[kind] += n
    found, touched = Counts(shown), {}
    holding: dict[tuple[str, bool, str], list[int]] = {}
    for kind, n in known.items():
        term, *words, poor, amount = kind.split(_IN_KIND)
        is_poor, group, fen = poor == "1", shape.group_of(words), int(amount)
        where = term, is_poor, group
        if where not in holding:
            holding[where] = [
                place
                for place, column in enumerate(shown)
                if column.holds(term, is_poor=is_poor, group=group, whole=whole)
            ]
        places = []
        for key, part in shape.rows_of(term, words, fen):
            first = found.first_of(key)
            for column in holding[where]:
                place = first + column
                places.append(place)
                found.awards[place] += n
                found.fen[place] += (fen if part is None else part) * n
        touched[kind] = places
    people = found.people
    for pattern, n in children.items():
        for place in {place for kind in pattern.split(_OF_CHILD) for place in touched[kind]}:
            people[place] += n
    return found


CHILD = ExpressionWrapper(F("student") + 0, output_field=BigIntegerField())
"""The child of an award, to group by. Grouped by the bare column, SQLite walks through the awards of all terms in the
order of children instead of reading those of the terms asked for (a million awards: 0.63 s instead of 0.15)."""

_IN_KIND, _OF_CHILD = "\x1f", "\x1e"
"""Between the words of an award, and between the awards of a child: characters made for that, which no code holds."""


class _Joined(Aggregate):
    """The texts of a group, one behind the other."""

    template = f"%(function)s(%(expressions)s, '{_OF_CHILD}')"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, function="GROUP_CONCAT", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return super().as_sql(compiler, connection, function="STRING_AGG", **extra)


def _patterns(awards: AwardQuerySet, columns: Sequence[str | Combinable]) -> Iterator[str]:
    """What each child has, put together by the database; the order within a child is nobody's business."""
    is_poor = Cast(Cast("is_registered_poor", IntegerField()), CharField())
    words = [Coalesce(Cast(name, CharField()), Value("")) for name in ("term", *columns)]
    parts = [part for word in (*words, is_poor) for part in (word, Value(_IN_KIND))]
    text = Concat(*parts, Cast("amount_fen", CharField()), output_field=CharField())
    children = awards.order_by().values(child=CHILD).annotate(pattern=_Joined(text))
    return children.values_list("pattern", flat=True).iterator(READ_ROWS)


def by_term(awards: AwardQuerySet) -> dict[str, Count]:
    """Awards and money of each term, people left out: for a drawing of how they went."""
    rows = awards.order_by().values_list("term").annotate(n=CountRows("pk"), fen=Sum("amount_fen"))
    return {term: Count(0, n, fen or 0) for term, n, fen in rows}
