"""What was handed in stays as it was; what changed since is told by names."""

import io
import json
import re

import openpyxl
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Action
from common import keyring
from jobs import files, run
from jobs.models import Job
from programs.models import Award
from reports import crossfooting, exports, figure_changes, grids, handed_in
from reports.choices import Layout
from reports.models import HandedIn
from tests import factories as make
from tests.factories import NOW
from tests.reports import small_county

pytestmark = pytest.mark.django_db


@pytest.fixture
def county():
    return small_county.build(2)


@pytest.fixture
def by():
    return make.UserFactory()


@pytest.fixture
def report(county, by):
    return handed_in.freeze(Layout.SCHOOLS, "2021", by=by, at=NOW)


class TestFreeze:
    @pytest.mark.parametrize("layout", Layout.values)
    def test_keeps_figures_rows_workbook_and_who(self, county, by, layout):
        table = grids.grid(layout, "2021")

        report = handed_in.freeze(layout, "2021", by=by, at=NOW)

        report.refresh_from_db()
        assert report.figures == json.loads(json.dumps(handed_in.figures_of(table)))
        rows = list(handed_in.rows_of(report))
        assert [row.award for row in rows] == sorted(a.pk for a in county.awards if a.term_id.startswith("2021"))
        assert sum(row.amount_fen for row in rows) == report.amount_fen == table.whole.count.amount_fen
        assert (report.people, report.awards) == (table.whole.count.people, table.whole.count.awards)
        assert (report.frozen_by, report.frozen_at, report.version) == (by, NOW, 1)
        cells = list(openpyxl.load_workbook(io.BytesIO(files.content(report.workbook))).active.values)
        assert any(row[1] == "合计" for row in cells)
        action = Action.objects.get(verb="report.handed-in")
        assert action.details["sha256"] == report.rows_sha256

    def test_keeps_nothing_personal(self, county, report):
        content = files.content(report.rows).decode()

        for award in county.awards:
            assert award.student.name not in content
            assert award.student.id_number not in content

    def test_is_for_the_county_alone(self, county):
        for person in (make.UserFactory(auditor=True), make.UserFactory(officer=True)):
            with pytest.raises(handed_in.NotTheCounty):
                handed_in.freeze(Layout.PROGRAMS, "2021", by=person, at=NOW)

    def test_of_another_version_says_why(self, report, by):
        with pytest.raises(handed_in.WhyMissing):
            handed_in.freeze(Layout.SCHOOLS, "2021", by=by, at=NOW, why=" ")

        later = handed_in.freeze(Layout.SCHOOLS, "2021", by=by, at=NOW, why="补充名单审定后重新统计")

        assert later.version == 2
        assert list(HandedIn.objects.in_force()) == [later]

    def test_of_nothing_is_refused(self, by):
        make.TermFactory(code="2021A")

        with pytest.raises(handed_in.NothingThere):
            handed_in.freeze(Layout.PROGRAMS, "2021A", by=by, at=NOW)

    def test_is_never_changed(self, report):
        for statement in ("UPDATE reports_handedin SET amount_fen = 1", "DELETE FROM reports_handedin"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)

    def test_is_refused_while_lists_are_being_signed(self, county, by, monkeypatch):
        counted = handed_in.grid

        def while_somebody_signs(layout, scope):
            table = counted(layout, scope)
            make.AwardFactory(confirmed=True, enrollment__term=county.terms[-1])
            return table

        monkeypatch.setattr(handed_in, "grid", while_somebody_signs)
        with pytest.raises(handed_in.Moving):
            handed_in.freeze(Layout.PROGRAMS, "2021", by=by, at=NOW)
        assert not HandedIn.objects.exists()

    def test_runs_in_the_background(self, as_role, county):
        client = as_role("approver")

        client.post(reverse("reports:freeze"), {"layout": "stages", "scope": "2021A"})
        job = run.execute(Job.objects.get(kind="report-freeze").pk)

        report = HandedIn.objects.get()
        assert (report.layout, report.scope, report.frozen_by) == ("stages", "2021A", client.user)
        assert job.result["awards"] == report.awards

    def test_ordered_twice_at_once_is_one_run(self, as_role, county):
        for role in ("approver", "preparer"):
            as_role(role).post(reverse("reports:freeze"), {"layout": "stages", "scope": "2021A"})

        job = Job.objects.get(kind="report-freeze")
        assert job.params["version"] == 1

    def test_that_failed_can_be_ordered_again(self, as_role, county):
        client, words = as_role("approver"), {"layout": "stages", "scope": "2021A"}
        client.post(reverse("reports:freeze"), words)
        Job.objects.filter(kind="report-freeze").update(state="failed", error_code="handed-in-moving")

        client.post(reverse("reports:freeze"), words)

        assert Job.objects.filter(kind="report-freeze").count() == 2

    def test_of_a_version_that_somebody_else_kept_is_refused(self, as_role, report, by):
        client = as_role("approver")
        words = {"layout": "schools", "scope": "2021", "why": "补充名单审定后重新统计"}
        client.post(reverse("reports:freeze"), words)
        handed_in.freeze(Layout.SCHOOLS, "2021", by=by, at=NOW, why="同样的原因")

        job = run.execute(Job.objects.get(kind="report-freeze").pk)

        assert (job.state, job.error_code) == ("failed", "handed-in-overtaken")
        assert "已有第 2 版" in str(handed_in.Overtaken(**job.error_params))
        assert HandedIn.objects.count() == 2

    def test_keeps_no_number_that_somebody_wrote_into_the_reason(self, as_role, county):
        number = county.awards[0].student.id_number

        as_role("approver").post(
            reverse("reports:freeze"), {"layout": "stages", "scope": "2021A", "why": f"更正 {number}"}
        )

        assert number not in json.dumps(Job.objects.get(kind="report-freeze").params)

    def test_without_a_reason_starts_no_run(self, as_role, report):
        answer = as_role("preparer").post(
            reverse("reports:freeze"), {"layout": "schools", "scope": "2021"}, follow=True
        )

        assert str(handed_in.WhyMissing.message) in answer.content.decode()
        assert not Job.objects.filter(kind="report-freeze").exists()


