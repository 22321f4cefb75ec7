"""A list beside the term before: who is new, who is gone, whose amount is another, and why; who pays it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from programs import list_changes, shares
from programs.models import AwardList, Share
from schools.models import Term
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def before():
    return make.TermFactory(code="2021S")


@pytest.fixture
def term(before):
    return make.TermFactory(code="2021A")


@pytest.fixture
def school():
    return make.SchoolFactory()


def aid(term, school, *, student=None, **facts):
    child = {"enrollment__student": student} if student else {}
    make.TermProgramFactory(term=term)
    return make.AwardFactory(enrollment__term=term, enrollment__school=school, **child, **facts)


def signed():
    return {"school_approved_by": make.UserFactory(), "school_approved_at": make.NOW}


def found(award_list):
    return {(change.kind.value, change.award.student_id): change for change in list_changes.of(award_list)}


class TestChanges:
    def test_are_who_is_new_who_is_gone_and_whose_amount_is_another(self, before, term, school):
        same, more, gone = (aid(before, school).student for _each in range(3))
        aid(term, school, student=same)
        raised = aid(term, school, student=more, amount_fen=99_000)
        newcomer = aid(term, school).student
        award_list = AwardList.objects.get(term=term)

        changes = found(award_list)

        assert set(changes) == {("amount", more.pk), ("new", newcomer.pk), ("gone", gone.pk)}
        amount = changes["amount", more.pk]
        assert (amount.after_fen, amount.why) == (99_000, f"资助标准变化（{raised.standard.document_no}）")
        assert changes["new", newcomer.pk].why == "上学期不在花名册里"
        assert (changes["gone", gone.pk].after_fen, changes["gone", gone.pk].why) == (0, "本学期不在花名册里")
        assert list_changes.counts([award_list], term) == {"amount": 1, "new": 1, "gone": 1}

    def test_say_what_a_person_wrote(self, before, term, school):
        taken_out, at_another_tier = aid(before, school).student, aid(before, school).student
        aid(term, school, student=taken_out, state="dropped", dropped_reason="书面放弃")
        by = make.UserFactory()
        aid(
            term,
            school,
            student=at_another_tier,
            amount_fen=99_000,
            tier="一档",
            tier_by=by,
            tier_at=make.NOW,
            tier_reason="班级评议",
        )

        changes = found(AwardList.objects.get(term=term))

        assert changes["gone", taken_out.pk].why == "书面放弃"
        assert changes["amount", at_another_tier.pk].why == "档次由—变为一档：班级评议"

    def test_are_none_for_a_child_that_has_its_aid_at_another_school_now(self, before, term, school):
        moved = aid(before, school).student
        aid(term, school)
        aid(term, make.SchoolFactory(), student=moved)

        assert ("gone", moved.pk) not in found(AwardList.objects.get(term=term, school=school))

    def test_of_a_supplementary_list_are_only_its_own(self, before, term, school):
        aid(before, school)
        first = aid(term, school).list
        AwardList.objects.update(state="closed", **signed())
        second = AwardList.objects.create(
            school=school, term=term, number=2, prepared_by=first.prepared_by, prepared_at=make.NOW
        )
        added = aid(term, school, list=second)

        assert set(found(added.list)) == {("new", added.student_id)}

    def test_need_a_term_before(self, school):
        award = aid(make.TermFactory(code="2021A"), school)
        Term.objects.exclude(pk=award.term_id).delete()

        assert list_changes.of(award.list) == []


class TestFigures:
    def test_add_up_by_program_and_payer_to_the_fen(self, term, school):
        Share.objects.all().delete()
        first = aid(term, school, amount_fen=33_333)
        aid(term, school, amount_fen=33_333)
        make.ShareFactory(program=first.program, payer="central", per_mille=500)
        make.ShareFactory(program=first.program, payer="county", per_mille=500)

        (one,) = shares.figures(first.list.awards.live(), term)

        assert (one.people, one.amount_fen, sum(one.by_payer.values())) == (2, 66_666, 66_666)
        assert one.by_payer == shares.split(first.list.awards.live(), shares.shares_of(first.program, term))


class TestPages:
    def test_show_the_county_what_it_confirms(self, as_role, before, term, school):
        aid(before, make.SchoolFactory())
        award = aid(term, school)
        AwardList.objects.filter(term=term).update(state="closed", **signed())
        client = as_role("approver")

        part = client.get(reverse("programs:list-changes", args=[award.list_id])).content.decode()
        asked = client.post(reverse("programs:lists-confirm"), {"ids": award.list_id}).content.decode()

        assert "上学期不在花名册里" in part
        assert award.student.name in part
        assert "与上学期相比 新增 <b>1</b>" in asked

    def test_cost_as_many_queries_for_twenty_children_as_for_two(self, as_role, before, term, school):
        client = as_role("approver")

        def more(n):
            for _each in range(n):
                aid(before, school)
                aid(term, school)
                aid(term, school, student=aid(before, school).student, amount_fen=99_000)

        def queries():
            award_list = AwardList.objects.get(term=term)
            with CaptureQueriesContext(
                connection,
            ) as seen:
                client.get(reverse("programs:list-changes", args=[award_list.pk]))
            return len(seen)

        more(2)
        queries()
        few = queries()
        more(10)

        assert queries() == few
