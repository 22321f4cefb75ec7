"""The pages of batches, cards and the fund: what each role may do, what it is told, and what no page shows.

That every page answers every role rightly, costs the same for twenty rows as for one and gives its part to htmx
is tested for all pages together (tests/harness).
"""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from disbursements.choices import BatchState, PaymentState
from disbursements.models import Batch, Payment, ReturnFile
from jobs import run
from jobs.models import Job
from schools.models import term_name
from students.models import Card
from tests import factories as make
from tests.factories import card_number

pytestmark = pytest.mark.django_db


def words(answer):
    return answer.content.decode()


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def work_off():
    """What the worker would do meanwhile."""
    for job in Job.objects.waiting().order_by("pk"):
        run.execute(job.pk)


@pytest.fixture
def payable():
    """A confirmed award with a card, and enough money for it."""
    award = make.AwardFactory(confirmed=True)
    make.TermProgramFactory(term=award.term, program=award.program)
    make.CardFactory(student=award.student)
    make.ShareFactory(program=award.program)
    make.LedgerEntryFactory(quota__program=award.program, quota__term=award.term)
    return award


def approve(client, batch, **data):
    """Tick every warning, type the term, press."""
    address = reverse("disbursements:batch-approve", args=[batch.pk])
    fields = client.get(address).context["form"].fields
    ticked = [code for code, _words in fields["seen"].choices] if "seen" in fields else []
    return client.post(address, {"term": str(batch.term), "seen": ticked} | data, follow=True)


class TestBatch:
    def test_is_prepared_in_the_background(self, as_role, payable):
        client = as_role("preparer")

        client.post(reverse("disbursements:prepare"), {"program": payable.program.pk})
        before = words(client.get(Batch.objects.get().get_absolute_url()))
        work_off()

        batch = Batch.objects.get()
        assert "job-progress" in before
        assert (batch.people, batch.amount_fen, batch.prepared_by) == (1, payable.amount_fen, client.user)

    def test_is_not_prepared_twice_at_a_time(self, as_role, payable):
        client = as_role("preparer")
        client.post(reverse("disbursements:prepare"), {"program": payable.program.pk})

        again = client.post(reverse("disbursements:prepare"), {"program": payable.program.pk})

        assert "这个项目还有一个未送银行的批次，请先处理它。" in words(again)
        assert Batch.objects.count() == 1

    def test_is_approved_by_another_person_who_types_the_term(self, as_role, payable):
        as_role("preparer").post(reverse("disbursements:prepare"), {"program": payable.program.pk})
        work_off()
        batch, approver = Batch.objects.get(), as_role("approver")

        careless = approve(approver, batch, term=term_name("2021S"))
        assert "term" in careless.context["form"].errors
        approve(approver, batch, term=" 2021年 秋季学期")

        batch.refresh_from_db()
        assert (batch.state, batch.approved_by) == (BatchState.APPROVED, approver.user)

    def test_of_ones_own_is_refused_in_words(self, as_role):
        client = as_role("approver")
        batch = make.BatchFactory(with_payments=True, prepared_by=client.user)

        answer = approve(client, batch)

        assert said(answer) == ["批次是您编制的，必须由另一个人审核。"]

    def test_offers_each_role_the_act_that_is_due(self, as_role):
        acts = ("batch-approve", "batch-bank-file", "batch-send", "batch-discard", "batch-return")
        due = {
            ("draft", "preparer"): {"batch-discard"},
            ("draft", "approver"): {"batch-approve"},
            ("approved", "preparer"): {"batch-bank-file"},
            ("sent", "preparer"): {"batch-return"},
            ("settled", "preparer"): {"batch-return"},
        }
        for state in ("draft", "approved", "sent", "settled"):
            batch = make.BatchFactory(with_payments=True, **({state: True} if state != "draft" else {}))
            for role in ("preparer", "approver", "auditor"):
                page = words(as_role(role).get(batch.get_absolute_url()))
                offered = {act for act in acts if reverse(f"disbursements:{act}", args=[batch.pk]) in page}
                assert offered == due.get((state, role), set()), f"{role} of a batch {state}"

    def test_shows_where_money_goes_by_the_last_digits(self, as_role):
        payment = make.PaymentFactory(paid=True)

        shown = words(as_role("auditor").get(payment.batch.get_absolute_url()))

        assert f"****{payment.card.number[-4:]}" in shown
        assert payment.card.number not in shown
        assert payment.award.student.id_number not in shown

    def test_goes_to_the_bank_and_comes_back(self, as_role, payable):
        make.ReturnReasonFactory(words="户名", reason="name-mismatch")
        preparer, approver = as_role("preparer"), as_role("approver")
        preparer.post(reverse("disbursements:prepare"), {"program": payable.program.pk})
        work_off()
        batch = Batch.objects.get()
        approve(approver, batch)
        preparer.post(reverse("disbursements:batch-bank-file", args=[batch.pk]))
        work_off()
        preparer.post(reverse("disbursements:batch-send", args=[batch.pk]))
        answer = "序号,金额,处理结果,失败原因,到账日期\n1,500.00,失败,户名不符,\n".encode("gb18030")

        preparer.post(
            reverse("disbursements:batch-return", args=[batch.pk]), {"file": SimpleUploadedFile("回盘.csv", answer)}
        )
        work_off()

        payment = Payment.objects.get()
        assert (payment.state, payment.failure) == (PaymentState.FAILED, "name-mismatch")
        page = words(preparer.get(batch.get_absolute_url()))
        assert "户名不符" in page
        assert f"{reverse('disbursements:prepare')}?program={payable.program.pk}" in page

    def test_says_what_is_still_to_be_paid_again(self, as_role):
        failed, again = make.PaymentFactory(failed=True), make.PaymentFactory(failed=True)
        page = as_role("auditor").get(failed.batch.get_absolute_url())
        assert page.context["unpaid"] == {"people": 1, "amount_fen": failed.amount_fen}

        make.PaymentFactory(award=again.award, attempt=2, paid=True)

        page = as_role("auditor").get(again.batch.get_absolute_url())
        assert page.context["unpaid"] == {"people": 0, "amount_fen": 0}
        assert "还没有再次发放" not in words(page)

    def test_lists_the_lines_of_the_answer_that_fit_no_payment(self, as_role):
        answer = make.ReturnFileFactory()
        make.ReturnLineFactory(file=answer)
        left_over = make.ReturnLineFactory(file=answer, outcome="unmatched", amount_fen=49_999, words="另一批的款")

        page = as_role("auditor").get(answer.batch.get_absolute_url())

        assert list(page.context["unmatched"]) == [left_over]
        assert "499.99" in words(page)
        assert "另一批的款" in words(page)

    def test_says_why_an_answer_could_not_be_read(self, as_role):
        batch, client = make.BatchFactory(sent=True, with_payments=True), as_role("preparer")

        client.post(
            reverse("disbursements:batch-return", args=[batch.pk]),
            {"file": SimpleUploadedFile("回盘.csv", "序号,金额,处理结果\n".encode())},
        )
        work_off()

        assert "回盘文件里没有数据行。" in words(client.get(batch.get_absolute_url()))

    def test_answer_is_not_taken_twice(self, as_role):
        batch, client = make.BatchFactory(sent=True, with_payments=True), as_role("preparer")
        address = reverse("disbursements:batch-return", args=[batch.pk])
        answer = "序号,金额,处理结果\n1,500.00,成功\n".encode()

        client.post(address, {"file": SimpleUploadedFile("回盘.csv", answer)})
        again = client.post(address, {"file": SimpleUploadedFile("回盘-2.csv", answer)})

        assert "这个回盘文件已经导入过。" in words(again)
        assert ReturnFile.objects.count() == 1

    @pytest.mark.parametrize("act", ["approve", "bank-file", "send", "discard", "return"])
    def test_is_read_by_the_auditor_only(self, as_role, act):
        batch = make.BatchFactory(approved=True)

        assert as_role("auditor").post(reverse(f"disbursements:batch-{act}", args=[batch.pk])).status_code == 403


