"""Bad files from a bank: each has its own answer, nothing is lost, the file is kept, and the right one works after."""

import io
import time

import pytest
import pyzipper
from openpyxl import Workbook

from common.unreadable import EmptySheet, NotASheet, TooLarge, UnreadableSheet
from disbursements import bank_files, banks, funds, returns, runs, sending
from disbursements.bank_layouts import Layout
from disbursements.choices import BatchState, PaymentState
from disbursements.models import Batch, LedgerEntry, ReturnFile, ReturnLine
from jobs import files, run
from jobs.choices import JobState
from tests.disbursements.test_returns import HEAD, hand_in, lines, sent_batch
from tests.factories import NOW, BankFactory, BatchFactory, BatchShareFactory
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch():
    return sent_batch()


def the_right_one_works(batch, by):
    job = hand_in(batch, by, xlsx(HEAD, lines(batch)), name="正确的回盘.xlsx")
    batch.refresh_from_db()
    assert job.state == JobState.DONE, job.error_code
    assert batch.state == BatchState.SETTLED
    assert batch.payments.filter(state=PaymentState.PAID).totals() == batch.payments.totals()
    spent = LedgerEntry.objects.filter(kind="spent", batch=batch).values_list("amount_fen", flat=True)
    assert sum(spent) == batch.amount_fen
    assert all(balance.under_way == balance.reserved - balance.spent for balance in funds.balances(batch.term))


def of_another_bank(batch):
    return xlsx(HEAD, lines(batch, card=lambda p: f"9{p.card.number[1:]}", holder=lambda p: "某某"))


def of_another_batch(batch):
    other = sent_batch(3, program=batch.program, term=batch.term)
    numbers = [row[0] for row in lines(batch)]
    return xlsx(HEAD, [[number, *row[1:]] for number, row in zip(numbers, lines(other), strict=True)])


def with_a_wrong_total(batch):
    return xlsx_with_total(batch, batch.amount_fen / 100 + 1)


def xlsx_with_total(batch, yuan):
    return xlsx(HEAD, [*lines(batch), ["合计", "", "", yuan, "", "", ""]])


def with_no_line(batch):
    return xlsx(HEAD, [])


def without_its_columns(batch):
    return xlsx(("甲", "乙", "丙"), [[1, 2, 3]])


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (of_another_bank, "return-of-another-batch"),
        (of_another_batch, "return-of-another-batch"),
        (with_a_wrong_total, "return-total-differs"),
        (with_no_line, "return-no-lines"),
        (without_its_columns, "missing-columns"),
    ],
)
def test_a_file_that_is_refused_changes_nothing_and_is_kept(batch, preparer, bad, code):
    content = bad(batch)

    job = hand_in(batch, preparer, content)

    kept = ReturnFile.objects.get()
    assert (job.error_code, kept.refusal_code, kept.is_read) == (code, code, False)
    assert files.content(kept.file) == content
    assert not ReturnLine.objects.exists()
    assert set(batch.payments.values_list("state", flat=True)) == {PaymentState.SENT}
    the_right_one_works(batch, preparer)


def test_a_wrong_total_is_told_with_both_figures(batch, preparer):
    hand_in(batch, preparer, with_a_wrong_total(batch))

    assert ReturnFile.objects.get().refusal_params == {"stated": "1,501.00", "counted": "1,500.00"}


def test_a_right_total_is_no_line(batch, preparer):
    job = hand_in(batch, preparer, xlsx_with_total(batch, batch.amount_fen / 100))

    assert job.result == {"paid": 3, "failed": 0, "bounced": 0, "repeated": 0, "unmatched": 0}


def test_an_empty_file_is_refused_at_the_door(batch, preparer):
    with pytest.raises(EmptySheet):
        runs.hand_in_return(batch, content=b"", name="空.csv", by=preparer, at=NOW)

    assert not ReturnFile.objects.exists()
    the_right_one_works(batch, preparer)


def test_a_line_too_many_is_kept_and_stops_nothing(batch, preparer):
    extra = [99, "谁", "6222000000000000", 500, "成功", "", ""]

    job = hand_in(batch, preparer, xlsx(HEAD, [*lines(batch), extra]))

    assert (job.result["paid"], job.result["unmatched"]) == (3, 1)
    assert ReturnLine.objects.filter(outcome="unmatched").values_list("line_no", flat=True).get() == 99
    batch.refresh_from_db()
    assert batch.state == BatchState.SETTLED


