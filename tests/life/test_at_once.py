"""Many people press one button at the same moment: one of them did it, the others are told, nothing counts twice."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection

from accounts.models import Action
from common.moves import Refused
from disbursements import (
    bands,
    bank_layouts,
    banks,
    batches,
    bounces,
    cards,
    funds,
    recoveries,
    return_reasons,
    returns,
    runs,
    sending,
)
from disbursements.bank_layouts import Layout
from disbursements.choices import EntryKind, FailureReason, PaymentState, RecoveryCause
from disbursements.models import Bank, BankTemplate, Batch, Bounce, LedgerEntry, Payment, Quota, ReturnFile
from jobs import run
from programs import lists
from programs.choices import AwardState, ListState, Payer
from programs.models import Award, AwardList
from students.models import Card, Enrollment, Student
from tests import funding
from tests.factories import (
    NOW,
    AwardFactory,
    BankFactory,
    BatchFactory,
    ProgramFactory,
    QuotaFactory,
    SchoolFactory,
    ShareFactory,
    StudentFactory,
    TermFactory,
    UserFactory,
    card_number,
)
from tests.workbooks import xlsx

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("at-once")]

THREADS, ROUNDS, FEW = 20, 50, 10
RETURN_HEAD = ("序号", "户名", "金额(元)", "状态", "失败原因", "到账日期")


@pytest.fixture
def program():
    """A program of two payers with more than enough money, and people of the county for every thread."""
    program, term = ProgramFactory(), TermFactory()
    for payer in (Payer.CENTRAL, Payer.COUNTY):
        ShareFactory(program=program, payer=payer, per_mille=500)
    by = UserFactory()
    funding.fund(issued_on=date(2021, 9, 1), program=program, term=term, amount_fen=10**12, by=by, at=NOW)
    return program


def press(rounds: int, act: Callable[[int, int], object]) -> list[int]:
    """`act(round, thread)` by all threads at once, round after round; how many did it in each round."""
    together = threading.Barrier(THREADS)
    done = [0] * rounds
    counting = threading.Lock()

    def work(thread: int) -> None:
        try:
            for number in range(rounds):
                together.wait(timeout=120)
                try:
                    act(number, thread)
                except Refused:
                    continue
                with counting:
                    done[number] += 1
        except BaseException:
            together.abort()
            raise
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        for worked in [pool.submit(work, thread) for thread in range(THREADS)]:
            worked.result()
    return done


ONE_EACH = [1] * ROUNDS


def fresh(row):
    """As another person's page has it in hand."""
    return type(row)._base_manager.get(pk=row.pk)


def by_verb(verb: str) -> int:
    return Action.objects.filter(verb=verb).count()


