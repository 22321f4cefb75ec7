"""What the bank says, when it is asked, of transfers that no file of it has answered.

Nothing whose end is unknown is sent again by itself. Here a person finds the end out, and another one confirms it: then
it settles the line as an answer would, and a later file that says otherwise is a row for people to look at.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, hold, move
from common.redaction import redact
from disbursements import funds, returns
from disbursements.choices import BANK_REASONS, INQUIRY_MOVES, BatchState, EntryKind, InquiryState, PaymentState
from disbursements.models import Batch, Inquiry, PaymentQuerySet
from jobs import documents
from jobs.choices import FileKind
from jobs.documents import Brought


class NotUnanswered(Refused):
    code = "inquiry-not-unanswered"
    message = _("这一行没有在等待银行答复：还没有送银行，或者已经有了结果。")


class AlreadyNoted(Refused):
    code = "inquiry-already-noted"
    message = _("这一行已经登记过银行答复，等待另一个人确认。")


class WordsMissing(Refused):
    code = "inquiry-words-missing"
    message = _("请写明银行怎样答复、由谁答复；作废的写明原因。")


class OutcomeMissing(Refused):
    code = "inquiry-outcome-missing"
    message = _("请写明到账日期，或者没有到账的原因。")


class DayOdd(Refused):
    code = "inquiry-day-odd"
    message = _("到账日期不能早于送交银行的日期 %(first)s，也不能晚于今天。")


class OwnInquiry(Refused):
    code = "inquiry-own"
    message = _("这条银行答复是您登记的，必须由另一个人确认。")


def of_line(batch: Batch, line_no: int) -> PaymentQuerySet:
    """The payments of a line that are on their way: one child's, or a school's children.

    A bank may answer on the telephone and never with a file, or with one that nobody can read.
    """
    return batch.payments.filter(state=PaymentState.SENT, line_no=line_no)


@transaction.atomic
def note(
    batch: Batch,
    line_no: int,
    *,
    paid_on: date | None = None,
    failure: str = "",
    words: str,
    scan: Brought | None = None,
    by: User,
    at: datetime,
) -> Inquiry:
    """Write down what the bank said of a line: arrived on a day, or failed for a reason. It changes no payment yet."""
    if not words.strip():
        raise WordsMissing()
    if (paid_on is None) == (failure not in BANK_REASONS):
        raise OutcomeMissing()
    hold(batch, BatchState.SENT)
    if not of_line(batch, line_no).exists():
        raise NotUnanswered()
    first = timezone.localdate(batch.sent_at)
    if paid_on is not None and not first <= paid_on <= timezone.localdate(at):
        raise DayOdd(first=first.isoformat())
    if batch.inquiries.filter(line_no=line_no, state=InquiryState.OPEN).exists():
        raise AlreadyNoted()
    inquiry = Inquiry.objects.create(
        batch=batch,
        line_no=line_no,
        paid_on=paid_on,
        failure=failure,
        words=redact(words).strip()[:200],
        file=documents.store(scan, by=by, at=at, kind=FileKind.RETURN) if scan else None,  # names whole accounts
        entered_by=by,
        entered_at=at,
    )
    actions.record(by, "inquiry.noted", inquiry, at=at, batch=batch.number, line=line_no, is_paid=paid_on is not None)
    return inquiry


@transaction.atomic
def confirm(inquiry: Inquiry, *, by: User, at: datetime) -> None:
    """Let the bank's word settle the line. It takes another person than the one who noted it."""
    if by.pk == inquiry.entered_by_id:
        raise OwnInquiry()
    batch = inquiry.batch
    hold(batch, BatchState.SENT)
    move(inquiry, InquiryState.CONFIRMED, moves=INQUIRY_MOVES, closed_by=by, closed_at=at)
    payments = of_line(batch, inquiry.line_no)
    settled = list(payments.order_by("pk").values_list("pk", flat=True))
    if not settled:
        raise NotUnanswered()
    if inquiry.paid_on:
        payments.update(state=PaymentState.PAID, paid_on=inquiry.paid_on)
    else:
        payments.update(state=PaymentState.FAILED, failure=inquiry.failure, bank_words=inquiry.words[:100])
    kind = EntryKind.SPENT if inquiry.paid_on else EntryKind.RELEASED
    funds.settle(batch, settled, kind, by=by, at=at)
    actions.record(by, "inquiry.confirmed", inquiry, at=at, batch=batch.number, line=inquiry.line_no)
    returns.settle_when_answered(batch, by=by, at=at)


@transaction.atomic
def dismiss(inquiry: Inquiry, *, words: str, by: User, at: datetime) -> None:
    """Let a note fall that nobody has confirmed: it was wrong, or a file of the bank has answered meanwhile."""
    if not words.strip():
        raise WordsMissing()
    closing = redact(words).strip()[:200]
    move(inquiry, InquiryState.DISMISSED, moves=INQUIRY_MOVES, closed_by=by, closed_at=at, closing_words=closing)
    actions.record(by, "inquiry.dismissed", inquiry, at=at, batch=inquiry.batch.number, line=inquiry.line_no)
