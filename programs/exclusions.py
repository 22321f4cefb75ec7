"""Which programs do not go together in a term (互斥规则), and which may but have to be looked at."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from django.utils.translation import gettext as _

from programs.choices import AwardState, Scope, Severity
from programs.models import Award, AwardList, Exclusion, Program, TermProgram
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


def with_warnings(awards: Sequence[Award], term: Term) -> list[tuple[Award, list[str]]]:
    """Awards of a page, each with what is to be said of other awards of its child in the term."""
    warned = Exclusions(term).warned
    of_child: dict[int, list[Award]] = defaultdict(list)
    asked = {award.student_id for award in awards if award.program_id in warned}
    standing = Award.objects.live().filter(term=term, student__in=asked, program__in=list(warned))
    for award in standing.select_related("program").order_by("program__position", "pk"):
        of_child[award.student_id].append(award)
    return [
        (award, [] if award.state == AwardState.DROPPED else _warnings(award, of_child[award.student_id], warned))
        for award in awards
    ]


def _warnings(award: Award, others: list[Award], warned: Mapping[str, set[str]]) -> list[str]:
    return [warning(other.program) for other in others if other.program_id in warned.get(award.program_id, ())]


def children_beside(award_list: AwardList) -> int:
    """How many children of a list get two programs that should be looked at together."""
    warned = Exclusions(award_list.term).warned
    if not warned:
        return 0
    theirs = award_list.awards.live().filter(program__in=list(warned)).order_by()
    programs: dict[int, set[str]] = defaultdict(set)
    standing = Award.objects.live().filter(term=award_list.term, student__in=theirs.values("student")).order_by()
    for student, program in standing.values_list("student", "program"):
        programs[student].add(program)
    on_the_list: dict[int, set[str]] = defaultdict(set)
    for student, program in theirs.values_list("student", "program"):
        on_the_list[student].add(program)
    return sum(any(warned[code] & programs[student] for code in codes) for student, codes in on_the_list.items())
