"""Children nobody can find: registered children of school age who are in no roster of the county.

A row of Absence is the search for one child in one term. Rows are only ever added (`renew`, at the end of every
cross-check); what people found out stays in them whatever a later run says. Whether a child still belongs on the list
is not stored but asked each time (`looked_at`): it leaves the list the moment a match of the run in force holds for
it, and comes back if that match is taken back. So a run settles nothing by itself and undoes nothing by itself.
"""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, TextChoices, Value, When
from django.utils.translation import gettext_lazy as _

from common.bulk import in_parts, insert, upsert
from common.resident_ids import IdKind
from schools.models import Term
from students.choices import AbsenceState, CategoryGroup, CrosscheckState, EnrollmentState, MatchState, Outcome
from students.models import (
    Absence,
    AbsenceQuerySet,
    Crosscheck,
    Enrollment,
    Match,
    MatchDecision,
    MatchQuerySet,
    RegisterPerson,
)

KINDERGARTEN_AGES = range(3, 6)
COMPULSORY_AGES = range(6, 15)
"""义务教育法 第十一条: a child enters at six full years; 第二条: compulsory schooling lasts nine years."""
LATEST_ENTRY = 7
"""义务教育法 第十一条: where conditions are lacking a child may enter at seven."""
SENIOR_AGES = range(15, 18)
AGES = range(KINDERGARTEN_AGES.start, SENIOR_AGES.stop)
"""Who is looked for, by full years on 1 September of the school year, as entry ages are counted."""

_OF_CHILDREN = frozenset("子女儿孙侄甥弟妹")
_OF_SPOUSES = frozenset("妻媳婿夫")


class Expectation(TextChoices):
    """What the law expects of a child of that age. Whose age no list says may be any of these."""

    COMPULSORY = "compulsory", _("义务教育阶段（6—14 岁），应当在校")
    SENIOR = "senior", _("高中阶段（15—17 岁），自愿就读")
    KINDERGARTEN = "kindergarten", _("学前阶段（3—5 岁），自愿入园")
    BEYOND = "beyond", _("已满 18 周岁")
    UNKNOWN = "unknown", _("年龄不明")

    @property
    def short(self) -> Any:
        """For the head of a column."""
        return _SHORT.get(self, self.label)


_SHORT = {
    Expectation.COMPULSORY: _("6—14 岁"),
    Expectation.SENIOR: _("15—17 岁"),
    Expectation.KINDERGARTEN: _("3—5 岁"),
}


class Standing(TextChoices):
    """Where the search for a child stands. The last two are off the list and kept on record."""

    OPEN = "open", _("正在查找")
    DROPPED_OUT = "dropped-out", _("失学辍学")
    SUSPECTED = "suspected", _("可能已找到，待比对核实")
    SETTLED = "settled", _("已查明")
    FOUND = "found", _("已在花名册中找到")
    GONE = "gone", _("名单中已没有此人")


MISSING = (Standing.OPEN, Standing.DROPPED_OUT, Standing.SETTLED)
"""Who counts as missing: in no roster, and no suspicion waits that may find the child."""


# Who is looked for


def renew(run: Crosscheck) -> int:
    """Add the term's newly missing children, and say how many. Called in the last step of a run.

    The same child in several lists is one: known by its number where that is right and nobody else's, else by the key
    of its line. Of a child that is still missing only the line in hand changes, to the newest list's; its state,
    outcome, words and steps stay as people left them. A drop-out of the last term who is in no roster yet goes along
    as it is, and so goes from term to term until it is found or somebody says otherwise, whatever its age and whether
    a list still names it. What was said to be another record is put into the run again, where its search did not
    come upon the pair.
    """
    _renew_pairs(run)
    shared = _shared_numbers(run)
    held = _held(run)
    persons = set(held.values_list("person", flat=True))
    found = {_key(*line, shared=shared) for line in held.values_list(*(f"person__{name}" for name in _LINE[1:]))}
    missing: dict[str, int] = {}
    for pk, *line in _lines(run, shared):
        key = _key(*line, shared=shared)
        if pk in persons:
            found.add(key)
        else:
            missing.setdefault(key, pk)
    before = Absence.objects.filter(term=run.term).count()
    insert(Absence, (*_ABSENCE, "decided_by", "decided_at"), _drop_outs_before(run.term, found))
    upsert(
        Absence,
        _ABSENCE,
        [
            (run.term_id, key, pk, AbsenceState.OPEN.value, "", "", run.made_at)
            for key, pk in missing.items()
            if key not in found
        ],
        unique=_ABSENCE[:2],
        update=("person",),
    )
    return Absence.objects.filter(term=run.term).count() - before


_ABSENCE = ("term", "key", "person", "state", "outcome", "words", "found_at")
_LINE = ("pk", "id_kind", "id_number_index", "key", "snapshot")
_Shared = Collection[tuple[int, str]]
"""(list, number) where one number stands beside different names: it is somebody else's, or nobody knows whose."""


