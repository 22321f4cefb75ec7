"""A school's children of a term, found by what a file writes of them.

By name and the very number the roster gives, right or wrong; by name and the masked number that our own workbooks
give out; or, without a usable number, by name where name, grade and class fit one child only.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from common import names, resident_ids
from schools.models import School, Term
from students import identity
from students.models import Enrollment, EnrollmentQuerySet


class SchoolChildren:
    """Read once for a file: finding a line costs no query."""

    def __init__(self, school: School, term: Term) -> None:
        self._school, self._term = school, term
        self._by_number: dict[tuple[str, str], int] = {}
        self._by_name: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
        columns = ("student", "student__id_number_index", "student__name_key", "grade", "class_name")
        for child, index, name, grade, class_name in self._here().order_by("pk").values_list(*columns):
            if index:
                self._by_number[index, name] = child
            self._by_name[name].append((child, grade, class_name))

    def _here(self) -> EnrollmentQuerySet:
        return Enrollment.objects.studying().filter(school=self._school, term=self._term)

    @cached_property
    def _masked(self) -> dict[int, str]:
        numbers = self._here().order_by("pk").values_list("student", "student__id_number")
        return {child: resident_ids.mask(number) for child, number in numbers}

    def find(self, text: Mapping[str, str]) -> int | None:
        """The student that a line's cells name ("name", "id_number", "grade", "class_name"), if it is one only."""
        name, written = names.key(text.get("name", "")), text.get("id_number", "")
        namesakes = self._by_name.get(name, [])
        if "*" in written:
            found = [child for child, _grade, _class_name in namesakes if self._masked[child] == written]
            return found[0] if len(found) == 1 else None
        number = resident_ids.normalize(written)
        if index := identity.number_index(number, resident_ids.kind(number)):
            return self._by_number.get((index, name))
        if len(namesakes) > 1:
            place = (text.get("grade", ""), text.get("class_name", ""))
            namesakes = [child for child in namesakes if (child[1], child[2]) == place]
        return namesakes[0][0] if len(namesakes) == 1 else None
