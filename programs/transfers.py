"""Which school pays a child that studies in two of them in one term, program by program (转学由哪所学校发放)."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Count

from common.bulk import in_parts
from programs.choices import Pays
from programs.models import TermProgram
from schools.models import Term
from students.choices import EnrollmentState
from students.models import Enrollment


class Transfers:
    """The children of a term who study in several schools, each with its enrollments from the first to the last."""

    def __init__(self, term: Term, *, students: Iterable[int] | None = None) -> None:
        """Of some students only these are looked at."""
        self._pays = dict(TermProgram.objects.filter(term=term).values_list("program", "pays"))
        self._enrollments = _twice(term) if students is None else _twice_of(term, students)

    def paying(self, student: int, program: str) -> int | None:
        """The enrollment whose school pays, by the county's rule: where the child began last, or where it was first.

        None for a child in one school.
        """
        enrollments = self._enrollments.get(student)
        if enrollments is None:
            return None
        return enrollments[0] if self._pays.get(program) == Pays.OLD_SCHOOL else enrollments[-1]

    def is_paid_at(self, enrollment: int, student: int, program: str) -> bool:
        """Whether this enrollment is where the child gets the program; one school's child gets it there."""
        return self.paying(student, program) in (None, enrollment)

    def students(self) -> Iterable[int]:
        return self._enrollments.keys()


def _twice(term: Term) -> dict[int, list[int]]:
    studying = Enrollment.objects.studying().filter(term=term).order_by()
    twice = studying.values("student").annotate(n=Count("pk")).filter(n__gt=1).values_list("student", flat=True)
    return _twice_of(term, twice)


def _twice_of(term: Term, students: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for keys in in_parts(sorted(set(students))):
        # Only the children are asked for: with the term among the conditions SQLite reads the whole term.
        rows = Enrollment.objects.filter(student__in=keys).order_by("pk").values_list("student", "pk", "term", "state")
        for student, pk, in_term, state in rows:
            if in_term == term.pk and state == EnrollmentState.STUDYING:
                found[student].append(pk)
    return {student: enrollments for student, enrollments in found.items() if len(enrollments) > 1}
