"""Whatever a school and a county press, in any order: what has to hold of a recognition round holds."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.moves import Refused
from programs import applications, panels, rounds
from programs.applications import Proposal, Vote
from programs.choices import ApplicationState, Level, RecognitionListState, RoundKind, RoundState
from programs.models import RecognitionList, RecognitionRound
from tests import factories as make
from tests.factories import NOW

PANEL = [{"name": f"组员{n}", "duty": "教师"} for n in range(3)]
ACTS = (
    "begin", "begin-change", "enter", "withdraw", "class", "panel", "votes", "finish", "publish", "object",
    "close", "reopen", "send-back", "record", "abandon", "a-week-later",
)  # fmt: skip
LEVELS = st.sampled_from(Level.values)


class Office:
    """One school and its county; each act is tried as a page would, and may be refused."""

    def __init__(self) -> None:
        self.at = NOW
        self.school = make.SchoolFactory()
        self.pupils = make.EnrollmentFactory.create_batch(3, school=self.school)
        self.officer = make.UserFactory(officer=True, school=self.school)
        self.county = make.UserFactory()

    @property
    def round(self) -> RecognitionRound:
        return RecognitionRound.objects.filter(school=self.school).first()

    def do(self, act: str, level: str, votes: int) -> None:
        with suppress(Refused):
            if act.startswith("begin"):
                kind = RoundKind.CHANGE if act.endswith("change") else RoundKind.YEARLY
                told = {"told_on": NOW.date(), "told_how": "公告", "by": self.officer, "at": self.at}
                rounds.begin(school=self.school, term=self.pupils[0].term, kind=kind, **told)
            elif act == "a-week-later":
                self.at += timedelta(days=9)
            elif self.round is not None:
                self._work(act, level, votes)

    def _work(self, act: str, level: str, votes: int) -> None:
        round, by = self.round, {"by": self.officer, "at": self.at}
        rows = list(round.applications.order_by("pk"))
        in_state = {state: [row.pk for row in rows if row.state == state] for state in ApplicationState}
        match act:
            case "enter":
                applications.enter(round, self.pupils, applied_on=NOW.date(), promise_signed=True, **by)
            case "withdraw":
                applications.withdraw(round, [row.pk for row in rows[:1]], **by)
            case "class":
                applications.review_class(round, [Proposal(pk, level) for pk in in_state["applied"]], **by)
            case "panel":
                panels.seat(round, held_on=NOW.date(), present=PANEL, minutes="通过", **by)
            case "votes":
                waiting = in_state["class_reviewed"]
                applications.decide_class(round, [Vote(pk, level, votes, 1, "评议组意见") for pk in waiting], **by)
            case "finish":
                rounds.register_review(round, **by)
            case "publish":
                rounds.publish(round, **by)
            case "object":
                if rows:
                    applications.object_to(rows[-1], words="反映", **by)
            case "close":
                rounds.close(round, result="无异议", **by)
            case "reopen":
                rounds.reopen(round, reason="有误", **by)
            case "send-back":
                rounds.send_back(round, reason="不完整", by=self.county, at=self.at)
            case "record":
                rounds.record(round, by=self.county, at=self.at)
            case "abandon":
                rounds.abandon(round, reason="办不完", by=self.county, at=self.at)

    def check(self) -> None:
        assert RecognitionList.objects.filter(school=self.school, state=RecognitionListState.IN_FORCE).count() <= 1
        for round in RecognitionRound.objects.filter(school=self.school):
            decided = round.applications.filter(state=ApplicationState.DECIDED)
            if round.state in (RoundState.REVIEWED, RoundState.CLOSED, RoundState.RECORDED):
                assert not rounds.waiting(round).exists()
            for row in decided:
                assert row.votes_for > row.votes_against
                assert row.promise_signed or row.level == Level.NOT_POOR
            if round.state != RoundState.ABANDONED:
                assert bool(round.public_from) == (round.state in _PUBLIC)
            assert bool(round.abandoned_by_id) == (round.state == RoundState.ABANDONED)
            if round.public_from:
                assert not round.meetings.filter(published_at=None).exists() or round.public_result
            for row in decided.select_related("meeting"):
                has_met = round.state != RoundState.OPEN and row.meeting.published_at
                assert not has_met or row.votes_for + row.votes_against <= len(row.meeting.present)
            is_listed = RecognitionList.objects.filter(round=round).exists()
            assert is_listed == (round.state == RoundState.RECORDED)
            if is_listed:
                assert round.recorded_by_id != round.reviewed_by_id
                assert (round.recorded_at.date() - round.public_from).days >= round.public_days
                assert set(round.list.recognitions.values_list("student", flat=True)) >= set(
                    decided.values_list("student", flat=True)
                )


_PUBLIC = (RoundState.PUBLISHED, RoundState.CLOSED, RoundState.RECORDED)
STRAIGHT = ["begin", "enter", "class", "panel", "votes", "finish", "publish", "a-week-later", "close", "record"]
STEP = st.tuples(st.sampled_from(ACTS), LEVELS, st.integers(0, 3))


@pytest.mark.django_db
@settings(max_examples=12)
@given(
    detours=st.lists(st.tuples(st.integers(0, len(STRAIGHT)), STEP), max_size=8),
    after=st.lists(STEP, max_size=12),
)
def test_every_walk_keeps_what_has_to_hold(detours, after):
    """The straight way with detours on it, so that walks get far; then anything."""
    steps = [(place, (act, Level.HARD, 2)) for place, act in enumerate(STRAIGHT)] + detours
    office = Office()
    for _place, step in sorted(steps, key=lambda pair: pair[0]):
        office.do(*step)
        office.check()
    for step in after:
        office.do(*step)
        office.check()


@pytest.mark.django_db
def test_the_straight_way_ends_on_record():
    office = Office()
    for act in STRAIGHT:
        office.do(act, Level.HARD, 2)

    assert office.round.state == RoundState.RECORDED
