"""What the home page says of a term: where it stands, its figures, which towns and steps are behind.

Every function costs a fixed number of grouped queries, however large the county is.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audits.rules.thresholds import DAYS_LYING
from common import money
from common.pages import counts_by
from disbursements import fund_figures
from disbursements.choices import BatchState, EntryKind
from disbursements.models import Batch, LedgerEntry
from programs.choices import ListState, NoticeState
from programs.models import AwardList, Notice
from reports import totals
from schools.models import School, Term
from schools.templatetags.terms import term_short
from students import absences
from students.choices import CrosscheckState, MatchState, RosterState
from students.models import Crosscheck, Enrollment, Hardship, HardshipCategory, Match, Roster

_TERMS_ON_THE_CHART = 6
_CATEGORIES_ON_THE_CHART = 7


@dataclass(frozen=True)
class Phase:
    """One step of a term. `state` is done, now or empty for what lies ahead."""

    title: str
    words: list[str]
    state: str


@dataclass(frozen=True)
class Figures:
    """The county's four figures of a term; awards are counted as the reports count them (confirmed ones)."""

    children: int
    awards: int
    awarded_fen: int
    paid_fen: int
    suspected: int
    checked: bool


@dataclass(frozen=True)
class TownProgress:
    name: str
    schools: int
    reported: int

    @property
    def missing(self) -> int:
        return self.schools - self.reported


@dataclass(frozen=True)
class County:
    """Everything the county's home page shows of one term."""

    phases: list[Phase]
    figures: Figures
    towns: list[TownProgress]
    composition: list[tuple[str, int, int]]
    spent_by_term: list[tuple[str, float, bool]]
    alarm: int
    """Children of compulsory age of whom nobody knows a place, and drop-outs."""

    @property
    def composition_total(self) -> int:
        return sum(n for _name, n, _series in self.composition)


@dataclass(frozen=True)
class Lying:
    """Money that arrived and reached no card for longer than it takes; `days` of the oldest."""

    amount_fen: int
    days: int


def lying(term: Term, *, today: date) -> Lying:
    """What lies on the term's accounts longer than DAYS_LYING."""
    stuck = [piece for piece in fund_figures.pieces([term]) if not piece.paid_on and piece.days(today) > DAYS_LYING]
    return Lying(sum(piece.amount_fen for piece in stuck), max((piece.days(today) for piece in stuck), default=0))


def phases_of(term: Term) -> list[Phase]:
    """Where the term stands, alone."""
    return _phases(term, _towns(term), _figures(term))


def county(term: Term) -> County:
    towns = _towns(term)
    figures = _figures(term)
    return County(
        phases=_phases(term, towns, figures),
        figures=figures,
        towns=sorted((town for town in towns if town.missing), key=lambda town: -town.missing),
        composition=_composition(term),
        spent_by_term=_spent_by_term(term),
        alarm=absences.alarm(term),
    )


def _towns(term: Term) -> list[TownProgress]:
    schools = School.objects.filter(is_active=True)
    in_force = Roster.objects.filter(term=term, state=RosterState.IN_FORCE, school__is_active=True)
    reported = counts_by(in_force, "school__town")
    rows = (
        schools.order_by().values_list("town", "town__name").annotate(n=Count("pk")).order_by("town__position", "town")
    )
    return [TownProgress(name, n, reported.get(code, 0)) for code, name, n in rows]


def _figures(term: Term) -> Figures:
    awards = totals.counted([term]).aggregate(n=Count("pk"), fen=Sum("amount_fen"))
    done = Crosscheck.objects.filter(term=term, state=CrosscheckState.DONE)
    return Figures(
        children=Enrollment.objects.studying().filter(term=term).count(),
        awards=awards["n"],
        awarded_fen=awards["fen"] or 0,
        paid_fen=_spent(term),
        suspected=Match.objects.filter(crosscheck__in=done, state=MatchState.SUSPECTED).count(),
        checked=done.exists(),
    )


def _spent(term: Term) -> int:
    return _spent_in([term]).get(term.pk, 0)


def _spent_in(terms: Iterable[Term]) -> Counter[str]:
    """Fen by term that reached the children and stayed there."""
    ways = {EntryKind.SPENT: 1, EntryKind.RETURNED: -1, EntryKind.RECOVERED: -1}
    entries = LedgerEntry.objects.filter(term__in=list(terms), kind__in=list(ways))
    spent: Counter[str] = Counter()
    for term, kind, fen in entries.order_by().values_list("term", "kind").annotate(fen=Sum("amount_fen")):
        spent[term] += ways[EntryKind(kind)] * fen
    return spent


