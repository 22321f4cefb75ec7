"""Who is paid and who waits: a child that left waits for a person's word."""

import pytest
from django.urls import reverse

from accounts.models import Action
from common import names
from disbursements import batches, pay_decisions
from disbursements.choices import Waiting, Way
from disbursements.payable import payable, waiting
from programs.choices import Payee
from students.models import Card, Student
from tests.disbursements.test_batches import awards, build
from tests.factories import (
    NOW,
    AwardFactory,
    PayDecisionFactory,
    PaymentFactory,
    ProgramFactory,
    SchoolFactory,
    card_number,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def gone(program):
    """Confirmed, with a card, and not there any more."""
    [award] = awards(program, 1, enrollment__state="left")
    return award


def reasons(term, program):
    return dict(waiting(term, program).values_list("pk", "waits"))


class TestWaiting:
    def test_says_why(self, term, program, gone):
        awards(program, 1)
        resting, held = awards(program, 2)
        type(resting.enrollment).objects.filter(pk=resting.enrollment_id).update(state="suspended")
        type(held).objects.filter(pk=held.pk).update(state="suspended")
        not_to_pay = PayDecisionFactory(award__program=program, is_to_pay=False).award
        no_card = AwardFactory(program=program, confirmed=True)
        refused = PaymentFactory(award__program=program, failed=True).award

        assert reasons(term, program) == {
            gone.pk: Waiting.GONE,
            resting.pk: Waiting.GONE,
            held.pk: Waiting.HELD,
            not_to_pay.pk: Waiting.NOT_TO_PAY,
            no_card.pk: Waiting.NO_CARD,
            refused.pk: Waiting.CARD_REFUSED,
        }
        assert payable(term, program).count() == 1

    def test_of_a_school_is_for_its_account(self, term):
        waiver = ProgramFactory(code="vocational-waiver", payee=Payee.SCHOOL)
        award = AwardFactory(program=waiver, confirmed=True, enrollment__school=SchoolFactory(account_holder=""))

        assert reasons(term, waiver) == {award.pk: Waiting.NO_ACCOUNT}

    def test_of_a_student_is_for_a_card_of_its_own(self, term, program):
        """A parent's card is right where a program pays guardians, and nowhere else."""
        grant = ProgramFactory(code="senior-grant", payee=Payee.STUDENT)
        younger = ProgramFactory(code="preschool-living", payee=Payee.GUARDIAN)
        own, to_mother = awards(grant, 2)
        [small] = awards(younger, 1)
        Card.objects.filter(student__in=[to_mother.student, small.student]).update(relation="母亲")

        assert reasons(term, grant) == {to_mother.pk: Waiting.NOT_OWN}
        assert set(payable(term, grant)) == {own}
        assert set(payable(term, younger)) == {small}

    def test_of_a_student_is_for_an_account_in_its_own_name(self, term):
        """The file says 本人, and the account is a teacher's."""
        grant = ProgramFactory(code="senior-grant", payee=Payee.STUDENT)
        own, of_another = awards(grant, 2)
        Card.objects.filter(student=of_another.student).update(holder="赵老师")

        assert reasons(term, grant) == {of_another.pk: Waiting.OTHER_NAME}
        assert set(payable(term, grant)) == {own}

    def test_takes_names_for_the_same_as_the_rest_of_the_product_does(self, term):
        """Blanks and interpuncts are written in many ways; what `names.key` holds for one name is one here."""
        grant = ProgramFactory(code="senior-grant", payee=Payee.STUDENT)
        [award] = awards(grant, 1)
        signs = ["", *" \u00a0\u3000", *"·•‧・．。.●", "-", "小"]
        for name in ("买买提·吐尔逊", "欧阳 小雨", "MÜLLER"):
            Student.objects.filter(pk=award.student_id).update(name=name, name_key=names.key(name))
            for holder in [name.replace("·", sign).replace(" ", sign) for sign in signs]:
                Card.objects.update(holder=holder)
                assert payable(term, grant).exists() == (names.key(holder) == names.key(name)), ascii(holder)

    def test_of_a_student_is_over_with_the_right_card(self, as_role, term):
        grant = ProgramFactory(code="senior-grant", payee=Payee.STUDENT)
        grant.terms.create(term=term)
        [award] = awards(grant, 1)
        Card.objects.update(holder="赵老师")
        client = as_role("preparer")
        card = reverse("disbursements:card", args=[award.student_id])

        page = client.get(reverse("disbursements:unpaid", args=[grant.pk])).content.decode()
        assert "户名与学生姓名不一致" in page
        assert card in page
        facts = {"number": card_number(4), "holder": award.student.name, "relation": "本人", "bank": "农商行"}
        client.post(card, facts)

        assert reasons(term, grant) == {}

    def test_for_cash_are_those_without_a_card(self, term, program, gone):
        awards(program, 1)
        no_card = AwardFactory(program=program, confirmed=True)
        refused = PaymentFactory(award__program=program, failed=True).award

        assert set(payable(term, program, way=Way.CASH)) == {no_card, refused}

    def test_is_listed_by_reason(self, as_role, program, gone, term):
        program.terms.create(term=term)
        AwardFactory(program=program, confirmed=True)
        address = reverse("disbursements:unpaid", args=[program.pk])

        page = as_role("preparer").get(address, {"tab": "gone"})

        assert list(page.context["page"]) == [gone]
        assert reverse("disbursements:pay-decision", args=[gone.pk]) in page.content.decode()
        assert "pay-decision" not in as_role("auditor").get(address).content.decode()


class TestDecision:
    def test_lets_a_child_that_left_be_paid(self, term, program, preparer, gone):
        pay_decisions.decide(gone, is_to_pay=True, words="已就读满一个月", by=preparer, at=NOW)

        assert build(term, program, preparer).people == 1
        assert Action.objects.get(verb="award.pay-decided").details["is_to_pay"] is True

    def test_can_be_changed_until_it_is_paid(self, term, program, preparer, gone):
        pay_decisions.decide(gone, is_to_pay=False, words="开学即转走", by=preparer, at=NOW)
        with pytest.raises(batches.NothingToPay):
            batches.prepare(term=term, program=program, by=preparer, at=NOW)

        pay_decisions.decide(gone, is_to_pay=True, words="查明在校一个半月", by=preparer, at=NOW)
        build(term, program, preparer)

        with pytest.raises(pay_decisions.InABatch):
            pay_decisions.decide(gone, is_to_pay=False, words="又不发", by=preparer, at=NOW)

    def test_is_only_about_who_left_and_has_a_confirmed_award(self, program, preparer, gone):
        [there] = awards(program, 1)
        with pytest.raises(pay_decisions.StillThere):
            pay_decisions.decide(there, is_to_pay=True, words="在校", by=preparer, at=NOW)
        with pytest.raises(pay_decisions.NotConfirmed):
            pay_decisions.decide(AwardFactory(), is_to_pay=True, words="在校", by=preparer, at=NOW)
        with pytest.raises(pay_decisions.WhyMissing):
            pay_decisions.decide(gone, is_to_pay=True, words=" ", by=preparer, at=NOW)

    def test_is_given_on_a_page_with_words(self, as_role, gone):
        client = as_role("approver")
        address = reverse("disbursements:pay-decision", args=[gone.pk])

        assert "words" in client.post(address, {"is_to_pay": "yes"}).context["form"].errors
        client.post(address, {"is_to_pay": "no", "words": "开学即转走"})

        gone.refresh_from_db()
        assert (gone.pay_decision.is_to_pay, gone.pay_decision.decided_by) == (False, client.user)
