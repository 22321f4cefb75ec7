"""Money asked back: proposed by the facts, opened by a person, received in parts, let go by another person only."""

from datetime import date

import pytest
from django.db import transaction
from django.db.utils import DatabaseError
from django.urls import reverse

from audits import checks
from common.moves import WrongState
from disbursements import funds, recoveries
from disbursements.choices import EntryKind, RecoveryCause, RecoveryState
from disbursements.models import LedgerEntry, Recovery, RecoveryReceipt
from tests.factories import (
    NOW,
    BatchShareFactory,
    BounceFactory,
    ObjectionFactory,
    PayDecisionFactory,
    PaymentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment():
    """500 yuan that arrived, borne by centre and county in thirds that do not come out even."""
    payment = PaymentFactory(paid=True)
    BatchShareFactory(batch=payment.batch, payer="central", per_mille=667)
    BatchShareFactory(batch=payment.batch, payer="county", per_mille=333)
    return payment


@pytest.fixture
def recovery(payment, preparer):
    return begin(payment.award, preparer)


def begin(award, by, **facts):
    facts = {"cause": RecoveryCause.LEFT, "due_fen": 40_000, "words": "10 月转出外县。", **facts}
    return recoveries.open(award, by=by, at=NOW, **facts)


def receive(recovery, by, **facts):
    facts = {"amount_fen": 15_000, "received_on": date(2021, 12, 1), "voucher": "收字 1 号", **facts}
    return recoveries.receive(recovery, by=by, at=NOW, **facts)


class TestProposals:
    @pytest.mark.parametrize("state", ["left", "suspended"])
    def test_name_who_left_after_the_money_arrived(self, state):
        payment = PaymentFactory(paid=True, award__enrollment__state=state)

        assert recoveries.proposed(payment.award.term) == [recoveries.Proposal(payment.award_id, RecoveryCause.LEFT)]

    def test_leave_out_who_left_and_was_paid_by_a_persons_word(self):
        decision = PayDecisionFactory()
        PaymentFactory(paid=True, award=decision.award)

        assert recoveries.proposed(decision.award.term) == []

    def test_name_whom_an_objection_was_upheld_against(self):
        payment = PaymentFactory(paid=True)
        ObjectionFactory(
            award=payment.award, is_upheld=True, answer="家庭情况不实。", answered_by=UserFactory(), answered_at=NOW
        )

        assert (payment.award_id, RecoveryCause.UPHELD) in [
            (row.award, row.cause) for row in recoveries.proposed(payment.award.term)
        ]

    def test_leave_out_what_was_not_paid_came_back_or_is_asked_back_already(self, preparer):
        PaymentFactory(award__enrollment__state="left")
        BounceFactory(payment__award__enrollment__state="left")
        asked = PaymentFactory(paid=True, award__enrollment__state="left")
        begin(asked.award, preparer)

        assert recoveries.proposed(asked.award.term) == []


class TestOpen:
    def test_takes_an_amount_and_words(self, recovery):
        assert (recovery.state, recovery.due_fen) == (RecoveryState.OPEN, 40_000)

    @pytest.mark.parametrize(
        ("facts", "refusal"),
        [
            ({"words": " "}, recoveries.WordsMissing),
            ({"due_fen": 50_001}, recoveries.MoreThanPaid),
            ({"due_fen": 0}, recoveries.MoreThanPaid),
        ],
    )
    def test_is_refused_without_words_or_beyond_what_was_paid(self, payment, preparer, facts, refusal):
        with pytest.raises(refusal):
            begin(payment.award, preparer, **facts)

    def test_is_refused_where_nothing_arrived(self, preparer):
        with pytest.raises(recoveries.NothingPaid):
            begin(PaymentFactory().award, preparer)

    def test_is_refused_where_the_bank_returned_it(self, preparer):
        with pytest.raises(recoveries.NothingPaid):
            begin(BounceFactory().payment.award, preparer)

    def test_the_second_time_is_refused(self, recovery, preparer):
        with pytest.raises(recoveries.AlreadyOpen):
            begin(recovery.award, preparer)

    def test_another_one_asks_for_no_more_than_is_still_out(self, recovery, preparer):
        receive(recovery, preparer, amount_fen=40_000)

        with pytest.raises(recoveries.MoreThanPaid, match=r"100\.00"):
            begin(recovery.award, preparer)
        assert begin(recovery.award, preparer, due_fen=10_000).pk != recovery.pk


class TestReceive:
    def test_in_parts_gives_every_fen_back_by_payer_and_closes_with_the_last(self, recovery, preparer):
        term = recovery.award.term
        receive(recovery, preparer, amount_fen=13_333)
        assert recovery.state == RecoveryState.OPEN
        receive(recovery, preparer, amount_fen=26_667, voucher="收字 2 号")

        assert (recovery.state, recovery.closed_by) == (RecoveryState.COLLECTED, preparer)
        entries = LedgerEntry.objects.filter(kind=EntryKind.RECOVERED)
        assert sum(entries.values_list("amount_fen", flat=True)) == 40_000
        assert {balance.payer: balance.available for balance in funds.balances(term)} == {
            "central": 8_893 + 17_787,
            "county": 4_440 + 8_880,
        }
        check = next(each for each in checks.run(term) if str(each.title) == "追缴收回按级次等于追缴收款")
        assert (check.holds, check.left_fen) == (True, 40_000)

    @pytest.mark.parametrize(
        ("facts", "refusal"),
        [
            ({"amount_fen": 40_001}, recoveries.MoreThanDue),
            ({"amount_fen": 25_001, "voucher": "收字 2 号", "after": 15_000}, recoveries.MoreThanDue),
            ({"amount_fen": 1, "after": 15_000}, recoveries.VoucherKnown),
        ],
    )
    def test_more_than_is_due_or_a_voucher_twice_is_refused(self, recovery, preparer, facts, refusal):
        if before := facts.pop("after", None):
            receive(recovery, preparer, amount_fen=before)

        with pytest.raises(refusal):
            receive(recovery, preparer, **facts)

    def test_after_it_was_closed_is_refused(self, recovery, preparer):
        receive(recovery, preparer, amount_fen=40_000)

        with pytest.raises(WrongState):
            receive(recovery, preparer, voucher="收字 2 号")

    def test_after_the_bank_returned_the_whole_is_refused(self, recovery, payment, preparer):
        BounceFactory(payment=payment)

        with pytest.raises(recoveries.NothingPaid):
            receive(recovery, preparer)

    @pytest.mark.parametrize("act", [lambda rows: rows.update(amount_fen=1), lambda rows: rows.delete()])
    def test_a_receipt_is_never_changed(self, recovery, preparer, act):
        receipt = receive(recovery, preparer)

        with pytest.raises(DatabaseError), transaction.atomic():
            act(RecoveryReceipt.objects.filter(pk=receipt.pk))


class TestWaive:
    def test_takes_another_person_and_words(self, recovery, preparer, approver):
        with pytest.raises(recoveries.OwnRecovery):
            recoveries.waive(recovery, words="家庭困难。", by=preparer, at=NOW)
        with pytest.raises(recoveries.WordsMissing):
            recoveries.waive(recovery, words=" ", by=approver, at=NOW)

        recoveries.waive(recovery, words="局长办公会同意。", by=approver, at=NOW)

        assert (recovery.state, recovery.closed_by) == (RecoveryState.WAIVED, approver)

    def test_leaves_what_came_in(self, recovery, preparer, approver):
        receive(recovery, preparer)

        recoveries.waive(recovery, words="余款经批准免收。", by=approver, at=NOW)

        assert recoveries.received(recovery) == 15_000
        assert recoveries.still_out(recovery.award) == 35_000

    def test_what_is_closed_is_refused(self, recovery, preparer, approver):
        receive(recovery, preparer, amount_fen=40_000)

        with pytest.raises(WrongState):
            recoveries.waive(recovery, words="免收。", by=approver, at=NOW)


class TestPages:
    def test_from_proposal_to_collected(self, as_role):
        payment = PaymentFactory(paid=True, award__enrollment__state="left")
        BatchShareFactory(batch=payment.batch, per_mille=1000)
        client = as_role("preparer")
        proposals = client.get(reverse("disbursements:recovery-proposals")).content.decode()
        assert reverse("disbursements:recovery-begin", args=[payment.award_id]) in proposals

        begun = client.post(
            reverse("disbursements:recovery-begin", args=[payment.award_id]),
            {"cause": "left", "due_fen": "1,00.00", "words": "转出外县。"},
        )
        recovery = Recovery.objects.get()
        client.post(
            reverse("disbursements:recovery-receive", args=[recovery.pk]),
            {"amount_fen": "100元", "received_on": "2021-12-01", "voucher": "收字 1 号"},
        )

        recovery.refresh_from_db()
        assert (begun.status_code, recovery.due_fen, recovery.state) == (302, 10_000, RecoveryState.COLLECTED)
        page = as_role("auditor").get(reverse("disbursements:recovery", args=[recovery.pk])).content.decode()
        assert "收字 1 号" in page

    def test_an_approver_lets_go_what_another_person_asked_for(self, as_role, recovery):
        client, address = as_role("approver"), reverse("disbursements:recovery-waive", args=[recovery.pk])

        client.post(address, {"words": "局长办公会同意。"})

        recovery.refresh_from_db()
        assert (recovery.state, recovery.closed_by) == (RecoveryState.WAIVED, client.user)

    def test_more_than_was_paid_is_told_beside_the_form(self, as_role, payment):
        answer = as_role("preparer").post(
            reverse("disbursements:recovery-begin", args=[payment.award_id]),
            {"cause": "left", "due_fen": "600", "words": "转出外县。"},
        )

        assert "最多可以追缴 500.00 元。" in answer.content.decode()
