"""Objections: what holds an award and what does not, who answers by when, who sees who complained."""

from datetime import date, datetime, time, timedelta

import pytest

from accounts.models import Action
from common.moves import WrongState
from programs import objections, publicity
from programs.choices import AwardState, Channel, ContactPurpose, NoticeState, ObjectionState
from programs.models import Notice, Objection
from tests.factories import NOW, AwardFactory, AwardListFactory, NoticeFactory, ObjectionFactory, UserFactory
from tests.together import at_once

pytestmark = pytest.mark.django_db


def at(day):
    return datetime.combine(day, time(10), tzinfo=NOW.tzinfo)


@pytest.fixture
def notice():
    award_list = AwardListFactory(published=True)
    AwardFactory.create_batch(2, list=award_list, enrollment__school=award_list.school)
    return NoticeFactory(list=award_list)


@pytest.fixture
def award(notice):
    return notice.list.awards.order_by("pk")[0]


def raised(notice, award, **facts):
    return objections.raise_objection(notice, award, words="家里有门面房", by=UserFactory(), at=NOW, **facts)


def state_of(award):
    award.refresh_from_db()
    return award.state


class TestRaised:
    def test_holds_the_one_award_and_not_the_list(self, notice, award):
        raised(notice, award)

        other = notice.list.awards.exclude(pk=award.pk).get()
        assert (state_of(award), other.state) == (AwardState.SUSPENDED, AwardState.PROPOSED)

    def test_is_due_three_working_days_after_it_came(self, notice, award):
        """It came on 30 September 2021: 1 to 7 October are the holiday, Saturday the 9th is worked."""
        objection = objections.raise_objection(
            notice, award, words="家里有门面房", by=UserFactory(), at=at(date(2021, 9, 30))
        )

        assert objection.due_on == date(2021, 10, 11)

    def test_keeps_who_said_it_sealed(self, notice, award):
        raised(notice, award, channel=Channel.PHONE, person=" 李建国 ", contact="13800001111")

        objection = Objection.objects.get()
        assert (objection.is_named, objection.person, objection.contact) == (True, "李建国", "13800001111")
        assert not Action.objects.filter(details__icontains="李建国").exists()

    def test_may_be_anonymous(self, notice, award):
        assert not raised(notice, award).is_named

    def test_speaks_of_a_child_of_this_notice(self, notice):
        with pytest.raises(objections.OtherList):
            raised(notice, AwardFactory())

    def test_needs_words(self, notice, award):
        with pytest.raises(objections.WordsMissing):
            objections.raise_objection(notice, award, words=" ", by=UserFactory(), at=NOW)

    def test_is_not_taken_once_the_notice_is_down(self, notice, award):
        publicity.take_down(notice, by=UserFactory(), at=at(notice.ends_on + timedelta(days=1)), result="无异议")

        with pytest.raises(WrongState):
            raised(notice, award)


class TestAnswer:
    def answer(self, objection, *, is_upheld):
        objections.answer(objection, is_upheld=is_upheld, answer="已入户核查", by=UserFactory(), at=NOW)

    def test_upheld_takes_the_child_off_the_list(self, notice, award):
        self.answer(raised(notice, award), is_upheld=True)

        assert (state_of(award), award.dropped_reason) == (AwardState.DROPPED, "已入户核查")

    def test_not_upheld_lets_the_award_go_on(self, notice, award):
        self.answer(raised(notice, award), is_upheld=False)

        assert state_of(award) == AwardState.PROPOSED

    def test_is_given_once(self):
        objection = ObjectionFactory(award__state=AwardState.SUSPENDED)
        stale_copy = Objection.objects.get()
        self.answer(objection, is_upheld=False)

        with pytest.raises(WrongState):
            self.answer(stale_copy, is_upheld=True)

    def test_of_one_of_two_leaves_the_award_held_by_the_other(self, notice, award):
        first, second = raised(notice, award), raised(notice, award)

        self.answer(first, is_upheld=False)
        assert state_of(award) == AwardState.SUSPENDED
        self.answer(second, is_upheld=False)
        assert state_of(award) == AwardState.PROPOSED

    def test_of_the_second_is_kept_when_the_first_took_the_child_off(self, notice, award):
        first, second = raised(notice, award), raised(notice, award)

        self.answer(first, is_upheld=True)
        self.answer(second, is_upheld=False)

        assert state_of(award) == AwardState.DROPPED
        assert second.state == ObjectionState.REFUTED


