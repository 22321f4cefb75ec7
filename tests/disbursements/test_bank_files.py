"""The file for the bank: what is in it, in every format, and that an answer in the same layout is read back."""

import csv
import io
import re
import time

import pytest
import pyzipper
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from common import sheets
from common.columns import heading_key, is_total_row
from disbursements import bank_files, bank_layouts, return_lines
from disbursements.bank_layouts import BUILT_IN, AnswerField, BankField, BankLine, Layout
from disbursements.choices import BankFormat, Encoding
from disbursements.return_lines import Transfer
from students.roster_rows import card_index

COLUMNS = (("序号", "line"), ("户名", "holder"), ("账号", "number"), ("金额", "yuan"), ("用途", "words"))
LINES = [
    BankLine(1, "王小䶮", "6222000000000000017", 62_500, "寄宿生生活补助"),
    BankLine(2, "=1+1", "6222000000000000025", 50_005, "@SUM(A1)"),
    BankLine(3, '李"建|国,', "622200000000000003", 100_000_000, "补助"),
]
SEPARATORS = {"csv": ",", "txt": "|"}


def rows_of(content, layout):
    """The cells of a written file, as the bank's own program finds them."""
    if layout.format in {"xlsx", "xls"}:
        rows = (
            CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)
        )
        return [row + [""] * (len(layout.columns) - len(row)) for row in rows]
    text = io.StringIO(content.decode(layout.encoding), newline="")
    quoting = csv.QUOTE_NONE if layout.format == "txt" else csv.QUOTE_MINIMAL
    return list(csv.reader(text, delimiter=SEPARATORS[layout.format], quoting=quoting))


def all_paid(content, layout):
    """The bank's answer: our own file with two columns more."""
    rows = rows_of(content, layout)
    first = int(layout.has_heading) + int(layout.has_title)
    last = len(rows) - int(layout.has_total)
    answered = []
    for place, row in enumerate(rows):
        if layout.has_heading and place == first - 1:
            answered.append([*row, "状态", "失败原因"])
        elif first <= place < last:
            answered.append([*row, "成功", ""])
        else:
            answered.append([*row, "", ""])
    return packed(answered, layout)


def packed(rows, layout):
    out = io.BytesIO()
    if layout.format == "xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
        book.save(out)
        return out.getvalue()
    if layout.format == "xls":
        book = xlwt.Workbook()
        sheet = book.add_sheet("1")
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write(number, place, cell)
        book.save(out)
        return out.getvalue()
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_NONE if layout.format == "txt" else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=SEPARATORS[layout.format], quoting=quoting, quotechar='"').writerows(rows)
    return text.getvalue().encode(layout.encoding)


class TestFile:
    @pytest.mark.parametrize("file_format", BankFormat.values)
    def test_has_cards_as_text_and_amounts_in_yuan(self, file_format):
        layout = Layout(COLUMNS, format=file_format)

        head, first, *_others, last, total = rows_of(bank_layouts.write(layout, LINES), layout)

        assert head == [heading for heading, _field in COLUMNS]
        assert first[2] == "6222000000000000017"
        assert [float(row[3]) for row in (first, last, total)] == [625, 1_000_000, 1_001_125.05]
        assert total[0] == "合计"

    def test_of_text_has_two_decimals_and_whole_fen(self):
        layout = Layout((*COLUMNS[:3], ("元", "yuan"), ("分", "fen")), format="txt", has_heading=False, has_total=False)

        assert bank_layouts.write(layout, LINES[1:2]).decode("gb18030") == "2|=1+1|6222000000000000025|500.05|50005\r\n"

    @pytest.mark.parametrize("file_format", ["xlsx", "xls", "csv"])
    def test_for_people_has_no_formula(self, file_format):
        layout = Layout(COLUMNS, format=file_format)

        content = bank_layouts.write(layout, LINES)
        row = rows_of(content, layout)[2]

        if file_format == "csv":
            assert (row[1], row[4]) == ("'=1+1", "'@SUM(A1)")
        else:
            assert (row[1], row[4]) == ("=1+1", "@SUM(A1)")  # a text cell: a formula would be found as what it gives
        if file_format == "xlsx":
            assert b"<f>" not in sheet_xml(content)

    @pytest.mark.parametrize("encoding", Encoding.values)
    def test_keeps_rare_characters_in_each_encoding(self, encoding):
        layout = Layout(COLUMNS, format="txt", encoding=encoding)

        content = bank_layouts.write(layout, LINES)

        assert rows_of(content, layout)[1][1] == "王小䶮"
        assert content.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")

    def test_of_the_old_format_takes_what_it_can_hold_and_no_more(self, monkeypatch):
        monkeypatch.setattr(bank_layouts, "XLS_ROWS", 5)
        layout = Layout(COLUMNS, format="xls")

        bank_layouts.write(layout, LINES)
        with pytest.raises(bank_layouts.TooManyForXls, match="4 行"):
            bank_layouts.write(layout, [*LINES, LINES[0]])

    def test_has_one_digest_for_one_content(self):
        other = [LINES[0], LINES[1], BankLine(3, LINES[2].holder, LINES[2].number, 99_999_999)]

        assert bank_layouts.digest(LINES) == bank_layouts.digest(list(LINES))
        assert bank_layouts.digest(LINES) != bank_layouts.digest(other)
        assert bank_layouts.digest(LINES) != bank_layouts.digest(LINES[::-1])


