"""Which programs do not go together in a term (互斥规则), and which may but have to be looked at."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from programs.choices import Scope, Severity
from programs.models import Award, Exclusion, Program, TermProgram
from schools.models import Term

_Months = tuple[tuple[int, int], tuple[int, int]]


class Exclusions:
    """The exclusions that bite in one term: program → the programs beside which it may not, or should not, stand.

    One of scope month bites where the months of the two programs in the term meet; a program without months is carried
    out from the term's first month to its last.
    """

    def __init__(self, term: Term) -> None:
        self.blocked: dict[str, set[str]] = defaultdict(set)
        self.warned: dict[str, set[str]] = defaultdict(set)
        months = {
            each.program_id: _months(term, each.first_month, each.last_month)
            for each in TermProgram.objects.filter(term=term)
        }
        whole = _months(term, None, None)
        for exclusion in Exclusion.objects.order_by("pk"):
            one, other = exclusion.program_id, exclusion.other_id
            if exclusion.scope == Scope.MONTH and not _meet(months.get(one, whole), months.get(other, whole)):
                continue
            found = self.blocked if exclusion.severity == Severity.BLOCK else self.warned
            found[one].add(other)
            found[other].add(one)


def _months(term: Term, first: date | None, last: date | None) -> _Months:
    first, last = first or term.starts_on, last or term.ends_on
    return (first.year, first.month), (last.year, last.month)


def _meet(one: _Months, other: _Months) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def warning(other: Program) -> str:
    """What is said of a program that a child gets beside another one."""
    return _("同时享受“%(program)s”，按规定要核实是否可以同时享受。") % {"program": other}


def beside(awards: Iterable[Award], term: Term) -> dict[int, list[str]]:
    """award → the warnings of other awards of its child that stand in the term; three queries for any number."""
    warned = Exclusions(term).warned
    shown = {award.pk: award for award in awards if award.program_id in warned}
    if not shown:
        return {}
    standing: dict[int, list[Award]] = defaultdict(list)
    theirs = Award.objects.live().filter(term=term, student__in={award.student_id for award in shown.values()})
    for award in theirs.select_related("program").order_by("program__position", "pk"):
        standing[award.student_id].append(award)
    found = {
        pk: [
            warning(other.program)
            for other in standing[award.student_id]
            if other.program_id in warned[award.program_id]
        ]
        for pk, award in shown.items()
    }
    return {pk: words for pk, words in found.items() if words}
