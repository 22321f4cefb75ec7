"""Money to the card: two people, control totals, the bank's answer, the next try, and a fund that always adds up."""

import io
import threading
from datetime import date

import pytest
from django.db import connection
from openpyxl import load_workbook

from accounts.models import Action
from common.moves import WrongState
from disbursements import bank_files, batches, blockers, cards, funds, returns, runs, sending
from disbursements.choices import BatchState, EntryKind, FailureReason, LineOutcome, PaymentState
from disbursements.models import Batch, LedgerEntry, Payment, ReturnLine
from disbursements.payable import payable, waiting
from jobs import run, wording
from jobs.choices import JobState
from jobs.models import Job
from programs.choices import AwardState, Payee, Payer
from programs.models import Share
from tests import funding
from tests.factories import (
    NOW,
    AwardFactory,
    BankFactory,
    CardFactory,
    ProgramFactory,
    SchoolFactory,
    UserFactory,
    card_number,
)
from tests.workbooks import xlsx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("words_of_banks")]


RETURN_HEAD = ("序号", "户名", "金额(元)", "状态", "失败原因", "到账日期")


def fund(program, term, by, *, each_fen=10_000_000):
    funding.fund(issued_on=date(2021, 9, 1), program=program, term=term, amount_fen=each_fen, by=by, at=NOW)


def awards(program, how_many, **facts):
    made = AwardFactory.create_batch(how_many, program=program, confirmed=True, **facts)
    for award in made:
        CardFactory(student=award.student)
    return made


def build(term, program, by):
    batch = batches.prepare(term=term, program=program, by=by, at=NOW)
    job = run.execute(run.start("batch-build", by=by, at=NOW, batch_id=batch.pk).pk)
    assert job.state == JobState.DONE, job.error_code
    batch.refresh_from_db()
    return batch


def send(batch, by, approver):
    batches.approve(batch, by=approver, at=NOW)
    run.execute(run.start("batch-bank-file", by=by, at=NOW, batch_id=batch.pk).pk)
    batch.refresh_from_db()
    sending.send(batch, by=by, at=NOW)
    return batch


def answer(batch, by, rows):
    """The bank's answer; 甲, 乙 and 丙 stand for whoever was sent on that line."""
    holders = dict(batch.payments.exclude(card=None).values_list("line_no", "card__holder"))
    rows = [[row[0], holders.get(row[0], row[1]) if row[1] in "甲乙丙" else row[1], *row[2:]] for row in rows]
    uploaded = returns.upload(batch, content=xlsx(RETURN_HEAD, rows), name="回盘.xlsx", by=by, at=NOW)
    job = run.execute(run.start("return-read", by=by, at=NOW, return_id=uploaded.pk).pk)
    batch.refresh_from_db()
    return job


class TestBuild:
    def test_takes_every_confirmed_award_with_a_card_once(self, term, program, preparer):
        awards(program, 3)
        AwardFactory(program=program, confirmed=True)  # no card
        AwardFactory(program=program)  # not confirmed

        batch = build(term, program, preparer)

        assert (batch.people, batch.amount_fen) == (3, 150_000)
        assert list(batch.payments.values_list("line_no", "attempt", "state")) == [
            (1, 1, "pending"),
            (2, 1, "pending"),
            (3, 1, "pending"),
        ]
        assert waiting(term, program).count() == 1

    def test_pays_a_waiver_to_the_school_in_one_line(self, term, preparer):
        waiver = ProgramFactory(code="vocational-waiver", payee=Payee.SCHOOL)
        first, second = SchoolFactory(), SchoolFactory()
        for school in (first, second, first):
            AwardFactory(program=waiver, confirmed=True, enrollment__school=school)

        batch = build(term, waiver, preparer)

        assert sorted(batch.payments.values_list("line_no", flat=True)) == [1, 1, 2]
        assert not batch.payments.exclude(card=None).exists()

    def test_a_second_open_batch_of_the_program_is_refused(self, term, program, preparer):
        awards(program, 1)
        build(term, program, preparer)

        with pytest.raises(batches.BatchOpen):
            batches.prepare(term=term, program=program, by=preparer, at=NOW)

    def test_with_nothing_to_pay_there_is_no_batch(self, term, program, preparer):
        with pytest.raises(batches.NothingToPay):
            batches.prepare(term=term, program=program, by=preparer, at=NOW)

    def test_a_discarded_draft_frees_its_awards(self, term, program, preparer):
        awards(program, 2)
        batches.discard(build(term, program, preparer), by=preparer, at=NOW)

        assert build(term, program, preparer).people == 2


