"""Who bears how much of a program (经费分担): every award is shared by itself, to the fen."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from common.money import split_fen
from common.moves import Refused
from programs.choices import Payer
from programs.models import AwardQuerySet, Program, Share
from schools.models import Term


class NoShares(Refused):
    code = "fund-no-shares"
    message = _("项目没有经费分担比例，请先录入。")


def shares_of(program: Program, term: Term) -> dict[str, int]:
    """payer → thousandths, as of the term's first day."""
    parts = by_program(term).get(program.code)
    if not parts:
        raise NoShares()
    return parts


def by_program(term: Term) -> dict[str, dict[str, int]]:
    """program → payer → thousandths, as of the term's first day; a program without shares on record is not there."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = Share.objects.on(term.starts_on).order_by("pk").values_list("program", "payer", "per_mille")
    for program, payer, per_mille in rows:
        found[program][payer] = per_mille
    return {
        program: {payer: parts[payer] for payer in Payer.values if payer in parts} for program, parts in found.items()
    }


def split(money: QuerySet[Any], per_mille: dict[str, int]) -> dict[str, int]:
    """What each payer bears of these payments (or awards), each shared by itself.

    So the parts of any half of a batch and of the other half add up to the parts of the whole, to the fen.
    """
    parts: Counter[str] = Counter()
    for amount_fen, times in money.order_by().values_list("amount_fen").annotate(times=Count("pk")):
        for payer, part in split_fen(amount_fen, per_mille).items():
            parts[payer] += part * times
    return {payer: parts[payer] for payer in per_mille}


@dataclass
class ProgramFigures:
    """One program of some lists: people, money, and which payer bears what. Without shares on record nobody does."""

    program: Program
    people: int
    amount_fen: int
    by_payer: dict[str, int]

    @property
    def payers(self) -> list[tuple[str, int]]:
        return [(str(Payer(payer).label), fen) for payer, fen in self.by_payer.items() if fen]


def figures(awards: AwardQuerySet, term: Term) -> list[ProgramFigures]:
    """People and money of awards of a term by program and payer, in the order of the programs."""
    per_mille = by_program(term)
    rows = awards.order_by().values_list("program", "amount_fen").annotate(times=Count("pk"))
    found: dict[str, ProgramFigures] = {}
    programs = Program.objects.in_bulk()
    for code, amount_fen, times in rows:
        one = found.setdefault(code, ProgramFigures(programs[code], 0, 0, {}))
        one.people += times
        one.amount_fen += amount_fen * times
        if shares := per_mille.get(code):
            for payer, part in split_fen(amount_fen, shares).items():
                one.by_payer[payer] = one.by_payer.get(payer, 0) + part * times
    return sorted(found.values(), key=lambda one: (one.program.position, one.program.code))
