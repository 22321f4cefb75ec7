"""Every table of a term, a finance year, a school year: on the page, on paper and as files it is the same table."""

import csv
import io
import re

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common import money
from jobs import files, run
from jobs.models import Job, StoredFile
from programs.models import Share
from reports import allotments, comparison, grids, layouts, reference, totals
from reports.choices import Layout
from reports.scopes import NoSuchScope, scopes, terms_of
from reports.selections import Selection, count
from schools.models import term_name
from students import crosscheck
from students.models import Crosscheck
from tests import factories as make
from tests.reports import small_county

pytestmark = pytest.mark.django_db


@pytest.fixture
def county():
    return small_county.build(1)


def rows_of(content):
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)]


def figures(table, line):
    """The figures of a row in a file: yuan where it is money."""
    found = []
    for cell, has_allotted, fen in line.columns:
        if has_allotted:
            found.append("—" if fen is None else fen / 100)
        found += [cell.count.people, cell.count.awards, cell.count.amount_fen / 100]
    return found


class TestScopes:
    def test_are_a_term_a_finance_year_and_a_school_year(self):
        for code in ("2020S", "2020A", "2021S", "2021A"):
            make.TermFactory(code=code)

        assert [term.pk for term in terms_of("2021A")] == ["2021A"]
        assert [term.pk for term in terms_of("2021")] == ["2021S", "2021A"]
        assert [term.pk for term in terms_of("2020-2021")] == ["2020A", "2021S"]
        assert term_name("2020-2021") == "2020—2021学年"
        assert [code for code, _name in scopes()] == [
            "2021", "2021A", "2021S", "2020-2021", "2020", "2020A", "2020S",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "scope",
        [
            "2019-2020",
            "2020-2022",
            "2021-2020",
            "2021-2022",
            "20-21",
            "2021X",
            "",
            "99999",
            "2021A\n",
            "２０２１",
            "20２1A",
        ],
    )
    def test_others_are_refused(self, scope):
        make.TermFactory(code="2021A")

        with pytest.raises(NoSuchScope):
            terms_of(scope)

    @pytest.mark.parametrize("scope", ["2021-2022", "2030", "2021A%0A", "%00"])
    def test_that_are_given_but_not_there_are_not_found_instead_of_another(self, as_role, scope):
        make.AwardFactory(confirmed=True)
        client = as_role("auditor")

        for address in (
            f"/reports/names/?scope={scope}",
            f"/reports/compare/?earlier={scope}",
            f"/reports/compare/?later={scope}",
        ):
            assert client.get(address).status_code == 404, address
        assert client.post("/reports/names/export/", {"scope": "2030"}).status_code == 404


class TestPeople:
    def test_are_distinct_children_and_never_added_up(self):
        child = make.EnrollmentFactory(stage__code="primary", term__code="2021S")
        later = make.EnrollmentFactory(student=child.student, stage__code="junior", term__code="2021A")
        for enrollment in (child, later):
            make.AwardFactory(confirmed=True, enrollment=enrollment, program__code="boarder-living")
            make.AwardFactory(confirmed=True, enrollment=enrollment, program__code="meals")

        whole = grids.grid(Layout.STAGES, "2021").whole.count
        stages = [cell.count.people for _line, cell in grids.grid(Layout.STAGES, "2021").outer()]

        assert (whole.people, whole.awards) == (1, 4)
        assert stages == [1, 1]

    def test_open_as_one_line_for_each_child(self, as_role):
        child = make.EnrollmentFactory()
        for code in ("boarder-living", "meals"):
            make.AwardFactory(confirmed=True, enrollment=child, program__code=code)

        page = as_role("auditor").get(Selection("2021A").people_url)

        (line,) = page.context["page"]
        assert (line.student, line.awards, line.amount_fen) == (child.student, 2, 100_000)


