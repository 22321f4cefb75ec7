"""A county's published figures as a file, and how ours stand beside them.

The layout is that of a TOML file with [[line]] tables: program, term ("spring" or "autumn"), who, persons,
amount (yuan); [[year]] tables for the year; [crosscheck.autumn] for the comparison with the register; among the
[[other]] tables the letters to schools of other counties.
"""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.models import Count

from reports import totals
from schools.models import Term
from students.absence_figures import letters_of
from students.choices import CategoryGroup, CrosscheckState, MatchState
from students.models import Crosscheck, RegisterSource

_SEASONS = {"spring": "S", "autumn": "A"}
_COUNTED_STAGES = {
    "preschool": ("preschool",),
    "primary": ("primary",),
    "junior": ("junior",),
    "compulsory": ("primary", "junior"),
    "senior_high": ("senior",),
    "vocational": ("vocational",),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One published figure beside ours."""

    what: str
    published: tuple[int, ...]
    ours: tuple[int, ...]

    @property
    def agrees(self) -> bool:
        return self.published == self.ours


def read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file, parse_float=Decimal)


def year_of(reference: dict[str, Any]) -> str:
    """The finance year the figures are of: "2021"."""
    return str(reference["county"]["academic_terms"][0][:4])


def term_code(reference: dict[str, Any], season: str) -> str:
    return year_of(reference) + _SEASONS[season]


def compare(reference: dict[str, Any]) -> list[Comparison]:
    """Every published line, year and cross-check figure beside ours."""
    year = year_of(reference)
    ours = {(line["program"], line["term"], line["who"]): line for line in totals.lines(year)}
    found = []
    for line in reference.get("line", []):
        found.append(_compare_line(line, term_code(reference, line["term"]), ours))
    for line in reference.get("year", []):
        if "persons" in line:
            found.append(_compare_line(line, year, ours))
    for season, published in reference.get("crosscheck", {}).items():
        found += _compare_crosscheck(term_code(reference, season), published)
    found += [
        Comparison(
            f"letters {year}", (row["letters"], row["compulsory"], row["receipts"]), letters_of(totals.terms_of(year))
        )
        for row in reference.get("other", [])
        if row["program"] == "out-of-county-letters"
    ]
    return found


def _compare_line(line: dict[str, Any], term: str, ours: dict[tuple[str, str, str], dict[str, Any]]) -> Comparison:
    who = line.get("who", totals.ALL)
    mine = ours.get((line["program"], term, who), {"persons": 0, "amount_fen": 0})
    return Comparison(
        what=f"{line['program']} {term} {who}",
        published=(line["persons"], int(Decimal(line["amount"]) * 100)),
        ours=(mine["persons"], mine["amount_fen"]),
    )


def _compare_crosscheck(term: str, published: dict[str, int]) -> list[Comparison]:
    sure = sure_matches(Term.objects.get(pk=term))
    found = [Comparison(f"crosscheck {term} matched", (published["matched"],), (sum(sure.values()),))]
    for name, stages in _COUNTED_STAGES.items():
        if name in published:
            mine = sum(sure.get(stage, 0) for stage in stages)
            found.append(Comparison(f"crosscheck {term} {name}", (published[name],), (mine,)))
    return found


def sure_matches(term: Term) -> dict[str, int]:
    """stage → children whom the comparison with the registered-poor list found by itself."""
    run = Crosscheck.objects.filter(term=term, state=CrosscheckState.DONE).first()
    sources = set(
        RegisterSource.objects.filter(category__group=CategoryGroup.REGISTERED_POOR).values_list("code", flat=True)
    )
    if run is None:
        return {}
    sure = [x for x in run.counts["lines"] if x["source"] in sources and x["state"] == MatchState.SURE]
    by_stage = {line["stage"]: line["children"] for line in sure}
    if len(by_stage) == len(sure):
        return by_stage
    # A child on two lists, or found on two grounds, is in two lines: only the matches themselves tell.
    rows = run.matches.filter(state=MatchState.SURE, person__snapshot__source__in=sources).order_by()
    children = rows.values_list("enrollment__stage").annotate(n=Count("enrollment__student", distinct=True))
    return dict(children.values_list("enrollment__stage", "n"))
