"""The bank's answer: each line settles its payments, and a line that fits nothing is kept and stops nothing.

The same file twice is one. A payment the bank refused stays as it is; the next try is another row.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import sheets
from common.bulk import insert
from common.columns import read_date
from common.money import parse_fen
from common.moves import Refused, hold, move
from common.redaction import redact
from common.tables import Table
from disbursements import funds
from disbursements.choices import (
    BATCH_MOVES,
    BatchState,
    EntryKind,
    FailureReason,
    LineOutcome,
    PaymentState,
)
from disbursements.models import Batch, Payment, ReturnFile, ReturnLine
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running

SYNONYMS: dict[str, Sequence[str]] = {
    "line_no": ("序号", "行号"),
    "amount": ("金额(元)", "金额", "金额（元）", "发放金额"),
    "outcome": ("状态", "处理结果", "发放状态", "结果"),
    "words": ("失败原因", "原因", "备注", "返回信息"),
    "paid_on": ("到账日期", "入账日期", "交易日期"),
}
REQUIRED = ("line_no", "amount", "outcome")
CHUNK_LINES = 1_000
_PAID_WORDS = ("成功", "已入账", "已发放")
_FAILED_WORDS = ("失败", "退票", "未入账", "退回")
_REASONS = (
    (("户名", "姓名"), FailureReason.NAME_MISMATCH),
    (("不存在", "无此账号", "账号错误", "卡号错误"), FailureReason.NO_SUCH_ACCOUNT),
    (("销户", "挂失", "冻结", "久悬"), FailureReason.CLOSED),
    (("未激活", "金融功能"), FailureReason.NOT_ACTIVE),
)


class NotSent(Refused):
    code = "batch-not-sent"
    message = _("批次还没有送银行，不能导入回盘文件。")


class SameFile(Refused):
    code = "return-same-file"
    message = _("这个回盘文件已经导入过。")


class NoLines(Refused):
    code = "return-no-lines"
    message = _("回盘文件里没有数据行。")


@transaction.atomic
def upload(batch: Batch, *, content: bytes, name: str, by: User, at: datetime) -> ReturnFile:
    """Keep the bank's answer; the background run `return-read` takes it."""
    sheets.preflight(content, limits=sheets.LIMITS)
    if batch.state not in {BatchState.SENT, BatchState.SETTLED}:
        raise NotSent()
    hold(batch, BatchState.SENT, BatchState.SETTLED)
    file = files.store(content, name=name, kind=FileKind.RETURN, by=by, at=at)
    before = batch.returns.filter(sha256=file.sha256).first()
    if before is not None and not before.refusal_code:
        raise SameFile()
    return_file, _is_new = ReturnFile.objects.update_or_create(
        batch=batch,
        sha256=file.sha256,
        defaults={
            "file": file,
            "uploaded_by": by,
            "uploaded_at": at,
            "refusal_code": "",
            "refusal_params": {},
        },
    )
    actions.record(by, "return.uploaded", return_file, at=at, sha256=file.sha256)
    return return_file


@dataclass(frozen=True, slots=True)
class _Line:
    row: int
    number: int | None
    amount_fen: int | None
    is_paid: bool | None
    words: str
    paid_on: date | None