class TestPayers:
    def test_share_every_award_by_itself_to_the_fen(self):
        program = make.ProgramFactory()
        for payer in ("central", "province", "county"):
            make.ShareFactory(program=program, payer=payer, per_mille=334 if payer == "county" else 333)
        for _n in range(3):
            make.AwardFactory(confirmed=True, program=program, amount_fen=100)

        table = grids.grid(Layout.PAYERS, "2021A")

        found = {line.row.words["payer"]: cell.count for line, cell in table.outer()}
        assert {payer: each.amount_fen for payer, each in found.items()} == {
            payer: 3 * fen
            for payer, fen in money.split_fen(100, {"central": 333, "province": 333, "county": 334}).items()
        }
        assert sum(each.amount_fen for each in found.values()) == table.whole.count.amount_fen == 300
        assert {each.awards for each in found.values()} == {3}

    def test_show_what_nobody_entered_shares_for(self):
        make.AwardFactory(confirmed=True)
        assert not Share.objects.exists()

        ((line, cell),) = grids.grid(Layout.PAYERS, "2021A").outer()

        assert (line.row.words, cell.count.amount_fen) == ({"payer": "none"}, 50_000)

    def test_names_show_the_part_of_each_award(self, as_role):
        make.ShareFactory(payer="central", per_mille=500)
        make.ShareFactory(payer="county", per_mille=500)
        make.AwardFactory(confirmed=True)

        page = as_role("auditor").get(reverse("reports:names"), {"scope": "2021A", "payer": "central"})

        assert page.context["count"].amount_fen == 25_000
        assert [award.part_fen for award in page.context["page"]] == [25_000]


class TestDefinition:
    @pytest.mark.parametrize(
        ("words", "layout"),
        [
            ({"program": "boarder-living"}, Layout.PROGRAMS),
            ({"payer": "none"}, Layout.PAYERS),
            ({"group": "none"}, Layout.CATEGORIES),
        ],
    )
    def test_above_the_names_is_that_of_the_table(self, as_role, words, layout):
        make.AwardFactory(confirmed=True)
        client = as_role("auditor")

        page = client.get(reverse("reports:names"), {"scope": "2021A", **words})
        client.post(reverse("reports:names-export"), {"scope": "2021A", **words})
        job = run.execute(Job.objects.get(kind="names-export").pk)

        assert layouts.definition(layout) in page.content.decode()
        rows = rows_of(files.content(StoredFile.objects.get(pk=job.result["file_id"])))
        assert layouts.definition(layout) in [row[0] for row in rows]


class TestRegisteredPoorFound:
    def test_are_children_though_two_lists_have_them(self):
        category = make.HardshipCategoryFactory(group="registered-poor")
        enrollment = make.EnrollmentFactory(stage__code="primary")
        for code in ("one", "two"):
            source = make.RegisterSourceFactory(code=code, category=category)
            make.MatchFactory(enrollment=enrollment, person__snapshot__source=source)
        check = Crosscheck.objects.get()
        check.counts = {"lines": crosscheck.counts(check)}
        check.save()

        assert len(check.counts["lines"]) == 2
        assert reference.sure_matches(enrollment.term) == {"primary": 1}


class TestAllotted:
    def test_is_a_programs_in_its_only_stage_and_everybodys_in_the_total(self, as_role):
        senior, primary = make.StageFactory(code="senior"), make.StageFactory(code="primary")
        grant = make.ProgramFactory(code="senior-grant", stages=[senior])
        meals = make.ProgramFactory(code="meals", stages=[senior, primary])
        make.AwardFactory(confirmed=True, program=grant, enrollment__stage=senior)
        make.AwardFactory(confirmed=True, program=meals, enrollment__stage=senior)
        for program in (grant, grant, meals):
            make.QuotaFactory(program=program, amount_fen=1_000_00)
        make.QuotaFactory(program=grant, withdrawn_by=make.UserFactory(), withdrawn_at=make.NOW, withdrawn_why="重复")

        lines = {str(line.row.words): line.allotted["2021A"] for line in grids.grid(Layout.STAGES, "2021A").lines}
        page = as_role("auditor").get(reverse("reports:allotted", args=["2021A"]), {"program": "senior-grant"})

        assert lines == {
            "{'stage': 'senior'}": None,
            "{'stage': 'senior', 'program': 'senior-grant'}": 2_000_00,
            "{'stage': 'senior', 'program': 'meals'}": None,
            "{}": 3_000_00,
        }
        assert page.context["amount_fen"] == 2_000_00
        assert len(allotments.documents(terms_of("2021A"), stage="senior")) == 2

    def test_of_a_stage_whose_programs_are_its_own_is_their_sum(self, as_role):
        senior = make.StageFactory(code="senior")
        for code in ("senior-grant", "senior-waiver"):
            program = make.ProgramFactory(code=code, stages=[senior])
            make.AwardFactory(confirmed=True, program=program, enrollment__stage=senior)
            make.QuotaFactory(program=program, amount_fen=1_000_00)

        line = next(line for line in grids.grid(Layout.STAGES, "2021A").lines if line.row.words == {"stage": "senior"})

        assert line.allotted["2021A"] == 2_000_00
        page = as_role("auditor").get(reverse("reports:allotted", args=["2021A"]), {"stage": "senior"})
        assert page.context["amount_fen"] == 2_000_00

    def test_of_a_program_that_is_none_is_everybodys(self, as_role):
        make.QuotaFactory(amount_fen=1_000_00)
        address = reverse("reports:allotted", args=["2021A"])

        for program in ("%00", "all", "nobody", "x" * 200):
            page = as_role("auditor").get(f"{address}?program={program}&stage={program}")
            assert page.context["amount_fen"] == 1_000_00


