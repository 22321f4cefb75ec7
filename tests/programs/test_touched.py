"""What the next list touches: awards whose reason left it, children in class whom it names now."""

from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Action
from programs import touched
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def term():
    return make.TermFactory()


@pytest.fixture
def lists():
    """The list before, and the one that followed it."""
    now = make.RegisterSnapshotFactory()
    make.compare(now)
    return now.compared_with, now


def aided(person, **award):
    """A child with a live award who was found to be this person."""
    given = make.AwardFactory(**award)
    make.HardshipFactory(match=make.MatchFactory(enrollment=given.enrollment, person=person))
    return given


def on(snapshot, child):
    """The child's own line on a list."""
    return make.RegisterPersonFactory(
        snapshot=snapshot, name=child.name, id_number=child.id_number, born_on=child.born_on
    )


class TestLosing:
    def test_names_the_live_awards_of_whoever_left(self, term, lists):
        before, now = lists
        given = aided(make.RegisterPersonFactory(snapshot=before), amount_fen=62_500)
        aided(make.RegisterPersonFactory(snapshot=before), dropped=True)
        aided(make.RegisterPersonFactory(snapshot=now))
        make.AwardFactory()

        assert list(touched.losing(now, term)) == [given]
        totals = touched.totals(now, term)
        assert (totals.awards, totals.children, totals.amount_fen) == (1, 1, 62_500)

    def test_knows_a_person_whom_an_older_list_was_matched_by(self, term, lists):
        before, now = lists
        oldest = make.RegisterSnapshotFactory(source=now.source)
        person = make.RegisterPersonFactory(snapshot=oldest)
        same = make.RegisterPersonFactory(
            snapshot=before, household_no=person.household_no, name=person.name, id_number=person.id_number
        )
        assert same.key == person.key
        given = aided(person)

        assert list(touched.losing(now, term)) == [given]

    def test_finds_a_holding_match_whose_fact_is_not_there(self, term, lists):
        before, now = lists
        given = make.AwardFactory()
        make.MatchFactory(enrollment=given.enrollment, person=make.RegisterPersonFactory(snapshot=before))

        assert list(touched.losing(now, term)) == [given]

    def test_a_suspicion_is_no_reason(self, term, lists):
        before, now = lists
        given = make.AwardFactory()
        person = make.RegisterPersonFactory(snapshot=before)
        make.MatchFactory(suspected=True, enrollment=given.enrollment, person=person)

        assert not touched.losing(now, term).exists()

    def test_another_term_is_another_matter(self, lists):
        before, now = lists
        aided(make.RegisterPersonFactory(snapshot=before))

        assert not touched.losing(now, make.TermFactory(code="2021S")).exists()

    def test_says_what_else_is_known_of_the_child(self, term, lists):
        before, now = lists
        given = aided(make.RegisterPersonFactory(snapshot=before))
        low = make.RegisterSourceFactory(code="low-income", category=make.HardshipCategoryFactory(code="low-income"))
        person = make.RegisterPersonFactory(snapshot=make.RegisterSnapshotFactory(source=low))
        make.HardshipFactory(match=make.MatchFactory(enrollment=given.enrollment, person=person))

        [line] = touched.losing_lines([given], now, term)

        assert [fact.category_id for fact in line.leaving] == ["registered-poor"]
        assert [fact.category_id for fact in line.staying] == ["low-income"]


class TestGaining:
    def test_names_children_in_class_with_the_same_number_and_name(self, term, lists):
        _before, now = lists
        here = make.EnrollmentFactory()
        on(now, here.student)
        namesake = make.EnrollmentFactory()
        make.RegisterPersonFactory(snapshot=now, name=namesake.student.name)
        left = make.EnrollmentFactory(state="left")
        on(now, left.student)
        make.RegisterPersonFactory(
            snapshot=now, name="另一个名字", id_number=make.EnrollmentFactory().student.id_number
        )

        assert list(touched.gaining(now, term)) == [here]
        assert touched.totals(now, term).came == 1

    def test_whoever_was_on_the_list_before_did_not_come(self, term, lists):
        before, now = lists
        here = make.EnrollmentFactory()
        on(before, here.student)
        on(now, here.student)

        assert not touched.gaining(now, term).exists()

    def test_says_what_the_child_could_get_and_has(self, term, lists):
        _before, now = lists
        here = make.EnrollmentFactory()
        on(now, here.student)
        stage = here.stage
        program = make.ProgramFactory(stages=[stage])
        make.TermProgramFactory(term=term, program=program)
        rule = make.RuleFactory(program=program)
        rule.categories.add(now.source.category)
        make.StandardFactory(program=program)

        [line] = touched.gaining_lines([here], now, term)
        assert [(verdict.program, verdict.amount_fen) for verdict in line.entitled] == [(program, 50_000)]

        make.AwardFactory(enrollment=here, program=program)
        [line] = touched.gaining_lines([here], now, term)
        assert (line.entitled, [award.program for award in line.awards]) == ([], [program])


class TestPage:
    def test_shows_both_and_is_linked_from_the_list(self, as_role, term, lists):
        before, now = lists
        given = aided(make.RegisterPersonFactory(snapshot=before))
        here = make.EnrollmentFactory()
        on(now, here.student)
        client = as_role("auditor")
        address = reverse("programs:touched", args=[now.pk])

        assert address in client.get(now.get_absolute_url()).content.decode()
        assert given.student.name in client.get(address).content.decode()
        assert here.student.name in client.get(address, {"tab": "gaining"}).content.decode()

    def test_of_a_first_list_says_that_there_is_nothing_to_compare(self, as_role, term):
        first = make.RegisterSnapshotFactory()

        page = as_role("auditor").get(reverse("programs:touched", args=[first.pk])).content.decode()

        assert 'class="empty"' in page

    def test_is_taken_along_as_a_workbook_on_record_with_masked_numbers(self, as_role, term, lists):
        before, now = lists
        given = aided(make.RegisterPersonFactory(snapshot=before), amount_fen=62_500)
        here = make.EnrollmentFactory()
        on(now, here.student)
        client = as_role("auditor")
        address = reverse("programs:touched-export", args=[now.pk])

        losing, gaining = (
            list(load_workbook(BytesIO(client.get(address, query).content)).active.values)
            for query in ({}, {"tab": "gaining"})
        )

        assert losing[3][2:4] == (given.student.name, given.student.masked_id)
        assert losing[3][7] == 625
        assert gaining[3][2:4] == (here.student.name, here.student.masked_id)
        assert (len(losing), len(gaining)) == (4, 4)
        cells = [str(cell) for row in losing + gaining for cell in row]
        assert not any(number in cell for cell in cells for number in (given.student.id_number, here.student.id_number))
        actions = Action.objects.filter(verb="touched.exported").order_by("pk")
        assert [action.details for action in actions] == [
            {"term": term.pk, "list": "losing", "rows": 1},
            {"term": term.pk, "list": "gaining", "rows": 1},
        ]
