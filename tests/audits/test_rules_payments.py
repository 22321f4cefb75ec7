"""Rules over money: each finds its seeded case and leaves the harmless twin beside it alone."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from disbursements.choices import RecoveryState
from disbursements.models import Recovery
from programs.models import Award
from students.models import Card, Enrollment, Roster, Student
from tests import factories as make
from tests.audits.looking import look, students
from tests.factories import NOW
from tests.funding import fund

pytestmark = pytest.mark.django_db


def paid(**facts):
    """A payment that arrived; its award's student is `award__enrollment__student`."""
    return make.PaymentFactory(paid=True, **facts)


def twin_of(student):
    """A second record of the same child: another key, the same resident number."""
    return make.StudentFactory(
        name=student.name,
        id_number=student.id_number,
        id_number_index=student.id_number_index,
        key=f"{student.pk:032d}",
    )


class TestPaidTwice:
    def test_finds_two_records_with_one_resident_number_that_were_both_paid(self):
        first = paid()
        second = paid(award__enrollment__student=twin_of(first.award.student))

        [found] = look("paid-twice")

        assert found.amount_fen == first.amount_fen
        assert (found.facts["payments"], found.facts["records"]) == (2, 2)
        assert {row for _type, row, _facts in found.evidence} == {first.pk, second.pk}

    def test_leaves_alone_who_was_paid_for_two_programs(self):
        first = paid()
        paid(
            award__enrollment=first.award.enrollment,
            award__program=make.ProgramFactory(code="meals"),
        )

        assert look("paid-twice") == []

    def test_leaves_alone_a_payment_that_failed_and_was_made_again(self):
        failed = make.PaymentFactory(failed=True)
        paid(award=failed.award, attempt=2)

        assert look("paid-twice") == []

    def test_leaves_alone_a_payment_that_came_back_and_was_made_again(self):
        bounced = make.BounceFactory().payment
        paid(award=bounced.award, attempt=2, bounces=1)

        assert look("paid-twice") == []

    def test_is_gone_when_all_of_it_was_paid_back(self):
        first = paid()
        second = paid(award__enrollment__student=twin_of(first.award.student))
        make.RecoveryFactory(payment=second, award=second.award)
        assert len(look("paid-twice")) == 1

        Recovery.objects.update(state=RecoveryState.COLLECTED)

        assert look("paid-twice") == []

    def test_does_not_mix_terms(self):
        first = paid()
        spring = make.TermFactory(code="2021S")
        paid(award__enrollment__student=twin_of(first.award.student), award__enrollment__term=spring)

        assert look("paid-twice") == look("paid-twice", term="2021S") == []


class TestPaidAfterLeaving:
    @staticmethod
    def left(payment, *, on):
        """The child is missing from a roster that became the truth on a day."""
        child = payment.award.enrollment
        Roster.objects.filter(school=child.school).update(state="superseded")
        make.RosterFactory(
            school=child.school,
            term=child.term,
            version=2,
            committed_at=datetime(on.year, on.month, on.day, 9, tzinfo=ZoneInfo("Asia/Shanghai")),
        )
        Enrollment.objects.filter(pk=child.pk).update(state="left")

    def test_finds_money_that_arrived_after_the_roster_said_so(self):
        payment = paid()
        self.left(payment, on=payment.paid_on - timedelta(days=3))

        [found] = look("paid-after-leaving")

        assert found.student_id == payment.award.student_id
        assert found.amount_fen == payment.amount_fen
        assert found.facts["left_on"] == (payment.paid_on - timedelta(days=3)).isoformat()

    def test_leaves_alone_who_left_after_the_money_had_arrived(self):
        payment = paid()
        self.left(payment, on=payment.paid_on + timedelta(days=1))

        assert look("paid-after-leaving") == []

    def test_leaves_alone_what_a_person_decided(self):
        payment = paid()
        self.left(payment, on=payment.paid_on - timedelta(days=3))
        make.PayDecisionFactory(award=payment.award, is_to_pay=True)

        assert look("paid-after-leaving") == []

    def test_finds_what_a_person_had_decided_not_to_pay(self):
        payment = paid()
        self.left(payment, on=payment.paid_on - timedelta(days=3))
        make.PayDecisionFactory(award=payment.award, is_to_pay=False)

        assert students("paid-after-leaving") == {payment.award.student_id}

    def test_leaves_alone_what_is_asked_back(self):
        payment = paid()
        self.left(payment, on=payment.paid_on - timedelta(days=3))
        make.RecoveryFactory(payment=payment, award=payment.award)

        assert look("paid-after-leaving") == []

    def test_finds_a_suspended_child_from_the_roster_that_says_so(self):
        payment = paid()
        Enrollment.objects.filter(pk=payment.award.enrollment_id).update(state="suspended")

        [found] = look("paid-after-leaving")

        assert found.facts["left_on"] == NOW.date().isoformat()


