"""The bank's answer: each line settles its payments, and a line that fits nothing is kept and stops nothing.

The same file twice is one. A payment the bank refused stays as it is; the next try is another row. A refusal of what
had arrived is a late return, but not of a child whose family is asked for the money already: people look at that line.
"""

from collections import defaultdict
from collections.abc import Sequence
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
from common.moves import Refused, hold, move
from disbursements import bank_files, banks, bounces, funds, return_lines
from disbursements.choices import BATCH_MOVES, BatchState, EntryKind, InquiryState, LineOutcome, PaymentState, Way
from disbursements.models import Batch, Payment, PaymentQuerySet, ReturnFile, ReturnLine
from disbursements.return_lines import Line
from disbursements.return_reasons import Reasons
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running

CHUNK_LINES = 1_000


class NotSent(Refused):
    code = "batch-not-sent"
    message = _("批次还没有送银行，不能导入回盘文件。")


class NoAnswerToCash(Refused):
    code = "return-of-cash"
    message = _("这个批次发放现金，没有银行回盘；请按签字表登记签领。")


class SameFile(Refused):
    code = "return-same-file"
    message = _("这个回盘文件已经导入过。")


@transaction.atomic
def upload(batch: Batch, *, content: bytes, name: str, by: User, at: datetime, password: str = "") -> ReturnFile:
    """Keep the bank's answer; the background run `return-read` takes it. Of a locked archive the one file inside."""
    content, name = bank_files.unlocked(content, name=name, password=password)
    sheets.preflight(content, limits=sheets.LIMITS)
    if batch.way == Way.CASH:
        raise NoAnswerToCash()
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


