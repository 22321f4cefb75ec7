"""Batches: a program's confirmed awards go to the bank together, after a second person has approved them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import insert
from common.moves import Refused, hold, move
from disbursements import funds
from disbursements.choices import BATCH_MOVES, BatchState, PaymentState
from disbursements.models import Batch, Payment
from jobs.run import Running
from programs.choices import AwardState, Payee
from programs.models import Award, Program
from schools.models import Term
from students.models import Card

BUILD_ROWS = 1_000


class OwnBatch(Refused):
    code = "own-batch"
    message = _("批次是您编制的，必须由另一个人审核。")


class EmptyBatch(Refused):
    code = "batch-empty"
    message = _("批次里没有可以发放的资助。")


class TotalsDiffer(Refused):
    code = "batch-totals-differ"
    message = _("批次合计与明细不一致，请作废后重新编制。")


class BatchOpen(Refused):
    code = "batch-open"
    message = _("这个项目还有一个未送银行的批次，请先处理它。")


class NothingToPay(Refused):
    code = "nothing-to-pay"
    message = _("没有待发放的资助：已审定的都在批次里，或者还没有可用的银行卡。")


@transaction.atomic
def prepare(*, term: Term, program: Program, by: User, at: datetime) -> Batch:
    """Open a batch for what is confirmed and not yet paid; the background run `batch-build` fills it."""
    hold_back = Batch.objects.filter(term=term, program=program, state__in=[BatchState.DRAFT, BatchState.APPROVED])
    if hold_back.exists():
        raise BatchOpen()
    if not payable(term, program).exists():
        raise NothingToPay()
    number = f"{term.pk}-{program.pk}-{Batch.objects.filter(term=term, program=program).count() + 1:02d}"
    batch = Batch.objects.create(term=term, program=program, number=number, prepared_by=by, prepared_at=at)
    actions.record(by, "batch.prepared", batch, at=at)
    return batch


def payable(term: Term, program: Program) -> QuerySet[Award]:
    """Confirmed awards without a live payment, whose payee can be paid.

    After a failure or a late return the award waits until its card is another one than the bank refused; an account
    of a school can be tried again as it is, after the school has set it right with its bank.
    """
    awards = Award.objects.filter(term=term, program=program, state=AwardState.CONFIRMED)
    awards = awards.exclude(pk__in=Payment.objects.live().values("award"))
    if program.payee == Payee.SCHOOL:
        return awards.exclude(school__account_holder="")
    refused = Payment.objects.filter(
        Q(state=PaymentState.FAILED) | Q(bounce__isnull=False),
        award__term=term,
        award__program=program,
        card__is_current=True,
    )
    return awards.filter(student__cards__is_current=True).exclude(pk__in=refused.values("award"))


def waiting_for_a_card(term: Term, program: Program) -> QuerySet[Award]:
    """Confirmed awards that nobody can pay yet: no card, or the bank refused the one on record."""
    awards = Award.objects.filter(term=term, program=program, state=AwardState.CONFIRMED)
    unpaid = awards.exclude(pk__in=Payment.objects.live().values("award"))
    return unpaid.exclude(pk__in=payable(term, program).values("pk"))


_PAYMENT = (
    "award", "batch", "attempt", "line_no", "card", "amount_fen", "state", "failure", "bank_words", "paid_on",
    "bounces",
)  # fmt: skip


def build(batch: Batch, *, running: Running) -> dict[str, Any]:
    """Fill a draft batch with payments, in chunks; the last step sets its control totals."""
    waiting = payable(batch.term, batch.program)
    running.report_total(waiting.order_by("-pk").values_list("pk", flat=True).first() or running.cursor)
    while True:
        part = list(
            waiting.filter(pk__gt=running.cursor)
            .order_by("pk")
            .values_list("pk", "student", "school", "amount_fen")[:BUILD_ROWS]
        )
        if not part:
            break
        with running.chunk(to=part[-1][0]):
            hold(batch, BatchState.DRAFT)
            insert(Payment, _PAYMENT, _payments(batch, part))
    totals: dict[str, Any] = {}
    with running.chunk(to=running.cursor, result=totals):
        hold(batch, BatchState.DRAFT)
        totals |= batch.payments.totals()
        if not totals["people"]:
            raise EmptyBatch()
        Batch.objects.filter(pk=batch.pk).update(**totals)
    return totals


def _payments(batch: Batch, part: Sequence[tuple[int, int, int, int]]) -> list[tuple[Any, ...]]:
    """Payments for some awards. Payments to one school share a line of the bank file; each card has its own."""
    earlier = Payment.objects.filter(award__in=[award for award, *_ in part]).order_by().values_list("award")
    attempts = {
        award: (last, bounces)
        for award, last, bounces in earlier.annotate(last=Max("attempt"), bounces=Count("bounce"))
    }
    to_schools = batch.program.payee == Payee.SCHOOL
    students = [] if to_schools else [student for _, student, *_ in part]
    cards = dict(Card.objects.filter(student__in=students, is_current=True).values_list("student", "pk"))
    lines = dict(batch.payments.order_by().values_list("award__school", "line_no")) if to_schools else {}
    next_line = (batch.payments.aggregate(last=Max("line_no"))["last"] or 0) + 1
    payments = []
    for award, student, school, amount_fen in part:
        if to_schools and school in lines:
            line = lines[school]
        else:
            line = lines[school] = next_line
            next_line += 1
        last, bounces = attempts.get(award, (0, 0))
        payments.append((
            award, batch.pk, last + 1, line, cards.get(student), amount_fen,
            PaymentState.PENDING, "", "", None, bounces,
        ))  # fmt: skip
    return payments


@transaction.atomic
def approve(batch: Batch, *, by: User, at: datetime) -> None:
    """Freeze a draft batch and set its money aside in the fund.

    Whoever made the batch can't approve it. Afterwards no payment can be added or
    taken out, so the bank file always holds what was approved.
    """
    if by.pk == batch.prepared_by_id:
        raise OwnBatch()
    move(batch, BatchState.APPROVED, moves=BATCH_MOVES, approved_by=by, approved_at=at)
    totals = batch.payments.totals()
    if not batch.people:
        raise EmptyBatch()
    if totals != {"people": batch.people, "amount_fen": batch.amount_fen}:
        raise TotalsDiffer()
    funds.reserve(batch, by=by, at=at)
    actions.record(by, "batch.approved", batch, at=at, **totals)


@transaction.atomic
def discard(batch: Batch, *, by: User, at: datetime) -> None:
    """Give a draft up; its awards can go into another batch."""
    move(batch, BatchState.DISCARDED, moves=BATCH_MOVES)
    batch.payments.update(state=PaymentState.DISCARDED)
    actions.record(by, "batch.discarded", batch, at=at)