def test_a_line_too_few_waits_for_the_rest(batch, preparer):
    hand_in(batch, preparer, xlsx(HEAD, lines(batch)[:2]))
    batch.refresh_from_db()
    assert batch.state == BatchState.SENT
    assert returns.unanswered(batch).count() == 1

    job = hand_in(batch, preparer, xlsx(HEAD, lines(batch)))

    batch.refresh_from_db()
    assert (job.result["paid"], job.result["repeated"], batch.state) == (1, 2, BatchState.SETTLED)
    assert sum(LedgerEntry.objects.filter(kind="spent").values_list("amount_fen", flat=True)) == batch.amount_fen


@pytest.mark.parametrize(
    ("second", "told"), [("成功", "repeated"), ("失败", "unmatched")], ids=["the same", "the contrary"]
)
def test_a_line_said_twice_counts_once(batch, preparer, second, told):
    rows = lines(batch)
    again = [*rows[0]]
    again[4] = second

    job = hand_in(batch, preparer, xlsx(HEAD, [*rows, again]))

    assert (job.result["paid"], job.result[told], job.result["bounced"]) == (3, 1, 0)
    assert sum(LedgerEntry.objects.filter(kind="spent").values_list("amount_fen", flat=True)) == batch.amount_fen


@pytest.mark.parametrize("write", ["{:,.2f}", "￥{:.0f}", "¥{:,.2f}元", " {:.2f} ", "{:.2f}元"])
def test_amounts_may_be_text(batch, preparer, write):
    rows = lines(batch, yuan=lambda p: write.format(p.amount_fen / 100))

    assert hand_in(batch, preparer, xlsx(HEAD, rows)).result["paid"] == 3


def test_amounts_of_a_thousand_and_more_may_be_text(preparer):
    batch = sent_batch(2, with_payments__award__amount_fen=123_456_00)
    rows = lines(batch, yuan=lambda p: "123,456.00")

    assert hand_in(batch, preparer, xlsx(HEAD, rows)).result["paid"] == 2


def test_an_amount_nobody_can_read_is_kept_and_stops_nothing(batch, preparer):
    rows = lines(batch)
    rows[0][3] = "五百元"

    job = hand_in(batch, preparer, xlsx(HEAD, rows))

    assert (job.result["paid"], job.result["unmatched"]) == (2, 1)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_a_csv_is_read_in_the_encodings_of_banks(batch, preparer, encoding):
    text = "\r\n".join(",".join(map(str, row)) for row in [HEAD, *lines(batch)])

    job = hand_in(batch, preparer, text.encode(encoding), name="回盘.csv")

    assert (job.error_code, job.result.get("paid")) == ("", 3)


def as_text(rows, separator, encoding):
    return "\r\n".join(separator.join(map(str, row)) for row in rows).encode(encoding)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_a_text_file_with_bars_is_read_with_marks_that_mean_nothing_there(batch, preparer, encoding):
    rows = lines(batch, words=lambda p: '含"引号,逗号')

    job = hand_in(batch, preparer, as_text([HEAD, *rows], "|", encoding), name="回盘.txt")

    assert (job.error_code, job.result.get("paid")) == ("", 3)


def test_a_text_file_without_headings_is_read_where_the_bank_has_none(batch, preparer):
    bank = BankFactory(is_default=True)
    columns = (("姓名", "holder"), ("编号", "line"), ("账号", "number"), ("分", "fen"))
    banks.set_layout(bank, Layout(columns, format="txt", has_heading=False), by=preparer, at=NOW)
    Batch.objects.filter(pk=batch.pk).update(bank=bank)
    rows = [
        [payment.card.holder, payment.line_no, payment.card.number, payment.amount_fen, "交易成功", ""]
        for payment in batch.payments.select_related("card").order_by("line_no")
    ]

    content = as_text([*rows, ["合计", "", "", batch.amount_fen, "", ""]], "|", "gb18030")
    job = hand_in(batch, preparer, content, name="回盘.txt")

    assert (job.error_code, job.result.get("paid"), job.result.get("unmatched")) == ("", 3, 0)


