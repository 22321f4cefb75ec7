"""Two signatures and five working days: a school's list from draft to confirmed."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Action
from common.moves import WrongState
from programs import blockers, lists
from programs.choices import AwardState, ListState
from programs.models import Award, AwardList
from tests.factories import (
    NOW,
    AwardFactory,
    AwardListFactory,
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
