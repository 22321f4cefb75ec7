"""The file on its way to the bank: locked, written again when something changed, and gone only as it was approved."""

import io
import time
from datetime import timedelta

import pytest
import pyzipper
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Action
from common import resident_ids
from common.moves import WrongState
from disbursements import bank_files, bank_layouts, banks, cards, runs, sending
from disbursements.bank_layouts import Layout
from disbursements.choices import BatchState, PaymentState
from disbursements.models import Batch, Payment
from jobs import files, run
from jobs.choices import JobState
from jobs.models import Job
from programs.choices import Payee
from schools.models import School
from students.models import Card, Student
from tests.factories import NOW, AwardFactory, BankFactory, BatchFactory, PaymentFactory, UserFactory, card_number

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch():
    return BatchFactory(approved=True, with_payments=3)


@pytest.fixture
def to_schools():
    return BatchFactory(approved=True, program__payee=Payee.SCHOOL, with_payments=2, with_payments__card=None)


def write(batch, by):
    job = run.execute(runs.write_bank_file(batch, by=by, at=NOW).pk)
    batch.refresh_from_db()
    return job


def lines(batch, file=None):
    """(line, holder, card, yuan) of the workbook that the bank finds."""
    sheet = load_workbook(io.BytesIO(bank_files.opened(batch, file))).active
    return [row[:4] for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)]


def correct(payment, by, **facts):
    facts = {"number": card_number(77_000 + payment.pk), "holder": "王新户", "relation": "父亲", **facts}
    return cards.correct(payment.award.student, by=by, at=NOW, **facts)


class TestWriting:
    def test_locks_the_file_and_keeps_its_sums(self, batch, preparer):
        job = write(batch, preparer)

        stored = files.content(batch.bank_file)
        with pyzipper.AESZipFile(io.BytesIO(stored)) as archive:
            assert archive.namelist() == [f"{batch.number}.xlsx"]
            with pytest.raises(RuntimeError):
                archive.read(archive.namelist()[0])
        assert lines(batch) == [
            (payment.line_no, payment.card.holder, payment.card.number, payment.amount_fen / 100)
            for payment in batch.payments.order_by("line_no")
        ]
        act = Action.objects.get(verb="batch.bank-file-written")
        assert act.details["sha256"] == batch.bank_file.sha256
        assert act.details["digest"] == batch.lines_digest
        assert (job.result["rows"], job.result["changed"]) == (3, 0)

    def test_twice_gives_another_file_of_the_same_content(self, batch, preparer):
        write(batch, preparer)
        first, digest, password = batch.bank_file, batch.lines_digest, batch.zip_password

        write(batch, preparer)

        assert batch.bank_file != first
        assert (batch.lines_digest, batch.zip_password) == (digest, password)
        assert lines(batch, first) == lines(batch)
        assert [each.holds for each in sending.story(batch)] == [True, False]

    def test_goes_by_the_layout_of_the_bank(self, batch, preparer):
        bank = BankFactory(code="rcb", is_default=True)
        columns = (("编号", "line"), ("姓名", "holder"), ("账号", "number"), ("学生", "masked-id"), ("分", "fen"))
        banks.set_layout(bank, Layout(columns, format="txt", has_total=False), by=preparer, at=NOW)
        Batch.objects.filter(pk=batch.pk).update(bank=bank)
        batch.refresh_from_db()

        write(batch, preparer)

        payment = batch.payments.select_related("card", "award__student").order_by("line_no").first()
        masked = resident_ids.mask(payment.award.student.id_number)
        assert bank_files.opened(batch).decode("gb18030").splitlines()[:2] == [
            "编号|姓名|账号|学生|分",
            f"1|{payment.card.holder}|{payment.card.number}|{masked}|{payment.amount_fen}",
        ]

    def test_costs_the_same_number_of_queries_for_three_lines_and_for_twelve(
        self, preparer, django_assert_max_num_queries
    ):
        for people in (3, 12):
            job = runs.write_bank_file(BatchFactory(approved=True, with_payments=people), by=preparer, at=NOW)
            with django_assert_max_num_queries(45):
                run.execute(job.pk)

    def test_is_one_run_at_a_time_and_another_one_afterwards(self, batch, preparer):
        first = runs.write_bank_file(batch, by=preparer, at=NOW)
        assert runs.write_bank_file(batch, by=preparer, at=NOW) == first
        run.execute(first.pk)

        assert runs.write_bank_file(batch, by=preparer, at=NOW) != first

    def test_of_other_payments_than_were_approved_is_refused(self, batch, preparer):
        batch.payments.filter(line_no=1).update(state=PaymentState.DISCARDED)

        job = write(batch, preparer)

        assert (job.error_code, job.error_params["people"], batch.bank_file) == ("bank-file-lines-differ", 2, None)

    def test_waits_for_the_third_signature(self, batch, preparer):
        Batch.objects.filter(pk=batch.pk).update(needs_third=True)
        assert write(batch, preparer).error_code == "batch-not-released"

        Batch.objects.filter(pk=batch.pk).update(released_by=UserFactory(approver=True), released_at=NOW)

        assert write(batch, preparer).state == JobState.DONE

    def test_is_not_for_cash(self, preparer):
        batch = BatchFactory(approved=True, cash=True, with_payments=1)

        assert write(batch, preparer).error_code == "batch-in-cash"

    def test_of_a_draft_is_refused(self, preparer):
        batch = BatchFactory(with_payments=1)

        assert write(batch, preparer).error_code == "wrong-state"

    def test_to_a_school_without_an_account_is_refused_by_name(self, to_schools, preparer):
        school = to_schools.payments.first().award.school
        School.objects.filter(pk=school.pk).update(account_number="")

        assert write(to_schools, preparer).error_params == {"names": school.name}