def _lines(run: Crosscheck, shared: _Shared) -> Iterator[tuple[Any, ...]]:
    """Every line of the run's lists that may be a child of school age, of each kind the newest list first."""
    people = RegisterPerson.objects.filter(snapshot__in=run.snapshots.all())
    people = people.order_by("-snapshot__as_of", "snapshot", "row")
    of_age = Q(born_on__range=born_between(run.term, AGES))
    yield from people.filter(of_age).values_list(*_LINE).iterator(chunk_size=5_000)
    ageless = [people.filter(born_on=None)]
    for numbers in in_parts(sorted({number for _snapshot, number in shared})):
        ageless.append(people.filter(id_number_index__in=numbers).exclude(of_age))
    for rows in ageless:
        for relation, group, *line in rows.values_list("relation", "category__group", *_LINE):
            if _is_of_a_child(relation, group):
                yield tuple(line)


def _is_of_a_child(relation: str, group: str) -> bool:
    """Whether a line without a credible age is of somebody's child, or of an orphan whose list names no relation."""
    if not relation:
        return group == CategoryGroup.ORPHAN
    return not _OF_CHILDREN.isdisjoint(relation) and _OF_SPOUSES.isdisjoint(relation)


def _shared_numbers(run: Crosscheck) -> set[tuple[int, str]]:
    rows = RegisterPerson.objects.filter(snapshot__in=run.snapshots.all(), id_kind=IdKind.RESIDENT.value).order_by()
    counted = rows.values_list("snapshot", "id_number_index").annotate(n=Count("name_key", distinct=True))
    return {(snapshot, number) for snapshot, number, _n in counted.filter(n__gt=1) if number}


def _key(kind: str, index: str | None, key: str, snapshot: int, *, shared: _Shared) -> str:
    return index if index and kind == IdKind.RESIDENT and (snapshot, index) not in shared else key


def _held(run: Crosscheck) -> MatchQuerySet:
    """Matches that hold with children whom a school still counts as its own."""
    held: MatchQuerySet = run.matches.holding().exclude(enrollment__state=EnrollmentState.LEFT)
    return held


def _drop_outs_before(term: Term, found: Collection[str]) -> list[tuple[Any, ...]]:
    """Drop-outs of the last term before this one that has any list, as rows of this term."""
    before = term_before(term)
    if before is None:
        return []
    rows = Absence.objects.filter(term=before, outcome=Outcome.DROPPED_OUT).order_by("key")
    columns = ("key", "person", "state", "outcome", "words", "found_at", "decided_by", "decided_at")
    return [(term.pk, *row) for row in rows.values_list(*columns) if row[0] not in found]


def _renew_pairs(run: Crosscheck) -> None:
    """Pairs that somebody joined by hand (`is_the_same`) share no mark that the search goes by: put them in."""
    keys = set(Absence.objects.filter(outcome=Outcome.OTHER_RECORD).values_list("key", flat=True))
    people: dict[str, int] = {}
    for some in in_parts(sorted(keys)):
        lines = RegisterPerson.objects.filter(Q(id_number_index__in=some) | Q(key__in=some))
        people.update(lines.filter(snapshot__in=run.snapshots.all()).values_list("key", "pk"))
    if not people:
        return
    decided = MatchDecision.objects.filter(is_current=True, is_same=True, person_key__in=list(people)).order_by("pk")
    here = Enrollment.objects.here().filter(term=run.term, student__key__in=decided.order_by().values("student_key"))
    schools: dict[str, list[int]] = {}
    for enrollment, child in here.order_by("pk").values_list("pk", "student__key"):
        schools.setdefault(child, []).append(enrollment)
    common = (BY_HAND, MatchState.CONFIRMED.value, 0, 1, False, [BY_HAND])
    rows = [
        (run.pk, enrollment, people[one.person_key], *common, one.decided_by_id, one.decided_at, one.note)
        for one in decided
        for enrollment in schools.get(one.student_key, ())
    ]
    insert(Match, _MATCH, rows)


BY_HAND = "by-hand"
"""The tier and reason of a pair that a person joined: no rule and no score speaks for it."""
_MATCH = (
    "crosscheck", "enrollment", "person", "tier", "state", "score", "rank", "is_new", "reasons", "decided_by",
    "decided_at", "note",
)  # fmt: skip


def born_between(term: Term, ages: range) -> tuple[date, date]:
    """The first and the last birthday of whoever has one of these ages in a term."""
    year = int(term.school_year)
    return date(year - ages.stop, 9, 1), date(year - ages.start, 8, 31)


def of_age(term: Term, ages: range) -> Q:
    """Whose line gives a birthday of one of these ages."""
    return Q(person__born_on__range=born_between(term, ages))


def term_before(term: Term) -> Term | None:
    """The last term before this one in which children were looked for."""
    searched = Exists(Absence.objects.filter(term=OuterRef("pk")))
    return Term.objects.filter(searched, starts_on__lt=term.starts_on).order_by("-starts_on").first()


# Where each search stands