class TestControlTotals:
    def test_are_counted_before_any_payment_is_written(self, term, program, preparer):
        awards(program, 3)

        batch = batches.prepare(term=term, program=program, by=preparer, at=NOW)

        assert (batch.planned_people, batch.planned_fen) == (3, 150_000)
        assert not batch.payments.exists()

    @pytest.fixture
    def in_the_middle(self, monkeypatch):
        """Two payments a chunk; what is given here happens between the first and the second chunk."""

        def happen(act):
            monkeypatch.setattr(batches, "BUILD_ROWS", 2)
            write, chunks = batches._payments, []

            def write_after(batch, part):
                if len(chunks) == 1:
                    act()
                chunks.append(part)
                return write(batch, part)

            monkeypatch.setattr(batches, "_payments", write_after)

        return happen

    @pytest.mark.parametrize(
        ("change", "found"),
        [
            ({"amount_fen": 50_001}, ("5", "2,500.01")),
            ({"state": AwardState.SUSPENDED}, ("4", "2,000.00")),
        ],
    )
    def test_that_an_award_changed_while_it_was_built_stop_the_batch(
        self, term, program, preparer, approver, in_the_middle, change, found
    ):
        last = awards(program, 5)[-1]
        fund(program, term, preparer)
        in_the_middle(lambda: type(last).objects.filter(pk=last.pk).update(**change))

        batch = batches.prepare(term=term, program=program, by=preparer, at=NOW)
        job = run.execute(run.start("batch-build", by=preparer, at=NOW, batch_id=batch.pk).pk)

        assert (job.state, job.error_code) == (JobState.FAILED, "batch-totals-differ")
        told = wording.error(job)
        assert "控制总数是 5 笔 2,500.00 元" in told
        assert f"批次里是 {found[0]} 笔 {found[1]} 元" in told
        batch.refresh_from_db()
        with pytest.raises(blockers.TotalsDiffer):
            batches.approve(batch, by=approver, at=NOW)
        batches.discard(batch, by=preparer, at=NOW)
        assert payable(term, program).count() == int(found[0])

    def test_hold_though_a_card_is_replaced_meanwhile(self, term, program, preparer, in_the_middle):
        last = awards(program, 5)[-1]
        in_the_middle(
            lambda: cards.correct(
                last.student, number=card_number(7_000), holder="王建国", relation="父亲", by=preparer, at=NOW
            )
        )

        assert build(term, program, preparer).people == 5

    def test_stop_an_approval_when_the_batch_says_something_else(self, term, program, preparer, approver):
        awards(program, 2)
        fund(program, term, preparer)
        batch = build(term, program, preparer)
        Batch.objects.filter(pk=batch.pk).update(amount_fen=1)

        with pytest.raises(blockers.TotalsDiffer, match=r"批次里是 2 笔 0\.01 元"):
            batches.approve(Batch.objects.get(pk=batch.pk), by=approver, at=NOW)


