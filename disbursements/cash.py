"""Cash: handed out at schools against signatures on a roll; what the rolls say settles the batch school by school."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, WrongState, hold, move
from common.redaction import redact
from disbursements import funds, rolls
from disbursements.choices import BATCH_MOVES, BatchState, EntryKind, FailureReason, PaymentState, Way
from disbursements.models import Batch
from schools.models import School


class NotCash(Refused):
    code = "batch-not-cash"
    message = _("这个批次由银行代发，结果以银行回盘为准。")


class DayOdd(Refused):
    code = "cash-day-odd"
    message = _("签领日期要在批次审核（%(first)s）以后，不能晚于今天。")


@transaction.atomic
def register(
    batch: Batch, school: School, *, paid_on: date, unsigned: Mapping[int, str], by: User, at: datetime
) -> None:
    """Enter a school's signed roll: who did not sign, by payment with the reason, gets nothing; all others are paid.

    The first roll that comes back closes the way to take the batch back, the last one settles it.
    """
    if batch.way != Way.CASH:
        raise NotCash()
    rolls.expect_signed(batch)
    first = timezone.localdate(batch.approved_at)
    if not first <= paid_on <= timezone.localdate(at):
        raise DayOdd(first=first.isoformat())
    hold(batch, BatchState.APPROVED, BatchState.SENT)
    if batch.state == BatchState.APPROVED:
        move(batch, BatchState.SENT, moves=BATCH_MOVES, sent_at=at)
    pending = batch.payments.filter(award__school=school, state=PaymentState.PENDING).order_by("pk")
    everybody = set(pending.values_list("pk", flat=True))
    if not everybody or not unsigned.keys() <= everybody:
        raise WrongState()
    signed = everybody - unsigned.keys()
    for payment, words in unsigned.items():
        batch.payments.filter(pk=payment).update(
            state=PaymentState.FAILED, failure=FailureReason.NOT_SIGNED, bank_words=redact(words).strip()[:100]
        )
    pending.update(state=PaymentState.PAID, paid_on=paid_on)
    for kind, payments in ((EntryKind.SPENT, signed), (EntryKind.RELEASED, set(unsigned))):
        if payments:
            funds.settle(batch, payments, kind, by=by, at=at)
    actions.record(by, "cash.registered", batch, at=at, school=school.code, paid=len(signed), unsigned=len(unsigned))
    if not batch.payments.filter(state=PaymentState.PENDING).exists():
        move(batch, BatchState.SETTLED, moves=BATCH_MOVES, settled_at=at)
        actions.record(by, "batch.settled", batch, at=at)
