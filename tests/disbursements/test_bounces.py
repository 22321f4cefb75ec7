"""Late returns: money that came back goes back into the fund, and the award is paid once more, not twice."""

import threading
from datetime import date

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.urls import reverse

from audits import checks
from common.moves import WrongState
from disbursements import batches, bounces, cards, funds, recoveries
from disbursements.choices import BatchState, EntryKind, FailureReason, PaymentState
from disbursements.models import Bounce, LedgerEntry, Payment
from disbursements.payable import waiting
from programs.choices import Payee
from tests.disbursements.test_batches import answer, awards, build, fund, send
from tests.factories import (
    NOW,
    BatchFactory,
    BatchShareFactory,
    BounceFactory,
    PaymentFactory,
    RecoveryFactory,
    UserFactory,
    card_number,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("words_of_banks")]
LATER = date(2021, 12, 20)


@pytest.fixture
def batch(term, program, preparer, approver):
    """Settled: two children have their money."""
    awards(program, 2)
    fund(program, term, preparer)
    sent = send(build(term, program, preparer), preparer, approver)
    answer(sent, preparer, [[1, "甲", "500", "成功", "", "2021-12-03"], [2, "乙", "500", "成功", "", "2021-12-03"]])
    return sent


def record(payment, by, **facts):
    facts = {"bounced_on": LATER, "failure": FailureReason.CLOSED, "words": "久悬户", **facts}
    return bounces.record(payment, by=by, at=NOW, **facts)


def holds(term):
    return [str(outcome.title) for outcome in checks.run(term) if not outcome.holds] == []


class TestByAFile:
    def test_weeks_after_gives_the_money_back_and_leaves_the_payment_as_it_was(self, batch, term, preparer):
        before = [balance.available for balance in funds.balances(term)]

        job = answer(batch, preparer, [[1, "甲", "500", "退票", "久悬户", "2021-12-20"]])

        payment = batch.payments.get(line_no=1)
        assert job.result["bounced"] == 1
        assert (payment.state, payment.paid_on, payment.failure) == (PaymentState.PAID, date(2021, 12, 3), "")
        assert (payment.bounce.bounced_on, payment.bounce.failure) == (LATER, FailureReason.CLOSED)
        assert payment.bounce.file_id == batch.returns.first().pk
        assert [balance.available for balance in funds.balances(term)] == [fen + 25_000 for fen in before]
        assert batch.state == BatchState.SETTLED
        assert holds(term)

    def test_said_again_in_a_later_file_is_one(self, batch, term, preparer):
        for day in ("2021-12-20", "2021-12-21"):
            job = answer(batch, preparer, [[1, "甲", "500", "退票", "久悬户", day]])

        assert (job.result["bounced"], job.result["repeated"]) == (0, 1)
        assert Bounce.objects.count() == 1
        assert LedgerEntry.objects.filter(kind=EntryKind.RETURNED).count() == 2

    @pytest.mark.parametrize("came_back", [False, True], ids=["asked for", "given back in part"])
    def test_of_what_is_asked_back_is_a_row_to_look_at(self, batch, preparer, came_back):
        """A family and the bank cannot both return the same money."""
        payment = batch.payments.get(line_no=1)
        recovery = RecoveryFactory(payment=payment)
        if came_back:
            recoveries.receive(recovery, amount_fen=100, received_on=NOW.date(), voucher="1", by=preparer, at=NOW)
            recoveries.waive(recovery, words="家庭困难", by=UserFactory(approver=True), at=NOW)

        job = answer(batch, preparer, [[1, "甲", "500", "退票", "久悬户", "2021-12-20"]])

        assert (job.result["bounced"], job.result["unmatched"]) == (0, 1)
        assert not Bounce.objects.exists()
        assert not LedgerEntry.objects.filter(kind=EntryKind.RETURNED).exists()

    @pytest.fixture
    def of_a_school(self, preparer):
        """Three children in the line of their school; it has arrived."""
        batch = BatchFactory(sent=True, program__payee=Payee.SCHOOL, with_payments=3, with_payments__card=None)
        BatchShareFactory(batch=batch, per_mille=1000)
        batch.payments.update(line_no=1)
        answer(batch, preparer, self.row(batch, "成功"))
        return batch

    @staticmethod
    def row(batch, outcome):
        holder = batch.payments.first().award.school.account_holder
        return [[1, holder, batch.payments.totals()["amount_fen"] / 100, outcome, "", "2021-12-20"]]

    @pytest.mark.parametrize("asked", [0, 2], ids=["the first", "the last"])
    def test_of_a_school_is_none_of_the_one_child_that_is_asked_back(self, of_a_school, preparer, asked):
        kept, *back = sorted(of_a_school.payments.all(), key=lambda payment: payment.pk != self.nth(of_a_school, asked))
        recovery = RecoveryFactory(payment=kept)

        job = answer(of_a_school, preparer, self.row(of_a_school, "退票"))

        assert set(Bounce.objects.values_list("payment", flat=True)) == {payment.pk for payment in back}
        assert (job.result["bounced"], job.result["unmatched"]) == (0, 1)  # somebody looks at the line
        answer(of_a_school, preparer, [*self.row(of_a_school, "退票"), [7, "", "1", "退票", "", ""]])
        assert Bounce.objects.count() == 2

        recoveries.waive(recovery, words="款已退回", by=UserFactory(approver=True), at=NOW)
        job = answer(of_a_school, preparer, [*self.row(of_a_school, "退票"), [8, "", "1", "退票", "", ""]])
        assert (job.result["bounced"], Bounce.objects.count()) == (1, 3)

    @staticmethod
    def nth(batch, n):
        return batch.payments.order_by("pk").values_list("pk", flat=True)[n]

    def test_of_a_school_of_which_some_came_back_contradicts_its_arrival(self, of_a_school, preparer):
        RecoveryFactory(payment=of_a_school.payments.first())
        answer(of_a_school, preparer, self.row(of_a_school, "退票"))

        job = answer(of_a_school, preparer, [*self.row(of_a_school, "成功"), [7, "", "1", "成功", "", ""]])

        assert (job.result["repeated"], job.result["unmatched"]) == (0, 2)

    def test_with_a_date_that_is_none_counts_from_the_day_of_the_file(self, batch, preparer):
        answer(batch, preparer, [[1, "甲", "500", "退票", "久悬户", ""]])

        assert Bounce.objects.get().bounced_on == NOW.date()


