"""One definition of every figure, and the names behind it."""

import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from programs.choices import AwardState
from reports import totals
from schools.models import Stage
from tests.factories import AwardFactory, OutsideLetterFactory, ProgramFactory, TermFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def year():
    spring, autumn = TermFactory(code="2021S"), TermFactory(code="2021A")
    boarder, meals = ProgramFactory(position=1), ProgramFactory(code="nutrition", position=2)
    junior = Stage.objects.create(code="junior", name="初中", position=2)
    for term, program, poor, facts in [
        (spring, boarder, True, {}),
        (spring, boarder, False, {}),
        (autumn, boarder, True, {}),
        (autumn, boarder, False, {"enrollment__stage": junior}),
        (autumn, meals, True, {}),
    ]:
        AwardFactory(confirmed=True, enrollment__term=term, program=program, is_registered_poor=poor, **facts)
    AwardFactory(enrollment__term=autumn, program=meals)
    return spring, autumn


def line(lines, program, term, who="all"):
    found = [x for x in lines if (x["program"], x["term"], x["who"]) == (program, term, who)]
    assert len(found) == 1
    return found[0]["persons"], found[0]["amount_fen"]


class TestLines:
    def test_counts_confirmed_awards_by_program_term_and_who(self, year):
        lines = totals.lines("2021")

        assert line(lines, "boarder-living", "2021S") == (2, 100_000)
        assert line(lines, "boarder-living", "2021A", "registered-poor") == (1, 50_000)
        assert line(lines, "nutrition", "2021A") == (1, 50_000)

    def test_the_year_is_the_sum_of_its_terms(self, year):
        lines = totals.lines("2021")

        assert line(lines, "boarder-living", "2021") == (4, 200_000)
        assert line(lines, "all", "2021") == (5, 250_000)
        assert line(lines, "all", "2021", "registered-poor") == (3, 150_000)

    def test_stages_add_up_to_their_program(self, year):
        figures = [f for f in totals.figures("2021A") if (f.program, f.who) == ("boarder-living", "all")]

        whole = next(f for f in figures if not f.stage)
        assert sum(f.persons for f in figures if f.stage) == whole.persons == 2
        assert sum(f.amount_fen for f in figures if f.stage) == whole.amount_fen

    def test_an_unknown_scope_is_refused(self, year):
        for scope in ("1999", "2021X", "2", ""):
            with pytest.raises(totals.NoSuchScope):
                totals.lines(scope)


class TestNames:
    @pytest.mark.parametrize("who", ["all", "registered-poor"])
    @pytest.mark.parametrize("program", ["boarder-living", "nutrition", "all"])
    @pytest.mark.parametrize("scope", ["2021S", "2021A", "2021"])
    def test_are_as_many_as_the_figure_says(self, year, scope, program, who):
        lines = [x for x in totals.lines(scope) if (x["program"], x["term"], x["who"]) == (program, scope, who)]

        names = totals.names(scope=scope, program=program, who=who)

        persons, amount_fen = (lines[0]["persons"], lines[0]["amount_fen"]) if lines else (0, 0)
        assert names.count() == persons
        assert sum(award.amount_fen for award in names) == amount_fen
        assert {award.state for award in names} <= {AwardState.CONFIRMED}


class TestCommand:
    def test_prints_the_lines_as_json(self, year, capsys):
        call_command("totals", "2021", "--format", "json")

        assert json.loads(capsys.readouterr().out) == totals.lines("2021")

    def test_says_when_there_is_nothing(self, year):
        with pytest.raises(CommandError, match="1999"):
            call_command("totals", "1999")


class TestCompare:
    REFERENCE = """
[county]
academic_terms = ["2021-spring", "2021-autumn"]
[[line]]
program = "boarder-living"
term = "spring"
persons = 2
amount = 1_000
[[line]]
program = "boarder-living"
term = "autumn"
who = "registered-poor"
persons = {persons}
amount = 500
[[year]]
program = "all"
persons = 5
amount = 2_500
"""

    def test_agrees_line_by_line(self, year, tmp_path, capsys):
        (tmp_path / "county.toml").write_text(self.REFERENCE.format(persons=1))

        call_command("compare_totals", str(tmp_path / "county.toml"))

        assert "All 3 figures agree." in capsys.readouterr().out

    def test_fails_where_one_differs(self, year, tmp_path, capsys):
        (tmp_path / "county.toml").write_text(self.REFERENCE.format(persons=2))

        with pytest.raises(CommandError, match="1 of 3"):
            call_command("compare_totals", str(tmp_path / "county.toml"))
        assert "≠ boarder-living 2021A registered-poor" in capsys.readouterr().out

    def test_counts_the_letters_to_other_counties(self, year, tmp_path, capsys):
        letters = '[[other]]\nprogram = "out-of-county-letters"\nletters = 2\ncompulsory = 1\nreceipts = 1\n'
        (tmp_path / "county.toml").write_text(self.REFERENCE.format(persons=1) + letters)
        born = {"absence__term": year[1], "absence__person__born_on": date(2012, 3, 4)}
        OutsideLetterFactory(sent_on=date(2021, 10, 8), receipt_on=date(2021, 11, 1), **born)

        with pytest.raises(CommandError, match="1 of 4"):
            call_command("compare_totals", str(tmp_path / "county.toml"))
        assert "≠ letters 2021: published (2, 1, 1), ours (1, 1, 1)" in capsys.readouterr().out
