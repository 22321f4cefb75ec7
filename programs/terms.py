"""Terms: opened with their dates and what is carried out in them, changed, closed, opened again; the annual roll-over.

Nothing of a child is written here. Children move up in the workbooks that schools take along for the new term.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import workdays
from common.moves import Refused, move
from programs import gap_answers
from programs.choices import ListState
from programs.models import AwardList, Program, RecognitionRound, SchoolFee, TermProgram
from schools.choices import TERM_MOVES, Season, TermState
from schools.models import School, Stage, Term
from students import schools
from students.choices import RosterState
from students.expected import Promotion
from students.models import Enrollment, Roster

DUE = ("roster_due_on", "recognition_due_on", "lists_due_on", "publicity_due_on", "payments_due_on")
"""The days on which something is due, in the order of the work."""

DAYS = ("starts_on", "ends_on", *DUE)
FACTS = (*DAYS, "other_documents", "unusual_share")
_USUAL = {
    Season.SPRING: ((3, 1), (7, 10)),
    Season.AUTUMN: ((9, 1), (1, 20)),
}
_USUAL_ROSTER_DAYS = 19


class DaysOutOfOrder(Refused):
    code = "term-days-out-of-order"
    message = _("学期的日期前后矛盾：%(words)s")


class TermKnown(Refused):
    code = "term-known"
    message = _("%(term)s已经开设过了。")


class OpenGaps(Refused):
    code = "term-open-gaps"
    message = _("%(term)s还有 %(count)s 条应助未助没有办结，请先在“应助核查”里补报，或由学校答复、县级认可。")


class ToPropose(Refused):
    code = "term-to-propose"
    message = _(
        "%(term)s还有 %(count)s 名学生已经提名、还没有提出资助，请县级经办先重新提出资助对象，或由学校撤回提名。"
    )


class OpenRounds(Refused):
    code = "term-open-rounds"
    message = _("%(term)s还有 %(count)s 所学校的困难认定没有办完，请先在“困难认定”里办完，或由县级终止。")


class NotAYear(Refused):
    code = "no-roll-over"
    message = _("年度升级只在春季学期之后、开设秋季学期时办理。")


def next_code(code: str) -> str:
    """2021S → 2021A → 2022S."""
    year = int(code[:4])
    return f"{year}A" if code.endswith(Season.SPRING) else f"{year + 1}S"


def disorder(days: dict[str, Any], *, code: str, before: Term | None) -> dict[str, str]:
    """What is wrong with a term's days, by field and in words; nothing where they are in order."""
    wrong: dict[str, str] = {}
    first, last = days["starts_on"], days["ends_on"]
    if first.year != int(code[:4]):
        wrong["starts_on"] = _now("%(term)s的开学日应在 %(year)s 年。") % {"term": Term(code=code), "year": code[:4]}
    elif before is not None and first <= before.ends_on:
        wrong["starts_on"] = _now("开学日应晚于%(term)s的结束日。") % {"term": before}
    if last <= first:
        wrong["ends_on"] = _now("结束日应晚于开学日。")
    if not first <= days["roster_due_on"] <= last:
        wrong["roster_due_on"] = _now("花名册上报截止应在开学日和结束日之间。")
    latest, latest_name = first, "starts_on"
    for name in DUE:
        day = days.get(name)
        if day is None or name in wrong:
            continue
        # Rosters and recognition lists come beside each other, each before the lists of awards.
        earliest, earlier = (first, "starts_on") if name in DUE[:2] else (latest, latest_name)
        if day < earliest:
            words = {"earlier": Term._meta.get_field(earlier).verbose_name}  # type: ignore[union-attr]
            wrong[name] = _now("不能早于“%(earlier)s”。") % words
        elif day >= latest:
            latest, latest_name = day, name
    return wrong


def _refuse_disorder(days: dict[str, Any], *, code: str, before: Term | None) -> None:
    if wrong := disorder(days, code=code, before=before):
        raise DaysOutOfOrder(words=" ".join(wrong.values()))


def the_one_before(code: str) -> Term | None:
    """The term that comes right before this one, if the office knows it."""
    known = {next_code(term.code): term for term in Term.objects.all()}
    return known.get(code)


def proposal(after: Term) -> dict[str, Any]:
    """The next term's days: those of the same season a year before, a year on and on days on which people work."""
    code = next_code(after.code)
    year, season = int(code[:4]), Season(code[4])
    model = Term.objects.filter(pk=f"{year - 1}{season}").first()
    if model is None:
        (first_month, first_day), (last_month, last_day) = _USUAL[season]
        first = _work_day(date(year, first_month, first_day))
        last = date(year + (season is Season.AUTUMN), last_month, last_day)
        due = {"roster_due_on": _work_day(first + timedelta(days=_USUAL_ROSTER_DAYS))}
        days: dict[str, date | None] = {**dict.fromkeys(DUE), **due, "starts_on": first, "ends_on": _work_day(last)}
        return {**days, "other_documents": after.other_documents, "unusual_share": after.unusual_share}
    days_on = {name: _a_year_on(day) if (day := getattr(model, name)) else None for name in DAYS}
    return {**days_on, "other_documents": model.other_documents, "unusual_share": model.unusual_share}