class TestByThePage:
    @pytest.fixture
    def sent(self, notice, award):
        return objections.send_in(notice, award, words="家里有门面房", person="李建国", contact="13800001111", at=NOW)

    def test_waits_and_holds_nothing(self, sent, award):
        assert (sent.state, sent.received_by, sent.channel) == (ObjectionState.UNSEEN, None, Channel.PAGE)
        assert state_of(award) == AwardState.PROPOSED
        assert Action.objects.get(verb="objection.came-in").actor is None

    def test_holds_the_award_when_an_officer_takes_it_up(self, sent, award):
        officer = UserFactory(officer=True)
        due_on = sent.due_on

        objections.take_up(sent, by=officer, at=NOW + timedelta(days=2))

        assert (sent.state, sent.received_by, sent.due_on) == (ObjectionState.OPEN, officer, due_on)
        assert state_of(award) == AwardState.SUSPENDED

    def test_is_not_for_the_school_to_throw_away(self, sent, award):
        """Neither for its officer nor for its principal: what is said against the list is said against them."""
        for role in ("officer", "principal"):
            with pytest.raises(objections.NotTheSchools):
                objections.dismiss(sent, words="广告", by=UserFactory(**{role: True}, school=award.school), at=NOW)

        sent.refresh_from_db()
        assert sent.state == ObjectionState.UNSEEN
        assert not Action.objects.filter(verb="objection.dismissed").exists()

    def test_is_proposed_for_dismissal_by_the_school_and_goes_on_waiting(self, sent, award):
        officer = UserFactory(officer=True, school=award.school)
        with pytest.raises(objections.WordsMissing):
            objections.propose_dismissal(sent, words=" ", by=officer, at=NOW)
        for other in (UserFactory(officer=True), UserFactory()):
            with pytest.raises(objections.OtherSchoolsObjection):
                objections.propose_dismissal(sent, words="广告", by=other, at=NOW)

        objections.propose_dismissal(sent, words="广告", by=officer, at=NOW)

        assert sent.state == ObjectionState.UNSEEN
        assert list(sent.steps.values_list("words", "is_proposal", "by")) == [("广告", True, officer.pk)]
        assert Objection.objects.with_proposal().get(pk=sent.pk).has_proposal
        assert Action.objects.get(verb="objection.dismissal-proposed").actor == officer
        objections.dismiss(sent, words="广告", by=UserFactory(), at=NOW)
        with pytest.raises(WrongState):
            objections.propose_dismissal(sent, words="广告", by=officer, at=NOW)

    def test_several_are_dismissed_for_one_reason_and_others_stay(self, sent, notice, award):
        second = objections.send_in(notice, award, words="便宜办证", at=NOW)
        taken_up = objections.send_in(notice, award, words="家里有车", at=NOW)
        stale = Objection.objects.get(pk=taken_up.pk)
        objections.take_up(taken_up, by=UserFactory(), at=NOW)
        county = UserFactory()

        with pytest.raises(objections.NotTheSchools):
            objections.dismiss_many([sent, second], words="广告", by=UserFactory(officer=True), at=NOW)
        with pytest.raises(objections.WordsMissing):
            objections.dismiss_many([sent, second], words=" ", by=county, at=NOW)
        assert objections.dismiss_many([sent, second, stale], words="广告", by=county, at=NOW) == 2

        ended = Objection.objects.in_state(ObjectionState.DISMISSED).order_by("pk")
        assert [(each, each.answer) for each in ended] == [(sent, "广告"), (second, "广告")]
        assert Action.objects.filter(verb="objection.dismissed", actor=county).count() == 2
        taken_up.refresh_from_db()
        assert taken_up.state == ObjectionState.OPEN

    def test_is_dismissed_with_words_and_held_nothing(self, sent, award):
        with pytest.raises(objections.WordsMissing):
            objections.dismiss(sent, words=" ", by=UserFactory(), at=NOW)

        objections.dismiss(sent, words="广告", by=UserFactory(), at=NOW)

        assert (sent.state, sent.answer) == (ObjectionState.DISMISSED, "广告")
        assert state_of(award) == AwardState.PROPOSED

    def test_is_taken_up_or_dismissed_once(self, sent):
        stale_copy = Objection.objects.get()
        objections.take_up(sent, by=UserFactory(), at=NOW)

        with pytest.raises(WrongState):
            objections.dismiss(stale_copy, words="广告", by=UserFactory(), at=NOW)
        with pytest.raises(WrongState):
            objections.take_up(stale_copy, by=UserFactory(), at=NOW)

    def test_is_neither_looked_into_nor_answered_before_it_is_taken_up(self, sent):
        with pytest.raises(objections.NotTakenUp):
            objections.note(sent, words="已问班主任", by=UserFactory(), at=NOW)
        with pytest.raises(objections.NotTakenUp):
            objections.answer(sent, is_upheld=True, answer="属实", by=UserFactory(), at=NOW)

    def test_of_a_child_that_another_took_off_is_taken_up_without_holding(self, sent, notice, award):
        first = raised(notice, award)
        objections.answer(first, is_upheld=True, answer="属实", by=UserFactory(), at=NOW)

        objections.take_up(sent, by=UserFactory(), at=NOW)

        assert state_of(award) == AwardState.DROPPED

    def test_comes_so_many_times_from_one_address_and_against_one_notice(self, notice):
        for _each in range(objections.FROM_ONE_ADDRESS["limit"]):
            objections.allow_from("192.0.2.7", notice)
        with pytest.raises(objections.TooOften):
            objections.allow_from("192.0.2.7", notice)
        objections.allow_from("192.0.2.8", notice)

        rest = objections.AGAINST_ONE_NOTICE["limit"] - objections.FROM_ONE_ADDRESS["limit"] - 1
        for n in range(rest):
            objections.allow_from(f"198.51.100.{n}", notice)
        with pytest.raises(objections.TooOften):
            objections.allow_from("203.0.113.9", notice)
        objections.allow_from("203.0.113.10", NoticeFactory())


