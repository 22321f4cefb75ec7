"""Draws that anybody draws again: from a population file and a seed, with nothing but SHA-256 and whole numbers.

A rank is the SHA-256 of the text "seed:what" in UTF-8, read as one large number (the first byte is the highest).
"What" is "award:NUMBER", "school:CODE" or "start". The order of the rows in the file does not matter.

- Equal (`equal`): the `size` numbers of the lowest ranks.
- By money, by risk (`by-money`, `by-risk`): systematic, in proportion to the money or to the weight. First, whoever is
  as heavy as the interval (what is left ÷ how many are still to be drawn) is drawn for certain, the heaviest first; the
  interval is counted again after each. The rest is laid end to end in the order of ranks; T is its weight, n how many
  are still to be drawn. The points (rank of "start" modulo T + k·T) ÷ n, for k = 0 … n-1, fall on whoever is drawn.
- By school (`by-school`): the `schools` school codes of the lowest ranks (0: every school), and of each the `size`
  numbers of the lowest ranks, or all that it has.

`manage.py redraw` does this to a downloaded population file, without the database.
"""

import csv
import hashlib
import heapq
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from audits.choices import Draw
from common.moves import Refused

HEADINGS = ("资助编号", "学校标识码", "金额（分）", "权重")
"""The first line of a population file. It is always Chinese, so that its digest depends on the rows alone."""


class NotAPopulation(Refused):
    code = "population-unreadable"
    message = _(
        "第 %(row)s 行不是总体清单的内容：应有资助编号、学校标识码、金额（分）和权重，金额和权重大于 0，编号不重复。"
    )


class Row(NamedTuple):
    """One award of a population. Money is in fen; the weight says how much risk stands on it, 1 is none."""

    number: int
    school: str
    fen: int
    weight: int


class Share(NamedTuple):
    """How a systematic draw parted its population: who is drawn for certain, and what the rest stands for."""

    certain: int
    rest_size: int
    rest_weight: int

    def is_certain(self, weight: int) -> bool:
        return weight * self.rest_size >= self.rest_weight


def rank(seed: str, what: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{what}".encode()).digest())


def draw(rows: Iterable[Row], *, way: str, seed: str, size: int, schools: int = 0) -> list[int]:
    """The numbers that the seed draws, ascending. Fewer than `size` only where there are not more."""
    population = list(rows)
    if way == Draw.BY_MONEY:
        return sorted(_systematic(population, seed, size, _money))
    if way == Draw.BY_RISK:
        return sorted(_systematic(population, seed, size, _risk))
    if way == Draw.BY_SCHOOL:
        return sorted(_by_school(population, seed, size, schools))
    return sorted(_first(population, seed, size))


def share(rows: Iterable[Row], *, size: int, way: str = Draw.BY_MONEY) -> Share:
    """How the systematic draw of this size parts the population."""
    weigh = _money if way == Draw.BY_MONEY else _risk
    certain, rest, left = _part(list(rows), size, weigh)
    return Share(len(certain), left, sum(map(weigh, rest)))


def digest(numbers: Iterable[int]) -> str:
    """What tells one result from another at a glance: SHA-256 of the numbers, ascending, one on each line."""
    return hashlib.sha256("".join(f"{number}\n" for number in sorted(numbers)).encode()).hexdigest()


def _money(row: Row) -> int:
    return row.fen


def _risk(row: Row) -> int:
    return row.weight


def _first(rows: Iterable[Row], seed: str, size: int) -> list[int]:
    ranked = ((rank(seed, f"award:{row.number}"), row.number) for row in rows)
    return [number for _rank, number in heapq.nsmallest(size, ranked)]


def _by_school(rows: list[Row], seed: str, size: int, schools: int) -> Iterator[int]:
    of_school: dict[str, list[Row]] = {}
    for row in rows:
        of_school.setdefault(row.school, []).append(row)
    ranked = sorted((rank(seed, f"school:{code}"), code) for code in of_school)
    for _rank, code in ranked[:schools] if schools else ranked:
        yield from _first(of_school[code], seed, size)


def _part(rows: list[Row], size: int, weigh: Callable[[Row], int]) -> tuple[list[Row], list[Row], int]:
    """(drawn for certain, the rest, how many of the rest are still to be drawn)"""
    heaviest_first = sorted(rows, key=lambda row: (-weigh(row), row.number))
    weight, left, certain = sum(map(weigh, rows)), size, 0
    for row in heaviest_first:
        if left <= 0 or weigh(row) * left < weight:
            break
        certain, left, weight = certain + 1, left - 1, weight - weigh(row)
    return heaviest_first[:certain], heaviest_first[certain:], max(left, 0)


def _systematic(rows: list[Row], seed: str, size: int, weigh: Callable[[Row], int]) -> Iterator[int]:
    certain, rest, left = _part(rows, size, weigh)
    yield from (row.number for row in certain)
    total = sum(map(weigh, rest))
    if not left or not total:
        return
    point, reached = rank(seed, "start") % total, 0
    for _rank, number, weight in sorted((rank(seed, f"award:{row.number}"), row.number, weigh(row)) for row in rest):
        reached += weight * left
        if point < reached:
            yield number
            point += total


def written(rows: Iterable[Row]) -> bytes:
    """The population as a file: a line for each award, ascending by number. Opens in a spreadsheet."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(HEADINGS)
    lines.writerows(sorted(rows))
    return out.getvalue().encode("utf-8-sig")


def read(content: bytes) -> list[Row]:
    """The rows of such a file, also after a spreadsheet wrote it again."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    rows: list[Row] = []
    seen: set[int] = set()
    for at, cells in enumerate(csv.reader(io.StringIO(text, newline="")), start=1):
        if at == 1 or not any(cells):
            continue
        row = _row(cells, at)
        if row.number in seen:
            raise NotAPopulation(row=at)
        seen.add(row.number)
        rows.append(row)
    if not rows:
        raise NotAPopulation(row=2)
    return rows


def _row(cells: list[str], at: int) -> Row:
    try:
        number, school, fen, weight = cells
        row = Row(int(number), sys.intern(school.strip()), int(fen), int(weight))
    except ValueError as error:
        raise NotAPopulation(row=at) from error
    if row.fen <= 0 or row.weight <= 0:
        raise NotAPopulation(row=at)
    return row