class TestOneBank:
    @pytest.fixture
    def banks(self):
        return [
            BankFactory(code="rcb", name="示范县农村商业银行", is_default=True),
            BankFactory(code="abc", name="农业银行", is_default=False),
        ]

    def test_takes_the_children_whose_card_is_its_own(self, term, program, preparer, banks):
        rural, other = banks
        awards(program, 2)
        [foreign] = awards(program, 1)
        foreign.student.cards.update(bank="中国农业银行示范县支行")

        first = batches.prepare(term=term, program=program, bank=rural, by=preparer, at=NOW)
        second = batches.prepare(term=term, program=program, bank=other, by=preparer, at=NOW)

        assert (first.planned_people, second.planned_people) == (2, 1)
        with pytest.raises(batches.BatchOpen):
            batches.prepare(term=term, program=program, bank=other, by=preparer, at=NOW)

    def test_pays_the_accounts_of_schools_whatever_bank_they_are_at(self, term, preparer, banks):
        waiver = ProgramFactory(code="vocational-waiver", payee=Payee.SCHOOL)
        AwardFactory(program=waiver, confirmed=True)

        batch = batches.prepare(term=term, program=waiver, bank=banks[1], by=preparer, at=NOW)

        assert batch.planned_people == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_prepare_at_once_one_is_told_so(term, program):
    awards(program, 2)
    officers = [UserFactory(), UserFactory()]
    together, told = threading.Barrier(2), []

    def prepare(by):
        try:
            together.wait(timeout=30)
            told.append(batches.prepare(term=term, program=program, by=by, at=NOW))
        except batches.BatchOpen as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=prepare, args=[by]) for by in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert Batch.objects.count() == 1
    assert [one for one in told if not isinstance(one, Batch)] == ["batch-open"]


class TestApprove:
    def test_sets_the_money_aside_and_leaves_a_trace(self, term, program, preparer, approver):
        awards(program, 3)
        fund(program, term, preparer)
        batch = build(term, program, preparer)

        batches.approve(batch, by=approver, at=NOW)

        assert batch.state == BatchState.APPROVED
        assert [b.available for b in funds.balances(term)] == [10_000_000 - 75_000] * 2
        details = Action.objects.first().details
        assert (details["people"], details["amount_fen"], details["needs_third"]) == (3, 150_000, False)

    def test_by_its_maker_is_refused(self, term, program, preparer):
        awards(program, 1)
        fund(program, term, preparer)

        with pytest.raises(blockers.OwnBatch):
            batches.approve(build(term, program, preparer), by=preparer, at=NOW)

    def test_is_refused_the_second_time(self, term, program, preparer, approver):
        awards(program, 1)
        fund(program, term, preparer)
        batch = build(term, program, preparer)
        stale_copy = Batch.objects.get(pk=batch.pk)
        batches.approve(batch, by=approver, at=NOW)

        with pytest.raises(WrongState):
            batches.approve(stale_copy, by=approver, at=NOW)
        assert LedgerEntry.objects.filter(kind=EntryKind.RESERVED).count() == 2

    def test_a_batch_that_no_longer_adds_up_is_refused(self, term, program, preparer, approver):
        awards(program, 2)
        fund(program, term, preparer)
        batch = build(term, program, preparer)
        Payment.objects.filter(batch=batch, line_no=1).update(amount_fen=1)

        with pytest.raises(blockers.TotalsDiffer):
            batches.approve(batch, by=approver, at=NOW)

    def test_more_than_the_fund_holds_is_refused(self, term, program, preparer, approver):
        awards(program, 3)
        fund(program, term, preparer, each_fen=74_999)
        batch = build(term, program, preparer)

        with pytest.raises(funds.NotEnough, match=r"749\.99"):
            batches.approve(batch, by=approver, at=NOW)
        assert Batch.objects.get().state == BatchState.DRAFT