class TestByAPerson:
    def test_is_recorded_with_the_banks_words(self, batch, preparer):
        bounce = record(batch.payments.get(line_no=1), preparer, words=f"卡{card_number(3)}已销户")

        assert card_number(3) not in bounce.words
        assert "已销户" in bounce.words

    def test_the_second_time_is_refused(self, batch, preparer):
        payment = batch.payments.get(line_no=1)
        stale = Payment.objects.get(pk=payment.pk)
        record(payment, preparer)

        with pytest.raises(bounces.AlreadyBounced):
            record(stale, preparer)
        assert LedgerEntry.objects.filter(kind=EntryKind.RETURNED).count() == 2

    def test_of_what_never_arrived_is_refused(self, preparer):
        with pytest.raises(bounces.NotPaid):
            record(PaymentFactory(failed=True), preparer)

    def test_of_a_batch_that_was_not_sent_is_refused(self, preparer):
        with pytest.raises(WrongState):
            record(PaymentFactory(), preparer)

    def test_before_it_arrived_is_refused(self, batch, preparer):
        with pytest.raises(bounces.BeforeItArrived):
            record(batch.payments.get(line_no=1), preparer, bounced_on=date(2021, 12, 2))

    def test_of_what_is_asked_back_is_refused(self, batch, preparer):
        payment = batch.payments.get(line_no=1)
        RecoveryFactory(payment=payment)

        with pytest.raises(bounces.BeingRecovered):
            record(payment, preparer)


class TestNextTry:
    @pytest.fixture
    def bounced(self, batch, preparer):
        payment = batch.payments.get(line_no=1)
        record(payment, preparer)
        return payment

    def test_waits_for_another_card(self, bounced, term, program, preparer):
        assert list(waiting(term, program)) == [bounced.award]
        with pytest.raises(batches.NothingToPay):
            batches.prepare(term=term, program=program, by=preparer, at=NOW)

    def test_is_another_payment_of_the_same_award_and_the_ledger_adds_up(
        self, bounced, term, program, preparer, approver
    ):
        give_another_card(bounced, preparer)

        batch = send(build(term, program, preparer), preparer, approver)
        answer(batch, preparer, [[1, "甲", "500", "成功", "", "2021-12-28"]])

        tries = Payment.objects.filter(award=bounced.award).order_by("attempt")
        assert list(tries.values_list("attempt", "bounces", "state")) == [(1, 0, "paid"), (2, 1, "paid")]
        assert [payment.attempt for payment in tries.live()] == [2]
        for balance in funds.balances(term):
            assert (balance.spent, balance.returned, balance.net_spent, balance.under_way) == (
                75_000,
                25_000,
                50_000,
                0,
            )
        assert holds(term)

    def test_that_fails_too_is_tried_again(self, bounced, term, program, preparer, approver):
        give_another_card(bounced, preparer)
        batch = send(build(term, program, preparer), preparer, approver)
        answer(batch, preparer, [[1, "甲", "500", "失败", "已销户", ""]])
        give_another_card(bounced, preparer, number=card_number(6_001))

        again = send(build(term, program, preparer), preparer, approver)
        answer(again, preparer, [[1, "甲", "500", "成功", "", "2022-01-05"]])

        tries = Payment.objects.filter(award=bounced.award).order_by("attempt")
        assert list(tries.values_list("bounces", "state")) == [(0, "paid"), (1, "failed"), (1, "paid")]
        assert holds(term)

    def test_is_never_paid_twice_at_a_time(self, bounced, term, program, preparer):
        give_another_card(bounced, preparer)
        build(term, program, preparer)

        with pytest.raises(IntegrityError), transaction.atomic():
            PaymentFactory(award=bounced.award, attempt=9, bounces=1)


