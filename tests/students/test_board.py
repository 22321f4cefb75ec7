"""The board of a term's rosters: where every school stands, who is late, town by town, and the workbook of it."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Action
from schools.models import School, Term
from students import board, desks
from students.choices import RosterState
from students.models import SchoolTerm
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db

BOARD, EXPORT = reverse("students:rosters"), reverse("students:rosters-export")


@pytest.fixture
def term():
    return make.TermFactory()


@pytest.fixture
def school():
    return make.SchoolFactory()


def due(term, days):
    """Let the rosters of a term be due so many days from today."""
    today = timezone.localdate()
    Term.objects.filter(pk=term.pk).update(
        starts_on=today - timedelta(days=60), roster_due_on=today + timedelta(days=days), ends_on=today + timedelta(90)
    )


def unfinished(state, **facts):
    return {"state": state, "committed_by": None, "committed_at": None, **facts}


def progress(school, term):
    return board.with_progress(School.objects.filter(pk=school.pk), term).get().progress


def listed(client, **query):
    return [line.school for line in client.get(BOARD, query).context["lines"]]


class TestProgress:
    def test_begins_with_nothing(self, school, term):
        assert progress(school, term) == "not-begun"

    @pytest.mark.parametrize(
        ("version", "expected"),
        [
            (unfinished(RosterState.UPLOADED), "uploaded"),
            (unfinished(RosterState.CHECKED), "uploaded"),
            (unfinished(RosterState.CHECKED, rows_refused=1), "problems"),
            (unfinished(RosterState.REFUSED), "problems"),
            ({"state": RosterState.COMMITTING, "rows_refused": 1}, "uploaded"),
            ({"rows_refused": 1}, "problems"),
            ({}, "handed-in"),
        ],
    )
    def test_is_that_of_the_newest_version(self, school, term, version, expected):
        make.RosterFactory(school=school, term=term, state=RosterState.SUPERSEDED)
        make.RosterFactory(school=school, term=term, version=2, **version)

        assert progress(school, term) == expected

    @pytest.mark.parametrize("version", [unfinished(RosterState.CHECKED), {}])
    def test_is_sent_back_until_the_next_version_comes(self, school, term, version):
        roster = make.RosterFactory(school=school, term=term, **version)
        desks.send_back(roster, reason="缺了六年级", by=make.UserFactory(), at=NOW)
        assert progress(school, term) == "sent-back"

        make.RosterFactory(school=school, term=term, version=2, uploaded=True)

        assert progress(school, term) == "uploaded"

    def test_forgets_what_was_put_away(self, school, term):
        make.RosterFactory(school=school, term=term, **unfinished(RosterState.DISCARDED))

        assert progress(school, term) == "not-begun"

    def test_is_of_one_term(self, school, term):
        make.RosterFactory(school=school, term=make.TermFactory(code="2021S"))

        assert progress(school, term) == "not-begun"


class TestLate:
    def test_is_whoever_has_not_handed_in_by_the_day(self, as_role, term):
        not_begun, with_problems, sent_back, done = [make.SchoolFactory(name=f"第{n}小学") for n in "一二三四"]
        make.RosterFactory(school=with_problems, rows_refused=2)
        make.RosterFactory(school=done)
        roster = make.RosterFactory(school=sent_back)
        desks.send_back(roster, reason="缺了六年级", by=make.UserFactory(), at=NOW)
        due(term, -1)

        context = as_role("preparer").get(BOARD, {"tab": "late"}).context

        late = {line.school.name: line.progress for line in context["lines"] if line.is_late}
        assert late == {not_begun.name: "not-begun", with_problems.name: "problems", sent_back.name: "sent-back"}
        assert {tab.key: tab.count for tab in context["tabs"]} == {
            "": 4, "not-begun": 1, "uploaded": 0, "problems": 1, "sent-back": 1, "handed-in": 1, "late": 3,
            "towns": None,
        }  # fmt: skip

    def test_is_nobody_on_the_day_itself(self, as_role, school, term):
        due(term, 0)

        answer = as_role("preparer").get(BOARD)

        assert [line.is_late for line in answer.context["lines"]] == [False]
        assert 'badge-red"><span class="dot"></span>逾期' not in answer.content.decode()
        assert listed(as_role("preparer"), tab="late") == []

    def test_stands_in_red_beside_the_state(self, as_role, school, term):
        due(term, -1)

        shown = as_role("preparer").get(BOARD).content.decode()

        assert 'badge-red"><span class="dot"></span>逾期' in shown
        assert 'badge-neutral"><span class="dot"></span>未上传' in shown

    def test_is_not_who_changes_a_complete_roster_later(self, as_role, school, term):
        make.RosterFactory(school=school)
        make.RosterFactory(school=school, version=2, checked=True, rows_refused=1)
        due(term, -1)

        assert listed(as_role("preparer"), tab="problems") == [school]
        assert listed(as_role("preparer"), tab="late") == []


class TestLines:
    def test_compare_the_children_with_last_term(self, as_role, term):
        before = make.TermFactory(code="2021S")
        done, waiting = make.SchoolFactory(), make.SchoolFactory()
        make.RosterFactory(school=done, term=before, rows_good=40)
        make.RosterFactory(school=done, term=term, rows_good=43)
        make.EnrollmentFactory.create_batch(2, school=done, term=before)
        make.EnrollmentFactory.create_batch(3, school=done, term=term)
        make.EnrollmentFactory(school=done, term=term, state="left")
        make.EnrollmentFactory(school=done, term=term, state="suspended")

        context = as_role("preparer").get(BOARD).context

        lines = {line.school: line for line in context["lines"]}
        assert (lines[done].children, lines[done].children_before, lines[done].change) == (3, 2, 1)
        assert (lines[waiting].children, lines[waiting].change) == (0, None)
        assert (context["children"], context["children_before"]) == (3, 2)

    def test_say_who_was_reminded_how_often(self, as_role, school, term):
        by = make.UserFactory()
        for _each in range(2):
            desks.remind([school], term=term, by=by, at=NOW)

        shown = as_role("auditor").get(BOARD).content.decode()

        assert "2 次" in shown
        assert timezone.localdate(NOW).isoformat() in shown

    def test_say_where_the_county_uploaded_for_the_school(self, as_role, term):
        make.RosterFactory()
        on_behalf = make.RosterFactory(uploaded_by=make.UserFactory())

        answer = as_role("auditor").get(BOARD)

        assert [line.school for line in answer.context["lines"] if line.is_on_behalf] == [on_behalf.school]
        assert answer.content.decode().count("代办") == 1

    def test_lead_the_county_to_what_a_school_without_a_computer_needs(self, as_role, school, term):
        shown = as_role("preparer").get(BOARD).content.decode()

        assert f"{reverse('students:roster-upload')}?school={school.code}" in shown
        assert f"{reverse('students:roster-template')}?school={school.code}" in shown

    def test_offer_to_send_back_what_can_be_sent_back(self, as_role, term):
        back = make.RosterFactory()
        gone = make.RosterFactory(sent_back_by=back.uploaded_by, sent_back_at=NOW, sent_back_reason="缺了六年级")

        shown = as_role("preparer").get(BOARD).content.decode()

        assert reverse("students:roster-send-back", args=[back.pk]) in shown
        assert reverse("students:roster-send-back", args=[gone.pk]) not in shown

    def test_offer_to_open_a_closed_term_again(self, as_role, school, term):
        address = f"{reverse('students:roster-reopen')}?school={school.code}"
        assert address not in as_role("preparer").get(BOARD).content.decode()

        Term.objects.update(state="closed")
        SchoolTerm.objects.create(school=school, term=term, reopened_until=NOW.date())

        shown = as_role("preparer").get(BOARD).content.decode()
        assert address in shown
        assert f"重新开放至 {NOW.date()}" in shown


class TestBoard:
    def test_can_be_narrowed_to_who_has_not_begun(self, as_role):
        make.RosterFactory()
        waiting = make.SchoolFactory()

        assert listed(as_role("preparer"), tab="not-begun") == [waiting]

    def test_can_be_narrowed_by_town_kind_name_and_newest_version(self, as_role, term):
        town, kind = make.TownFactory(code="411625001", name="白云镇"), make.SchoolKindFactory(code="junior")
        there = make.SchoolFactory(town=town, kind=kind, name="白云中学")
        make.RosterFactory(school=there, checked=True)
        make.RosterFactory()
        client = as_role("auditor")

        for query in ({"town": town.pk}, {"kind": kind.pk}, {"q": "白云"}, {"q": there.code}, {"state": "checked"}):
            assert listed(client, **query) == [there], query

    def test_can_be_sorted(self, as_role, term):
        few, many, none = [make.SchoolFactory() for _each in range(3)]
        make.RosterFactory(school=few, rows_refused=1, uploaded_at=NOW)
        make.RosterFactory(school=many, rows_refused=9, uploaded_at=NOW - timedelta(days=1))
        desks.remind([many], term=term, by=make.UserFactory(), at=NOW)
        client = as_role("auditor")

        assert listed(client, sort="-errors") == [many, few, none]
        assert listed(client, sort="uploaded") == [none, many, few]
        assert listed(client, sort="-reminders")[0] == many

    def test_shows_a_school_itself_alone(self, as_role, school, term):
        make.RosterFactory()

        answer = as_role("school", school=school).get(BOARD)

        assert [line.school for line in answer.context["lines"]] == [school]
        assert answer.context["whole"].schools == 1
        assert "按乡镇" not in answer.content.decode()

    @pytest.mark.parametrize("role", ["auditor", "school"])
    def test_offers_no_act_of_the_county_to_others(self, as_role, term, role):
        roster = make.RosterFactory(rows_refused=1)
        client = as_role(role, **({"school": roster.school} if role == "school" else {}))
        Term.objects.update(state="closed")

        shown = client.get(BOARD).content.decode()

        assert "data-row" not in shown
        assert 'name="all"' not in shown
        assert reverse("students:roster-send-back", args=[roster.pk]) not in shown
        assert reverse("students:roster-reopen") not in shown

    def test_offers_to_remind_as_many_as_have_not_handed_in_in_its_tab(self, as_role, term):
        make.RosterFactory()
        make.RosterFactory(rows_refused=1)
        make.SchoolFactory()
        client = as_role("preparer")

        owing = {tab: client.get(BOARD, {"tab": tab}).context["owing"] for tab in ("", "problems", "handed-in", "late")}

        assert owing == {"": 2, "problems": 1, "handed-in": 0, "late": 2}


class TestTowns:
    def test_add_up_their_schools_by_state_and_their_children(self, as_role, term):
        due(term, -1)
        before = make.TermFactory(code="2021S")
        town = make.TownFactory(code="411625001", name="白云镇", position=1)
        other = make.TownFactory(code="411625002", name="清溪镇", position=2)
        done, waiting = make.SchoolFactory(town=town), make.SchoolFactory(town=town)
        make.RosterFactory(school=done)
        make.EnrollmentFactory.create_batch(3, school=done, term=term)
        make.EnrollmentFactory.create_batch(2, school=waiting, term=before)
        make.EnrollmentFactory(school=make.SchoolFactory(town=other), term=term)

        towns = as_role("auditor").get(BOARD, {"tab": "towns"}).context["towns"]

        assert [(line.town, line.schools, line.handed_in, line.late) for line in towns] == [
            (town, 2, 1, 1),
            (other, 1, 1, 0),
        ]
        assert [(line.children, line.children_before) for line in towns] == [(3, 2), (1, 0)]
        assert dict(towns[0].counts) == {"未上传": 1, "已上传": 0, "有问题": 0, "已退回": 0, "已上报": 1}

    def test_lead_to_their_schools(self, as_role, school, term):
        shown = as_role("auditor").get(BOARD, {"tab": "towns"}).content.decode()

        assert f'href="?town={school.town_id}"' in shown

    def test_cost_as_many_queries_for_ten_as_for_one(self, as_role, term):
        client = as_role("auditor")
        make.SchoolFactory()
        client.get(BOARD, {"tab": "towns"})
        with CaptureQueriesContext(connection) as for_one:
            client.get(BOARD, {"tab": "towns"})
        for n in range(10):
            make.RosterFactory(school=make.SchoolFactory(town=make.TownFactory(code=f"4116250{n:02d}", name=f"乡{n}")))
        with CaptureQueriesContext(connection) as for_ten:
            answer = client.get(BOARD, {"tab": "towns"})

        assert len(answer.context["towns"]) > 10
        assert len(for_ten) == len(for_one)


class TestExport:
    def rows(self, client, **query):
        answer = client.get(EXPORT, query)
        sheet = load_workbook(io.BytesIO(answer.content)).active
        return [[cell.value for cell in row] for row in sheet.iter_rows()]

    def test_says_of_every_school_what_the_board_says(self, as_role, term):
        due(term, -1)
        done, waiting = make.SchoolFactory(name="第一小学"), make.SchoolFactory(name="第二小学")
        make.RosterFactory(school=done)
        make.EnrollmentFactory.create_batch(2, school=done)
        desks.remind([waiting], term=term, by=make.UserFactory(), at=NOW)

        title, remarks, head, first, second, total = self.rows(as_role("auditor"))

        assert title[0] == "2021年秋季学期花名册上报进度表"
        assert remarks[0] == "学校 2 所"
        lines = [dict(zip(head, row, strict=True)) for row in (first, second)]
        assert [(line["学校标识码"], line["进度"], line["逾期"]) for line in lines] == [
            (done.code, "已上报", None),
            (waiting.code, "未上传", "是"),
        ]
        assert (lines[0]["在读（人）"], lines[0]["上报时间"]) == (2, timezone.localtime(NOW).strftime("%Y-%m-%d %H:%M"))
        assert lines[1]["催报次数"] == 1
        assert total[6] == 2

    def test_holds_what_the_board_was_narrowed_to(self, as_role, term):
        make.RosterFactory()
        waiting = make.SchoolFactory()

        exported = self.rows(as_role("preparer"), tab="not-begun")

        assert [row[0] for row in exported[3:-1]] == [waiting.code]

    def test_leaves_a_trace(self, as_role, school, term):
        self.rows(as_role("auditor"))

        act = Action.objects.get(verb="rosters.exported")
        assert (act.target_id, act.details) == (term.pk, {"schools": 1})

    def test_is_for_who_reads_the_whole_county(self, as_role, school, term):
        assert as_role("school", school=school).get(EXPORT).status_code == 403

    def test_costs_as_many_queries_for_twenty_as_for_one(self, as_role, term):
        client = as_role("auditor")
        make.EnrollmentFactory()
        client.get(EXPORT)
        with CaptureQueriesContext(connection) as for_one:
            client.get(EXPORT)
        for _each in range(20):
            make.EnrollmentFactory()
        with CaptureQueriesContext(connection) as for_twenty:
            client.get(EXPORT)

        assert len(for_twenty) == len(for_one)
