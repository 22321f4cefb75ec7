"""The pay roll (发放签字表) of an approved batch: by school and class, on A4, with a place for each signature."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from common.bulk import in_parts
from common.moves import Refused
from disbursements.choices import BatchState, PaymentState
from disbursements.models import Batch, Payment, PaymentQuerySet
from schools.models import School

ROWS = 20
"""So many signatures fit on a sheet."""

_ORDER = ("award__grade_no", "award__grade", "award__class_name", "award__student__name_key", "line_no", "pk")
_SIGNED_FOR = (BatchState.APPROVED, BatchState.SENT, BatchState.SETTLED)


class NotApproved(Refused):
    code = "roll-not-approved"
    message = _("批次审核以后才能打印签字表、登记签领。")


class ThirdMissing(Refused):
    code = "roll-third-missing"
    message = _("批次金额较大，还要第三个人加签，加签后才能打印签字表、发放现金。")


@dataclass(frozen=True)
class Sheet:
    """One page of a roll, of a class or of the whole school; the last one carries the total."""

    of_class: str
    """Grade and class; empty on a roll of the whole school, where each row names its own."""
    number: int
    of: int
    rows: Sequence[tuple[int, Payment]]
    """Each with its number on the roll."""
    people: int
    amount_fen: int
    """Of the whole roll."""

    @property
    def subtotal_fen(self) -> int:
        return sum(payment.amount_fen for _number, payment in self.rows)

    @property
    def is_last(self) -> bool:
        return self.number == self.of


def expect_signed(batch: Batch) -> None:
    """A roll is printed of what is approved, by as many people as it takes."""
    if batch.state not in _SIGNED_FOR:
        raise NotApproved()
    if batch.waits_for_third:
        raise ThirdMissing()


def schools(batch: Batch) -> QuerySet[Payment, Any]:
    """The schools of a batch: people, money, and how many still wait, were paid, or were not."""
    groups = batch.payments.order_by().values("award__school__code", "award__school__name")
    return groups.annotate(
        people=Count("pk"),
        fen=Sum("amount_fen"),
        pending=Count("pk", filter=Q(state=PaymentState.PENDING)),
        paid=Count("pk", filter=Q(state=PaymentState.PAID)),
        failed=Count("pk", filter=Q(state=PaymentState.FAILED)),
    ).order_by("award__school__code")


def classes(batch: Batch, school: School) -> list[tuple[str, str, int]]:
    """(grade, class, people) of a school in a batch, in their order."""
    groups = batch.payments.filter(award__school=school).order_by()
    rows = groups.values_list("award__grade_no", "award__grade", "award__class_name").annotate(people=Count("pk"))
    return [(grade, name, people) for _no, grade, name, people in sorted(rows)]


def waiting(batch: Batch, school: School) -> PaymentQuerySet:
    """The payments of a school of which no roll has said yet whether they were signed for, in the order of the roll."""
    rows = batch.payments.filter(award__school=school, state=PaymentState.PENDING)
    return rows.select_related("award__student").order_by(*_ORDER)


def of(batch: Batch, school: School, *, grade: str = "", class_name: str = "", by_class: bool = False) -> list[Sheet]:
    """The roll of a whole school, or of one of its classes, or one for each class beginning on a sheet of its own."""
    expect_signed(batch)
    payments = batch.payments.filter(award__school=school)
    if grade:
        payments = payments.filter(award__grade=grade, award__class_name=class_name)
    rows = payments.select_related("award__student", "card").order_by(*_ORDER)
    found: list[Sheet] = []
    apart = by_class or bool(grade)
    for of_class, group in groupby(rows, key=lambda each: f"{each.award.grade}{each.award.class_name}" * apart):
        roll = list(enumerate(group, start=1))
        pages = list(in_parts(roll, ROWS))
        total = sum(payment.amount_fen for _number, payment in roll)
        found += [
            Sheet(of_class, number, len(pages), page, len(roll), total) for number, page in enumerate(pages, start=1)
        ]
    return found
