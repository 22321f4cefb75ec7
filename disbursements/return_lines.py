"""The lines of the bank's answer, and whether they answer this batch at all.

A line speaks of a transfer when its number, its amount and its payee agree with what was sent: banks pay the same
amount to every child, so number and amount alone would let the answer to another batch settle this one.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from django.conf import settings
from django.db.models import Min, Sum
from django.utils.translation import gettext_lazy as _

from common import names, sheets
from common.columns import heading_key, is_grand_total, read_date, without_notes
from common.money import MOST_FEN, parse_fen, yuan
from common.moves import Refused
from common.redaction import redact
from common.tables import Table
from disbursements.bank_layouts import ANSWERS, BUILT_IN, Layout
from disbursements.models import Batch, BatchAccount
from programs.choices import Payee
from schools.models import School
from students.roster_rows import card_index

SYNONYMS: dict[str, Sequence[str]] = {
    "line_no": ("序号", "行号"),
    "amount": ("金额(元)", "金额", "金额（元）", "发放金额"),
    "fen": ("金额(分)", "金额（分）", "交易金额(分)"),
    "outcome": ("状态", "处理结果", "发放状态", "结果"),
    "words": ("失败原因", "原因", "备注", "返回信息"),
    "paid_on": ("到账日期", "入账日期", "交易日期"),
    "card": ("卡号", "账号", "银行卡号", "银行账号", "收款账号", "收款人账号"),
    "holder": ("户名", "账户名称", "收款户名", "收款人", "收款人名称", "持卡人"),
    "batch": ("批次号", "代发批次号"),
}
REQUIRED = ("line_no", "outcome")
_PAID_WORDS = ("成功", "已入账", "已发放")
_FAILED_WORDS = ("失败", "退票", "未入账", "退回", "未成功", "不成功", "拒绝")
_MASKS = re.compile(r"[*xX●#]+")
_NUMBER = re.compile(r"[\w-]+", re.ASCII)
_A_TAIL = 4


class NoLines(Refused):
    code = "return-no-lines"
    message = _("回盘文件里没有数据行。")


class OfAnotherBatch(Refused):
    code = "return-of-another-batch"
    message = _(
        "共 %(lines)s 行，其中 %(astray)s 行与本批次的户名、卡号或金额不符，像是别的批次或银行的回盘，文件没有记账。"
    )


class NamesAnotherBatch(Refused):
    code = "return-names-another-batch"
    message = _("文件里写的批次号是 %(number)s，不是本批次，整个文件没有记账。请到那个批次上传。")


class NoAmounts(Refused):
    code = "return-no-amounts"
    message = _("表头里没有找到金额列。请对照银行的回盘格式检查，改好后重新上传。")


class NoOutcomes(Refused):
    code = "return-no-outcomes"
    message = _("共 %(lines)s 行，没有一行的处理结果能看懂，整个文件没有记账。请检查“处理结果”一列，改好后重新上传。")


class TotalDiffers(Refused):
    code = "return-total-differs"
    message = _(
        "文件的合计行写的是 %(stated)s 元，各行相加是 %(counted)s 元，整个文件没有记账。请向银行索取完整的文件。"
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the answer, read as far as it can be read."""

    row: int
    number: int | None
    amount_fen: int | None
    is_paid: bool | None
    words: str
    paid_on: date | None
    card: str
    holder: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """One line of the bank file as it was sent: to one card, or to a school's account for several children."""

    amount_fen: int
    holder: str
    number_index: str
    number: str
    """Empty where no line of the answer masks its card: then it need not be unsealed."""

    def fits(self, line: Line) -> bool:
        return line.amount_fen == self.amount_fen and self._is_to(line)

    def _is_to(self, line: Line) -> bool:
        """Whether card or holder agree. A file without such columns says nothing of either."""
        if line.card and (agrees := self._has_card(line.card)) is not None:
            return agrees
        return _is_one_name(line.holder, self.holder) if line.holder else not line.card

    def _has_card(self, written: str) -> bool | None:
        """None where the card can't be read: a number that lost its last digits in a spreadsheet."""
        if _MASKS.search(written):
            begin, *_between, end = _MASKS.split(written)
            return self.number.startswith(begin) and self.number.endswith(end) if len(end) >= _A_TAIL else None
        if not written.isascii() or not written.isdigit():
            return None
        return written == self.number or card_index(written) == self.number_index


def _is_one_name(written: str, holder: str) -> bool:
    """The same name, where a bank may hide single characters: 王*明."""
    return all(one in (other, "*") for one, other in zip_longest(names.key(written), names.key(holder), fillvalue=""))


def headings(layout: Layout) -> dict[str, Sequence[str]]:
    """field → the headings that an answer may give it: what the bank calls it, what our file does, what others do.

    A heading stands for one field: where a bank says otherwise than others, the others are not asked.
    """
    own: dict[str, list[str]] = {field: list(words) for field, words in layout.answers.items()}
    for heading, field in layout.columns:
        own.setdefault(ANSWERS.get(field, ""), []).append(heading)
    said = {heading_key(word): field for field, words in reversed(own.items()) for word in words}
    return {
        field: [
            *(word for word in own.get(field, ()) if said[heading_key(word)] == field),
            *(word for word in SYNONYMS.get(field, ()) if _stands_for(word, field, said)),
        ]
        for field in [*SYNONYMS, ""]
    }


def _stands_for(word: str, field: str, said: Mapping[str, str]) -> bool:
    """Whether a heading still means what it does elsewhere, with its unit and without."""
    return all(said.get(spelling, field) == field for spelling in (heading_key(word), without_notes(word)))


