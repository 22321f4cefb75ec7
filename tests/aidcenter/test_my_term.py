"""The officer's first page: what to do next, until when, what is wrong, what is done."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aidcenter import my_term
from programs.models import AwardList
from students.choices import RosterState
from students.models import SchoolTerm
from tests.factories import (
    NOW,
    AuditQuestionFactory,
    AwardFactory,
    MatchFactory,
    NominationFactory,
    NoticeFactory,
    ObjectionFactory,
    PaymentFactory,
    RecognitionListFactory,
    RecognitionRoundFactory,
    RosterFactory,
    SchoolFactory,
    SchoolQuestionFactory,
    TermFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

TODAY = date(2021, 9, 20)


@pytest.fixture
def school():
    return SchoolFactory()


@pytest.fixture
def term():
    return TermFactory(roster_due_on=date(2021, 9, 30))


def steps(school, term, today=TODAY):
    return [step.state.value for step in my_term.of(school, term, today=today).steps]


class TestAuditQuestion:
    def test_is_the_next_step_where_nothing_else_is(self, school, term):
        RosterFactory(school=school, term=term)
        RecognitionListFactory(school=school, term=term)
        later = AuditQuestionFactory(school=school, due_on=TODAY + timedelta(days=9))
        first = AuditQuestionFactory(school=school, due_on=TODAY - timedelta(days=1), title="照片不清楚")
        AuditQuestionFactory(school=school, due_on=TODAY - timedelta(days=2), answered=True)
        AuditQuestionFactory(school=SchoolFactory(), due_on=TODAY - timedelta(days=2))

        found = my_term.of(school, term, today=TODAY)

        assert later.due_on > first.due_on
        assert (found.next.words, found.next.is_overdue) == ("照片不清楚", True)
        assert found.next.url == reverse("audits:question-answer", args=[first.pk])
        assert found.next not in found.steps

    def test_does_not_hide_a_step_of_the_term(self, school, term):
        AuditQuestionFactory(school=school)

        assert my_term.of(school, term, today=TODAY).next.title == "上报花名册"


class TestNextStep:
    def test_is_the_roster_at_the_beginning(self, school, term):
        found = my_term.of(school, term, today=TODAY)

        assert found.next.title == "上报花名册"
        assert found.next.due_on == term.roster_due_on
        assert steps(school, term) == ["now", "waiting", "waiting", "waiting", "waiting", "waiting"]

    def test_is_to_confirm_what_was_checked_and_names_what_is_wrong(self, school, term):
        roster = RosterFactory(school=school, term=term, checked=True, rows_refused=2, rows_doubtful=3)

        found = my_term.of(school, term, today=TODAY)

        assert found.next.url == roster.get_absolute_url()
        assert found.steps[1].wrong == "2 行有错误，没有入库。3 行需要说明。"

    def test_is_another_version_when_the_county_sent_it_back(self, school, term):
        RosterFactory(
            school=school, term=term, sent_back_by=UserFactory(), sent_back_at=NOW, sent_back_reason="少了两个班"
        )

        found = my_term.of(school, term, today=TODAY)

        assert found.next.wrong == "县资助中心退回：少了两个班"
        assert found.next.url.endswith("/upload/")

    def test_is_the_recognition_list_after_the_roster(self, school, term):
        RosterFactory(school=school, term=term)

        assert my_term.of(school, term, today=TODAY).next.title == "上报认定名单和档次"
        assert steps(school, term) == ["done", "done", "now", "waiting", "waiting", "waiting"]

    @pytest.mark.parametrize(
        ("facts", "state", "verb"),
        [
            ({}, "now", "去办理"),
            ({"reviewed": True}, "now", "去公示"),
            ({"published": True, "public_to": TODAY + timedelta(days=9), "public_from": TODAY}, "waiting", "查看"),
            (
                {"published": True, "public_to": TODAY - timedelta(days=1), "public_from": date(2021, 9, 1)},
                "now",
                "去结束公示",
            ),
            ({"published": True, "state": "closed"}, "waiting", "查看"),
        ],
    )
    def test_follows_a_recognition_that_is_under_way(self, school, term, facts, state, verb):
        RosterFactory(school=school, term=term)
        under_way = RecognitionRoundFactory(school=school, term=term, **facts)

        step = my_term.of(school, term, today=TODAY).steps[2]

        assert (step.state.value, step.verb, step.url) == (state, verb, under_way.get_absolute_url())

    def test_says_why_a_recognition_was_sent_back(self, school, term):
        RosterFactory(school=school, term=term)
        RecognitionRoundFactory(school=school, term=term, sent_back_reason="会议记录不完整")

        assert my_term.of(school, term, today=TODAY).next.wrong == "认定被退回：会议记录不完整"

    def test_is_the_rows_that_stayed_out(self, school, term):
        RosterFactory(school=school, term=term, rows_refused=1)

        assert my_term.of(school, term, today=TODAY).next.wrong == "1 行有错误，没有入库。"

    def test_is_what_the_desk_of_the_county_asks(self, school, term):
        RosterFactory(school=school, term=term)
        SchoolQuestionFactory(match=MatchFactory(suspected=True, enrollment__school=school, enrollment__term=term))

        found = my_term.of(school, term, today=TODAY).next

        assert (found.url, found.wrong) == (reverse("students:questions"), "县里问的 1 名学生待答复。")

    def test_is_the_school_s_word_on_its_list_then_the_publicity(self, school, term):
        RosterFactory(school=school, term=term)
        RecognitionListFactory(school=school, term=term)
        AwardFactory(enrollment__school=school, enrollment__term=term)

        assert my_term.of(school, term, today=TODAY).next.verb == "去确认"

        award_list = AwardFactory(enrollment__school=SchoolFactory(), enrollment__term=term, list__published=True).list
        RosterFactory(school=award_list.school, term=term)
        RecognitionListFactory(school=award_list.school, term=term)
        notice = NoticeFactory(list=award_list)

        up = my_term.of(award_list.school, term, today=notice.ends_on)
        over = my_term.of(award_list.school, term, today=notice.ends_on + timedelta(days=1))

        assert up.next is None
        assert over.next.url == notice.get_absolute_url()

        ObjectionFactory(by_page=True, notice=notice, award=award_list.awards.get())

        said = my_term.of(award_list.school, term, today=notice.ends_on)
        assert said.next.url == f"{reverse('programs:objections')}?tab=unseen"

    def test_is_whom_to_put_forward_where_the_term_has_a_program_for_it(self, school, term):
        RosterFactory(school=school, term=term)
        RecognitionListFactory(school=school, term=term)
        elsewhere = NominationFactory(enrollment__term=term, enrollment__school=SchoolFactory())
        school.kind.stages.add(*elsewhere.program.stages.all())

        assert my_term.of(school, term, today=TODAY).next.url == reverse("programs:nominations")
        NominationFactory(enrollment__term=term, enrollment__school=school)

        assert my_term.of(school, term, today=TODAY).next is None

    def test_is_the_supplementary_list_while_the_first_is_published(self, school, term):
        RosterFactory(school=school, term=term)
        RecognitionListFactory(school=school, term=term)
        first = AwardFactory(enrollment__school=school, enrollment__term=term, list__published=True).list
        NoticeFactory(list=first)
        second = AwardList.objects.create(
            school=school, term=term, number=2, prepared_by=first.prepared_by, prepared_at=NOW
        )
        AwardFactory(enrollment__school=school, enrollment__term=term, list=second)

        found = my_term.of(school, term, today=NOW.date()).next

        assert (found.title, found.url) == ("确认并公示补充名单第 1 份", second.get_absolute_url())

    def test_is_the_failed_payments_until_they_are_paid_again(self, term):
        award = AwardFactory(enrollment__term=term, confirmed=True)
        RosterFactory(school=award.school, term=term)
        RecognitionListFactory(school=award.school, term=term)
        PaymentFactory(award=award, failed=True)

        assert my_term.of(award.school, term, today=TODAY).next.wrong == "1 笔失败，请核对银行卡。"

    def test_concerns_the_own_school_only(self, school, term):
        RosterFactory(school=SchoolFactory(), term=term)

        assert steps(school, term)[0] == "now"


class TestReminders:
    @pytest.mark.parametrize(
        ("today", "overdue", "soon"),
        [
            (date(2021, 9, 26), False, False),
            (date(2021, 9, 27), False, True),
            (date(2021, 9, 30), False, True),
            (date(2021, 10, 1), True, False),
        ],
    )
    def test_come_three_days_before_the_day_and_after_it(self, school, term, today, overdue, soon):
        step = my_term.of(school, term, today=today).next

        assert (step.is_overdue, step.is_soon) == (overdue, soon)

    def test_end_with_the_step(self, school, term):
        RosterFactory(school=school, term=term)

        assert not any(step.is_overdue for step in my_term.of(school, term, today=date(2022, 1, 1)).steps)

    def test_of_the_county_are_shown_until_the_roster_is_there(self, school, term):
        SchoolTerm.objects.create(school=school, term=term, reminders=1, reminded_by=UserFactory(), reminded_at=NOW)

        assert my_term.of(school, term, today=TODAY).reminded.reminded_at == NOW
        RosterFactory(school=school, term=term)
        assert my_term.of(school, term, today=TODAY).reminded is None


class TestPage:
    def test_says_the_next_step_and_links_every_step(self, as_role, school, term):
        roster = RosterFactory(school=school, term=term, checked=True)

        page = as_role("school", school=school).get("/").content.decode()

        assert "下一步" in page
        assert roster.get_absolute_url() in page
        assert "资助金额" not in page

    def test_lists_the_other_documents_that_are_due(self, as_role, school, term):
        term.other_documents = "工作总结（10月15日前）\n\n公示照片"
        term.save()

        page = as_role("school", school=school).get("/").content.decode()

        assert "工作总结（10月15日前）" in page
        assert "公示照片" in page

    def test_costs_the_same_whatever_has_happened(self, school, term):
        AwardFactory(enrollment__term=term, enrollment__school=school)
        with CaptureQueriesContext(connection) as empty:
            my_term.of(school, term, today=TODAY)
        for version in range(1, 6):
            RosterFactory(school=school, term=term, version=version, state=RosterState.SUPERSEDED)
        award = AwardFactory(enrollment__term=term, enrollment__school=school, confirmed=True)
        PaymentFactory(award=award, failed=True)
        with CaptureQueriesContext(connection) as full:
            my_term.of(school, term, today=TODAY)

        assert len(full) <= len(empty) + 2
