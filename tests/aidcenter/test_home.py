"""The first page by role: figures that are those of the term, work that leads to where it is done."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aidcenter import overview
from tests.factories import (
    AwardFactory,
    BatchFactory,
    EnrollmentFactory,
    HardshipCategoryFactory,
    HardshipFactory,
    LedgerEntryFactory,
    MatchFactory,
    RosterFactory,
    SchoolFactory,
    TermFactory,
)

pytestmark = pytest.mark.django_db


def spend(batch, amount_fen):
    """Money of this batch that reached its people."""
    return LedgerEntryFactory(
        quota=None,
        program=batch.program,
        term=batch.term,
        payer="central",
        batch=batch,
        kind="spent",
        amount_fen=amount_fen,
    )


class TestCounty:
    def test_counts_children_awards_and_money_of_the_term_only(self):
        term = TermFactory(code="2021A")
        AwardFactory(enrollment__term=term, amount_fen=62_550, confirmed=True)
        AwardFactory(enrollment__term=term, amount_fen=10_000)
        AwardFactory(enrollment__term=term, amount_fen=50_000, state="dropped", dropped_reason="转学")
        AwardFactory(enrollment__term=TermFactory(code="2021S"))
        EnrollmentFactory(term=term, state="left")

        figures = overview.county(term).figures

        assert (figures.children, figures.awards, figures.awarded_fen) == (3, 1, 62_550)

    def test_takes_paid_money_from_the_ledger(self):
        spent = spend(BatchFactory(), 500_000)

        county = overview.county(spent.term)

        assert county.figures.paid_fen == 500_000
        assert county.spent_by_term[-1][1:] == (0.5, True)

    def test_names_towns_that_are_behind_the_furthest_first(self):
        term = TermFactory()
        RosterFactory(school=SchoolFactory(town__code="990101100000"))
        for _each in range(2):
            SchoolFactory(town__code="990101101000")
        SchoolFactory(town__code="990101100000")

        towns = overview.county(term).towns

        assert [(town.schools, town.reported, town.missing) for town in towns] == [(2, 0, 2), (2, 1, 1)]

    def test_says_that_a_phase_is_done_only_when_nothing_of_it_waits(self):
        roster = RosterFactory()
        MatchFactory(
            enrollment=EnrollmentFactory(roster=roster, school=roster.school, term=roster.term), suspected=True
        )

        phases = overview.county(roster.term).phases

        assert [phase.state for phase in phases] == ["done", "now", "", "", "", ""]

    def test_puts_the_smallest_categories_together(self):
        term = TermFactory()
        for at in range(9):
            for _each in range(9 - at):
                HardshipFactory(
                    match__enrollment__term=term,
                    category=HardshipCategoryFactory(code=f"c{at}", name=f"类型{at}"),
                )

        rows = overview.county(term).composition

        assert len(rows) == 7
        assert sum(n for _name, n, _series in rows) == 45
        assert [series for _name, _n, series in rows] == list(range(1, 8))

    def test_leaves_out_facts_that_were_found_wrong(self):
        fact = HardshipFactory()
        HardshipFactory(match__enrollment__term=fact.term, to_on=fact.term.starts_on)

        assert sum(n for _name, n, _series in overview.county(fact.term).composition) == 1

    def test_costs_the_same_for_a_large_county(self):
        term = TermFactory()
        AwardFactory(enrollment__term=term)
        with CaptureQueriesContext(connection) as small:
            overview.county(term)
        for at in range(10):
            AwardFactory(
                enrollment__term=term,
                enrollment__school=SchoolFactory(town__code=f"99010110{at}000"),
            )
        with CaptureQueriesContext(connection) as large:
            overview.county(term)

        assert len(large) == len(small)


class TestHome:
    def test_leads_to_the_work_that_waits(self, as_role):
        AwardFactory(list__school_approved=True)

        page = as_role("preparer").get("/").content.decode()

        assert "公示 1 所学校的名单" in page
        assert "/programs/lists/?tab=school_approved" in page

    @pytest.mark.parametrize("role", ["preparer", "approver", "school", "auditor", "admin"])
    def test_opens_before_there_is_anything(self, as_role, role):
        assert as_role(role).get("/").status_code == 200

    def test_shows_the_administrator_accounts_by_role_and_no_figure(self, as_role):
        AwardFactory(amount_fen=62_500)

        page = as_role("admin").get("/").content.decode()

        assert "可登录的账号" in page
        assert "资助人次" not in page
