"""What the desk asks a school, and what comes back."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from accounts.models import Action
from common.moves import WrongState
from students import decisions, questions
from students.choices import MatchState
from students.models import SchoolQuestion
from tests.factories import NOW, MatchFactory, SchoolQuestionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def county():
    return UserFactory(name="周敏")


@pytest.fixture
def match():
    return MatchFactory(suspected=True, person__id_number="39000019850101111X", person__head_name="李户主")


@pytest.fixture
def officer(match):
    return UserFactory(officer=True, school=match.enrollment.school)


@pytest.fixture
def question(match, county):
    return questions.ask(match, by=county, at=NOW, words="户口簿上是哪个字？")


class TestAsking:
    def test_gives_the_school_three_working_days(self, match, question):
        assert question.school == match.enrollment.school
        assert question.due_on == date(2021, 10, 14)
        assert questions.waiting_for(question.school, question.term) == 1

    def test_leaves_the_suspicion_where_it_is(self, match, question):
        match.refresh_from_db()
        assert match.state == MatchState.SUSPECTED

    def test_the_same_twice_is_refused_until_the_answer_is_there(self, match, question, county, officer):
        with pytest.raises(questions.AlreadyAsked):
            questions.ask(match, by=county, at=NOW)
        questions.answer(question, verdict="unclear", words="联系不上", by=officer, at=NOW)

        assert questions.ask(match, by=county, at=NOW).pk != question.pk

    def test_is_over_once_the_county_has_decided(self, match, county):
        decisions.decide(match, is_same=True, by=county, at=NOW)

        with pytest.raises(WrongState):
            questions.ask(match, by=county, at=NOW)


class TestAnswering:
    def test_decides_nothing_and_is_on_record(self, match, question, officer):
        questions.answer(question, verdict="same", words="已看户口簿", by=officer, at=NOW)

        match.refresh_from_db()
        assert match.state == MatchState.SUSPECTED
        assert (question.answer, question.answered_by) == ("same", officer)
        assert questions.waiting_for(question.school, question.term) == 0
        assert Action.objects.filter(verb="question.answered").get().details == {"verdict": "same"}

    def test_is_the_own_schools(self, question, county):
        for other in (UserFactory(officer=True), county):
            with pytest.raises(questions.AnotherSchool):
                questions.answer(question, verdict="same", words="", by=other, at=NOW)

    def test_takes_one_of_three_words(self, question, officer):
        with pytest.raises(questions.NoVerdict):
            questions.answer(question, verdict="", words="不知道", by=officer, at=NOW)

    def test_happens_once(self, question, officer, county):
        stale = SchoolQuestion.objects.get()
        questions.answer(question, verdict="same", words="", by=officer, at=NOW)

        with pytest.raises(WrongState):
            questions.answer(stale, verdict="not-same", words="", by=officer, at=NOW)
        with pytest.raises(WrongState):
            questions.withdraw(stale, by=county, at=NOW)

    def test_is_not_needed_after_the_question_was_withdrawn(self, question, county, officer):
        questions.withdraw(question, by=county, at=NOW)

        with pytest.raises(WrongState):
            questions.answer(question, verdict="same", words="", by=officer, at=NOW)


class TestTheOfficersPage:
    def test_shows_both_records_and_of_the_list_no_more_than_is_needed(self, as_role, match, question):
        shown = as_role("school", school=question.school).get(reverse("students:questions")).content.decode()

        assert "户口簿上是哪个字？" in shown
        assert match.person.masked_id in shown
        assert "李户主" in shown
        assert match.enrollment.student.masked_id in shown
        for hidden in (match.person.id_number, match.enrollment.student.id_number, match.person.household_no):
            assert hidden not in shown

    def test_shows_no_foreign_question(self, as_role, question):
        foreign = SchoolQuestionFactory()

        page = as_role("school", school=question.school).get(reverse("students:questions")).context["page"]

        assert list(page) == [question]
        assert foreign.pk != question.pk

    def test_takes_the_answer_to_the_desk(self, as_role, match, question):
        as_role("school", school=question.school).post(
            reverse("students:question-answer", args=[question.pk]),
            {"verdict": "not-same", "words": "户口簿核实是重名"},
        )
        client = as_role("preparer")

        case = client.get(match.get_absolute_url()).content.decode()
        listed = client.get(match.crosscheck.get_absolute_url(), {"asked": "answered"}).context

        assert "户口簿核实是重名" in case
        assert list(listed["page"]) == [match]
        assert listed["answered"] == 1

    def test_says_which_are_overdue(self, as_role, match, county):
        questions.ask(match, by=county, at=NOW, due_on=NOW.date() - timedelta(days=1))

        shown = as_role("preparer").get(reverse("students:questions"), {"tab": "overdue"})

        assert len(shown.context["page"].object_list) == 1
        assert "逾期未答复" in shown.content.decode()

    def test_lets_the_county_withdraw_from_the_case(self, as_role, match, question):
        answer = as_role("preparer").post(
            reverse("students:question-withdraw", args=[question.pk]), {"match": match.pk}
        )

        question.refresh_from_db()
        assert question.withdrawn_at
        assert answer.headers["Location"] == match.get_absolute_url()
