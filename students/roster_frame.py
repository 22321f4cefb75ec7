"""What is to be said around the children of a roster: about its headings, and about rows that are no children."""

from itertools import groupby

from common.tables import BLANK, FOOT, HEAD, TOTAL, Table
from students.headings import hide_numbers
from students.issues import Problem
from students.roster_columns import COLUMNS

_LONGEST = 50
_CODES = {TOTAL: "total-row", FOOT: "foot-row", HEAD: "head-row"}

_Place = tuple[int, int, Problem]


def heading_problems(table: Table) -> list[_Place]:
    """(row number, place of the column from 0, what is wrong) of headings; they belong to no field of a row."""
    head = table.head
    rivals = {place for places in head.doubled.values() for place in places}
    found: list[_Place] = []
    for text, place in zip(head.unknown, head.unknown_places, strict=False):
        if place not in rivals:
            found.append((head.heading_row(place), place, Problem("heading-unknown", "", {"heading": _shown(text)})))
    for field in head.guessed:
        place = head.columns[field]
        params = {"heading": _shown(head.headings[field]), "column": COLUMNS[field].name}
        found.append((head.heading_row(place), place, Problem("heading-guessed", "", params)))
    for field, places in head.doubled.items():
        for place in sorted(places):
            if place != head.columns[field]:
                problem = Problem("heading-doubled", "", {"column": COLUMNS[field].name})
                found.append((head.heading_row(place), place, problem))
    return sorted(found, key=lambda one: one[:2])


def row_problems(table: Table, *, read: int) -> list[tuple[int, Problem]]:
    """(row number, what it is) of the rows that were passed over, once all `read` lines have been gone through."""
    found: list[tuple[int, Problem]] = []
    runs = groupby(enumerate(table.passed_over), key=lambda one: (one[1][1], one[1][0] - one[0]))
    for (what, _offset), run in runs:
        rows = [number for _place, (number, _what) in run]
        if what == BLANK:
            found.append((rows[0], Problem("blank-rows", "", {"rows": len(rows)})))
            continue
        found += [(number, Problem(_CODES[what], "")) for number in rows]
    for number, stated in table.totals.items():
        if stated != read:
            found.append((number, Problem("total-differs", "", {"stated": stated, "read": read})))
    return sorted(found, key=lambda one: one[0])


def _shown(heading: str) -> str:
    return hide_numbers(heading)[:_LONGEST]
