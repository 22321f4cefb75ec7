"""What whoever approves a batch is shown: people and money by stage and payer, and what is other than last time."""

from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Subquery, Sum

from disbursements import funds
from disbursements.choices import BatchState
from disbursements.models import Batch, Payment, PaymentQuerySet
from programs.choices import Payer
from programs.shares import NoShares, shares_of, split
from schools.models import Term

_APPROVED = (BatchState.APPROVED, BatchState.SENT, BatchState.SETTLED)
_ORDER = ("award__school", "award__grade_no", "award__class_name", "pk")


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
class Difference:
    """A batch beside the last term in which its program was paid; counted and paged by the database."""

    term: Term
    new: PaymentQuerySet
    """Payments of the batch to children who got nothing then."""
    dropped: PaymentQuerySet
    """Payments of that term to children who are in no batch of this one yet."""
    changed: PaymentQuerySet
    """Payments of the batch whose amount was another one, `before_fen`."""


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
    """Who is new, gone, or gets another amount than when the program was last paid in an earlier term.

    A child has one live payment of a program in a term. All three are in the order of schools and classes.
    """
    earlier = Batch.objects.filter(
        program=batch.program, state__in=_APPROVED, term__starts_on__lt=batch.term.starts_on
    ).order_by("-term__starts_on", "-pk")
    last = earlier.select_related("term").first()
    if last is None:
        return None
    then, now = _paid(batch, last.term).filter(batch__state__in=_APPROVED), _paid(batch, batch.term)
    mine = batch.payments.order_by(*_ORDER)
    before = then.filter(award__student=OuterRef("award__student")).order_by("-pk")
    compared = mine.annotate(before_fen=Subquery(before.values("amount_fen")[:1]))
    return Difference(
        term=last.term,
        new=mine.filter(~Exists(before)),
        dropped=then.filter(~Exists(now.filter(award__student=OuterRef("award__student")))).order_by(*_ORDER),
        changed=compared.exclude(before_fen=None).exclude(before_fen=F("amount_fen")),
    )


def _paid(batch: Batch, term: Term) -> PaymentQuerySet:
    """Live payments of the batch's program in a term, found by the awards that they are for."""
    awards = {"award__program": batch.program_id, "award__term": term}
    return Payment.objects.live().filter(**awards, batch__program=batch.program_id, batch__term=term)
