"""Layouts of bank files: which columns in which order, in which format, and the lines written so.

Nothing here asks the database: a layout and lines go in, bytes come out. What a bank's answer calls its columns
belongs to the layout too, because most banks send our own file back with two columns more.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import xlwt
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from common.columns import heading_key
from common.moves import Refused
from common.workbooks import Column, Kind, write_table
from disbursements.choices import BankFormat, Encoding
from disbursements.models import BankTemplate

XLS_ROWS = 65_536
TOTAL = "合计"
_SEPARATOR = {BankFormat.CSV: ",", BankFormat.TXT: "|"}
_UNSAFE_IN_TXT = re.compile(r'[|"\s]+')
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class BankField(TextChoices):
    """What a column of a bank file can hold: a closed list."""

    LINE = "line", _("序号")
    HOLDER = "holder", _("户名")
    NUMBER = "number", _("卡号或账号")
    YUAN = "yuan", _("金额（元）")
    FEN = "fen", _("金额（分）")
    WORDS = "words", _("摘要")
    BANK = "bank", _("开户行")
    BATCH = "batch", _("批次号")
    SCHOOL = "school", _("学校")
    STUDENT = "student", _("学生姓名")
    MASKED_ID = "masked-id", _("学生证件号（遮蔽）")


class AnswerField(TextChoices):
    """What a column of a bank's answer can say."""

    LINE = "line_no", _("序号")
    AMOUNT = "amount", _("金额（元）")
    FEN = "fen", _("金额（分）")
    OUTCOME = "outcome", _("处理结果")
    WORDS = "words", _("失败原因")
    PAID_ON = "paid_on", _("到账日期")
    CARD = "card", _("卡号或账号")
    HOLDER = "holder", _("户名")
    BATCH = "batch", _("批次号")


ANSWERS: Mapping[str, str] = {
    BankField.LINE: AnswerField.LINE,
    BankField.HOLDER: AnswerField.HOLDER,
    BankField.NUMBER: AnswerField.CARD,
    BankField.YUAN: AnswerField.AMOUNT,
    BankField.FEN: AnswerField.FEN,
    BankField.BATCH: AnswerField.BATCH,
}
"""Columns of our file that the answer repeats, and what they say there."""

NEEDED = (BankField.LINE, BankField.HOLDER, BankField.NUMBER)
"""Without these nobody could tell from the answer who was paid."""

_AMOUNTS = (BankField.YUAN, BankField.FEN)


class LayoutIncomplete(Refused):
    code = "layout-incomplete"
    message = _("银行文件里必须有这些列：%(names)s。银行回盘要靠它们逐笔核对。")


class HeadingTwice(Refused):
    code = "layout-heading-twice"
    message = _("有两列的表头相同，或者表头是空的：%(heading)s。请给每一列不同的表头。")


class HeadingUnfit(Refused):
    code = "layout-heading-unfit"
    message = _("表头“%(heading)s”里不能有竖线、引号或换行。")


class TooManyForXls(Refused):
    code = "layout-xls-too-long"
    message = _(
        "这个批次有 %(lines)s 行，.xls 文件最多放 %(limit)s 行。请把这家银行的格式改成 .xlsx 或文本，再重新生成。"
    )


@dataclass(frozen=True, slots=True)
class BankLine:
    """One transfer, as the bank is asked for it: to a card, or to a school's account for several children."""

    line: int
    holder: str
    number: str
    amount_fen: int
    words: str = ""
    bank: str = ""
    batch: str = ""
    school: str = ""
    student: str = ""
    masked_id: str = ""

    def value(self, column: str) -> str | int:
        values: dict[str, str | int] = {
            BankField.LINE: self.line,
            BankField.HOLDER: self.holder,
            BankField.NUMBER: self.number,
            BankField.YUAN: self.amount_fen,
            BankField.FEN: self.amount_fen,
            BankField.WORDS: self.words,
            BankField.BANK: self.bank,
            BankField.BATCH: self.batch,
            BankField.SCHOOL: self.school,
            BankField.STUDENT: self.student,
            BankField.MASKED_ID: self.masked_id,
        }
        return values[column]


