"""The fund: allotted, arrived in parts, taken off again, carried over; never below nought; how long money lies."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Action
from audits import checks
from common.moves import WrongState
from disbursements import fund_figures, funds
from disbursements.choices import EntryKind, PaymentState, QuotaKind
from disbursements.fund_figures import Period, Piece
from disbursements.models import Arrival, LedgerEntry, Quota
from jobs.documents import Brought, NotADocument
from programs.choices import Payer
from schools.choices import TermState
from schools.models import Term
from tests.factories import (
    NOW,
    BatchFactory,
    BounceFactory,
    PaymentFactory,
    ShareFactory,
    TermFactory,
    TermProgramFactory,
    UserFactory,
)
from tests.funding import fund
from tests.together import at_once

pytestmark = pytest.mark.django_db

ISSUED = date(2021, 9, 1)


@pytest.fixture
def allotted(program, term, preparer):
    """1,000 yuan from the county."""
    return funds.allot(
        document_no="示财预〔2021〕8号",
        issued_on=ISSUED,
        program=program,
        term=term,
        payer=Payer.COUNTY,
        amount_fen=100_000,
        by=preparer,
        at=NOW,
    )


def arrive(quota, fen, by, *, on=date(2021, 9, 10), voucher="收1号"):
    return funds.arrive(quota, amount_fen=fen, arrived_on=on, voucher=voucher, by=by, at=NOW)


def available(term, program=None):
    return {balance.payer: balance.available for balance in funds.balances(term, program)}


def batch_of(program, term, *amounts):
    batch = BatchFactory(approved=True, program=program, term=term)
    for amount_fen in amounts:
        PaymentFactory(batch=batch, award__program=program, award__enrollment__term=term, award__amount_fen=amount_fen)
    batch.people, batch.amount_fen = len(amounts), sum(amounts)
    batch.save()
    return batch


def pay(batch, by, *, on, payments=None):
    payments = payments or list(batch.payments.all())
    pks = [payment.pk for payment in payments]
    batch.payments.filter(pk__in=pks).update(state=PaymentState.PAID, paid_on=on)
    funds.settle(batch, pks, EntryKind.SPENT, by=by, at=NOW)


class TestArrive:
    def test_a_quota_alone_is_no_money(self, allotted, term):
        assert funds.balances(term) == []

    def test_comes_in_parts_up_to_what_was_allotted(self, allotted, term, preparer):
        arrive(allotted, 60_000, preparer)
        arrive(allotted, 40_000, preparer, on=date(2021, 10, 1))

        assert available(term) == {Payer.COUNTY: 100_000}
        assert [entry.arrival.arrived_on.month for entry in allotted.entries.order_by("pk")] == [9, 10]
        assert Action.objects.filter(verb="fund.arrived").count() == 2

    def test_of_one_voucher_comes_in_once_until_it_is_withdrawn(self, allotted, term, preparer, approver):
        arrival = arrive(allotted, 30_000, preparer)
        with pytest.raises(funds.ArrivalKnown):
            arrive(allotted, 30_000, preparer)
        funds.withdraw_arrival(arrival, why="录错。", by=approver, at=NOW)

        arrive(allotted, 30_000, preparer)

        assert available(term) == {Payer.COUNTY: 30_000}

    @pytest.mark.parametrize("fen", [40_001, 0, -1])
    def test_never_comes_in_above_what_was_allotted(self, allotted, term, preparer, fen):
        arrive(allotted, 60_000, preparer)

        with pytest.raises(funds.MoreThanAllotted, match=r"400\.00"):
            arrive(allotted, fen, preparer)

        assert available(term) == {Payer.COUNTY: 60_000}

    @pytest.mark.parametrize("day", [ISSUED - timedelta(days=1), NOW.date() + timedelta(days=1)])
    def test_neither_before_its_document_nor_after_today(self, allotted, preparer, day):
        with pytest.raises(funds.NoDayOfArrival):
            arrive(allotted, 1, preparer, on=day)

    def test_keeps_the_document_as_it_was_scanned(self, allotted, program, term, preparer):
        facts = {"issued_on": ISSUED, "program": program, "term": term, "payer": "central", "amount_fen": 1}
        quota = funds.allot(
            document_no="中央1号", **facts, scan=Brought(b"%PDF-1.7 scan", "指标文.pdf"), by=preparer, at=NOW
        )
        assert quota.file.name == "指标文.pdf"

        with pytest.raises(NotADocument):
            funds.allot(document_no="中央2号", **facts, scan=Brought(b"MZ\x90", "指标文.pdf"), by=preparer, at=NOW)


class TestWithdraw:
    def test_takes_an_arrival_off_by_a_second_entry(self, allotted, term, preparer, approver):
        arrival = arrive(allotted, 60_000, preparer)

        funds.withdraw_arrival(arrival, why="金额录错。", by=approver, at=NOW)

        assert available(term) == {Payer.COUNTY: 0}
        assert list(allotted.entries.order_by("pk").values_list("kind", "amount_fen")) == [
            ("arrived", 60_000),
            ("withdrawn", 60_000),
        ]
        arrive(allotted, 100_000, preparer)
        assert available(term) == {Payer.COUNTY: 100_000}

    def test_takes_another_person(self, allotted, preparer):
        arrival = arrive(allotted, 60_000, preparer)

        with pytest.raises(funds.OwnArrival):
            funds.withdraw_arrival(arrival, why="金额录错。", by=preparer, at=NOW)
        with pytest.raises(DatabaseError), transaction.atomic():
            Arrival.objects.update(withdrawn_by=preparer, withdrawn_at=NOW, withdrawn_why="自己冲销")

    def test_happens_once(self, allotted, term, preparer, approver):
        arrival = arrive(allotted, 30_000, preparer)
        arrive(allotted, 30_000, preparer, voucher="收2号")
        funds.withdraw_arrival(arrival, why="重复录入。", by=approver, at=NOW)

        with pytest.raises(WrongState):
            funds.withdraw_arrival(arrival, why="重复录入。", by=approver, at=NOW)

        assert available(term) == {Payer.COUNTY: 30_000}

    def test_leaves_money_that_is_set_aside(self, program, term, preparer, approver):
        fund(program=program, term=term, issued_on=ISSUED, amount_fen=100_000, by=preparer, at=NOW)
        funds.reserve(batch_of(program, term, 50_000), by=approver, at=NOW)

        with pytest.raises(funds.AlreadyUsed, match=r"750\.00"):
            funds.withdraw_arrival(Arrival.objects.first(), why="录错。", by=approver, at=NOW)

    def test_gives_up_a_quota_that_never_arrived_and_takes_its_document_again(self, allotted, program, term, preparer):
        funds.withdraw_quota(allotted, why="项目选错。", by=preparer, at=NOW)

        with pytest.raises(funds.NothingArrives):
            arrive(allotted, 1, preparer)
        again = funds.allot(
            document_no=allotted.document_no,
            issued_on=ISSUED,
            program=program,
            term=term,
            payer=allotted.payer,
            amount_fen=5,
            by=preparer,
            at=NOW,
        )
        assert list(Quota.objects.in_force()) == [again]

    def test_refuses_a_quota_with_money(self, allotted, preparer):
        arrive(allotted, 1, preparer)

        with pytest.raises(funds.HasArrived):
            funds.withdraw_quota(allotted, why="项目选错。", by=preparer, at=NOW)

    def test_wants_a_reason(self, allotted, preparer, approver):
        arrival = arrive(allotted, 1, preparer)

        with pytest.raises(funds.WhyMissing):
            funds.withdraw_quota(allotted, why=" ", by=preparer, at=NOW)
        with pytest.raises(funds.WhyMissing):
            funds.withdraw_arrival(arrival, why="", by=approver, at=NOW)


class TestRelease:
    def test_gives_back_what_a_batch_still_sets_aside(self, program, term, preparer, approver):
        fund(program=program, term=term, issued_on=ISSUED, amount_fen=100_000, by=preparer, at=NOW)
        batch = batch_of(program, term, 30_000, 20_001)
        funds.reserve(batch, by=approver, at=NOW)

        funds.release(batch, by=approver, at=NOW)

        assert available(term) == {"central": 100_000, "county": 100_000}
        assert all(balance.under_way == 0 for balance in funds.balances(term))

    def test_gives_back_no_fen_twice(self, program, term, preparer, approver):
        fund(program=program, term=term, issued_on=ISSUED, amount_fen=100_000, by=preparer, at=NOW)
        batch = batch_of(program, term, 30_000, 20_000)
        funds.reserve(batch, by=approver, at=NOW)
        pay(batch, preparer, on=NOW.date(), payments=[batch.payments.first()])

        funds.release(batch, by=approver, at=NOW)
        funds.release(batch, by=approver, at=NOW)

        assert available(term) == {"central": 85_000, "county": 85_000}


@pytest.fixture
def spring(program, term):
    """The term after `term`, which is over."""
    Term.objects.filter(pk=term.pk).update(state=TermState.CLOSED)
    term.refresh_from_db()
    following = TermFactory(code="2022S")
    TermProgramFactory(term=following, program=program)
    return following


@pytest.fixture
def left(program, term, preparer):
    """300 yuan of the centre and of the county in `term`."""
    return fund(program=program, term=term, issued_on=ISSUED, amount_fen=30_000, by=preparer, at=NOW)


class TestCarryOver:
    def test_moves_what_every_payer_has_left(self, program, term, left, spring, preparer):
        quotas = funds.carry_over(program, term, spring, by=preparer, at=NOW)

        assert available(term) == {"central": 0, "county": 0}
        assert available(spring) == {"central": 30_000, "county": 30_000}
        assert {(q.kind, q.carried_from_id, q.document_no) for q in quotas} == {
            (QuotaKind.CARRIED, "2021A", "2021A结转")
        }
        assert Action.objects.get(verb="fund.carried-over").details["amount_fen"] == 60_000

    def test_can_be_paid_from(self, program, term, left, spring, preparer, approver):
        funds.carry_over(program, term, spring, by=preparer, at=NOW)

        funds.reserve(batch_of(program, spring, 60_000), by=approver, at=NOW)

        assert available(spring) == {"central": 0, "county": 0}

    def test_takes_what_comes_back_later_by_another_act(self, program, term, left, spring, preparer, approver):
        batch = batch_of(program, term, 20_000)
        funds.reserve(batch, by=approver, at=NOW)
        funds.carry_over(program, term, spring, by=preparer, at=NOW)
        funds.release(batch, by=approver, at=NOW)

        again = funds.carry_over(program, term, spring, by=preparer, at=NOW)

        assert [(q.document_no, q.amount_fen) for q in again] == [("2021A结转2", 10_000)] * 2
        assert available(spring) == {"central": 30_000, "county": 30_000}

    def test_waits_for_the_end_of_the_term(self, program, term, left, preparer):
        with pytest.raises(funds.TermStillOpen):
            funds.carry_over(program, term, TermFactory(code="2022S"), by=preparer, at=NOW)

    def test_goes_forward_to_a_term_that_carries_the_program_out(self, program, term, left, spring, preparer):
        TermProgramFactory(term=TermFactory(code="2021S"), program=program)
        for other in (TermFactory(code="2021S"), TermFactory(code="2022A"), term):
            with pytest.raises(funds.NotAFollowingTerm):
                funds.carry_over(program, term, other, by=preparer, at=NOW)

    def test_needs_something_left(self, program, term, spring, preparer):
        with pytest.raises(funds.NothingLeft):
            funds.carry_over(program, term, spring, by=preparer, at=NOW)


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    """Whoever comes second sees what the first one left: no balance goes below nought."""

    @pytest.fixture
    def batches(self, program, term, left):
        return [batch_of(program, term, 50_000) for _each in range(2)]

    def reserve(self, batch, by):
        with transaction.atomic():
            funds.reserve(batch, by=by, at=NOW)

    def test_approve_from_one_balance(self, program, term, batches, approver):
        results = at_once(*(lambda batch=batch: self.reserve(batch, approver) for batch in batches))

        assert sorted(type(result).__name__ for result in results) == ["NoneType", "NotEnough"]
        assert available(term) == {"central": 5_000, "county": 5_000}

    def test_approve_and_carry_over(self, program, term, batches, spring, preparer, approver):
        results = at_once(
            lambda: self.reserve(batches[0], approver),
            lambda: funds.carry_over(program, term, spring, by=preparer, at=NOW),
        )

        assert any(not isinstance(result, Exception) for result in results)
        assert min(available(term).values()) >= 0
        assert sum(available(term).values()) + sum(available(spring).values()) in {10_000, 60_000}

    def test_approve_and_take_an_arrival_off(self, program, term, batches, preparer, approver):
        arrival = Arrival.objects.first()
        results = at_once(
            lambda: self.reserve(batches[0], approver),
            lambda: funds.withdraw_arrival(arrival, why="录错。", by=approver, at=NOW),
        )

        assert sum(isinstance(result, Exception) for result in results) == 1
        assert min(available(term).values()) >= 0

    def test_enter_the_same_arrival(self, allotted, term, preparer):
        at_once(*(lambda: arrive(Quota.objects.get(pk=allotted.pk), 60_000, preparer) for _each in range(2)))

        assert available(term) == {Payer.COUNTY: 60_000}


class TestDaysToCard:
    @pytest.fixture
    def program(self, program):
        """Borne by the county alone, so that the figures can be counted in the head."""
        program.shares.all().delete()
        ShareFactory(program=program, payer=Payer.COUNTY, per_mille=1000)
        return program

    def test_weigh_every_fen_by_the_oldest_money(self, program, term, allotted, preparer, approver):
        """400 yuan arrive on the 1st, 600 on the 11th; 500 reach cards on the 21st: 400 after 20 days, 100 after 10."""
        arrive(allotted, 40_000, preparer, on=date(2021, 9, 1))
        arrive(allotted, 60_000, preparer, on=date(2021, 9, 11))
        batch = batch_of(program, term, 50_000)
        funds.reserve(batch, by=approver, at=NOW)
        pay(batch, preparer, on=date(2021, 9, 21))

        whole, county = fund_figures.figures([term], today=date(2021, 10, 11))

        assert (whole.payer, county.payer) == ("", "county")
        assert county.days_to_card == (40_000 * 20 + 10_000 * 10) / 50_000 == 18
        assert (county.lying, county.days_lying, county.oldest) == (50_000, 30, date(2021, 9, 11))
        assert (county.allotted, county.arrived, county.paid, county.available) == (100_000, 100_000, 50_000, 50_000)

    def test_open_to_the_documents_and_batches_behind_them(self, program, term, allotted, preparer, approver):
        arrive(allotted, 40_000, preparer, on=date(2021, 9, 1))
        batch = batch_of(program, term, 30_000)
        funds.reserve(batch, by=approver, at=NOW)
        pay(batch, preparer, on=date(2021, 9, 21))

        paid, lying = fund_figures.pieces([term])

        fund_of = (program.pk, "county", term.pk, allotted.pk, date(2021, 9, 1))
        assert paid == Piece(*fund_of, 30_000, batch.pk, date(2021, 9, 21))
        assert lying == Piece(*fund_of, 10_000)

    def test_leave_out_what_came_back_from_the_bank(self, program, term, allotted, preparer, approver):
        arrive(allotted, 40_000, preparer, on=date(2021, 9, 1))
        batch = batch_of(program, term, 30_000)
        funds.reserve(batch, by=approver, at=NOW)
        pay(batch, preparer, on=date(2021, 9, 21))
        bounce = BounceFactory(payment=batch.payments.get())
        funds.take_back([bounce], by=preparer, at=NOW)

        (county,) = fund_figures.figures([term], today=date(2021, 10, 1))[1:]

        assert (county.days_to_card, county.paid, county.lying, county.days_lying) == (None, 0, 40_000, 30)

    def test_leave_out_what_was_taken_off_again(self, term, allotted, preparer, approver):
        wrong = arrive(allotted, 100_000, preparer, on=date(2021, 9, 1))
        funds.withdraw_arrival(wrong, why="录错。", by=approver, at=NOW)
        arrive(allotted, 10_000, preparer, on=date(2021, 9, 2))

        assert [(piece.amount_fen, piece.arrived_on.day) for piece in fund_figures.pieces([term])] == [(10_000, 2)]

    def test_go_on_over_a_carry_over(self, program, term, allotted, spring, preparer, approver):
        arrive(allotted, 40_000, preparer, on=date(2021, 9, 1))
        funds.carry_over(program, term, spring, by=preparer, at=NOW)
        batch = batch_of(program, spring, 40_000)
        funds.reserve(batch, by=approver, at=NOW)
        pay(batch, preparer, on=date(2022, 3, 10))

        (county,) = fund_figures.figures([spring], today=date(2022, 4, 1))[1:]

        assert county.days_to_card == (date(2022, 3, 10) - date(2021, 9, 1)).days
        assert (county.carried_in, county.arrived, county.on_hand, county.lying) == (40_000, 0, 40_000, 0)

    def test_of_a_school_year_know_no_carrying_within_it(self, program, term, allotted, spring, preparer):
        arrive(allotted, 40_000, preparer, on=date(2021, 9, 1))
        funds.carry_over(program, term, spring, by=preparer, at=NOW)

        year = fund_figures.terms_in(Period.SCHOOL_YEAR, spring)
        (county,) = fund_figures.figures(year, today=date(2022, 4, 1))[1:]

        assert [each.pk for each in year] == ["2021A", "2022S"]
        assert (county.carried_in, county.carried_out, county.arrived, county.available) == (0, 0, 40_000, 40_000)

    def test_of_a_finance_year_are_spring_and_autumn(self, term, spring):
        TermFactory(code="2022A")

        assert [each.pk for each in fund_figures.terms_in(Period.FINANCE_YEAR, spring)] == ["2022S", "2022A"]
        assert fund_figures.terms_in(Period.TERM, spring) == [spring]


class TestFirstInFirstOut:
    @given(
        came=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 1_000)), max_size=6),
        taken=st.lists(st.integers(1, 1_500), max_size=6),
    )
    def test_loses_and_makes_no_fen_and_takes_the_oldest(self, came, taken):
        lots = fund_figures._Lots(
            Piece("p", "county", "2021A", n, ISSUED + timedelta(days=day), fen) for n, (day, fen) in enumerate(came)
        )
        there = sum(fen for _day, fen in came)

        went = [piece for fen in taken for piece in lots.take(fen)]

        assert sum(piece.amount_fen for piece in went) == min(sum(taken), there)
        assert sum(piece.amount_fen for piece in [*went, *lots.left]) == there
        days = [piece.arrived_on for piece in [*went, *lots.left]]
        assert days == sorted(days)


def test_the_ledger_takes_no_change(allotted, preparer):
    arrive(allotted, 1, preparer)

    for change in (LedgerEntry.objects.all().delete, lambda: LedgerEntry.objects.update(amount_fen=2)):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_whole_way_leaves_the_checks_content(program, term, left, spring, preparer, approver):
    batch = batch_of(program, term, 30_000, 20_001)
    funds.reserve(batch, by=approver, at=NOW)
    pay(batch, preparer, on=NOW.date())
    funds.carry_over(program, term, spring, by=UserFactory(), at=NOW)

    for each in (term, spring):
        assert [str(outcome.title) for outcome in checks.run(each) if not outcome.holds] == []
