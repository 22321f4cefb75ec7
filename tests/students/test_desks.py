"""What the county says to a school of a term: reminders, a roster sent back, a closed term opened again."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Action
from common.moves import WrongState
from schools.choices import TermState
from schools.models import Term
from students import desks
from students.choices import RosterState
from students.models import Roster, SchoolTerm
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


@pytest.fixture
def term():
    return make.TermFactory()


@pytest.fixture
def preparer():
    return make.UserFactory()


def schools(count):
    return [make.SchoolFactory() for _each in range(count)]


def close(term):
    Term.objects.filter(pk=term.pk).update(state=TermState.CLOSED)
    term.refresh_from_db()


class TestReminding:
    def test_asks_every_school_that_has_not_handed_in(self, term, preparer):
        begun, waiting, done = schools(3)
        make.RosterFactory(school=waiting, checked=True)
        make.RosterFactory(school=done)

        assert desks.remind([begun, waiting, done], term=term, by=preparer, at=NOW) == 2

        asked = {desk.school: desk for desk in SchoolTerm.objects.filter(reminders=1)}
        assert set(asked) == {begun, waiting}
        assert (asked[begun].reminded_by, asked[begun].reminded_at) == (preparer, NOW)

    def test_is_one_act_in_the_log_however_many_are_asked(self, term, preparer):
        desks.remind(schools(3), term=term, by=preparer, at=NOW)

        act = Action.objects.get(verb="roster.reminded")
        assert (act.target_type, act.target_id, act.details) == ("schools.term", term.pk, {"schools": 3})

    def test_of_a_single_school_is_logged_with_the_school(self, term, preparer):
        [school] = schools(1)

        desks.remind([school], term=term, by=preparer, at=NOW)

        act = Action.objects.get(verb="roster.reminded")
        assert (act.target_type, act.target_id, act.details) == ("schools.school", str(school.pk), {"term": term.pk})

    def test_counts_the_times_and_keeps_the_last_one(self, term, preparer):
        [school] = schools(1)
        later = NOW + timedelta(days=3)

        desks.remind([school], term=term, by=preparer, at=NOW)
        desks.remind([school], term=term, by=preparer, at=later)

        desk = SchoolTerm.objects.get(school=school, term=term)
        assert (desk.reminders, desk.reminded_at) == (2, later)

    def test_of_nobody_leaves_no_trace(self, term, preparer):
        assert desks.remind([make.RosterFactory().school], term=term, by=preparer, at=NOW) == 0

        assert not SchoolTerm.objects.exists()
        assert not Action.objects.exists()

    def test_asks_again_whose_roster_was_sent_back(self, term, preparer):
        roster = make.RosterFactory()
        desks.send_back(roster, reason="缺了六年级", by=preparer, at=NOW)

        assert desks.remind([roster.school], term=term, by=preparer, at=NOW) == 1

    def test_of_a_closed_term_asks_only_whom_it_is_open_for(self, term, preparer):
        shut, reopened = schools(2)
        close(term)
        desks.reopen(school=reopened, term=term, until=TODAY, reason="补报", by=preparer, at=NOW)

        assert desks.remind([shut, reopened], term=term, by=preparer, at=NOW) == 1

    def test_costs_as_much_for_forty_as_for_four(self, term, preparer):
        few, many = schools(4), schools(40)
        with CaptureQueriesContext(connection) as for_few:
            desks.remind(few, term=term, by=preparer, at=NOW)
        with CaptureQueriesContext(connection) as for_many:
            desks.remind(many, term=term, by=preparer, at=NOW)

        assert len(for_many) == len(for_few)


class TestSendingBack:
    @pytest.mark.parametrize("state", [{}, {"checked": True}])
    def test_keeps_the_reason_with_the_roster_and_in_its_state(self, preparer, state):
        roster = make.RosterFactory(**state)
        before = roster.state

        desks.send_back(roster, reason=" 缺了六年级 ", by=preparer, at=NOW)

        roster.refresh_from_db()
        assert (roster.sent_back_reason, roster.sent_back_by, roster.sent_back_at) == ("缺了六年级", preparer, NOW)
        assert roster.state == before
        assert Action.objects.get(verb="roster.sent-back").target_id == str(roster.pk)

    def test_leaves_the_children_as_they_are(self, preparer):
        child = make.EnrollmentFactory()
        make.RosterFactory(school=child.school)

        desks.send_back(child.roster, reason="缺了六年级", by=preparer, at=NOW)

        child.refresh_from_db()
        assert child.state == "studying"

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_needs_a_reason(self, preparer, reason):
        roster = make.RosterFactory()

        with pytest.raises(desks.NoReason):
            desks.send_back(roster, reason=reason, by=preparer, at=NOW)

        assert Roster.objects.get().sent_back_at is None

    @pytest.mark.parametrize(
        "state", [RosterState.UPLOADED, RosterState.REFUSED, RosterState.DISCARDED, RosterState.SUPERSEDED]
    )
    def test_is_refused_where_there_is_nothing_to_send_back(self, preparer, state):
        roster = make.RosterFactory(state=state)

        with pytest.raises(WrongState):
            desks.send_back(roster, reason="缺了六年级", by=preparer, at=NOW)

    def test_happens_once(self, preparer):
        roster = make.RosterFactory()
        desks.send_back(roster, reason="缺了六年级", by=preparer, at=NOW)

        with pytest.raises(WrongState):
            desks.send_back(roster, reason="另一个原因", by=preparer, at=NOW)

        assert Roster.objects.get().sent_back_reason == "缺了六年级"


class TestReopening:
    def test_opens_a_closed_term_for_one_school_to_the_end_of_the_day(self, term, preparer):
        school, other = schools(2)
        close(term)

        desks.reopen(
            school=school, term=term, until=TODAY + timedelta(days=2), reason="补报插班生", by=preparer, at=NOW
        )

        assert desks.is_open(school, term, on=TODAY)
        assert desks.is_open(school, term, on=TODAY + timedelta(days=2))
        assert not desks.is_open(school, term, on=TODAY + timedelta(days=3))
        assert not desks.is_open(other, term, on=TODAY)

    def test_keeps_who_why_and_until_when(self, term, preparer):
        [school] = schools(1)
        close(term)

        desks.reopen(school=school, term=term, until=TODAY, reason="补报插班生", by=preparer, at=NOW)

        desk = SchoolTerm.objects.get()
        assert (desk.reopened_by, desk.reopened_until, desk.reopened_reason) == (preparer, TODAY, "补报插班生")
        act = Action.objects.get(verb="roster.reopened")
        assert (act.target_id, act.details) == (str(school.pk), {"term": term.pk, "until": TODAY.isoformat()})

    def test_leaves_the_reminders_alone(self, term, preparer):
        [school] = schools(1)
        desks.remind([school], term=term, by=preparer, at=NOW)
        close(term)

        desks.reopen(school=school, term=term, until=TODAY, reason="补报", by=preparer, at=NOW)

        assert SchoolTerm.objects.get().reminders == 1

    def test_is_not_needed_while_the_term_is_open(self, term, preparer):
        [school] = schools(1)

        with pytest.raises(desks.StillOpen):
            desks.reopen(school=school, term=term, until=TODAY, reason="补报", by=preparer, at=NOW)

        assert desks.is_open(school, term, on=TODAY)

    def test_needs_a_day_to_come_and_a_reason(self, term, preparer):
        [school] = schools(1)
        close(term)

        with pytest.raises(desks.DayIsPast):
            desks.reopen(school=school, term=term, until=TODAY - timedelta(days=1), reason="补报", by=preparer, at=NOW)
        with pytest.raises(desks.NoReason):
            desks.reopen(school=school, term=term, until=TODAY, reason=" ", by=preparer, at=NOW)

        assert not desks.is_open(school, term, on=TODAY)


class TestReminderPages:
    def test_first_say_whom_they_reach(self, as_role):
        done, waiting = make.RosterFactory().school, make.SchoolFactory()

        answer = as_role("preparer").post(
            reverse("students:roster-remind"), {"schools": [done.code, waiting.code, "no-code"]}
        )

        assert "可对 1 / 2 所学校催报" in answer.content.decode()
        assert waiting.name in answer.content.decode()
        assert not SchoolTerm.objects.exists()

    def test_then_remind_and_say_how_many_of_how_many(self, as_role):
        done, waiting = make.RosterFactory().school, make.SchoolFactory()
        client = as_role("approver")

        answer = client.post(
            reverse("students:roster-remind"), {"schools": f"{done.code},{waiting.code}", "sure": "1"}, follow=True
        )

        assert "已催报 1 / 2 所学校" in answer.content.decode()
        assert SchoolTerm.objects.get().school == waiting

    def test_reach_all_of_the_present_filter_and_nobody_else(self, as_role, term):
        here = make.SchoolFactory(town=make.TownFactory(code="411625001", name="白云镇"))
        make.RosterFactory(school=make.SchoolFactory(town=here.town))
        make.SchoolFactory(town=make.TownFactory(code="411625002", name="清溪镇"))
        client = as_role("preparer")
        address = reverse("students:roster-remind") + f"?town={here.town_id}"

        asked = client.post(address, {"all": "1"})

        assert [line.school for line in asked.context["lines"]] == [here]
        client.post(address, {"schools": here.code, "sure": "1"})
        assert SchoolTerm.objects.get().school == here

    def test_lead_back_where_nobody_was_ticked(self, as_role, term):
        answer = as_role("preparer").post(reverse("students:roster-remind") + "?tab=late", {})

        assert answer.headers["Location"] == reverse("students:rosters") + "?tab=late"

    @pytest.mark.parametrize("role", ["auditor", "school", "admin"])
    def test_are_the_county_offices_alone(self, as_role, term, role):
        school = make.SchoolFactory()

        answer = as_role(role).post(reverse("students:roster-remind"), {"schools": school.code, "sure": "1"})

        assert answer.status_code == 403
        assert not SchoolTerm.objects.exists()


class TestSendBackPage:
    def test_sends_back_and_shows_the_reason_to_the_school(self, as_role):
        roster = make.RosterFactory()

        as_role("preparer").post(reverse("students:roster-send-back", args=[roster.pk]), {"reason": "缺了六年级"})

        shown = as_role("school", school=roster.school).get(roster.get_absolute_url()).content.decode()
        assert "缺了六年级" in shown

    def test_asks_for_the_reason(self, as_role):
        roster = make.RosterFactory()

        answer = as_role("preparer").post(reverse("students:roster-send-back", args=[roster.pk]), {"reason": ""})

        assert answer.context["form"].errors.keys() == {"reason"}
        assert Roster.objects.get().sent_back_at is None

    @pytest.mark.parametrize("role", ["auditor", "school"])
    def test_is_the_county_offices_alone(self, as_role, role):
        roster = make.RosterFactory()
        client = as_role(role, **({"school": roster.school} if role == "school" else {}))

        answer = client.post(reverse("students:roster-send-back", args=[roster.pk]), {"reason": "缺了六年级"})

        assert answer.status_code == 403
        assert Roster.objects.get().sent_back_at is None


class TestReopenPage:
    def test_opens_the_term_for_the_school_that_was_chosen(self, as_role, term):
        school = make.SchoolFactory()
        close(term)
        client = as_role("preparer")
        until = timezone.localdate() + timedelta(days=5)

        asked = client.get(reverse("students:roster-reopen"), {"school": school.code})
        assert asked.context["form"]["school"].value() == school.code
        client.post(reverse("students:roster-reopen"), {"school": school.code, "until": until, "reason": "补报插班生"})

        assert desks.is_open(school, term, on=until)

    def test_says_that_an_open_term_needs_none(self, as_role, term):
        school = make.SchoolFactory()

        answer = as_role("preparer").post(
            reverse("students:roster-reopen"),
            {"school": school.code, "until": timezone.localdate() + timedelta(days=5), "reason": "补报"},
        )

        assert str(desks.StillOpen()) in answer.content.decode()
        assert not SchoolTerm.objects.exists()