def test_what_the_bank_calls_its_columns_is_known_by_its_layout(batch, preparer):
    bank = BankFactory(is_default=True)
    columns = (("编号", "line"), ("姓名", "holder"), ("账号", "number"), ("分", "fen"))
    answers = {"outcome": ["处理标志"], "words": ["附言"]}
    banks.set_layout(bank, Layout(columns, format="csv", answers=answers), by=preparer, at=NOW)
    head = ("编号", "姓名", "账号", "分", "处理标志", "附言")
    rows = [
        [payment.line_no, payment.card.holder, payment.card.number, payment.amount_fen, "失败", "账号已挂失"]
        for payment in batch.payments.select_related("card").order_by("line_no")
    ]
    assert hand_in(batch, preparer, as_text([head, *rows], ",", "utf-8")).error_code == "missing-columns"

    Batch.objects.filter(pk=batch.pk).update(bank=bank)
    batch.refresh_from_db()
    job = hand_in(batch, preparer, as_text([head, *rows], ",", "utf-8"))

    assert (job.error_code, job.result.get("failed")) == ("", 3)
    assert set(batch.payments.values_list("bank_words", flat=True)) == {"账号已挂失"}


BARE = (("编号", "line"), ("姓名", "holder"), ("账号", "number"), ("分", "fen"))


def test_an_answer_is_read_as_the_file_was_written_whatever_the_bank_wants_since(preparer):
    """Without headings a column is known by its place alone: by another layout line 1 would be somebody's name."""
    bank = BankFactory(is_default=True)
    banks.set_layout(bank, Layout(BARE, format="txt", has_heading=False), by=preparer, at=NOW)
    batch = BatchFactory(approved=True, bank=bank, with_payments=3)
    BatchShareFactory(batch=batch, per_mille=1000)
    run.execute(runs.write_bank_file(batch, by=preparer, at=NOW).pk)
    batch.refresh_from_db()
    sending.send(batch, by=preparer, at=NOW)
    sent = bank_files.opened(batch).decode("gb18030").splitlines()[:3]

    banks.set_layout(bank, Layout(BARE[::-1], format="xlsx"), by=preparer, at=NOW)
    job = hand_in(batch, preparer, "\r\n".join(f"{line}|成功|" for line in sent).encode("gb18030"), name="回盘.txt")

    assert (job.error_code, job.result.get("paid")) == ("", 3)


def test_headings_of_an_answer_that_are_learned_later_open_it(preparer):
    bank = BankFactory(is_default=True)
    banks.set_layout(bank, Layout(BARE, format="csv"), by=preparer, at=NOW)
    batch = BatchFactory(approved=True, bank=bank, with_payments=3)
    BatchShareFactory(batch=batch, per_mille=1000)
    run.execute(runs.write_bank_file(batch, by=preparer, at=NOW).pk)
    batch.refresh_from_db()
    sending.send(batch, by=preparer, at=NOW)
    head, *rows = bank_files.opened(batch).decode("gb18030").splitlines()[:4]
    content = "\r\n".join([f"{head},处理标志", *(f"{row},成功" for row in rows)]).encode("gb18030")
    assert hand_in(batch, preparer, content, name="回盘.csv").error_code == "missing-columns"

    columns = (("编号", "fen"), ("分", "line"), *BARE[1:3])
    answers = {"outcome": ["处理标志"], "words": ["姓名"]}
    banks.set_layout(bank, Layout(columns, format="csv", answers=answers), by=preparer, at=NOW)
    job = hand_in(batch, preparer, content, name="回盘.csv")

    assert (job.error_code, job.result.get("paid")) == ("", 3)


@pytest.mark.parametrize("said", ["", "00", "张三"])
def test_a_file_of_which_no_line_says_how_it_went_is_refused_whole(batch, preparer, said):
    rows = lines(batch, state=lambda p: said)

    job = hand_in(batch, preparer, xlsx(HEAD, rows))

    assert (job.error_code, job.error_params) == ("return-no-outcomes", {"lines": 3})
    assert not ReturnLine.objects.exists()
    the_right_one_works(batch, preparer)


