"""Rule 9: the registered poor of the roster beside those who are aided, and why the others are not."""

from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from programs.choices import AwardState, Gap, Mistake
from programs.gaps import find
from programs.models import Award
from reports.choices import Layout
from reports.crossfoot_rules import PEOPLE, Found, Work, rule
from reports.recount import of_award
from reports.selections import REGISTERED_POOR, Selection
from schools.models import Term
from students.choices import CategoryGroup
from students.models import Enrollment, Hardship

_POOR_NO_MORE = frozenset({Mistake.LEFT, Mistake.SUSPENDED, Mistake.LAPSED})
"""What explains that an aided child is not among the registered poor who study."""


@rule(
    9,
    title=_("脱贫及监测学生：已资助 + 未资助（有原因）= 在读"),
    words=_("在读按花名册和名单比对，已资助按统计表，没有资助的和已不在读的按应助核查逐人说明原因。"),
)
def poor(work: Work, found: Found) -> None:
    for term in work.terms:
        _of_term(work, term, found)


def _of_term(work: Work, term: Term, found: Found) -> None:
    facts = Hardship.objects.in_force(term).filter(category__group=CategoryGroup.REGISTERED_POOR).order_by()
    here = Enrollment.objects.studying().filter(term=term, student__in=facts.values("student")).order_by()
    roster = set(here.values_list("student", flat=True))
    selection = Selection(term.pk, who=REGISTERED_POOR)
    aided = dict(selection.awards().order_by().values_list("student", "pk"))
    lines = list(find(term))
    explained = {
        line.student for line in lines if line.gap is Gap.MISTAKEN and not _POOR_NO_MORE.isdisjoint(line.mistakes)
    }
    missed = {line.student for line in lines if line.gap is Gap.MISSED}
    of_roster = Award.objects.live().filter(term=term, student__in=facts.values("student")).order_by("pk")
    others: dict[int, tuple[int, str]] = {}
    for student, pk, state in of_roster.values_list("student", "pk", "state"):
        is_first = student not in others or state == AwardState.CONFIRMED
        if is_first and student in roster and student not in aided:
            others[student] = (pk, state)
    # Whoever has no signed award: an open line, an award on its way, or no program that fits.
    signed = {student for student, (_pk, state) in others.items() if state == AwardState.CONFIRMED}
    known_later = _known_after_signing(term, signed)
    unaided = roster - aided.keys() - (signed - known_later)
    gone = (aided.keys() - roster) & (
        explained | _left(term, aided.keys() - roster) | _ended(term, aided.keys() - roster)
    )
    count = work.grid(Layout.PROGRAMS).count(term.pk, REGISTERED_POOR)
    on_their_way = {student for student in unaided & others.keys() if student not in missed}
    words = _now(
        "%(term)s：已资助 %(aided)s 人，应助未助 %(missed)s 人，名单未审定或审定后才查明 %(coming)s 人，"
        "没有适用项目 %(unfit)s 人，已资助但已不在读或情形已失效 %(gone)s 人"
    ) % {
        "term": term,
        "aided": count.people,
        "missed": len(unaided & missed),
        "coming": len(on_their_way),
        "unfit": len(unaided - missed - on_their_way),
        "gone": len(gone),
    }
    found.equal(words, count.people + len(unaided) - len(gone), len(roster), PEOPLE, selection.people_url)
    found.name(
        of_award(others[student][0], student, _now("在读的脱贫及监测学生，资助没有计入“其中”"))
        for student in sorted(signed - known_later)
    )
    found.name(
        of_award(aided[student], student, _now("计入“其中”，但不是在读的脱贫及监测学生，也没有原因"))
        for student in sorted(aided.keys() - roster - gone)
    )


def _known_after_signing(term: Term, students: set[int]) -> set[int]:
    """Whose hardship was known only after the list was made."""
    known = dict(
        Hardship.objects.in_force(term)
        .filter(student__in=students, category__group=CategoryGroup.REGISTERED_POOR)
        .order_by("-known_on")
        .values_list("student", "known_on")
    )
    made = dict(
        Award.objects.confirmed()
        .filter(term=term, student__in=students)
        .order_by("-list__prepared_at")
        .values_list("student", "list__prepared_at")
    )
    return {student for student in students if student in known and known[student] >= timezone.localdate(made[student])}


def _left(term: Term, students: set[int]) -> set[int]:
    """Who is in a roster of the term, but does not study any more."""
    there = Enrollment.objects.filter(term=term, student__in=students).exclude(
        pk__in=Enrollment.objects.studying().filter(term=term).values("pk")
    )
    return set(there.order_by().values_list("student", flat=True))


def _ended(term: Term, students: set[int]) -> set[int]:
    """Whose hardship held in the term and ended within it."""
    facts = Hardship.objects.filter(term=term, student__in=students, category__group=CategoryGroup.REGISTERED_POOR)
    return set(facts.order_by().values_list("student", flat=True))