class TestGroups:
    """Stages and programs down, groups of hardship across: each award stands in one group, a child may in several."""

    @pytest.fixture
    def table(self):
        low, disabled = make.HardshipCategoryFactory(code="low-income"), make.HardshipCategoryFactory(code="disabled")
        first = make.AwardFactory(confirmed=True, program__code="boarder-living", category=low, amount_fen=50_000)
        make.AwardFactory(
            confirmed=True, program__code="meals", enrollment=first.enrollment, category=disabled, amount_fen=30_000
        )
        make.AwardFactory(confirmed=True, program__code="meals", category=None, amount_fen=7_000)
        return grids.grid(Layout.GROUPS, "2021A")

    def test_share_the_awards_out(self, table):
        figures = {cell.column.group: cell.count for cell in table.total.cells}

        assert figures[""] == (2, 3, 87_000)
        assert {group: count for group, count in figures.items() if group and count.awards} == {
            "low-income": (1, 1, 50_000),
            "disabled": (1, 1, 30_000),
            "none": (1, 1, 7_000),
        }

    def test_are_said_of_stages_and_programs_and_open_their_names(self, table):
        rows = [(line.label, line.is_part) for line in table.lines]
        meals = next(line for line in table.lines if line.row.words == {"program": "meals"})

        assert [is_part for _label, is_part in rows] == [False, True, True, False, True, True]
        assert [cell.count.amount_fen for cell in meals.cells if cell.count.awards] == [37_000, 30_000, 7_000]
        for cell in table.cells():
            assert count(cell.selection) == cell.count

    def test_of_a_year_are_of_the_whole_year(self, table):
        make.TermFactory(code="2021S")

        year = grids.grid(Layout.GROUPS, "2021")

        assert [cell.column.scope for cell in year.total.cells] == ["2021"] * 9
        assert [cell.count for cell in year.total.cells] == [cell.count for cell in table.total.cells]


