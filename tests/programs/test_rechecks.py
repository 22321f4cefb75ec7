"""Random re-checks: drawn by a seed, drawn again the same, looked up, and open until a list takes them up."""

from datetime import timedelta

import pytest

from accounts.models import Action
from common.roles import Role
from programs import rechecks, recognitions
from programs.choices import Level
from programs.models import Recheck, RecheckDraw, Recognition
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def listed():
    """Two schools' lists in force, ten poor children each, and one who is not."""
    lists = [make.RecognitionListFactory(school=make.SchoolFactory()) for _n in range(2)]
    for each in lists:
        make.RecognitionFactory.create_batch(10, list=each)
    make.RecognitionFactory(list=lists[0], level=Level.NOT_POOR)
    return lists


@pytest.fixture
def term(listed):
    return listed[0].term


def draw(term, percent=20, **facts):
    return rechecks.draw(term, percent=percent, by=make.UserFactory(), at=NOW, **facts)


def note(line, result="holds", **facts):
    said = {"way": "phone", "words": "已与村干部核实", "done_on": NOW.date()}
    rechecks.note(line, result=result, by=make.UserFactory(), at=NOW, **said | facts)


class TestDraw:
    def test_takes_the_wanted_part_of_the_poor_and_keeps_seed_and_digest(self, term):
        made = draw(term)

        assert (made.population, made.lines.count(), made.percent) == (20, 4, 20)
        assert len(made.population_digest) == 64
        levels = made.lines.values_list("recognition__level", flat=True)
        assert Level.NOT_POOR not in levels
        assert Action.objects.get().details["seed"] == made.seed

    def test_is_the_same_for_the_same_seed_and_another_for_another(self, term):
        def chosen(seed):
            return list(draw(term, seed=seed).lines.values_list("recognition", flat=True))

        assert chosen("abc") == chosen("abc")
        assert len({tuple(chosen(seed)) for seed in ("a", "b", "c", "d", "e")}) > 1

    def test_takes_one_at_least_and_nobody_of_nobody(self, term):
        assert draw(term, percent=1).lines.count() == 1
        with pytest.raises(rechecks.NobodyToDraw):
            draw(make.TermFactory(code="2030A"))

    def test_says_which_school_each_child_belongs_to(self, term, listed):
        for line in draw(term, percent=100).lines.select_related("recognition__list"):
            assert line.school_id == line.recognition.list.school_id


class TestDrawAgain:
    def test_gives_the_same_children(self, term):
        again = rechecks.draw_again(draw(term))

        assert again == rechecks.Again(is_same_population=True, is_same_draw=True, population=20, drawn=4)

    def test_still_does_when_newer_lists_hold(self, term, listed):
        made = draw(term)
        listed[0].state = "superseded"
        listed[0].save()
        newer = make.RecognitionListFactory(school=listed[0].school, uploaded_at=NOW + timedelta(days=3))
        make.RecognitionFactory(list=newer)

        again = rechecks.draw_again(made)

        assert (again.is_same_population, again.is_same_draw) == (True, True)

    def test_still_does_when_a_file_that_was_handed_in_before_is_read_afterwards(self, term, listed):
        """It waited when the draw was made, and holds now."""
        waiting = make.RecognitionListFactory(
            school=listed[0].school, state="uploaded", uploaded_at=NOW - timedelta(hours=1)
        )
        made = draw(term)
        listed[0].state = "superseded"
        listed[0].save()
        waiting.state, waiting.in_force_at = "in_force", NOW + timedelta(minutes=5)
        waiting.save()
        make.RecognitionFactory(list=waiting)

        again = rechecks.draw_again(made)

        assert (again.is_same_population, again.is_same_draw) == (True, True)
        assert draw(term, percent=100).population == 20

    def test_says_when_the_children_or_the_lines_are_others(self, term):
        made = draw(term)
        RecheckDraw.objects.update(seed="another")
        made.refresh_from_db()
        assert rechecks.draw_again(made).is_same_draw is False

        drawn = made.lines.values("recognition")
        Recognition.objects.exclude(pk__in=drawn).first().delete()
        assert rechecks.draw_again(made).is_same_population is False


class TestFindings:
    @pytest.fixture
    def line(self, term):
        return draw(term, percent=1).lines.get()

    def test_say_how_and_when_and_what(self, line):
        note(line)

        assert (line.way, line.result, line.done_on) == ("phone", "holds", NOW.date())
        assert rechecks.progress(Recheck.objects.all()) == rechecks.Progress(1, 1, 1, 0, 0)

    def test_against_the_list_need_words(self, line):
        with pytest.raises(rechecks.FindingUnsaid):
            note(line, "not-poor", words=" ")

    @pytest.mark.parametrize("days", [-1, 1])
    def test_lie_between_the_draw_and_today(self, line, days):
        with pytest.raises(rechecks.RecheckDay):
            note(line, done_on=NOW.date() + timedelta(days=days))

    def test_can_be_put_right_and_the_log_has_both(self, line):
        note(line, "not-found")
        note(line, "holds")

        assert line.result == "holds"
        assert [action.details["before"] for action in Action.objects.filter(verb="recheck.noted").order_by("pk")] == [
            "",
            "not-found",
        ]

    def test_stay_listed_until_a_list_says_so_too(self, line, listed):
        note(line, "other-level")
        assert rechecks.to_take_up(Recheck.objects.all(), line.draw.term).get() == line

        old = line.recognition.list
        old.state = "superseded"
        old.save()
        same = make.RecognitionListFactory(school=line.school, uploaded_at=NOW)
        copy = make.RecognitionFactory(list=same, student=line.recognition.student, level=line.recognition.level)
        assert rechecks.to_take_up(Recheck.objects.all(), line.draw.term).get() == line

        copy.level = Level.GENERAL
        copy.save()
        assert not rechecks.to_take_up(Recheck.objects.all(), line.draw.term).exists()

    def test_of_autumn_are_taken_up_in_spring(self, line, term):
        note(line, "not-poor")
        spring = make.TermFactory(code="2022S")
        mine = rechecks.of_school_year(Recheck.objects.all(), spring)
        recognitions.carry_on(spring, by=make.UserFactory(), at=NOW)
        assert rechecks.to_take_up(mine, spring).get() == line

        Recognition.objects.filter(term=spring, student=line.recognition.student).update(level=Level.NOT_POOR)
        assert not rechecks.to_take_up(mine, spring).exists()
        assert not rechecks.to_take_up(mine, term).exists()
        assert not rechecks.of_school_year(Recheck.objects.all(), make.TermFactory(code="2022A")).exists()

    def test_that_hold_need_nothing(self, line):
        note(line)
        assert not rechecks.to_take_up(Recheck.objects.all(), line.draw.term).exists()

    def test_are_seen_by_the_own_school(self, line):
        own = make.UserFactory(officer=True, school=line.school)
        other = make.UserFactory(officer=True)

        assert Recheck.objects.visible_to(own).get() == line
        assert not Recheck.objects.visible_to(other).exists()
        assert not Recheck.objects.visible_to(make.UserFactory(role=Role.ADMIN)).exists()
