"""Control totals: they hold on a clean way, and each one notices its own fen, payer by payer."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audits import checks
from disbursements import bounces, funds, recoveries
from disbursements.choices import BatchState, EntryKind, PaymentState
from disbursements.models import Arrival, Batch, BatchShare, LedgerEntry, Payment, Quota
from schools.choices import TermState
from schools.models import Term
from tests.factories import (
    NOW,
    BatchFactory,
    LedgerEntryFactory,
    PaymentFactory,
    ProgramFactory,
    ShareFactory,
    TermFactory,
    TermProgramFactory,
    UserFactory,
)
from tests.funding import fund

pytestmark = pytest.mark.django_db

ODD_FEN = 50_001


def enter(batch: Batch, kind: str, amount_fen: int, *, payer: str = "central") -> LedgerEntry:
    """An entry that no act of the office wrote."""
    return LedgerEntryFactory(
        quota=None,
        program=batch.program,
        term=batch.term,
        payer=payer,
        batch=batch,
        kind=kind,
        amount_fen=amount_fen,
    )


@pytest.fixture
def batch() -> Batch:
    """An approved batch of two odd payments, borne half and half, its money set aside from a fund of two documents."""
    program, by = ProgramFactory(), UserFactory()
    for payer in ("central", "county"):
        ShareFactory(program=program, payer=payer, per_mille=500)
    batch = BatchFactory(approved=True, program=program)
    for line in (1, 2):
        PaymentFactory(batch=batch, line_no=line, award__amount_fen=ODD_FEN)
    Batch.objects.filter(pk=batch.pk).update(people=2, amount_fen=2 * ODD_FEN)
    fund(program=program, term=batch.term, issued_on=date(2021, 9, 1), amount_fen=100_000, by=by, at=NOW)
    funds.reserve(batch, by=by, at=NOW)
    batch.refresh_from_db()
    return batch


@pytest.fixture
def settled(batch) -> Batch:
    """The same: one payment reached its card, the other one failed."""
    paid, failed = batch.payments.all()
    batch.payments.filter(pk=paid.pk).update(state=PaymentState.PAID, paid_on=NOW.date())
    batch.payments.filter(pk=failed.pk).update(state=PaymentState.FAILED, failure="closed")
    funds.settle(batch, [paid.pk], EntryKind.SPENT, by=batch.prepared_by, at=NOW)
    funds.settle(batch, [failed.pk], EntryKind.RELEASED, by=batch.prepared_by, at=NOW)
    Batch.objects.filter(pk=batch.pk).update(state=BatchState.APPROVED)
    return batch


def failing(term):
    return {str(outcome.title) for outcome in checks.run(term) if not outcome.holds}


def places(term, title):
    (outcome,) = [outcome for outcome in checks.run(term) if str(outcome.title) == title]
    return [(place.words, difference.left_fen, difference.right_fen) for difference, place in outcome.shown]


class TestHold:
    def test_before_there_is_anything(self):
        assert failing(TermFactory()) == set()
        assert len(checks.CHECKS) >= 15

    def test_for_an_approved_batch(self, batch):
        assert failing(batch.term) == set()

    def test_for_an_answered_one(self, settled):
        assert failing(settled.term) == set()

    def test_after_a_late_return(self, settled):
        bounces.enter(
            settled.payments.filter(state="paid"),
            bounced_on=NOW.date(),
            failure="closed",
            words="",
            by=settled.prepared_by,
            at=NOW,
        )

        assert failing(settled.term) == set()

    def test_after_a_family_gave_money_back(self, settled):
        award = settled.payments.get(state="paid").award
        recovery = recoveries.open(award, cause="left", due_fen=30_001, words="离校。", by=UserFactory(), at=NOW)
        for voucher, fen in (("1号", 10_001), ("2号", 20_000)):
            recoveries.receive(
                recovery, amount_fen=fen, received_on=NOW.date(), voucher=voucher, by=UserFactory(), at=NOW
            )

        assert failing(settled.term) == set()

    def test_for_a_batch_that_was_taken_back(self, batch):
        Batch.objects.filter(pk=batch.pk).update(state=BatchState.DISCARDED)
        batch.payments.update(state=PaymentState.DISCARDED)
        funds.release(batch, by=UserFactory(), at=NOW)

        assert failing(batch.term) == set()

    def test_for_money_that_was_taken_off_and_carried_over(self, batch):
        arrival = Arrival.objects.create(
            quota=Quota.objects.create(
                document_no="后补1号", issued_on=date(2021, 9, 1), program=batch.program, term=batch.term,
                payer="city", amount_fen=7, entered_by=batch.prepared_by, entered_at=NOW,
            ),
            amount_fen=7, arrived_on=NOW.date(), entered_by=batch.prepared_by, entered_at=NOW,
        )  # fmt: skip
        LedgerEntryFactory(quota=arrival.quota, arrival=arrival)
        funds.withdraw_arrival(arrival, why="录错。", by=UserFactory(), at=NOW)
        spring = carry(batch)

        assert failing(batch.term) == failing(spring) == set()


def carry(batch: Batch) -> Term:
    Term.objects.filter(pk=batch.term_id).update(state=TermState.CLOSED)
    spring = TermFactory(code="2022S")
    TermProgramFactory(term=spring, program=batch.program)
    funds.carry_over(batch.program, Term.objects.get(pk=batch.term_id), spring, by=UserFactory(), at=NOW)
    return spring


class TestNotice:
    def test_a_fen_missing_in_a_batch(self, batch):
        Batch.objects.filter(pk=batch.pk).update(amount_fen=batch.amount_fen - 1)

        assert failing(batch.term) == {"发放明细合计等于批次金额", "审核占用等于已审核批次"}

    def test_a_payment_that_differs_from_its_award(self, batch):
        Payment.objects.filter(batch=batch).update(amount_fen=ODD_FEN + 1)

        assert "每笔发放等于它的资助金额" in failing(batch.term)

    @pytest.mark.parametrize(
        ("kind", "title"),
        [
            ("spent", "发放支出按级次等于到账的发放"),
            ("released", "失败退回按级次等于失败和撤回的发放"),
        ],
    )
    def test_money_that_went_nowhere(self, batch, kind, title):
        enter(batch, kind, 100)

        assert failing(batch.term) == {title}
        assert places(batch.term, title) == [(f"{batch.number} 中央", 100, 0)]

    def test_the_right_sum_borne_by_the_wrong_payer(self, batch):
        """The fen of an odd payment is the earlier payer's: the sums agree, the payers do not."""
        BatchShare.objects.filter(payer="central").update(per_mille=400)
        BatchShare.objects.filter(payer="county").update(per_mille=600)

        title = "审核占用按级次等于发放明细按比例分担"
        assert failing(batch.term) == {title}
        assert places(batch.term, title) == [
            (f"{batch.number} 中央", 50_002, 40_000),
            (f"{batch.number} 县级", 50_000, 60_002),
        ]

    def test_shares_that_are_no_whole(self, settled):
        BatchShare.objects.filter(payer="county").delete()

        assert {"审核占用按级次等于发放明细按比例分担", "发放支出按级次等于到账的发放"} <= failing(settled.term)

    def test_a_late_return_that_the_ledger_knows_nothing_of(self, settled):
        payment = settled.payments.get(state="paid")
        bounces.Bounce.objects.create(
            payment=payment, bounced_on=NOW.date(), failure="closed", entered_by=UserFactory(), entered_at=NOW
        )

        assert failing(settled.term) == {"到账后退票按级次等于退票记录"}

    def test_a_receipt_that_the_ledger_knows_nothing_of(self, settled):
        award = settled.payments.get(state="paid").award
        recovery = recoveries.open(award, cause="left", due_fen=30_001, words="离校。", by=UserFactory(), at=NOW)
        recovery.receipts.create(
            amount_fen=3, received_on=NOW.date(), voucher="1号", entered_by=UserFactory(), entered_at=NOW
        )

        assert failing(settled.term) == {"追缴收回按级次等于追缴收款"}

    def test_an_arrival_that_the_ledger_knows_nothing_of(self, batch):
        Arrival.objects.filter(quota__payer="county").update(amount_fen=99_999)

        title = "指标到账减冲销等于到账登记"
        assert failing(batch.term) == {title}
        assert places(batch.term, title) == [("示财教〔2021〕1号 县级", 100_000, 99_999)]

    def test_more_money_than_was_allotted(self, batch):
        Quota.objects.filter(payer="county").update(amount_fen=99_999)

        assert failing(batch.term) == {"到账不超过指标"}

    def test_a_balance_below_nought(self, batch):
        wrong = Quota.objects.get(payer="county")
        LedgerEntryFactory(
            quota=wrong, program=batch.program, term=batch.term, payer="county", kind="carried-out", amount_fen=50_001
        )

        assert failing(batch.term) == {"各项目各级次余额不为负"}
        assert places(batch.term, "各项目各级次余额不为负") == [(f"{batch.program} 县级", 100_001, 100_000)]

    def test_more_spent_than_was_set_aside(self, batch):
        enter(batch, "spent", 60_000, payer="county")

        assert "每个批次支出和退回不超过占用" in failing(batch.term)

    def test_money_that_left_one_term_and_came_to_none(self, batch):
        spring = carry(batch)
        quota = Quota.objects.filter(kind="carried").first()
        LedgerEntryFactory(quota=quota, program=quota.program, term=spring, payer=quota.payer, kind="carried-in")

        assert failing(spring) == {"结转下期等于上期结转", "上期结转等于结转的指标"}
        assert failing(batch.term) == {"结转下期等于上期结转"}


