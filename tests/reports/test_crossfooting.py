"""Ten rules over every table: they hold in any county that is in order, and name the row where one is not."""

import re
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from disbursements.models import LedgerEntry, Payment
from reports import children, crossfoot_roster, crossfooting, grids
from reports.choices import Layout
from reports.scopes import terms_of
from reports.selections import Bearing, Selection
from students.models import Enrollment
from tests import factories as make
from tests.reports import small_county

pytestmark = pytest.mark.django_db

SEEDS = range(30)


def sql(statement, *params):
    """What somebody does behind the product's back."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def failing(scope="2021"):
    return {outcome.rule.number: outcome for outcome in crossfooting.run(scope) if not outcome.holds}


def told(outcomes):
    return [row.words for outcome in outcomes.values() for row in outcome.rows]


class TestRules:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_hold_in_any_county_and_every_figure_opens_its_names(self, seed):
        county = small_county.build(seed)
        scopes = ["2021", *(["2020-2021"] if len(county.terms) == 3 else ["2021A"])]

        for scope in scopes:
            assert failing(scope) == {}
            if seed % 3 == 0:
                for layout in Layout:
                    opens_its_names(grids.grid(layout, scope))

    def test_are_ten(self):
        make.AwardFactory(confirmed=True)

        assert [outcome.rule.number for outcome in crossfooting.run("2021A")] == list(range(1, 11))


def opens_its_names(table):
    """Σ awards, Σ money and Σ children of the names are what every figure of a table says."""
    bearing = Bearing(terms_of(table.scope))
    for cell in table.cells():
        selection, count = cell.selection, cell.count
        awards = list(selection.awards())
        money = [
            bearing.parts(award.term_id, award.program_id, award.amount_fen).get(selection.payer, 0)
            if selection.payer
            else award.amount_fen
            for award in awards
        ]
        assert (len(awards), sum(money)) == (count.awards, count.amount_fen), selection
        assert len(list(children.lines(selection.awards()))) == count.people, selection


@pytest.fixture
def county():
    return small_county.build(3)


@pytest.fixture
def award(county):
    """An award of 2021 that nobody has paid yet."""
    return next(award for award in county.awards if award.term_id == "2021A" and not award.payments.exists())


@pytest.fixture
def payment(county):
    return Payment.objects.filter(batch__term="2021A").order_by("pk")[0]


class TestFaults:
    """Each is put in by SQL, past every function; a rule fails and names the row."""

    @pytest.mark.parametrize(
        ("column", "value", "rules"),
        [
            ("amount_fen", 12_345, {4}),
            ("program_id", "grant", {2}),
            ("stage_id", "junior", {1}),
            ("term_id", "2021S", {5}),
            ("state", "proposed", {4}),
            ("tier", "三等", {4}),
        ],
    )
    def test_of_an_award(self, award, column, value, rules):
        if getattr(award, column) == value:
            value = {"grant": "boarder-living", "junior": "primary"}[value]

        sql(f"UPDATE programs_award SET {column} = %s WHERE id = %s", value, award.pk)

        found = failing()
        assert rules <= found.keys()
        for number in rules:
            assert f"资助 {award.pk} 号" in told({number: found[number]})

    def test_of_an_awards_school(self, county, award):
        other = next(school for school in county.schools if school.pk != award.school_id)

        sql("UPDATE programs_award SET school_id = %s WHERE id = %s", other.pk, award.pk)

        found = failing()
        assert 4 in found
        assert f"资助 {award.pk} 号" in told(found)

    def test_of_an_award_that_is_deleted(self, award):
        sql("DELETE FROM programs_award WHERE id = %s", award.pk)

        found = failing()
        assert 4 in found
        assert str(award.list) in told(found)

    def test_of_an_award_that_no_longer_counts_as_poor(self, county):
        poor = next(award for award in county.awards if award.is_registered_poor and award.term_id[:4] == "2021")

        sql("UPDATE programs_award SET is_registered_poor = %s WHERE id = %s", False, poor.pk)

        found = failing()
        assert 6 in found
        assert f"资助 {poor.pk} 号" in told(found)

    def test_of_a_hardship_that_is_deleted(self, county):
        poor = next(award for award in county.awards if award.is_registered_poor and award.term_id[:4] == "2021")

        sql("DELETE FROM students_hardship WHERE student_id = %s", poor.student_id)

        found = failing()
        assert 9 in found
        assert f"/students/{poor.student_id}/" in [row.url for row in found[9].rows]

    def test_of_a_hardship_that_ended_is_none(self, county):
        poor = next(award for award in county.awards if award.is_registered_poor and award.term_id[:4] == "2021")

        sql("UPDATE students_hardship SET to_on = from_on WHERE student_id = %s", poor.student_id)

        assert failing() == {}

    @pytest.mark.parametrize("column", ["stage_id", "school_id", "term_id"])
    def test_of_an_enrollment(self, county, award, column):
        enrollment = Enrollment.objects.get(pk=award.enrollment_id)
        value = {
            "stage_id": "junior" if enrollment.stage_id == "primary" else "primary",
            "school_id": make.SchoolFactory().pk,
            "term_id": make.TermFactory(code="2022S").pk,
        }[column]

        sql(f"UPDATE students_enrollment SET {column} = %s WHERE id = %s", value, enrollment.pk)

        found = failing()
        assert {"stage_id": 1, "school_id": 4, "term_id": 5}[column] in found
        assert f"资助 {award.pk} 号" in told(found)

    def test_of_a_payments_amount(self, payment):
        sql("UPDATE disbursements_payment SET amount_fen = amount_fen + 1 WHERE id = %s", payment.pk)

        found = failing()
        assert 8 in found
        assert f"资助 {payment.award_id} 号" in told(found)

    def test_of_a_payment_that_is_deleted(self, payment):
        sql("DELETE FROM disbursements_payment WHERE id = %s", payment.pk)

        found = failing()
        assert 8 in found
        assert payment.batch.number in told(found)

    def test_of_a_payment_said_to_have_arrived(self, county):
        waiting = Payment.objects.filter(state="sent", batch__term__code__startswith="2021").order_by("pk")[0]

        sql("UPDATE disbursements_payment SET state = 'paid', paid_on = '2021-10-11' WHERE id = %s", waiting.pk)

        found = failing()
        assert 7 in found
        assert any(waiting.batch.number in words for words in told(found))

    def test_of_an_entry_of_the_ledger(self, payment):
        entry = LedgerEntry.objects.filter(kind="arrived", term="2021A").order_by("pk")[0]

        make.LedgerEntryFactory(
            quota=entry.quota, program=entry.program, term=entry.term, payer=entry.payer, kind="arrived", amount_fen=7
        )

        found = failing()
        assert 7 in found
        assert any(entry.quota.document_no in words for words in told(found))


class TestOpenedNames:
    """Rule 10 asks for the names as somebody does who opens a figure."""

    def test_that_are_others_than_counted_are_noticed(self, county, monkeypatch):
        look_up = Selection._lookups
        monkeypatch.setattr(
            Selection, "_lookups", lambda self: [(k, "" if k == "school__town" else v) for k, v in look_up(self)]
        )
        make.AwardFactory(confirmed=True, enrollment__term__code="2021A", enrollment__school__town__code="990199999000")

        [outcome] = crossfooting.run("2021", only=[10])

        assert any("点开的名单" in each.what and not each.holds for each in outcome.comparisons)

    def test_cost_a_bounded_number_of_queries(self, county):
        for _n in range(15):
            make.AwardFactory(confirmed=True, enrollment__term__code="2021A")

        with CaptureQueriesContext(connection) as asked:
            crossfooting.run("2021", only=[10])

        assert len(asked) <= 200


def test_a_list_made_after_midnight_is_of_the_countys_day():
    """17:30 in Greenwich is half past one of the next day here: known on the day before is known in time."""
    award = make.AwardFactory(confirmed=True, list__prepared_at=datetime(2021, 10, 11, 17, 30, tzinfo=UTC))
    fact = make.HardshipFactory(
        match__enrollment=award.enrollment,
        match__person__category__group="registered-poor",
        known_on=date(2021, 10, 11),
    )

    assert crossfoot_roster._known_after_signing(award.term, {award.student_id}) == set()
    type(fact).objects.filter(pk=fact.pk).update(known_on=date(2021, 10, 12))
    assert crossfoot_roster._known_after_signing(award.term, {award.student_id}) == {award.student_id}


class TestPage:
    def test_asks_for_one_rule_after_the_other(self, as_role, county):
        client = as_role("auditor")
        shown, asked = client.get("/reports/2021A/crossfoot/").content.decode(), 0

        while found := re.search(r'hx-get="(/reports/2021A/crossfoot/(\d+)/)"', shown):
            asked += 1
            assert int(found[2]) == asked
            shown = client.get(found[1]).content.decode()
            assert "✓ 成立" in shown

        assert asked == 10

    def test_shows_all_at_once_to_who_has_no_script(self, as_role, county):
        page = as_role("auditor").get("/reports/2021A/crossfoot/?all=1")

        assert page.content.decode().count("✓ 成立") == 10

    def test_says_of_a_limit_which_side_may_be_less(self, as_role, county):
        shown = as_role("auditor").get("/reports/2021A/crossfoot/6/").content.decode()

        assert "≤ " in shown
        assert "≥ " not in shown

    def test_names_what_differs(self, as_role, award):
        sql("UPDATE programs_award SET amount_fen = 12345 WHERE id = %s", award.pk)

        shown = as_role("auditor").get("/reports/2021A/crossfoot/4/").content.decode()

        assert "✗ 不成立" in shown
        assert f"资助 {award.pk} 号" in shown
        assert f'href="/students/{award.student_id}/"' in shown

    def test_of_an_unknown_scope_is_not_found(self, as_role):
        for address in ("/reports/2030/crossfoot/", "/reports/2030/crossfoot/1/"):
            assert as_role("auditor").get(address).status_code == 404
