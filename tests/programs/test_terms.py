"""Terms: opened in turn with days that make sense, changed, closed, opened again; the turn of the school year."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Action, User
from common.moves import WrongState
from programs import terms
from programs.models import SchoolFee
from schools.choices import TermState
from schools.models import School, Term
from students.models import Enrollment
from tests import factories as make

pytestmark = pytest.mark.django_db

AUTUMN = {
    "starts_on": date(2021, 9, 1),
    "ends_on": date(2022, 1, 20),
    "roster_due_on": date(2021, 9, 20),
    "recognition_due_on": date(2021, 9, 30),
    "lists_due_on": date(2021, 10, 11),
    "publicity_due_on": date(2021, 10, 25),
    "payments_due_on": date(2021, 12, 10),
    "other_documents": "宣传照片（10月20日前）\n发放台账（12月20日前）",
    "unusual_share": 25,
}


@pytest.fixture
def by():
    return make.UserFactory()


@pytest.fixture
def spring():
    return make.TermFactory(code="2021S")


def open_autumn(spring, by, **changed):
    return terms.open_next(after=spring, by=by, at=make.NOW, **{**AUTUMN, **changed})


class TestTheNextTerm:
    @pytest.mark.parametrize(("code", "following"), [("2021S", "2021A"), ("2021A", "2022S"), ("2029A", "2030S")])
    def test_is_the_other_season(self, code, following):
        assert terms.next_code(code) == following

    def test_is_opened_with_its_days_and_documents(self, spring, by):
        term = open_autumn(spring, by)

        assert term.code == "2021A"
        assert {name: getattr(Term.objects.get(pk="2021A"), name) for name in AUTUMN} == AUTUMN
        assert Action.objects.get(verb="term.opened").target_id == "2021A"

    def test_carries_out_what_the_last_term_of_its_season_did(self, spring, by):
        a_year_before = make.TermFactory(code="2020A")
        make.TermProgramFactory(term=a_year_before, program=make.ProgramFactory(code="boarder-living"))
        make.TermProgramFactory(term=a_year_before, program=make.ProgramFactory(code="nutrition"))
        make.TermProgramFactory(term=spring, program=make.ProgramFactory(code="preschool-care"))

        term = open_autumn(spring, by)

        assert set(term.programs.values_list("program", flat=True)) == {"boarder-living", "nutrition"}

    def test_carries_out_what_the_last_term_did_where_its_season_is_new(self, spring, by):
        make.TermProgramFactory(term=spring, program=make.ProgramFactory(code="preschool-care"))

        term = open_autumn(spring, by)

        assert list(term.programs.values_list("program", flat=True)) == ["preschool-care"]

    def test_goes_on_with_the_fees_except_those_of_closed_schools(self, spring, by):
        going_on = make.SchoolFeeFactory(school=make.SchoolFactory())
        stopped = make.SchoolFeeFactory(school=make.SchoolFactory(is_active=False))

        term = open_autumn(spring, by)

        assert list(SchoolFee.objects.on(term.starts_on)) == [going_on]
        stopped.refresh_from_db()
        assert stopped.valid_to == date(2021, 8, 31)
        assert Action.objects.get(verb="term.opened").details == {"programs": 0, "fees": 1, "fees_ended": 1}

    def test_leaves_the_terms_before_open_unless_asked(self, spring, by):
        open_autumn(spring, by)

        spring.refresh_from_db()
        assert spring.state == TermState.OPEN

    def test_can_close_the_terms_before(self, spring, by):
        long_closed = make.TermFactory(code="2020A", state=TermState.CLOSED)

        term = open_autumn(spring, by, close_before=True)

        states = dict(Term.objects.values_list("code", "state"))
        assert states == {"2020A": "closed", "2021S": "closed", "2021A": "open"}
        assert list(Action.objects.filter(verb="term.closed").values_list("target_id", flat=True)) == ["2021S"]
        assert (long_closed.state, term.state) == (TermState.CLOSED, TermState.OPEN)

    def test_is_opened_once(self, spring, by):
        open_autumn(spring, by)

        with pytest.raises(terms.TermKnown, match="2021年秋季学期已经开设过了"):
            open_autumn(spring, by)

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"starts_on": date(2022, 9, 1)}, "开学日应在 2021 年"),
            ({"starts_on": date(2021, 7, 1)}, "开学日应晚于2021年春季学期的结束日"),
            ({"ends_on": date(2021, 9, 1)}, "结束日应晚于开学日"),
            ({"roster_due_on": date(2021, 8, 31)}, "花名册上报截止应在开学日和结束日之间"),
            ({"recognition_due_on": date(2021, 8, 31)}, "不能早于“开学日”"),
            ({"lists_due_on": date(2021, 9, 29)}, "不能早于“认定名单上报截止”"),
            ({"publicity_due_on": date(2021, 10, 10)}, "不能早于“资助名单确认截止”"),
            ({"payments_due_on": date(2021, 10, 24)}, "不能早于“公示完成截止”"),
            ({"publicity_due_on": None, "payments_due_on": date(2021, 10, 10)}, "不能早于“资助名单确认截止”"),
        ],
    )
    def test_has_its_days_in_order(self, spring, by, changed, words):
        with pytest.raises(terms.DaysOutOfOrder, match=words):
            open_autumn(spring, by, **changed)

        assert not Term.objects.filter(pk="2021A").exists()


class TestTheProposal:
    def test_is_a_year_after_the_same_season_on_days_on_which_people_work(self):
        make.TermFactory(
            code="2020A",
            starts_on=date(2020, 9, 1),
            ends_on=date(2021, 1, 22),
            roster_due_on=date(2020, 9, 18),  # a Saturday in 2021, on which people worked; the 20th was a holiday
            recognition_due_on=date(2020, 10, 3),  # within the holiday of 2021
            lists_due_on=date(2020, 10, 30),  # a Saturday in 2021
            unusual_share=30,
            other_documents="宣传照片",
        )
        spring = make.TermFactory(code="2021S", unusual_share=10)

        proposed = terms.proposal(spring)

        assert proposed == {
            "starts_on": date(2021, 9, 1),
            "ends_on": date(2022, 1, 24),
            "roster_due_on": date(2021, 9, 18),
            "recognition_due_on": date(2021, 10, 8),
            "lists_due_on": date(2021, 11, 1),
            "publicity_due_on": None,
            "payments_due_on": None,
            "unusual_share": 30,
            "other_documents": "宣传照片",
        }

    def test_for_a_season_that_is_new_is_the_usual_one(self, spring):
        proposed = terms.proposal(spring)

        assert (proposed["starts_on"], proposed["ends_on"]) == (date(2021, 9, 1), date(2022, 1, 20))
        assert terms.disorder(proposed, code="2021A", before=spring) == {}

    def test_of_a_leap_day_is_the_last_of_february(self):
        make.TermFactory(code="2024S", starts_on=date(2024, 2, 26), roster_due_on=date(2024, 2, 29))
        autumn = make.TermFactory(code="2024A")

        assert terms.proposal(autumn)["roster_due_on"] == date(2025, 2, 28)


class TestChanging:
    def test_names_what_changed(self, spring, by):
        term = open_autumn(spring, by)

        terms.change(term, **{**AUTUMN, "roster_due_on": date(2021, 9, 24)}, by=by, at=make.NOW)

        term.refresh_from_db()
        assert term.roster_due_on == date(2021, 9, 24)
        assert Action.objects.get(verb="term.changed").details == {"columns": ["花名册上报截止"]}

    def test_nothing_leaves_no_trace(self, spring, by):
        term = open_autumn(spring, by)

        terms.change(term, **AUTUMN, by=by, at=make.NOW)

        assert not Action.objects.filter(verb="term.changed").exists()

    def test_keeps_the_days_in_order(self, spring, by):
        term = open_autumn(spring, by)

        with pytest.raises(terms.DaysOutOfOrder):
            terms.change(term, starts_on=spring.ends_on, by=by, at=make.NOW)


class TestClosing:
    def test_and_opening_again_leave_their_traces(self, spring, by):
        terms.close(spring, by=by, at=make.NOW)
        closed = spring.state
        terms.reopen(spring, by=by, at=make.NOW + timedelta(hours=1))

        assert (closed, spring.state) == (TermState.CLOSED, TermState.OPEN)
        assert list(Action.objects.order_by("pk").values_list("verb", flat=True)) == ["term.closed", "term.reopened"]

    def test_twice_is_told_to_the_second(self, as_role, spring, by):
        terms.close(spring, by=by, at=make.NOW)

        answer = as_role("preparer").post(reverse("programs:term-close", args=["2021S"]), follow=True)

        assert "状态已经变化" in str(next(iter(answer.context["messages"])))
        assert Action.objects.filter(verb="term.closed").count() == 1

    def test_shows_first_what_is_not_finished(self, as_role, spring):
        make.AwardFactory(enrollment__term=spring, enrollment__school=make.SchoolFactory())
        make.AwardListFactory(term=spring)  # nobody is on it
        make.AwardListFactory(term=spring, school=make.SchoolFactory(), confirmed=True)
        make.RosterFactory(term=spring)  # in force, for a school of its own

        unfinished = as_role("preparer").get(reverse("programs:term-close", args=["2021S"])).context["unfinished"]

        assert (unfinished.schools_without_roster, unfinished.lists_not_confirmed) == (School.objects.count() - 2, 1)


class TestThePages:
    def test_list_every_term_newest_first_for_the_same_queries(self, as_role):
        make.TermFactory(code="2020A")
        client = as_role("preparer")
        client.get(reverse("programs:terms"))

        with CaptureQueriesContext(connection) as with_one:
            client.get(reverse("programs:terms"))
        for code in ("2021S", "2021A", "2022S", "2022A"):
            make.TermFactory(code=code)
        with CaptureQueriesContext(connection) as with_five:
            answer = client.get(reverse("programs:terms"))

        assert [term.code for term in answer.context["known"]] == ["2022A", "2022S", "2021A", "2021S", "2020A"]
        assert len(with_five) == len(with_one)

    def test_open_the_next_term(self, as_role):
        make.TermFactory(code="2021A")
        client = as_role("preparer")

        proposed = client.get(reverse("programs:term-open")).context["form"].initial
        days = {name: value for name, value in proposed.items() if value is not None}
        client.post(reverse("programs:term-open"), days)

        assert Term.objects.get(pk="2022S").starts_on == date(2022, 3, 1)

    def test_say_beside_the_field_which_day_is_wrong(self, as_role, spring):
        facts = {"starts_on": "2021-03-01", "ends_on": "2021-07-10", "roster_due_on": "2021-02-20", "unusual_share": 20}

        answer = as_role("preparer").post(reverse("programs:term", args=["2021S"]), facts)

        assert answer.context["form"].errors == {"roster_due_on": ["花名册上报截止应在开学日和结束日之间。"]}

    def test_change_the_share_that_asks_for_a_reason(self, as_role, spring):
        facts = {"starts_on": "2021-03-01", "ends_on": "2021-07-10", "roster_due_on": "2021-03-31", "unusual_share": 35}

        as_role("preparer").post(reverse("programs:term", args=["2021S"]), facts)

        spring.refresh_from_db()
        assert spring.unusual_share == 35


@pytest.fixture
def county(spring):
    """A primary school with two grades of children, one of them the last; a nine-year school; an empty school."""
    primary, junior = make.StageFactory(code="primary", position=1), make.StageFactory(code="junior", position=2)
    for stage, names in ((primary, ("五年级", "六年级")), (junior, ("七年级", "九年级"))):
        for place, name in enumerate(names, start=1):
            make.GradeFactory(stage=stage, name=name, position=place)
    small = make.SchoolFactory(name="东关小学", kind=make.SchoolKindFactory(code="primary", stages=[primary]))
    nine = make.SchoolFactory(
        name="白云九年制学校", kind=make.SchoolKindFactory(code="nine-year", stages=[primary, junior])
    )
    empty = make.SchoolFactory(name="西岗教学点")
    for school, stage, grade, number in (
        (small, primary, "五年级", 3),
        (small, primary, "六年级", 2),
        (nine, primary, "六年级", 4),
        (nine, junior, "九年级", 1),
    ):
        make.EnrollmentFactory.create_batch(number, school=school, stage=stage, grade=grade, term=spring)
    make.UserFactory(officer=True, school=small)
    User.objects.filter(school=nine).update(is_active=False)
    make.UserFactory(principal=True, school=nine)  # who signs, and hands nothing in
    return {"small": small, "nine": nine, "empty": empty}


class TestTheTurnOfTheSchoolYear:
    def test_shows_who_moves_up_and_who_leaves(self, spring, county):
        ahead = terms.ahead(spring)

        assert [(grade.grade, grade.moving_up, grade.leaving) for grade in ahead.grades] == [
            ("五年级", 3, 0),
            ("六年级", 4, 2),
            ("九年级", 0, 1),
        ]
        assert (ahead.moving_up, ahead.leaving) == (7, 3)

    def test_shows_schools_without_children_and_without_an_officer(self, spring, county):
        ahead = terms.ahead(spring)

        assert ahead.active == 3
        assert ahead.empty == [county["empty"]]
        assert set(ahead.without_officer) == {county["nine"], county["empty"]}

    def test_costs_the_same_queries_for_more_schools(self, spring, county):
        def cost():
            with CaptureQueriesContext(connection) as queries:
                terms.ahead(spring)
            return len(queries)

        before = cost()
        for _each in range(10):
            make.EnrollmentFactory(school=make.SchoolFactory(kind=county["small"].kind), term=spring, grade="五年级")

        assert cost() == before

    def test_is_looked_at_twice_and_writes_no_child(self, as_role, spring, county):
        client, children = as_role("approver"), Enrollment.objects.count()
        proposed = client.get(reverse("programs:roll-over")).context["form"].initial
        facts = {name: value for name, value in proposed.items() if value is not None} | {
            "close_before": "on",
            "closing": [county["empty"].pk],
            "reason": "没有生源，撤并到东关小学",
        }

        look = client.post(reverse("programs:roll-over"), facts)
        nothing_yet = Term.objects.count(), School.objects.filter(is_active=True).count()
        client.post(reverse("programs:roll-over"), facts | {"sure": "1"})

        assert look.context["ahead"].active == 2
        assert nothing_yet == (1, 3)
        assert dict(Term.objects.values_list("code", "state")) == {"2021S": "closed", "2021A": "open"}
        assert list(School.objects.filter(is_active=False)) == [county["empty"]]
        assert Enrollment.objects.count() == children
        assert set(Action.objects.values_list("verb", flat=True)) == {
            "school.closed", "term.opened", "term.closed", "term.rolled-over",
        }  # fmt: skip

    def test_asks_why_a_school_stops(self, as_role, spring, county):
        client = as_role("preparer")
        proposed = client.get(reverse("programs:roll-over")).context["form"].initial
        facts = {name: value for name, value in proposed.items() if value is not None}

        answer = client.post(reverse("programs:roll-over"), facts | {"closing": [county["empty"].pk], "sure": "1"})

        assert answer.context["form"].errors == {"reason": ["请写明停办的原因。"]}
        assert not Term.objects.filter(pk="2021A").exists()

    def test_is_as_a_whole_or_not_at_all(self, spring, county, by):
        county["empty"].is_active = False
        county["empty"].save()

        with pytest.raises(WrongState):
            terms.roll_over(
                spring,
                closing=[county["small"], county["empty"]],
                reason="撤并",
                close_before=True,
                by=by,
                at=make.NOW,
                **AUTUMN,
            )

        assert Term.objects.count() == 1
        assert School.objects.filter(is_active=True).count() == 2

    def test_is_not_in_winter(self, as_role):
        make.TermFactory(code="2021A")

        shown = as_role("preparer").get(reverse("programs:roll-over")).content.decode()

        assert "不需要升级" in shown
        with pytest.raises(terms.NotAYear):
            terms.ahead(Term.objects.get())
