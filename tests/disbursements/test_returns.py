"""What a line of the bank's answer speaks of: number, amount and payee; and what banks' words mean."""

import pytest
from django.urls import reverse

from accounts.models import Action
from disbursements import return_reasons, returns, runs, sending
from disbursements.choices import BatchState, FailureReason, LineOutcome, PaymentState
from disbursements.models import Batch, LedgerEntry, Payment, ReturnFile, ReturnLine, ReturnReason
from jobs import files, run
from jobs.choices import JobState
from programs.choices import Payee
from programs.reference_files import BadReference
from schools.models import School
from tests.factories import (
    NOW,
    BatchFactory,
    BatchShareFactory,
    PaymentFactory,
    ReturnReasonFactory,
    card_number,
)
from tests.workbooks import xlsx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("words_of_banks")]

HEAD = ("序号", "户名", "卡号", "金额(元)", "状态", "失败原因", "到账日期")


def sent_batch(how_many=3, **facts):
    batch = BatchFactory(sent=True, with_payments=how_many, **facts)
    BatchShareFactory(batch=batch, per_mille=1000)
    return batch


@pytest.fixture
def batch():
    return sent_batch()


def lines(batch, **changes):
    """A full answer, paid, as the bank would give it; `changes` replace a column by its field."""
    rows = []
    for payment in batch.payments.select_related("card").order_by("line_no"):
        cells = {
            "line": payment.line_no, "holder": payment.card.holder, "card": payment.card.number,
            "yuan": payment.amount_fen / 100, "state": "成功", "words": "", "day": "2021-12-03",
        }  # fmt: skip
        cells |= {name: change(payment) for name, change in changes.items()}
        rows.append(list(cells.values()))
    return rows


def hand_in(batch, by, content, name="回盘.xlsx"):
    """The run that read the file; its refusal stands in `error_code`."""
    uploaded = returns.upload(batch, content=content, name=name, by=by, at=NOW)
    return run.execute(run.start("return-read", by=by, at=NOW, return_id=uploaded.pk).pk)


def outcomes():
    return list(ReturnLine.objects.order_by("row").values_list("outcome", flat=True))


