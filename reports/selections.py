"""Which awards a figure counts: what its address says, and what its names are found by."""

from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple, Self
from urllib.parse import urlencode

from django.db.models import Count as CountRows
from django.db.models import Q, Sum
from django.urls import reverse

from common.money import split_fen
from programs import shares
from programs.models import AwardQuerySet
from reports.scopes import counted, terms_of
from schools.models import Term

ALL = "all"
REGISTERED_POOR = "registered-poor"
NONE = "none"
"""The awards without a category, or of programs whose shares nobody entered."""


class Count(NamedTuple):
    """Distinct children (人数), awards (人次) and fen: three figures that are never mixed."""

    people: int = 0
    awards: int = 0
    amount_fen: int = 0


NOTHING = Count()


@dataclass(frozen=True, slots=True)
class Selection:
    """The awards of a term or year; every word narrows them. "all" and "" narrow nothing."""

    scope: str
    program: str = ALL
    stage: str = ""
    who: str = ALL
    category: str = ""
    group: str = ""
    town: str = ""
    school: str = ""
    payer: str = ""
    tier: str = ""

    def within(self, **narrower: str) -> Self:
        return replace(self, **narrower)

    def awards(self) -> AwardQuerySet:
        """The awards themselves, in no particular order."""
        terms = terms_of(self.scope)
        rows = counted(terms).filter(**{lookup: value for lookup, value in self._lookups() if value})
        if self.who == REGISTERED_POOR:
            rows = rows.filter(is_registered_poor=True)
        if NONE in (self.category, self.group):
            rows = rows.filter(category=None)
        return rows.filter(borne_by(self.payer, rows, terms)) if self.payer else rows

    def _lookups(self) -> list[tuple[str, str]]:
        return [
            ("program", "" if self.program == ALL else self.program),
            ("stage", self.stage),
            ("category", "" if self.category == NONE else self.category),
            ("category__group", "" if self.group == NONE else self.group),
            ("school__town", self.town),
            ("school__code", self.school),
            ("tier", self.tier),
        ]

    @property
    def key(self) -> dict[str, str]:
        """The words that narrow, as a job keeps them; the first four always."""
        first = ("scope", "program", "stage", "who")
        return {name: value for name, value in asdict(self).items() if value or name in first}

    @property
    def query(self) -> str:
        """The same as the end of an address."""
        return urlencode({name: value for name, value in asdict(self).items() if value not in ("", ALL)})

    @property
    def url(self) -> str:
        """The page of the awards behind the figure."""
        return f"{reverse('reports:names')}?{self.query}"

    @property
    def people_url(self) -> str:
        """The page of the children behind the figure."""
        return f"{self.url}&tab=people"


def borne_by(payer: str, awards: AwardQuerySet, terms: list[Term]) -> Q:
    """The awards of which a payer bears at least a fen."""
    bearing = Bearing(terms)
    amounts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for term, program, fen in awards.order_by().values_list("term", "program", "amount_fen").distinct():
        if bearing.parts(term, program, fen).get(payer):
            amounts[term, program].append(fen)
    found = Q(pk__in=[])
    for (term, program), fens in amounts.items():
        found |= Q(term=term, program=program, amount_fen__in=fens)
    return found


class Bearing:
    """Who bears how much of each award: its own amount, shared by the shares of its program on the term's first day.

    An approved batch keeps the shares of that same day and shares each payment by itself too, so these parts add up to
    what the ledger sets aside, to the fen, as long as nobody entered other shares for the term in between.
    """

    def __init__(self, terms: list[Term]) -> None:
        self._shares = {term.pk: shares.by_program(term) for term in terms}
        self._known: dict[tuple[str, str, int], dict[str, int]] = {}

    def parts(self, term: str, program: str, amount_fen: int) -> dict[str, int]:
        """payer → fen; without shares that add up, all of it is nobody's."""
        key = term, program, amount_fen
        if key not in self._known:
            per_mille = self._shares.get(term, {}).get(program, {})
            fits = sum(per_mille.values()) == 1000
            parts = split_fen(amount_fen, per_mille) if fits else {NONE: amount_fen}
            self._known[key] = {payer: fen for payer, fen in parts.items() if fen}
        return self._known[key]


def count(selection: Selection) -> Count:
    """One figure by itself: what its page of names says above them."""
    awards = selection.awards()
    sums = awards.aggregate(people=CountRows("student", distinct=True), n=CountRows("pk"), fen=Sum("amount_fen"))
    fen = sums["fen"] or 0
    if selection.payer:
        bearing = Bearing(terms_of(selection.scope))
        grouped = awards.order_by().values_list("term", "program", "amount_fen").annotate(n=CountRows("pk"))
        fen = sum(bearing.parts(*kind).get(selection.payer, 0) * n for *kind, n in grouped)
    return Count(sums["people"], sums["n"], fen)