def sheet_xml(content):
    with pyzipper.ZipFile(io.BytesIO(content)) as book:
        return b"".join(book.read(name) for name in book.namelist() if "worksheets/sheet" in name)


class TestArchive:
    def test_opens_with_its_password_alone(self):
        password = bank_files.new_password()

        content = bank_files.locked(b"the file", name="2021A-01.xlsx", password=password)

        assert re.fullmatch(r"[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){3}", password)
        assert b"the file" not in content
        assert bank_files.unlocked(content, name="a.zip", password=password) == (b"the file", "2021A-01.xlsx")
        for wrong in ("", "wrong"):
            with pytest.raises(bank_files.WrongPassword):
                bank_files.unlocked(content, name="a.zip", password=wrong)
        with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
            assert archive.infolist()[0].wz_aes_strength == 3  # 256 bits

    def test_no_two_passwords_are_alike(self):
        assert len({bank_files.new_password() for _time in range(100)}) == 100


@pytest.mark.parametrize("file_format", BankFormat.values)
def test_twenty_five_thousand_lines_are_written_in_bounded_time(file_format):
    lines = [BankLine(n, f"学生{n}", f"62220000{n:011d}", 62_500, "补助", "示范县农商行") for n in range(1, 25_001)]

    begun = time.process_time()
    content = bank_layouts.write(Layout(COLUMNS, format=file_format), lines)
    locked = bank_files.locked(content, name="file", password="A")

    assert time.process_time() - begun < 30
    assert len(locked) < 5_000_000


# --- any lines in any layout

LETTERS = st.sampled_from("王李张欧阳小明买提·䶮𠮷〇ABCdef =+-@'")
NAMES = st.text(LETTERS, min_size=1, max_size=6).map(lambda text: f"王{text}".strip())
NUMBERS = st.from_regex(r"[1-9][0-9]{15,18}", fullmatch=True)
WORDS = st.text(st.sampled_from("补助春季秋季生活费,|\"'= 合计状态"), max_size=8).filter(
    lambda text: not is_total_row([text])
)
"""What calls itself a total is one to everybody who reads the file."""
HEADINGS = st.text(st.sampled_from("序号户名卡账金额元分摘要行状态结果备注失败原因人"), min_size=1, max_size=5)
"""Words that answers of banks use for other things as well."""


@st.composite
def batches(draw):
    numbers = draw(st.lists(NUMBERS, min_size=1, max_size=12))
    return [
        BankLine(place, draw(NAMES), number, draw(st.integers(1, 10**9)), draw(WORDS), draw(WORDS), "批次", draw(WORDS))
        for place, number in enumerate(numbers, start=1)
    ]


@st.composite
def layouts(draw):
    amounts = draw(st.sampled_from([["yuan"], ["fen"], ["yuan", "fen"]]))
    others = draw(st.lists(st.sampled_from(["words", "bank", "school", "student"]), unique=True))
    fields = draw(st.permutations(["line", "holder", "number", *amounts, *others]))
    taken = {heading_key(word) for word in ("状态", "失败原因")}
    headings = draw(
        st.lists(
            HEADINGS.filter(lambda text: heading_key(text) not in taken),
            min_size=len(fields),
            max_size=len(fields),
            unique_by=heading_key,
        )
    )
    return Layout(
        columns=tuple(zip(headings, fields, strict=True)),
        format=draw(st.sampled_from(BankFormat.values)),
        encoding=draw(st.sampled_from(Encoding.values)),
        has_heading=draw(st.booleans()),
        has_total=draw(st.booleans()),
    )


@pytest.fixture(scope="module")
def reader():
    with sheets.Reader() as reader:
        yield reader


@settings(max_examples=150)
@given(lines=batches(), layout=layouts())
def test_an_answer_that_all_is_paid_speaks_of_every_line_once(reader, lines, layout):
    bank_layouts.check(layout)
    content = all_paid(bank_layouts.write(layout, lines), layout)

    found, _told = return_lines.read(content, reader, layout)

    sent = {line.line: Transfer(line.amount_fen, line.holder, card_index(line.number), line.number) for line in lines}
    assert [line.number for line in found] == [line.line for line in lines]
    assert all(line.is_paid and sent[line.number].fits(line) for line in found)


def test_so_does_the_answer_in_the_built_in_layout(reader):
    found, _told = return_lines.read(all_paid(bank_layouts.write(BUILT_IN, LINES, title="批次"), BUILT_IN), reader)

    assert [(line.number, line.is_paid) for line in found] == [(1, True), (2, True), (3, True)]


def test_what_the_bank_calls_a_column_goes_before_what_others_do():
    layout = Layout(
        (("备注", BankField.WORDS), ("状态", BankField.HOLDER)), answers={AnswerField.OUTCOME: ["金额", "处理标志"]}
    )

    found = return_lines.headings(layout)

    assert found["outcome"][:2] == ["金额", "处理标志"]
    assert [name for name, words in found.items() if "状态" in words] == ["holder"]
    assert [name for name, words in found.items() if "备注" in words] == [""]
    assert "金额" not in found["amount"]
