"""Late returns (退票): money that had arrived and came back, days or weeks after.

The payment stays as it was posted. A bounce is its other half: it gives the money back to the fund, and the award
waits for another card as after a failure.
"""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import in_parts
from common.moves import Refused, hold
from common.redaction import redact
from disbursements import funds
from disbursements.choices import BatchState, PaymentState, RecoveryState, Way
from disbursements.models import Bounce, Payment, PaymentQuerySet, Recovery, ReturnFile
from programs.models import Award


class NotPaid(Refused):
    code = "bounce-not-paid"
    message = _("这一笔没有到账，不能登记退票。")


class HandedOver(Refused):
    code = "bounce-of-cash"
    message = _("这一笔是现金签领的，银行不会退票；发错了请提出追缴。")


class AlreadyBounced(Refused):
    code = "bounce-already"
    message = _("这一笔已经登记过退票。")


class BeforeItArrived(Refused):
    code = "bounce-before-it-arrived"
    message = _("退票日期不能早于到账日期 %(day)s。")


class BeingRecovered(Refused):
    code = "bounce-being-recovered"
    message = _("这笔资助正在追缴或已经追回，不能登记退票。")


@transaction.atomic
def record(payment: Payment, *, bounced_on: date, failure: str, words: str, by: User, at: datetime) -> Bounce:
    """Take somebody's word, with the bank's notice in hand, that a payment came back."""
    if payment.batch.way == Way.CASH:
        raise HandedOver()
    hold(payment.batch, BatchState.SENT, BatchState.SETTLED)
    payment.refresh_from_db(fields=["state", "paid_on"])
    if payment.state != PaymentState.PAID or payment.paid_on is None:
        raise NotPaid()
    if Bounce.objects.filter(payment=payment).exists():
        raise AlreadyBounced()
    hold_awards(Payment.objects.filter(pk=payment.pk))
    if being_recovered(Payment.objects.filter(pk=payment.pk)).exists():
        raise BeingRecovered()
    if bounced_on < payment.paid_on:
        raise BeforeItArrived(day=payment.paid_on.isoformat())
    [bounce] = enter([payment], bounced_on=bounced_on, failure=failure, words=redact(words)[:100], by=by, at=at)
    return bounce


def hold_awards(payments: PaymentQuerySet) -> None:
    """Keep their awards until the transaction ends, so that no recovery is opened while a return is being posted.

    In the order of their keys, and after the batch. SQLite knows no such lock: there the batch, once held, keeps out
    everybody else who writes.
    """
    keys = sorted(set(payments.order_by().values_list("award", flat=True)))
    for part in in_parts(keys):
        list(Award.objects.filter(pk__in=part).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def being_recovered(payments: PaymentQuerySet) -> PaymentQuerySet:
    """Those whose money a family is asked for, or has given back in part: the bank cannot return it as well."""
    asked = Q(state=RecoveryState.OPEN) | Q(receipts__isnull=False)
    return payments.filter(Exists(Recovery.objects.filter(asked, award=OuterRef("award"))))


def enter(
    payments: Iterable[Payment],
    *,
    bounced_on: date,
    failure: str,
    words: str,
    by: User,
    at: datetime,
    file: ReturnFile | None = None,
) -> list[Bounce]:
    """Post the other half of paid payments whose batch the caller holds."""
    bounces = [
        Bounce.objects.create(
            payment=payment,
            bounced_on=bounced_on,
            failure=failure,
            words=words,
            file=file,
            entered_by=by,
            entered_at=at,
        )
        for payment in payments
    ]
    funds.take_back(bounces, by=by, at=at)
    for bounce in bounces:
        actions.record(
            by, "payment.bounced", bounce.payment, at=at, failure=failure, amount_fen=bounce.payment.amount_fen
        )
    return bounces
