"""The search in figures, as the county reports it: by expectation and outcome, letters out and receipts back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from schools.models import Term, term_name
from students import absences
from students.absences import COMPULSORY_AGES, Expectation, Standing, born_between
from students.choices import Outcome
from students.models import Absence, OutsideLetter


@dataclass
class Row:
    """The children of whom one thing is expected: how many are missing and what is known of them."""

    name: str
    code: str = ""
    open: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Outcome.values, 0))
    suspected: int = 0

    @property
    def total(self) -> int:
        """Who is missing. Who waits for the desk is not among them, and whoever was found is not either, but for
        those who were found by this search.
        """
        return self.open + sum(self.outcomes.values())

    @property
    def short(self) -> str:
        """What the name begins with, for the head of a column."""
        return str(Expectation(self.code).short)

    @property
    def counts(self) -> list[int]:
        return [self.outcomes[outcome] for outcome in Outcome.values]


def outcomes() -> list[str]:
    """The outcomes in words, in the order of `Row.counts`."""
    return [str(label) for label in Outcome.labels]


@dataclass(frozen=True)
class Line:
    """The same table turned: one state or outcome, a count for each expectation and the sum of them."""

    name: str
    counts: list[tuple[int, bool]]
    """(children, whether the count is red)"""
    is_sum: bool = False


@dataclass(frozen=True)
class Figures:
    rows: list[Row]
    whole: Row
    by_standing: Mapping[str, int]
    """Every row of the term by where its search stands."""

    @property
    def lines(self) -> list[Line]:
        columns = [*self.rows, self.whole]
        red = [(row.open, bool(row.open) and row.code == Expectation.COMPULSORY) for row in columns]
        lines = [Line(str(Standing.OPEN.label), red)]
        for outcome in Outcome:
            counts = [row.outcomes[outcome] for row in columns]
            is_red = outcome == Outcome.DROPPED_OUT
            lines.append(Line(str(outcome.label), [(n, is_red and bool(n)) for n in counts]))
        lines.append(Line(_("未找到（合计）"), [(row.total, False) for row in columns], is_sum=True))
        lines.append(Line(_("待比对核实，不计入"), [(row.suspected, False) for row in columns]))
        return lines

    @property
    def alarm(self) -> int:
        """The same as `absences.alarm`, from figures that are there already."""
        compulsory = sum(row.open for row in self.rows if row.code == Expectation.COMPULSORY)
        return compulsory + self.whole.outcomes[Outcome.DROPPED_OUT]


def of(term: Term) -> Figures:
    """The whole table in one grouped query."""
    looked_at = absences.looked_at(Absence.objects.all(), term).order_by()
    rows = {code: Row(str(label), code) for code, label in Expectation.choices}
    whole = Row("")
    by_standing: dict[str, int] = dict.fromkeys(Standing.values, 0)
    columns: tuple[Any, ...] = ("expectation", "standing", "outcome")
    counted = looked_at.values_list(*columns).annotate(n=Count("pk"))
    for expectation, standing, outcome, n in counted:
        by_standing[standing] += n
        for row in (rows[expectation], whole):
            _count(row, standing, outcome, n)
    return Figures([row for row in rows.values() if row.total or row.suspected], whole, by_standing)


def _count(row: Row, standing: str, outcome: str, n: int) -> None:
    if standing == Standing.OPEN:
        row.open += n
    elif standing == Standing.SUSPECTED:
        row.suspected += n
    elif standing in {Standing.SETTLED, Standing.DROPPED_OUT} or outcome == Outcome.OTHER_RECORD:
        row.outcomes[outcome] += n


@dataclass(frozen=True)
class Letters:
    """The letters of a term, or of both terms of a year."""

    name: str
    made: int
    sent: int
    back: int
    is_year: bool = False


def letters_of(terms: Sequence[Term]) -> tuple[int, int, int]:
    """Of all letters of some terms: how many, how many for children of compulsory age, how many receipts."""
    of_age = Q(pk__in=[])
    for term in terms:
        of_age |= Q(absence__term=term, absence__person__born_on__range=born_between(term, COMPULSORY_AGES))
    found = OutsideLetter.objects.live().filter(absence__term__in=terms)
    counts = found.aggregate(
        made=Count("pk"),
        compulsory=Count("pk", filter=of_age),
        back=Count("pk", filter=Q(receipt_on__isnull=False)),
    )
    return counts["made"], counts["compulsory"], counts["back"]


def letters() -> list[Letters]:
    """Every year with letters and its terms, the newest first, in one grouped query."""
    counted = (
        OutsideLetter.objects.live()
        .order_by()
        .values_list("absence__term")
        .annotate(
            made=Count("pk"),
            sent=Count("pk", filter=Q(sent_on__isnull=False)),
            back=Count("pk", filter=Q(receipt_on__isnull=False)),
        )
        .order_by("-absence__term__starts_on")
    )
    found: list[Letters] = []
    terms = [(code, made, sent, back) for code, made, sent, back in counted]
    for year in dict.fromkeys(code[:4] for code, *_counts in terms):
        ours = [line for line in terms if line[0][:4] == year]
        made, sent, back = (sum(line[place] for line in ours) for place in (1, 2, 3))
        found.append(Letters(term_name(year), made, sent, back, is_year=True))
        found += [Letters(term_name(code), made, sent, back) for code, made, sent, back in ours]
    return found