class TestCardShared:
    @staticmethod
    def child_on(card: Card, **facts):
        """A child who is paid to a card with this number."""
        child = make.StudentFactory(**facts)
        own = make.CardFactory(
            student=child, number=card.number, number_index=card.number_index, holder=card.holder, relation="父亲"
        )
        return make.PaymentFactory(paid=True, award__enrollment__student=child, card=own)

    @pytest.fixture
    def card(self):
        return make.CardFactory(holder="张建国", relation="父亲")

    def test_finds_children_who_share_no_guardian(self, card):
        self.child_on(card, guardian_name="张建国", guardian_phone="19900000001")
        self.child_on(card, guardian_name="李卫东", guardian_phone="19900000002")

        [found] = look("card-shared")

        assert found.facts["why"] == "guardians"
        assert found.facts["children"] == 2
        assert (found.school_id, found.amount_fen) == (None, 100_000)

    def test_leaves_alone_siblings_with_one_guardian(self, card):
        for _child in range(3):
            self.child_on(card, guardian_name="张建国", guardian_phone="19900000001")

        assert look("card-shared") == []

    def test_knows_one_guardian_by_the_phone_too(self, card):
        self.child_on(card, guardian_name="张建国", guardian_phone="19900000001")
        self.child_on(card, guardian_name="王秀英", guardian_phone="19900000001")

        assert look("card-shared") == []

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({}, {}),
            ({"guardian_name": "张建国"}, {}),
            ({"guardian_name": "张建国"}, {"guardian_phone": "19900000001"}),
        ],
    )
    def test_takes_guardians_that_nobody_wrote_down_for_no_strangers(self, card, one, other):
        blank = {"guardian_name": "", "guardian_phone": ""}
        self.child_on(card, **blank | one)
        self.child_on(card, **blank | other)

        assert look("card-shared") == []

    def test_finds_strangers_beside_a_child_whose_guardian_nobody_wrote_down(self, card):
        self.child_on(card, guardian_name="", guardian_phone="")
        self.child_on(card, guardian_name="张建国", guardian_phone="19900000001")
        self.child_on(card, guardian_name="李卫东", guardian_phone="19900000002")

        assert [found.facts["why"] for found in look("card-shared")] == ["guardians"]

    def test_finds_four_children_of_whom_no_guardian_is_known(self, card):
        for _child in range(4):
            self.child_on(card, guardian_name="", guardian_phone="")

        assert [found.facts["why"] for found in look("card-shared")] == ["many"]

    def test_finds_four_children_even_of_one_guardian(self, card):
        for _child in range(4):
            self.child_on(card, guardian_name="张建国", guardian_phone="19900000001")

        [found] = look("card-shared")

        assert found.facts == {"children": 4, "why": "many", "total_fen": 200_000}

    def test_counts_two_records_of_one_child_once(self, card):
        first = self.child_on(card, guardian_name="张建国", guardian_phone="19900000001")
        second = twin_of(first.award.student)
        Student.objects.filter(pk=second.pk).update(guardian_name="李卫东", guardian_phone_index=None)
        own = make.CardFactory(student=second, number=card.number, number_index=card.number_index, holder="张建国")
        make.PaymentFactory(paid=True, award__enrollment__student=second, card=own)

        assert look("card-shared") == []


class TestCardOfSchool:
    def test_finds_a_card_that_is_a_schools_account(self):
        school = make.SchoolFactory(account_number="6200 0000 1234 5678")
        card = make.CardFactory(number="6200000012345678")
        payment = paid(award__enrollment__student=card.student, card=card)

        [found] = look("card-of-school")

        assert (found.school_id, found.amount_fen) == (school.pk, payment.amount_fen)

    def test_leaves_alone_a_waiver_paid_to_the_school(self):
        school = make.SchoolFactory()
        paid(award__enrollment__school=school, card=None)

        assert look("card-of-school") == []


