"""Batches: a program's confirmed awards go to their payees together, after a second person has approved them and, from
an amount on, a third one has signed.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import insert
from common.moves import Refused, WrongState, hold, move
from common.redaction import redact
from disbursements import bands, blockers, funds, sending
from disbursements.blockers import EmptyBatch, OwnBatch
from disbursements.choices import BATCH_MOVES, BatchState, PaymentState, Way
from disbursements.models import Bank, Batch, Payment
from disbursements.payable import payable
from jobs.run import Running
from programs.blockers import refuse
from programs.choices import Payee
from programs.models import Award, Program
from schools.models import Term
from students.models import Card

BUILD_ROWS = 1_000


class BatchOpen(Refused):
    code = "batch-open"
    message = _("这个项目还有一个未送银行的批次，请先处理它。")


class NothingToPay(Refused):
    code = "nothing-to-pay"
    message = _("没有待发放的资助：已审定的都在批次里，或者还没有可用的银行卡。")


class NobodyWithoutCard(Refused):
    code = "nobody-without-card"
    message = _("没有需要发放现金的资助：现金只发给没有银行卡、或者现用的卡被银行退回的学生。")


class CashToSchool(Refused):
    code = "cash-to-school"
    message = _("这个项目拨付到学校账户，不能发放现金。")


class WordsMissing(Refused):
    code = "batch-words-missing"
    message = _("请写明原因。")


class NotThird(Refused):
    code = "batch-not-third"
    message = _("加签人必须是经办人和审核人以外的第三个人。")


class MayBeOut(Refused):
    code = "batch-may-be-out"
    message = _("代发文件已有人下载，或者是现金发放。请先确认文件没有交给银行、现金没有发出，再勾选撤回。")


class OwnTakeBack(Refused):
    code = "own-take-back"
    message = _("批次是您编制的，撤回要由审核人或者第三个人办理。")


@transaction.atomic
def prepare(
    *,
    term: Term,
    program: Program,
    bank: Bank | None = None,
    way: Way = Way.BANK,
    cash_reason: str = "",
    by: User,
    at: datetime,
) -> Batch:
    """Open a batch for what is confirmed and not yet paid; the background run `batch-build` fills it.

    Its control totals are counted here, before any payment is written. With a bank it takes those whose card is one
    of this bank; of a term, program, bank and way one batch is open at a time.
    """
    Program.objects.filter(pk=program.pk).update(position=F("position"))  # two who prepare it queue here
    if way == Way.CASH:
        bank = None
        if program.payee == Payee.SCHOOL:
            raise CashToSchool()
        if not cash_reason.strip():
            raise WordsMissing()
    batches = Batch.objects.filter(term=term, program=program)
    open_states = [BatchState.DRAFT, BatchState.APPROVED]
    if batches.filter(bank=bank, way=way, state__in=open_states).exists():
        raise BatchOpen()
    planned = _totals(payable(term, program, bank=bank, way=way))
    if not planned["people"]:
        raise NobodyWithoutCard() if way == Way.CASH else NothingToPay()
    batch = Batch.objects.create(
        term=term,
        program=program,
        number=f"{term.pk}-{program.pk}-{batches.count() + 1:02d}",
        bank=bank,
        way=way,
        cash_reason=cash_reason.strip() if way == Way.CASH else "",
        planned_people=planned["people"],
        planned_fen=planned["amount_fen"],
        prepared_by=by,
        prepared_at=at,
    )
    actions.record(by, "batch.prepared", batch, at=at, way=way, **planned)
    return batch


def _totals(awards: QuerySet[Award]) -> dict[str, int]:
    sums = awards.order_by().aggregate(people=Count("pk"), fen=Sum("amount_fen"))
    return {"people": sums["people"], "amount_fen": sums["fen"] or 0}


_PAYMENT = (
    "award", "batch", "attempt", "line_no", "card", "amount_fen", "state", "failure", "bank_words", "paid_on",
    "bounces",
)  # fmt: skip


def build(batch: Batch, *, running: Running) -> dict[str, Any]:
    """Fill a draft batch with payments, in chunks; the last step compares them with the control totals.

    Where an award or a card changed in between, the run is refused and nobody can approve the batch.
    """
    rows = payable(batch.term, batch.program, bank=batch.bank, way=Way(batch.way))
    running.report_total(rows.order_by("-pk").values_list("pk", flat=True).first() or running.cursor)
    while True:
        part = list(
            rows.filter(pk__gt=running.cursor)
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
        blockers.compare(batch.planned, totals)
        Batch.objects.filter(pk=batch.pk).update(**totals)
    return totals


def _payments(batch: Batch, part: Sequence[tuple[int, int, int, int]]) -> list[tuple[Any, ...]]:
    """Payments for some awards. Payments to one school share a line of the bank file; each card has its own, and so
    has everybody on a roll of cash.
    """
    earlier = Payment.objects.filter(award__in=[award for award, *_ in part]).order_by().values_list("award")
    attempts = {
        award: (last, bounces)
        for award, last, bounces in earlier.annotate(last=Max("attempt"), bounces=Count("bounce"))
    }
    to_schools = batch.program.payee == Payee.SCHOOL
    to_cards = not to_schools and batch.way == Way.BANK
    students = [student for _, student, *_ in part] if to_cards else []
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


def approve(batch: Batch, *, by: User, at: datetime, seen: Collection[str] | None = None) -> None:
    """Freeze a draft batch and set its money aside in the fund.

    Whoever made the batch can't approve it. Afterwards no payment can be added or
    taken out, so the bank file always holds what was approved. `seen` are the codes of the warnings that the person
    ticked on the page; each that stands is written down with the approval. A caller without a page leaves it out.
    """
    if by.pk == batch.prepared_by_id:
        raise OwnBatch()
    warned = blockers.warnings(batch)
    if seen is not None:
        blockers.refuse_unseen(warned, seen)
    with transaction.atomic():
        move(batch, BatchState.APPROVED, moves=BATCH_MOVES, approved_by=by, approved_at=at)
        refuse(blockers.stops(batch, by=by))
        batch.needs_third = bands.needs_third(batch.program, batch.amount_fen, on=timezone.localdate(at))
        Batch.objects.filter(pk=batch.pk).update(needs_third=batch.needs_third)
        funds.reserve(batch, by=by, at=at)
        actions.record(
            by,
            "batch.approved",
            batch,
            at=at,
            **batch.totals,
            needs_third=batch.needs_third,
            warnings=[warning.code for warning in warned],
        )


@transaction.atomic
def release(batch: Batch, *, by: User, at: datetime) -> None:
    """The third signature on a batch whose amount asks for one: before it nothing is written, sent or handed out."""
    if by.pk in {batch.prepared_by_id, batch.approved_by_id}:
        raise NotThird()
    unsigned = Batch.objects.filter(pk=batch.pk, state=BatchState.APPROVED, needs_third=True, released_by=None)
    if not unsigned.update(released_by=by, released_at=at):
        raise WrongState()
    batch.refresh_from_db()
    actions.record(by, "batch.released", batch, at=at, **batch.totals)


@transaction.atomic
def send_back(batch: Batch, *, reason: str, by: User, at: datetime) -> None:
    """Say no to a draft, with words for whoever made it; its awards can go into another batch."""
    if not reason.strip():
        raise WordsMissing()
    if by.pk == batch.prepared_by_id:
        raise OwnBatch()
    move(batch, BatchState.SENT_BACK, moves=BATCH_MOVES, back_reason=redact(reason).strip()[:200])
    batch.payments.update(state=PaymentState.DISCARDED)
    actions.record(by, "batch.sent-back", batch, at=at, reason=batch.back_reason)


@transaction.atomic
def take_back(batch: Batch, *, reason: str, is_in_house: bool = False, by: User, at: datetime) -> None:
    """Undo an approval before anything left the house: the money is available again, the awards can be paid anew.

    Where somebody took the bank's file along already, or money is handed out in cash, a person has to say that it is
    still in the house (`is_in_house`): else the same children would be paid twice.
    """
    if not reason.strip():
        raise WordsMissing()
    if by.pk == batch.prepared_by_id:
        raise OwnTakeBack()
    hold(batch, BatchState.APPROVED)
    if not is_in_house and sending.may_be_out(batch):
        raise MayBeOut()
    move(batch, BatchState.DISCARDED, moves=BATCH_MOVES, back_reason=redact(reason).strip()[:200])
    batch.payments.update(state=PaymentState.DISCARDED)
    funds.release(batch, by=by, at=at)
    actions.record(by, "batch.taken-back", batch, at=at, reason=batch.back_reason, **batch.totals)


@transaction.atomic
def discard(batch: Batch, *, by: User, at: datetime) -> None:
    """Give a draft up, or one that was sent back; its awards can go into another batch."""
    hold(batch, BatchState.DRAFT, BatchState.SENT_BACK)
    move(batch, BatchState.DISCARDED, moves=BATCH_MOVES)
    batch.payments.update(state=PaymentState.DISCARDED)
    actions.record(by, "batch.discarded", batch, at=at)