def _a_year_on(day: date) -> date:
    last_of_february = (day.month, day.day) == (2, 29)
    return _work_day(date(day.year + 1, 2, 28) if last_of_february else day.replace(year=day.year + 1))


def _work_day(day: date) -> date:
    return workdays.last_day(day, 1)


@transaction.atomic
def open_next(*, after: Term, close_before: bool = False, by: User, at: datetime, **facts: Any) -> Term:
    """Open the term that follows: its days, the programs of the last term of its season, the fees that go on.

    `facts` are the fields of a term (FACTS). A school that is closed has no fee in the new term.
    """
    code = next_code(after.code)
    _refuse_disorder(facts, code=code, before=after)
    term, made = Term.objects.get_or_create(code=code, defaults=facts)
    if not made:
        raise TermKnown(term=term)
    programs = _carry_on(term, after)
    of_closed = SchoolFee.objects.on(term.starts_on).filter(school__is_active=False, valid_from__lt=term.starts_on)
    ended = of_closed.update(valid_to=term.starts_on - timedelta(days=1))
    fees = SchoolFee.objects.on(term.starts_on).count()
    actions.record(by, "term.opened", term, at=at, programs=programs, fees=fees, fees_ended=ended)
    if close_before:
        for earlier in Term.objects.filter(starts_on__lt=term.starts_on, state=TermState.OPEN):
            close(earlier, by=by, at=at)
    return term


def next_programs(after: Term) -> list[Program]:
    """What the term that follows carries out: what the last term of its season did, else what the last term did."""
    model = _model_of(after)
    return list(Program.objects.filter(terms__term=model)) if model else []


def _model_of(after: Term) -> Term | None:
    """The term whose programs the one that follows takes over."""
    season = next_code(after.code)[4]
    earlier = Term.objects.filter(starts_on__lte=after.starts_on, programs__isnull=False).order_by("-starts_on")
    return earlier.filter(code__endswith=season).first() or earlier.first()


def _carry_on(term: Term, after: Term) -> int:
    """Carry out in a new term what its model did: the same school pays, the same months of a later year."""
    model = _model_of(after)
    if model is None:
        return 0
    same_season = model.season is term.season
    lines = list(TermProgram.objects.filter(term=model))
    for line in lines:
        line.pk, line._state.adding, line.term = None, True, term
        for name in ("first_month", "last_month"):
            month: date | None = getattr(line, name)
            later = month.replace(year=month.year + term.year - model.year) if month and same_season else None
            setattr(line, name, later)
    TermProgram.objects.bulk_create(lines)
    return len(lines)