class TestFiles:
    @pytest.mark.parametrize("scope", ["2021A", "2021"])
    @pytest.mark.parametrize("layout", Layout.values)
    def test_carry_the_table(self, as_role, county, layout, scope):
        client, table = as_role("preparer"), grids.grid(layout, scope)
        address = reverse("reports:export", args=[scope])

        rows = rows_of(client.get(address, {"layout": layout}).content)
        text = client.get(address, {"layout": layout, "as": "csv"}).content

        body = rows[5 : 5 + len(table.lines)]
        assert [row[3:] for row in body] == [figures(table, line) for line in table.lines]
        assert [row[1] or row[2] for row in body] == [line.label for line in table.lines]
        assert rows[0][0].startswith(f"示范县{table.title}学生资助情况")
        assert "单位：人、人次、元" in rows[1][0]
        assert rows[-1][0].startswith("单位负责人：")
        assert text.startswith(b"\xef\xbb\xbf")
        *lines, definition, taken = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))[1:]
        assert (definition, taken[0][:4]) == ([layouts.definition(layout)], "导出人：")
        assert [[float(value) for value in line[2:] if value] for line in lines] == [
            [value for value in figures(table, line) if value != "—"] for line in table.lines
        ]
        assert body[-1][-6:] == rows[5 + len(table.lines) - 1][-6:]

    @pytest.mark.parametrize("layout", Layout.values)
    def test_agree_with_the_totals_command(self, as_role, county, layout):
        said = {
            who: next(
                f for f in totals.figures("2021") if (f.program, f.term, f.who, f.stage) == ("all", "2021", who, "")
            )
            for who in ("all", "registered-poor")
        }

        rows = rows_of(as_role("preparer").get(reverse("reports:export", args=["2021"]), {"layout": layout}).content)

        total = next(row for row in rows if row[1] == "合计")
        if layout == Layout.GROUPS:
            assert total[4:6] == [said["all"].persons, said["all"].amount_fen / 100]
            assert sum(total[8::3]) == total[5]
        else:
            assert total[-5:-3] == [said["all"].persons, said["all"].amount_fen / 100]
            assert total[-2:] == [said["registered-poor"].persons, said["registered-poor"].amount_fen / 100]

    def test_in_ten_thousands_are_not_rounded(self, as_role):
        make.AwardFactory(confirmed=True, amount_fen=1)

        rows = rows_of(as_role("preparer").get(reverse("reports:export", args=["2021A"]), {"unit": "wan"}).content)

        assert next(row for row in rows if row[1] == "合计")[5] == pytest.approx(0.000001)
        assert "万元" in rows[1][0]

    def test_begin_no_formula(self, as_role):
        make.AwardFactory(confirmed=True, enrollment__school__name='=HYPERLINK("http://x")')

        client, address = as_role("preparer"), reverse("reports:export", args=["2021A"])
        book = openpyxl.load_workbook(io.BytesIO(client.get(address, {"layout": "schools"}).content))
        text = client.get(address, {"layout": "schools", "as": "csv"}).content.decode("utf-8-sig")

        assert [cell for row in book.active.iter_rows() for cell in row if cell.data_type == "f"] == []
        assert "'=HYPERLINK" in text


class TestPages:
    @pytest.mark.parametrize("layout", Layout.values)
    def test_open_every_figure(self, as_role, county, layout):
        client = as_role("auditor")
        shown = client.get(reverse("reports:report", args=["2021"]), {"layout": layout}).content.decode()

        links = dict(re.findall(r'<a href="(/reports/names/[^"]*)">([\d,]+)</a>', shown))

        assert len(links) > 10
        for address, figure in list(links.items())[::5]:
            assert client.get(address.replace("&amp;", "&")).context["page"].total == int(figure.replace(",", ""))

    @pytest.mark.parametrize("layout", Layout.values)
    def test_lie_on_paper_without_links(self, as_role, county, layout):
        shown = as_role("auditor").get(reverse("reports:paper", args=["2021"]), {"layout": layout}).content.decode()

        paper = shown[shown.index('<article class="sheet') : shown.index("</article>")]
        assert "/reports/names/" not in paper
        for words in ("填报单位", "单位负责人", "审核人", "填表人", "统计口径"):
            assert words in paper

    def test_fold_many_schools_into_their_towns(self, as_role, county, monkeypatch):
        monkeypatch.setattr("reports.sights.MOST_ROWS", 1)
        town = county.schools[0].town
        client, address = as_role("auditor"), reverse("reports:report", args=["2021"])

        whole = grids.grid(Layout.SCHOOLS, "2021")
        folded = client.get(address, {"layout": "schools"}).context["table"].lines
        opened = client.get(address, {"layout": "schools", "town": town.pk})

        of_town = {school.name for school in county.schools if school.town == town}
        assert [line.label for line in folded] == [line.label for line in whole.lines if not line.is_part]
        assert {line.label for line in opened.context["table"].lines if line.is_part} <= of_town
        assert county.schools[0].name in opened.content.decode()
        figures = {line.label: [cell.count for cell in line.cells] for line in whole.lines}
        for line in (*folded, *opened.context["table"].lines):
            assert [cell.count for cell in line.cells] == figures[line.label]

    def test_show_a_count_that_is_the_figure(self, county):
        table = grids.grid(Layout.SCHOOLS, "2021")

        for cell in list(table.cells())[::3]:
            assert count(cell.selection) == cell.count

    def test_bears_short_names_below_its_bars(self, as_role):
        for code in ("boarder-living", "meals"):
            make.AwardFactory(confirmed=True, program__code=code, program__short_name=f"简称 {code[:4]}")

        bars = as_role("auditor").get(reverse("reports:report", args=["2021A"])).context["sight"].bars

        assert [label for label, _wan, _current in bars] == ["简称 boar", "简称 meal"]

    @pytest.mark.parametrize("words", [{"school": "nope"}, {"program": "nope"}, {"payer": "nope"}])
    def test_of_a_word_nobody_knows_shows_no_more_than_was_asked_for(self, as_role, county, words):
        client = as_role("auditor")

        assert client.get(reverse("reports:names"), {"scope": "2021A", **words}).status_code == 404
        assert client.post(reverse("reports:names-export"), {"scope": "2021A", **words}).status_code == 404