def _schools_by_list(term: Term) -> Counter[str]:
    """How many schools are at each state of their lists; of several lists the one that is least far counts."""
    least: dict[int, int] = {}
    way = ListState.values
    for school, state in AwardList.objects.with_people().filter(term=term).order_by().values_list("school", "state"):
        least[school] = min(way.index(state), least.get(school, len(way)))
    return Counter(way[at] for at in least.values())


def _phases(term: Term, towns: Iterable[TownProgress], figures: Figures) -> list[Phase]:
    schools = sum(town.schools for town in towns)
    reported = sum(town.reported for town in towns)
    lists = _schools_by_list(term)
    batches = counts_by(Batch.objects.filter(term=term).exclude(state=BatchState.DISCARDED), "state")
    up = Notice.objects.filter(list__term=term, state=NoticeState.UP).values("list__school").distinct().count()
    total = sum(lists.values())
    confirmed = lists.get(ListState.CONFIRMED, 0)
    with_school = lists.get(ListState.DRAFT, 0) + lists.get(ListState.SCHOOL_PREPARED, 0)
    ended = lists.get(ListState.CLOSED, 0) + confirmed
    paid, all_batches = batches.get(BatchState.SETTLED, 0), sum(batches.values())
    steps = [
        (
            _("花名册上报"),
            [
                _("%(due)s 截止") % {"due": f"{term.roster_due_on:%Y-%m-%d}"},
                _("%(reported)s / %(schools)s 所学校") % {"reported": reported, "schools": schools},
            ],
            bool(schools) and reported >= schools,
        ),
        (
            _("名单比对"),
            [
                ngettext("%(n)s 条疑似待核实", "%(n)s 条疑似待核实", figures.suspected) % {"n": figures.suspected}
                if figures.checked
                else _("尚未比对")
            ],
            figures.checked and not figures.suspected,
        ),
        (
            _("学校确认名单"),
            [_("%(n)s / %(total)s 所学校已确认") % {"n": total - with_school, "total": total}]
            if total
            else [_("尚未提出名单")],
            bool(total) and not with_school,
        ),
        (
            _("名单公示"),
            [_("公示中 %(n)s 所学校") % {"n": up}, _("期满 %(n)s 所学校") % {"n": ended}]
            if total
            else [_("5 个工作日")],
            bool(total) and ended == total,
        ),
        (
            _("县级审定"),
            [_("%(n)s / %(total)s 所学校已审定") % {"n": confirmed, "total": total}] if total else [],
            bool(total) and confirmed == total,
        ),
        (
            _("资金发放"),
            [_("%(n)s / %(total)s 批已核销") % {"n": paid, "total": all_batches}]
            if all_batches
            else [_("尚未编制批次")],
            bool(total) and confirmed == total and bool(all_batches) and paid == all_batches,
        ),
    ]
    return phases(steps)


def phases(steps: Iterable[tuple[str, list[str], bool]]) -> list[Phase]:
    """Steps with their state: what is done, and the first that is not."""
    found: list[Phase] = []
    now_is_set = False
    for title, words, is_done in steps:
        state = "done" if is_done else "" if now_is_set else "now"
        now_is_set = now_is_set or not is_done
        found.append(Phase(title, words, state))
    return found


def _composition(term: Term) -> list[tuple[str, int, int]]:
    """Facts of hardship in force by category, the largest first, the rest as one."""
    names = {category.code: str(category) for category in HardshipCategory.objects.order_by()}
    counts = counts_by(Hardship.objects.in_force(term), "category")
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ranked if len(ranked) <= _CATEGORIES_ON_THE_CHART else ranked[: _CATEGORIES_ON_THE_CHART - 1]
    rows = [(names[code], n) for code, n in shown]
    if len(shown) < len(ranked):
        rows.append((_("其他"), sum(n for _code, n in ranked[len(shown) :])))
    return [(name, n, series) for series, (name, n) in enumerate(rows, start=1)]


def _spent_by_term(term: Term) -> list[tuple[str, float, bool]]:
    """What reached the children in this term and those before it, in ten thousands of yuan."""
    terms = list(Term.objects.filter(starts_on__lte=term.starts_on).order_by("-starts_on")[:_TERMS_ON_THE_CHART])
    spent = _spent_in(terms)
    return [
        (term_short(one), float(money.wan(spent.get(one.code, 0), places=2).replace(",", "")), one == term)
        for one in reversed(terms)
    ]
