"""The pages of children, rosters, other offices' lists and the cross-check: who sees what, and what an act leaves."""

import pytest
from django.urls import reverse

from accounts.models import Action
from students.choices import MatchState, RosterState, SnapshotState
from tests import factories as make
from tests.harness import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def own():
    return world.build()


class TestEveryPage:
    @pytest.mark.parametrize(
        "address",
        [
            "students:list", "students:find", "students:rosters", "students:roster-upload", "students:registers",
            "students:register-upload", "students:crosschecks", "students:crosscheck-begin", "schools:list", "schools:import",
        ],
    )  # fmt: skip
    def test_answers_the_county(self, as_role, own, address):
        assert as_role("preparer").get(reverse(address)).status_code == 200

    def test_of_one_row_answers_the_county(self, as_role, own):
        client = as_role("preparer")

        for row in (own.school, own.roster, own.snapshot, own.crosscheck, own.match):
            assert client.get(row.get_absolute_url()).status_code == 200

    def test_answers_before_there_is_a_term(self, as_role):
        client = as_role("preparer")

        for address in (
            "students:list",
            "students:rosters",
            "students:registers",
            "students:crosschecks",
            "schools:list",
        ):
            assert client.get(reverse(address)).status_code == 200
