"""Cash goes the way of every other batch up to the money itself: then signed rolls say who was paid."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from audits import checks
from common.moves import WrongState
from disbursements import batches, bounces, cash, funds, returns, rolls
from disbursements.choices import BatchState, FailureReason, PaymentState, Way
from disbursements.forms import CashForm
from disbursements.models import Batch, LedgerEntry, Payment
from jobs import run
from programs.choices import Payee
from programs.models import Award
from students.models import Enrollment, Student
from tests.disbursements.test_batches import RETURN_HEAD, awards, fund
from tests.factories import (
    NOW,
    ApprovalBandFactory,
    AwardFactory,
    BatchFactory,
    BatchShareFactory,
    PaymentFactory,
    ProgramFactory,
    SchoolFactory,
    UserFactory,
)
from tests.life.test_at_once import like
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
LATER = NOW + timedelta(days=9)


@pytest.fixture
def schools(program):
    """Two schools with two and one children whom no bank can pay."""
    first, second = SchoolFactory(), SchoolFactory()
    for school in (first, first, second):
        AwardFactory(program=program, confirmed=True, enrollment__school=school)
    return first, second


def prepare(term, program, by, **facts):
    facts = {"cash_reason": "山里没有银行网点", **facts}
    return batches.prepare(term=term, program=program, way=Way.CASH, by=by, at=NOW, **facts)


@pytest.fixture
def batch(term, program, preparer, approver, schools):
    awards(program, 1)  # has a card, so it gets no cash
    fund(program, term, preparer)
    batch = prepare(term, program, preparer)
    run.execute(run.start("batch-build", by=preparer, at=NOW, batch_id=batch.pk).pk)
    batch.refresh_from_db()
    batches.approve(batch, by=approver, at=NOW)
    return batch


class TestPrepare:
    def test_takes_whom_no_bank_can_pay_and_says_why(self, batch):
        assert (batch.people, batch.way, batch.cash_reason) == (3, Way.CASH, "山里没有银行网点")
        assert not batch.payments.exclude(card=None).exists()
        assert list(batch.payments.values_list("line_no", flat=True)) == [1, 2, 3]

    def test_needs_a_reason(self, term, program, preparer, schools):
        with pytest.raises(batches.WordsMissing):
            prepare(term, program, preparer, cash_reason=" ")

    def test_is_not_for_who_has_a_card_nor_for_schools(self, term, program, preparer):
        awards(program, 1)
        with pytest.raises(batches.NobodyWithoutCard):
            prepare(term, program, preparer)
        with pytest.raises(batches.CashToSchool):
            prepare(term, ProgramFactory(code="vocational-waiver", payee=Payee.SCHOOL), preparer)

    def test_stands_beside_a_batch_of_the_bank(self, batch, term, program, preparer):
        assert batches.prepare(term=term, program=program, by=preparer, at=NOW).planned_people == 1

    def test_asks_for_the_reason_on_the_page(self, as_role, term, program, schools):
        program.terms.create(term=term)
        client = as_role("preparer")
        wanted = {"program": program.pk, "way": "cash"}

        assert "cash_reason" in client.post(reverse("disbursements:prepare"), wanted).context["form"].errors
        client.post(reverse("disbursements:prepare"), wanted | {"cash_reason": "山里没有银行网点"})

        assert Batch.objects.get().way == Way.CASH


class TestRegister:
    def test_pays_who_signed_and_gives_back_what_nobody_signed_for(self, batch, term, preparer, schools):
        first, second = schools
        absent = batch.payments.filter(award__school=first).last()

        cash.register(batch, first, paid_on=TODAY, unsigned={absent.pk: "外出务工"}, by=preparer, at=LATER)
        assert (batch.state, batch.get_state_display()) == (BatchState.SENT, "现金发放中")
        cash.register(batch, second, paid_on=TODAY, unsigned={}, by=preparer, at=LATER)

        absent.refresh_from_db()
        assert (absent.state, absent.failure, absent.bank_words) == (
            PaymentState.FAILED,
            FailureReason.NOT_SIGNED,
            "外出务工",
        )
        assert (batch.state, batch.settled_at) == (BatchState.SETTLED, LATER)
        assert [(b.spent, b.released, b.under_way) for b in funds.balances(term)] == [(50_000, 25_000, 0)] * 2
        assert [str(outcome.title) for outcome in checks.run(term) if not outcome.holds] == []

    def test_lets_who_did_not_sign_be_paid_in_another_batch(self, batch, term, program, preparer, schools):
        for school in schools:
            missing = batch.payments.filter(award__school=school).first()
            cash.register(batch, school, paid_on=TODAY, unsigned={missing.pk: "生病"}, by=preparer, at=LATER)

        assert prepare(term, program, preparer).planned_people == 2

    def test_of_a_school_is_done_once(self, batch, preparer, schools):
        cash.register(batch, schools[0], paid_on=TODAY, unsigned={}, by=preparer, at=LATER)

        with pytest.raises(WrongState):
            cash.register(batch, schools[0], paid_on=TODAY, unsigned={}, by=preparer, at=LATER)

    def test_of_another_schools_child_is_refused_as_a_whole(self, batch, preparer, schools):
        foreign = batch.payments.filter(award__school=schools[1]).get()

        with pytest.raises(WrongState):
            cash.register(batch, schools[0], paid_on=TODAY, unsigned={foreign.pk: "生病"}, by=preparer, at=LATER)
        assert not batch.payments.exclude(state=PaymentState.PENDING).exists()

    @pytest.mark.parametrize("day", [date(2021, 10, 10), date(2021, 10, 21)])
    def test_on_a_day_before_the_approval_or_to_come_is_refused(self, batch, preparer, schools, day):
        with pytest.raises(cash.DayOdd, match="2021-10-11"):
            cash.register(batch, schools[0], paid_on=day, unsigned={}, by=preparer, at=LATER)

    def test_comes_back_by_no_bank(self, batch, preparer, schools):
        cash.register(batch, schools[0], paid_on=TODAY, unsigned={}, by=preparer, at=LATER)

        with pytest.raises(returns.NoAnswerToCash):
            returns.upload(batch, content=xlsx(RETURN_HEAD, [[1]]), name="回盘.xlsx", by=preparer, at=LATER)

        with pytest.raises(bounces.HandedOver):
            bounces.record(
                batch.payments.filter(state=PaymentState.PAID).first(),
                bounced_on=LATER.date(),
                failure=FailureReason.CLOSED,
                words="",
                by=preparer,
                at=LATER,
            )

    def test_ends_the_way_back(self, batch, preparer, approver, schools):
        cash.register(batch, schools[0], paid_on=TODAY, unsigned={}, by=preparer, at=LATER)

        with pytest.raises(WrongState):
            batches.take_back(batch, reason="名单有误", by=approver, at=LATER)

    def test_waits_for_the_third_signature(self, term, program, preparer, approver, schools):
        ApprovalBandFactory(from_fen=1)
        fund(program, term, preparer)
        batch = prepare(term, program, preparer)
        run.execute(run.start("batch-build", by=preparer, at=NOW, batch_id=batch.pk).pk)
        with pytest.raises(rolls.NotApproved):
            cash.register(batch, schools[0], paid_on=TODAY, unsigned={}, by=preparer, at=LATER)
        batch.refresh_from_db()
        batches.approve(batch, by=approver, at=NOW)

        with pytest.raises(rolls.ThirdMissing):
            cash.register(batch, schools[0], paid_on=TODAY, unsigned={}, by=preparer, at=LATER)
        batches.release(batch, by=UserFactory(approver=True), at=NOW)
        cash.register(batch, schools[0], paid_on=TODAY, unsigned={}, by=preparer, at=LATER)

    def test_is_not_for_what_a_bank_pays(self, preparer, schools):
        with pytest.raises(cash.NotCash):
            cash.register(BatchFactory(approved=True), schools[0], paid_on=TODAY, unsigned={}, by=preparer, at=LATER)

    def test_is_done_on_a_page_from_the_roll(self, batch, as_role, schools):
        client = as_role("preparer")
        address = reverse("disbursements:batch-cash", args=[batch.pk, schools[0].code])
        absent = batch.payments.filter(award__school=schools[0]).first()

        shown = client.get(address)
        assert [payment.award.school for payment, _field in shown.context["form"].rows()] == [schools[0]] * 2
        sheets = shown.context["form"]["sheets"].value()
        assert "paid_on" in client.post(address, {"paid_on": "", "sheets": sheets}).context["form"].errors
        client.post(address, {"paid_on": "2021-10-11", "sheets": sheets, f"why_{absent.pk}": "外出务工"})

        assert set(batch.payments.filter(award__school=schools[0]).values_list("state", flat=True)) == {
            PaymentState.PAID,
            PaymentState.FAILED,
        }

    def test_of_more_children_than_a_browser_may_send_fields_is_entered_in_parts(self, as_role, preparer):
        """1,001 fields are refused by the web server before anybody looks at them."""
        batch = BatchFactory(approved=True, cash=True)
        school = SchoolFactory(code="3900000777")
        first = PaymentFactory(batch=batch, card=None, line_no=1, award__enrollment__school=school)
        award, student, enrollment = first.award, first.award.student, first.award.enrollment
        places = range(2, 1_006)
        students = Student.objects.bulk_create(like(student, key=f"{n}", id_number_index=f"{n}") for n in places)
        enrollments = Enrollment.objects.bulk_create(like(enrollment, student=one) for one in students)
        made = Award.objects.bulk_create(like(award, enrollment=one, student=one.student) for one in enrollments)
        Payment.objects.bulk_create(like(first, award=one, line_no=n) for n, one in zip(places, made, strict=True))
        BatchShareFactory(batch=batch, per_mille=1000)
        client = as_role("preparer")
        address = reverse("disbursements:batch-cash", args=[batch.pk, school.code])

        entered = 0
        while entered < 1_005:
            form = client.get(address).context["form"]
            absent = form.payments[0]
            posted = {
                "paid_on": "2021-10-11",
                **{field.html_name: field.value() or "" for field in form if field.name != "paid_on"},
            }
            answered = client.post(address, posted | {f"why_{absent.pk}": "外出务工"})
            assert answered.status_code == 302
            entered += len(form.payments)
            done = batch.payments.exclude(state=PaymentState.PENDING)
            assert (done.count(), done.filter(state=PaymentState.FAILED).count()) == (entered, -(-entered // 200))

        batch.refresh_from_db()
        assert batch.state == BatchState.SETTLED
        posted = LedgerEntry.objects.filter(batch=batch).values_list("amount_fen", flat=True)
        assert sum(posted) == batch.payments.totals()["amount_fen"]

    def test_is_said_of_the_children_on_the_page_and_of_no_others(self, batch, as_role, schools, monkeypatch):
        """Two people have the same sheet before them: the second one's word is not taken for the next sheet."""
        monkeypatch.setattr(CashForm, "MOST", 1)
        client = as_role("preparer")
        address = reverse("disbursements:batch-cash", args=[batch.pk, schools[0].code])
        form = client.get(address).context["form"]
        assert form.waiting == 2
        posted = {"paid_on": "2021-10-11", "sheets": form["sheets"].value()}

        client.post(address, posted)
        client.post(address, posted)

        assert batch.payments.filter(state=PaymentState.PAID).count() == 1
        assert "sheets" in client.post(address, {**posted, "sheets": "1,2"}).context["form"].errors

    def test_of_a_part_with_a_child_that_does_not_wait_is_refused_as_a_whole(self, batch, preparer, schools):
        foreign = batch.payments.filter(award__school=schools[1]).get()
        mine = batch.payments.filter(award__school=schools[0]).first()

        with pytest.raises(WrongState):
            cash.register(
                batch, schools[0], paid_on=TODAY, unsigned={}, sheets=[mine.pk, foreign.pk], by=preparer, at=LATER
            )
        assert not batch.payments.exclude(state=PaymentState.PENDING).exists()