def read(return_file: ReturnFile, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Settle what the bank answered, in chunks of lines; close the batch when nothing is on its way any more."""
    try:
        lines = list(_lines(return_file, reader))
        if not lines:
            raise NoLines()
    except Refused as refusal:
        with running.chunk(to=running.cursor):
            ReturnFile.objects.filter(pk=return_file.pk).update(
                refusal_code=refusal.code, refusal_params=refusal.params
            )
        raise
    running.report_total(len(lines))
    rest = iter(lines[running.cursor :])
    while part := list(islice(rest, CHUNK_LINES)):
        with running.chunk(to=running.cursor + len(part)):
            hold(return_file.batch, BatchState.SENT, BatchState.SETTLED)
            _settle(return_file, part)
    with running.chunk(to=running.cursor):
        batch = return_file.batch
        ReturnFile.objects.filter(pk=return_file.pk).update(is_read=True, refusal_code="", refusal_params={})
        is_open = batch.payments.filter(state=PaymentState.SENT).exists()
        if batch.state == BatchState.SENT and not is_open:
            move(batch, BatchState.SETTLED, moves=BATCH_MOVES, settled_at=running.at)
            actions.record(return_file.uploaded_by, "batch.settled", batch, at=running.at)
    outcomes = return_file.lines.values_list("outcome", flat=True)
    return {outcome: sum(line == outcome for line in outcomes) for outcome in LineOutcome.values}


def _lines(return_file: ReturnFile, reader: sheets.Reader | None) -> Iterable[_Line]:
    table = Table(files.content(return_file.file), SYNONYMS, REQUIRED, reader=reader)
    for row, cells in table.lines():
        text = table.text(cells)
        yield _Line(
            row=row,
            number=_line_number(text["line_no"]),
            amount_fen=_amount(text["amount"]),
            is_paid=_outcome(text["outcome"]),
            words=redact(text.get("words") or text["outcome"])[:100],
            paid_on=read_date(table.cell(cells, "paid_on")),
        )


def _line_number(text: str) -> int | None:
    """Our own line number; a bank's serial of many digits is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _amount(text: str) -> int | None:
    try:
        return parse_fen(text)
    except ValueError:
        return None


def _outcome(text: str) -> bool | None:
    if any(word in text for word in _FAILED_WORDS):
        return False
    return True if any(word in text for word in _PAID_WORDS) else None


def failure_reason(words: str) -> FailureReason:
    """The bank's words as a code; words nobody knows are kept beside `unknown`."""
    for parts, reason in _REASONS:
        if any(part in words for part in parts):
            return reason
    return FailureReason.UNKNOWN


def _settle(return_file: ReturnFile, lines: list[_Line]) -> None:
    """One chunk: payments, ledger and lines together."""
    batch, by, at = return_file.batch, return_file.uploaded_by, return_file.uploaded_at
    on_lines: dict[int, list[tuple[int, int]]] = defaultdict(list)
    sent = batch.payments.filter(
        state=PaymentState.SENT, line_no__in=[line.number for line in lines if line.number is not None]
    )
    for pk, number, amount_fen in sent.order_by("pk").values_list("pk", "line_no", "amount_fen"):
        on_lines[number].append((pk, amount_fen))
    paid: dict[date, list[int]] = defaultdict(list)
    failed: dict[str, list[int]] = defaultdict(list)
    kept = []
    for line in lines:
        payments = on_lines.pop(line.number, []) if line.number is not None else []
        fits = bool(payments) and line.is_paid is not None and sum(fen for _, fen in payments) == line.amount_fen
        if not fits:
            outcome = LineOutcome.UNMATCHED
            if payments and line.number is not None:
                on_lines[line.number] = payments
        elif line.is_paid:
            outcome = LineOutcome.PAID
            paid[line.paid_on or timezone.localdate(at)] += [pk for pk, _ in payments]
        else:
            outcome = LineOutcome.FAILED
            failed[line.words] += [pk for pk, _ in payments]
        kept.append((return_file.pk, line.row, line.number, line.amount_fen, line.words, outcome))
    insert(ReturnLine, ("file", "row", "line_no", "amount_fen", "words", "outcome"), kept)
    for day, pks in paid.items():
        Payment.objects.filter(pk__in=pks).update(state=PaymentState.PAID, paid_on=day)
    for words, pks in failed.items():
        Payment.objects.filter(pk__in=pks).update(
            state=PaymentState.FAILED, failure=failure_reason(words), bank_words=words
        )
    for kind, groups in ((EntryKind.SPENT, paid), (EntryKind.RELEASED, failed)):
        chosen = [pk for pks in groups.values() for pk in pks]
        if chosen:
            funds.settle(batch, chosen, kind, return_file, by=by, at=at)