def read(return_file: ReturnFile, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Settle what the bank answered, in chunks of lines; close the batch when nothing is on its way any more."""
    try:
        layout = banks.layout_of_answer(return_file.batch)
        lines, told = return_lines.read(files.content(return_file.file), reader, layout)
        fitting = return_lines.fitting(return_file.batch, lines, told)
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
            _settle(return_file, part, fitting)
    with running.chunk(to=running.cursor):
        hold(return_file.batch, BatchState.SENT, BatchState.SETTLED)
        ReturnFile.objects.filter(pk=return_file.pk).update(is_read=True, refusal_code="", refusal_params={})
        settle_when_answered(return_file.batch, by=return_file.uploaded_by, at=running.at)
    outcomes = return_file.lines.values_list("outcome", flat=True)
    return {outcome: sum(line == outcome for line in outcomes) for outcome in LineOutcome.values}


def settle_when_answered(batch: Batch, *, by: User, at: datetime) -> None:
    """Close a batch of which nothing is on its way any more."""
    if batch.state == BatchState.SENT and not batch.payments.filter(state=PaymentState.SENT).exists():
        move(batch, BatchState.SETTLED, moves=BATCH_MOVES, settled_at=at)
        actions.record(by, "batch.settled", batch, at=at)


def unanswered(batch: Batch) -> PaymentQuerySet:
    """The payments of which no answer has spoken, once there is one: they stay on their way."""
    if not batch.returns.filter(is_read=True).exists():
        return Payment.objects.none()
    return batch.payments.filter(state=PaymentState.SENT)


class _Answers:
    """What is known of each line number, so that a line said twice, or long after, is told from a new one."""

    def __init__(self, return_file: ReturnFile, lines: Sequence[Line]) -> None:
        batch = return_file.batch
        numbers = {line.number for line in lines if line.number is not None}
        refused = {line.number for line in lines if line.number is not None and line.is_paid is False}
        self.payments: dict[int, list[Payment]] = defaultdict(list)
        for payment in batch.payments.filter(line_no__in=numbers).order_by("pk").select_related("bounce"):
            self.payments[payment.line_no].append(payment)
        bounces.hold_awards(batch.payments.filter(line_no__in=refused, state=PaymentState.PAID))
        asked_back = bounces.being_recovered(batch.payments.filter(line_no__in=numbers, state=PaymentState.PAID))
        self.asked_back = set(asked_back.order_by().values_list("pk", flat=True))
        told = batch.inquiries.filter(line_no__in=numbers, state=InquiryState.CONFIRMED, paid_on__isnull=False)
        self.told = set(told.order_by().values_list("line_no", flat=True))
        """Payments that are asked back, and lines that arrived by the bank's own word on the telephone: a refusal of
        theirs is no late return before a person has looked."""
        earlier = return_file.lines.filter(line_no__in=numbers).exclude(outcome=LineOutcome.UNMATCHED)
        self.in_this_file: dict[int, bool] = {
            number: outcome == LineOutcome.PAID
            for number, outcome in earlier.order_by("row").values_list("line_no", "outcome")
            if number is not None
        }

    def outcome(self, line: Line) -> tuple[LineOutcome, list[Payment]]:
        """What a line that fits its transfer says, and which payments it changes.

        Of a school's line that came back, those that no family is asked for came back; the line is still looked at.
        """
        if line.number is None or line.is_paid is None:
            return LineOutcome.UNMATCHED, []
        if line.number in self.in_this_file:
            is_same = self.in_this_file[line.number] == line.is_paid
            return LineOutcome.REPEATED if is_same else LineOutcome.UNMATCHED, []
        self.in_this_file[line.number] = line.is_paid
        payments = self.payments[line.number]
        state = payments[0].state
        if state == PaymentState.SENT:
            return LineOutcome.PAID if line.is_paid else LineOutcome.FAILED, payments
        there = [payment for payment in payments if not payment.late_return] if state == PaymentState.PAID else []
        if line.is_paid:
            return LineOutcome.REPEATED if len(there) == len(payments) else LineOutcome.UNMATCHED, []
        if not there:
            return LineOutcome.REPEATED, []
        if line.number in self.told:
            return LineOutcome.UNMATCHED, []
        back = [payment for payment in there if payment.pk not in self.asked_back]
        return LineOutcome.BOUNCED if len(back) == len(there) else LineOutcome.UNMATCHED, back


def _settle(return_file: ReturnFile, lines: list[Line], fitting: set[int]) -> None:
    """One chunk: payments, ledger and lines together. `fitting` are the rows that speak of a transfer of the batch."""
    batch, by, at = return_file.batch, return_file.uploaded_by, return_file.uploaded_at
    answers = _Answers(return_file, lines)
    paid: dict[date, list[int]] = defaultdict(list)
    failed: dict[str, list[int]] = defaultdict(list)
    reasons = Reasons()
    kept = []
    for line in lines:
        fits = line.row in fitting
        outcome, payments = answers.outcome(line) if fits else (LineOutcome.UNMATCHED, [])
        if outcome == LineOutcome.PAID:
            paid[line.paid_on or timezone.localdate(at)] += [payment.pk for payment in payments]
        elif outcome == LineOutcome.FAILED:
            failed[line.words] += [payment.pk for payment in payments]
        elif payments:
            bounces.enter(
                payments,
                bounced_on=line.paid_on or timezone.localdate(at),
                failure=reasons.of(line.words),
                words=line.words,
                file=return_file,
                by=by,
                at=at,
            )
        kept.append((return_file.pk, line.row, line.number, line.amount_fen, line.words, outcome))
    insert(ReturnLine, ("file", "row", "line_no", "amount_fen", "words", "outcome"), kept)
    for day, pks in paid.items():
        Payment.objects.filter(pk__in=pks).update(state=PaymentState.PAID, paid_on=day)
    for words, pks in failed.items():
        Payment.objects.filter(pk__in=pks).update(
            state=PaymentState.FAILED, failure=reasons.of(words), bank_words=words
        )
    for kind, groups in ((EntryKind.SPENT, paid), (EntryKind.RELEASED, failed)):
        chosen = [pk for pks in groups.values() for pk in pks]
        if chosen:
            funds.settle(batch, chosen, kind, return_file, by=by, at=at)
