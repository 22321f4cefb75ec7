"""A whole kind of suspicion at once: only after a sample without a mistake, and only what it speaks for."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Action
from common.moves import WrongState
from students import decisions, questions, samples
from students.choices import CrosscheckState, MatchState
from students.models import Hardship, Match, MatchDecision
from tests.factories import NOW, CrosscheckFactory, MatchDecisionFactory, MatchFactory, UserFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def officer():
    return UserFactory()


@pytest.fixture
def check():
    return CrosscheckFactory()


def suspicions(check, number, **facts):
    facts = {"tier": "id-one-off", "score": 30, "reasons": ["id-one-off", "name-same", "village"], **facts}
    return [MatchFactory(suspected=True, crosscheck=check, **facts) for _each in range(number)]


def judge_all(sample, by, finding="same", note="抽样时电话核实"):
    for line in sample.lines.select_related("match", "sample__crosscheck"):
        samples.judge(line, finding=finding, by=by, at=NOW, note=note)


def state(match):
    match.refresh_from_db()
    return match.state


class TestTheDraw:
    def test_can_be_repeated_by_its_seed(self, officer, check):
        suspicions(check, 12)
        sample = samples.draw(check, tier="id-one-off", by=officer, at=NOW, size=4, seed="3f9a")
        drawn = set(sample.lines.values_list("match", flat=True))
        sample.lines.all().delete()
        sample.delete()

        again = samples.draw(check, tier="id-one-off", by=officer, at=NOW, size=4, seed="3f9a")

        assert len(drawn) == 4
        assert set(again.lines.values_list("match", flat=True)) == drawn
        assert again.population == 12

    def test_takes_all_where_there_are_few_and_first_candidates_of_the_kind_only(self, officer, check):
        wanted = suspicions(check, 3)
        suspicions(check, 1, rank=2)
        suspicions(check, 1, tier="id-absent")
        MatchFactory(crosscheck=check, confirmed=True, tier="id-one-off")

        sample = samples.draw(check, tier="id-one-off", by=officer, at=NOW)

        assert set(Match.objects.filter(pk__in=sample.lines.values("match"))) == set(wanted)
        assert Action.objects.get(verb="sample.drawn").details["seed"] == sample.seed

    def test_is_made_once_until_it_is_judged(self, officer, check):
        suspicions(check, 3)
        samples.draw(check, tier="id-one-off", by=officer, at=NOW)

        with pytest.raises(samples.StillOpen):
            samples.draw(check, tier="id-one-off", by=officer, at=NOW)

    def test_is_not_repeated_to_get_rid_of_a_mistake(self, officer, check):
        suspicions(check, 3)
        sample = samples.draw(check, tier="id-one-off", by=officer, at=NOW, size=1)
        judge_all(sample, officer, "not-same")

        with pytest.raises(samples.MistakeFound):
            samples.draw(check, tier="id-one-off", by=officer, at=NOW)

    def test_needs_something_to_draw_from_in_the_run_in_force(self, officer, check):
        with pytest.raises(samples.NothingToDraw):
            samples.draw(check, tier="id-one-off", by=officer, at=NOW)
        with pytest.raises(WrongState):
            samples.draw(CrosscheckFactory(state=CrosscheckState.SUPERSEDED), tier="id-one-off", by=officer, at=NOW)


class TestJudging:
    def test_in_the_list_is_a_decision(self, officer, check):
        (match,) = suspicions(check, 1)
        sample = samples.draw(check, tier="id-one-off", by=officer, at=NOW)

        judge_all(sample, officer)

        assert state(match) == MatchState.CONFIRMED
        assert samples.result(sample) == samples.Result(drawn=1, same=1, not_same=0, unclear=0)

    def test_happens_on_the_case_page_as_well_and_is_taken_back_there(self, officer, check):
        (match,) = suspicions(check, 1)
        sample = samples.draw(check, tier="id-one-off", by=officer, at=NOW)

        decisions.decide(match, is_same=False, by=officer, at=NOW, note="重名")
        assert samples.result(sample).not_same == 1

        decisions.undo(match, by=officer, at=NOW)
        assert samples.result(sample).open == 1

    def test_unclear_decides_nothing(self, officer, check):
        (match,) = suspicions(check, 1)
        sample = samples.draw(check, tier="id-one-off", by=officer, at=NOW)

        judge_all(sample, officer, "unclear")

        assert state(match) == MatchState.SUSPECTED
        with pytest.raises(samples.NotYetJudged):
            samples.confirm_rest(sample, by=officer, at=NOW)


class TestTheRest:
    def faultless(self, officer, check):
        sample = samples.draw(check, tier="id-one-off", by=officer, at=NOW, size=2, seed="a")
        judge_all(sample, officer)
        return sample

    def test_is_confirmed_at_once_with_facts_and_decisions_that_name_the_sample(self, officer, check, monkeypatch):
        monkeypatch.setattr(samples, "ROWS_AT_ONCE", 3)
        matches = suspicions(check, 10)
        sample = self.faultless(officer, check)

        assert samples.left_to_confirm(sample) == 8
        assert samples.confirm_rest(sample, by=officer, at=LATER) == 8

        assert {state(match) for match in matches} == {MatchState.CONFIRMED}
        assert MatchDecision.objects.filter(sample=sample, is_current=True, is_same=True).count() == 8
        assert Hardship.objects.in_force(check.term).count() == 10
        assert (sample.confirmed, sample.confirmed_by, sample.confirmed_at) == (8, officer, LATER)
        assert Action.objects.get(verb="sample.confirmed").details["confirmed"] == 8

    def test_is_forbidden_by_one_mistake(self, officer, check):
        suspicions(check, 5)
        sample = samples.draw(check, tier="id-one-off", by=officer, at=NOW, size=2)
        first, second = sample.lines.select_related("match", "sample__crosscheck")
        samples.judge(first, finding="same", by=officer, at=NOW)
        samples.judge(second, finding="not-same", by=officer, at=NOW, note="重名")

        with pytest.raises(samples.MistakeFound):
            samples.confirm_rest(sample, by=officer, at=NOW)

    def test_leaves_in_the_queue_what_the_sample_cannot_speak_for(self, officer, check):
        good = suspicions(check, 4)
        sample = self.faultless(officer, check)
        kept = {
            "second candidate": suspicions(check, 1)[0],
            "claimed twice": suspicions(check, 1)[0],
            "contradiction": suspicions(check, 1, reasons=["id-one-off", "name-same", "sex-differs"])[0],
            "thin": suspicions(check, 1, score=3)[0],
            "asked": suspicions(check, 1)[0],
            "rejected elsewhere": suspicions(check, 1)[0],
            "other kind": suspicions(check, 1, tier="id-absent")[0],
        }
        MatchFactory(suspected=True, crosscheck=check, person=kept["second candidate"].person, rank=2)
        claimed = kept["claimed twice"]
        MatchFactory(
            suspected=True,
            crosscheck=check,
            enrollment=claimed.enrollment,
            person__snapshot=claimed.person.snapshot,
            tier="id-absent",
        )
        questions.ask(kept["asked"], by=officer, at=NOW)
        elsewhere = kept["rejected elsewhere"]
        MatchDecisionFactory(
            student_key=elsewhere.enrollment.student.key, person_key=elsewhere.person.key, is_same=False
        )

        samples.confirm_rest(sample, by=officer, at=LATER)

        assert {state(match) for match in good} == {MatchState.CONFIRMED}
        assert {name: state(match) for name, match in kept.items()} == dict.fromkeys(kept, MatchState.SUSPECTED)

    def test_happens_once(self, officer, check):
        suspicions(check, 3)
        sample = self.faultless(officer, check)
        samples.confirm_rest(sample, by=officer, at=NOW)

        with pytest.raises(WrongState):
            samples.confirm_rest(sample, by=officer, at=NOW)

    def test_can_be_taken_back_one_by_one(self, officer, check):
        matches = suspicions(check, 3)
        sample = self.faultless(officer, check)
        samples.confirm_rest(sample, by=officer, at=NOW)
        (together,) = [match for match in matches if not sample.lines.filter(match=match).exists()]
        together.refresh_from_db()

        decisions.undo(together, by=officer, at=NOW)

        assert state(together) == MatchState.SUSPECTED
        assert Hardship.objects.in_force(check.term).count() == 2

    def test_costs_no_query_for_each_pair(self, officer, check, django_assert_max_num_queries):
        suspicions(check, 50)
        sample = self.faultless(officer, check)

        with django_assert_max_num_queries(30):
            samples.confirm_rest(sample, by=officer, at=NOW)


class TestThePages:
    def test_lead_from_the_kind_to_the_confirmed_rest(self, as_role, check):
        matches = suspicions(check, 40)
        client = as_role("preparer")

        drawn = client.post(reverse("students:sample-draw", args=[check.pk]), {"tier": "id-one-off"})
        sample = check.samples.get()
        assert drawn.headers["Location"] == sample.get_absolute_url()
        for line in sample.lines.all():
            client.post(reverse("students:sample-judge", args=[line.pk]), {"finding": "same"})
        page = client.get(sample.get_absolute_url())
        assert page.context["left"] == 10
        client.post(reverse("students:sample-confirm", args=[sample.pk]))

        assert {state(match) for match in matches} == {MatchState.CONFIRMED}
        assert "已批量确认 10 对" in client.get(sample.get_absolute_url()).content.decode()

    def test_are_read_by_auditors(self, as_role, officer, check):
        suspicions(check, 3)
        sample = samples.draw(check, tier="id-one-off", by=officer, at=NOW)

        shown = as_role("auditor").get(sample.get_absolute_url()).content.decode()

        assert sample.seed in shown
        assert reverse("students:sample-confirm", args=[sample.pk]) not in shown