class TestRows:
    def test_are_those_that_were_kept_and_add_up(self, report):
        assert handed_in.fault(report).is_whole

    def test_that_were_exchanged_are_noticed(self, report, monkeypatch):
        content = files.content(report.rows)
        monkeypatch.setattr(files, "content", lambda file: content.replace(b",1,", b",0,", 1))

        assert not handed_in.fault(report).is_whole
        assert not {o.rule.number: o for o in crossfooting.run("2021", only=[10])}[10].holds

    def test_whose_figures_say_otherwise_are_noticed(self, report):
        report.figures["lines"][-1]["figures"][0][1] += 1

        assert not handed_in.fault(report).is_whole

    def test_that_are_missing_are_noticed(self, report, settings, tmp_path):
        settings.FILES_DIR = tmp_path

        assert not handed_in.fault(report).is_whole


class TestDifferences:
    def test_are_none_where_nothing_happened(self, report):
        assert handed_in.differences(report).holds

    def test_are_awards_gone_new_and_changed(self, county, report):
        gone, changed = [award for award in county.awards if award.term_id == "2021A"][:2]
        with connection.cursor() as cursor:
            cursor.execute("UPDATE programs_award SET state = 'proposed' WHERE id = %s", [gone.pk])
            cursor.execute("UPDATE programs_award SET amount_fen = 7, category_id = NULL WHERE id = %s", [changed.pk])
        new = make.AwardFactory(confirmed=True, enrollment__term=county.terms[-1])

        found = handed_in.differences(report)

        assert [change.row.award for change in found.gone] == [gone.pk]
        assert [change.row.award for change in found.new] == [new.pk]
        (change,) = found.changed
        assert change.row.award == changed.pk
        assert change.fields[0] == "amount_fen"
        assert (change.was.amount_fen, change.now.amount_fen) == (changed.amount_fen, 7)

    def test_open_the_children_and_go_out_as_a_workbook(self, as_role, county, report):
        changed = next(award for award in county.awards if award.term_id == "2021A")
        Award.objects.filter(pk=changed.pk).update(amount_fen=7)
        client = as_role("auditor")

        page = client.get(reverse("reports:handed-in-differences", args=[report.pk]))
        book = client.get(reverse("reports:handed-in-differences-export", args=[report.pk]))

        assert changed.student.get_absolute_url() in page.content.decode()
        assert changed.student.id_number not in page.content.decode()
        lines = list(openpyxl.load_workbook(io.BytesIO(book.content)).active.values)
        (line,) = [line for line in lines if line[1] == str(changed.pk)]
        assert line[2:4] == (changed.student.name, changed.student.masked_id)
        assert line[-2:] == (changed.amount_fen / 100, 0.07)
        assert Action.objects.filter(verb="report.differences-exported").count() == 1

    def test_of_a_file_that_no_key_opens_are_refused_in_words(self, as_role, report, monkeypatch):
        def locked(file):
            raise keyring.CannotOpen("files")

        monkeypatch.setattr(files, "content", locked)
        client = as_role("auditor")

        assert client.get(reverse("reports:handed-in", args=[report.pk])).status_code == 200
        for name in ("handed-in-differences", "handed-in-differences-export"):
            answer = client.get(reverse(f"reports:{name}", args=[report.pk]), follow=True)
            assert str(handed_in.Unreadable.message) in answer.content.decode()

    def test_are_said_on_the_page_of_the_report(self, as_role, county, report):
        client, address = as_role("preparer"), reverse("reports:handed-in", args=[report.pk])
        before = client.get(address).content.decode()
        make.AwardFactory(confirmed=True, enrollment__term=county.terms[-1])

        after = client.get(address).content.decode()

        assert "与现在的数据一致" in before
        assert "上报以后有 1 条资助变动" in after

    def test_of_figures_alone_are_said_where_a_school_moved(self, as_role, report):
        award = Award.objects.filter(term="2021A").order_by("pk")[0]
        town = make.TownFactory(code="990199999000")
        type(award.school).objects.filter(pk=award.school_id).update(town=town)

        shown = as_role("preparer").get(reverse("reports:handed-in", args=[report.pk])).content.decode()

        assert handed_in.differences(report).holds
        assert figure_changes.changes(report)
        assert "与现在的数据一致" not in shown
        assert "处数字与上报时不同" in shown
        assert f'<td class="c-name">{town}</td>' in shown

    def test_of_figures_alone_are_said_where_finance_allotted_more(self, county, by):
        report = handed_in.freeze(Layout.STAGES, "2021", by=by, at=NOW)
        before = next(line for line in report.figures["lines"] if not line["words"])["allotted"]["2021"] or 0
        make.QuotaFactory(program=county.awards[0].program, term=county.terms[-1], amount_fen=1_000_00)

        found = figure_changes.changes(report)

        assert {each.what for each in found} == {"财政下达（元）"}
        assert {(each.was or 0, each.now) for each in found if each.row == "合计" and each.column == "2021年度"} == {
            (before, before + 1_000_00)
        }

    def test_are_none_where_a_term_was_entered_since(self, by):
        make.AwardFactory(confirmed=True, enrollment__term__code="2021A")
        report = handed_in.freeze(Layout.PROGRAMS, "2021", by=by, at=NOW)

        make.TermFactory(code="2021S")

        assert not figure_changes.changes(report)

    def test_are_not_for_schools(self, as_role, report):
        for name in ("handed-in-names", "handed-in", "handed-in-differences", "handed-in-differences-export"):
            assert as_role("school").get(reverse(f"reports:{name}", args=[report.pk])).status_code == 403