@dataclass(frozen=True)
class Layout:
    """How a bank wants its file, and what its answer calls the columns beside those that every answer may."""

    columns: tuple[tuple[str, str], ...]
    """(heading, field of BankField) in their order."""
    format: str = BankFormat.XLSX
    encoding: str = Encoding.GB18030
    has_heading: bool = True
    has_total: bool = True
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """field of AnswerField → headings."""
    has_title: bool = False
    """A line above the heading with program, term and number, for people."""

    @property
    def fields(self) -> list[str]:
        return [name for _heading, name in self.columns]

    @property
    def headings(self) -> list[str]:
        return [heading for heading, _name in self.columns]

    @property
    def ending(self) -> str:
        return f".{self.format}"


BUILT_IN = Layout(
    columns=(
        ("序号", BankField.LINE),
        ("户名", BankField.HOLDER),
        ("卡号", BankField.NUMBER),
        ("金额(元)", BankField.YUAN),
        ("摘要", BankField.WORDS),
        ("开户行", BankField.BANK),
    ),
    has_title=True,
)
"""For a county that has set up no bank."""


SAMPLE = tuple(
    BankLine(line, holder, number, amount_fen, "示例项目", "示范县农商行", "2021A-01", school, student, masked_id)
    for line, holder, number, amount_fen, school, student, masked_id in (
        (1, "张小雨", "6222000000000000017", 62_500, "第一小学", "张小雨", "411625********0017"),
        (2, "李建国", "6222000000000000025", 50_000, "第一小学", "李明明", "411625********0025"),
        (3, "王䶮", "6222000000000000033", 37_550, "第二小学", "王䶮", "411625********0033"),
    )
)
"""Children that nobody knows, to show how a file looks."""


def of(template: BankTemplate | None) -> Layout:
    if template is None:
        return BUILT_IN
    return Layout(
        columns=tuple((column["heading"], column["field"]) for column in template.columns),
        format=template.format,
        encoding=template.encoding,
        has_heading=template.has_heading,
        has_total=template.has_total,
        answers=template.return_columns,
    )


def kept(layout: Layout) -> dict[str, Any]:
    """A layout as it is kept beside a file that was written in it."""
    return asdict(layout)


def restored(kept: Mapping[str, Any], *, learned: Mapping[str, Sequence[str]]) -> Layout:
    """The layout that was kept, and what the bank's answers are known to call their columns since (`learned`).

    A heading that the file itself has keeps the meaning that it had there.
    """
    columns = tuple((heading, name) for heading, name in kept["columns"])
    answers: dict[str, list[str]] = {name: list(words) for name, words in kept["answers"].items()}
    taken = {heading_key(heading) for heading, _name in columns}
    taken |= {heading_key(word) for words in answers.values() for word in words}
    for name, words in learned.items():
        answers.setdefault(name, []).extend(word for word in words if heading_key(word) not in taken)
    return Layout(**{**kept, "columns": columns, "answers": answers})


def check(layout: Layout) -> None:
    """Refuse a layout whose answer could not be read back."""
    missing = [name for name in NEEDED if name not in layout.fields]
    if missing or not set(_AMOUNTS) & set(layout.fields):
        names = [str(BankField(name).label) for name in missing]
        if not set(_AMOUNTS) & set(layout.fields):
            names.append(str(BankField.YUAN.label))
        raise LayoutIncomplete(names="、".join(names))
    seen = set[str]()
    for heading in layout.headings:
        if re.search(r'[|"\r\n\t]', heading):
            raise HeadingUnfit(heading=heading)
        if not heading_key(heading) or heading_key(heading) in seen:
            raise HeadingTwice(heading=heading)
        seen.add(heading_key(heading))


def digest(lines: Iterable[BankLine]) -> str:
    """The same for the same lines, payees and amounts, whatever file holds them."""
    summed = hashlib.sha256()
    for line in lines:
        summed.update(f"{line.line}\t{line.holder}\t{line.number}\t{line.amount_fen}\n".encode())
    return summed.hexdigest()


def write(layout: Layout, lines: Sequence[BankLine], *, title: str = "") -> bytes:
    """The file with these lines."""
    if layout.format == BankFormat.XLSX:
        return _xlsx(layout, lines, title if layout.has_title else "")
    if layout.format == BankFormat.XLS:
        return _xls(layout, lines)
    return _text(layout, lines)


_WIDTHS = {
    BankField.LINE: 8,
    BankField.HOLDER: 24,
    BankField.NUMBER: 26,
    BankField.WORDS: 30,
    BankField.BANK: 24,
    BankField.SCHOOL: 26,
    BankField.BATCH: 26,
    BankField.MASKED_ID: 22,
}


