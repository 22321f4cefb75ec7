"""Cash: handed out at schools against signatures on a roll; what the rolls say settles the batch school by school."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import in_parts
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
    batch: Batch,
    school: School,
    *,
    paid_on: date,
    unsigned: Mapping[int, str],
    sheets: Collection[int] | None = None,
    by: User,
    at: datetime,
) -> None:
    """Enter a school's signed roll: who did not sign, by payment with the reason, gets nothing; all others are paid.

    A long roll is entered in parts: `sheets` are the payments of this part, each of which still waits; without it the
    roll is all that waits at the school. The first roll that comes back closes the way to take the batch back, the last
    one settles it.
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
    waiting = set(rolls.waiting(batch, school).values_list("pk", flat=True))
    everybody = waiting if sheets is None else set(sheets)
    if not everybody or not everybody <= waiting or not unsigned.keys() <= everybody:
        raise WrongState()
    signed = everybody - unsigned.keys()
    reasons: dict[str, list[int]] = defaultdict(list)
    for payment, words in unsigned.items():
        reasons[redact(words).strip()[:100]].append(payment)
    for words, payments in reasons.items():
        batch.payments.filter(pk__in=payments).update(
            state=PaymentState.FAILED, failure=FailureReason.NOT_SIGNED, bank_words=words
        )
    for part in in_parts(sorted(signed)):
        batch.payments.filter(pk__in=part).update(state=PaymentState.PAID, paid_on=paid_on)
    for kind, chosen in ((EntryKind.SPENT, signed), (EntryKind.RELEASED, set(unsigned))):
        if chosen:
            funds.settle(batch, chosen, kind, by=by, at=at)
    actions.record(by, "cash.registered", batch, at=at, school=school.code, paid=len(signed), unsigned=len(unsigned))
    if not batch.payments.filter(state=PaymentState.PENDING).exists():
        move(batch, BatchState.SETTLED, moves=BATCH_MOVES, settled_at=at)
        actions.record(by, "batch.settled", batch, at=at)