def test_the_workbook_is_the_one_that_the_page_exports(county, by):
    report = handed_in.freeze(Layout.PROGRAMS, "2021", by=by, at=NOW)

    again = exports.report(grids.grid(Layout.PROGRAMS, "2021"), by=by, at=NOW)

    def values(content):
        return list(openpyxl.load_workbook(io.BytesIO(content)).active.values)

    kept = values(files.content(report.workbook))
    said = [row for row in kept if report.rows_sha256 in str(row[0])]
    assert [row[0].startswith("第 1 版") for row in said] == [True]
    assert [row for row in kept if row not in said] == values(again)


class TestNames:
    """Every figure of a report that was handed in opens what it counted then, whatever became of it since."""

    @pytest.mark.parametrize("layout", Layout.values)
    def test_add_up_to_their_figure(self, county, by, layout):
        report = handed_in.freeze(layout, "2021", by=by, at=NOW)
        Award.objects.update(amount_fen=1, is_registered_poor=False)

        for line, told in enumerate(report.figures["lines"]):
            for column, figure in enumerate(told["figures"]):
                rows = handed_in.behind(report, line, column)
                money = sum(row.amount_fen for row in rows)
                assert [len({row.student for row in rows}), len(rows), money] == figure, (told["label"], column)

    def test_are_opened_from_the_page(self, as_role, report):
        client = as_role("auditor")
        shown = client.get(report.get_absolute_url()).content.decode()
        links = re.findall(r'<a href="(/reports/handed-in/[^"]*/names/[^"]*)">([\d,]+)</a>', shown)

        address, _people = links[0]
        page = client.get(address.replace("&amp;", "&"))

        line, column = map(int, re.findall(r"=(\d+)", address))
        assert page.context["figure"] == report.figures["lines"][line]["figures"][column]
        assert page.context["page"].total == page.context["figure"][1]

    def test_of_a_figure_that_is_none_are_not_found(self, as_role, report):
        address = reverse("reports:handed-in-names", args=[report.pk])

        for words in ({"line": 10_000}, {"column": 99}, {"line": "x"}, {"line": "-1"}):
            assert as_role("auditor").get(address, words).status_code == 404

    def test_cost_as_many_queries_for_many_as_for_one(self, as_role, report):
        client, address = as_role("auditor"), reverse("reports:handed-in-names", args=[report.pk])
        client.get(address)

        costs = {}
        for column in range(len(report.figures["columns"])):
            with CaptureQueriesContext(connection) as asked:
                page = client.get(address, {"column": column, "line": 0})
            costs[page.context["page"].total] = len(asked)

        assert len(costs) > 1
        assert len(set(costs.values())) == 1
