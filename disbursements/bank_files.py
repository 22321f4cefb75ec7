"""The bank's workbook: one line a card, or a school's account; the bank answers by 序号."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min, Sum
from django.utils.translation import gettext as _

from common.workbooks import Column, write_table
from disbursements.models import Batch
from programs.choices import Payee
from schools.models import School

HEADINGS = ("序号", "户名", "卡号", "金额(元)", "摘要", "开户行")


def write(batch: Batch) -> bytes:
    """The workbook of a batch's payments, ids and cards as text."""
    return write_table(
        title=f"{batch.program} {batch.term} {batch.number}",
        columns=[
            Column(HEADINGS[0], width=8, kind="number"),
            Column(HEADINGS[1], width=24),
            Column(HEADINGS[2], width=26),
            Column(HEADINGS[3], width=14, kind="money"),
            Column(HEADINGS[4], width=30),
            Column(HEADINGS[5], width=24),
        ],
        rows=_lines_to_schools(batch) if batch.program.payee == Payee.SCHOOL else _lines_to_cards(batch),
        total=(_("合计"), "", "", batch.amount_fen, "", ""),
    )


def _lines_to_cards(batch: Batch) -> Iterator[list[Any]]:
    payments = batch.payments.select_related("card").order_by("line_no", "pk")
    for payment in payments.iterator(chunk_size=2_000):
        card = payment.card
        if card is None:
            raise LookupError(f"Payment {payment.pk} has no card.")
        yield [payment.line_no, card.holder, card.number, payment.amount_fen, batch.program.short_name, card.bank]


def _lines_to_schools(batch: Batch) -> Iterator[list[Any]]:
    lines = list(
        batch.payments.order_by("line_no")
        .values("line_no")
        .annotate(school=Min("award__school"), amount_fen=Sum("amount_fen"), people=Count("pk"))
    )
    schools = School.objects.in_bulk([line["school"] for line in lines])
    for line in lines:
        school = schools[line["school"]]
        words = _("%(program)s（%(people)s 人）") % {
            "program": batch.program.short_name,
            "people": line["people"],
        }
        yield [
            line["line_no"], school.account_holder, school.account_number, line["amount_fen"], words,
            school.account_bank,
        ]  # fmt: skip