class TestCardOfOfficer:
    def test_finds_a_holder_with_the_name_of_an_officer_of_the_school(self):
        school = make.SchoolFactory()
        make.UserFactory(officer=True, school=school, name="刘卫红")
        card = make.CardFactory(holder="刘卫红", relation="其他")
        payment = paid(award__enrollment__student=card.student, award__enrollment__school=school, card=card)

        assert students("card-of-officer") == {payment.award.student_id}

    def test_leaves_alone_a_namesake_at_another_school(self):
        make.UserFactory(officer=True, name="刘卫红")
        card = make.CardFactory(holder="刘卫红", relation="其他")
        paid(award__enrollment__student=card.student, card=card)

        assert look("card-of-officer") == []

    def test_leaves_alone_a_child_with_that_name_and_its_own_card(self):
        school = make.SchoolFactory()
        make.UserFactory(officer=True, school=school, name="刘卫红")
        child = make.StudentFactory(name="刘卫红")
        paid(award__enrollment__student=child, award__enrollment__school=school, card=make.CardFactory(student=child))

        assert look("card-of-officer") == []


class TestPayeeNotOwn:
    @pytest.fixture
    def program(self):
        return make.ProgramFactory(code="senior-grant", payee="student")

    def test_finds_money_on_a_parents_card(self, program):
        card = make.CardFactory(holder="张建国", relation="父亲")
        payment = paid(award__enrollment__student=card.student, award__program=program, card=card)

        [found] = look("payee-not-own")

        assert (found.student_id, found.facts["why"]) == (payment.award.student_id, "relation")

    def test_finds_an_own_card_under_another_name(self, program):
        card = make.CardFactory(holder="赵某某", relation="本人")
        paid(award__enrollment__student=card.student, award__program=program, card=card)

        assert [found.facts["why"] for found in look("payee-not-own")] == ["holder"]

    def test_leaves_alone_the_students_own_card_however_its_name_is_spaced(self, program):
        child = make.StudentFactory(name="阿依古丽·买买提")
        card = make.CardFactory(student=child, holder="阿依古丽•买买提 ")
        paid(award__enrollment__student=child, award__program=program, card=card)

        assert look("payee-not-own") == []

    def test_leaves_alone_a_program_that_pays_guardians(self):
        card = make.CardFactory(holder="张建国", relation="父亲")
        paid(award__enrollment__student=card.student, card=card)

        assert look("payee-not-own") == []


class TestOffStandard:
    def test_finds_an_amount_that_is_not_its_standards(self):
        award = make.AwardFactory(confirmed=True)
        Award.objects.update(amount_fen=60_000)
        make.AwardFactory(confirmed=True)

        [found] = look("off-standard")

        assert found.student_id == award.student_id
        assert (found.amount_fen, found.facts["due_fen"]) == (10_000, 50_000)

    def test_takes_the_schools_fee_where_the_standard_says_so(self):
        program = make.ProgramFactory(code="waiver", payee="school", kind="waiver")
        standard = make.StandardFactory(program=program, basis="capped-fee", amount_fen=80_000)
        facts = {"program": program, "standard": standard, "confirmed": True}
        cheap = make.SchoolFeeFactory(program=program, amount_fen=70_000)
        dear = make.SchoolFeeFactory(program=program, amount_fen=90_000)
        make.AwardFactory(**facts, enrollment__school=cheap.school, school_fee=cheap, amount_fen=70_000)
        make.AwardFactory(**facts, enrollment__school=dear.school, school_fee=dear, amount_fen=80_000)
        wrong = make.AwardFactory(**facts, enrollment__school=dear.school, school_fee=dear, amount_fen=90_000)

        assert students("off-standard") == {wrong.student_id}

    def test_leaves_alone_what_was_taken_off_its_list(self):
        make.AwardFactory(dropped=True)
        Award.objects.update(amount_fen=60_000)

        assert look("off-standard") == []


class TestMoneyLying:
    @pytest.fixture
    def arrived(self):
        """Money of 20 September 2021."""
        quota = make.QuotaFactory()
        fund(
            "county",
            program=quota.program,
            term=quota.term,
            issued_on=date(2021, 9, 20),
            amount_fen=100_000,
            by=quota.entered_by,
            at=NOW,
        )

    def test_finds_money_that_reached_no_card_for_two_months(self, arrived):
        [found] = look("money-lying", today=date(2021, 11, 20))

        assert (found.amount_fen, found.facts["days"]) == (100_000, 61)

    def test_leaves_it_alone_before(self, arrived):
        assert look("money-lying", today=date(2021, 11, 19)) == []
