"""Money that was paid and has to come back (追缴): proposed by the facts, opened by a person, received in parts,
closed when all of it is there, or waived by another person with a reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.money import yuan
from common.moves import Refused, hold, move
from disbursements import funds
from disbursements.choices import RECOVERY_MOVES, PaymentState, RecoveryCause, RecoveryState
from disbursements.models import PayDecision, Payment, PaymentQuerySet, Recovery, RecoveryReceipt
from programs import gaps
from programs.choices import Gap, Mistake
from programs.models import Award, Objection
from schools.models import Term

_CAUSES = {
    Mistake.LEFT: RecoveryCause.LEFT,
    Mistake.SUSPENDED: RecoveryCause.LEFT,
    Mistake.TWICE: RecoveryCause.TWICE,
    Mistake.EXCLUDED: RecoveryCause.TWICE,
}
"""What speaks against an award so that its money may be asked back. Facts that ended do not: they held when it was
paid."""


class NothingPaid(Refused):
    code = "recovery-nothing-paid"
    message = _("这笔资助没有到账的发放，或者已经退票，不用追缴。")


class MoreThanPaid(Refused):
    code = "recovery-more-than-paid"
    message = _("最多可以追缴 %(most)s 元。")


class AlreadyOpen(Refused):
    code = "recovery-already-open"
    message = _("这笔资助正在追缴。")


class WordsMissing(Refused):
    code = "recovery-words-missing"
    message = _("请写明原因。")


class MoreThanDue(Refused):
    code = "recovery-more-than-due"
    message = _("还应收回 %(most)s 元，收款不能超过它。")


class VoucherKnown(Refused):
    code = "recovery-voucher-known"
    message = _("凭证号“%(voucher)s”已经登记过。")


class OwnRecovery(Refused):
    code = "recovery-own"
    message = _("追缴是您提出的，必须由另一个人批准免于追缴。")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A paid award that should not stand, as far as the facts of today say."""

    award: int
    cause: RecoveryCause


def proposed(term: Term) -> list[Proposal]:
    """What may have to come back: paid, not asked back yet, and mistaken or objected to rightly.

    A child of whom a person decided that it is paid though it left is not asked back for having left.
    """
    paid = set(_arrived().filter(award__term=term).values_list("award", flat=True))
    paid -= set(Recovery.objects.filter(award__term=term).values_list("award", flat=True))
    decided = set(PayDecision.objects.filter(award__term=term, is_to_pay=True).values_list("award", flat=True))
    causes = {
        award: cause
        for award, cause in _speaking_against(term)
        if award in paid and not (cause == RecoveryCause.LEFT and award in decided)
    }
    return [Proposal(award, cause) for award, cause in sorted(causes.items())]


def _speaking_against(term: Term) -> Iterator[tuple[int, RecoveryCause]]:
    for line in gaps.find(term):
        if line.gap is Gap.MISTAKEN and (cause := next((_CAUSES[m] for m in line.mistakes if m in _CAUSES), None)):
            yield line.award, cause
    for award in Objection.objects.filter(award__term=term, is_upheld=True).values_list("award", flat=True):
        yield award, RecoveryCause.UPHELD


def _arrived() -> PaymentQuerySet:
    """Payments that arrived and are still there."""
    return Payment.objects.live().filter(state=PaymentState.PAID)


def still_out(award: Award) -> int:
    """Fen of an award that were paid and did not come back yet, by the bank or by a receipt."""
    back = RecoveryReceipt.objects.filter(recovery__award=award).aggregate(fen=Sum("amount_fen"))["fen"] or 0
    return _arrived().filter(award=award).totals()["amount_fen"] - back


def received(recovery: Recovery) -> int:
    return recovery.receipts.aggregate(fen=Sum("amount_fen"))["fen"] or 0


@transaction.atomic
def open(award: Award, *, cause: str, due_fen: int, words: str, by: User, at: datetime) -> Recovery:
    """Ask money back from a family or a school."""
    if not words.strip():
        raise WordsMissing()
    hold(award, award.state)
    most = still_out(award)
    if most <= 0:
        raise NothingPaid()
    if not 0 < due_fen <= most:
        raise MoreThanPaid(most=yuan(most))
    if award.recoveries.filter(state=RecoveryState.OPEN).exists():
        raise AlreadyOpen()
    recovery = Recovery.objects.create(
        award=award, cause=cause, due_fen=due_fen, words=words.strip()[:200], opened_by=by, opened_at=at
    )
    actions.record(by, "recovery.opened", recovery, at=at, cause=cause, due_fen=due_fen)
    return recovery


@transaction.atomic
def receive(
    recovery: Recovery, *, amount_fen: int, received_on: date, voucher: str, by: User, at: datetime
) -> RecoveryReceipt:
    """Enter a part that came in; the last one closes the recovery."""
    hold(recovery, RecoveryState.OPEN)
    payment = _arrived().filter(award=recovery.award_id).select_related("batch__term", "batch__program").first()
    if payment is None:
        raise NothingPaid()
    most = recovery.due_fen - received(recovery)
    if not 0 < amount_fen <= most:
        raise MoreThanDue(most=yuan(most))
    if recovery.receipts.filter(voucher=voucher).exists():
        raise VoucherKnown(voucher=voucher)
    receipt = RecoveryReceipt.objects.create(
        recovery=recovery,
        amount_fen=amount_fen,
        received_on=received_on,
        voucher=voucher,
        entered_by=by,
        entered_at=at,
    )
    funds.recover(receipt, payment.batch, by=by, at=at)
    actions.record(by, "recovery.received", recovery, at=at, amount_fen=amount_fen)
    if amount_fen == most:
        move(recovery, RecoveryState.COLLECTED, moves=RECOVERY_MOVES, closed_by=by, closed_at=at)
        actions.record(by, "recovery.collected", recovery, at=at)
    return receipt


@transaction.atomic
def waive(recovery: Recovery, *, words: str, by: User, at: datetime) -> None:
    """Let the rest go. It takes another person than the one who asked for the money."""
    if not words.strip():
        raise WordsMissing()
    if by.pk == recovery.opened_by_id:
        raise OwnRecovery()
    move(
        recovery,
        RecoveryState.WAIVED,
        moves=RECOVERY_MOVES,
        closed_by=by,
        closed_at=at,
        closing_words=words.strip()[:200],
    )
    actions.record(by, "recovery.waived", recovery, at=at, rest_fen=recovery.due_fen - received(recovery))