def _without_heading(layout: Layout) -> list[str]:
    """What stands above the columns of an answer to a file without headings: ours, the result, the reason."""
    return [*layout.headings, SYNONYMS["outcome"][0], SYNONYMS["words"][0]]


def read(content: bytes, reader: sheets.Reader | None, layout: Layout = BUILT_IN) -> tuple[list[Line], str]:
    """All lines, and every text of the file that may be a batch's number.

    A total that does not add up is refused, and so is a file of which no line says whether it was paid: then another
    column was taken for the outcome.
    """
    table = Table(
        content,
        headings(layout),
        REQUIRED,
        reader=reader,
        default_head=None if layout.has_heading else _without_heading(layout),
    )
    if not table.columns.keys() & {"amount", "fen"}:
        table.close()
        raise NoAmounts()
    told = {table.head.preamble}
    lines = []
    totals = []
    for row, cells in table.lines():
        text = table.text(cells)
        number = _line_number(text["line_no"])
        if number is None and is_grand_total(cells):
            totals.append(cells)  # its first cell is a sum
            continue
        told.add(text.get("batch", ""))
        lines.append(
            Line(
                row=row,
                number=number,
                amount_fen=_amount(text),
                is_paid=_outcome(text["outcome"]),
                words=redact(text.get("words") or text["outcome"])[:100],
                paid_on=read_date(table.cell(cells, "paid_on")),
                card=_card(text.get("card", "")),
                holder=text.get("holder", ""),
            )
        )
    if not lines:
        raise NoLines()
    if all(line.is_paid is None for line in lines):
        raise NoOutcomes(lines=len(lines))
    totals += [cells for _row, cells in table.total_rows if is_grand_total(cells)]
    counted = sum(line.amount_fen or 0 for line in lines)
    paid = sum(line.amount_fen or 0 for line in lines if line.is_paid)
    for cells in totals:
        fen = _amount(table.text(cells))
        if fen is not None and fen not in {counted, paid}:
            raise TotalDiffers(stated=yuan(fen), counted=yuan(counted))
    return lines, "\n".join(told)


def _line_number(text: str) -> int | None:
    """Our own line number; a bank's serial of many digits is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _amount(text: Mapping[str, str]) -> int | None:
    """In fen, of the column in yuan, or of the one in fen; None where they can't be read or say different things."""
    try:
        amounts = {parse_fen(text["amount"])} if text.get("amount") else set()
        if text.get("fen"):
            amounts.add(int(text["fen"].replace(",", "")))
    except ValueError:
        return None
    return amounts.pop() if len(amounts) == 1 and max(amounts) <= MOST_FEN else None


def _outcome(text: str) -> bool | None:
    if any(word in text for word in _FAILED_WORDS):
        return False
    return True if any(word in text for word in _PAID_WORDS) else None


def _card(text: str) -> str:
    """Digits and masks alone: banks group them as they please."""
    return re.sub(r"[\s'-]", "", unicodedata.normalize("NFKC", text))


def _sent(batch: Batch, lines: Iterable[Line]) -> dict[int, Transfer]:
    """Every transfer of a batch by its line number, with whole card numbers only where the lines mask theirs."""
    payments = batch.payments.order_by("line_no", "pk")
    if batch.program.payee == Payee.SCHOOL:
        rows = list(
            payments.order_by("line_no").values("line_no").annotate(school=Min("award__school"), fen=Sum("amount_fen"))
        )
        schools = School.objects.in_bulk([row["school"] for row in rows])
        sent_to = {account.line_no: account for account in batch.accounts.all()}
        return {
            row["line_no"]: _to_school(sent_to.get(row["line_no"]), schools[row["school"]], row["fen"]) for row in rows
        }
    columns = ["line_no", "amount_fen", "card__holder", "card__number_index"]
    if any(_MASKS.search(line.card) for line in lines):
        columns.append("card__number")
    return {
        line_no: Transfer(fen, holder or "", index or "", number[0] if number else "")
        for line_no, fen, holder, index, *number in payments.values_list(*columns).iterator(chunk_size=2_000)
    }


def _to_school(sent_to: BatchAccount | None, school: School, amount_fen: int) -> Transfer:
    """To the account that stands in the file; of files from before accounts were kept, to the school's own of today."""
    if sent_to is None:
        return Transfer(amount_fen, school.account_holder, "", _card(school.account_number))
    return Transfer(amount_fen, sent_to.holder, "", _card(sent_to.number))


def fitting(batch: Batch, lines: Sequence[Line], told: str) -> set[int]:
    """The rows of the lines that speak of a transfer of this batch; the answer to another one is refused whole.

    It is one when it names another batch, or when more of its lines than the settable share disagree with what was
    sent under their number. Lines with numbers that were never sent are judged only where there are no others.
    """
    named = set(_NUMBER.findall(told)) & set(Batch.objects.values_list("number", flat=True))
    if named and batch.number not in named:
        raise NamesAnotherBatch(number="、".join(sorted(named)))
    transfers = _sent(batch, lines)
    fits = {
        line.row: transfers[line.number].fits(line)
        for line in lines
        if line.number is not None and line.number in transfers
    }
    rows = {row for row, is_so in fits.items() if is_so}
    astray = len(fits) - len(rows)
    if not fits or astray * 100 > settings.RETURN_ASTRAY_PERCENT * len(fits):
        raise OfAnotherBatch(astray=astray or len(lines), lines=len(lines))
    return rows