class TestCard:
    def test_is_put_right_by_the_childs_school(self, as_role):
        card = make.CardFactory(student=make.EnrollmentFactory().student)
        client = as_role("school", school=card.student.enrollments.get().school)
        number = card_number(777)

        client.post(
            reverse("disbursements:card", args=[card.student.pk]),
            {"number": f"{number[:4]} {number[4:]}", "holder": "张建国", "relation": "父亲", "bank": "示范农商行"},
        )

        assert [each.number for each in Card.objects.filter(is_current=True)] == [number]
        assert Card.objects.count() == 2

    def test_of_another_schools_child_is_not_found(self, as_role):
        foreign = make.EnrollmentFactory().student

        assert as_role("school").get(reverse("disbursements:card", args=[foreign.pk])).status_code == 404

    def test_that_cannot_be_one_is_said_to_be_so(self, as_role):
        student = make.EnrollmentFactory().student

        answer = as_role("preparer").post(
            reverse("disbursements:card", args=[student.pk]),
            {"number": "1234", "holder": "张建国", "relation": "父亲", "bank": "示范农商行"},
        )

        assert "银行卡号应为 16 至 19 位数字" in words(answer)
        assert not Card.objects.exists()


class TestWaitingForACard:
    def test_lists_who_cannot_be_paid_and_why_not_others(self, as_role, payable):
        without = make.AwardFactory(confirmed=True)
        refused = make.PaymentFactory(failed=True).award

        page = as_role("preparer").get(reverse("disbursements:unpaid", args=[payable.program.pk]))

        assert {award.pk for award in page.context["page"]} == {without.pk, refused.pk}

    def test_shows_a_school_its_own(self, as_role, payable):
        own, _foreign = make.AwardFactory(confirmed=True), make.AwardFactory(confirmed=True)

        page = as_role("school", school=own.school).get(reverse("disbursements:unpaid", args=[own.program.pk]))

        assert [award.pk for award in page.context["page"]] == [own.pk]


class TestBeforeTheFirstTerm:
    def test_there_is_nothing_to_pay(self, as_role):
        client = as_role("preparer")

        assert client.get(reverse("disbursements:batches")).status_code == 200
        assert client.get(reverse("disbursements:funds")).status_code == 200
        assert client.get(reverse("disbursements:prepare")).status_code == 404
        assert client.get(reverse("disbursements:allot")).status_code == 404
