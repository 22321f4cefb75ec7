"""The shell: what each role finds in the menu, which term one works in, the language, and the server's health."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.views.defaults import server_error

from aidcenter import work
from audits.models import Question
from common.roles import Role
from tests.factories import (
    NOW,
    AuditQuestionFactory,
    AwardFactory,
    BatchFactory,
    MatchFactory,
    NoticeFactory,
    ObjectionFactory,
    RosterFactory,
    SchoolFactory,
    TermFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def menu_of(client: Client) -> list[str]:
    shell = client.get(reverse("home")).context["shell"]
    return [entry.url for group in shell.groups for entry in group.entries]


class TestMenu:
    def test_gives_a_school_no_more_than_six_places(self, as_role):
        TermFactory()

        assert len(menu_of(as_role("school"))) <= 6

    def test_shows_a_school_the_auditors_questions_while_one_waits(self, as_role):
        question = AuditQuestionFactory()
        client, place = as_role("school", school=question.school), reverse("audits:questions")

        assert place in menu_of(client)
        Question.objects.update(state="answered")
        assert place not in menu_of(client)

    def test_gives_the_administrator_the_accounts_and_nothing_of_a_child(self, as_role):
        assert menu_of(as_role("admin")) == ["/", "/accounts/"]

    def test_gives_the_auditor_the_log_and_the_checks(self, as_role):
        TermFactory()

        assert {"/audits/actions/", "/audits/checks/"} <= set(menu_of(as_role("auditor")))

    @pytest.mark.parametrize("role", Role.values)
    def test_leads_only_where_the_role_is_let_in(self, as_role, role):
        TermFactory()
        client = as_role(role)

        places = menu_of(client)

        assert "" not in places
        assert {client.get(place).status_code for place in places} == {200}

    def test_marks_the_place_one_is_in_also_below_it(self, as_role):
        client = as_role("preparer")
        roster = RosterFactory()

        shell = client.get(roster.get_absolute_url()).context["shell"]

        current = [entry.url for group in shell.groups for entry in group.entries if entry.is_current]
        assert current == [reverse("students:rosters")]

    def test_marks_the_reports_for_every_term_and_year(self, as_role):
        TermFactory(code="2021A")

        shell = as_role("auditor").get(reverse("reports:report", args=["2021A"])).context["shell"]

        current = [entry.url for group in shell.groups for entry in group.entries if entry.is_current]
        assert current == [reverse("reports:report", args=["2021"])]


class TestWaitingWork:
    def test_counts_what_the_preparer_can_do_and_nothing_of_the_approver(self):
        term = TermFactory()
        RosterFactory(checked=True)
        MatchFactory(suspected=True)
        AwardFactory(list__school_approved=True)

        waiting = work.waiting(UserFactory(), term, today=TODAY)

        assert waiting == {
            "rosters_to_confirm": 1,
            "suspicions": 1,
            "lists_to_publish": 1,
            "notices_to_take_down": 0,
            "rounds_to_record": 0,
            "objections": 0,
            "batches_sent_back": 0,
            "batches_to_release": 0,
            "batches_to_send": 0,
            "questions_to_answer": 0,
            "items_overdue": 0,
            "items_to_mend": 0,
            "findings_to_mend": 0,
            "findings_to_explain": 0,
        }

    def test_counts_for_the_county_what_is_open_and_for_the_school_what_nobody_looked_at(self):
        looked_at = ObjectionFactory()
        unseen = ObjectionFactory(by_page=True, notice=looked_at.notice, award=looked_at.award)
        term, school = unseen.award.term, unseen.award.school

        assert work.waiting(UserFactory(), term, today=TODAY)["objections"] == 2
        assert work.waiting(UserFactory(officer=True, school=school), term, today=TODAY)["objections"] == 1
        assert work.waiting(UserFactory(officer=True), term, today=TODAY)["objections"] == 0

    def test_counts_a_notice_only_after_its_last_day(self):
        notice = NoticeFactory()
        preparer = UserFactory()

        on_the_day = work.waiting(preparer, notice.list.term, today=notice.ends_on)
        a_week_later = work.waiting(preparer, notice.list.term, today=notice.ends_on.replace(year=2030))

        assert (on_the_day["notices_to_take_down"], a_week_later["notices_to_take_down"]) == (0, 1)

    def test_leaves_out_batches_that_the_approver_made(self):
        approver = UserFactory(approver=True)
        batch = BatchFactory(prepared_by=approver)
        BatchFactory(term=batch.term)

        assert work.waiting(approver, batch.term, today=TODAY)["batches_to_approve"] == 1

    def test_shows_a_school_its_own_lists_only(self):
        mine, theirs = AwardFactory(), AwardFactory(enrollment__school=SchoolFactory())

        officer = UserFactory(officer=True, school=mine.school)

        assert work.waiting(officer, mine.term, today=TODAY)["lists_to_approve"] == 1
        assert theirs.term == mine.term

    def test_is_no_list_whose_children_were_all_taken_out(self):
        award = AwardFactory(dropped=True)

        officer = UserFactory(officer=True, school=award.school)

        assert work.waiting(officer, award.term, today=TODAY)["lists_to_approve"] == 0

    def test_has_questions_of_the_auditor_for_whom_they_were_asked(self):
        term = TermFactory()
        to_school = AuditQuestionFactory(term=TermFactory(code="2019S"), due_on=TODAY - timedelta(days=1))
        AuditQuestionFactory(to_county=True, due_on=TODAY)
        AuditQuestionFactory(to_county=True, answered=True)

        def asked(**trait):
            counts = work.waiting(UserFactory(**trait), term, today=TODAY)
            return [counts[name] for name in counts if name.startswith("questions_")]

        assert asked(officer=True, school=to_school.school) == [1]
        assert asked(officer=True) == [0]
        assert [asked(), asked(approver=True)] == [[1], [1]]
        assert asked(auditor=True) == [1, 1]  # answered, and overdue

    def test_costs_one_query(self, django_assert_num_queries):
        term, preparer = TermFactory(), UserFactory()

        with django_assert_num_queries(1):
            work.waiting(preparer, term, today=TODAY)


class TestTermSwitch:
    def test_is_the_latest_term_until_another_is_chosen(self, as_role):
        TermFactory(code="2021S")
        TermFactory(code="2021A")
        client = as_role("preparer")

        assert client.get("/").wsgi_request.term.code == "2021A"
        answer = client.post(reverse("switch-term"), {"term": "2021S", "next": "/students/?q=x"})

        assert answer.url == "/students/?q=x"
        assert client.get("/").wsgi_request.term.code == "2021S"

    def test_takes_no_term_that_is_not_there(self, as_role):
        TermFactory(code="2021A")
        client = as_role("preparer")

        client.post(reverse("switch-term"), {"term": "1999S"})

        assert client.get("/").wsgi_request.term.code == "2021A"

    @pytest.mark.parametrize("elsewhere", ["https://example.com/", "//example.com", "javascript:alert(1)"])
    def test_never_leads_to_another_site(self, as_role, elsewhere):
        TermFactory()

        assert as_role("preparer").post(reverse("switch-term"), {"next": elsewhere}).url == "/"

    def test_is_none_before_there_is_a_term(self, as_role):
        assert as_role("preparer").get("/").wsgi_request.term is None


class TestLanguage:
    def test_is_chinese_whatever_the_browser_asks_for(self, client):
        page = client.get(reverse("login"), headers={"Accept-Language": "en"})

        assert page.headers["Content-Language"] == "zh-hans"
        assert "登录" in page.content.decode()

    def test_is_kept_in_a_cookie(self, client):
        client.post(reverse("switch-language"), {"language": "en", "next": "/login/"})

        assert 'lang="en"' in client.get(reverse("login")).content.decode()

    def test_takes_no_language_that_is_not_spoken_here(self, client):
        client.post(reverse("switch-language"), {"language": "xx"})

        assert "xx" not in client.get(reverse("login")).content.decode()


class TestErrorPages:
    def test_say_what_is_wrong_and_lead_back(self, as_role):
        client = as_role("admin")

        forbidden, missing = client.get(reverse("jobs:list")), client.get("/no/such/place/")

        assert (forbidden.status_code, missing.status_code) == (403, 404)
        assert "没有权限" in forbidden.content.decode()
        assert "没有找到" in missing.content.decode()

    def test_a_broken_page_still_speaks(self, rf):
        page = server_error(rf.get("/"))

        assert page.status_code == 500
        assert "系统出错了" in page.content.decode()


class TestHealth:
    def test_is_asked_without_signing_in(self, client):
        assert client.get(reverse("live")).json() == {"status": "ok"}
        assert client.get(reverse("ready")).json() == {"status": "ok"}
