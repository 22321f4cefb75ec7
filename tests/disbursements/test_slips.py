"""Slips for families: what each child got, when, and nothing that is nobody else's business."""

import re
from datetime import date

import pytest
from django.urls import reverse

from disbursements import slips
from disbursements.choices import Told
from tests.factories import AwardFactory, BounceFactory, PaymentFactory, ProgramFactory, SchoolFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return SchoolFactory()


def award(school, **facts):
    return AwardFactory(confirmed=True, enrollment__school=school, **facts)


def told(school, term):
    return {(slip.name, line.told, line.day) for slip in slips.of(term, school) for line in slip.lines}


@pytest.mark.parametrize(
    ("facts", "state", "day"),
    [
        (None, Told.WAITING, None),
        ({}, Told.WAITING, None),
        ({"batch__sent": True, "state": "sent"}, Told.ON_ITS_WAY, None),
        ({"failed": True}, Told.REFUSED, None),
        ({"paid": True, "paid_on": date(2021, 12, 3)}, Told.ARRIVED, date(2021, 12, 3)),
        ({"paid": True, "paid_on": date(2021, 12, 3), "card": None}, Told.WAIVED, date(2021, 12, 3)),
    ],
)
def test_tell_where_the_money_is(school, facts, state, day):
    given = award(school)
    if facts is not None:
        PaymentFactory(award=given, **facts)

    assert told(school, given.term) == {(given.student.name, state, day)}


def test_tell_that_the_bank_returned_it_until_it_arrives_again(school):
    given = award(school)
    BounceFactory(payment=PaymentFactory(award=given, paid=True))
    assert [line.told for slip in slips.of(given.term, school) for line in slip.lines] == [Told.REFUSED]

    PaymentFactory(award=given, attempt=2, bounces=1, paid=True)

    assert [line.told for slip in slips.of(given.term, school) for line in slip.lines] == [Told.ARRIVED]


def test_are_one_for_each_child_six_on_a_sheet_and_no_sheet_for_two_classes(school):
    for _each in range(7):
        last = award(school, enrollment__class_name="1班")
    AwardFactory(confirmed=True, enrollment=last.enrollment, program=ProgramFactory(code="preschool-living"))
    award(school, enrollment__class_name="2班")
    award(SchoolFactory())
    AwardFactory(enrollment__school=school)  # nobody has confirmed it

    found = slips.sheets(slips.of(last.term, school))

    assert [len(sheet) for sheet in found] == [6, 1, 1]
    assert sum(len(slip.lines) for sheet in found for slip in sheet) == 9
    of_one_class = slips.of(last.term, school, grade=last.grade, class_name="2班")
    assert len(of_one_class) == 1


def test_say_nothing_personal(as_role, school):
    payment = PaymentFactory(award=award(school), paid=True)
    student = payment.award.student

    page = as_role("school", school=school).get(reverse("disbursements:slips-sheet", args=[school.code]))

    words = re.sub(r"<[^>]+>", " ", page.content.decode())
    assert student.name in words
    for secret in (student.id_number, payment.card.number, payment.card.number[-4:], student.guardian_phone):
        assert not secret or secret not in words
    assert "****" not in words


def test_the_classes_of_a_school_stand_in_its_list(as_role, school):
    award(school, enrollment__class_name="3班")
    award(SchoolFactory())

    page = as_role("school", school=school).get(reverse("disbursements:slips"))

    assert [row["class_name"] for row in page.context["page"]] == ["3班"]
