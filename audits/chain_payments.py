"""The money's part of a chain: each try with its batch, file, answer and late return, recoveries, and what arrived."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Action
from common import masking
from common.money import yuan
from disbursements.choices import PaymentState, RecoveryState, Way
from disbursements.models import Batch, Bounce, Inquiry, PayDecision, Payment, Recovery, ReturnLine
from programs.choices import ProgramKind
from programs.models import Award


@dataclass(frozen=True)
class Fact:
    """One thing on record: what, by whom, when, and where to look; or what is missing."""

    words: str
    by: str = ""
    at: datetime | None = None
    on: date | None = None
    url: str = ""
    is_missing: bool = False


@dataclass(frozen=True)
class Step:
    """One station of the way."""

    title: str
    facts: list[Fact]

    @property
    def lacks(self) -> bool:
        return any(fact.is_missing for fact in self.facts)


def steps(
    award: Award,
    payments: Sequence[Payment],
    answers: Mapping[Any, Sequence[ReturnLine]],
    inquiries: Mapping[Any, Sequence[Inquiry]],
    rolls: Mapping[Any, Sequence[Action]],
    recoveries: Sequence[Recovery],
    decisions: Sequence[PayDecision],
) -> Iterator[Step]:
    if decisions:
        yield Step(_("离校学生的发放决定"), [_decision(each) for each in decisions])
    for payment in payments:
        title = _("第 %(n)s 次发放") % {"n": payment.attempt}
        yield Step(title, list(_payment(award, payment, answers, inquiries, rolls)))
    if recoveries:
        yield Step(_("追缴"), [fact for recovery in recoveries for fact in _recovery(recovery)])
    yield Step(_("到账"), [_arrived(award, payments, recoveries)])


def _decision(decision: PayDecision) -> Fact:
    verdict = _("仍然发放") if decision.is_to_pay else _("不再发放")
    words = _("%(verdict)s：%(words)s") % {"verdict": verdict, "words": decision.words}
    return Fact(words, by=str(decision.decided_by), at=decision.decided_at)


def _payment(
    award: Award,
    payment: Payment,
    answers: Mapping[Any, Sequence[ReturnLine]],
    inquiries: Mapping[Any, Sequence[Inquiry]],
    rolls: Mapping[Any, Sequence[Action]],
) -> Iterator[Fact]:
    batch = payment.batch
    words = _("批次 %(number)s，%(amount)s 元，%(payee)s") % {
        "number": batch.number,
        "amount": yuan(payment.amount_fen),
        "payee": _payee(award, payment),
    }
    yield Fact(words, by=str(batch.prepared_by), at=batch.prepared_at, url=batch.get_absolute_url())
    yield from _signed(batch)
    if batch.way == Way.CASH:
        yield from _cash(payment, rolls.get((batch.pk, award.school.code), ()))
    else:
        line = (batch.pk, payment.line_no)
        yield from _bank(payment, answers.get(line, ()), inquiries.get(line, ()))
    yield from _outcome(payment)


def _payee(award: Award, payment: Payment) -> str:
    card = payment.card
    if payment.batch.way == Way.CASH:
        return _("现金")
    if card is None:
        return _("学校账户")
    who = _("本人") if card.holder == award.student.name else card.relation or _("他人")
    return _("%(who)s的卡 %(number)s") % {"who": who, "number": masking.card(card.number)}


def _signed(batch: Batch) -> Iterator[Fact]:
    if batch.approved_by is None:
        yield Fact(_("批次没有审核"), is_missing=True)
    else:
        yield Fact(_("批次审核"), by=str(batch.approved_by), at=batch.approved_at)
    if batch.released_by is not None:
        yield Fact(_("第三人加签"), by=str(batch.released_by), at=batch.released_at)
    elif batch.needs_third:
        yield Fact(_("须加签的批次没有加签"), is_missing=True)


def _cash(payment: Payment, rolls: Sequence[Action]) -> Iterator[Fact]:
    for roll in rolls[-1:]:
        url = reverse("disbursements:batch-roll", args=[payment.batch_id])
        yield Fact(_("登记学校的签字表"), by=str(roll.actor or ""), at=roll.at, url=url)
    if not rolls and payment.state == PaymentState.PAID:
        yield Fact(_("没有登记签字表"), is_missing=True)


def _bank(payment: Payment, lines: Sequence[ReturnLine], inquiries: Sequence[Inquiry]) -> Iterator[Fact]:
    batch = payment.batch
    if batch.bank_file is None:
        yield Fact(_("没有银行代发文件"), is_missing=batch.sent_at is not None)
    else:
        words = _("%(file)s 第 %(line)s 行") % {"file": batch.bank_file.name, "line": payment.line_no}
        yield Fact(words, at=batch.sent_at)
    for line in lines:
        words = _("回盘 %(file)s 第 %(row)s 行：%(outcome)s") % {
            "file": line.file.file.name,
            "row": line.row,
            "outcome": line.get_outcome_display(),
        }
        yield Fact(words, by=str(line.file.uploaded_by), at=line.file.uploaded_at, url=batch.get_absolute_url())
    for inquiry in inquiries:
        yield _inquiry(inquiry)
    if batch.sent_at is not None and not lines and not inquiries:
        yield Fact(_("没有银行回盘"), is_missing=True)


def _inquiry(inquiry: Inquiry) -> Fact:
    words = _("银行答复由%(noted)s登记，另一人确认：%(words)s") % {
        "noted": inquiry.entered_by,
        "words": inquiry.words,
    }
    return Fact(words, by=str(inquiry.closed_by or ""), at=inquiry.closed_at, url=inquiry.get_absolute_url())


def _outcome(payment: Payment) -> Iterator[Fact]:
    if payment.state == PaymentState.FAILED:
        words = _("发放失败：%(reason)s") % {"reason": payment.get_failure_display()}
        if payment.bank_words:
            words = _("发放失败：%(reason)s（%(words)s）") % {
                "reason": payment.get_failure_display(),
                "words": payment.bank_words,
            }
        yield Fact(words)
    elif payment.state == PaymentState.PAID:
        yield Fact(_("发放成功"), on=payment.paid_on)
    else:
        yield Fact(payment.get_state_display())
    if (late := payment.late_return) is not None:
        yield _late(late)


def _late(bounce: Bounce) -> Fact:
    words = _("到账后退票：%(reason)s，%(day)s") % {
        "reason": bounce.get_failure_display(),
        "day": date_format(bounce.bounced_on, "Y-m-d"),
    }
    return Fact(words, by=str(bounce.entered_by), at=bounce.entered_at, url=reverse("disbursements:bounces"))


def _recovery(recovery: Recovery) -> Iterator[Fact]:
    words = _("应追缴 %(amount)s 元：%(cause)s，%(words)s") % {
        "amount": yuan(recovery.due_fen),
        "cause": recovery.get_cause_display(),
        "words": recovery.words,
    }
    url = reverse("disbursements:recovery", args=[recovery.pk])
    yield Fact(words, by=str(recovery.opened_by), at=recovery.opened_at, url=url)
    for receipt in recovery.receipts.all():
        words = _("收回 %(amount)s 元，凭证 %(voucher)s") % {
            "amount": yuan(receipt.amount_fen),
            "voucher": receipt.voucher,
        }
        yield Fact(words, by=str(receipt.entered_by), on=receipt.received_on)
    if recovery.state == RecoveryState.OPEN:
        yield Fact(_("追缴还没有办结"), is_missing=True)
    else:
        yield Fact(recovery.get_state_display(), by=str(recovery.closed_by or ""), at=recovery.closed_at)


def _arrived(award: Award, payments: Sequence[Payment], recoveries: Sequence[Recovery]) -> Fact:
    kept = [each for each in payments if each.state == PaymentState.PAID and each.late_return is None]
    if not kept:
        if award.program.kind == ProgramKind.IN_KIND and not payments:
            return Fact(_("实物或供餐，不通过批次发放"))
        return Fact(_("没有到账"), is_missing=True)
    back = sum(receipt.amount_fen for recovery in recoveries for receipt in recovery.receipts.all())
    amount = sum(each.amount_fen for each in kept)
    words = _("到账 %(amount)s 元") % {"amount": yuan(amount)}
    if back:
        words = _("到账 %(amount)s 元，已收回 %(back)s 元") % {"amount": yuan(amount), "back": yuan(back)}
    return Fact(words, on=kept[-1].paid_on)