class TestBankFile:
    def test_holds_what_was_approved_with_cards_as_text(self, term, program, preparer, approver):
        made = awards(program, 2)
        fund(program, term, preparer)
        batch = send(build(term, program, preparer), preparer, approver)

        sheet = load_workbook(io.BytesIO(bank_files.opened(batch))).active
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        lines = [row for row in rows if isinstance(row[0], int)]

        assert [row[2] for row in lines] == [award.student.cards.get().number for award in made]
        assert [row[3] for row in lines] == [500, 500]
        assert batch.state == BatchState.SENT
        assert set(batch.payments.values_list("state", flat=True)) == {PaymentState.SENT}

    def test_nothing_is_sent_without_it(self, term, program, preparer, approver):
        awards(program, 1)
        fund(program, term, preparer)
        batch = build(term, program, preparer)
        batches.approve(batch, by=approver, at=NOW)

        with pytest.raises(sending.NoBankFile):
            sending.send(batch, by=preparer, at=NOW)


class TestReturn:
    @pytest.fixture
    def batch(self, term, program, preparer, approver):
        awards(program, 3)
        fund(program, term, preparer)
        return send(build(term, program, preparer), preparer, approver)

    def test_settles_what_arrived_and_gives_back_what_did_not(self, batch, term, preparer):
        job = answer(
            batch,
            preparer,
            [
                [1, "甲", "500.00", "成功", "", "2021-12-03"],
                [2, "乙", 500, "失败", "户名不符", ""],
                [3, "丙", "500元", "成功", "", "2021-12-04"],
            ],
        )

        assert job.result == {"paid": 2, "failed": 1, "bounced": 0, "repeated": 0, "unmatched": 0}
        assert batch.state == BatchState.SETTLED
        assert list(batch.payments.values_list("state", "failure", "paid_on")) == [
            ("paid", "", date(2021, 12, 3)),
            ("failed", FailureReason.NAME_MISMATCH, None),
            ("paid", "", date(2021, 12, 4)),
        ]
        balance = funds.balances(term)[0]
        assert (balance.reserved, balance.spent, balance.released, balance.under_way) == (75_000, 50_000, 25_000, 0)

    def test_keeps_lines_that_fit_nothing_and_goes_on(self, batch, preparer):
        answer(
            batch,
            preparer,
            [
                [9, "谁", "500", "成功", "", ""],
                [1, "甲", "499.99", "成功", "", ""],
                ["", "乙", "500", "成功", "", ""],
                [2, "乙", "500", "处理中", "", ""],
                [3, "丙", "500", "成功", "", ""],
            ],
        )

        outcomes = list(ReturnLine.objects.order_by("row").values_list("outcome", flat=True))
        assert outcomes == [LineOutcome.UNMATCHED] * 4 + [LineOutcome.PAID]
        assert batch.state == BatchState.SENT
        assert batch.payments.filter(state=PaymentState.SENT).count() == 2

    def test_a_line_answered_twice_pays_once(self, batch, preparer):
        answer(batch, preparer, [[1, "甲", "500", "成功", "", ""], [1, "甲", "500", "成功", "", ""]])

        assert list(ReturnLine.objects.order_by("row").values_list("outcome", flat=True)) == ["paid", "repeated"]

    def test_the_same_file_twice_is_one(self, batch, preparer):
        rows = [[1, "甲", "500", "成功", "", ""]]
        content = xlsx(RETURN_HEAD, rows)
        returns.upload(batch, content=content, name="回盘.xlsx", by=preparer, at=NOW)

        with pytest.raises(returns.SameFile):
            returns.upload(batch, content=content, name="回盘(1).xlsx", by=preparer, at=NOW)

    def test_the_banks_own_serial_numbers_stop_nothing(self, batch, preparer):
        answer(batch, preparer, [["9" * 19, "谁", "500", "成功", "", ""], [1, "甲", "500", "成功", "", ""]])

        assert list(ReturnLine.objects.order_by("row").values_list("outcome", flat=True)) == ["unmatched", "paid"]

    def test_whole_numbers_in_the_banks_words_are_blotted_out(self, batch, preparer):
        answer(batch, preparer, [[1, "甲", "500", "失败", f"卡号{card_number(3)}不存在", ""]])

        assert card_number(3) not in ReturnLine.objects.get().words
        assert batch.payments.get(line_no=1).failure == FailureReason.NO_SUCH_ACCOUNT

    def test_a_file_that_could_not_be_read_can_be_handed_in_again(self, batch, preparer):
        content = xlsx(("甲", "乙"), [[1, 2]])
        for _ in range(2):
            job = runs.hand_in_return(batch, content=content, name="回盘.xlsx", by=preparer, at=NOW)
            assert run.execute(job.pk).error_code == "missing-columns"
            Job.objects.filter(pk=job.pk).update(key=f"done-{job.pk}")

    def test_a_batch_that_was_not_sent_takes_no_answer(self, term, preparer):
        other = ProgramFactory(code="preschool-living")
        awards(other, 1)

        with pytest.raises(returns.NotSent):
            returns.upload(
                build(term, other, preparer), content=xlsx(RETURN_HEAD, [[1]]), name="回盘.xlsx", by=preparer, at=NOW
            )