class TestStale:
    def test_is_a_file_whose_card_was_corrected_and_it_does_not_go(self, batch, preparer):
        write(batch, preparer)
        payment = batch.payments.get(line_no=2)
        assert not sending.standing(batch).is_stale
        card = correct(payment, preparer)

        assert sending.standing(batch).cards == 1
        (change,) = sending.changes(batch)
        assert (change.payment.card_id, change.card) == (payment.card_id, card)
        with pytest.raises(sending.Stale):
            sending.send(batch, by=preparer, at=NOW)
        batch.refresh_from_db()
        assert batch.state == BatchState.APPROVED

    def test_is_written_again_to_the_new_card_with_people_and_money_as_approved(self, batch, preparer):
        write(batch, preparer)
        old, digest = batch.bank_file, batch.lines_digest
        before = lines(batch)
        card = correct(batch.payments.get(line_no=2), preparer)

        job = write(batch, preparer)

        after = lines(batch)
        assert after[1] == (2, "王新户", card.number, before[1][3])
        assert (after[0], after[2]) == (before[0], before[2])
        assert batch.payments.get(line_no=2).card == card
        assert batch.lines_digest != digest
        assert job.result["changed"] == 1
        assert lines(batch, old) == before
        sending.send(batch, by=preparer, at=NOW)
        assert batch.state == BatchState.SENT

    def test_is_no_file_whose_card_went_back_to_what_it_was(self, batch, preparer):
        write(batch, preparer)
        payment = batch.payments.select_related("card").get(line_no=1)
        correct(payment, preparer)
        correct(payment, preparer, number=payment.card.number, holder=payment.card.holder)

        assert not sending.standing(batch).is_stale

    def test_with_a_child_that_has_no_card_any_more_is_refused_by_its_line(self, batch, preparer):
        write(batch, preparer)
        Card.objects.filter(student=batch.payments.get(line_no=3).award.student).update(is_current=False)

        job = write(batch, preparer)

        assert (job.error_code, job.error_params) == ("bank-file-no-card", {"lines": "3"})

    def test_with_a_card_of_another_bank_is_refused_by_its_line(self, batch, preparer):
        ours = BankFactory(name="农商行", is_default=True)
        BankFactory(name="邮储银行")
        Batch.objects.filter(pk=batch.pk).update(bank=ours)
        batch.refresh_from_db()
        write(batch, preparer)
        correct(batch.payments.get(line_no=1), preparer, bank="邮储银行东关支行")

        job = write(batch, preparer)

        assert (job.error_code, job.error_params) == ("bank-file-another-bank", {"lines": "1"})

    @pytest.mark.parametrize(
        ("mended", "code"),
        [
            ({"relation": "母亲"}, "bank-file-card-not-own"),
            ({"holder": "赵老师"}, "bank-file-card-other-name"),
        ],
    )
    def test_to_students_is_a_file_whose_card_is_no_own_card_any_more(self, preparer, mended, code):
        """A roster says the relation of a known card anew, in place: it is the same card, and not the student's."""
        batch = BatchFactory(approved=True, program__payee=Payee.STUDENT, with_payments=2)
        write(batch, preparer)
        assert not sending.standing(batch).is_stale
        card = batch.payments.get(line_no=2).card
        before = {name: getattr(card, name) for name in mended}
        Card.objects.filter(pk=card.pk).update(**mended)

        assert (sending.standing(batch).cards, sending.standing(batch).not_own) == (0, 1)
        with pytest.raises(sending.Stale):
            sending.send(batch, by=preparer, at=NOW)
        batch.refresh_from_db()
        job = write(batch, preparer)
        assert (job.error_code, job.error_params) == (code, {"lines": "2"})

        Card.objects.filter(pk=card.pk).update(**before)
        sending.send(batch, by=preparer, at=NOW)

    def test_to_students_is_a_file_of_a_child_whose_name_was_mended(self, preparer):
        batch = BatchFactory(approved=True, program__payee=Payee.STUDENT, with_payments=1)
        write(batch, preparer)
        Student.objects.update(name="王小鸣", name_key="王小鸣")

        assert sending.standing(batch).is_stale
        assert write(batch, preparer).error_code == "bank-file-card-other-name"

    def test_to_guardians_is_none_whose_holder_is_a_parent(self, batch, preparer):
        Card.objects.update(relation="母亲", holder="王母")
        write(batch, preparer)

        assert not sending.standing(batch).is_stale

    def test_is_a_file_whose_school_has_another_account(self, to_schools, preparer):
        write(to_schools, preparer)
        assert not sending.standing(to_schools).is_stale
        School.objects.update(account_number=card_number(123_456))

        assert sending.standing(to_schools).is_other
        with pytest.raises(sending.Stale):
            sending.send(to_schools, by=preparer, at=NOW)
        to_schools.refresh_from_db()
        write(to_schools, preparer)

        assert not sending.standing(to_schools).is_stale
        assert {line[2] for line in lines(to_schools)} == {card_number(123_456)}

    def test_is_a_file_whose_payments_are_other_ones(self, batch, preparer):
        write(batch, preparer)
        batch.payments.filter(line_no=1).update(amount_fen=1)

        assert sending.standing(batch).is_other

    def test_is_found_out_line_by_line_when_it_goes(self, batch, preparer):
        write(batch, preparer)
        one, two = batch.payments.order_by("line_no")[:2]
        Payment.objects.filter(pk=one.pk).update(amount_fen=one.amount_fen + 100)
        Payment.objects.filter(pk=two.pk).update(amount_fen=two.amount_fen - 100)  # the sum is the same

        with pytest.raises(sending.Stale):
            sending.send(batch, by=preparer, at=NOW)


