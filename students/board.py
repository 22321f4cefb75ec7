"""How far each school is with its roster of a term, and its figures beside those of the term before."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, Subquery, TextChoices, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from common.roles import COUNTY
from schools.models import School, SchoolQuerySet, Term, Town
from students.choices import RosterState
from students.models import Enrollment, Roster, RosterQuerySet, SchoolTerm

_NO_LONGER = (RosterState.DISCARDED, RosterState.SUPERSEDED)
_READ = (RosterState.CHECKED, RosterState.IN_FORCE)
_LONG_AGO = Value(datetime(1970, 1, 1, tzinfo=UTC))
"""Where nothing was uploaded yet: both databases sort it alike, which they do not with a null."""


class Progress(TextChoices):
    """Where a school stands; the newest version that still counts decides."""

    NOT_BEGUN = "not-begun", _("未上传")
    UPLOADED = "uploaded", _("已上传")
    PROBLEMS = "problems", _("有问题")
    SENT_BACK = "sent-back", _("已退回")
    HANDED_IN = "handed-in", _("已上报")


LATE = "late"
"""Not handed in though the day is past. It overlaps with every state but the last."""

TONES = {
    Progress.NOT_BEGUN: "neutral",
    Progress.UPLOADED: "blue",
    Progress.PROBLEMS: "amber",
    Progress.SENT_BACK: "violet",
    Progress.HANDED_IN: "green",
}
_OF_A_VERSION = Case(
    When(sent_back_at__isnull=False, then=Value(Progress.SENT_BACK.value)),
    When(state=RosterState.REFUSED, then=Value(Progress.PROBLEMS.value)),
    When(
        state__in=[RosterState.CHECKED, RosterState.IN_FORCE], rows_refused__gt=0, then=Value(Progress.PROBLEMS.value)
    ),
    When(state=RosterState.IN_FORCE, then=Value(Progress.HANDED_IN.value)),
    default=Value(Progress.UPLOADED.value),
    output_field=CharField(),
)


@dataclass(frozen=True)
class Line:
    """One school on the board."""

    school: School
    progress: Progress
    is_late: bool
    roster: Roster | None
    in_force: Roster | None
    desk: SchoolTerm | None
    children: int
    children_before: int

    @property
    def tone(self) -> str:
        return TONES[self.progress]

    @property
    def change(self) -> int | None:
        """More or fewer children than last term, where both are known."""
        return self.children - self.children_before if self.children and self.children_before else None

    @property
    def is_on_behalf(self) -> bool:
        """Whether county staff brought the newest version for the school."""
        return self.roster is not None and self.roster.uploaded_by.role in COUNTY

    @property
    def may_be_sent_back(self) -> bool:
        return self.roster is not None and self.roster.state in _READ and self.roster.sent_back_at is None

    @property
    def reminders(self) -> int:
        return self.desk.reminders if self.desk else 0


@dataclass
class Figures:
    """Schools of a town, or all that were chosen: how many stand where, and their children now and last term."""

    town: Town | None = None
    schools: int = 0
    by_progress: Counter[str] = field(default_factory=Counter)
    owing: Counter[str] = field(default_factory=Counter)
    """Of each state, the schools that have not handed in."""
    late: int = 0
    children: int = 0
    children_before: int = 0

    @property
    def handed_in(self) -> int:
        return self.schools - sum(self.owing.values())

    @property
    def change(self) -> int | None:
        return self.children - self.children_before if self.children and self.children_before else None

    @property
    def counts(self) -> list[tuple[str, int]]:
        """The states in words with the schools in them, in the order of the states."""
        return [(str(label), self.by_progress[progress]) for progress, label in Progress.choices]


def is_overdue(term: Term | None, *, today: date) -> bool:
    """Whether whoever has not handed in by now is late."""
    return term is not None and term.roster_due_on < today


def with_progress(schools: SchoolQuerySet, term: Term | None) -> SchoolQuerySet:
    """Schools that should hand in a roster, with columns to filter, count and sort by.

    `progress` is the newest version's; `is_handed_in` says that a version is in force from which nothing is missing
    and which was not sent back: a school that changes it later owes nothing.
    """
    newest = Roster.objects.filter(school=OuterRef("pk"), term=term).exclude(state__in=_NO_LONGER).order_by("-version")
    complete = Roster.objects.filter(
        school=OuterRef("pk"), term=term, state=RosterState.IN_FORCE, rows_refused=0, sent_back_at=None
    )
    desk = SchoolTerm.objects.filter(school=OuterRef("pk"), term=term)
    progress = Subquery(newest.annotate(progress=_OF_A_VERSION).values("progress")[:1])
    return (
        schools.filter(is_active=True)
        .alias(
            roster_state=Subquery(newest.values("state")[:1]),
            errors=Coalesce(Subquery(newest.values("rows_refused")[:1]), 0),
            uploaded=Coalesce(Subquery(newest.values("uploaded_at")[:1]), _LONG_AGO),
            reminded=Coalesce(Subquery(desk.values("reminders")[:1]), 0),
        )
        .annotate(progress=Coalesce(progress, Value(Progress.NOT_BEGUN.value)), is_handed_in=Exists(complete))
    )


def in_tab(schools: SchoolQuerySet, tab: str, term: Term | None, *, today: date) -> SchoolQuerySet:
    """Of schools with their progress, those of one tab; without a tab all of them."""
    if tab == LATE:
        return owing(schools) if is_overdue(term, today=today) else schools.none()
    return schools.filter(Q(progress=tab)) if tab else schools


def owing(schools: SchoolQuerySet) -> SchoolQuerySet:
    """Of schools with their progress, those that have not handed in."""
    return schools.filter(Q(is_handed_in=False))


def term_before(term: Term | None) -> Term | None:
    return Term.objects.filter(starts_on__lt=term.starts_on).order_by("-starts_on").first() if term else None


@dataclass(frozen=True)
class Children:
    """How many study at each school (by its key) now and in the term before."""

    now: Mapping[int, int]
    before: Mapping[int, int]


def children(schools: SchoolQuerySet, term: Term | None) -> Children:
    """Who studies at each school. The rows of its roster are no such count: a child may have moved on since."""
    before = term_before(term)
    rows = Enrollment.objects.studying().filter(term__in=[each for each in (term, before) if each]).order_by()
    theirs = rows.filter(school__in=schools.order_by().values("pk"))
    counted = {(code, pk): n for code, pk, n in theirs.values_list("term", "school").annotate(n=Count("*"))}
    return Children(
        now={school: n for (code, school), n in counted.items() if term and code == term.pk},
        before={school: n for (code, school), n in counted.items() if before and code == before.pk},
    )


def figures(schools: SchoolQuerySet, term: Term | None, *, today: date) -> list[Figures]:
    """Of chosen schools with their progress, town by town; `total` adds them up."""
    columns: tuple[Any, ...] = ("town", "progress", "is_handed_in")
    rows = schools.order_by().values_list(*columns).annotate(n=Count("pk"))
    towns: dict[str, Figures] = {}
    overdue = is_overdue(term, today=today)
    for town, progress, is_handed_in, n in rows:
        line = towns.setdefault(town, Figures())
        line.schools += n
        line.by_progress[progress] += n
        if not is_handed_in:
            line.owing[progress] += n
            line.late += n if overdue else 0
    known = Town.objects.in_bulk(towns)
    for code, line in towns.items():
        line.town = known[code]
    return sorted(towns.values(), key=lambda line: (line.town.position, line.town.code) if line.town else (0, ""))


def add_children(towns: Iterable[Figures], schools: SchoolQuerySet, counted: Children) -> None:
    """Put the children of schools to the figures of their towns."""
    lines = {line.town.code: line for line in towns if line.town}
    for pk, town in schools.order_by().values_list("pk", "town"):
        lines[town].children += counted.now.get(pk, 0)
        lines[town].children_before += counted.before.get(pk, 0)


def total(towns: Iterable[Figures]) -> Figures:
    whole = Figures()
    for line in towns:
        whole.schools += line.schools
        whole.by_progress += line.by_progress
        whole.owing += line.owing
        whole.late += line.late
        whole.children += line.children
        whole.children_before += line.children_before
    return whole


def lines(schools: Sequence[School], term: Term | None, counted: Children, *, today: date) -> list[Line]:
    """The board's lines for schools that carry their progress: as many queries for one as for a thousand."""
    newest: dict[int, Roster] = {}
    in_force: dict[int, Roster] = {}
    for roster in _counting(schools, term):
        newest[roster.school_id] = roster
        if roster.state == RosterState.IN_FORCE:
            in_force[roster.school_id] = roster
    desks = {desk.school_id: desk for desk in SchoolTerm.objects.filter(term=term, school__in=schools)}
    overdue = is_overdue(term, today=today)
    return [
        Line(
            school=school,
            progress=Progress(school.progress),  # type: ignore[attr-defined]
            is_late=overdue and not school.is_handed_in,  # type: ignore[attr-defined]
            roster=newest.get(school.pk),
            in_force=in_force.get(school.pk),
            desk=desks.get(school.pk),
            children=counted.now.get(school.pk, 0),
            children_before=counted.before.get(school.pk, 0),
        )
        for school in schools
    ]


def _counting(schools: Sequence[School], term: Term | None) -> RosterQuerySet:
    """The versions that still count, the newest last."""
    rows = Roster.objects.filter(term=term, school__in=schools).exclude(state__in=_NO_LONGER)
    return rows.select_related("uploaded_by").order_by("version", "pk")
