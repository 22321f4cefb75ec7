"""What the bank says on the telephone of lines that its files leave without an answer: two people, then it counts."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Action
from audits import checks
from common.moves import WrongState
from disbursements import batches, blockers, funds, inquiries, payable, sending
from disbursements.choices import BatchState, EntryKind, FailureReason, InquiryState, PaymentState, Waiting, Way
from disbursements.models import Bounce, Inquiry, LedgerEntry, Payment, ReturnFile, ReturnLine
from jobs import run
from programs.choices import Payee
from tests.disbursements.test_batches import answer, awards, build, fund, send
from tests.factories import NOW, BatchFactory, BatchShareFactory, InquiryFactory, UserFactory, card_number
from tests.workbooks import xlsx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("words_of_banks")]
TODAY = NOW.date()
DAY = TODAY.isoformat()


@pytest.fixture
def batch(term, program, preparer, approver):
    """Of three lines the bank's file answers two; the third stays on its way."""
    awards(program, 3)
    fund(program, term, preparer)
    batch = send(build(term, program, preparer), preparer, approver)
    answer(batch, preparer, [[1, "甲", "500", "成功", "", DAY], [2, "乙", "500", "成功", "", DAY]])
    return batch


@pytest.fixture
def payment(batch):
    return batch.payments.get(line_no=3)


def arrived(batch, by, **facts):
    facts = {"paid_on": TODAY, "words": "电话询问营业部，答复当天已入账", **facts}
    return inquiries.note(batch, 3, by=by, at=NOW, **facts)


def failed(batch, by, reason=FailureReason.CLOSED):
    return inquiries.note(batch, 3, failure=reason, words="来函答复已销户", by=by, at=NOW)


class TestNote:
    def test_changes_no_payment(self, batch, payment, preparer):
        inquiry = arrived(batch, preparer)

        payment.refresh_from_db()
        assert (payment.state, inquiry.state) == (PaymentState.SENT, InquiryState.OPEN)
        assert Action.objects.filter(verb="inquiry.noted").count() == 1

    @pytest.mark.parametrize(
        ("facts", "refusal"),
        [
            ({"words": " "}, inquiries.WordsMissing),
            ({"paid_on": None}, inquiries.OutcomeMissing),
            ({"failure": FailureReason.CLOSED}, inquiries.OutcomeMissing),
            ({"paid_on": None, "failure": FailureReason.NOT_SIGNED}, inquiries.OutcomeMissing),
            ({"paid_on": TODAY + timedelta(days=1)}, inquiries.DayOdd),
            ({"paid_on": TODAY - timedelta(days=1)}, inquiries.DayOdd),
        ],
        ids=["no words", "no outcome", "both", "no bank's reason", "to come", "before it was sent"],
    )
    def test_that_says_nothing_of_use_is_refused(self, batch, preparer, facts, refusal):
        with pytest.raises(refusal):
            arrived(batch, preparer, **facts)
        assert not Inquiry.objects.exists()

    def test_of_a_line_is_one_at_a_time(self, batch, preparer, approver):
        inquiry = arrived(batch, preparer)
        with pytest.raises(inquiries.AlreadyNoted):
            failed(batch, approver)

        inquiries.dismiss(inquiry, words="听错了", by=preparer, at=NOW)
        failed(batch, approver)

    def test_is_of_lines_without_an_answer_alone(self, batch, preparer):
        with pytest.raises(inquiries.NotUnanswered):
            inquiries.note(batch, 1, paid_on=TODAY, words="已入账", by=preparer, at=NOW)

    def test_needs_no_file_that_could_be_read(self, batch, preparer, approver, term, program, as_role):
        """A bank that answers with a letter, or with a file that is refused whole, leaves no batch open for ever."""
        awards(program, 1)
        other = send(build(term, program, preparer), preparer, approver)
        assert answer(other, preparer, [[1, "甲", "500", "办结", "", DAY]]).error_code == "return-no-outcomes"
        button = reverse("disbursements:inquiry-note", args=[other.pk, 1])
        assert button in as_role("preparer").get(other.get_absolute_url()).content.decode()
        assert button not in as_role("auditor").get(other.get_absolute_url()).content.decode()

        noted = inquiries.note(other, 1, paid_on=TODAY, words="银行来函答复已入账", by=preparer, at=NOW)
        inquiries.confirm(noted, by=approver, at=NOW)

        other.refresh_from_db()
        assert (other.state, other.payments.get().state) == (BatchState.SETTLED, PaymentState.PAID)

    def test_keeps_no_card(self, batch, preparer):
        inquiry = arrived(batch, preparer, words=f"卡{card_number(3)}已入账")

        assert card_number(3) not in inquiry.words


