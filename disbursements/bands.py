"""From which amount on a batch needs a third person's signature (加签金额): kept by the county's approvers."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, WrongState
from disbursements.models import ApprovalBand
from programs.models import Program


class NoAmount(Refused):
    code = "band-no-amount"
    message = _("加签金额要大于 0。")


class EndsTooEarly(Refused):
    code = "band-ends-too-early"
    message = _("最后一天不能早于 %(first)s：在那以前审核的批次已经按它办理。")


@transaction.atomic
def add(*, from_fen: int, program: Program | None = None, valid_from: date, by: User, at: datetime) -> ApprovalBand:
    """From a day on, a batch of so much (of a program, or of any) needs a third signature."""
    if from_fen <= 0:
        raise NoAmount()
    band = ApprovalBand.objects.create(from_fen=from_fen, program=program, valid_from=valid_from)
    actions.record(
        by,
        "band.added",
        band,
        at=at,
        from_fen=from_fen,
        program=program.pk if program else "",
        valid_from=valid_from.isoformat(),
    )
    return band


@transaction.atomic
def end(band: ApprovalBand, *, on: date, by: User, at: datetime) -> None:
    """Say its last day, today at the earliest: whoever ends it cannot approve without it on the same day.

    An entered band is not changed otherwise: batches were approved by it.
    """
    first = max(band.valid_from, timezone.localdate(at))
    if on < first:
        raise EndsTooEarly(first=first.isoformat())
    if not ApprovalBand.objects.filter(pk=band.pk, valid_to=None).update(valid_to=on):
        raise WrongState()
    band.refresh_from_db()
    actions.record(by, "band.ended", band, at=at, valid_to=on.isoformat())


def holding(on: date) -> QuerySet[ApprovalBand]:
    return ApprovalBand.objects.filter(Q(valid_to=None) | Q(valid_to__gte=on), valid_from__lte=on)


def needs_third(program: Program, amount_fen: int, *, on: date) -> bool:
    """Whether a batch of this amount needs a third signature on a day; of several bands the lowest decides."""
    return holding(on).filter(Q(program=None) | Q(program=program), from_fen__lte=amount_fen).exists()
