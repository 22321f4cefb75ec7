"""Two signatures and five working days: a school's list from draft to confirmed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Action
from common.moves import WrongState
from programs import blockers, lists, publicity
from programs.choices import AwardState, ListState, NoticeState
from programs.models import Award, AwardList, Notice
from tests.factories import (
    NOW,
    AwardFactory,
    AwardListFactory,
    NoticeFactory,
    ObjectionFactory,
    SchoolFactory,
    UserFactory,
)
from tests.test_constraints import refuses_update

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=SHANGHAI)


class TestSchoolApprove:
    def test_is_the_schools_own_word(self):
        award = AwardFactory()
        officer = UserFactory(officer=True, school=award.school)

        lists.school_approve(award.list, by=officer, at=NOW)

        assert (award.list.state, award.list.school_approved_by) == (ListState.SCHOOL_APPROVED, officer)
        assert Action.objects.get().verb == "list.school-approved"

    def test_another_schools_officer_is_refused(self):
        award = AwardFactory()

        with pytest.raises(lists.OtherSchoolsList):
            lists.school_approve(award.list, by=UserFactory(officer=True, school=SchoolFactory()), at=NOW)

    def test_whoever_prepared_it_at_the_county_is_refused(self):
        award = AwardFactory()

        with pytest.raises(blockers.OwnList):
            lists.school_approve(award.list, by=award.list.prepared_by, at=NOW)

    def test_an_empty_list_is_refused(self):
        award = AwardFactory(dropped=True)

        with pytest.raises(blockers.EmptyList):
            lists.school_approve(award.list, by=UserFactory(officer=True, school=award.school), at=NOW)
        assert AwardList.objects.get().state == ListState.DRAFT


class TestTwoPeopleOfASchool:
    @pytest.fixture
    def award(self):
        return AwardFactory()

    @pytest.fixture
    def officer(self, award):
        return UserFactory(officer=True, school=award.school)

    @pytest.fixture
    def principal(self, award):
        return UserFactory(principal=True, school=award.school)

    def test_the_officer_prepares_and_the_principal_confirms(self, award, officer, principal):
        lists.school_prepare(award.list, by=officer, at=NOW)
        assert award.list.state == ListState.SCHOOL_PREPARED
        lists.school_approve(award.list, by=principal, at=NOW)

        signed = award.list
        assert (signed.state, signed.school_prepared_by, signed.school_approved_by) == (
            ListState.SCHOOL_APPROVED,
            officer,
            principal,
        )

    def test_the_officer_cannot_confirm_where_there_is_a_principal(self, award, officer, principal):
        with pytest.raises(lists.NotThePrincipal):
            lists.school_approve(award.list, by=officer, at=NOW)

    def test_the_principal_waits_for_the_officer(self, award, principal):
        with pytest.raises(lists.NotPreparedYet):
            lists.school_approve(award.list, by=principal, at=NOW)

    def test_whoever_went_through_the_list_cannot_confirm_it_even_as_principal(self, award, officer, principal):
        lists.school_prepare(award.list, by=officer, at=NOW)
        officer.is_principal = True
        officer.save()

        with pytest.raises(lists.OwnPreparation):
            lists.school_approve(award.list, by=officer, at=NOW)
        assert "awardlist_school_two_people" in refuses_update(
            award.list, school_approved_by_id=officer.pk, school_approved_at=NOW
        )

    def test_without_a_principal_nothing_is_handed_on(self, award, officer):
        with pytest.raises(lists.NoPrincipal):
            lists.school_prepare(award.list, by=officer, at=NOW)

    def test_another_school_s_people_are_refused(self, award, officer, principal):
        stranger = UserFactory(principal=True, school=SchoolFactory())

        with pytest.raises(lists.OtherSchoolsList):
            lists.school_prepare(award.list, by=stranger, at=NOW)
        lists.school_prepare(award.list, by=officer, at=NOW)
        with pytest.raises(lists.OtherSchoolsList):
            lists.school_approve(award.list, by=stranger, at=NOW)

    def test_the_principal_gives_it_back_before_signing_and_not_after(self, award, officer, principal):
        lists.school_prepare(award.list, by=officer, at=NOW)
        with pytest.raises(lists.NotThePrincipalsTurn):
            lists.send_back(award.list, reason="三年级漏了", by=officer, at=NOW)
        lists.send_back(award.list, reason="三年级漏了", by=principal, at=NOW)
        assert (award.list.state, award.list.school_prepared_by) == (ListState.DRAFT, None)

        lists.school_prepare(award.list, by=officer, at=NOW)
        lists.school_approve(award.list, by=principal, at=NOW)
        with pytest.raises(lists.NotThePrincipalsTurn):
            lists.send_back(award.list, reason="三年级漏了", by=principal, at=NOW)

    def test_the_county_confirms_by_the_paper_where_there_is_no_principal(self, award, officer):
        county = UserFactory(approver=True)

        with pytest.raises(lists.PaperMissing):
            lists.approve_for_school(award.list, paper=" ", by=county, at=NOW)
        lists.approve_for_school(award.list, paper="校长签字的名单，10月8日收到", by=county, at=NOW)

        assert (award.list.state, award.list.school_approved_by) == (ListState.SCHOOL_APPROVED, county)
        assert Action.objects.get().details["paper"] == "校长签字的名单，10月8日收到"
        AwardList.objects.update(state=ListState.CLOSED)
        with pytest.raises(blockers.SpokeForTheSchool):
            lists.confirm(award.list, by=county, at=NOW)

    def test_the_county_does_not_confirm_for_a_principal(self, award, principal):
        with pytest.raises(lists.HasPrincipal):
            lists.approve_for_school(award.list, paper="校长签字的名单", by=UserFactory(approver=True), at=NOW)

    def test_who_proposed_it_does_not_confirm_for_the_school(self, award):
        with pytest.raises(blockers.OwnList):
            lists.approve_for_school(award.list, paper="校长签字的名单", by=award.list.prepared_by, at=NOW)


class TestConfirm:
    def test_confirms_every_award_of_a_list_whose_publicity_is_over(self):
        award_list = AwardListFactory(closed=True)
        AwardFactory.create_batch(2, list=award_list, enrollment__school=award_list.school)
        AwardFactory(list=award_list, enrollment__school=award_list.school, dropped=True)

        lists.confirm(award_list, by=UserFactory(approver=True), at=NOW)

        assert award_list.state == ListState.CONFIRMED
        assert Award.objects.confirmed().count() == 2

    def test_whoever_put_it_forward_is_refused(self):
        award = AwardFactory(list__closed=True)

        with pytest.raises(blockers.OwnList):
            lists.confirm(award.list, by=award.list.prepared_by, at=NOW)

    def test_whoever_spoke_for_the_school_is_refused(self):
        award = AwardFactory(list__closed=True)

        with pytest.raises(blockers.SpokeForTheSchool):
            lists.confirm(award.list, by=award.list.school_approved_by, at=NOW)

    def test_a_child_who_left_in_between_sends_the_list_back(self):
        award = AwardFactory(list__closed=True, enrollment__state="left")

        with pytest.raises(blockers.ChildrenLeft):
            lists.confirm(award.list, by=UserFactory(approver=True), at=NOW)

    @pytest.mark.parametrize("state", ["school_approved", "published"])
    def test_a_list_that_was_not_published_to_the_end_is_refused(self, state):
        award = AwardFactory(**{f"list__{state}": True})

        with pytest.raises(WrongState):
            lists.confirm(award.list, by=UserFactory(approver=True), at=NOW)

    def test_waits_for_open_objections(self):
        award = AwardFactory(list__closed=True, state=AwardState.SUSPENDED)

        with pytest.raises(blockers.StillSuspended):
            lists.confirm(award.list, by=UserFactory(approver=True), at=NOW)
        assert AwardList.objects.get().state == ListState.CLOSED

    def test_many_at_once_confirms_those_that_can_be(self):
        good, bad = AwardFactory(list__closed=True).list, AwardFactory(list__published=True).list

        done, refusals = lists.confirm_many([good, bad], by=UserFactory(approver=True), at=NOW)

        assert done == 1
        assert set(refusals) == {bad.pk}

    def test_is_refused_the_second_time(self):
        award = AwardFactory(list__closed=True)
        stale_copy = AwardList.objects.get()
        lists.confirm(award.list, by=UserFactory(approver=True), at=NOW)

        with pytest.raises(WrongState):
            lists.confirm(stale_copy, by=UserFactory(approver=True), at=NOW)


class TestSendBack:
    def test_takes_the_schools_signature_away_and_says_why(self):
        award = AwardFactory(list__school_approved=True)

        lists.send_back(award.list, reason="三年级2班漏报", by=UserFactory(approver=True), at=NOW)

        assert (award.list.state, award.list.school_approved_by, award.list.sent_back_reason) == (
            ListState.DRAFT,
            None,
            "三年级2班漏报",
        )

    def test_is_refused_while_the_school_works_on_another_list_of_the_term(self):
        first = AwardListFactory(closed=True)
        AwardList.objects.create(
            school=first.school, term=first.term, number=2, prepared_by=first.prepared_by, prepared_at=NOW
        )

        with pytest.raises(lists.OtherListInPreparation):
            lists.send_back(first, reason="三年级2班漏报", by=UserFactory(approver=True), at=NOW)
        assert AwardList.objects.get(pk=first.pk).state == ListState.CLOSED


class TestPublicity:
    def test_counts_chinese_working_days(self):
        """Put up on 30 September 2021: the holiday does not count, Saturday 9 October does."""
        award = AwardFactory(list__school_approved=True)

        notice = publicity.put_up(award.list, by=UserFactory(), at=at(date(2021, 9, 30)))

        assert notice.ends_on == date(2021, 10, 12)

    def test_shows_only_the_allowed_columns(self):
        award = AwardFactory(list__published=True)
        notice = NoticeFactory(list=award.list)

        rows = publicity.shown(notice, notice.starts_on)

        assert rows == [
            {
                "name": award.student.name,
                "school": award.school.name,
                "grade": award.grade,
                "class_name": award.class_name,
                "program": award.program.name,
                "amount_fen": award.amount_fen,
            }
        ]

    def test_shows_nothing_before_after_and_once_it_is_down(self):
        award = AwardFactory(list__published=True)
        notice = NoticeFactory(list=award.list)

        assert publicity.shown(notice, notice.starts_on - timedelta(days=1)) == []
        assert publicity.shown(notice, notice.ends_on + timedelta(days=1)) == []
        publicity.take_down(notice, by=UserFactory(), at=at(notice.ends_on + timedelta(days=1)), result="无异议")
        assert publicity.shown(notice, notice.starts_on) == []

    def test_cannot_be_shorter_than_five_working_days(self):
        award = AwardFactory(list__school_approved=True)

        with pytest.raises(publicity.TooShort):
            publicity.put_up(award.list, by=UserFactory(), at=NOW, working_days=4)

    def test_cannot_be_taken_down_on_its_last_day(self):
        notice = NoticeFactory()

        with pytest.raises(blockers.NotOver):
            publicity.take_down(notice, by=UserFactory(), at=at(notice.ends_on), result="无异议")

    def test_closes_the_list_with_its_result(self):
        notice = NoticeFactory()

        publicity.take_down(notice, by=UserFactory(), at=at(notice.ends_on + timedelta(days=1)), result="无异议")

        notice.refresh_from_db()
        assert (notice.state, notice.result, notice.list.state) == (NoticeState.DOWN, "无异议", ListState.CLOSED)


class TestObjection:
    @pytest.fixture
    def notice(self):
        award_list = AwardListFactory(published=True)
        AwardFactory.create_batch(2, list=award_list, enrollment__school=award_list.school)
        return NoticeFactory(list=award_list)

    def test_holds_the_one_award_and_not_the_list(self, notice):
        award, other = notice.list.awards.order_by("pk")

        publicity.raise_objection(notice, award, words="家里有门面房", by=UserFactory(), at=NOW)

        other.refresh_from_db()
        assert (award.state, other.state) == (AwardState.SUSPENDED, AwardState.PROPOSED)

    def test_upheld_takes_the_child_off_the_list(self, notice):
        award = notice.list.awards.first()
        objection = publicity.raise_objection(notice, award, words="家里有门面房", by=UserFactory(), at=NOW)

        publicity.answer(objection, is_upheld=True, answer="经核查属实", by=UserFactory(), at=NOW)

        award.refresh_from_db()
        assert (award.state, award.dropped_reason) == (AwardState.DROPPED, "经核查属实")

    def test_not_upheld_lets_the_award_go_on(self, notice):
        award = notice.list.awards.first()
        objection = publicity.raise_objection(notice, award, words="家里有门面房", by=UserFactory(), at=NOW)

        publicity.answer(objection, is_upheld=False, answer="房屋为租用", by=UserFactory(), at=NOW)

        award.refresh_from_db()
        assert award.state == AwardState.PROPOSED

    def test_is_answered_once(self):
        objection = ObjectionFactory(award__state=AwardState.SUSPENDED)
        stale_copy = type(objection).objects.get()
        publicity.answer(objection, is_upheld=False, answer="房屋为租用", by=UserFactory(), at=NOW)

        with pytest.raises(WrongState):
            publicity.answer(stale_copy, is_upheld=True, answer="属实", by=UserFactory(), at=NOW)

    def test_keeps_the_notice_up_while_it_is_open(self, notice):
        publicity.raise_objection(notice, notice.list.awards.first(), words="有异议", by=UserFactory(), at=NOW)

        with pytest.raises(blockers.ObjectionOpen):
            publicity.take_down(notice, by=UserFactory(), at=at(notice.ends_on + timedelta(days=1)), result="有异议")
        assert Notice.objects.get().state == NoticeState.UP