class TestConfirm:
    def test_settles_the_line_as_an_answer_would(self, batch, payment, term, preparer, approver):
        inquiries.confirm(arrived(batch, preparer), by=approver, at=NOW)

        payment.refresh_from_db()
        batch.refresh_from_db()
        assert (payment.state, payment.paid_on, batch.state) == (PaymentState.PAID, TODAY, BatchState.SETTLED)
        assert [balance.under_way for balance in funds.balances(term)] == [0, 0]
        assert [str(outcome.title) for outcome in checks.run(term) if not outcome.holds] == []

    def test_gives_back_what_did_not_arrive(self, batch, payment, term, program, preparer, approver):
        inquiries.confirm(failed(batch, preparer), by=approver, at=NOW)

        payment.refresh_from_db()
        assert (payment.state, payment.failure, payment.bank_words) == (
            PaymentState.FAILED,
            FailureReason.CLOSED,
            "来函答复已销户",
        )
        given_back = LedgerEntry.objects.filter(kind=EntryKind.RELEASED).values_list("amount_fen", flat=True)
        assert sum(given_back) == payment.amount_fen
        assert dict(payable.waiting(term, program).values_list("pk", "waits")) == {
            payment.award_id: Waiting.CARD_REFUSED
        }

    def test_that_the_bank_did_nothing_lets_the_same_card_be_tried_again(
        self, batch, payment, term, program, preparer, approver
    ):
        inquiries.confirm(failed(batch, preparer, FailureReason.NOT_EXECUTED), by=approver, at=NOW)

        assert [award.pk for award in payable.payable(term, program)] == [payment.award_id]
        assert build(term, program, preparer).people == 1

    def test_takes_another_person(self, batch, payment, preparer):
        inquiry = arrived(batch, preparer)

        with pytest.raises(inquiries.OwnInquiry):
            inquiries.confirm(inquiry, by=preparer, at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            Inquiry.objects.update(state=InquiryState.CONFIRMED, closed_by=preparer, closed_at=NOW)
        payment.refresh_from_db()
        assert payment.state == PaymentState.SENT

    def test_happens_once(self, batch, preparer, approver):
        inquiry = arrived(batch, preparer)
        stale = Inquiry.objects.get(pk=inquiry.pk)
        inquiries.confirm(inquiry, by=approver, at=NOW)

        with pytest.raises(WrongState):
            inquiries.confirm(stale, by=approver, at=NOW)
        with pytest.raises(WrongState):
            inquiries.dismiss(stale, words="不对", by=approver, at=NOW)
        assert LedgerEntry.objects.filter(kind=EntryKind.SPENT).count() == 4

    def test_is_refused_once_a_file_has_answered(self, batch, preparer, approver, term, program):
        awards(program, 1)
        inquiry = arrived(batch, preparer)
        stale = Inquiry.objects.get(pk=inquiry.pk)
        answer(batch, preparer, [[3, "丙", "500", "失败", "已销户", DAY]])

        with pytest.raises(WrongState):
            inquiries.confirm(stale, by=approver, at=NOW)
        assert Payment.objects.filter(state=PaymentState.PAID).count() == 2

    def test_is_of_a_whole_line_of_a_school(self, preparer, approver):
        batch = BatchFactory(sent=True, program__payee=Payee.SCHOOL, with_payments=4, with_payments__card=None)
        BatchShareFactory(batch=batch, per_mille=1000)
        batch.payments.filter(line_no__lte=3).update(line_no=1)
        batch.payments.filter(line_no=4).update(line_no=2)
        school = batch.payments.first().award.school
        amount = batch.payments.filter(line_no=2).totals()["amount_fen"] / 100
        answer(batch, preparer, [[2, school.account_holder, amount, "成功", "", DAY]])

        noted = inquiries.note(batch, 1, paid_on=TODAY, words="已入账", by=preparer, at=NOW)
        inquiries.confirm(noted, by=approver, at=NOW)

        assert batch.payments.filter(state=PaymentState.PAID).count() == 4


class TestALaterFile:
    @pytest.fixture
    def told(self, batch, preparer, approver):
        inquiries.confirm(arrived(batch, preparer), by=approver, at=NOW)

    def test_that_says_the_same_is_one(self, told, batch, preparer):
        job = answer(batch, preparer, [[3, "丙", "500", "成功", "", DAY]])

        assert (job.result["repeated"], job.result["paid"], job.result["unmatched"]) == (1, 0, 0)
        assert LedgerEntry.objects.filter(kind=EntryKind.SPENT).count() == 4

    def test_that_says_otherwise_is_a_row_to_look_at(self, told, batch, payment, preparer, as_role):
        job = answer(batch, preparer, [[3, "丙", "500", "失败", "已销户", DAY]])

        payment.refresh_from_db()
        assert (job.result["unmatched"], job.result["bounced"], payment.state) == (1, 0, PaymentState.PAID)
        assert not Bounce.objects.exists()
        page = as_role("preparer").get(batch.get_absolute_url()).content.decode()
        assert "或者与已确认的银行答复不符；确实退回的，请登记退票" in page

    def test_that_says_it_arrived_when_it_did_not_is_one_too(self, batch, payment, preparer, approver):
        inquiries.confirm(failed(batch, preparer), by=approver, at=NOW)

        job = answer(batch, preparer, [[3, "丙", "500", "成功", "", DAY]])

        payment.refresh_from_db()
        assert (job.result["unmatched"], payment.state) == (1, PaymentState.FAILED)


class TestAFailureThatAFileDenies:
    """The bank said on the telephone that line 3 failed; weeks later its file says that it arrived."""

    @pytest.fixture
    def again(self, batch, payment, term, program, preparer, approver):
        inquiries.confirm(failed(batch, preparer, FailureReason.NOT_EXECUTED), by=approver, at=NOW)
        return build(term, program, preparer)

    @staticmethod
    def deny(batch, preparer):
        assert answer(batch, preparer, [[3, "丙", "500", "成功", "", DAY]]).result["unmatched"] == 1

    def test_stops_the_second_batch_before_its_approval(self, again, batch, preparer, approver):
        self.deny(batch, preparer)

        assert blockers.SaidPaid.code in [blocker.code for blocker in blockers.batch_blockers(again)]
        with pytest.raises(blockers.SaidPaid):
            batches.approve(again, by=approver, at=NOW)

    def test_stops_it_at_the_door_when_it_comes_after_the_approval(self, again, batch, preparer, approver, as_role):
        batches.approve(again, by=approver, at=NOW)
        run.execute(run.start("batch-bank-file", by=preparer, at=NOW, batch_id=again.pk).pk)
        again.refresh_from_db()
        self.deny(batch, preparer)

        with pytest.raises(blockers.SaidPaid):
            sending.send(again, by=preparer, at=NOW)
        assert "现在还不能发放" in as_role("preparer").get(again.get_absolute_url()).content.decode()
        assert again.payments.get().state == PaymentState.PENDING

    def test_keeps_the_award_out_of_batches_made_later(self, again, batch, payment, term, program, preparer):
        batches.discard(again, by=preparer, at=NOW)
        self.deny(batch, preparer)

        assert list(payable.payable(term, program)) == []
        assert list(payable.payable(term, program, way=Way.CASH)) == []
        assert [award.waits for award in payable.waiting(term, program)] == [Waiting.SAID_PAID]

    def test_lets_it_go_once_a_later_file_says_again_that_it_failed(self, again, batch, preparer, approver):
        self.deny(batch, preparer)
        answer(batch, preparer, [[3, "丙", "500", "失败", "账号状态不正常", DAY]])
        assert blockers.in_earlier_answers(again) != []

        ReturnFile.objects.filter(pk=batch.returns.latest("pk").pk).update(uploaded_at=NOW + timedelta(days=1))

        assert blockers.in_earlier_answers(again) == []

    def test_is_none_of_a_file_from_before_the_inquiry(self, again, batch, preparer):
        self.deny(batch, preparer)
        Inquiry.objects.update(closed_at=NOW + timedelta(days=1))

        assert blockers.in_earlier_answers(again) == []

    def test_is_none_of_another_line(self, again, batch, preparer):
        answer(batch, preparer, [[1, "甲", "500", "成功", "", DAY], [2, "乙", "600", "成功", "", DAY]])

        assert ReturnLine.objects.filter(outcome="unmatched").exists()
        assert blockers.in_earlier_answers(again) == []


class TestPages:
    def test_from_the_batch_to_the_second_person(self, batch, payment, as_role):
        first, second = as_role("preparer"), Client()
        second.force_login(UserFactory(approver=True))
        note = reverse("disbursements:inquiry-note", args=[batch.pk, 3])
        assert note in first.get(batch.get_absolute_url()).content.decode()

        assert "paid_on" in first.post(note, {"said": "paid", "words": "已入账"}).context["form"].errors
        assert "failure" in first.post(note, {"said": "failed", "words": "已入账"}).context["form"].errors
        first.post(note, {"said": "paid", "paid_on": DAY, "failure": "closed", "words": "电话答复已入账"})

        inquiry = Inquiry.objects.get()
        assert (inquiry.paid_on, inquiry.failure) == (TODAY, "")
        confirm = reverse("disbursements:inquiry-confirm", args=[inquiry.pk])
        assert inquiry.get_absolute_url() in second.get(batch.get_absolute_url()).content.decode()
        assert confirm not in first.get(inquiry.get_absolute_url()).content.decode()
        assert confirm in second.get(inquiry.get_absolute_url()).content.decode()
        second.post(confirm)

        payment.refresh_from_db()
        assert payment.state == PaymentState.PAID
        assert payment.award.student.name in second.get(inquiry.get_absolute_url()).content.decode()

    def test_keep_a_letter(self, batch, as_role):
        letter = xlsx(("答复",), [["已入账"]])
        client = as_role("preparer")
        facts = {"said": "paid", "paid_on": DAY, "words": "来函答复"}
        facts["scan"] = SimpleUploadedFile("银行来函.xlsx", letter)
        client.post(reverse("disbursements:inquiry-note", args=[batch.pk, 3]), facts)

        inquiry = Inquiry.objects.get()
        link = reverse("jobs:file", args=[inquiry.file_id])
        assert link in client.get(inquiry.get_absolute_url()).content.decode()
        assert client.get(link).status_code == 200

        auditor = as_role("auditor")  # a bank's letter names whole accounts
        assert auditor.get(link).status_code == 404
        page = auditor.get(inquiry.get_absolute_url()).content.decode()
        assert link not in page
        assert "银行来函.xlsx" in page

    def test_let_a_wrong_note_fall(self, as_role):
        inquiry = InquiryFactory()
        client = as_role("preparer")
        dismiss = reverse("disbursements:inquiry-dismiss", args=[inquiry.pk])

        assert "words" in client.post(dismiss, {"words": ""}).context["form"].errors
        client.post(dismiss, {"words": "登记错了行"})

        inquiry.refresh_from_db()
        assert inquiry.state == InquiryState.DISMISSED
        assert "登记错了行" in client.get(inquiry.get_absolute_url()).content.decode()

    def test_leave_no_approval_to_the_one_who_only_reads(self, batch, preparer, as_role):
        inquiry = arrived(batch, preparer)
        page = as_role("auditor").get(inquiry.get_absolute_url()).content.decode()

        assert "确认并记账" not in page
        assert reverse("disbursements:inquiry-dismiss", args=[inquiry.pk]) not in page


def test_a_batch_with_a_noted_line_is_not_paid_again_by_itself(batch, payment, term, program, preparer):
    """An open note is no answer: the award is still on its way."""
    arrived(batch, preparer)

    with pytest.raises(batches.NothingToPay):
        batches.prepare(term=term, program=program, by=preparer, at=NOW)