def test_two_errors_cannot_hide_each_other():
    outcome = checks.Outcome("", "", "", {"a": 100, "b": 200}, {"a": 200, "b": 100})

    assert outcome.left_fen == outcome.right_fen
    assert not outcome.holds


def test_less_than_the_limit_is_no_difference():
    outcome = checks.Outcome("", "", "", {"a": 100, "b": 3}, {"a": 101, "b": 2}, is_limit=True)

    assert [difference.key for difference in outcome.differences] == ["b"]


class TestPage:
    def test_names_what_differs_and_leads_there(self, as_role, batch):
        Batch.objects.filter(pk=batch.pk).update(amount_fen=batch.amount_fen - 1)

        page = as_role("auditor").get(reverse("audits:checks")).content.decode()

        assert "2 项不一致" in page
        assert f'<a class="strong" href="{batch.get_absolute_url()}">{batch.number}</a>' in page

    def test_says_how_many_more_there_are(self):
        outcome = checks.Outcome("", "", "", {str(n): 1 for n in range(25)}, {})

        assert (len(outcome.shown), outcome.more) == (20, 5)

    def test_costs_no_more_for_more_batches(self, as_role, batch):
        client = as_role("auditor")
        client.get(reverse("audits:checks"))
        with CaptureQueriesContext(connection) as few:
            client.get(reverse("audits:checks"))
        for _each in range(5):
            more = BatchFactory(approved=True, program=batch.program)
            PaymentFactory(batch=more)
        with CaptureQueriesContext(connection) as many:
            client.get(reverse("audits:checks"))

        assert len(many) <= len(few) + 5  # one more look-up of places for each check that fails now
