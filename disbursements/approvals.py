"""What whoever approves a batch is shown: people and money by stage and payer, and what is other than last time."""

from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Sum

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

    @property
    def left_fen(self) -> int:
        return self.available_fen - self.needed_fen


@dataclass(frozen=True)
class Difference:
    """A batch beside the last term in which its program was paid."""

    term: Term
    new: PaymentQuerySet
    """Payments of the batch to children who got nothing then."""
    changed: PaymentQuerySet
    """Payments of the batch whose amount was another one (`before_fen`)."""
    dropped: PaymentQuerySet
    """Payments of that term to children who are in no batch of this one yet."""


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
    available = {each.payer: each.available for each in funds.balances(batch.term, batch.program)}
    return [
        PayerLine(str(Payer(payer).label), per_mille[payer], needed, available.get(payer, 0))
        for payer, needed in split(batch.payments.all(), per_mille).items()
    ]


def difference(batch: Batch) -> Difference | None:
    """Who is new, gone, or gets another amount than when the program was last paid in an earlier term."""
    paid = Payment.objects.live().filter(batch__program=batch.program, batch__state__in=_APPROVED)
    last = Term.objects.filter(
        Exists(paid.filter(batch__term=OuterRef("pk"))), starts_on__lt=batch.term.starts_on
    ).order_by("-starts_on", "pk")
    term = last.first()
    if term is None:
        return None
    before = paid.filter(batch__term=term)
    then = before.filter(award__student=OuterRef("award__student")).order_by("pk")
    here = Payment.objects.live().filter(
        batch__program=batch.program, batch__term=batch.term, award__student=OuterRef("award__student")
    )
    in_batch = batch.payments.annotate(before_fen=Subquery(then.values("amount_fen")[:1]))
    return Difference(
        term=term,
        new=in_batch.filter(before_fen=None),
        changed=in_batch.filter(~Q(before_fen=F("amount_fen")), before_fen__isnull=False),
        dropped=before.filter(~Exists(here)),
    )
