"""What the next list of a source touches: awards of a term whose reason left the list, children whom it names now.

Nothing is stored and nothing follows by itself: the next cross-check renews the facts, and people decide. Both answers
are counted from the two lists and the term's rows as they are.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum

from common.resident_ids import IdKind
from programs.eligibility import Known, Place, Rulebook, Verdict
from programs.models import Award, AwardQuerySet
from schools.models import Term
from students import register_changes
from students.choices import CrosscheckState
from students.models import Enrollment, EnrollmentQuerySet, Hardship, Match, RegisterPerson, RegisterSnapshot
from students.register_changes import Change


@dataclass(frozen=True)
class Losing:
    """A live award of a child whose line left the list, and what else is known of the child."""

    award: Award
    leaving: list[Hardship]
    staying: list[Hardship]


@dataclass(frozen=True)
class Gaining:
    """A studying child whom the new list names, and what that could entitle it to."""

    enrollment: Enrollment
    people: list[RegisterPerson]
    awards: list[Award]
    entitled: list[Verdict] = field(default_factory=list)


@dataclass(frozen=True)
class Totals:
    """How many awards and children, and how much money, stand on people who left; how many children came."""

    awards: int
    children: int
    amount_fen: int
    came: int


def losing(snapshot: RegisterSnapshot, term: Term) -> AwardQuerySet:
    """Live awards of the term to children who were found to be somebody who left the list.

    Whoever left is known in every list of the source by the same key, whichever of them the term was compared with.
    """
    left = register_changes.people(snapshot, Change.LEFT).values("key")
    of_source = {"person__snapshot__source": snapshot.source_id, "person__key__in": left}
    by_facts = Hardship.objects.filter(term=term, **{f"match__{name}": value for name, value in of_source.items()})
    in_force = Match.objects.holding().filter(crosscheck__term=term, crosscheck__state=CrosscheckState.DONE)
    by_matches = in_force.filter(**of_source)
    return (
        Award.objects.live()
        .filter(term=term)
        .filter(Q(student__in=by_facts.values("student")) | Q(student__in=by_matches.values("enrollment__student")))
    )


def gaining(snapshot: RegisterSnapshot, term: Term) -> EnrollmentQuerySet:
    """Studying children with the same valid number and name as somebody who came."""
    came = register_changes.people(snapshot, Change.CAME).filter(id_kind=IdKind.RESIDENT)
    same = came.filter(id_number_index=OuterRef("student__id_number_index"), name_key=OuterRef("student__name_key"))
    return (
        Enrollment.objects.studying()
        .filter(term=term, student__id_number_index__in=Subquery(came.values("id_number_index")))
        .filter(Exists(same))
    )


def totals(snapshot: RegisterSnapshot, term: Term) -> Totals:
    money = losing(snapshot, term).aggregate(
        awards=Count("pk"), children=Count("student", distinct=True), fen=Sum("amount_fen")
    )
    return Totals(
        awards=money["awards"],
        children=money["children"],
        amount_fen=money["fen"] or 0,
        came=gaining(snapshot, term).count(),
    )


def losing_lines(awards: Sequence[Award], snapshot: RegisterSnapshot, term: Term) -> list[Losing]:
    """The awards of a page with the facts of their children: those that left, and those that stay."""
    facts = list(
        Hardship.objects.in_force(term)
        .filter(student__in={award.student_id for award in awards})
        .select_related("category", "snapshot__source", "match__person__snapshot")
        .defer("match__person__phone", "match__person__id_number")
        .order_by("category__priority", "pk")
    )
    keys = {fact.match.person.key for fact in facts if _is_of(fact, snapshot)}
    left = set(register_changes.people(snapshot, Change.LEFT).filter(key__in=keys).values_list("key", flat=True))
    by_student: dict[int, tuple[list[Hardship], list[Hardship]]] = defaultdict(lambda: ([], []))
    for fact in facts:
        has_left = _is_of(fact, snapshot) and fact.match.person.key in left
        by_student[fact.student_id][0 if has_left else 1].append(fact)
    return [Losing(award, *by_student[award.student_id]) for award in awards]


def _is_of(fact: Hardship, snapshot: RegisterSnapshot) -> bool:
    return fact.match.person.snapshot.source_id == snapshot.source_id


def gaining_lines(enrollments: Sequence[Enrollment], snapshot: RegisterSnapshot, term: Term) -> list[Gaining]:
    """The children of a page with what the list says of them, what they have, and what they could get besides."""
    students = {enrollment.student_id for enrollment in enrollments}
    people = _people_by_number(enrollments, snapshot)
    awards: dict[int, list[Award]] = defaultdict(list)
    for award in _live(term, students):
        awards[award.student_id].append(award)
    known = Known(term, students)
    rulebook = Rulebook(term)
    lines = []
    for enrollment in enrollments:
        child = enrollment.student
        named = [person for person in people[child.id_number_index or ""] if person.name_key == child.name_key]
        facts = known.facts(enrollment, Place.of(enrollment.school))
        facts = replace(facts, categories=facts.categories | {person.category_id for person in named})
        has = {award.program_id for award in awards[child.pk]}
        verdicts = [verdict for verdict in rulebook.entitled(facts) if verdict.program.code not in has]
        lines.append(Gaining(enrollment, named, awards[child.pk], verdicts))
    return lines


def _live(term: Term, students: Iterable[int]) -> QuerySet[Award]:
    rows = Award.objects.live().filter(term=term, student__in=list(students)).select_related("program")
    return rows.order_by("program__position", "pk")


def _people_by_number(enrollments: Iterable[Enrollment], snapshot: RegisterSnapshot) -> dict[str, list[RegisterPerson]]:
    numbers = [enrollment.student.id_number_index for enrollment in enrollments]
    rows = register_changes.people(snapshot, Change.CAME).filter(id_number_index__in=numbers)
    found: dict[str, list[RegisterPerson]] = defaultdict(list)
    for person in rows.select_related("category").defer("phone").order_by("row"):
        found[person.id_number_index or ""].append(person)
    return found