class TestShares:
    def test_of_the_day_of_approval_hold_whatever_becomes_of_the_program(self, term, program, preparer, approver):
        awards(program, 3)
        fund(program, term, preparer)
        batch = send(build(term, program, preparer), preparer, approver)
        Share.objects.filter(program=program, payer=Payer.CENTRAL).update(per_mille=900)
        Share.objects.filter(program=program, payer=Payer.COUNTY).update(per_mille=100)

        answer(batch, preparer, [[1, "甲", "500", "成功", "", ""], [2, "乙", "500", "失败", "账号不存在", ""]])

        assert [(b.payer, b.reserved, b.spent, b.released, b.under_way) for b in funds.balances(term)] == [
            (Payer.CENTRAL, 75_000, 25_000, 25_000, 25_000),
            (Payer.COUNTY, 75_000, 25_000, 25_000, 25_000),
        ]


class TestNextTry:
    @pytest.fixture
    def failed(self, term, program, preparer, approver):
        awards(program, 2)
        fund(program, term, preparer)
        batch = send(build(term, program, preparer), preparer, approver)
        answer(batch, preparer, [[1, "甲", "500", "失败", "账号不存在", ""], [2, "乙", "500", "成功", "", ""]])
        return batch.payments.get(line_no=1)

    def test_waits_for_another_card(self, failed, term, program, preparer):
        with pytest.raises(batches.NothingToPay):
            batches.prepare(term=term, program=program, by=preparer, at=NOW)

    def test_is_another_payment_of_the_same_award(self, failed, term, program, preparer, approver):
        cards.correct(
            failed.award.student, number=card_number(5_000), holder="王建国", relation="父亲", by=preparer, at=NOW
        )

        batch = send(build(term, program, preparer), preparer, approver)
        answer(batch, preparer, [[1, "甲", "500", "成功", "", ""]])

        tries = list(Payment.objects.filter(award=failed.award).order_by("attempt").values_list("attempt", "state"))
        assert tries == [(1, "failed"), (2, "paid")]
        assert funds.balances(term)[0].spent == 50_000

    def test_the_same_number_under_another_name_counts_as_another_card(self, failed, preparer):
        card = failed.card
        corrected = cards.correct(
            failed.award.student, number=card.number, holder="改正后户名", relation="本人", by=preparer, at=NOW
        )

        assert corrected.pk != card.pk
        assert failed.award.student.cards.get(is_current=True) == corrected

    @pytest.mark.parametrize(
        ("number", "holder", "refusal"),
        [("123", "王建国", cards.CardOdd), (card_number(1), " ", cards.HolderMissing)],
    )
    def test_an_impossible_card_is_refused(self, failed, preparer, number, holder, refusal):
        with pytest.raises(refusal):
            cards.correct(failed.award.student, number=number, holder=holder, relation="本人", by=preparer, at=NOW)
