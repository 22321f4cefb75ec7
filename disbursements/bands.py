"""From which amount on a batch needs a third person's signature (加签金额): kept by the county's approvers.

One approver may ask for more control: a band is added by one. It takes two approvers to ask for less. Whoever prepares
a batch and whoever approves it must not be able to do away with the third between them, so the second one who ends a
band is an approver too, and until then the band holds. A band whose place a higher one shall take is ended in the same
way; an added one that is higher changes nothing, because the lowest decides.
"""

from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
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


class OwnProposal(Refused):
    code = "band-own-proposal"
    message = _("结束这条加签金额是您提出的，必须由另一名审核人确认。")


class BandKnown(Refused):
    code = "band-known"
    message = _("从这一天起同样的加签金额已经设定过。")


class EndsTooEarly(Refused):
    code = "band-ends-too-early"
    message = _("最后一天不能早于 %(first)s：在那以前审核的批次已经按它办理。")


@transaction.atomic
def add(*, from_fen: int, program: Program | None = None, valid_from: date, by: User, at: datetime) -> ApprovalBand:
    """From a day on, a batch of so much (of a program, or of any) needs a third signature."""
    if from_fen <= 0:
        raise NoAmount()
    Program.objects.filter(pk__in=Program.objects.order_by("pk").values("pk")[:1]).update(position=F("position"))
    if ApprovalBand.objects.filter(from_fen=from_fen, program=program, valid_from=valid_from, valid_to=None).exists():
        raise BandKnown()
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
def propose_end(band: ApprovalBand, *, on: date, by: User, at: datetime) -> None:
    """Ask for its last day, today at the earliest; another approver confirms it. It can be asked anew until then.

    An entered band is not changed otherwise: batches were approved by it.
    """
    first = max(band.valid_from, timezone.localdate(at))
    if on < first:
        raise EndsTooEarly(first=first.isoformat())
    open_band = ApprovalBand.objects.filter(pk=band.pk, valid_to=None)
    if not open_band.update(end_on=on, end_proposed_by=by, end_proposed_at=at):
        raise WrongState()
    band.refresh_from_db()
    actions.record(by, "band.end-proposed", band, at=at, valid_to=on.isoformat())


@transaction.atomic
def end(band: ApprovalBand, *, on: date, by: User, at: datetime) -> None:
    """Confirm the last day that another approver asked for: `on` is the day that the one who confirms was shown.

    A day that is over meanwhile is no last day any more: batches were approved by the band since.
    """
    if by.pk == band.end_proposed_by_id:
        raise OwnProposal()
    if on < timezone.localdate(at):
        raise EndsTooEarly(first=timezone.localdate(at).isoformat())
    asked = ApprovalBand.objects.filter(pk=band.pk, valid_to=None, end_on=on, end_proposed_by__isnull=False)
    if not asked.exclude(end_proposed_by=by).update(valid_to=on, ended_by=by):
        raise WrongState()
    band.refresh_from_db()
    actions.record(by, "band.ended", band, at=at, valid_to=on.isoformat())


def holding(on: date) -> QuerySet[ApprovalBand]:
    return ApprovalBand.objects.filter(Q(valid_to=None) | Q(valid_to__gte=on), valid_from__lte=on)


def needs_third(program: Program, amount_fen: int, *, on: date) -> bool:
    """Whether a batch of this amount needs a third signature on a day; of several bands the lowest decides."""
    return holding(on).filter(Q(program=None) | Q(program=program), from_fen__lte=amount_fen).exists()
