"""Which programs a term carries out, from which month to which, and which school pays a child that moves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, hold
from programs.choices import Pays
from programs.models import Award, Program, TermProgram
from programs.standards import first_day
from schools.choices import TermState
from schools.models import Term

_MONTHS = 6


class TermClosed(Refused):
    code = "term-programs-closed"
    message = _("%(term)s已经结束，不能再改动开展的项目；需要时请先重新开放这个学期。")


class StillAwarded(Refused):
    code = "term-program-awarded"
    message = _("%(term)s已经有学生享受“%(program)s”，不能取消。")


class MonthsReversed(Refused):
    code = "term-program-months-reversed"
    message = _("“%(program)s”的截止月份不能早于起始月份。")


class MonthOutside(Refused):
    code = "term-program-month-outside"
    message = _("“%(program)s”的月份不在%(term)s内。")


@dataclass(frozen=True)
class CarriedOut:
    """One program of a term. Without months it holds for the whole term."""

    program: Program
    pays: str = Pays.NEW_SCHOOL
    first_month: date | None = None
    last_month: date | None = None


def months(term: Term) -> list[date]:
    """The half-year of a term, month by month: from February or from August on."""
    found = [first_day(term.code)]
    while len(found) < _MONTHS:
        year, month = divmod(found[-1].year * 12 + found[-1].month, 12)
        found.append(date(year, month + 1, 1))
    return found


@transaction.atomic
def keep(term: Term, wanted: Iterable[CarriedOut], *, by: User, at: datetime) -> None:
    """Say which programs an open term carries out and how. What children were already given cannot be taken out."""
    if term.state == TermState.CLOSED:
        raise TermClosed(term=term)
    hold(term, TermState.OPEN)
    lines = {line.program.pk: line for line in wanted}
    allowed = set(months(term))
    for line in lines.values():
        given = [month for month in (line.first_month, line.last_month) if month]
        if set(given) - allowed:
            raise MonthOutside(program=line.program, term=term)
        if any(later < earlier for earlier, later in pairwise(given)):
            raise MonthsReversed(program=line.program)
    known = {row.program_id: row for row in TermProgram.objects.filter(term=term).select_related("program")}
    for code in known.keys() - lines.keys():
        if Award.objects.live().filter(term=term, program=code).exists():
            raise StillAwarded(term=term, program=known[code].program)
    changed = [code for code, line in lines.items() if code in known and _facts(known[code]) != _facts(line)]
    added, gone = lines.keys() - known.keys(), known.keys() - lines.keys()
    if not (changed or added or gone):
        return
    TermProgram.objects.filter(term=term, program__in=gone).delete()
    TermProgram.objects.bulk_create(TermProgram(term=term, program_id=code, **_facts(lines[code])) for code in added)
    for code in changed:
        TermProgram.objects.filter(term=term, program=code).update(**_facts(lines[code]))
    details = {"added": sorted(added), "removed": sorted(gone), "changed": sorted(changed)}
    actions.record(by, "term.programs-kept", term, at=at, **details)


def _facts(line: TermProgram | CarriedOut) -> dict[str, object]:
    return {"pays": line.pays, "first_month": line.first_month, "last_month": line.last_month}
