"""The pay roll on paper: by class, with subtotals that add up, and no more of a card than its last digits."""

import pytest
from django.urls import reverse

from disbursements import rolls
from disbursements.choices import Way
from tests.factories import NOW, BatchFactory, PaymentFactory, SchoolFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return SchoolFactory(name="白云镇第二小学")


@pytest.fixture
def batch(school):
    """Twenty-three children of one class, two of another, one of another school."""
    batch = BatchFactory(approved=True, with_payments=23, with_payments__school=school)
    for _ in range(2):
        PaymentFactory(batch=batch, award__enrollment__school=school, award__enrollment__class_name="2班", line_no=30)
    PaymentFactory(batch=batch, line_no=40)
    return batch


class TestRoll:
    def test_of_a_school_runs_on_from_page_to_page(self, batch, school):
        first, last = rolls.of(batch, school)

        assert [(len(sheet.rows), sheet.people, sheet.is_last) for sheet in (first, last)] == [
            (20, 25, False),
            (5, 25, True),
        ]
        assert [number for number, _payment in last.rows] == [21, 22, 23, 24, 25]
        assert first.subtotal_fen + last.subtotal_fen == last.amount_fen

    def test_can_be_one_for_each_class(self, batch, school):
        sheets = rolls.of(batch, school, by_class=True)

        assert [(sheet.of_class, sheet.number, sheet.of, len(sheet.rows)) for sheet in sheets] == [
            ("三年级1班", 1, 2, 20),
            ("三年级1班", 2, 2, 3),
            ("三年级2班", 1, 1, 2),
        ]
        assert sum(sheet.amount_fen for sheet in sheets if sheet.is_last) == 25 * 50_000

    def test_of_one_class_is_that_class(self, batch, school):
        [sheet] = rolls.of(batch, school, grade="三年级", class_name="2班")

        assert (sheet.of_class, sheet.people) == ("三年级2班", 2)
        assert rolls.classes(batch, school) == [("三年级", "1班", 23), ("三年级", "2班", 2)]

    def test_counts_every_school(self, batch, school):
        assert [(row["people"], row["pending"]) for row in rolls.schools(batch)] == [(25, 25), (1, 1)]

    def test_is_printed_of_what_is_approved_only(self, school, as_role):
        draft = BatchFactory(with_payments=1, with_payments__school=school)

        with pytest.raises(rolls.NotApproved):
            rolls.of(draft, school)
        page = as_role("preparer").get(reverse("disbursements:batch-roll-sheet", args=[draft.pk, school.code]))
        assert "批次审核以后才能打印签字表" in page.content.decode()

    def test_waits_for_the_third_signature(self, school):
        large = BatchFactory(approved=True, needs_third=True, with_payments=1, with_payments__school=school)

        with pytest.raises(rolls.ThirdMissing):
            rolls.of(large, school)
        large.released_by, large.released_at = UserFactory(approver=True), NOW
        assert len(rolls.of(large, school)) == 1

    @pytest.mark.parametrize("role", ["preparer", "approver", "auditor"])
    def test_shows_the_total_in_capitals_and_four_digits_of_a_card(self, batch, school, as_role, role):
        page = as_role(role).get(reverse("disbursements:batch-roll-sheet", args=[batch.pk, school.code]))

        shown, card = page.content.decode(), batch.payments.first().card
        assert "壹万贰仟伍佰元整" in shown
        assert f"****{card.number[-4:]}" in shown
        assert card.number not in shown
        assert batch.payments.first().award.student.id_number not in shown

    def test_of_cash_names_no_card(self, school, as_role):
        batch = BatchFactory(
            cash=True, approved=True, with_payments=1, with_payments__school=school, with_payments__card=None
        )

        page = as_role("auditor").get(reverse("disbursements:batch-roll-sheet", args=[batch.pk, school.code]))

        assert batch.way == Way.CASH
        assert "<td>现金</td>" in page.content.decode()
