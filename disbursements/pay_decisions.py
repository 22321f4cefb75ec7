"""A child that left after its award was confirmed is not paid, and not left out either, without a person's word."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused
from common.redaction import redact
from disbursements.models import PayDecision, Payment
from programs.choices import AwardState
from programs.models import Award
from students.choices import EnrollmentState


class StillThere(Refused):
    code = "pay-decision-still-there"
    message = _("这名学生仍在校就读，按审定的名单发放，不用另作决定。")


class NotConfirmed(Refused):
    code = "pay-decision-not-confirmed"
    message = _("这项资助还没有审定，不能决定是否发放。")


class InABatch(Refused):
    code = "pay-decision-in-a-batch"
    message = _("这项资助已经编入批次或者已经发放，不能再改；要改请先作废或退回那个批次。")


class WhyMissing(Refused):
    code = "pay-decision-why-missing"
    message = _("请写明理由。")


@transaction.atomic
def decide(award: Award, *, is_to_pay: bool, words: str, by: User, at: datetime) -> PayDecision:
    """Say whether the award of a child that left is paid all the same. It can be said anew until it is paid."""
    if not words.strip():
        raise WhyMissing()
    if award.state != AwardState.CONFIRMED:
        raise NotConfirmed()
    if award.enrollment.state == EnrollmentState.STUDYING:
        raise StillThere()
    if Payment.objects.live().filter(award=award).exists():
        raise InABatch()
    decision, _is_new = PayDecision.objects.update_or_create(
        award=award,
        defaults={"is_to_pay": is_to_pay, "words": redact(words).strip()[:200], "decided_by": by, "decided_at": at},
    )
    actions.record(by, "award.pay-decided", award, at=at, is_to_pay=is_to_pay, words=decision.words)
    return decision
