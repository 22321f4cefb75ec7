"""What a rule finds in a term, for tests."""

import json
from datetime import date, timedelta

from django.apps import apps

from audits.findings import RULES, Found
from schools.models import Term
from tests.factories import NOW

TODAY = date(2021, 12, 20)
AFTER = NOW + timedelta(days=14)
"""When a list that went public on NOW can be confirmed."""


def look(code: str, *, term: str = "2021A", today: date = TODAY) -> list[Found]:
    """What it finds, looked over: whatever a rule finds can be told, is kept under its key, and rests on rows."""
    found = list(RULES[code].look(Term.objects.get(pk=term), today))
    for each in found:
        assert str(RULES[code].sentence) % dict(each.facts)
        assert json.loads(json.dumps(each.facts)) == each.facts
        assert 0 < len(each.key) <= 100
        for row_type, row, _facts in each.evidence:
            assert apps.get_model(row_type).objects.filter(pk=row).exists(), row_type
    assert len({each.key for each in found}) == len(found)
    return found


def students(code: str, **kwargs) -> set[int | None]:
    return {found.student_id for found in look(code, **kwargs)}


def schools(code: str, **kwargs) -> set[int | None]:
    return {found.school_id for found in look(code, **kwargs)}
