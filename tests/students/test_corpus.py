"""Every fault of the corpus is found in its own cell, under its own code, and nothing else with it."""

import pytest

from common import sheets
from common.tables import Table
from jobs import run
from programs.reference import load_national
from schools.models import SchoolKind
from students import headings, rosters
from students.elsewhere import find_elsewhere
from students.issues import KINDS
from students.roster_columns import REQUIRED
from students.roster_frame import heading_problems, row_problems
from students.roster_rows import RowReader
from tests.factories import NOW, EnrollmentFactory, SchoolFactory, StudentFactory, TermFactory, UserFactory
from tests.students import faulty_sheets
from tests.students.faulty_sheets import GIRL, ONE_EACH, TEN_EACH, letters, sheet

pytestmark = pytest.mark.django_db

ON_THE_PAGE = [
    "a heading nobody knows", "a note in brackets", "a wrong check digit", "a child twice", "a total that is wrong",
    "three blank rows between", "ten cells of one child", "ten numbers",
]  # fmt: skip


@pytest.fixture
def school():
    load_national()
    return SchoolFactory(code="4116250001", name="示范九年一贯制学校", kind=SchoolKind.objects.get(pk="nine-year"))


class Check:
    """Reads sheets as the check of a roster does, without its job."""

    def __init__(self, school, reader):
        self.school, self.term, self.reader = school, TermFactory(), reader
        self.words = headings.synonyms(school)

    def rows(self, content, corrections=None):
        self.table = Table(content, self.words, REQUIRED, reader=self.reader)
        reading = RowReader(self.table, school=self.school, term=self.term, corrections=corrections)
        return [reading.read(number, cells) for number, cells in self.table.lines()]

    def found(self, content):
        rows = self.rows(content)
        find_elsewhere(rows, school=self.school, term=self.term)
        found = [(f"{letters(place)}{row}", problem.code) for row, place, problem in heading_problems(self.table)]
        for row in rows:
            for problem in row.problems:
                place = self.table.columns.get(problem.field)
                found.append((f"{letters(place) if place is not None else ''}{row.number}", problem.code))
        found += [(str(row), problem.code) for row, problem in row_problems(self.table, read=len(rows))]
        return sorted(found)


@pytest.fixture
def check(school):
    with sheets.Reader() as reader:
        yield Check(school, reader)


def stored(roster):
    return sorted(
        (f"{letters(issue.column - 1) if issue.column else ''}{issue.row}", issue.code) for issue in roster.issues.all()
    )


class TestCorpus:
    def test_is_large_enough(self):
        with_a_fault = [name for name, (_changes, expected) in ONE_EACH.items() if expected]

        assert len(with_a_fault) >= 120
        assert len([name for name, (_changes, expected) in TEN_EACH.items() if len(expected) >= 10]) >= 6

    def test_begins_with_a_sheet_without_any_fault(self, check):
        assert check.found(sheet({})) == []

    @pytest.mark.parametrize("cases", [ONE_EACH, TEN_EACH], ids=["one fault each", "ten faults each"])
    def test_is_found_cell_by_cell_and_nothing_else(self, cases, check):
        found = {name: check.found(sheet(changes)) for name, (changes, _expected) in cases.items()}

        assert {name: found[name] for name, (_, expected) in cases.items() if found[name] != sorted(expected)} == {}

    def test_has_every_code_that_a_sheet_can_bring(self):
        """What stands in other schools, or comes with our own workbook, is tried elsewhere."""
        shown = {code for case in (ONE_EACH | TEN_EACH).values() for _cell, code in case[1]}

        assert set(KINDS) - shown <= {"child-elsewhere", "boarding-impossible", "workbook-outdated"}

    @pytest.mark.parametrize("name", ON_THE_PAGE)
    def test_is_what_the_page_shows(self, name, school):
        changes, expected = (ONE_EACH | TEN_EACH)[name]
        officer = UserFactory(officer=True, school=school)
        roster = rosters.upload(
            school=school, term=TermFactory(), content=sheet(changes), name="花名册.xlsx", by=officer, at=NOW
        )

        run.execute(run.start("roster-check", by=officer, at=NOW, school=school, roster_id=roster.pk).pk)

        assert stored(roster) == sorted(expected)


class TestSchool:
    def test_without_boarders_asks_about_a_boarder(self, school, check):
        school.has_boarding = False

        assert {code for _cell, code in check.found(sheet({}))} == {"boarding-impossible"}

    def test_is_told_that_another_one_has_the_child_this_term(self, school, check):
        other = SchoolFactory(name="邻村小学")
        key = check.rows(sheet({}))[1].key
        EnrollmentFactory(school=other, term=check.term, student=StudentFactory(key=key, id_number=GIRL))

        assert check.found(sheet({})) == [("E4", "child-elsewhere")]

    @pytest.mark.parametrize("facts", [{"state": "left"}, {"term": "2021S"}])
    def test_may_have_a_child_that_left_the_other_one(self, school, check, facts):
        term = TermFactory(code=facts.pop("term")) if "term" in facts else check.term
        key = check.rows(sheet({}))[1].key
        EnrollmentFactory(term=term, student=StudentFactory(key=key, id_number=GIRL), **facts)

        assert check.found(sheet({})) == []

    def test_needs_one_query_for_five_hundred_children(self, check, django_assert_num_queries):
        rows = check.rows(sheet({})) * 100

        with django_assert_num_queries(1):
            find_elsewhere(rows, school=check.school, term=check.term)


class TestNoRow:
    def test_is_lost(self, check):
        """Every row below the head is a child, or there is a word for it; only blank rows at the end need none."""
        changes = {"A7": "小计"} | faulty_sheets.ROWS["three blank rows between"][0] | {"A11": "填表人：", "A14": " "}
        rows = check.rows(sheet(changes))

        accounted = [row.number for row in rows] + [number for number, _what in check.table.passed_over]

        assert sorted(accounted) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
