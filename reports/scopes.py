"""What a report is of: a term, a finance year, a school year; and the awards that count in it."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from common.moves import Refused
from programs.choices import AwardState
from programs.models import Award, AwardQuerySet
from schools.choices import Season
from schools.models import SCHOOL_YEAR, TERM_CODE, Term, term_name

_YEAR = re.compile(r"20[0-9]{2}")


class NoSuchScope(Refused):
    code = "no-such-scope"
    message = _("没有这个学期或年度的数据：%(scope)s。")


def terms_of(scope: str) -> list[Term]:
    """The terms of "2021S", of the finance year "2021" (those of 2021), of the school year "2020-2021" (both)."""
    found = list(Term.objects.filter(code__in=_codes(scope)).order_by("starts_on"))
    if not found or ("-" in scope and len(found) < 2):
        raise NoSuchScope(scope=scope)
    return found


def _codes(scope: str) -> list[str]:
    if not scope.isascii():
        return []
    if TERM_CODE.fullmatch(scope):
        return [scope]
    if _YEAR.fullmatch(scope):
        return [f"{scope}{Season.SPRING}", f"{scope}{Season.AUTUMN}"]
    years = SCHOOL_YEAR.fullmatch(scope)
    if years and int(years["second"]) == int(years["first"]) + 1:
        return [f"{years['first']}{Season.AUTUMN}", f"{years['second']}{Season.SPRING}"]
    return []


def counted(terms: Iterable[Term]) -> AwardQuerySet:
    """The awards behind the figures: those that the county has confirmed."""
    return Award.objects.filter(term__in=list(terms), state=AwardState.CONFIRMED)


def scopes() -> list[tuple[str, str]]:
    """Every finance year with its terms, and each school year of which both terms are there; the newest first."""
    terms = list(Term.objects.order_by("-starts_on"))
    there = {term.pk for term in terms}
    found: dict[str, None] = {}
    for term in terms:
        found[str(term.year)] = None
        found[term.pk] = None
        if term.season is Season.SPRING and f"{term.year - 1}{Season.AUTUMN}" in there:
            found[f"{term.year - 1}-{term.year}"] = None
    return [(code, term_name(code)) for code in found]
