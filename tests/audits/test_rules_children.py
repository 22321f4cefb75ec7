"""Rules over children: each finds its seeded case and leaves the harmless twin beside it alone."""

from datetime import date, timedelta

import pytest

from programs.choices import AwardState
from programs.models import Award, AwardList
from students.models import Enrollment, Hardship, RegisterPerson, RegisterSnapshot
from tests import factories as make
from tests.audits.looking import look, students
from tests.audits.test_rules_payments import twin_of
from tests.factories import NOW

pytestmark = pytest.mark.django_db


class TestTwoSchools:
    def test_finds_a_child_that_studies_in_two(self):
        award = make.AwardFactory(confirmed=True)
        other = make.EnrollmentFactory(student=award.student)

        [found] = look("two-schools")

        assert found.facts == {"schools": 2, "total_fen": award.amount_fen}
        assert {row for _type, row, _facts in found.evidence} == {award.enrollment_id, other.pk}

    def test_finds_it_under_two_records_of_one_resident_number(self):
        child = make.EnrollmentFactory().student
        make.EnrollmentFactory(student=twin_of(child))

        assert len(look("two-schools")) == 1

    def test_has_the_same_key_every_time(self):
        child = make.EnrollmentFactory().student
        make.EnrollmentFactory(student=twin_of(child))

        assert [found.key for found in look("two-schools")] == [str(child.pk)]

    def test_leaves_alone_who_left_the_one_and_came_to_the_other(self):
        child = make.EnrollmentFactory(state="left").student
        make.EnrollmentFactory(student=child)

        assert look("two-schools") == []

    def test_leaves_alone_who_was_elsewhere_in_another_term(self):
        child = make.EnrollmentFactory(term=make.TermFactory(code="2021S")).student
        make.EnrollmentFactory(student=child)

        assert look("two-schools") == []

    def test_leaves_alone_children_without_a_number(self):
        for _child in range(2):
            make.EnrollmentFactory(student__id_number="", student__id_number_index=None)

        assert look("two-schools") == []


class TestNotBoarding:
    @pytest.fixture
    def rule(self):
        return make.RuleFactory(is_boarding=True)

    def test_finds_a_day_pupil_with_a_boarders_award(self, rule):
        award = make.AwardFactory(confirmed=True, rule=rule, is_boarding=False)

        [found] = look("not-boarding")

        assert (found.student_id, found.facts["why"]) == (award.student_id, "frozen")

    def test_finds_a_child_whom_the_roster_calls_a_day_pupil_since(self, rule):
        award = make.AwardFactory(confirmed=True, rule=rule)
        Enrollment.objects.filter(pk=award.enrollment_id).update(is_boarding=False)

        assert [found.facts["why"] for found in look("not-boarding")] == ["since"]

    def test_leaves_alone_boarders_and_rules_that_ask_for_nothing(self, rule):
        make.AwardFactory(confirmed=True, rule=rule)
        make.AwardFactory(confirmed=True, rule=make.RuleFactory(position=2), is_boarding=False)

        assert look("not-boarding") == []

    def test_leaves_alone_what_was_taken_off(self, rule):
        make.AwardFactory(dropped=True, rule=rule, is_boarding=False)

        assert look("not-boarding") == []


class TestMissed:
    @pytest.fixture
    def child(self):
        """Fits the rule of a program that the term carries out, and has nothing."""
        child = make.EnrollmentFactory()
        standard = make.StandardFactory()
        standard.program.stages.add(child.stage)
        make.RuleFactory(program=standard.program)
        make.TermProgramFactory(program=standard.program, term=child.term)
        return child

    def test_finds_a_child_that_is_entitled_and_has_no_award(self, child):
        [found] = look("missed", today=child.term.starts_on + timedelta(days=10))

        assert (found.student_id, found.school_id) == (child.student_id, child.school_id)
        assert found.facts == {"program": "boarder-living", "days": 10}

    def test_leaves_alone_who_has_it(self, child):
        make.AwardFactory(enrollment=child)

        assert look("missed") == []

    def test_leaves_alone_whom_the_county_accepted_a_reason_of(self, child):
        make.GapAnswerFactory(enrollment=child, accepted=True)

        assert look("missed") == []

    def test_finds_a_child_whose_schools_answer_still_waits(self, child):
        make.GapAnswerFactory(enrollment=child)

        assert students("missed") == {child.student_id}


class TestBasisGone:
    @pytest.fixture
    def fact(self):
        """A child on the list of 10 September whose award was confirmed for it."""
        fact = make.HardshipFactory()
        award = make.AwardFactory(confirmed=True, enrollment=fact.match.enrollment, category=fact.category)
        assert award.list.confirmed_at == NOW
        return fact

    @staticmethod
    def next_list(fact, *, names_it, uploaded_at=NOW + timedelta(days=30), as_of=date(2021, 11, 10)):
        newer = make.RegisterSnapshotFactory(source=fact.snapshot.source, as_of=as_of, uploaded_at=uploaded_at)
        person = RegisterPerson.objects.get(pk=fact.match.person_id)
        other = {"snapshot": newer, "id_number": make.resident_id(477, born_on=date(2010, 1, 1)), "name": "张别人"}
        same = {"snapshot": newer, "id_number": person.id_number, "name": person.name, "name_key": person.name_key}
        make.RegisterPersonFactory(**(same | {"household_no": person.household_no} if names_it else other))
        return newer

    def test_says_nothing_while_the_fact_holds(self, fact):
        assert look("basis-gone") == []

    def test_finds_whose_list_was_withdrawn(self, fact):
        RegisterSnapshot.objects.update(state="withdrawn", withdrawn_reason="发错了")

        [found] = look("basis-gone")

        assert (found.student_id, found.facts["why"]) == (fact.student_id, "withdrawn")

    def test_finds_whose_hardship_ended_within_the_term(self, fact):
        Hardship.objects.update(to_on=date(2021, 11, 1))

        assert [found.facts["why"] for found in look("basis-gone")] == ["ended"]

    def test_finds_whom_the_next_list_does_not_name(self, fact):
        newer = self.next_list(fact, names_it=False)

        [found] = look("basis-gone")

        assert found.facts["why"] == "left"
        assert ("students.registersnapshot", newer.pk, {}) in found.evidence

    def test_leaves_alone_whom_the_next_list_still_names(self, fact):
        self.next_list(fact, names_it=True)

        assert look("basis-gone") == []

    def test_leaves_alone_a_list_that_was_there_before_the_award_was_confirmed(self, fact):
        self.next_list(fact, names_it=False, uploaded_at=NOW - timedelta(days=1))

        assert look("basis-gone") == []

    def test_leaves_alone_a_list_of_after_the_term(self, fact):
        self.next_list(fact, names_it=False, as_of=date(2022, 2, 1))

        assert look("basis-gone") == []

    def test_leaves_alone_what_is_not_confirmed(self, fact):
        AwardList.objects.update(state="draft", confirmed_by=None, confirmed_at=None)
        Award.objects.update(state=AwardState.PROPOSED)
        Hardship.objects.update(to_on=date(2021, 11, 1))

        assert look("basis-gone") == []
