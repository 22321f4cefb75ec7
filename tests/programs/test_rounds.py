"""Recognition of poor families step by step: told, applied, reviewed by class and school, public, on record."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Action
from common.moves import Refused, WrongState
from jobs.documents import Brought
from programs import applications, eligibility, panels, recognitions, round_progress, rounds, terms
from programs.applications import Proposal, Vote
from programs.choices import ApplicationState, Level, RecognitionListState, RoundKind, RoundState
from programs.models import Application, RecognitionList, RecognitionRound
from schools.models import School
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
PDF = b"%PDF-1.4 a paper"
PANEL = [{"name": f"组员{n}", "duty": "班主任"} for n in range(1, 6)]
AFTER = datetime(2021, 10, 20, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
"""More than five working days after NOW."""


@pytest.fixture
def school():
    return make.SchoolFactory()


@pytest.fixture
def officer(school):
    return make.UserFactory(officer=True, school=school)


@pytest.fixture
def pupils(school):
    return make.EnrollmentFactory.create_batch(3, school=school)


@pytest.fixture
def term(pupils):
    return pupils[0].term


def begin(school, term, by, **facts):
    told = {"kind": RoundKind.YEARLY, "told_on": TODAY - timedelta(days=5), "told_how": "家长会"}
    return rounds.begin(school=school, term=term, by=by, at=NOW, **told | facts)


@pytest.fixture
def round(school, term, officer):
    return begin(school, term, officer)


def enter(round, pupils, by, **facts):
    said = {"applied_on": TODAY, "promise_signed": True}
    return applications.enter(round, pupils, by=by, at=NOW, **said | facts)


def seat(round, by, **facts):
    said = {"held_on": TODAY, "present": PANEL, "minutes": "逐一评议，表决通过。"}
    return panels.seat(round, by=by, at=NOW, **said | facts)


def review(round, by, *levels):
    rows = round.applications.filter(state=ApplicationState.APPLIED).order_by("pk")
    levels = levels or [Level.HARD] * rows.count()
    applications.review_class(
        round, [Proposal(row.pk, level) for row, level in zip(rows, levels, strict=True)], by=by, at=NOW
    )


def decide(round, by, *levels, votes=(5, 0), words=""):
    rows = round.applications.filter(state=ApplicationState.CLASS_REVIEWED).order_by("pk")
    levels = levels or [row.class_level for row in rows]
    said = [Vote(row.pk, level, *votes, words) for row, level in zip(rows, levels, strict=True)]
    return applications.decide_class(round, said, by=by, at=NOW)


def reviewed(round, pupils, by, *levels):
    enter(round, pupils, by)
    review(round, by, *levels)
    seat(round, by)
    decide(round, by)
    rounds.register_review(round, by=by, at=NOW)
    return round


def closed(round, pupils, by, *levels):
    reviewed(round, pupils, by, *levels)
    rounds.publish(round, by=by, at=NOW)
    rounds.close(round, result="公示期间无异议。", by=by, at=AFTER)
    return round


def on_record(round, pupils, by, *levels):
    closed(round, pupils, by, *levels)
    return rounds.record(round, by=make.UserFactory(), at=AFTER)


def levels_of(recognition_list):
    return dict(recognition_list.recognitions.values_list("student", "level"))


class TestBegin:
    def test_says_when_and_how_the_families_were_told(self, round, officer):
        assert (round.state, round.told_how, round.begun_by) == (RoundState.OPEN, "家长会", officer)
        assert Action.objects.get().details == {"kind": "yearly", "carried": 0}

    def test_carries_on_whom_the_last_school_year_recognized_and_who_still_studies_here(self, school, pupils, officer):
        stays, left, not_poor = pupils
        last = make.RecognitionListFactory(school=school, term=make.TermFactory(code="2021S"))
        make.RecognitionFactory(list=last, student=stays.student, level=Level.SPECIAL)
        make.RecognitionFactory(list=last, student=left.student)
        make.RecognitionFactory(list=last, student=not_poor.student, level=Level.NOT_POOR)
        make.RecognitionFactory(list=last)
        left.state = "left"
        left.save()

        begun = begin(school, stays.term, officer)

        carried = begun.applications.get()
        assert (carried.student, carried.state, carried.wished_level) == (stays.student, "carried", Level.SPECIAL)
        assert not carried.promise_signed

    def test_of_a_school_without_a_roster_is_refused(self, officer):
        with pytest.raises(rounds.RosterMissing):
            begin(make.SchoolFactory(), make.TermFactory(), officer)

    def test_is_refused_while_another_round_is_under_way(self, round, officer):
        with pytest.raises(rounds.RoundOpen):
            begin(round.school, round.term, officer)

    def test_of_a_closed_term_or_of_a_later_telling_is_refused(self, school, term, officer):
        with pytest.raises(rounds.ToldLater):
            begin(school, term, officer, told_on=TODAY + timedelta(days=1))
        type(term).objects.filter(pk=term.pk).update(state="closed")
        with pytest.raises(recognitions.TermIsClosed):
            begin(school, term, officer)  # also where the term in hand does not know it yet

    def test_of_the_school_year_is_done_once_in_its_two_terms(self, round, pupils, officer):
        on_record(round, pupils, officer)
        spring = make.TermFactory(code="2022S")
        make.EnrollmentFactory(school=round.school, term=spring)

        with pytest.raises(rounds.YearlyKnown):
            begin(round.school, spring, officer)
        with pytest.raises(rounds.YearlyKnown):
            begin(round.school, round.term, officer)

    def test_of_changes_needs_a_list_to_change(self, school, term, officer):
        with pytest.raises(rounds.NothingToChange):
            begin(school, term, officer, kind=RoundKind.CHANGE)

    def test_proposes_changes_once_there_is_a_list(self, school, term):
        assert rounds.kind_of_next(school, term) == RoundKind.YEARLY
        make.RecognitionListFactory(school=school, term=term)
        assert rounds.kind_of_next(school, term) == RoundKind.CHANGE


class TestApplications:
    def test_of_a_class_are_entered_at_once_by_their_signed_promises(self, round, pupils, officer):
        assert enter(round, pupils, officer) == 3

        assert set(round.applications.values_list("state", "promise_signed", "applied_on")) == {
            ("applied", True, TODAY)
        }
        numbers = list(round.applications.order_by("pk").values_list("pk", flat=True))
        assert Action.objects.get(verb="applications.entered").details == {"people": 3, "applications": numbers}

    def test_without_a_promise_or_from_tomorrow_are_refused(self, round, pupils, officer):
        with pytest.raises(applications.PromiseMissing):
            enter(round, pupils, officer, promise_signed=False)
        with pytest.raises(applications.AppliedLater):
            enter(round, pupils, officer, applied_on=TODAY + timedelta(days=1))

    def test_are_taken_of_own_children_only_and_once(self, round, pupils, officer):
        foreign = make.EnrollmentFactory()

        assert enter(round, [pupils[0], foreign], officer) == 1
        with pytest.raises(applications.NobodyToEnter):
            enter(round, [pupils[0]], officer)

    def test_confirm_what_was_carried_on(self, school, pupils, officer):
        last = make.RecognitionListFactory(school=school, term=make.TermFactory(code="2021S"))
        make.RecognitionFactory(list=last, student=pupils[0].student)
        begun = begin(school, pupils[0].term, officer)

        enter(begun, [pupils[0]], officer)

        confirmed = begun.applications.get()
        assert (confirmed.state, confirmed.promise_signed, confirmed.wished_level) == ("applied", True, Level.HARD)

    def test_can_be_withdrawn_and_handed_in_again(self, round, pupils, officer):
        enter(round, pupils, officer)
        mine = round.applications.first()

        assert applications.withdraw(round, [mine.pk], by=officer, at=NOW) == 1
        assert enter(round, pupils, officer) == 1
        mine.refresh_from_db()
        assert mine.state == ApplicationState.APPLIED

    def test_keep_what_the_family_writes_sealed(self, round, pupils, officer):
        enter(round, pupils, officer)
        mine = round.applications.first()

        applications.describe(mine, words="父亲患病。", wished_level=Level.SPECIAL, by=officer, at=NOW)

        mine.refresh_from_db()
        assert (mine.words, mine.wished_level) == ("父亲患病。", Level.SPECIAL)

    def test_take_papers_by_their_first_bytes(self, round, pupils, officer, settings, tmp_path):
        settings.FILES_DIR = tmp_path
        enter(round, pupils, officer)
        mine = round.applications.first()

        kept = applications.attach(mine, Brought(PDF, "诊断.pdf"), title="诊断证明", by=officer, at=NOW)

        assert (kept.file.school, kept.file.kind) == (round.school, "attachment")
        for content, name in ((b"MZ program", "诊断.pdf"), (b"PK\x03\x04 a book", "表.xlsx"), (PDF, "诊断.exe")):
            with pytest.raises(Refused):
                applications.attach(mine, Brought(content, name), title="材料", by=officer, at=NOW)
        with pytest.raises(applications.TitleMissing):
            applications.attach(mine, Brought(PDF, "a.pdf"), title=" ", by=officer, at=NOW)

    def test_without_a_promise_do_not_fit_the_table(self, round, pupils, officer):
        enter(round, pupils, officer)
        with pytest.raises(IntegrityError), transaction.atomic():
            round.applications.update(promise_signed=False)


class TestReviews:
    @pytest.fixture
    def applied(self, round, pupils, officer):
        enter(round, pupils, officer)
        return round

    def test_of_class_and_school_give_each_child_its_level(self, applied, officer):
        review(applied, officer, Level.SPECIAL, Level.HARD, Level.NOT_POOR)
        seat(applied, officer)
        decide(applied, officer)

        rounds.register_review(applied, by=officer, at=NOW)

        assert applied.state == RoundState.REVIEWED
        found = applied.applications.order_by("pk").values_list("state", "level", "votes_for")
        assert list(found) == [("decided", "special", 5), ("decided", "hard", 5), ("decided", "not-poor", 5)]

    def test_differ_only_with_words(self, applied, officer):
        review(applied, officer)
        seat(applied, officer)
        with pytest.raises(applications.DifferenceUnsaid):
            decide(applied, officer, *[Level.GENERAL] * 3)

        assert decide(applied, officer, *[Level.GENERAL] * 3, words="走访后了解到母亲已就业") == 3

    @pytest.mark.parametrize(("votes", "refusal"), [((4, 2), "round-too-many-votes"), ((2, 2), "application-outvoted")])
    def test_count_no_more_votes_than_people_and_only_those_that_carry(self, applied, officer, votes, refusal):
        review(applied, officer)
        seat(applied, officer)

        with pytest.raises(Refused) as refused:
            decide(applied, officer, votes=votes)

        assert refused.value.code == refusal
        assert applied.applications.filter(state=ApplicationState.CLASS_REVIEWED).count() == 3

    def test_need_a_panel_that_met_and_minutes(self, applied, officer):
        review(applied, officer)
        with pytest.raises(panels.PanelMissing):
            decide(applied, officer)
        with pytest.raises(panels.MinutesMissing):
            seat(applied, officer, minutes=" ")
        with pytest.raises(panels.PanelDay):
            seat(applied, officer, held_on=applied.told_on - timedelta(days=1))
        with pytest.raises(panels.PanelMissing):
            seat(applied, officer, present=[])

    def test_may_have_their_minutes_as_a_file(self, applied, officer, settings, tmp_path):
        settings.FILES_DIR = tmp_path

        seat(applied, officer, minutes="", scan=Brought(PDF, "记录.pdf"))

        assert applied.panel.minutes_file.kind == "minutes"

    def test_are_not_over_before_every_child_is_decided(self, applied, officer):
        review(applied, officer)
        seat(applied, officer)
        with pytest.raises(rounds.StillUndecided) as refused:
            rounds.register_review(applied, by=officer, at=NOW)

        assert refused.value.params == {"count": 3}

    def test_are_not_over_with_nobody(self, round, officer):
        seat(round, officer)
        with pytest.raises(rounds.NobodyDecided):
            rounds.register_review(round, by=officer, at=NOW)

    def test_are_counted_again_when_fewer_people_were_there(self, applied, officer):
        review(applied, officer)
        seat(applied, officer)
        decide(applied, officer)
        seat(applied, officer, present=PANEL[:3])

        with pytest.raises(rounds.TooManyVotes):
            rounds.register_review(applied, by=officer, at=NOW)

    def test_of_the_class_send_a_changed_child_to_the_panel_again(self, applied, officer):
        review(applied, officer)
        seat(applied, officer)
        decide(applied, officer)
        first, second, _third = applied.applications.order_by("pk")

        said = [Proposal(first.pk, Level.GENERAL), Proposal(second.pk, Level.HARD)]
        assert applications.review_class(applied, said, by=officer, at=NOW) == 1

        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.state, second.state) == ("class_reviewed", "decided")


class TestPublicity:
    def test_lasts_five_working_days_and_is_not_closed_before(self, round, pupils, officer):
        reviewed(round, pupils, officer)
        with pytest.raises(rounds.PublicTooShort):
            rounds.publish(round, working_days=4, by=officer, at=NOW)

        rounds.publish(round, by=officer, at=NOW)

        assert (round.public_from, round.public_to) == (TODAY, date(2021, 10, 15))
        with pytest.raises(rounds.PublicNotOver):
            rounds.close(round, result="无异议", by=officer, at=NOW.replace(day=15))
        rounds.close(round, result="无异议", by=officer, at=NOW.replace(day=16))
        assert (round.state, round.public_result) == (RoundState.CLOSED, "无异议")

    def test_shows_name_grade_class_and_level_of_the_poor_and_nothing_else(self, round, pupils, officer):
        reviewed(round, pupils, officer, Level.SPECIAL, Level.HARD, Level.NOT_POOR)
        assert rounds.shown(round, on=NOW.date()) == []

        rounds.publish(round, by=officer, at=NOW)

        shown = rounds.shown(round, on=NOW.date())
        assert {row["name"] for row in shown} == {pupils[0].student.name, pupils[1].student.name}
        assert {tuple(row) for row in shown} == {("name", "grade", "class_name", "level")}

    def test_shows_nobody_once_its_days_are_over(self, round, pupils, officer):
        reviewed(round, pupils, officer)
        rounds.publish(round, by=officer, at=NOW)

        assert rounds.shown(round, on=round.public_to)
        assert rounds.shown(round, on=round.public_to + timedelta(days=1)) == []
        assert rounds.shown(round, on=round.public_from - timedelta(days=1)) == []

    def test_goes_on_for_the_others_while_the_panel_answers_an_objection(self, round, pupils, officer):
        reviewed(round, pupils, officer)
        rounds.publish(round, by=officer, at=NOW)
        child, other, _third = round.applications.order_by("pk")

        applications.object_to(child, words="反映家中有两辆车。", by=officer, at=NOW)

        round.refresh_from_db()
        other.refresh_from_db()
        assert (child.state, other.state, round.state) == ("class_reviewed", "decided", "published")
        assert len(rounds.shown(round, on=NOW.date())) == 2
        with pytest.raises(rounds.ObjectionToAnswer):
            rounds.close(round, result="无异议", by=officer, at=AFTER)

        with pytest.raises(panels.PanelAgain):
            decide(round, officer, Level.NOT_POOR, words="反映属实")
        seat(round, officer, minutes="复核这一名学生。", present=PANEL[:3])
        decide(round, officer, Level.NOT_POOR, votes=(3, 0), words="反映属实")
        with pytest.raises(rounds.ObjectionToAnswer):
            rounds.close(round, result="无异议", by=officer, at=AFTER)
        rounds.register_review(round, by=officer, at=NOW)
        rounds.publish(round, by=officer, at=NOW.replace(day=13))

        assert round.public_from == date(2021, 10, 13)
        assert round.public_result == ""
        assert len(rounds.shown(round, on=date(2021, 10, 13))) == 2

    def test_lets_nobody_vote_anew_on_children_without_an_objection(self, round, pupils, officer):
        reviewed(round, pupils, officer)
        rounds.publish(round, by=officer, at=NOW)
        child = round.applications.first()

        with pytest.raises(WrongState):
            applications.decide_class(round, [Vote(child.pk, Level.HARD, 3, 0)], by=officer, at=NOW)
        with pytest.raises(WrongState):
            rounds.register_review(round, by=officer, at=NOW)

    def test_can_be_taken_back_with_words_and_begins_anew(self, round, pupils, officer):
        reviewed(round, pupils, officer)
        rounds.publish(round, by=officer, at=NOW)
        with pytest.raises(rounds.WordsMissing):
            rounds.reopen(round, reason=" ", by=officer, at=NOW)

        rounds.reopen(round, reason="姓名写错", by=officer, at=NOW)

        assert (round.state, round.public_from, round.public_to) == (RoundState.OPEN, None, None)


class TestMeetings:
    """What a meeting decided hangs out in public: its minutes stand from then on."""

    @pytest.fixture
    def public(self, round, pupils, officer):
        reviewed(round, pupils, officer)
        rounds.publish(round, by=officer, at=NOW)
        return round

    def test_are_mended_until_their_result_is_public(self, round, officer):
        seat(round, officer)
        seat(round, officer, minutes="补充：逐名表决。")

        assert list(round.meetings.values_list("minutes", "published_at")) == [("补充：逐名表决。", None)]

    def test_are_not_rewritten_while_their_result_is_public(self, public, officer):
        with pytest.raises(WrongState):
            seat(public, officer, minutes="改写")

        assert public.meetings.get().minutes == "逐一评议，表决通过。"

    def test_over_an_objection_are_others_beside_the_first(self, public, officer):
        child = public.applications.order_by("pk")[0]
        applications.object_to(child, words="反映家中有两辆车。", by=officer, at=NOW)

        second = seat(public, officer, minutes="复核一名学生。", present=PANEL[:3])
        decide(public, officer, votes=(3, 0), words="属实")

        first = public.meetings.order_by("pk")[0]
        assert (first.minutes, first.published_at, len(first.present)) == ("逐一评议，表决通过。", NOW, 5)
        assert (second.minutes, second.published_at) == ("复核一名学生。", None)
        child.refresh_from_db()
        assert child.meeting == second
        assert public.applications.filter(meeting=first).count() == 2
        # Three people sat in the second meeting: what five decided in the first is not counted against them.
        rounds.register_review(public, by=officer, at=NOW)
        rounds.publish(public, by=officer, at=NOW)
        assert not public.meetings.filter(published_at=None).exists()

    @pytest.mark.parametrize("act", [rounds.reopen, rounds.send_back], ids=["taken back", "sent back"])
    def test_are_held_again_before_a_round_that_was_public_goes_on(self, public, officer, act):
        if act is rounds.send_back:
            rounds.close(public, result="无异议", by=officer, at=AFTER)
        act(public, reason="会议记录不完整", by=officer, at=AFTER)

        with pytest.raises(panels.PanelAgain):
            rounds.register_review(public, by=officer, at=AFTER)
        seat(public, officer, minutes="重新评议。")
        rounds.register_review(public, by=officer, at=AFTER)

        assert list(public.meetings.order_by("pk").values_list("minutes", flat=True)) == [
            "逐一评议，表决通过。",
            "重新评议。",
        ]

    def test_are_not_held_before_the_one_that_was_public(self, public, officer):
        rounds.reopen(public, reason="有误", by=officer, at=NOW)

        with pytest.raises(panels.PanelDay):
            seat(public, officer, held_on=TODAY - timedelta(days=1))

    def test_leave_on_record_who_decided_what_without_a_name(self, public, officer):
        numbers = list(public.applications.order_by("pk").values_list("pk", flat=True))

        for verb in ("applications.class-reviewed", "applications.decided"):
            action = Action.objects.get(verb=verb)
            assert (action.actor, action.details["levels"]) == (officer, {"hard": numbers})
        assert Action.objects.get(verb="applications.decided").details["meeting"] == 1
        assert not Action.objects.filter(details__icontains="name").exists()


class TestAbandoned:
    @pytest.mark.parametrize("state", ["open", "reviewed", "published", "closed"])
    def test_by_the_county_in_words_it_leaves_its_applications(self, round, pupils, officer, state):
        county = make.UserFactory()
        if state == "open":
            enter(round, pupils, officer)
        else:
            reviewed(round, pupils, officer)
        if state in ("published", "closed"):
            rounds.publish(round, by=officer, at=NOW)
        if state == "closed":
            rounds.close(round, result="无异议", by=officer, at=AFTER)
        with pytest.raises(rounds.WordsMissing):
            rounds.abandon(round, reason=" ", by=county, at=AFTER)
        with pytest.raises(rounds.NotTheSchools):
            rounds.abandon(round, reason="办不完", by=officer, at=AFTER)

        rounds.abandon(round, reason="学校停办", by=county, at=AFTER)

        assert (round.state, round.abandoned_by, round.abandoned_reason) == ("abandoned", county, "学校停办")
        assert round.applications.count() == 3
        assert rounds.shown(round, on=TODAY) == []
        assert not RecognitionList.objects.exists()
        action = Action.objects.get(verb="round.abandoned")
        assert (action.actor, action.details) == (county, {"reason": "学校停办", "applications": 3})
        with pytest.raises(WrongState):
            rounds.abandon(round, reason="再来", by=county, at=AFTER)
        assert begin(round.school, round.term, officer).kind == RoundKind.YEARLY

    def test_one_on_record_is_not(self, round, pupils, officer):
        on_record(round, pupils, officer)

        with pytest.raises(WrongState):
            rounds.abandon(round, reason="有误", by=make.UserFactory(), at=AFTER)

    def test_no_longer_keeps_a_school_from_handing_in_a_list(self, round):
        assert not round_progress.not_begun(round.term, School.objects.all()).exists()
        rounds.abandon(round, reason="改用名单上报", by=make.UserFactory(), at=NOW)

        assert round_progress.not_begun(round.term, School.objects.all()).get() == round.school
        with pytest.raises(Refused) as refused:
            recognitions.upload(
                school=round.school, term=round.term, content=b"", name="x.xlsx", by=make.UserFactory(), at=NOW
            )
        assert not isinstance(refused.value, recognitions.OnRecord)


class TestTheEndOfTheTerm:
    def test_waits_for_the_rounds(self, round, term):
        with pytest.raises(terms.OpenRounds) as refused:
            terms.close(term, by=make.UserFactory(), at=NOW)
        assert refused.value.params["count"] == terms.unfinished(term).rounds == 1

        rounds.abandon(round, reason="办不完", by=make.UserFactory(), at=NOW)
        terms.close(term, by=make.UserFactory(), at=NOW)
        assert term.state == "closed"

    def test_stops_what_is_still_under_way(self, round, pupils, officer):
        """Rounds that were open when terms could still be closed over them."""
        enter(round, pupils, officer)
        type(round.term).objects.filter(pk=round.term_id).update(state="closed")

        for act in (
            lambda: enter(round, pupils, officer),
            lambda: review(round, officer),
            lambda: seat(round, officer),
            lambda: applications.withdraw(round, [round.applications.first().pk], by=officer, at=NOW),
        ):
            with pytest.raises(recognitions.RoundTermIsClosed):
                act()

    def test_stops_also_the_last_steps(self, round, pupils, officer):
        closed(round, pupils, officer)
        type(round.term).objects.filter(pk=round.term_id).update(state="closed")

        with pytest.raises(recognitions.RoundTermIsClosed):
            rounds.record(round, by=make.UserFactory(), at=AFTER)
        with pytest.raises(recognitions.RoundTermIsClosed):
            rounds.send_back(round, reason="有误", by=make.UserFactory(), at=AFTER)

    def test_leaves_a_school_with_an_open_autumn_a_way_in_spring(self, round, officer):
        spring = make.TermFactory(code="2022S")
        make.EnrollmentFactory(school=round.school, term=spring)
        type(round.term).objects.filter(pk=round.term_id).update(state="closed")

        with pytest.raises(rounds.YearlyUnderWay):
            begin(round.school, spring, officer)
        rounds.abandon(round, reason="秋季没有办完", by=make.UserFactory(), at=NOW)

        assert rounds.kind_of_next(round.school, spring) == RoundKind.YEARLY
        assert begin(round.school, spring, officer).state == RoundState.OPEN


class TestRecord:
    def test_makes_the_list_in_force_of_the_term(self, round, pupils, officer):
        uploaded = make.RecognitionListFactory(school=round.school, term=round.term)

        made = on_record(round, pupils, officer, Level.SPECIAL, Level.HARD, Level.NOT_POOR)

        uploaded.refresh_from_db()
        assert (made.state, made.round, made.file, made.people) == ("in_force", round, None, 3)
        assert uploaded.state == RecognitionListState.SUPERSEDED
        assert eligibility.levels(round.term) == {
            pupils[0].student_id: "special",
            pupils[1].student_id: "hard",
            pupils[2].student_id: "not-poor",
        }
        assert round.state == RoundState.RECORDED

    def test_is_another_persons_than_the_reviews(self, round, pupils):
        preparer = make.UserFactory()
        closed(round, pupils, preparer)

        with pytest.raises(rounds.OwnReview):
            rounds.record(round, by=preparer, at=AFTER)
        with pytest.raises(IntegrityError), transaction.atomic():
            RecognitionRound.objects.update(recorded_by=preparer)

    def test_waits_for_the_end_of_publicity(self, round, pupils, officer):
        reviewed(round, pupils, officer)
        rounds.publish(round, by=officer, at=NOW)

        with pytest.raises(WrongState):
            rounds.record(round, by=make.UserFactory(), at=AFTER)

    def test_happens_once(self, round, pupils, officer):
        closed(round, pupils, officer)
        stale = RecognitionRound.objects.get(pk=round.pk)
        rounds.record(round, by=make.UserFactory(), at=AFTER)

        with pytest.raises(WrongState):
            rounds.record(stale, by=make.UserFactory(), at=AFTER)
        assert RecognitionList.objects.count() == 1

    def test_can_be_refused_with_a_reason_and_the_school_goes_through_it_again(self, round, pupils, officer):
        closed(round, pupils, officer)

        rounds.send_back(round, reason="会议记录不完整", by=make.UserFactory(), at=AFTER)

        assert (round.state, round.sent_back_reason) == (RoundState.OPEN, "会议记录不完整")
        seat(round, officer, minutes="补全会议记录。")
        rounds.register_review(round, by=officer, at=AFTER)
        assert (round.state, round.sent_back_reason) == (RoundState.REVIEWED, "")


class TestARoundOfChanges:
    @pytest.fixture
    def first(self, round, pupils, officer):
        return on_record(round, pupils, officer, Level.SPECIAL, Level.HARD, Level.GENERAL)

    @pytest.fixture
    def change(self, first, school, term, officer):
        return begin(school, term, officer, kind=RoundKind.CHANGE)

    def test_carries_nobody_on(self, change):
        assert not change.applications.exists()

    def test_is_the_list_in_force_with_its_changes(self, change, first, school, pupils, officer):
        special, hard, general = pupils
        new = make.EnrollmentFactory(school=school)
        enter(change, [hard, new], officer)
        applications.put_forward_as_not_poor(change, [general], by=officer, at=NOW)
        review(change, officer, Level.SPECIAL, Level.GENERAL, Level.NOT_POOR)
        seat(change, officer)
        decide(change, officer)
        rounds.register_review(change, by=officer, at=NOW)
        rounds.publish(change, by=officer, at=NOW)
        rounds.close(change, result="无异议", by=officer, at=AFTER)

        made = rounds.record(change, by=make.UserFactory(), at=AFTER)

        assert levels_of(made) == {
            special.student_id: "special",
            hard.student_id: "special",
            new.student_id: "general",
            general.student_id: "not-poor",
        }
        first.refresh_from_db()
        assert first.state == RecognitionListState.SUPERSEDED

    def test_leaves_out_who_left_the_school_but_not_who_is_suspended(self, change, school, pupils, officer):
        suspended, gone, _here = pupils
        type(gone).objects.filter(pk=gone.pk).update(state="left")
        type(gone).objects.filter(pk=suspended.pk).update(state="suspended")
        new = make.EnrollmentFactory(school=school)
        enter(change, [new], officer)
        review(change, officer)
        seat(change, officer)
        decide(change, officer)
        rounds.register_review(change, by=officer, at=NOW)
        rounds.publish(change, by=officer, at=NOW)
        rounds.close(change, result="无异议", by=officer, at=AFTER)

        made = rounds.record(change, by=make.UserFactory(), at=AFTER)

        assert levels_of(made).keys() == {pupils[0].student_id, pupils[2].student_id, new.student_id}
        assert made.people == 3

    def test_puts_only_listed_children_forward_as_poor_no_longer(self, change, school, officer):
        with pytest.raises(applications.NotRecognized):
            applications.put_forward_as_not_poor(change, [make.EnrollmentFactory(school=school)], by=officer, at=NOW)

    def test_finds_nobody_poor_without_a_promise(self, change, pupils, officer):
        applications.put_forward_as_not_poor(change, [pupils[0]], by=officer, at=NOW)
        review(change, officer, Level.HARD)
        seat(change, officer)
        with pytest.raises(applications.NotPromised):
            decide(change, officer)

        enter(change, [pupils[0]], officer)
        assert Application.objects.get(round=change).state == ApplicationState.APPLIED

    def test_can_take_a_child_back_and_put_it_forward_again(self, change, pupils, officer):
        applications.put_forward_as_not_poor(change, [pupils[0]], by=officer, at=NOW)
        applications.withdraw(change, change.applications.values_list("pk", flat=True), by=officer, at=NOW)

        assert applications.put_forward_as_not_poor(change, [pupils[0]], by=officer, at=NOW) == 1


class TestFacts:
    def test_of_other_offices_need_no_application(self, round, pupils):
        fact = make.HardshipFactory(match__enrollment=pupils[0])
        make.HardshipFactory()

        assert list(rounds.by_fact(round)) == [fact]


class TestTheSpringTerm:
    @pytest.fixture
    def spring(self, term):
        return make.TermFactory(code="2022S")

    def test_lets_the_autumns_lists_hold_for_all_schools_at_once(self, spring, term, school, pupils):
        autumn = make.RecognitionListFactory(school=school, term=term, people=1)
        make.RecognitionFactory(list=autumn, student=pupils[0].student, level=Level.HARD)
        other = make.RecognitionListFactory(term=term)

        assert recognitions.carry_on(spring, by=make.UserFactory(), at=NOW) == 2

        made = RecognitionList.objects.get(school=school, term=spring)
        assert (made.carried_from, made.state, made.people) == (autumn, "in_force", 1)
        assert eligibility.levels(spring) == {pupils[0].student_id: "hard"}
        assert RecognitionList.objects.filter(school=other.school, term=spring).exists()
        assert Action.objects.get().details == {"lists": 2, "people": 1}

    def test_leaves_schools_alone_that_have_a_list_or_are_closed(self, spring, term, school):
        make.RecognitionListFactory(school=school, term=term)
        own = make.RecognitionListFactory(school=school, term=spring)
        make.RecognitionListFactory(school=make.SchoolFactory(is_active=False), term=term)

        with pytest.raises(recognitions.NothingToCarry):
            recognitions.carry_on(spring, by=make.UserFactory(), at=NOW)
        assert RecognitionList.objects.filter(term=spring).get() == own

    def test_is_the_only_one_that_carries(self, term):
        make.RecognitionListFactory(term=make.TermFactory(code="2020A"))
        with pytest.raises(recognitions.NothingToCarry):
            recognitions.carry_on(term, by=make.UserFactory(), at=NOW)
