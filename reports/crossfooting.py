"""Whether the tables of a term or year agree with themselves and with what they rest on (勾稽关系).

Ten rules. Each compares figures that are counted in two ways which have nothing in common: on one side the tables, from
one grouped query; on the other side the awards one by one with their enrollments, lists and standards, the payments,
the ledger, the roster. A rule that fails names both figures and the rows on which they differ.
"""

from collections.abc import Iterable

from reports import crossfoot_money, crossfoot_roster, crossfoot_tables
from reports.crossfoot_rules import RULES, Outcome, Rule, Work

_WITH_RULES = (crossfoot_tables, crossfoot_money, crossfoot_roster)
"""Importing them registers their rules."""


def run(scope: str, *, only: Iterable[int] = ()) -> list[Outcome]:
    """Every rule, or some, over all tables of a term or year, counted now. Refuses a scope that is not there."""
    work, chosen = Work(scope), set(only)
    return [each.run(work) for each in rules() if not chosen or each.number in chosen]


def rules() -> list[Rule]:
    """All ten, by number."""
    return RULES
