"""Which children of a term other lists would name, if they were the ones that hold: for trials, nothing is written.

No cross-check is run for that. It sees

- who was found to be a person that the new list names as well: the pairs that hold in the term's cross-check and what
  people decided, by the keys that a source's people keep from list to list;
- exact pairs: the same right number and the same name.

It does not see what only a new search would find (a slip in a number, a name that sounds the same, a household), and no
suspicion that nobody has decided; so it counts rather too few children of a list with new people than too many. A list
is taken as if it spoke of the term's first day, whatever the source's rules say of changes within a term.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator

from common.resident_ids import IdKind
from schools.models import Term
from students.choices import CrosscheckState
from students.models import Enrollment, Hardship, Match, MatchDecision, MatchQuerySet, RegisterPerson, RegisterSnapshot

READ_ROWS = 4_000


def categories(term: Term, snapshots: Collection[RegisterSnapshot]) -> dict[int, frozenset[str]]:
    """student → categories, with these lists in place of those of their sources; other sources stay as they are."""
    found: dict[int, set[str]] = defaultdict(set)
    for student, category in _of_other_sources(term, {snapshot.source_id for snapshot in snapshots}):
        found[student].add(category)
    for snapshot in snapshots:
        for student, category in _Named(term, snapshot).pairs():
            found[student].add(category)
    return {student: frozenset(codes) for student, codes in found.items()}


def _of_other_sources(term: Term, sources: set[str]) -> Iterator[tuple[int, str]]:
    """The facts in force that rest on another source, or that another source's pairs support as well."""
    facts = Hardship.objects.in_force(term).order_by()
    rows = facts.values_list("student", "category", "snapshot__source")
    resting = [(student, category) for student, category, source in rows.iterator(READ_ROWS) if source in sources]
    others = _holding(term).exclude(person__snapshot__source__in=sources)
    supported = set(others.values_list("enrollment__student", "person__category").iterator(READ_ROWS))
    yield from (pair for pair in resting if pair in supported)
    of_others = facts.exclude(snapshot__source__in=sources)
    yield from of_others.values_list("student", "category").iterator(READ_ROWS)


def _holding(term: Term) -> MatchQuerySet:
    return Match.objects.holding().filter(crosscheck__term=term, crosscheck__state=CrosscheckState.DONE).order_by()


class _Named:
    """One list beside the children who study in a term."""

    def __init__(self, term: Term, snapshot: RegisterSnapshot) -> None:
        self.term, self.snapshot = term, snapshot
        self.denied: set[tuple[str, str]] = set()
        self.found: dict[str, set[int]] = defaultdict(set)
        """A person's key → the children who were found to be that person."""
        of_source = _holding(term).filter(person__snapshot__source=snapshot.source_id)
        for key, student in of_source.values_list("person__key", "enrollment__student").iterator(READ_ROWS):
            self.found[key].add(student)
        self._add_decided()

    def _add_decided(self) -> None:
        """What people decided of anybody on this list, in whichever term they did."""
        here = RegisterPerson.objects.filter(snapshot=self.snapshot).order_by().values("key")
        decisions = MatchDecision.objects.filter(is_current=True, person_key__in=here).order_by()
        rows = list(decisions.values_list("student_key", "person_key", "is_same"))
        studying = Enrollment.objects.studying().filter(
            term=self.term, student__key__in=decisions.filter(is_same=True).values("student_key")
        )
        students = dict(studying.order_by().values_list("student__key", "student"))
        for student_key, person_key, is_same in rows:
            if not is_same:
                self.denied.add((student_key, person_key))
            elif student_key in students:
                self.found[person_key].add(students[student_key])

    def pairs(self) -> Iterator[tuple[int, str]]:
        """(student, category) of everybody whom the list names."""
        people = RegisterPerson.objects.filter(snapshot=self.snapshot).order_by()
        exact: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        columns = ("key", "category", "id_kind", "id_number_index", "name_key")
        for key, category, id_kind, number, name in people.values_list(*columns).iterator(READ_ROWS):
            if key in self.found:
                yield from ((student, category) for student in self.found[key])
            elif id_kind == IdKind.RESIDENT and number:
                exact[number, name].append((key, category))
        numbers = people.filter(id_kind=IdKind.RESIDENT).values("id_number_index")
        studying = Enrollment.objects.studying().filter(term=self.term, student__id_number_index__in=numbers).order_by()
        children = studying.values_list("student", "student__key", "student__id_number_index", "student__name_key")
        for student, student_key, number, name in children.iterator(READ_ROWS):
            for key, category in exact.get((number, name), ()):
                if (student_key, key) not in self.denied:
                    yield student, category
