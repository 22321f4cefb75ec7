"""The report, the names behind its figures, the workbooks of both, and the page that tells a child's whole story."""

import io
import re

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Action
from jobs import files, run
from jobs.models import Job, StoredFile
from programs.choices import AwardState
from reports import grids, layouts, totals
from reports.choices import Layout
from tests import factories as make

pytestmark = pytest.mark.django_db


def words(answer):
    return answer.content.decode()


def cells(content):
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)]


def award(term="2021A", stage="primary", amount_fen=50_000, program="boarder-living", **facts):
    return make.AwardFactory(
        confirmed=True,
        enrollment__term__code=term,
        enrollment__stage__code=stage,
        program__code=program,
        amount_fen=amount_fen,
        **facts,
    )


@pytest.fixture
def year():
    """Three children in spring, two in autumn; one of each term registered poor."""
    award("2021S", "primary", 50_000)
    award("2021S", "junior", 62_550, is_registered_poor=True)
    award("2021S", "senior", 100_000, program="senior-grant")
    award("2021A", "primary", 50_000, is_registered_poor=True)
    award("2021A", "junior", 62_550)
    make.AwardFactory(enrollment__term__code="2021A")
    make.AwardFactory(enrollment__term__code="2021A", dropped=True)


class TestTable:
    def test_has_spring_autumn_and_year_side_by_side(self, year):
        table = grids.grid(Layout.PROGRAMS, "2021")

        assert table.terms == ["2021S", "2021A", "2021"]
        figures = [(cell.count.people, cell.count.awards, cell.count.amount_fen) for cell in table.total.cells]
        assert figures == [
            (3, 3, 212_550), (1, 1, 62_550), (2, 2, 112_550), (1, 1, 50_000), (5, 5, 325_100), (2, 2, 112_550),
        ]  # fmt: skip

    def test_shows_stages_where_a_program_has_several(self, year):
        rows = [(line.label, line.row.words) for line in grids.grid(Layout.PROGRAMS, "2021A").lines]

        assert rows == [
            ("义务教育寄宿生生活补助", {"program": "boarder-living"}),
            ("初中", {"program": "boarder-living", "stage": "junior"}),
            ("小学", {"program": "boarder-living", "stage": "primary"}),
            ("合计", {}),
            ("初中", {"stage": "junior"}),
            ("小学", {"stage": "primary"}),
        ]

    def test_says_what_the_figures_say(self, year):
        table = grids.grid(Layout.PROGRAMS, "2021")
        known = {(f.program, f.term, f.who, f.stage): (f.persons, f.amount_fen) for f in totals.figures("2021")}

        shown = {
            (each.selection.program, each.selection.scope, each.selection.who, each.selection.stage): (
                each.count.awards,
                each.count.amount_fen,
            )
            for each in table.cells()
        }

        assert {key: value for key, value in shown.items() if value != (0, 0)}.items() <= known.items()
        assert {key for key in known if not key[3]} <= shown.keys()


class TestReport:
    def test_links_each_figure_to_as_many_names(self, as_role, year):
        client = as_role("auditor")
        shown = words(client.get(reverse("reports:report", args=["2021"])))

        links = re.findall(r'<a href="(/reports/names/[^"]*)">([\d,]+)</a>', shown)

        assert len(links) > 20
        assert any("tab=people" in address for address, _figure in links)
        for address, figure in links:
            page = client.get(address.replace("&amp;", "&"))
            assert (str(page.context["page"].total), len(page.context["page"].object_list)) == (figure, int(figure))

    def test_states_definition_and_moment(self, as_role, year):
        shown = words(as_role("preparer").get(reverse("reports:report", args=["2021A"])))

        assert layouts.definition(Layout.PROGRAMS) in shown
        assert "数据截至" in shown

    def test_of_an_unknown_year_is_not_found(self, as_role, year):
        for scope in ("2030", "2030A", "1", "2021X"):
            assert as_role("auditor").get(reverse("reports:report", args=[scope])).status_code == 404

    def test_opens_with_the_chosen_term(self, as_role, year):
        answer = as_role("auditor").get(reverse("reports:report"))

        assert answer.headers["Location"] == reverse("reports:report", args=["2021A"])

    def test_before_the_first_term_says_so(self, as_role):
        assert 'class="empty"' in words(as_role("auditor").get(reverse("reports:report")))

    def test_is_not_for_schools(self, as_role, year):
        assert as_role("school").get(reverse("reports:report", args=["2021"])).status_code == 403


class TestWorkbook:
    def test_carries_the_same_table_in_official_layout(self, as_role, year):
        client = as_role("preparer")

        answer = client.get(reverse("reports:export", args=["2021"]))

        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        rows = cells(answer.content)
        assert rows[0][0] == "示范县2021年度学生资助情况统计表"
        assert rows[1][0].startswith("填报单位（盖章）：示范县学生资助中心")
        assert sheet.merged_cells.ranges
        assert rows[4][3:6] == ["人数", "人次", "金额"]
        total = next(row for row in rows if row[1] == "合计")
        assert total[3:] == [
            3, 3, 2125.5, 1, 1, 625.5, 2, 2, 1125.5, 1, 1, 500, 5, 5, 3251, 2, 2, 1125.5,
        ]  # fmt: skip
        assert layouts.definition(Layout.PROGRAMS) in [row[0] for row in rows]
        assert rows[-1][0].startswith("单位负责人：")

    def test_leaves_a_trace(self, as_role, year):
        client = as_role("auditor")

        client.get(reverse("reports:export", args=["2021S"]))

        action = Action.objects.get(verb="report.exported")
        assert (action.actor, action.details) == (
            client.user,
            {"scope": "2021S", "layout": "programs", "format": "xlsx"},
        )


