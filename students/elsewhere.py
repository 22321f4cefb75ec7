"""Children of a file whom another school of the county has in the same term."""

from collections.abc import Sequence

from common.bulk import in_parts
from common.resident_ids import IdKind
from schools.models import School, Term
from students.choices import EnrollmentState
from students.models import Enrollment
from students.roster_rows import Row


def elsewhere(rows: Sequence[Row], *, school: School, term: Term) -> dict[str, str]:
    """Key → the other school. Only a right number says who a child is at another school."""
    keys = [
        row.key
        for row in rows
        if row.id_kind is IdKind.RESIDENT and row.state != EnrollmentState.LEFT and not row.is_refused
    ]
    found: dict[str, str] = {}
    for some in in_parts(keys):
        others = Enrollment.objects.here().filter(term=term, student__key__in=some).exclude(school=school)
        found.update(others.order_by("-school__code", "pk").values_list("student__key", "school__name"))
    return found


def find_elsewhere(rows: Sequence[Row], *, school: School, term: Term) -> None:
    """Say of each of these rows that another school has the child."""
    names = elsewhere(rows, school=school, term=term)
    for row in rows:
        if row.key in names:
            row.find("child-elsewhere", "id_number", {"school": names[row.key]})
