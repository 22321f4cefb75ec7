"""Ticked rows come as numbers; what somebody writes into the field instead is ignored, however long it is."""

import pytest
from django.urls import reverse

from tests.harness import world

pytestmark = pytest.mark.django_db
LONG = "9" * 5_000
"""More digits than Python reads as a number."""


@pytest.fixture
def own():
    return world.build()


@pytest.mark.parametrize(
    ("role", "name", "rows", "field"),
    [
        ("approver", "programs:lists-confirm", [], "ids"),
        ("preparer", "programs:objections-dismiss", [], "ids"),
        ("preparer", "programs:gap-accept", [], "ids"),
        ("preparer", "programs:gap-send-back", [], "one"),
        ("preparer", "programs:round-enter", ["round.pk"], "children"),
        ("preparer", "programs:round-withdraw", ["round.pk"], "applications"),
        ("preparer", "programs:nominate", ["school.code", "nomination.program_id"], "ids"),
        ("preparer", "students:question-withdraw", ["question.pk"], "match"),
    ],
)
def test_a_long_number_names_no_row(as_role, own, role, name, rows, field):
    args = []
    for row in rows:
        value = own
        for part in row.split("."):
            value = getattr(value, part)
        args.append(value)

    answer = as_role(role).post(reverse(name, args=args), {field: [LONG, f"{LONG}:{LONG}", "²"], "sure": "1"})

    assert answer.status_code in (200, 302)