class TestNames:
    def test_are_those_behind_the_figure(self, as_role, year):
        page = as_role("auditor").get(
            reverse("reports:names"), {"scope": "2021", "stage": "junior", "who": "registered-poor"}
        )

        assert [each.term_id for each in page.context["page"]] == ["2021S"]
        assert page.context["count"].amount_fen == 62_550

    def test_show_no_whole_number(self, as_role, year):
        student = award().student

        shown = words(as_role("preparer").get(reverse("reports:names")))

        assert student.masked_id in shown
        assert student.id_number not in shown

    def test_go_out_as_a_workbook_masked_and_recorded(self, as_role, year):
        student = award(enrollment__student__name='=HYPERLINK("http://x")').student
        client = as_role("preparer")

        client.post(reverse("reports:names-export"), {"scope": "2021A"})
        job = run.execute(Job.objects.get(kind="names-export").pk)

        file = StoredFile.objects.get(pk=job.result["file_id"])
        content = files.content(file)
        rows = cells(content)
        line = next(row for row in rows if row[2] == student.name)
        assert line[3] == student.masked_id
        assert line[-1] == 500
        everything = "".join(str(cell) for row in rows for cell in row)
        assert student.id_number not in everything
        assert student.guardian_phone not in everything
        formulas = [
            cell for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row
            if cell.data_type == "f"
        ]  # fmt: skip
        assert formulas == []
        action = Action.objects.get(verb="names.exported")
        assert (action.actor, action.details["persons"]) == (client.user, 3)


class TestStory:
    @pytest.fixture
    def child(self):
        """A child in two terms: a fact from a list, an award paid at the second try, an objection."""
        fact = make.HardshipFactory()
        enrollment = fact.match.enrollment
        award = make.AwardFactory(enrollment=enrollment, confirmed=True, category=fact.category)
        make.PaymentFactory(award=award, failed=True, attempt=1)
        make.PaymentFactory(award=award, paid=True, attempt=2)
        make.EnrollmentFactory(student=enrollment.student, term__code="2021S")
        make.RecognitionFactory(student=enrollment.student)
        return enrollment.student

    def test_is_told_whole(self, as_role, child):
        shown = words(as_role("auditor").get(reverse("student", args=[child.pk])))

        fact, award = child.hardships.get(), child.awards.get()
        for expected in (
            child.masked_id,
            *(str(enrollment.term) for enrollment in child.enrollments.all()),
            str(fact.category),
            str(fact.snapshot.source),
            fact.snapshot.as_of.isoformat(),
            award.rule.description,
            award.standard.document_no,
            "500.00",
            "困难",
            "账号不存在",
            "第 1 次发放",
            "第 2 次发放",
        ):
            assert expected in shown

    def test_says_which_fact_ended_and_from_which_list_each_is(self, as_role, child):
        fact = child.hardships.get()
        fact.to_on = fact.term.starts_on
        fact.save()

        page = as_role("auditor").get(reverse("student", args=[child.pk]))

        assert "已终止" in words(page)
        assert f'href="{fact.snapshot.get_absolute_url()}"' in page.content.decode()
        assert f"{fact.from_on} ～ {fact.to_on}" in words(page)

    def test_shows_no_whole_number(self, as_role, child):
        card = make.CardFactory(student=child)

        for role in ("preparer", "approver", "auditor"):
            shown = words(as_role(role).get(reverse("student", args=[child.pk])))
            assert [n for n in (child.id_number, child.guardian_phone, card.number) if n in shown] == []

    def test_tells_a_school_what_happened_there(self, as_role, child):
        here = child.enrollments.get(term="2021A").school
        elsewhere = child.enrollments.get(term="2021S").school

        shown = words(as_role("school", school=here).get(reverse("student", args=[child.pk])))
        there = words(as_role("school", school=elsewhere).get(reverse("student", args=[child.pk])))

        assert elsewhere.name not in shown
        assert child.awards.get().standard.document_no not in there
        assert str(child.hardships.get().snapshot.source) not in there

    def test_tells_a_school_no_list_of_another_school(self, as_role, child):
        """The child is in both schools' rosters of one term."""
        here = child.enrollments.get(term="2021A").school
        other = make.RecognitionFactory(student=child, list__term__code="2021A").list.school

        shown = words(as_role("school", school=here).get(reverse("student", args=[child.pk])))

        assert other.name in words(as_role("auditor").get(reverse("student", args=[child.pk])))
        assert other.name not in shown

    def test_of_a_foreign_child_is_not_found(self, as_role, child):
        assert as_role("school").get(reverse("student", args=[child.pk])).status_code == 404

    def test_costs_the_same_however_long_it_is(self, as_role, child):
        client, address = as_role("auditor"), reverse("student", args=[child.pk])
        client.get(address)
        with CaptureQueriesContext(connection) as short:
            client.get(address)
        for number in range(5):
            term = make.TermFactory(code=f"20{22 + number}A")
            longer = make.EnrollmentFactory(student=child, term=term)
            make.AwardFactory(enrollment=longer, state=AwardState.DROPPED, dropped_reason="已转学")
            make.PaymentFactory(award=make.AwardFactory(enrollment=longer, confirmed=True), failed=True)
            make.RecognitionFactory(student=child, list__term=term)

        with CaptureQueriesContext(connection) as long:
            client.get(address)

        assert len(long) == len(short), "\n".join(query["sql"] for query in long.captured_queries)