class TestPayee:
    @pytest.mark.parametrize(
        "written",
        [
            lambda number: number,
            lambda number: " ".join([number[:4], number[4:8], number[8:]]),
            lambda number: f"{number[:4]}********{number[-4:]}",
            lambda number: f"****{number[-4:]}",
        ],
        ids=["whole", "in groups", "masked", "tail"],
    )
    def test_is_known_by_its_card_however_it_is_written(self, batch, preparer, written):
        rows = lines(batch, card=lambda p: written(p.card.number), holder=lambda p: "")

        assert hand_in(batch, preparer, xlsx(HEAD, rows)).result["paid"] == 3

    @pytest.mark.parametrize(
        ("holder", "paid"),
        [(lambda name: name, 3), (lambda name: "*" + name[1:], 3), (lambda name: name + "的父亲", 0)],
    )
    def test_is_known_by_its_holder_where_there_is_no_card(self, batch, preparer, holder, paid):
        rows = [row[:2] + row[3:] for row in lines(batch, holder=lambda p: holder(p.card.holder))]

        hand_in(batch, preparer, xlsx(HEAD[:2] + HEAD[3:], rows))

        assert batch.payments.filter(state=PaymentState.PAID).count() == paid

    def test_with_another_card_is_not_settled_and_the_rest_is(self, batch, preparer):
        rows = lines(batch)
        rows[0][2] = rows[1][2]

        job = hand_in(batch, preparer, xlsx(HEAD, rows))

        assert (job.result["paid"], job.result["unmatched"]) == (2, 1)
        assert batch.payments.get(line_no=rows[0][0]).state == PaymentState.SENT

    def test_a_card_that_lost_its_digits_does_not_count_against_the_holder(self, batch, preparer):
        rows = lines(batch, card=lambda p: float(p.card.number))

        assert hand_in(batch, preparer, xlsx(HEAD, rows)).result["paid"] == 3

    def test_may_be_a_school(self, preparer):
        batch = BatchFactory(sent=True, program__payee=Payee.SCHOOL, with_payments=2, with_payments__card=None)
        BatchShareFactory(batch=batch, per_mille=1000)
        batch.payments.update(line_no=1)
        school = batch.payments.first().award.school
        wrong = [1, "别的学校", "", batch.amount_fen / 100, "成功", "", ""]

        assert hand_in(batch, preparer, xlsx(HEAD, [wrong])).error_code == "return-of-another-batch"
        right = [1, school.account_holder, "", batch.amount_fen / 100, "成功", "", ""]
        hand_in(batch, preparer, xlsx(HEAD, [right]))

        assert set(batch.payments.values_list("state", flat=True)) == {PaymentState.PAID}

    def test_is_the_account_that_it_was_sent_to_whatever_the_schools_is_since(self, preparer):
        batch = BatchFactory(approved=True, program__payee=Payee.SCHOOL, with_payments=2, with_payments__card=None)
        BatchShareFactory(batch=batch, per_mille=1000)
        batch.payments.update(line_no=1)
        school = batch.payments.first().award.school
        run.execute(runs.write_bank_file(batch, by=preparer, at=NOW).pk)
        batch.refresh_from_db()
        sending.send(batch, by=preparer, at=NOW)
        sent_to = [school.account_holder, school.account_number]
        School.objects.update(account_holder="新账户", account_number=card_number(987_654))

        told = [batch.amount_fen / 100, "成功", "", ""]
        now = [1, "新账户", card_number(987_654), *told]
        assert hand_in(batch, preparer, xlsx(HEAD, [now])).error_code == "return-of-another-batch"
        assert hand_in(batch, preparer, xlsx(HEAD, [[1, *sent_to, *told]])).result["paid"] == 1

    def test_is_the_account_of_the_file_that_was_written_last(self, preparer):
        batch = BatchFactory(approved=True, program__payee=Payee.SCHOOL, with_payments=1, with_payments__card=None)
        run.execute(runs.write_bank_file(batch, by=preparer, at=NOW).pk)
        School.objects.update(account_number=card_number(987_654))
        run.execute(runs.write_bank_file(batch, by=preparer, at=NOW).pk)

        assert [account.number for account in batch.accounts.all()] == [card_number(987_654)]


class TestAnotherBatch:
    def test_of_the_same_amounts_is_refused_whole_before_anything_is_written(self, batch, preparer):
        other = sent_batch(3, program=batch.program, term=batch.term)
        rows = lines(other)
        for row, ours in zip(rows, lines(batch), strict=True):
            row[0] = ours[0]

        job = hand_in(batch, preparer, xlsx(HEAD, rows))

        assert job.error_code == "return-of-another-batch"
        assert ReturnFile.objects.get().refusal_code == "return-of-another-batch"
        assert not ReturnLine.objects.exists()
        assert not LedgerEntry.objects.filter(kind="spent").exists()
        assert set(batch.payments.values_list("state", flat=True)) == {PaymentState.SENT}

    def test_is_recognized_by_the_number_in_its_title(self, batch, preparer):
        other = sent_batch(1)

        job = hand_in(batch, preparer, xlsx(HEAD, lines(batch), above=(f"代发结果 {other.number}",)))

        assert job.error_code == "return-names-another-batch"

    def test_how_many_lines_may_disagree_can_be_set(self, batch, preparer, settings):
        settings.RETURN_ASTRAY_PERCENT = 20
        rows = lines(batch)
        rows[0][2] = rows[1][2]

        assert hand_in(batch, preparer, xlsx(HEAD, rows)).error_code == "return-of-another-batch"