class TestOneButton:
    def test_a_school_signs_its_list(self):
        made = [AwardFactory(enrollment__school=SchoolFactory()).list for _ in range(ROUNDS)]
        officers = UserFactory.create_batch(THREADS, officer=True)

        def sign(number, thread):
            officer = officers[thread]
            officer.school_id = made[number].school_id  # 20 officers of each school would be 1,000 accounts
            lists.school_approve(fresh(made[number]), by=officer, at=NOW)

        assert press(ROUNDS, sign) == ONE_EACH
        assert by_verb("list.school-approved") == ROUNDS

    def test_the_county_confirms_a_list(self):
        made = [AwardFactory(enrollment__school=SchoolFactory(), list__closed=True).list for _ in range(ROUNDS)]
        approvers = UserFactory.create_batch(THREADS, approver=True)

        done = press(ROUNDS, lambda number, thread: lists.confirm(fresh(made[number]), by=approvers[thread], at=NOW))

        assert done == ONE_EACH
        assert Award.objects.filter(state=AwardState.CONFIRMED).count() == by_verb("list.confirmed") == ROUNDS

    def test_a_batch_is_approved(self, program):
        made = BatchFactory.create_batch(ROUNDS, program=program, with_payments=2)
        approvers = UserFactory.create_batch(THREADS, approver=True)

        done = press(ROUNDS, lambda number, thread: batches.approve(fresh(made[number]), by=approvers[thread], at=NOW))

        assert done == ONE_EACH
        entries = LedgerEntry.objects.filter(kind=EntryKind.RESERVED)
        assert sum(entries.values_list("amount_fen", flat=True)) == sum(batch.amount_fen for batch in made)

    def test_a_batch_is_sent(self, program):
        made = [approved(batch) for batch in BatchFactory.create_batch(ROUNDS, program=program, with_payments=1)]
        by = UserFactory.create_batch(THREADS)

        done = press(ROUNDS, lambda number, thread: sending.send(fresh(made[number]), by=by[thread], at=NOW))

        assert done == ONE_EACH
        assert Payment.objects.filter(state=PaymentState.SENT).count() == by_verb("batch.sent") == ROUNDS

    def test_an_answer_of_the_bank_is_taken(self, program):
        made = BatchFactory.create_batch(ROUNDS, program=program, sent=True, with_payments=1)
        files = [
            xlsx(RETURN_HEAD, [[1, batch.payments.get().card.holder, batch.amount_fen / 100, "成功", "", "2021-10-20"]])
            for batch in made
        ]
        by = UserFactory.create_batch(THREADS)

        def hand_in(number, thread):
            batch = fresh(made[number])
            returns.upload(batch, content=files[number], name="回盘.xlsx", by=by[thread], at=NOW)

        assert press(ROUNDS, hand_in) == ONE_EACH
        assert ReturnFile.objects.count() == by_verb("return.uploaded") == ROUNDS

    def test_a_payment_comes_back(self, program):
        paid = [approved(batch) for batch in BatchFactory.create_batch(ROUNDS, program=program, with_payments=1)]
        for batch in paid:
            sending.send(batch, by=batch.prepared_by, at=NOW)
        Payment.objects.update(state=PaymentState.PAID, paid_on=NOW.date())
        by = UserFactory.create_batch(THREADS)

        def come_back(number, thread):
            payment = Payment.objects.select_related("award", "batch").get(batch=paid[number])
            bounces.record(
                payment, bounced_on=NOW.date(), failure=FailureReason.CLOSED, words="已销户", by=by[thread], at=NOW
            )

        assert press(ROUNDS, come_back) == ONE_EACH
        returned = LedgerEntry.objects.filter(kind=EntryKind.RETURNED).values_list("amount_fen", flat=True)
        assert (Bounce.objects.count(), sum(returned)) == (ROUNDS, sum(batch.amount_fen for batch in paid))


class TestOneEntry:
    """Two presses on one button that enters something: it is entered once, the other press is answered in words."""

    def test_of_a_quota_document(self, program):
        by, term = UserFactory.create_batch(THREADS), TermFactory()

        def allot(number, thread):
            funds.allot(
                document_no=f"财教〔2021〕{number}号",
                issued_on=NOW.date(),
                program=program,
                term=term,
                payer=Payer.COUNTY,
                amount_fen=100,
                by=by[thread],
                at=NOW,
            )

        before = Quota.objects.count()
        assert press(FEW, allot) == [1] * FEW
        assert Quota.objects.count() - before == FEW

    def test_of_an_arrival(self, program):
        quota, by = QuotaFactory(program=program, amount_fen=10**9), UserFactory.create_batch(THREADS)

        def arrive(number, thread):
            facts = {"amount_fen": 100, "arrived_on": NOW.date(), "voucher": str(number)}
            funds.arrive(quota, **facts, by=by[thread], at=NOW)

        assert press(FEW, arrive) == [1] * FEW
        assert funds.arrived_of(quota) == FEW * 100

    def test_of_a_bank(self):
        by = UserFactory.create_batch(THREADS)

        def add(number, thread):
            facts = {"code": f"bank-{number}", "name": f"第{number}银行", "aliases": [f"{number}行"]}
            banks.add(**facts, is_default=True, by=by[thread], at=NOW)

        assert press(FEW, add) == [1] * FEW
        assert (Bank.objects.count(), Bank.objects.filter(is_default=True).count()) == (FEW, 1)

    def test_of_a_layout(self):
        bank, by = BankFactory(), UserFactory.create_batch(THREADS)

        def set_layout(number, thread):
            columns = ((f"编号{number}", "line"), *bank_layouts.BUILT_IN.columns[1:])
            banks.set_layout(bank, Layout(columns), by=by[thread], at=NOW)

        press(FEW, set_layout)
        assert BankTemplate.objects.count() == by_verb("bank.layout-set") == FEW

    def test_of_a_band(self, program):
        by = UserFactory.create_batch(THREADS, approver=True)

        def add(number, thread):
            bands.add(from_fen=number + 1, valid_from=NOW.date(), by=by[thread], at=NOW)

        assert press(FEW, add) == [1] * FEW

    def test_of_the_words_of_a_bank(self):
        by = UserFactory.create_batch(THREADS)

        def teach(number, thread):
            return_reasons.teach(words=f"第{number}种说法", reason=FailureReason.CLOSED, by=by[thread], at=NOW)

        assert press(FEW, teach) == [1] * FEW

    def test_of_a_recovery(self, program):
        paid = BatchFactory(program=program, settled=True, with_payments=FEW)
        awards = [payment.award for payment in paid.payments.select_related("award")]
        by = UserFactory.create_batch(THREADS)

        def open_one(number, thread):
            facts = {"cause": RecoveryCause.LEFT, "due_fen": 1, "words": "中途离校"}
            recoveries.open(fresh(awards[number]), **facts, by=by[thread], at=NOW)

        assert press(FEW, open_one) == [1] * FEW

    def test_of_a_card(self):
        """Every press is a correction; the last one holds, and a child has one card that money goes to."""
        student, by = StudentFactory(), UserFactory.create_batch(THREADS)

        def correct(number, thread):
            facts = {"number": card_number(number * THREADS + thread), "holder": student.name, "relation": "本人"}
            cards.correct(student, **facts, by=by[thread], at=NOW)

        assert press(FEW, correct) == [THREADS] * FEW
        assert Card.objects.filter(is_current=True).count() == 1


