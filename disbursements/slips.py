"""What a family is told of its child's aid, on paper: program, amount, state and day, and nothing that is personal
beyond name and class.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import Count, QuerySet

from accounts.models import User
from common.bulk import in_parts
from disbursements.choices import NOT_OF_THE_CARD, PaymentState, Told, Way
from disbursements.models import Payment
from programs.models import Award
from schools.models import School, Term

ON_A_SHEET = 6


@dataclass(frozen=True, slots=True)
class Line:
    program: str
    amount_fen: int
    told: Told
    day: date | None


@dataclass(frozen=True, slots=True)
class Slip:
    """One child's."""

    name: str
    school: str
    grade: str
    class_name: str
    lines: Sequence[Line]


def classes(term: Term | None, user: User) -> QuerySet[Award]:
    """The classes that have something to tell."""
    return Award.objects.visible_to(user).confirmed().filter(term=term)


def by_class(awards: QuerySet[Award]) -> QuerySet[Award, Any]:
    """School and class with the number of its children, in their order."""
    groups = awards.order_by().values("school__code", "school__name", "grade_no", "grade", "class_name")
    return groups.annotate(children=Count("student", distinct=True)).order_by(
        "school__code", "grade_no", "grade", "class_name"
    )


def of(term: Term, school: School, *, grade: str = "", class_name: str = "") -> list[Slip]:
    """The slips of a class, or of a whole school, in the order in which they are handed out."""
    awards = Award.objects.confirmed().filter(term=term, school=school)
    if grade:
        awards = awards.filter(grade=grade, class_name=class_name)
    rows = awards.select_related("student", "program").order_by(
        "grade_no", "grade", "class_name", "student__name_key", "student", "program__position"
    )
    last = _last_payments(awards)
    return [
        Slip(child.name, school.name, grade, class_name, [_line(award, last.get(award.pk)) for award in of_child])
        for (grade, class_name, child), of_child in groupby(rows, key=lambda a: (a.grade, a.class_name, a.student))
    ]


def states(awards: QuerySet[Award]) -> list[tuple[Award, Told, date | None]]:
    """Each of these awards with where its money is, and since when if it is there."""
    last = _last_payments(awards)
    return [(award, *_told(last.get(award.pk))) for award in awards]


def _last_payments(awards: QuerySet[Award]) -> dict[int, Payment]:
    tries = Payment.objects.filter(award__in=awards.order_by().values("pk")).exclude(state=PaymentState.DISCARDED)
    rows = tries.select_related("bounce", "batch").order_by("award", "attempt")
    return {payment.award_id: payment for payment in rows}


def _line(award: Award, payment: Payment | None) -> Line:
    told, day = _told(payment)
    return Line(award.program.name, award.amount_fen, told, day)


def _told(payment: Payment | None) -> tuple[Told, date | None]:
    if payment is None or payment.state == PaymentState.PENDING:
        return Told.WAITING, None
    if payment.failure in NOT_OF_THE_CARD:
        return Told.WAITING, None
    if payment.state == PaymentState.FAILED or payment.late_return:
        return Told.REFUSED, None
    if payment.state == PaymentState.SENT:
        return Told.ON_ITS_WAY, None
    is_handed_over = payment.card_id or payment.batch.way == Way.CASH
    return (Told.ARRIVED if is_handed_over else Told.WAIVED), payment.paid_on


def sheets(slips: Iterable[Slip]) -> list[list[Slip]]:
    """Six on a sheet; another class begins another sheet, so that a teacher gets whole sheets."""
    found: list[list[Slip]] = []
    for _class, group in groupby(slips, key=lambda slip: (slip.grade, slip.class_name)):
        found += in_parts(group, ON_A_SHEET)
    return found