class TestComparison:
    @pytest.mark.parametrize(
        ("scope", "known", "beside"),
        [
            ("2021A", ["2020A", "2021S", "2021A", "2021"], "2020A"),
            ("2021A", ["2021S", "2021A", "2021"], "2021S"),
            ("2021S", ["2021S", "2021A"], "2021A"),
            ("2021", ["2021S", "2021A", "2020", "2021"], "2020"),
            ("2021", ["2021S", "2021A", "2021"], "2021"),
            ("2020-2021", ["2019-2020", "2020-2021", "2020", "2021"], "2019-2020"),
        ],
    )
    def test_begins_with_what_is_alike(self, scope, known, beside):
        assert comparison.before(scope, known) == beside

    def test_of_one_with_itself_or_a_term_with_a_year_says_so(self, as_role, county):
        client, address = as_role("auditor"), reverse("reports:compare")

        assert "前后是同一期" in client.get(address, {"earlier": "2021A", "later": "2021A"}).content.decode()
        assert "一边是学期，一边是一年" in client.get(address, {"earlier": "2021A", "later": "2021"}).content.decode()

    def test_has_both_figures_their_difference_and_its_share(self, as_role):
        make.AwardFactory(confirmed=True, enrollment__term__code="2021S")
        for _n in range(3):
            make.AwardFactory(confirmed=True, enrollment__term__code="2021A")

        pairs = comparison.compare(Layout.PROGRAMS, "2021S", "2021A")
        page = as_role("auditor").get(
            reverse("reports:compare"), {"layout": "programs", "earlier": "2021S", "later": "2021A"}
        )

        measures = [(each.earlier, each.later, each.difference, each.percent) for each in pairs[-1].measures]
        assert measures == [(1, 3, 2, "+200.0%"), (1, 3, 2, "+200.0%"), (50_000, 150_000, 100_000, "+200.0%")]
        assert Selection("2021S").url in page.content.decode().replace("&amp;", "&")

    def test_of_nothing_before_has_no_share(self):
        make.TermFactory(code="2021S")
        make.AwardFactory(confirmed=True)

        measure = next(comparison.compare(Layout.SCHOOLS, "2021S", "2021A")[-1].measures)

        assert (measure.earlier, measure.difference, measure.percent) == (0, 1, "—")

    def test_has_what_the_tables_themselves_do_not_show(self):
        """A program of one stage has no row of its stage; in the other term it has two, and both are compared."""
        program = make.ProgramFactory()
        for term, stage in (("2021S", "primary"), ("2021A", "primary"), ("2021A", "junior")):
            make.AwardFactory(
                confirmed=True, program=program, enrollment__term__code=term, enrollment__stage__code=stage
            )

        pairs = comparison.compare(Layout.PROGRAMS, "2021S", "2021A")

        found = {str(pair.row.words): (pair.earlier.count.awards, pair.later.count.awards) for pair in pairs}
        assert found[str({"program": program.pk, "stage": "primary"})] == (1, 1)
        assert all(count(pair.earlier.selection) == pair.earlier.count for pair in pairs)


class TestSigning:
    """A list that is signed while a table is counted is in all of its figures, or in none."""

    @pytest.mark.parametrize("layout", Layout.values)
    def test_cannot_come_between_people_and_money(self, layout):
        make.AwardFactory(confirmed=True)

        with CaptureQueriesContext(connection) as asked:
            grids.grid(layout, "2021A")

        assert sum('FROM "programs_award"' in query["sql"] for query in asked.captured_queries) == 1