def looked_at(rows: AbsenceQuerySet, term: Term) -> AbsenceQuerySet:
    """Rows of one term with `standing` and `expectation` as columns, by the run in force at this moment."""
    matches = Match.objects.filter(crosscheck__term=term, crosscheck__state=CrosscheckState.DONE).order_by()
    there = matches.exclude(enrollment__state=EnrollmentState.LEFT)
    dropped_out = Q(outcome=Outcome.DROPPED_OUT)
    standing = Case(
        When(_among(there.holding(), term), then=Value(Standing.FOUND.value)),
        When(dropped_out, then=Value(Standing.DROPPED_OUT.value)),
        When(outcome=Outcome.OTHER_RECORD, then=Value(Standing.OPEN.value)),  # the pair was taken back at the desk
        When(~Q(person__snapshot__in=_lists(term)), then=Value(Standing.GONE.value)),
        When(state=AbsenceState.SETTLED, then=Value(Standing.SETTLED.value)),
        When(_waiting(there.filter(state=MatchState.SUSPECTED)), then=Value(Standing.SUSPECTED.value)),
        default=Value(Standing.OPEN.value),
        output_field=CharField(),
    )
    return rows.filter(term=term).annotate(standing=standing, expectation=_expectation(term))


def standing_so(rows: AbsenceQuerySet, *standings: str) -> AbsenceQuerySet:
    """Of rows that were looked at, those that stand in one of these ways."""
    return rows.filter(Q(standing__in=standings))


def _lists(term: Term) -> QuerySet[Any, Any]:
    """The lists of the term's run in force."""
    lists = Crosscheck.snapshots.through.objects.filter(crosscheck__term=term, crosscheck__state=CrosscheckState.DONE)
    return lists.values("registersnapshot")


def _among(held: MatchQuerySet, term: Term) -> Q:
    """Children whom one of these matches finds, under any of their lines in the lists of the run in force.

    By way of the lines, because both steps have an index; a join of the two reads every match for every child.
    """
    of_line = Exists(held.filter(person=OuterRef("pk")))
    lines = RegisterPerson.objects.filter(of_line, snapshot__in=_lists(term)).order_by()
    by_number, by_key = lines.filter(id_number_index=OuterRef("key")), lines.filter(key=OuterRef("key"))
    return Q(Exists(by_number)) | Q(Exists(by_key))


def _waiting(suspected: MatchQuerySet) -> Q:
    """Children of whom one of these suspicions speaks. They are few, and read once for all children."""
    numbers = suspected.exclude(person__id_number_index=None).values("person__id_number_index")
    return Q(key__in=numbers) | Q(key__in=suspected.values("person__key"))


def _expectation(term: Term) -> Case:
    grown_up = date(int(term.school_year) - SENIOR_AGES.stop, 8, 31)
    return Case(
        When(of_age(term, COMPULSORY_AGES), then=Value(Expectation.COMPULSORY.value)),
        When(of_age(term, KINDERGARTEN_AGES), then=Value(Expectation.KINDERGARTEN.value)),
        When(of_age(term, SENIOR_AGES), then=Value(Expectation.SENIOR.value)),
        When(outcome=Outcome.DROPPED_OUT, person__born_on__lte=grown_up, then=Value(Expectation.BEYOND.value)),
        default=Value(Expectation.UNKNOWN.value),
        output_field=CharField(),
    )


def alarm(term: Term) -> int:
    """Children of compulsory age of whom nobody knows a place, and all drop-outs: the red figure. One query."""
    return alarming(looked_at(Absence.objects.all(), term)).count()


def alarming(rows: AbsenceQuerySet) -> AbsenceQuerySet:
    """Of rows that were looked at, those that are red."""
    nowhere = Q(expectation=Expectation.COMPULSORY) & Q(standing=Standing.OPEN)
    dropped_out = Q(outcome=Outcome.DROPPED_OUT) & Q(standing=Standing.DROPPED_OUT)
    return rows.filter(nowhere | dropped_out)


def expectation_at(age: int | None) -> Expectation:
    """What is expected at an age in full years."""
    if age is None or age < KINDERGARTEN_AGES.start:
        return Expectation.UNKNOWN
    if age in KINDERGARTEN_AGES:
        return Expectation.KINDERGARTEN
    if age in COMPULSORY_AGES:
        return Expectation.COMPULSORY
    return Expectation.SENIOR if age in SENIOR_AGES else Expectation.BEYOND


def age_of(absence: Absence) -> int | None:
    """Full years, where the list gives a day of birth that a child can have."""
    born_on = absence.person.born_on
    age = absence.term.age_on_start(born_on) if born_on else None
    is_credible = age is not None and (age in AGES or absence.outcome == Outcome.DROPPED_OUT)
    return age if is_credible else None


def lines_of(absence: Absence, run: Crosscheck) -> QuerySet[RegisterPerson]:
    """The child's lines in all lists of a run."""
    same = Q(key=absence.key) | Q(id_number_index=absence.key)
    return RegisterPerson.objects.filter(same, snapshot__in=run.snapshots.all()).order_by("-snapshot__as_of", "pk")


def run_in_force(term_code: str) -> Crosscheck | None:
    return Crosscheck.objects.filter(term=term_code, state=CrosscheckState.DONE).first()
