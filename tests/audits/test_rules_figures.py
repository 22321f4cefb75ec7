"""Rules over figures: a school beside its peers, and beside itself a term before."""

import pytest

from programs.models import Award
from tests import factories as make
from tests.audits.looking import look, schools

pytestmark = pytest.mark.django_db


def school(*, children, aided, term="2021A", **facts):
    """A school of so many children, so many of them with a confirmed award."""
    of_term = make.TermFactory(code=term)
    here = facts.pop("school", None) or make.SchoolFactory(**facts)
    enrolled = [make.EnrollmentFactory(school=here, term=of_term) for _child in range(children)]
    for child in enrolled[:aided]:
        make.AwardFactory(enrollment=child, confirmed=True)
    return here


class TestNearlyAll:
    def test_finds_the_school_that_pays_everybody_and_says_what_is_usual(self):
        for aided in (2, 3, 3, 4, 5):
            school(children=20, aided=aided)
        odd = school(children=20, aided=19)

        [found] = look("nearly-all")

        assert found.school_id == odd.pk
        assert found.facts["percent"] == 95.0
        assert (found.facts["peers"], found.facts["median"]) == (5, 17.5)
        assert found.amount_fen == 19 * 50_000

    def test_leaves_alone_a_program_that_everybody_gets_everywhere(self):
        for _school in range(6):
            school(children=20, aided=20)

        assert look("nearly-all") == []

    def test_leaves_alone_a_school_of_another_kind(self):
        for _school in range(5):
            school(children=20, aided=2)
        school(children=20, aided=20, ownership="private")

        assert look("nearly-all") == []

    def test_leaves_alone_a_school_of_a_few_children(self):
        for _school in range(5):
            school(children=20, aided=2)
        school(children=19, aided=19)

        assert look("nearly-all") == []


class TestJump:
    @pytest.fixture(autouse=True)
    def carried_out(self):
        program = make.ProgramFactory()
        for code in ("2021S", "2021A"):
            make.TermProgramFactory(program=program, term=make.TermFactory(code=code))

    @staticmethod
    def twice(before, now):
        here = school(children=before, aided=before, term="2021S")
        return school(children=now, aided=now, school=here)

    def test_finds_a_school_with_twice_as_many(self):
        here = self.twice(21, 42)

        [found] = look("jump")

        assert found.school_id == here.pk
        assert (found.facts["was_people"], found.facts["people"]) == (21, 42)
        assert found.amount_fen == 21 * 50_000

    def test_leaves_alone_a_change_of_a_family_or_two(self):
        self.twice(2, 12)

        assert look("jump") == []

    def test_leaves_alone_many_who_are_less_than_half(self):
        self.twice(44, 64)

        assert look("jump") == []

    def test_finds_as_many_people_with_much_more_money(self):
        here = self.twice(5, 5)
        Award.objects.filter(term="2021A").update(amount_fen=500_000)

        assert schools("jump") == {here.pk}

    def test_leaves_alone_a_school_whose_list_is_not_confirmed_yet(self):
        here = school(children=25, aided=25, term="2021S")
        make.AwardFactory(enrollment__school=here)

        assert look("jump") == []

    def test_leaves_alone_a_program_that_is_new(self):
        self.twice(1, 1)
        here = make.SchoolFactory()
        meals = make.ProgramFactory(code="meals")
        make.TermProgramFactory(program=meals, term=make.TermFactory(code="2021A"))
        for term in ("2021S", "2021A"):
            school(children=1, aided=1, school=here, term=term)
        for _child in range(25):
            make.AwardFactory(enrollment__school=here, program=meals, confirmed=True)

        assert look("jump") == []