def approved(batch: Batch) -> Batch:
    """Approved, with its file."""
    batches.approve(batch, by=UserFactory(approver=True), at=NOW)
    run.execute(runs.write_bank_file(batch, by=batch.prepared_by, at=NOW).pk)
    return fresh(batch)


class TestOverlappingApprovals:
    LISTS, CHILDREN, APPROVERS = 100, 50, 4

    def test_end_in_the_union_of_what_was_chosen(self):
        """5,000 awards on 100 lists; four people confirm overlapping choices, each in an order of his own."""
        made = [self._list() for _ in range(self.LISTS)]
        approvers = UserFactory.create_batch(self.APPROVERS, approver=True)
        dice = random.Random(20)
        chosen = [dice.sample(made, 70) for _ in approvers]
        together = threading.Barrier(self.APPROVERS)

        def confirm(place: int) -> int:
            try:
                together.wait(timeout=60)
                done, refused = lists.confirm_many(
                    [fresh(found) for found in chosen[place]], by=approvers[place], at=NOW
                )
                assert done + len(refused) == len(chosen[place])
                return done
            finally:
                connection.close()

        with ThreadPoolExecutor(self.APPROVERS) as pool:
            done = sum(pool.map(confirm, range(self.APPROVERS)))

        union = {found.pk for choice in chosen for found in choice}
        confirmed = AwardList.objects.filter(state=ListState.CONFIRMED)
        assert set(confirmed.values_list("pk", flat=True)) == union
        assert done == by_verb("list.confirmed") == len(union)
        awards = Award.objects.filter(state=AwardState.CONFIRMED)
        assert awards.count() == len(union) * self.CHILDREN
        assert not awards.exclude(list__state=ListState.CONFIRMED).exists()

    def _list(self) -> AwardList:
        """One child made with all that belongs to it, the others in its likeness."""
        award = AwardFactory(enrollment__school=SchoolFactory(), list__closed=True)
        student, enrollment = award.student, award.enrollment
        others = range(1, self.CHILDREN)
        students = Student.objects.bulk_create(
            like(student, key=f"{student.pk}-{n}", id_number_index=f"{student.pk}-{n}") for n in others
        )
        enrollments = Enrollment.objects.bulk_create(like(enrollment, student=one) for one in students)
        Award.objects.bulk_create(like(award, enrollment=one, student=one.student) for one in enrollments)
        return AwardList.objects.get(pk=award.list_id)


def like(row, /, **other):
    """A new row that is this one but for what is named."""
    same = {f.name: getattr(row, f.name) for f in row._meta.concrete_fields if not f.primary_key}
    return type(row)(**{**same, **other})