class TestSending:
    def test_says_who_when_and_how(self, batch, preparer):
        write(batch, preparer)

        sending.send(batch, by=preparer, at=NOW + timedelta(hours=1), words=" U 盘送到营业部 ")

        act = sending.delivery(batch)
        assert (act.actor, act.at, act.details["words"]) == (preparer, NOW + timedelta(hours=1), "U 盘送到营业部")
        assert act.details["digest"] == batch.lines_digest

    @pytest.mark.parametrize("payee", [Payee.STUDENT, Payee.SCHOOL])
    def test_counts_the_lines_once(self, preparer, monkeypatch, payee):
        card = {"with_payments__card": None} if payee == Payee.SCHOOL else {}
        batch = BatchFactory(approved=True, program__payee=payee, with_payments=2, **card)
        write(batch, preparer)
        counted = []
        digest = bank_layouts.digest
        monkeypatch.setattr(bank_layouts, "digest", lambda lines: counted.append(1) or digest(lines))

        sending.send(batch, by=preparer, at=NOW)

        assert (batch.state, len(counted)) == (BatchState.SENT, 1)

    def test_happens_once_and_nothing_is_written_afterwards(self, batch, preparer):
        write(batch, preparer)
        stale_copy = Batch.objects.get(pk=batch.pk)
        sending.send(batch, by=preparer, at=NOW)

        with pytest.raises(WrongState):
            sending.send(stale_copy, by=preparer, at=NOW)
        assert write(batch, preparer).error_code == "wrong-state"
        correct(batch.payments.get(line_no=1), preparer)
        assert not sending.standing(batch).is_stale

    def test_waits_for_the_third_signature(self, batch, preparer):
        write(batch, preparer)
        Batch.objects.filter(pk=batch.pk).update(needs_third=True)

        with pytest.raises(sending.NotReleased):
            sending.send(Batch.objects.get(pk=batch.pk), by=preparer, at=NOW)