class TestWords:
    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            ("户名不符", FailureReason.NAME_MISMATCH),
            ("账号不存在", FailureReason.NO_SUCH_ACCOUNT),
            ("该卡已挂失", FailureReason.CLOSED),
            ("卡未激活金融功能", FailureReason.NOT_ACTIVE),
            ("系统繁忙", FailureReason.UNKNOWN),
        ],
    )
    def test_have_their_reasons(self, words, reason):
        assert return_reasons.Reasons().of(words) == reason

    def test_the_longest_that_are_said_hold(self):
        ReturnReasonFactory(words="户名已销户", reason=FailureReason.CLOSED)

        assert return_reasons.Reasons().of("户名已销户") == FailureReason.CLOSED
        assert return_reasons.Reasons().of("户名有误") == FailureReason.NAME_MISMATCH

    def test_loaded_again_leave_what_the_office_taught(self):
        ReturnReason.objects.filter(words="久悬").update(reason=FailureReason.NOT_ACTIVE)
        before = ReturnReason.objects.count()

        return_reasons.load()

        assert ReturnReason.objects.count() == before
        assert return_reasons.Reasons().of("久悬户") == FailureReason.NOT_ACTIVE

    def test_taught_later_give_failed_payments_their_reason(self, preparer):
        unclear = PaymentFactory(failed=True, failure=FailureReason.UNKNOWN, bank_words="余额超上限")
        other = PaymentFactory(failed=True, failure=FailureReason.UNKNOWN, bank_words="系统繁忙")

        count = return_reasons.teach(words="超上限", reason=FailureReason.NOT_ACTIVE, by=preparer, at=NOW)

        assert count == 1
        assert Payment.objects.get(pk=unclear.pk).failure == FailureReason.NOT_ACTIVE
        assert Payment.objects.get(pk=other.pk).failure == FailureReason.UNKNOWN
        assert [row["bank_words"] for row in return_reasons.not_known()] == ["系统繁忙"]
        assert Action.objects.first().verb == "return-reason.taught"

    def test_known_already_are_refused(self, preparer):
        with pytest.raises(return_reasons.WordsKnown):
            return_reasons.teach(words="久悬", reason=FailureReason.NOT_ACTIVE, by=preparer, at=NOW)

    def test_are_not_taught_as_unknown(self, preparer):
        with pytest.raises(return_reasons.NoReason):
            return_reasons.teach(words="系统", reason=FailureReason.UNKNOWN, by=preparer, at=NOW)


def test_what_the_bank_left_out_stays_on_its_way_and_is_told(batch, preparer):
    rows = lines(batch)
    assert not returns.unanswered(batch).exists()

    hand_in(batch, preparer, xlsx(HEAD, rows[:2]))

    assert list(returns.unanswered(batch).values_list("line_no", flat=True)) == [rows[2][0]]
    assert outcomes() == [LineOutcome.PAID, LineOutcome.PAID]


def test_the_file_is_kept_as_it_came(batch, preparer):
    content = xlsx(HEAD, lines(batch))

    hand_in(batch, preparer, content)

    assert files.content(ReturnFile.objects.get().file) == content

    def test_that_only_a_roll_says_are_no_bank_s(self, as_role, preparer, tmp_path):
        """现金未签领 is entered from a signed roll."""
        with pytest.raises(return_reasons.NotOfABank):
            return_reasons.teach(words="未签收", reason=FailureReason.NOT_SIGNED, by=preparer, at=NOW)
        file = tmp_path / "words.toml"
        file.write_text('[[return_reason]]\nreason = "not-signed"\nwords = ["未签收"]\n', encoding="utf-8")
        with pytest.raises(BadReference):
            return_reasons.load(file)
        ReturnReasonFactory(words="未签收", reason=FailureReason.NOT_SIGNED)
        assert return_reasons.Reasons().of("未签收") == FailureReason.UNKNOWN

        page = as_role("preparer").get(reverse("disbursements:return-reason-teach")).content.decode()
        assert "现金未签领" not in page


def test_a_batch_that_somebody_closed_meanwhile_needs_no_closing(batch, preparer, monkeypatch):
    """The last line was settled by the bank's word on the telephone while the file was being read."""
    settle = returns._settle

    def then_somebody_closes_it(*given):
        settle(*given)
        Batch.objects.update(state=BatchState.SETTLED, settled_at=NOW)

    monkeypatch.setattr(returns, "_settle", then_somebody_closes_it)

    job = hand_in(batch, preparer, xlsx(HEAD, lines(batch)))

    assert (job.state, job.result["paid"]) == (JobState.DONE, 3)
    assert batch.returns.get().is_read
