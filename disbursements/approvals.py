"""What whoever approves a batch is shown: people and money by stage and payer, and what is other than last time."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Sum

from disbursements import funds
from disbursements.choices import BatchState
from disbursements.models import Batch, Payment, PaymentQuerySet
from programs.choices import Payer
from programs.shares import NoShares, shares_of, split
from schools.models import Term

_APPROVED = (BatchState.APPROVED, BatchState.SENT, BatchState.SETTLED)


@dataclass(frozen=True)
class PayerLine:
    """What one payer bears of a batch, and what its fund holds."""

    payer: str
    per_mille: int
    needed_fen: int
    available_fen: int
    carried_fen: int = 0
    """What came to the fund from earlier terms."""

    @property
    def left_fen(self) -> int:
        return self.available_fen - self.needed_fen


@dataclass(frozen=True)
class Change:
    """One payment that is other than last time, and what it was then."""

    payment: int
    amount_fen: int
    before_fen: int | None = None


@dataclass(frozen=True)
class Difference:
    """A batch beside the last term in which its program was paid."""

    term: Term
    new: Sequence[Change]
    """Payments of the batch to children who got nothing then."""
    dropped: Sequence[Change]
    """Payments of that term to children who are in no batch of this one yet."""
    changed: Sequence[Change]
    """Payments of the batch whose amount was another one."""


def by_stage(batch: Batch) -> list[tuple[str, int, int, int]]:
    """(stage, schools, people, fen) in the order of the stages."""
    groups = batch.payments.order_by().values_list("award__stage__name", "award__stage__position")
    rows = groups.annotate(
        schools=Count("award__school", distinct=True), people=Count("pk"), fen=Sum("amount_fen")
    ).order_by("award__stage__position", "award__stage__name")
    return [(stage, schools, people, fen) for stage, _position, schools, people, fen in rows]


def by_payer(batch: Batch) -> list[PayerLine]:
    """How the batch would be borne. Without shares on record nobody bears it, and it cannot be approved."""
    try:
        per_mille = shares_of(batch.program, batch.term)
    except NoShares:
        return []
    known = {each.payer: (each.available, each.carried_in) for each in funds.balances(batch.term, batch.program)}
    return [
        PayerLine(str(Payer(payer).label), per_mille[payer], needed, *known.get(payer, (0, 0)))
        for payer, needed in split(batch.payments.all(), per_mille).items()
    ]


def difference(batch: Batch) -> Difference | None:
    """Who is new, gone, or gets another amount than when the program was last paid in an earlier term."""
    paid = Payment.objects.live().filter(batch__program=batch.program)
    earlier = Batch.objects.filter(
        program=batch.program, state__in=_APPROVED, term__starts_on__lt=batch.term.starts_on
    ).order_by("-term__starts_on", "-pk")
    last = earlier.select_related("term").first()
    if last is None:
        return None
    before = _by_student(paid.filter(batch__term=last.term, batch__state__in=_APPROVED))
    now = _by_student(paid.filter(batch__term=batch.term))
    mine = _by_student(batch.payments.all())
    then = {student: fen for student, (_payment, fen) in before.items()}
    return Difference(
        term=last.term,
        new=[Change(pk, fen) for student, (pk, fen) in mine.items() if student not in then],
        dropped=[Change(pk, fen) for student, (pk, fen) in before.items() if student not in now],
        changed=[
            Change(pk, fen, then[student])
            for student, (pk, fen) in mine.items()
            if student in then and fen != then[student]
        ],
    )


def _by_student(payments: PaymentQuerySet) -> dict[int, tuple[int, int]]:
    """student → (payment, fen), in the order of schools and classes. A child has one live payment of a program."""
    rows = payments.order_by("award__school", "award__grade_no", "award__class_name", "pk")
    return {student: (pk, fen) for student, pk, fen in rows.values_list("award__student", "pk", "amount_fen")}
