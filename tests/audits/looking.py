"""What a rule finds in a term, for tests."""

from datetime import date, timedelta

from audits.findings import RULES, Found
from schools.models import Term
from tests.factories import NOW

TODAY = date(2021, 12, 20)
AFTER = NOW + timedelta(days=14)
"""When a list that went public on NOW can be confirmed."""


def look(code: str, *, term: str = "2021A", today: date = TODAY) -> list[Found]:
    return list(RULES[code].look(Term.objects.get(pk=term), today))


def students(code: str, **kwargs) -> set[int | None]:
    return {found.student_id for found in look(code, **kwargs)}


def schools(code: str, **kwargs) -> set[int | None]:
    return {found.school_id for found in look(code, **kwargs)}
