"""None missed, none mistaken: where facts and awards of a term do not agree, child by child and program by program.

One definition gives both lists. Entitled but not aided (应助未助): the rulebook of the award run says yes, and no award
stands. Aided but not entitled (不应助已助): an award stands, and the child fits no rule of its program today, is not
there, has another program that excludes it, or has the same program twice. Nothing is stored: the lists are counted
from the rows as they are now.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from common.bulk import in_parts
from programs.choices import Gap, Mistake, RecognitionListState
from programs.eligibility import Nominations, Rulebook, facts_of, places
from programs.models import Award, AwardList, Nomination, Recognition, RecognitionList, Rule
from programs.transfers import Transfers
from schools.models import School, Term
from students.choices import EnrollmentState, RosterState
from students.models import Enrollment, Hardship, Roster, Student

READ_ROWS = 4_000
_FEW_SCHOOLS = 100
"""Up to so many schools are looked at by themselves; for more it is less work to look at all."""


@dataclass(frozen=True, slots=True)
class Line:
    """One child and one program that do not agree: which way, why, since when."""

    gap: Gap
    enrollment: int
    student: int
    school: int
    program: str
    rule: int
    since_on: date
    mistakes: tuple[Mistake, ...] = ()
    award: int = 0
    place: tuple[Any, ...] = ()
    """Where it stands in the county: school, grade, class."""

    @property
    def key(self) -> str:
        """What a form names it by."""
        return f"{self.enrollment}:{self.program}"

    def days(self, today: date) -> int:
        return max((today - self.since_on).days, 0)


def find(term: Term, *, schools: Collection[int] | None = None) -> Iterator[Line]:
    """Every line of both lists, in no particular order; of some schools, only these are looked at.

    Enrollments are read in parts; in memory are the children with facts and the awards that stand.
    """
    if schools is None or len(schools) <= _FEW_SCHOOLS:
        return _Search(term, schools).lines()
    return (line for line in _Search(term, None).lines() if line.school in schools)


class _Child(NamedTuple):
    """A row of an enrollment: what the rulebook asks of it (eligibility.COLUMNS), and where it stands."""

    pk: int
    student: int
    school: int
    stage: str
    grade: str
    grade_no: int
    class_name: str
    is_boarding: bool
    is_rural: bool
    is_registered: bool | None
    state: str


_CHILD = _Child._fields


class _Aid(NamedTuple):
    """An award that stands."""

    pk: int
    student: int
    enrollment: int
    program: str
    school: int
    list: int
    rule: int


_AID = _Aid._fields


class _Fitting(NamedTuple):
    """What the rulebook says of one set of facts: the rule that fits by program, and what follows from it."""

    rules: dict[str, Rule]
    entitled: frozenset[str]


class _Search:
    """One look at a term: its rulebook, its facts, its awards."""

    def __init__(self, term: Term, schools: Collection[int] | None) -> None:
        self.term, self.schools = term, schools
        self.rulebook = Rulebook(term)
        self.positions = {program.code: nth for nth, program in enumerate(self.rulebook.programs)}
        self.conditions = {
            condition.rule.pk: condition for group in self.rulebook.conditions.values() for condition in group
        }
        self.with_own_fees = {school for school, _program in self.rulebook.fees}
        self.places = places()
        self.codes = dict(School.objects.values_list("pk", "code"))
        self.known: dict[tuple[Any, ...], _Fitting] = {}
        self.categories = self._categories()
        self.levels = self._levels()
        self.nominations = self._nominations()
        self.twins = self._twins()
        self.aids = self._aids()
        self.aided = {(self._child(aid.student), aid.program) for aid in self.aids}
        self.rosters_on = self._days(Roster.objects.filter(state=RosterState.IN_FORCE), "school", "committed_at")
        self.lists_on = self._days(AwardList.objects.all(), "pk", "prepared_at")

    # What is read

    def _here(self) -> QuerySet[Any] | None:
        """The children of these schools; nothing where all are meant."""
        if self.schools is None:
            return None
        return Enrollment.objects.filter(term=self.term, school__in=self.schools).order_by().values("student")

    def _of_theirs(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        here = self._here()
        return rows if here is None else rows.filter(student__in=here)

    def _categories(self) -> dict[int, dict[str, date]]:
        """student → the categories that hold in the term, each with the day on which it was known."""
        found: dict[int, dict[str, date]] = defaultdict(dict)
        rows = self._of_theirs(Hardship.objects.in_force(self.term)).order_by()
        for student, category, day in rows.values_list("student", "category", "known_on").iterator(READ_ROWS):
            found[student][category] = day
        return found

    def _levels(self) -> dict[int, tuple[str, date]]:
        """student → the level of recognition, with the day of the school's list; as in the award run."""
        rows = Recognition.objects.in_force(self.term).last_holds()
        days = self._days(RecognitionList.objects.filter(state=RecognitionListState.IN_FORCE), "pk", "uploaded_at")
        columns = self._of_theirs(rows).values_list("student", "level", "list")
        return {
            student: (level, days.get(in_list, self.term.starts_on))
            for student, level, in_list in columns.iterator(READ_ROWS)
        }

    def _nominations(self) -> dict[int, tuple[Nominations, date]]:
        """student → what schools put it forward for, with the day of the last of these nominations."""
        rows = self._of_theirs(Nomination.objects.filter(term=self.term, is_current=True)).order_by("program")
        found: dict[int, tuple[Nominations, date]] = {}
        for student, program, tier, at in rows.values_list("student", "program", "tier", "set_at").iterator(READ_ROWS):
            before, day = found.get(student, ((), date.min))
            found[student] = ((*before, (program, tier)), max(day, timezone.localdate(at)))
        return found

    def _twins(self) -> dict[int, str]:
        """Students of one resident number under two records, by that number's index."""
        numbers = Student.objects.order_by().exclude(id_number_index=None)
        here = self._here()
        if here is not None:
            numbers = numbers.filter(
                id_number_index__in=Student.objects.filter(pk__in=here).order_by().values("id_number_index")
            )
        twice = numbers.values("id_number_index").annotate(n=Count("pk")).filter(n__gt=1).values("id_number_index")
        return dict(Student.objects.filter(id_number_index__in=twice).order_by().values_list("pk", "id_number_index"))

    def _child(self, student: int) -> int | str:
        return self.twins.get(student, student)

    def _aids(self) -> list[_Aid]:
        rows = Award.objects.live().filter(term=self.term).order_by()
        here = self._here()
        if here is not None:
            rows = rows.filter(Q(school__in=self.schools) | Q(student__in=here) | Q(student__in=list(self.twins)))
        return [_Aid(*row) for row in rows.values_list(*_AID).iterator(READ_ROWS)]

    def _days(self, rows: QuerySet[Any], key: str, column: str) -> dict[int, date]:
        found = rows.filter(term=self.term).order_by()
        if self.schools is not None:
            found = found.filter(school__in=self.schools)
        return {each: timezone.localdate(at) for each, at in found.values_list(key, column) if at}

    def _children(self) -> Iterator[_Child]:
        """Who studies and may be entitled to something."""
        studying = Enrollment.objects.studying().filter(term=self.term).order_by()
        open_stages = self.rulebook.open_stages()
        if self.schools is not None:
            # Of a school all are read: that is less work than to look for the county's facts first.
            for row in studying.filter(school__in=self.schools).values_list(*_CHILD).iterator(READ_ROWS):
                child = _Child(*row)
                if child.stage in open_stages or self._is_known(child.student):
                    yield child
            return
        facts = Hardship.objects.in_force(self.term).order_by().values("student")
        lists = Recognition.objects.in_force(self.term).order_by()
        named = Nomination.objects.filter(term=self.term, is_current=True).order_by().values("student")
        with_facts = studying.filter(
            Q(student__in=facts) | Q(student__in=lists.values("student")) | Q(student__in=named)
        )
        for part in (studying.filter(stage__in=open_stages), with_facts.exclude(stage__in=open_stages)):
            yield from (_Child(*row) for row in part.values_list(*_CHILD).iterator(READ_ROWS))

    def _is_known(self, student: int) -> bool:
        return student in self.categories or student in self.levels or student in self.nominations

    def _children_of(self, enrollments: Iterable[int]) -> Iterator[_Child]:
        for keys in in_parts(sorted(enrollments)):
            yield from (_Child(*row) for row in Enrollment.objects.filter(pk__in=keys).values_list(*_CHILD))

    # What follows

    def lines(self) -> Iterator[Line]:
        of_enrollment: dict[int, list[_Aid]] = defaultdict(list)
        for aid in self.aids:
            if self.schools is None or aid.school in self.schools:
                of_enrollment[aid.enrollment].append(aid)
        suspects = self._suspects()
        missed: list[Line] = []
        for child in self._children():
            fitting = self._fitting(child)
            for program in fitting.entitled:
                if (self._child(child.student), program) not in self.aided:
                    missed.append(self._missed(child, program, fitting.rules[program]))
            yield from self._mistaken(child, of_enrollment.pop(child.pk, ()), fitting, suspects)
        for child in self._children_of(list(of_enrollment)):
            yield from self._mistaken(child, of_enrollment[child.pk], self._fitting(child), suspects)
        # A child in two schools is missed in the one that would pay, as in the award run.
        transfers = Transfers(self.term, students=(line.student for line in missed))
        yield from (line for line in missed if transfers.is_paid_at(line.enrollment, line.student, line.program))

    def _fitting(self, child: _Child) -> _Fitting:
        """The rulebook's answer; children with the same facts share it."""
        categories = frozenset(self.categories.get(child.student, ()))
        level, _day = self.levels.get(child.student, ("", None))
        nominations, _day = self.nominations.get(child.student, ((), None))
        # A school matters beyond its kind and its place only where it has fees of its own.
        school = child.school if child.school in self.with_own_fees else 0
        place = self.places[child.school]
        of_child = (child.stage, child.grade, child.is_boarding, child.is_rural, child.is_registered)
        key = (school, place, *of_child, categories, level, nominations)
        found = self.known.get(key)
        if found is None:
            row = {**child._asdict(), "school_id": child.school, "stage_id": child.stage}
            seen = facts_of(row, place, categories=categories, level=level, nominations=nominations)
            verdicts = self.rulebook.judge(seen, in_words=False)
            found = self.known[key] = _Fitting(
                rules={verdict.program.code: verdict.rule for verdict in verdicts if verdict.rule},
                entitled=frozenset(verdict.program.code for verdict in verdicts if verdict.entitled),
            )
        return found

    def _place(self, school: int, child: _Child) -> tuple[Any, ...]:
        return self.codes[school], child.grade_no, child.class_name

    def _missed(self, child: _Child, program: str, rule: Rule) -> Line:
        condition = self.conditions[rule.pk]
        days = [self.term.starts_on]
        if condition.categories:
            known = self.categories[child.student]
            days.append(min(known[code] for code in condition.categories & known.keys()))
        if condition.levels:
            days.append(self.levels[child.student][1])
        if child.student in self.nominations and any(
            code == program for code, _tier in self.nominations[child.student][0]
        ):
            days.append(self.nominations[child.student][1])
        return Line(
            gap=Gap.MISSED,
            enrollment=child.pk,
            student=child.student,
            school=child.school,
            program=program,
            rule=rule.pk,
            since_on=max(days),
            place=self._place(child.school, child),
        )

    def _mistaken(
        self, child: _Child, aids: Iterable[_Aid], fitting: _Fitting, suspects: dict[int, dict[Mistake, date]]
    ) -> Iterator[Line]:
        for aid in aids:
            found = {**self._wrong_with(child, aid, fitting), **suspects.get(aid.pk, {})}
            if found:
                yield Line(
                    gap=Gap.MISTAKEN,
                    enrollment=child.pk,
                    student=child.student,
                    school=aid.school,
                    program=aid.program,
                    rule=aid.rule,
                    since_on=max(self.term.starts_on, *found.values()),
                    mistakes=tuple(found),
                    award=aid.pk,
                    place=self._place(aid.school, child),
                )

    def _wrong_with(self, child: _Child, aid: _Aid, fitting: _Fitting) -> dict[Mistake, date]:
        """What of the child itself speaks against the award, each with its day."""
        roster_on = self.rosters_on.get(aid.school, self.term.starts_on)
        if child.state == EnrollmentState.LEFT:
            return {Mistake.LEFT: roster_on}
        if child.state == EnrollmentState.SUSPENDED:
            return {Mistake.SUSPENDED: roster_on}
        if aid.program in fitting.rules:
            return {}
        found: dict[Mistake, date] = {}
        condition = self.conditions.get(aid.rule)
        if condition is not None and self._has_lapsed(child, condition.categories, condition.levels):
            found[Mistake.LAPSED] = self._lapsed_on(child)
        if condition is not None and condition.rule.is_boarding and not child.is_boarding:
            found[Mistake.NOT_BOARDING] = roster_on
        return found or {Mistake.UNFIT: roster_on}

    def _has_lapsed(self, child: _Child, categories: frozenset[str], levels: frozenset[str]) -> bool:
        known = self.categories.get(child.student, {})
        level, _day = self.levels.get(child.student, ("", None))
        return bool((categories and not categories & known.keys()) or (levels and level not in levels))

    def _lapsed_on(self, child: _Child) -> date:
        """The last day of what the award rested on."""
        return self._ended_on.get(child.student, self.term.starts_on)

    @cached_property
    def _ended_on(self) -> dict[int, date]:
        rows = self._of_theirs(Hardship.objects.filter(term=self.term, to_on__lt=self.term.ends_on))
        return dict(rows.order_by("to_on").values_list("student", "to_on"))

    def _suspects(self) -> dict[int, dict[Mistake, date]]:
        """award → what other awards and other places of the child speak against it."""
        of_child: dict[int | str, list[_Aid]] = defaultdict(list)
        for aid in self.aids:
            of_child[self._child(aid.student)].append(aid)
        elsewhere = self._in_two_schools()
        found: dict[int, dict[Mistake, date]] = defaultdict(dict)
        for aids in of_child.values():
            if len(aids) > 1:
                for aid in aids:
                    self._compare(aid, aids, found)
        for aid in self.aids:
            if aid.student in elsewhere:
                found[aid.pk][Mistake.TWO_SCHOOLS] = self.rosters_on.get(aid.school, self.term.starts_on)
        return found

    def _compare(self, aid: _Aid, aids: list[_Aid], found: dict[int, dict[Mistake, date]]) -> None:
        day = self.lists_on.get(aid.list, self.term.starts_on)
        others = [other for other in aids if other.pk != aid.pk]
        excluded = self.rulebook.excluded.get(aid.program, set())
        if any(other.program in excluded and self._comes_first(other, aid) for other in others):
            found[aid.pk][Mistake.EXCLUDED] = day
        if any(other.program == aid.program for other in others):
            found[aid.pk][Mistake.TWICE] = day

    def _comes_first(self, one: _Aid, other: _Aid) -> bool:
        last = len(self.positions)
        return self.positions.get(one.program, last) < self.positions.get(other.program, last)

    def _in_two_schools(self) -> set[int]:
        """Aided children who study in more than one school."""
        if self.schools is None:
            aided = Award.objects.live().filter(term=self.term).order_by().values("student")
            studying = Enrollment.objects.studying().filter(term=self.term, student__in=aided).order_by()
            twice = studying.values("student").annotate(n=Count("pk")).filter(n__gt=1)
            return set(twice.values_list("student", flat=True))
        places: Counter[int] = Counter()
        for keys in in_parts(sorted({aid.student for aid in self.aids if aid.school in self.schools})):
            # Only the children are asked for: with the term among the conditions SQLite reads the whole term.
            rows = Enrollment.objects.filter(student__in=keys).order_by().values_list("student", "term", "state")
            places.update(row[0] for row in rows if row[1:] == (self.term.pk, EnrollmentState.STUDYING))
        return {student for student, n in places.items() if n > 1}