def _kind(name: str) -> Kind:
    if name == BankField.YUAN:
        return "money"
    return "number" if name in {BankField.LINE, BankField.FEN} else "text"


def _total(layout: Layout, lines: Sequence[BankLine]) -> list[str | int]:
    """The words in the first column that holds no amount, and the sum below every amount."""
    amount_fen = sum(line.amount_fen for line in lines)
    cells: list[str | int] = [amount_fen if name in _AMOUNTS else "" for name in layout.fields]
    cells[cells.index("")] = TOTAL
    return cells


def _rows(layout: Layout, lines: Iterable[BankLine]) -> Iterable[list[str | int]]:
    names = layout.fields
    return ([line.value(name) for name in names] for line in lines)


def _xlsx(layout: Layout, lines: Sequence[BankLine], title: str) -> bytes:
    return write_table(
        title=title,
        columns=[
            Column(heading, width=_WIDTHS.get(BankField(name), 14), kind=_kind(name))
            for heading, name in layout.columns
        ],
        rows=_rows(layout, lines),
        total=_total(layout, lines) if layout.has_total else None,
        has_head=layout.has_heading,
    )


def _xls(layout: Layout, lines: Sequence[BankLine]) -> bytes:
    room = XLS_ROWS - layout.has_heading - layout.has_total
    if len(lines) > room:
        raise TooManyForXls(lines=len(lines), limit=room)
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Sheet1")
    looks = {
        "text": xlwt.easyxf(num_format_str="@"),
        "number": xlwt.easyxf(num_format_str="0"),
        "money": xlwt.easyxf(num_format_str="#,##0.00"),
    }
    kinds = [_kind(name) for name in layout.fields]
    if layout.has_heading:
        sheet_row = sheet.row(0)
        for place, heading in enumerate(layout.headings):
            sheet_row.write(place, heading, looks["text"])
    number = int(layout.has_heading)
    for cells in _rows(layout, lines):
        _xls_row(sheet.row(number), cells, kinds, looks)
        number += 1
    if layout.has_total:
        _xls_row(sheet.row(number), _total(layout, lines), kinds, looks)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xls_row(row: Any, cells: Iterable[str | int], kinds: Sequence[str], looks: Mapping[str, Any]) -> None:
    for place, (cell, kind) in enumerate(zip(cells, kinds, strict=True)):
        is_money = kind == "money" and isinstance(cell, int)
        row.write(place, cell / 100 if is_money and isinstance(cell, int) else cell, looks[kind])


def _text(layout: Layout, lines: Sequence[BankLine]) -> bytes:
    """Amounts in yuan with two decimals, numbers as plain digits. A text file of a bank knows no quotation marks."""
    out = io.StringIO(newline="")
    is_csv = layout.format == BankFormat.CSV
    writer = csv.writer(out, delimiter=_SEPARATOR[BankFormat(layout.format)], lineterminator="\r\n")
    clean = _for_spreadsheets if is_csv else _for_banks
    if layout.has_heading:
        writer.writerow(layout.headings)
    for cells in _rows(layout, lines):
        writer.writerow(_texts(layout, cells, clean))
    if layout.has_total:
        writer.writerow(_texts(layout, _total(layout, lines), clean))
    return out.getvalue().encode(layout.encoding)


def sample(layout: Layout) -> tuple[list[list[str]], str]:
    """A small file in this layout: its rows as texts, and for text formats the very file."""
    clean = _for_spreadsheets if layout.format == BankFormat.CSV else _for_banks
    rows = [_texts(layout, cells, clean) for cells in _rows(layout, SAMPLE)]
    if layout.has_total:
        rows.append(_texts(layout, _total(layout, SAMPLE), clean))
    is_text = layout.format in _SEPARATOR
    return rows, write(layout, SAMPLE).decode(layout.encoding) if is_text else ""


def _texts(layout: Layout, cells: Iterable[str | int], clean: Any) -> list[str]:
    return [
        clean(cell)
        if isinstance(cell, str)
        else f"{cell // 100}.{cell % 100:02d}"
        if name == BankField.YUAN
        else str(cell)
        for name, cell in zip(layout.fields, cells, strict=True)
    ]


def _for_banks(text: str) -> str:
    return _UNSAFE_IN_TXT.sub(" ", text).strip()


def _for_spreadsheets(text: str) -> str:
    """People open .csv files with a spreadsheet, which must not find a formula there."""
    return f"'{text}" if text.startswith(_FORMULA) else text
