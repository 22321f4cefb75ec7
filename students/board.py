"""How far each school is with its roster of a term, and its figures beside those of the term before."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, CharField, Count, OuterRef, Subquery, TextChoices, Value, When
from django.utils.translation import gettext_lazy as _

from schools.models import School, SchoolQuerySet, Term
from students.choices import RosterState
from students.models import Enrollment, EnrollmentQuerySet, Roster

_NO_LONGER = (RosterState.DISCARDED, RosterState.SUPERSEDED)


class Progress(TextChoices):
    """What a school has to do next; the newest version that still counts decides."""

    NOT_BEGUN = "not-begun", _("未上传")
    AT_WORK = "at-work", _("处理中")
    CHECKED = "checked", _("待确认")
    REFUSED = "refused", _("文件无法读取")
    IN_FORCE = "in-force", _("已入库")


TONES = {
    Progress.NOT_BEGUN: "neutral",
    Progress.AT_WORK: "blue",
    Progress.CHECKED: "amber",
    Progress.REFUSED: "red",
    Progress.IN_FORCE: "green",
}


@dataclass(frozen=True)
class Line:
    """One school on the board."""

    school: School
    progress: Progress
    roster: Roster | None
    children: int
    children_before: int

    @property
    def tone(self) -> str:
        return TONES[self.progress]

    @property
    def change(self) -> int | None:
        """More or fewer children than last term, where both are known."""
        return self.children - self.children_before if self.children and self.children_before else None


def with_progress(schools: SchoolQuerySet, term: Term | None) -> SchoolQuerySet:
    """Schools that should hand in a roster, each with its `progress` as a column to filter and count by."""
    newest = Roster.objects.filter(school=OuterRef("pk"), term=term).exclude(state__in=_NO_LONGER).order_by("-version")
    return (
        schools.filter(is_active=True)
        .alias(newest_state=Subquery(newest.values("state")[:1]))
        .annotate(
            progress=Case(
                When(newest_state=RosterState.IN_FORCE, then=Value(Progress.IN_FORCE.value)),
                When(newest_state=RosterState.CHECKED, then=Value(Progress.CHECKED.value)),
                When(newest_state=RosterState.REFUSED, then=Value(Progress.REFUSED.value)),
                When(newest_state=None, then=Value(Progress.NOT_BEGUN.value)),
                default=Value(Progress.AT_WORK.value),
                output_field=CharField(),
            )
        )
    )


def term_before(term: Term | None) -> Term | None:
    return Term.objects.filter(starts_on__lt=term.starts_on).order_by("-starts_on").first() if term else None


def _children(*terms: Term | None) -> EnrollmentQuerySet:
    """Who studies at a school in a term. The rows of its roster are no such count: a child may have moved on since."""
    return Enrollment.objects.studying().filter(term__in=[term for term in terms if term])


@dataclass(frozen=True)
class Totals:
    """Of chosen schools: how many have a roster in force, and the children in them now and last term."""

    schools: int
    children: int
    children_before: int


def totals(schools: SchoolQuerySet, term: Term | None) -> Totals:
    before = term_before(term)
    chosen = schools.order_by().values("pk")
    rows = _children(term, before).filter(school__in=chosen).order_by().values_list("term")
    children = dict(rows.annotate(n=Count("pk")))
    return Totals(
        schools=Roster.objects.filter(state=RosterState.IN_FORCE, term=term, school__in=chosen).count(),
        children=children.get(term.pk, 0) if term else 0,
        children_before=children.get(before.pk, 0) if before else 0,
    )


def lines(schools: Sequence[School], term: Term | None) -> list[Line]:
    """The board's lines for schools that carry their progress: as many queries for one as for a hundred."""
    newest: dict[int, Roster] = {}
    counting = Roster.objects.filter(term=term, school__in=schools).exclude(state__in=_NO_LONGER)
    for roster in counting.order_by("version"):
        newest[roster.school_id] = roster
    before = term_before(term)
    rows = _children(term, before).filter(school__in=schools).order_by().values_list("school", "term")
    counted = {(school, code): n for school, code, n in rows.annotate(n=Count("pk"))}
    return [
        Line(
            school=school,
            progress=Progress(school.progress),  # type: ignore[attr-defined]
            roster=newest.get(school.pk),
            children=counted.get((school.pk, term.pk if term else ""), 0),
            children_before=counted.get((school.pk, before.pk if before else ""), 0),
        )
        for school in schools
    ]