@transaction.atomic
def change(term: Term, *, by: User, at: datetime, **facts: Any) -> None:
    """Change a term's days, its list of documents or its share. Nothing changed leaves no trace."""
    days = {name: facts.get(name, getattr(term, name)) for name in DAYS}
    _refuse_disorder(days, code=term.code, before=the_one_before(term.code))
    changed = [name for name, value in facts.items() if getattr(term, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(term, name, facts[name])
    term.save(update_fields=changed)
    with translation.override(settings.LANGUAGE_CODE):
        columns = [str(Term._meta.get_field(name).verbose_name) for name in changed]  # type: ignore[union-attr]
    actions.record(by, "term.changed", term, at=at, columns=columns)


@transaction.atomic
def close(term: Term, *, by: User, at: datetime) -> None:
    """Nothing more is handed in for the term; all of it stays on record.

    A term stays open as long as a child is entitled to something, gets nothing, and nobody has accepted why, and as
    long as a school's recognition is under way.
    """
    move(term, TermState.CLOSED, moves=TERM_MOVES)
    if rounds := RecognitionRound.objects.filter(term=term).under_way().count():
        raise OpenRounds(term=term, count=rounds)
    figures = gap_answers.figures(term)
    if figures.missed:
        raise OpenGaps(term=term, count=figures.missed)
    if figures.to_propose:
        raise ToPropose(term=term, count=figures.to_propose)
    actions.record(by, "term.closed", term, at=at)


@transaction.atomic
def reopen(term: Term, *, by: User, at: datetime) -> None:
    """Schools may hand in again."""
    move(term, TermState.OPEN, moves=TERM_MOVES)
    actions.record(by, "term.reopened", term, at=at)


@dataclass(frozen=True)
class Unfinished:
    """What of a term is not at its end yet."""

    schools_without_roster: int
    lists_not_confirmed: int
    missed: int
    """Children and programs entitled but not aided. As long as there is one, the term cannot be closed."""
    to_propose: int
    """Children whom schools put forward since the last run of proposals. The next run comes before the end."""
    rounds: int
    """Schools whose recognition is under way. As long as there is one, the term cannot be closed."""

    @property
    def is_in_the_way(self) -> bool:
        return bool(self.missed or self.to_propose or self.rounds)


def unfinished(term: Term) -> Unfinished:
    in_force = Roster.objects.filter(term=term, state=RosterState.IN_FORCE).values("school")
    figures = gap_answers.figures(term)
    return Unfinished(
        schools_without_roster=School.objects.filter(is_active=True).exclude(pk__in=in_force).count(),
        lists_not_confirmed=AwardList.objects.with_people()
        .filter(term=term)
        .exclude(state=ListState.CONFIRMED)
        .count(),
        missed=figures.missed,
        to_propose=figures.to_propose,
        rounds=RecognitionRound.objects.filter(term=term).under_way().count(),
    )


# --- The annual roll-over (年度升级)


@dataclass(frozen=True)
class GradeAhead:
    """A grade of the term that ends: how many of its children move up, and how many are through."""

    stage: Stage
    grade: str
    moving_up: int
    leaving: int


@dataclass(frozen=True)
class Ahead:
    """What the next school year begins with, if nothing else changes until then."""

    active: int
    grades: list[GradeAhead]
    programs: list[Program]
    fees: int
    without_officer: list[School]
    empty: list[School] = field(default_factory=list)

    @property
    def moving_up(self) -> int:
        return sum(grade.moving_up for grade in self.grades)

    @property
    def leaving(self) -> int:
        return sum(grade.leaving for grade in self.grades)


def ahead(after: Term, *, closing: Iterable[School] = ()) -> Ahead:
    """What happens at the turn of the school year. Only counts; nothing is written."""
    if after.season is not Season.SPRING:
        raise NotAYear()
    closed = {school.pk for school in closing}
    active = School.objects.filter(is_active=True).exclude(pk__in=closed)
    day = after.ends_on + timedelta(days=1)
    with_children = Enrollment.objects.here().filter(term=after).values("school")
    officers = Count("officers", filter=Q(officers__is_active=True, officers__is_principal=False))
    return Ahead(
        active=active.count(),
        grades=_grades(after),
        programs=next_programs(after),
        fees=SchoolFee.objects.on(day).filter(school__in=active).count(),
        without_officer=list(active.annotate(at_work=officers).filter(at_work=0).for_list()),
        empty=list(School.objects.filter(is_active=True).exclude(pk__in=with_children).for_list()),
    )


def _grades(term: Term) -> list[GradeAhead]:
    """The children of the term by grade, with what the next school year makes of them in their schools."""
    stages = Stage.objects.in_bulk()
    counted = Enrollment.objects.here().filter(term=term).order_by()
    rows = counted.values_list("school", "stage", "grade", "grade_no").annotate(n=Count("pk"))
    of_school = {
        school.pk: school for school in School.objects.select_related("kind").prefetch_related("stages", "kind__stages")
    }
    promotions: dict[tuple[str, frozenset[str]], Promotion] = {}
    moving_up: Counter[tuple[str, str]] = Counter()
    leaving: Counter[tuple[str, str]] = Counter()
    places: dict[tuple[str, str], int] = defaultdict(int)
    for pk, stage, grade, grade_no, n in rows:
        school = of_school[pk]
        alike = school.kind_id, school.stage_codes()
        if alike not in promotions:
            promotions[alike] = Promotion(school)
        promotion = promotions[alike]
        (leaving if promotion.next((stage, grade)) is None else moving_up)[stage, grade] += n
        places[stage, grade] = max(places[stage, grade], grade_no)
    in_order = sorted(places, key=lambda at: (stages[at[0]].position, at[0], places[at], at[1]))
    return [GradeAhead(stages[at[0]], at[1], moving_up[at], leaving[at]) for at in in_order]


@transaction.atomic
def roll_over(
    after: Term, *, closing: Sequence[School], reason: str, close_before: bool, by: User, at: datetime, **facts: Any
) -> Term:
    """The turn of the school year as one act: schools that stop are closed, and the autumn term is opened."""
    if after.season is not Season.SPRING:
        raise NotAYear()
    for school in closing:
        schools.close(school, reason=reason, by=by, at=at)
    term = open_next(after=after, close_before=close_before, by=by, at=at, **facts)
    actions.record(by, "term.rolled-over", term, at=at, schools_closed=len(closing))
    return term