class TestPassword:
    def test_is_shown_to_the_county_and_each_time_is_on_record(self, batch, preparer):
        write(batch, preparer)

        for by in (preparer, UserFactory(approver=True)):
            assert sending.show_password(batch, by=by, at=NOW) == batch.zip_password
        with pytest.raises(sending.NotForThisPost):
            sending.show_password(batch, by=UserFactory(auditor=True), at=NOW)

        acts = Action.objects.filter(verb="batch.password-shown")
        assert acts.count() == 2
        assert all(batch.zip_password not in str(act.details) for act in acts)

    def test_stands_on_no_page_before_it_is_asked_for(self, batch, as_role):
        client = as_role("preparer")
        write(batch, client.user)
        address = reverse("disbursements:batch-password", args=[batch.pk])

        for page in (batch.get_absolute_url(), address):
            assert batch.zip_password not in client.get(page).content.decode()
        assert not Action.objects.filter(verb="batch.password-shown").exists()
        shown = client.post(address)

        assert batch.zip_password in shown.content.decode()
        assert "no-store" in shown.headers["Cache-Control"]
        assert Action.objects.get(verb="batch.password-shown").actor == client.user


class TestPages:
    def test_a_stale_file_is_told_with_what_changed_and_can_only_be_written_again(self, batch, as_role):
        client = as_role("preparer")
        write(batch, client.user)
        payment = batch.payments.select_related("card").get(line_no=2)
        card = correct(payment, client.user)

        page = client.get(batch.get_absolute_url()).content.decode()

        assert "银行代发文件已失效，不能送出" in page
        assert "1 名学生的银行卡有了改动" in page
        assert f"****{payment.card.number[-4:]}" in page
        assert f"****{card.number[-4:]}" in page
        assert reverse("disbursements:batch-send", args=[batch.pk]) not in page
        answer = client.post(reverse("disbursements:batch-send", args=[batch.pk]), follow=True)
        assert str(next(iter(answer.context["messages"]))) == str(sending.Stale())

        client.post(reverse("disbursements:batch-bank-file", args=[batch.pk]))
        run.execute(Job.objects.waiting().get().pk)
        page = client.get(batch.get_absolute_url()).content.decode()
        assert "银行代发文件已失效" not in page
        assert "生成过 2 次" in page

    def test_a_card_in_another_name_is_told_with_the_way_to_mend_it(self, as_role):
        """Nothing was changed that a new file would take over: writing it again is refused until the card is mended."""
        client = as_role("preparer")
        batch = BatchFactory(approved=True, program__payee=Payee.STUDENT, with_payments=2)
        write(batch, client.user)
        payment = batch.payments.select_related("award").get(line_no=2)
        Card.objects.filter(pk=payment.card_id).update(holder="赵老师")

        page = client.get(batch.get_absolute_url()).content.decode()

        assert "1 名学生的卡不是本人的，或者户名与学生姓名不一致，请先更正银行卡" in page
        assert "名学生的银行卡有了改动" not in page
        assert reverse("disbursements:card", args=[payment.award.student_id]) in page

    def test_how_it_went_is_typed_and_stands_on_the_batch(self, batch, as_role):
        client = as_role("preparer")
        write(batch, client.user)

        client.post(reverse("disbursements:batch-send", args=[batch.pk]), {"words": "网银上传"})

        assert "网银上传" in client.get(batch.get_absolute_url()).content.decode()


def test_twenty_five_thousand_payments_are_written_and_sent_in_bounded_time(preparer):
    """Many payments to one card each; the awards are copies of one."""
    batch = BatchFactory(approved=True)
    first = PaymentFactory(batch=batch, award=AwardFactory(confirmed=True, program=batch.program, term=batch.term))
    people = 2_500 * 10
    Payment.objects.bulk_create(
        [
            Payment(
                batch=batch, award=first.award, bounces=number, attempt=number, line_no=number, card=first.card,
                amount_fen=first.amount_fen,
            )
            for number in range(2, people + 1)
        ],
        batch_size=500,
    )  # fmt: skip
    Batch.objects.filter(pk=batch.pk).update(**batch.payments.totals())
    batch.refresh_from_db()

    begun = time.process_time()
    job = write(batch, preparer)
    written = time.process_time()
    sending.send(batch, by=preparer, at=NOW)

    assert (job.error_code, job.result["rows"]) == ("", people)
    assert written - begun < 30
    assert time.process_time() - written < 15
