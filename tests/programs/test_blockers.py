"""What stands in the way of a list is what its next act refuses with, in that order."""

from datetime import timedelta

import pytest
from django.urls import reverse

from common.moves import Refused
from programs import blockers, lists, publicity
from programs.choices import AwardState, ListState
from programs.models import AwardList
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def codes(award_list, **kwargs):
    return [blocker.code for blocker in blockers.of_list(award_list, on=NOW.date(), **kwargs) if blocker.is_stop]


def refusal(act):
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


class TestOfAList:
    def test_that_is_ready_there_is_nothing(self):
        award = make.AwardFactory(list__closed=True)

        assert codes(award.list, by=make.UserFactory(approver=True)) == []

    @pytest.mark.parametrize("state", ["draft", "closed"])
    def test_without_children_it_is_empty(self, state):
        award_list = make.AwardFactory(dropped=True, **({"list__closed": True} if state == "closed" else {})).list
        officer = make.UserFactory(officer=True, school=award_list.school)
        approver = make.UserFactory(approver=True)

        acts = {
            "draft": lambda: lists.school_approve(award_list, by=officer, at=NOW),
            "closed": lambda: lists.confirm(award_list, by=approver, at=NOW),
        }

        assert codes(award_list) == ["list-empty"]
        assert refusal(acts[state]) == "list-empty"

    def test_whose_children_left_or_are_held_it_is_both_and_the_act_refuses_with_the_first(self):
        award_list = make.AwardListFactory(closed=True)
        make.AwardFactory(list=award_list, enrollment__school=award_list.school, enrollment__state="left")
        make.AwardFactory(list=award_list, enrollment__school=award_list.school, state=AwardState.SUSPENDED)

        found = codes(award_list)

        assert found == ["list-children-left", "list-still-suspended"]
        assert refusal(lambda: lists.confirm(award_list, by=make.UserFactory(approver=True), at=NOW)) == found[0]

    def test_it_is_the_person_who_put_it_forward_or_spoke_for_the_school(self):
        award_list = make.AwardFactory(list__closed=True).list

        assert codes(award_list, by=award_list.prepared_by) == ["own-list"]
        assert codes(award_list, by=award_list.school_approved_by) == ["spoke-for-the-school"]

    def test_that_is_published_it_is_the_days_and_the_open_objections(self):
        objection = make.ObjectionFactory(award__state=AwardState.SUSPENDED)
        notice = objection.notice
        over = NOW + timedelta(days=30)

        assert codes(notice.list) == ["publicity-not-over", "objection-open"]
        later = [blocker.code for blocker in blockers.of_list(notice.list, on=over.date()) if blocker.is_stop]
        assert later == ["objection-open"]
        take_down = {"by": make.UserFactory(), "result": "无异议"}
        assert refusal(lambda: publicity.take_down(notice, at=NOW, **take_down)) == "publicity-not-over"
        assert refusal(lambda: publicity.take_down(notice, at=over, **take_down)) == "objection-open"


class TestPage:
    def test_says_before_anybody_presses_what_the_act_would_refuse(self, as_role):
        award = make.AwardFactory(list__closed=True, enrollment__state="left")
        client = as_role("approver")

        page = client.get(award.list.get_absolute_url()).content.decode()
        client.post(reverse("programs:list-confirm", args=[award.list_id]))

        assert "名单中有 1 名学生已经离校" in page
        assert AwardList.objects.get().state == ListState.CLOSED