class TestSteps:
    def test_are_kept_in_order_with_who_and_when(self, notice, award):
        objection, officer = raised(notice, award), UserFactory()

        for words in ("已问班主任", "已入户"):
            objections.note(objection, words=words, by=officer, at=NOW)

        assert list(objection.steps.values_list("words", "by")) == [("已问班主任", officer.pk), ("已入户", officer.pk)]

    def test_end_with_the_answer(self, notice, award):
        objection = raised(notice, award)
        objections.answer(objection, is_upheld=False, answer="不实", by=UserFactory(), at=NOW)

        with pytest.raises(WrongState):
            objections.note(objection, words="又问了一次", by=UserFactory(), at=NOW)


class TestWhoSaidIt:
    @pytest.fixture
    def objection(self, notice, award):
        return raised(notice, award, person="李建国", contact="13800001111")

    def test_is_shown_for_a_purpose_on_record(self, objection):
        officer = UserFactory(officer=True)

        shown = objections.reveal(objection, purpose=ContactPurpose.REPLY, by=officer, at=NOW)

        assert (shown.person, shown.contact) == ("李建国", "13800001111")
        action = Action.objects.get(verb="objection.person-revealed")
        assert (action.actor, action.details) == (officer, {"purpose": "reply"})

    def test_is_never_shown_to_auditors(self, objection):
        with pytest.raises(objections.NotForReading):
            objections.reveal(objection, purpose=ContactPurpose.REPLY, by=UserFactory(auditor=True), at=NOW)


class TestState:
    def test_of_rows_and_of_one_is_the_same(self):
        ended = {"answered_by": UserFactory(), "answered_at": NOW, "answer": "已核查"}
        rows = [
            ObjectionFactory(by_page=True),
            ObjectionFactory(),
            ObjectionFactory(is_upheld=True, **ended),
            ObjectionFactory(is_upheld=False, **ended),
            ObjectionFactory(by_page=True, is_upheld=False, **ended),
        ]

        assert [row.state for row in rows] == list(ObjectionState)
        for row in rows:
            assert Objection.objects.with_state().get(pk=row.pk).stands == row.state
            assert list(Objection.objects.in_state(row.state)) == [row]

    def test_is_overdue_while_it_is_open_after_its_day(self):
        late, ended = (
            ObjectionFactory(),
            ObjectionFactory(is_upheld=False, answer="不实", answered_by=UserFactory(), answered_at=NOW),
        )
        day_after = late.due_on + timedelta(days=1)

        assert list(Objection.objects.overdue(late.due_on)) == []
        assert list(Objection.objects.overdue(day_after)) == [late]
        assert ended not in Objection.objects.overdue(day_after)


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    """Two people press at once: one order of the two holds, and the table never shows both."""

    def test_a_notice_does_not_come_down_over_an_objection(self, notice, award):
        after = at(notice.ends_on + timedelta(days=1))
        officer = UserFactory()

        at_once(
            lambda: objections.send_in(Notice.objects.get(pk=notice.pk), award, words="家里有门面房", at=after),
            lambda: publicity.take_down(Notice.objects.get(pk=notice.pk), by=officer, at=after, result="无异议"),
        )

        notice.refresh_from_db()
        is_said = Objection.objects.filter(is_upheld=None).exists()
        assert (notice.state == NoticeState.UP) == is_said

    def test_it_is_taken_up_or_dismissed(self, notice, award):
        sent = objections.send_in(notice, award, words="家里有门面房", at=NOW)
        one, other = UserFactory(), UserFactory()

        at_once(
            lambda: objections.take_up(Objection.objects.get(pk=sent.pk), by=one, at=NOW),
            lambda: objections.dismiss(Objection.objects.get(pk=sent.pk), words="广告", by=other, at=NOW),
        )

        sent.refresh_from_db()
        held = state_of(award) == AwardState.SUSPENDED
        assert (sent.state, held) in {(ObjectionState.OPEN, True), (ObjectionState.DISMISSED, False)}