class TestOnRecord:
    @pytest.mark.parametrize("act", [lambda rows: rows.update(words="改"), lambda rows: rows.delete()])
    def test_a_bounce_is_never_changed(self, act):
        bounce = BounceFactory()

        with pytest.raises(DatabaseError), transaction.atomic():
            act(Bounce.objects.filter(pk=bounce.pk))

    def test_money_returned_that_no_bounce_explains_is_noticed(self, batch, term, preparer):
        record(batch.payments.get(line_no=1), preparer)
        bounce = Bounce.objects.get()
        LedgerEntry.objects.create(
            program=batch.program, term=term, payer="county", kind=EntryKind.RETURNED, amount_fen=1, bounce=bounce,
            batch=batch, entered_by=preparer, entered_at=NOW,
        )  # fmt: skip

        assert [str(o.title) for o in checks.run(term) if not o.holds] == ["到账后退票按级次等于退票记录"]

    def test_no_migration_is_missing(self):
        call_command("makemigrations", "disbursements", check=True, dry_run=True, verbosity=0)


class TestPages:
    def test_a_preparer_records_one_and_everybody_reads_it(self, as_role, batch):
        client, payment = as_role("preparer"), batch.payments.get(line_no=1)
        form = {"bounced_on": LATER.isoformat(), "failure": FailureReason.CLOSED, "words": "久悬户"}

        told = client.post(reverse("disbursements:bounce-record", args=[payment.pk]), form, follow=True)

        assert "已登记退票，资金退回台账" in told.content.decode()
        shown = as_role("auditor").get(reverse("disbursements:bounces")).content.decode()
        assert payment.award.student.name in shown
        assert payment.card.number not in shown
        assert "1 笔发放失败或退票还没有再次发放" in client.get(batch.get_absolute_url()).content.decode()

    def test_a_day_that_has_not_come_is_refused(self, as_role, batch):
        client, payment = as_role("preparer"), batch.payments.get(line_no=1)

        told = client.post(
            reverse("disbursements:bounce-record", args=[payment.pk]),
            {"bounced_on": "2999-01-01", "failure": FailureReason.CLOSED, "words": "久悬户"},
        )

        assert "退票日期不能晚于今天" in told.content.decode()
        assert not Bounce.objects.exists()

    def test_words_that_nobody_knows_are_taught_from_their_list(self, as_role):
        payment = PaymentFactory(failed=True, failure=FailureReason.UNKNOWN, bank_words="余额超上限")
        client, teach = as_role("preparer"), reverse("disbursements:return-reason-teach")
        assert "余额超上限" in client.get(reverse("disbursements:return-reasons")).content.decode()

        asked = client.get(teach, {"example": payment.pk}).content.decode()
        client.post(teach, {"words": "余额超上限", "reason": FailureReason.NOT_ACTIVE})

        assert 'value="余额超上限"' in asked
        payment.refresh_from_db()
        assert payment.failure == FailureReason.NOT_ACTIVE

    def test_what_the_bank_did_not_answer_stands_on_the_batch(self, as_role, term, program, preparer, approver):
        awards(program, 2)
        fund(program, term, preparer)
        batch = send(build(term, program, preparer), preparer, approver)
        answer(batch, preparer, [[1, "甲", "500", "成功", "", "2021-12-03"]])

        page = as_role("preparer").get(batch.get_absolute_url()).content.decode()

        assert "银行未答复" in page


def give_another_card(payment, by, number=None):
    cards.correct(
        payment.award.student, number=number or card_number(6_000), holder="王建国", relation="父亲", by=by, at=NOW
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["by a person", "in a file"])
def test_waits_for_whoever_is_asking_the_family_at_that_moment(batch, preparer, way):
    """The bank's return and the family's cannot both be posted, however close they come."""
    payment, told = batch.payments.get(line_no=1), []

    def come_back():
        try:
            if way == "by a person":
                record(payment, preparer)
            else:
                told.append(answer(batch, preparer, [[1, "甲", "500", "退票", "久悬户", "2021-12-20"]]).result)
        except bounces.BeingRecovered as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    thread = threading.Thread(target=come_back)
    with transaction.atomic():
        facts = {"cause": "left", "due_fen": payment.amount_fen, "words": "转出外县。"}
        recoveries.open(payment.award, **facts, by=preparer, at=NOW)
        thread.start()
        thread.join(timeout=1)
    thread.join(timeout=60)

    assert not Bounce.objects.exists()
    assert len(told) == 1
