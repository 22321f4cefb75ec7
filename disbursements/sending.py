"""The file that goes to the bank, and its going."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, hold, move
from disbursements import bank_files
from disbursements.choices import BATCH_MOVES, BatchState, PaymentState
from disbursements.models import Batch
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running


class NoBankFile(Refused):
    code = "no-bank-file"
    message = _("请先生成银行代发文件。")


def write_bank_file(batch: Batch, *, running: Running) -> dict[str, Any]:
    """Write the approved payments as the bank's workbook and keep it with the batch.

    It is the one file with full card numbers; who downloads it is recorded.
    """
    content = bank_files.write(batch)
    result: dict[str, Any] = {}
    with running.chunk(to=1, result=result):
        hold(batch, BatchState.APPROVED)
        file = files.store(
            content,
            name=_now("银行代发_%(number)s.xlsx") % {"number": batch.number},
            kind=FileKind.BANK,
            by=running.job.started_by,
            at=running.at,
        )
        Batch.objects.filter(pk=batch.pk).update(bank_file=file)
        actions.record(running.job.started_by, "batch.bank-file-written", batch, at=running.at, sha256=file.sha256)
        result["file_id"] = file.pk
    return result


@transaction.atomic
def send(batch: Batch, *, by: User, at: datetime) -> None:
    """The bank file has gone to the bank; from here on only its answer changes a payment."""
    if batch.bank_file_id is None:
        raise NoBankFile()
    move(batch, BatchState.SENT, moves=BATCH_MOVES, sent_at=at)
    batch.payments.filter(state=PaymentState.PENDING).update(state=PaymentState.SENT)
    actions.record(by, "batch.sent", batch, at=at, people=batch.people, amount_fen=batch.amount_fen)
