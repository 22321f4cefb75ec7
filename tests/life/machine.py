"""A random walk through the office: anybody presses anything, in any order, and what must hold is counted after each.

The counting is the tests' own: it knows of the product the rows alone, not how it adds up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, TypeVar

from django.db import models, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accounts.models import User
from common.moves import Refused
from disbursements import batches, bounces, cards, cash, funds, pay_decisions, recoveries, returns, sending
from disbursements.choices import BatchState, FailureReason, PaymentState, RecoveryCause, RecoveryState, Way
from disbursements.models import (
    Arrival,
    Batch,
    Payment,
    Recovery,
    ReturnFile,
)
from jobs import files, run
from jobs.choices import JobState
from programs import awards, lists, objections, publicity
from programs.choices import ListState, NoticeState, Payee
from programs.models import Award, AwardList, Notice, Objection, Program, Share
from students.choices import EnrollmentState
from students.models import Enrollment
from tests.factories import NOW, card_number
from tests.life.office import TIERS, Office
from tests.life.truths import Truths
from tests.workbooks import xlsx

RETURN_HEAD = ("序号", "户名", "金额(元)", "状态", "失败原因", "到账日期")
any_one = st.integers(0, 7)
Row = TypeVar("Row")


class Life(RuleBasedStateMachine):
    """Every example begins with the same office and is undone at its end."""

    office: ClassVar[Office]

    def __init__(self) -> None:
        super().__init__()
        self._undone = transaction.atomic()
        self._undone.__enter__()
        self.at = NOW
        self.truths = Truths(self.office.term)
        self.has_changed = True
        self.answers = 0
        self.vouchers = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._undone.__exit__(None, None, None)

    # --- tools

    def tick(self, **time: int) -> datetime:
        self.at += timedelta(**(time or {"minutes": 1}))
        self.has_changed |= "days" in time
        return self.at

    def attempt(self, act: Callable[..., object], *args: object, **named: object) -> bool:
        """The office's rules may refuse it; anything else that goes wrong ends the walk."""
        try:
            with transaction.atomic():
                act(*args, **named)
        except Refused:
            return False
        self.has_changed = True
        return True

    def execute(self, kind: str, by: User, **params: object) -> bool:
        """A background run to its end; it may be refused, anything else is raised."""
        self.has_changed = True
        job = run.execute(run.start(kind, by=by, at=self.tick(), **params).pk)
        return job.state == JobState.DONE

    def person(self, pick: int) -> User:
        return self.office.people[pick % len(self.office.people)]

    # --- the beginning

    @initialize(first=st.integers(0, 6), second=st.integers(0, 5), of_batches=st.integers(0, 9), funded=st.booleans())
    def begin(self, first: int, second: int, of_batches: int, funded: bool) -> None:
        """Some way into the term, so that walks begin in every state of lists and batches."""
        if funded or of_batches:
            for program in self.office.programs:
                self._money_arrives(program, 10_000_000)
        self._propose(self.office.preparers[0])
        for place, steps in ((0, first), (1, second)):
            for _ in range(steps):
                self._goes_on_with_a_list(place)
        for _ in range(of_batches):
            self._goes_on_with_a_batch(0)

    # --- lists

    @rule(pick=any_one)
    def propose(self, pick: int) -> None:
        self._propose(self.office.preparers[pick % 2])

    def _propose(self, by: User) -> None:
        self.execute("awards-propose", by, term=self.office.term, term_id=self.office.term.pk)

    @rule(pick=any_one)
    def a_list_goes_on(self, pick: int) -> None:
        self._goes_on_with_a_list(pick)

    def _goes_on_with_a_list(self, pick: int) -> None:
        """Its next step, by whom it takes."""
        found = one(AwardList.objects.exclude(state=ListState.CONFIRMED), pick)
        if found is None:
            return
        officer, principal, other_officer = self.office.officers
        here = found.school_id == self.office.schools[0].pk
        if found.state == ListState.DRAFT and here:
            self.attempt(lists.school_prepare, found, by=officer, at=self.tick())
        elif found.state in {ListState.DRAFT, ListState.SCHOOL_PREPARED}:
            self.attempt(lists.school_approve, found, by=principal if here else other_officer, at=self.tick())
        elif found.state == ListState.SCHOOL_APPROVED:
            self.attempt(publicity.put_up, found, by=officer if here else other_officer, at=self.tick())
        elif found.state == ListState.PUBLISHED:
            notice = found.notices.get(state=NoticeState.UP)
            if timezone.localdate(self.at) <= notice.ends_on:
                self.tick(days=(notice.ends_on - timezone.localdate(self.at)).days + 1)
            self._take_down(notice, officer if here else other_officer)
        else:
            self.attempt(lists.confirm, found, by=self.office.approvers[0], at=self.tick())

    @rule(pick=any_one, who=any_one, is_last=st.booleans())
    def a_school_speaks(self, pick: int, who: int, is_last: bool) -> None:
        if found := one(AwardList.objects.all(), pick):
            act = lists.school_approve if is_last else lists.school_prepare
            self.attempt(act, found, by=self.person(who), at=self.tick())

    @rule(pick=any_one, who=any_one)
    def the_county_speaks_for_a_school(self, pick: int, who: int) -> None:
        if found := one(AwardList.objects.all(), pick):
            self.attempt(lists.approve_for_school, found, paper="校长签字", by=self.person(who), at=self.tick())

    @rule(pick=any_one, who=any_one)
    def put_up(self, pick: int, who: int) -> None:
        if found := one(AwardList.objects.all(), pick):
            self.attempt(publicity.put_up, found, by=self.person(who), at=self.tick())

    @rule(days=st.integers(1, 4))
    def days_pass(self, days: int) -> None:
        self.tick(days=days)

    @rule(pick=any_one, who=any_one)
    def take_down(self, pick: int, who: int) -> None:
        if notice := one(Notice.objects.all(), pick):
            self._take_down(notice, self.person(who))

    def _take_down(self, notice: Notice, by: User) -> None:
        self.attempt(publicity.take_down, notice, by=by, at=self.tick(), result="公示无异议")

    @rule(pick=any_one, who=any_one)
    def confirm(self, pick: int, who: int) -> None:
        if found := one(AwardList.objects.all(), pick):
            self.attempt(lists.confirm, found, by=self.person(who), at=self.tick())

    @rule(pick=any_one, who=any_one)
    def send_back_a_list(self, pick: int, who: int) -> None:
        if found := one(AwardList.objects.all(), pick):
            self.attempt(lists.send_back, found, reason="请核对", by=self.person(who), at=self.tick())

    @rule(pick=any_one, who=any_one)
    def drop(self, pick: int, who: int) -> None:
        if award := one(Award.objects.live(), pick):
            self.attempt(awards.drop, award, reason="家庭情况好转", by=self.person(who), at=self.tick())

    @rule(pick=any_one, who=any_one, tier=st.sampled_from(["", *TIERS]))
    def set_tier(self, pick: int, who: int, tier: str) -> None:
        if award := one(Award.objects.live(), pick):
            self.attempt(awards.set_tier, award, tier, reason="评议", by=self.person(who), at=self.tick())

    @rule(pick=any_one, who=any_one)
    def object_to_an_award(self, pick: int, who: int) -> None:
        notice = one(Notice.objects.filter(state=NoticeState.UP), pick)
        if notice and (award := one(Award.objects.live(), pick)):
            self._object(notice, award, self.person(who))

    def _object(self, notice: Notice, award: Award, by: User) -> None:
        self.attempt(objections.raise_objection, notice, award, words="家里有车", by=by, at=self.tick())

    @rule(pick=any_one)
    def a_stranger_objects(self, pick: int) -> None:
        notice = one(Notice.objects.filter(state=NoticeState.UP), pick)
        if notice and (award := one(Award.objects.live(), pick)):
            self.attempt(objections.send_in, notice, award, words="家里有车", at=self.tick())

    @rule(pick=any_one, who=any_one, is_taken_up=st.booleans())
    def somebody_looks_at_what_came_in(self, pick: int, who: int, is_taken_up: bool) -> None:
        if objection := one(Objection.objects.filter(received_by=None), pick):
            by, at = self.person(who), self.tick()
            if is_taken_up:
                self.attempt(objections.take_up, objection, by=by, at=at)
            else:
                self.attempt(objections.dismiss, objection, words="无具体内容", by=by, at=at)

    @rule(pick=any_one, who=any_one, is_upheld=st.booleans())
    def answer_an_objection(self, pick: int, who: int, is_upheld: bool) -> None:
        if objection := one(Objection.objects.all(), pick):
            by, at = self.person(who), self.tick()
            self.attempt(objections.answer, objection, is_upheld=is_upheld, answer="已核查", by=by, at=at)

    @rule(pick=any_one)
    def a_child_leaves_or_comes_back(self, pick: int) -> None:
        if found := one(Enrollment.objects.all(), pick):
            left = found.state == EnrollmentState.STUDYING
            found.state = EnrollmentState.LEFT if left else EnrollmentState.STUDYING
            found.save(update_fields=["state"])
            self.has_changed = True

    # --- money

    @rule(pick=any_one, yuan=st.sampled_from([100, 1_000, 100_000]))
    def money_arrives(self, pick: int, yuan: int) -> None:
        self._money_arrives(self.office.programs[pick % 2], yuan * 100)

    def _money_arrives(self, program: Program, amount_fen: int) -> None:
        """In the parts in which the program is borne, so that none is wanting alone."""
        by = self.office.preparers[0]
        for payer, per_mille in _shares_now(program).items():
            self.vouchers += 1
            quota = funds.allot(
                document_no=f"示财教〔2021〕{self.vouchers}号",
                issued_on=timezone.localdate(self.at),
                program=program,
                term=self.office.term,
                payer=payer,
                amount_fen=amount_fen * per_mille // 1000 + 1,
                by=by,
                at=self.tick(),
            )
            funds.arrive(
                quota,
                amount_fen=quota.amount_fen,
                arrived_on=timezone.localdate(self.at),
                voucher=str(self.vouchers),
                by=by,
                at=self.tick(),
            )

    @rule(pick=any_one, who=any_one)
    def an_arrival_was_wrong(self, pick: int, who: int) -> None:
        if arrival := one(Arrival.objects.all(), pick):
            self.attempt(funds.withdraw_arrival, arrival, why="录入错误", by=self.person(who), at=self.tick())

    @rule(pick=any_one, to=st.sampled_from([(600, 320, 80), (500, 100, 400), (333, 333, 334)]))
    def shares_change(self, pick: int, to: tuple[int, int, int]) -> None:
        """Who bears a program is settled anew, from the same day on: what is approved stays shared as it was."""
        program = self.office.programs[pick % 2]
        for share, per_mille in zip(Share.objects.filter(program=program).order_by("pk"), to, strict=True):
            Share.objects.filter(pk=share.pk).update(per_mille=per_mille)
        self.has_changed = True
        if batch := one(Batch.objects.filter(program=program, state=BatchState.SENT), pick):
            self._answer(batch, [True, False], "")

    @rule(pick=any_one, who=any_one)
    def prepare_a_batch(self, pick: int, who: int) -> None:
        self._prepare(self.office.programs[pick % 2], self.person(who))

    def _prepare(self, program: Program, by: User, **how: object) -> None:
        self.attempt(batches.prepare, term=self.office.term, program=program, by=by, at=self.tick(), **how)

    @rule(who=any_one)
    def prepare_cash(self, who: int) -> None:
        self._prepare(self.office.money, self.person(who), way=Way.CASH, cash_reason="没有银行网点")

    @rule(pick=any_one, who=any_one, has_signed=st.booleans())
    def a_roll_is_signed(self, pick: int, who: int, has_signed: bool) -> None:
        if payment := one(Payment.objects.filter(batch__way=Way.CASH), pick):
            self.attempt(
                cash.register,
                payment.batch,
                payment.award.school,
                paid_on=timezone.localdate(self.at),
                unsigned={} if has_signed else {payment.pk: "没有来领"},
                by=self.person(who),
                at=self.tick(),
            )

    @rule(pick=any_one, who=any_one, is_to_pay=st.booleans())
    def somebody_decides_on_a_child_that_left(self, pick: int, who: int, is_to_pay: bool) -> None:
        if award := one(Award.objects.confirmed().exclude(enrollment__state=EnrollmentState.STUDYING), pick):
            by, at = self.person(who), self.tick()
            self.attempt(pay_decisions.decide, award, is_to_pay=is_to_pay, words="已核实", by=by, at=at)

    @rule(pick=any_one)
    def build(self, pick: int) -> None:
        """Also once more, and of a batch that has gone long ago."""
        if batch := one(Batch.objects.all(), pick):
            self.execute("batch-build", batch.prepared_by, batch_id=batch.pk)

    @rule(pick=any_one)
    def a_batch_goes_on(self, pick: int) -> None:
        self._goes_on_with_a_batch(pick)

    def _goes_on_with_a_batch(self, pick: int) -> None:
        """Its next step, by whom it takes."""
        batch = one(Batch.objects.filter(state__in=[BatchState.DRAFT, BatchState.APPROVED, BatchState.SENT]), pick)
        if batch is None:
            self._prepare(self.office.programs[pick % 2], self.office.preparers[0])
        elif batch.state == BatchState.DRAFT and not batch.people:
            self.execute("batch-build", batch.prepared_by, batch_id=batch.pk)
        elif batch.state == BatchState.DRAFT:
            self.attempt(batches.approve, batch, by=self.office.approvers[1], at=self.tick())
        elif batch.needs_third and not batch.released_by_id:
            self.attempt(batches.release, batch, by=self.office.approvers[2], at=self.tick())
        elif batch.way == Way.CASH:
            self.a_roll_is_signed(pick, 0, has_signed=True)
        elif batch.state == BatchState.APPROVED:
            self._write(batch)
            batch.refresh_from_db()
            self.attempt(sending.send, batch, by=batch.prepared_by, at=self.tick())
        else:
            self._answer(batch, [True, False, True, True], "")

    @rule(pick=any_one, who=any_one)
    def approve(self, pick: int, who: int) -> None:
        if batch := one(Batch.objects.all(), pick):
            self.attempt(batches.approve, batch, by=self.person(who), at=self.tick())

    @rule(pick=any_one, who=any_one)
    def sign_third(self, pick: int, who: int) -> None:
        if batch := one(Batch.objects.all(), pick):
            self.attempt(batches.release, batch, by=self.person(who), at=self.tick())

    @rule(pick=any_one, who=any_one, how=st.sampled_from(["discard", "send_back", "take_back"]))
    def give_a_batch_up(self, pick: int, who: int, how: str) -> None:
        if batch := one(Batch.objects.all(), pick):
            reason = {} if how == "discard" else {"reason": "请核对"}
            self.attempt(getattr(batches, how), batch, by=self.person(who), at=self.tick(), **reason)

    @rule(pick=any_one)
    def write_a_bank_file(self, pick: int) -> None:
        if batch := one(Batch.objects.all(), pick):
            self._write(batch)

    def _write(self, batch: Batch) -> None:
        self.execute("batch-bank-file", batch.prepared_by, batch_id=batch.pk)

    @rule(pick=any_one, who=any_one)
    def send(self, pick: int, who: int) -> None:
        if batch := one(Batch.objects.all(), pick):
            self.attempt(sending.send, batch, by=self.person(who), at=self.tick())

    @rule(
        pick=any_one,
        outcomes=st.lists(st.booleans(), min_size=1, max_size=4),
        flaw=st.sampled_from(["", "", "", "missing", "twice", "foreign", "contrary"]),
    )
    def the_bank_answers(self, pick: int, outcomes: list[bool], flaw: str) -> None:
        if batch := one(Batch.objects.all(), pick):
            self._answer(batch, outcomes, flaw)

    def _answer(self, batch: Batch, outcomes: Sequence[bool], flaw: str) -> None:
        """What the bank says of each line: paid or failed, and now and then nonsense beside."""
        self.answers += 1
        rows = []
        for place, line in enumerate(_transfers(batch)):
            is_paid = outcomes[place % len(outcomes)]
            rows.append([*line, *_said(is_paid), str(timezone.localdate(self.at))])
        if flaw == "missing":
            rows = rows[1:]
        elif flaw == "twice" and rows:
            rows.append(rows[0])
        elif flaw == "contrary" and rows:
            rows.append([*rows[0][:3], *_said(rows[0][3] != "成功"), rows[0][5]])
        elif flaw == "foreign":
            rows.append([999, "别人", "1.00", *_said(True), str(timezone.localdate(self.at))])
        rows.append([None, f"第 {self.answers} 次", None, None, None, None])
        self._hand_in(batch, xlsx(RETURN_HEAD, rows))

    def _hand_in(self, batch: Batch, content: bytes) -> None:
        by, at = self.office.preparers[1], self.tick()
        try:
            with transaction.atomic():
                answer = returns.upload(batch, content=content, name="回盘.xlsx", by=by, at=at)
        except Refused:
            return
        self.execute("return-read", by, return_id=answer.pk)

    @rule(pick=any_one)
    def an_answer_is_read_again(self, pick: int) -> None:
        """The run that reads it is started a second time, as by a second worker."""
        if answer := one(ReturnFile.objects.all(), pick):
            self.execute("return-read", answer.uploaded_by, return_id=answer.pk)

    @rule(pick=any_one, who=any_one)
    def a_payment_comes_back(self, pick: int, who: int) -> None:
        if payment := one(Payment.objects.all(), pick):
            self.attempt(
                bounces.record,
                payment,
                bounced_on=timezone.localdate(self.at),
                failure=FailureReason.CLOSED,
                words="已销户",
                by=self.person(who),
                at=self.tick(),
            )

    @rule(pick=any_one)
    def a_card_is_corrected(self, pick: int) -> None:
        student = self.office.children[pick % len(self.office.children)]
        self.vouchers += 1
        number = card_number(500_000 + self.vouchers)
        self.attempt(
            cards.correct,
            student,
            number=number,
            holder=student.name,
            relation="本人",
            by=self.office.officers[0],
            at=self.tick(),
        )

    @rule(pick=any_one, who=any_one, fen=st.sampled_from([1, 777, 12_347, 33_333]))
    def ask_money_back(self, pick: int, who: int, fen: int) -> None:
        paid = Payment.objects.filter(state=PaymentState.PAID).values("award")
        if award := one(Award.objects.filter(pk__in=paid), pick) or one(Award.objects.all(), pick):
            self.attempt(
                recoveries.open,
                award,
                cause=RecoveryCause.LEFT,
                due_fen=fen,
                words="中途离校",
                by=self.person(who),
                at=self.tick(),
            )

    @rule(pick=any_one, who=any_one, fen=st.sampled_from([1, 500, 777, 12_347, 33_333]))
    def a_family_gives_back(self, pick: int, who: int, fen: int) -> None:
        if recovery := one(Recovery.objects.all(), pick):
            self._receive(recovery, fen, self.person(who))

    @rule(pick=any_one)
    def a_family_brings_too_much(self, pick: int) -> None:
        if recovery := one(Recovery.objects.filter(state=RecoveryState.OPEN), pick):
            self._receive(recovery, recovery.due_fen + 1, self.office.preparers[0])

    def _receive(self, recovery: Recovery, fen: int, by: User) -> None:
        self.vouchers += 1
        day, voucher = timezone.localdate(self.at), str(self.vouchers)
        self.attempt(
            recoveries.receive, recovery, amount_fen=fen, received_on=day, voucher=voucher, by=by, at=self.tick()
        )

    @rule(pick=any_one, who=any_one)
    def let_the_rest_go(self, pick: int, who: int) -> None:
        if recovery := one(Recovery.objects.all(), pick):
            self.attempt(recoveries.waive, recovery, words="家庭困难", by=self.person(who), at=self.tick())

    # --- what nobody may do, and what was done already

    @rule(pick=any_one)
    def whoever_must_not_sign_a_list_tries(self, pick: int) -> None:
        """A foreign school, whoever put it forward, whoever spoke for the school, and whoever is in a hurry."""
        found = one(AwardList.objects.all(), pick)
        if found is None:
            return
        for officer in self.office.officers:
            if officer.school_id != found.school_id:
                self.attempt(lists.school_prepare, found, by=officer, at=self.tick())
                self.attempt(lists.school_approve, found, by=officer, at=self.tick())
        for signed in (found.school_prepared_by, found.school_approved_by):
            if signed is not None:
                self.attempt(lists.school_approve, found, by=signed, at=self.tick())
                self.attempt(lists.confirm, found, by=signed, at=self.tick())
        self.attempt(lists.confirm, found, by=found.prepared_by, at=self.tick())
        for notice in found.notices.filter(state=NoticeState.UP):
            if timezone.localdate(self.at) <= notice.ends_on:
                self._take_down(notice, self.office.approvers[0])
            if notice.objections.filter(is_upheld=None).exists():
                self.tick(days=10)
                self._take_down(notice, self.office.approvers[0])

    @rule(pick=any_one)
    def whoever_must_not_sign_a_batch_tries(self, pick: int) -> None:
        batch = one(Batch.objects.all(), pick)
        if batch is None:
            return
        for by in (batch.prepared_by, batch.approved_by):
            if by is not None:
                self.attempt(batches.release, batch, by=by, at=self.tick())
                self.attempt(batches.take_back, batch, reason="请核对", by=batch.prepared_by, at=self.tick())
                self.attempt(batches.approve, batch, by=batch.prepared_by, at=self.tick())

    @rule(pick=any_one)
    def what_was_done_is_done_again(self, pick: int) -> None:
        """By somebody whose page shows how it was before."""
        if batch := one(Batch.objects.exclude(state=BatchState.DRAFT), pick):
            self.execute("batch-build", batch.prepared_by, batch_id=batch.pk)
            self.attempt(batches.approve, batch, by=self.office.approvers[2], at=self.tick())
            if batch.state != BatchState.APPROVED:
                self.attempt(sending.send, batch, by=batch.prepared_by, at=self.tick())
        if answer := one(ReturnFile.objects.all(), pick):
            self.execute("return-read", answer.uploaded_by, return_id=answer.pk)
            self._hand_in(answer.batch, files.content(answer.file))
            self._answer(answer.batch, [True], "")
            self._answer(answer.batch, [False], "")

    # --- what always holds

    @invariant()
    def all_holds(self) -> None:
        """Whatever was refused left nothing behind: then there is nothing new to count."""
        if self.has_changed:
            self.truths.hold(timezone.localdate(self.at))
            self.has_changed = False


def one(rows: models.QuerySet[Row], pick: int) -> Row | None:
    """One of the rows there are, the same for the same pick."""
    found = list(rows.order_by("pk"))
    return found[pick % len(found)] if found else None


def _said(is_paid: bool) -> tuple[str, str]:
    return ("成功", "") if is_paid else ("失败", "户名不符")


def _shares_now(program: Program) -> dict[str, int]:
    return dict(Share.objects.filter(program=program).order_by("pk").values_list("payer", "per_mille"))


def _transfers(batch: Batch) -> list[tuple[int, str, str]]:
    """(number, holder, yuan) of each line as it went to the bank; lines to schools stand for several children."""
    sums: dict[int, int] = Counter()
    holders: dict[int, str] = {}
    to_schools = batch.program.payee == Payee.SCHOOL
    for payment in batch.payments.select_related("card", "award__school"):
        sums[payment.line_no] += payment.amount_fen
        holders[payment.line_no] = (
            payment.award.school.account_holder if to_schools else payment.card.holder if payment.card else ""
        )
    return [(line, holders[line], f"{sums[line] / 100:.2f}") for line in sorted(sums)]
