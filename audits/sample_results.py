"""What came of a sample, in figures."""

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from audits import drawing
from audits.choices import Draw, FollowUp, ItemState
from audits.models import Sample


@dataclass(frozen=True)
class Results:
    """What came of a sample. Money is in fen."""

    drawn: int
    sound: int
    faulty: int
    drawn_fen: int
    faulty_fen: int
    asked: int
    mended: int
    interval_fen: int = 0
    """By money: what each faulty item below it stands for."""
    estimate_fen: int | None = None
    """By money, once everything was looked up: what is faulty in the whole population, as far as the sample says."""

    @property
    def checked(self) -> int:
        return self.sound + self.faulty

    @property
    def waiting(self) -> int:
        return self.drawn - self.checked


def results(made: Sample) -> Results:
    """Counted from the items as they are.

    The estimate (by money): the faulty items that were drawn for certain count with their own money, for they stand for
    themselves; each other faulty one counts with the interval, whatever its own money is (monetary unit sampling).
    """
    is_faulty = Q(state=ItemState.FAULTY)
    counted = made.items.aggregate(
        drawn=Count("pk"),
        sound=Count("pk", filter=Q(state=ItemState.SOUND)),
        faulty=Count("pk", filter=is_faulty),
        drawn_fen=Sum("award__amount_fen", default=0),
        faulty_fen=Sum("award__amount_fen", filter=is_faulty, default=0),
        asked=Count("pk", filter=Q(follow_up=FollowUp.ASKED)),
        mended=Count("pk", filter=Q(follow_up=FollowUp.DONE)),
    )
    result = Results(**counted)
    if made.draw != Draw.BY_MONEY:
        return result
    part = drawing.Share(made.criteria["certain"], made.criteria["rest_size"], made.criteria["rest_fen"])
    interval = part.rest_weight // part.rest_size if part.rest_size else 0
    if result.waiting:
        return Results(**counted, interval_fen=interval)
    amounts = made.items.filter(is_faulty).order_by().values_list("award__amount_fen", flat=True)
    certain = [fen for fen in amounts if part.is_certain(fen)]
    others = result.faulty - len(certain)
    spread = others * part.rest_weight // part.rest_size if others else 0
    return Results(**counted, interval_fen=interval, estimate_fen=sum(certain) + spread)