def test_a_file_without_amounts_is_refused_in_its_own_words(batch, preparer):
    rows = [row[:3] + row[4:] for row in lines(batch)]

    job = hand_in(batch, preparer, as_text([HEAD[:3] + HEAD[4:], *rows], "|", "gb18030"))

    assert job.error_code == "return-no-amounts"
    the_right_one_works(batch, preparer)


def test_a_total_of_what_was_paid_alone_is_right_too(batch, preparer):
    rows = lines(batch)
    rows[0][4] = "失败"
    paid = sum(row[3] for row in rows[1:])

    job = hand_in(batch, preparer, xlsx(HEAD, [*rows, ["合计", "", "", paid, "", "", ""]]))

    assert (job.error_code, job.result["paid"], job.result["failed"]) == ("", 2, 1)


@pytest.mark.parametrize("separator", [",", "|"])
def test_a_text_file_has_the_limits_of_every_other(batch, preparer, separator):
    too_long = [*lines(batch), [99, "谁", "", 500, "成功", "长" * 40_000, ""]]

    job = hand_in(batch, preparer, as_text([HEAD, *too_long], separator, "gb18030"))

    assert job.error_code == "cell-too-long"
    the_right_one_works(batch, preparer)


class TestArchive:
    PASSWORD = "abc-123"

    def packed(self, *parts, password=""):
        out = io.BytesIO()
        with pyzipper.AESZipFile(out, "w", encryption=pyzipper.WZ_AES if password else None) as archive:
            if password:
                archive.setpassword(password.encode())
            for number, part in enumerate(parts, start=1):
                archive.writestr(f"回盘{number}.txt", part)
        return out.getvalue()

    def upload(self, batch, by, content, password=""):
        job = runs.hand_in_return(batch, content=content, name="回盘.zip", password=password, by=by, at=NOW)
        return run.execute(job.pk)

    @pytest.mark.parametrize("password", ["", PASSWORD])
    def test_with_one_file_is_opened_and_the_file_inside_is_kept(self, batch, preparer, password):
        inner = as_text([HEAD, *lines(batch)], "|", "gb18030")

        job = self.upload(batch, preparer, self.packed(inner, password=password), password)

        kept = ReturnFile.objects.get().file
        assert (job.error_code, job.result.get("paid")) == ("", 3)
        assert (files.content(kept), kept.name) == (inner, "回盘1.txt")
        with pytest.raises(returns.SameFile):
            self.upload(batch, preparer, self.packed(inner, password=password), password)  # packed anew

    @pytest.mark.parametrize("password", ["", "falsch"])
    def test_without_its_password_is_refused_at_the_door(self, batch, preparer, password):
        with pytest.raises(bank_files.WrongPassword):
            self.upload(batch, preparer, self.packed(b"1|2", password=self.PASSWORD), password)

    def test_with_several_files_or_none_is_refused(self, batch, preparer):
        for parts in ((), (b"1", b"2")):
            with pytest.raises((bank_files.SeveralInArchive, NotASheet)):
                self.upload(batch, preparer, self.packed(*parts))

    def test_that_is_damaged_or_swells_is_refused(self, batch, preparer):
        whole = self.packed(as_text([HEAD, *lines(batch)], "|", "gb18030"))
        for content in (whole[: len(whole) // 2], whole[:60] + b"\0" * 20 + whole[80:]):
            with pytest.raises(UnreadableSheet):
                self.upload(batch, preparer, content)
        out = io.BytesIO()
        with pyzipper.ZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED) as archive:
            archive.writestr("a.txt", b"1" * 50_000_000)
        with pytest.raises(TooLarge):
            self.upload(batch, preparer, out.getvalue())


def test_fifty_thousand_lines_are_read_in_bounded_time(batch, preparer):
    """A bank's whole day in one file: only our lines settle, all the others are kept."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEAD)
    for row in lines(batch):
        sheet.append(row)
    for number in range(100_000, 149_997):
        sheet.append([number, "他人", "", 500, "成功", "", ""])
    content = io.BytesIO()
    book.save(content)

    begun = time.monotonic()
    job = hand_in(batch, preparer, content.getvalue())

    assert (job.result["paid"], job.result["unmatched"]) == (3, 49_997)
    assert job.cursor == job.total == 50_000
    assert time.monotonic() - begun < 60
