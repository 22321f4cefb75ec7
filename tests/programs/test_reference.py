"""The reference data that ship with the product, and how a county's own files are taken in or refused."""

import ast
import tomllib
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

from common.columns import heading_key
from programs import (
    catalogue,
    documents,
    reference,
    reference_files,
    reference_standards,
    share_sets,
    standards,
    term_programs,
    terms,
)
from programs.eligibility import explain
from programs.models import Exclusion, PolicyDocument, Program, Rule, Share, Standard, TermProgram
from programs.term_programs import CarriedOut
from schools.models import Grade, SchoolKind, Stage, Term
from students import headings
from students.choices import CategoryGroup
from students.models import CategoryLabel, HardshipCategory, RegisterSource, RosterHeading
from students.roster_columns import COLUMNS
from tests.factories import NOW, AwardFactory, EnrollmentFactory, SchoolFactory, UserFactory

COUNTY: Path = settings.BASE_DIR / "fixtures" / "standards" / "411625.toml"
LOADED = (
    Stage, Grade, SchoolKind, HardshipCategory, CategoryLabel, RegisterSource, RosterHeading, Program,
    PolicyDocument, Term, TermProgram, Standard, Rule, Share, Exclusion,
)  # fmt: skip
SPRING_2021, AUTUMN_2021 = date(2021, 3, 1), date(2021, 9, 1)


@pytest.fixture
def loaded(db):
    reference.load_national()
    reference.load_standards(COUNTY)


@pytest.fixture
def national(db):
    reference.load_national()


def everything():
    """Every loaded row, and what hangs between them."""
    tables = [*LOADED, *(field.remote_field.through for model in LOADED for field in model._meta.many_to_many)]
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}


def standard(program, day, *, stage=None, kind=None, tier=""):
    return Standard.objects.on(day).get(program=program, stage=stage, school_kind=kind, tier=tier)


def written(tmp_path, text):
    path = tmp_path / "county.toml"
    path.write_text(text, encoding="utf-8")
    return path


def changed_program(code, field, value):
    """The national file with one field of one program written otherwise."""
    head, mark, rest = reference.NATIONAL.read_text(encoding="utf-8").partition(f'[[program]]\ncode = "{code}"\n')
    entry, end, others = rest.partition("\n\n")
    lines = [line for line in entry.splitlines() if not line.startswith(f"{field} =")]
    return head + mark + "\n".join([*lines, f"{field} = {value}"]) + end + others


GRANT = """
[[standard]]
program = "vocational-grant"
amount = 1000
valid_from = 2021-03-01
document_no = "示〔2021〕1号"
"""


class TestLoading:
    def test_a_second_time_changes_nothing(self, loaded):
        before = everything()

        reference.load_national()
        reference.load_standards(COUNTY)

        assert everything() == before
        assert all(before[model.__name__] for model in LOADED)

    def test_brings_a_changed_row_up_to_date_and_deletes_none(self, loaded, tmp_path):
        rows = Standard.objects.count()

        reference.load_standards(
            written(
                tmp_path,
                """
                [[standard]]
                program = "preschool-living"
                amount = "200.50"
                valid_from = 2019-02-01
                valid_to = 2030-01-31
                document_no = "示〔2019〕1号"
                """,
            )
        )

        changed = standard("preschool-living", AUTUMN_2021)
        assert (changed.amount_fen, changed.valid_to, changed.note) == (20_050, date(2030, 1, 31), "")
        assert Standard.objects.count() == rows

    def test_two_categories_can_change_places_in_the_order_of_reports(self, national, tmp_path):
        first, second = HardshipCategory.objects.order_by("priority")[:2]
        text = reference.NATIONAL.read_text(encoding="utf-8")
        swapped = text.replace("priority = 10\n", "priority = 0\n").replace("priority = 20\n", "priority = 10\n")

        reference.load_national(written(tmp_path, swapped.replace("priority = 0\n", "priority = 20\n")))

        assert list(HardshipCategory.objects.order_by("priority")[:2]) == [second, first]


@pytest.mark.usefixtures("loaded")
class TestTheCountys2021:
    """The amounts of the county's published summary, in both of its terms."""

    @pytest.mark.parametrize("day", [SPRING_2021, AUTUMN_2021])
    def test_amounts(self, day):
        amounts = {
            (row.program_id, row.stage_id or row.school_kind_id or row.tier): row.amount_fen
            for row in Standard.objects.on(day).exclude(basis="school-fee")
        }

        assert amounts == {
            ("preschool-living", ""): 20_000,
            ("preschool-care", ""): 30_000,
            ("boarder-living", "primary"): 50_000,
            ("boarder-living", "junior"): 62_500,
            ("day-pupil-living", "primary"): 25_000,
            ("day-pupil-living", "junior"): 31_250,
            ("nutrition", ""): 40_000,
            ("senior-grant", "一档"): 150_000,
            ("senior-grant", "二档"): 100_000,
            ("senior-grant", "三档"): 75_000,
            ("vocational-grant", ""): 100_000,
            ("vocational-waiver", "regular-secondary"): 95_000,
            ("vocational-waiver", "vocational-secondary"): 60_000,
        }

    @pytest.mark.parametrize("day", [SPRING_2021, AUTUMN_2021])
    def test_a_senior_waiver_is_worth_the_schools_fee(self, day):
        found = standard("senior-waiver", day)

        assert (found.basis, found.amount_fen) == ("school-fee", None)

    @pytest.mark.parametrize("term", ["2021S", "2021A"])
    def test_exactly_the_published_programs_are_carried_out(self, term):
        assert set(TermProgram.objects.filter(term=term).values_list("program", flat=True)) == {
            "preschool-living", "preschool-care", "boarder-living", "nutrition",
            "senior-grant", "senior-waiver", "vocational-grant", "vocational-waiver",
        }  # fmt: skip

    def test_the_terms_lie_as_the_office_kept_them(self):
        assert list(Term.objects.values_list("code", "starts_on", "ends_on")) == [
            ("2021S", date(2021, 3, 1), date(2021, 7, 10)),
            ("2021A", date(2021, 9, 1), date(2022, 1, 20)),
        ]


@pytest.mark.usefixtures("loaded")
class TestSteps:
    """The days on which an amount or a document changes."""

    def test_the_old_amount_holds_to_the_day_before(self):
        spring_2024, spring_2025 = date(2024, 2, 1), date(2025, 2, 1)
        for program, stage, tier, step, before, after in (
            ("boarder-living", "primary", "", spring_2024, 50_000, 62_500),
            ("boarder-living", "junior", "", spring_2024, 62_500, 75_000),
            ("day-pupil-living", "primary", "", spring_2024, 25_000, 31_250),
            ("day-pupil-living", "junior", "", spring_2024, 31_250, 37_500),
            ("senior-grant", None, "一档", spring_2025, 150_000, 165_000),
            ("senior-grant", None, "二档", spring_2025, 100_000, 115_000),
            ("senior-grant", None, "三档", spring_2025, 75_000, 90_000),
            ("vocational-grant", None, "", spring_2025, 100_000, 115_000),
        ):
            old = standard(program, step - timedelta(days=1), stage=stage, tier=tier)
            new = standard(program, step, stage=stage, tier=tier)

            assert (old.amount_fen, new.amount_fen) == (before, after), (program, stage, tier)
            assert old.document_no != new.document_no

    def test_day_pupils_have_a_standard_from_autumn_2019(self):
        rows = Standard.objects.filter(program="day-pupil-living")

        assert not rows.on(date(2019, 7, 31)).exists()
        assert rows.on(date(2019, 8, 1)).count() == 2

    def test_the_final_year_of_kindergarten_is_free_from_autumn_2025(self):
        rows = Standard.objects.filter(program="preschool-final-year-free")

        assert not rows.on(date(2025, 7, 31)).exists()
        assert rows.on(date(2025, 8, 1)).get().document_no == "国办发〔2025〕27号"

    def test_third_year_vocational_students_join_from_spring_2025(self):
        def grades_on(day):
            return {grade for rule in Rule.objects.on(day).filter(program="vocational-grant") for grade in rule.grades}

        assert grades_on(date(2025, 1, 31)) == {"中职一年级", "中职二年级"}
        assert grades_on(date(2025, 2, 1)) == {"中职一年级", "中职二年级", "中职三年级"}

    @pytest.mark.parametrize("model", [Standard, Rule, Share])
    def test_every_row_names_its_document(self, model):
        assert not model.objects.filter(document_no="").exists()

    def test_standards_reach_without_a_gap_to_today(self):
        by_key = {}
        for row in Standard.objects.order_by("valid_from", "pk"):
            by_key.setdefault((row.program_id, row.stage_id, row.school_kind_id, row.tier), []).append(row)

        for rows in by_key.values():
            assert rows[-1].valid_to is None
            for earlier, later in pairwise(rows):
                assert earlier.valid_to == later.valid_from - timedelta(days=1)


@pytest.mark.usefixtures("loaded")
class TestConditions:
    def categories(self, program, position):
        rule = Rule.objects.on(AUTUMN_2021).get(program=program, position=position)
        return {category.group for category in rule.categories.all()}, rule

    def test_care_and_nutrition_are_for_the_registered_poor_only(self):
        care, _rule = self.categories("preschool-care", 1)
        nutrition, rule = self.categories("nutrition", 1)

        assert care == nutrition == {CategoryGroup.REGISTERED_POOR}
        assert rule.is_county_town is True

    def test_a_disabled_parent_does_not_open_a_waiver(self):
        rule = Rule.objects.on(AUTUMN_2021).get(program="senior-waiver", position=4)

        assert [category.code for category in rule.categories.all()] == ["disabled-student"]

    def test_low_income_waives_for_rural_students(self):
        found, rule = self.categories("senior-waiver", 2)

        assert (found, rule.is_rural) == ({CategoryGroup.LOW_INCOME}, True)

    def test_levels_and_registered_poverty_give_the_tiers_of_the_senior_grant(self):
        rules = Rule.objects.on(AUTUMN_2021).filter(program="senior-grant")

        assert [(rule.levels, rule.tier) for rule in rules] == [
            ([], "一档"),
            (["special"], "一档"),
            (["hard"], "二档"),
            (["general"], "三档"),
        ]

    def test_boarding_decides_between_the_two_allowances(self):
        def boarding(program):
            return set(Rule.objects.filter(program=program).values_list("is_boarding", flat=True))

        assert (boarding("boarder-living"), boarding("day-pupil-living")) == ({True}, {False})
        assert Exclusion.objects.get(program="boarder-living").severity == "block"

    def test_every_tier_of_a_rule_has_a_standard_while_the_rule_holds(self):
        for rule in Rule.objects.exclude(tier=""):
            assert Standard.objects.on(rule.valid_from).filter(program=rule.program, tier=rule.tier).exists()

    def test_the_shares_of_every_program_add_up_to_the_whole(self):
        for program in Program.objects.all():
            parts = Share.objects.on(date(2026, 9, 1)).filter(program=program)
            assert sum(parts.values_list("per_mille", flat=True)) == 1000

    def test_the_vocational_grant_is_borne_by_three_levels(self):
        parts = Share.objects.on(AUTUMN_2021).filter(program="vocational-grant").order_by("-per_mille")

        assert list(parts.values_list("payer", "per_mille")) == [("central", 600), ("province", 320), ("county", 80)]


@pytest.mark.usefixtures("national")
class TestNationalWords:
    @pytest.mark.parametrize(
        ("label", "code", "day_in_office"),
        [
            ("建档立卡", "lifted-from-poverty", date(2020, 12, 31)),
            ("脱贫户", "lifted-from-poverty", date(2021, 1, 1)),
            ("脱贫不稳定户", "unstable-lifted", date(2025, 12, 31)),
            ("防止返贫监测对象", "relapse-prevention-target", date(2025, 12, 31)),
            ("防止返贫致贫对象", "relapse-prevention-target", date(2026, 1, 1)),
        ],
    )
    def test_a_label_was_official_on_a_day(self, label, code, day_in_office):
        found = CategoryLabel.objects.get(label=label)

        assert found.category_id == code
        assert (found.official_from or date.min) <= day_in_office <= (found.official_to or date.max)

    def test_every_official_name_is_known_as_a_label(self):
        names = dict(HardshipCategory.objects.values_list("name", "code"))

        assert dict(CategoryLabel.objects.filter(label__in=names).values_list("label", "category")) == names

    def test_reports_count_a_child_in_the_usual_order_of_groups(self):
        in_order = dict.fromkeys(HardshipCategory.objects.order_by("priority").values_list("group", flat=True))

        assert list(in_order) == [
            "registered-poor", "low-income", "destitute", "orphan", "disabled", "martyr", "other",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("stage", "spelling", "name"),
        [
            ("primary", "小一", "一年级"),
            ("primary", "1年级", "一年级"),
            ("junior", "初一", "七年级"),
            ("senior", "一年级", "高一"),
            ("vocational", "一", "中职一年级"),
        ],
    )
    def test_a_grade_is_found_under_its_other_spellings(self, stage, spelling, name):
        assert [g.name for g in Grade.objects.filter(stage=stage) if spelling in g.spellings] == [name]

    def test_no_heading_of_a_source_stands_for_two_fields(self):
        for source in RegisterSource.objects.all():
            headings = [heading for spellings in source.headings.values() for heading in spellings]
            assert len(headings) == len(set(headings)), source.code

    def test_no_heading_of_a_roster_stands_for_two_columns(self):
        of_all = headings.of_all()
        owners = {}
        for field in of_all:
            for text in headings.once([headings.main_text(field), *of_all[field]]):
                assert owners.setdefault(heading_key(text), field) == field, text

    def test_every_column_of_a_roster_has_headings(self):
        assert {field for field, texts in headings.of_all().items() if texts} == {*COLUMNS, headings.NOT_READ}
        assert all(headings.fits(text) for text in RosterHeading.objects.values_list("text", flat=True))

    def test_every_source_can_name_a_person(self):
        assert {
            "registered-poor",
            "low-income",
            "destitute",
            "disabled",
            "orphan",
            "martyr",
            "school-staff",
        } == {
            source.code
            for source in RegisterSource.objects.all()
            if source.headings["name"] and source.headings["id_number"]
        }

    def test_schools_of_two_stages_have_both(self):
        stages = {kind.code: set(kind.stages.values_list("code", flat=True)) for kind in SchoolKind.objects.all()}

        assert stages["nine-year"] == {"primary", "junior"}
        assert stages["complete-secondary"] == {"junior", "senior"}
        assert stages["kindergarten"] == {"preschool"}


class TestRefusal:
    """A bad file changes nothing and says where it is wrong."""

    def refused(self, tmp_path, text, expected):
        before = everything()
        with pytest.raises(expected) as caught:
            reference.load_standards(written(tmp_path, text))
        assert everything() == before
        assert "county.toml" in str(caught.value)
        assert "%" not in str(caught.value)
        return str(caught.value)

    def test_of_a_file_that_is_no_toml(self, national, tmp_path):
        self.refused(tmp_path, "[[standard]\n", reference_files.NotToml)

    def test_of_a_file_that_is_not_there(self, national, tmp_path):
        with pytest.raises(reference_files.NotToml):
            reference.load_standards(tmp_path / "nothing.toml")

    def test_of_an_unknown_program(self, national, tmp_path):
        words = self.refused(tmp_path, GRANT.replace("vocational-grant", "moon-grant"), reference_files.UnknownCode)
        assert "moon-grant" in words

    def test_of_a_slip_of_the_pen_in_a_field(self, national, tmp_path):
        words = self.refused(tmp_path, GRANT + "valid_util = 2022-01-01\n", reference_files.UnknownField)
        assert "valid_util" in words

    def test_of_an_unknown_table(self, national, tmp_path):
        self.refused(tmp_path, "[[standards]]\n", reference_files.UnknownTable)

    def test_of_a_standard_without_a_document(self, national, tmp_path):
        self.refused(tmp_path, GRANT.replace("示〔2021〕1号", " "), reference_files.BadValue)

    @pytest.mark.parametrize("amount", ["0", "-5", "312.505", '"about 300"', "true", "2021-03-01"])
    def test_of_what_is_no_amount_in_whole_fen(self, national, tmp_path, amount):
        self.refused(tmp_path, GRANT.replace("1000", amount), reference_files.BadValue)

    def test_of_days_in_the_wrong_order(self, national, tmp_path):
        self.refused(tmp_path, GRANT + "valid_to = 2021-02-28\n", reference_files.BadValue)

    def test_of_the_same_standard_twice(self, national, tmp_path):
        self.refused(tmp_path, GRANT + GRANT, reference_files.Repeated)

    def test_of_standards_that_overlap(self, national, tmp_path):
        later = GRANT.replace("2021-03-01", "2022-03-01")
        words = self.refused(tmp_path, GRANT + later, reference_standards.Overlapping)
        assert "vocational-grant" in words

    def test_of_a_standard_that_overlaps_an_earlier_file(self, loaded, tmp_path):
        self.refused(tmp_path, GRANT.replace("2021-03-01", "2021-03-02"), reference_standards.Overlapping)

    def test_of_shares_that_do_not_add_up(self, national, tmp_path):
        words = self.refused(
            tmp_path,
            """
            [[share]]
            programs = ["vocational-grant"]
            central = 600
            county = 399
            valid_from = 2021-03-01
            document_no = "示〔2021〕1号"
            """,
            reference_standards.SharesIncomplete,
        )
        assert "999" in words

    def test_of_a_later_split_that_leaves_an_earlier_one_open(self, loaded, tmp_path):
        self.refused(
            tmp_path,
            """
            [[share]]
            programs = ["vocational-grant"]
            central = 700
            county = 300
            valid_from = 2025-02-01
            document_no = "示〔2025〕1号"
            """,
            reference_standards.SharesIncomplete,
        )

    def test_of_a_grade_that_the_program_does_not_reach(self, national, tmp_path):
        self.refused(
            tmp_path,
            """
            [[rule]]
            program = "vocational-grant"
            position = 1
            description = "一年级"
            grades = ["一年级"]
            valid_from = 2021-03-01
            document_no = "示〔2021〕1号"
            """,
            reference_files.UnknownCode,
        )

    def test_of_a_term_that_ends_before_it_begins(self, national, tmp_path):
        self.refused(
            tmp_path,
            """
            [[term]]
            code = "2022S"
            starts_on = 2022-03-01
            ends_on = 2021-07-10
            roster_due_on = 2022-03-10
            """,
            reference_files.BadValue,
        )

    def test_of_another_amount_for_a_standard_that_awards_rest_on(self, loaded, tmp_path):
        resting_on = standard("boarder-living", AUTUMN_2021, stage="primary")
        AwardFactory(program=resting_on.program, standard=resting_on, list__school_approved=True)

        self.refused(
            tmp_path,
            """
            [[standard]]
            program = "boarder-living"
            stage = "primary"
            amount = 999
            valid_from = 2019-02-01
            valid_to = 2024-01-31
            document_no = "国发〔2015〕67号"
            """,
            reference_standards.RowInUse,
        )

    def test_of_one_label_for_two_categories(self, db, tmp_path):
        twice = reference.NATIONAL.read_text(encoding="utf-8").replace('label = "已脱贫户"', 'label = "低保户"')

        with pytest.raises(reference_files.Repeated):
            reference.load_national(written(tmp_path, twice))
        assert not HardshipCategory.objects.exists()


class TestNoReferenceDataInCode:
    """Amounts, tiers, categories and ratios are rows of files; a literal in code would be a second truth."""

    ROOMS = ("reports", "audits", "disbursements", "programs", "students", "jobs", "accounts", "schools", "common")

    def literals(self, *rooms):
        for room in rooms:
            for path in sorted((settings.BASE_DIR / room).rglob("*.py")):
                if "migrations" not in path.parts:
                    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                        if isinstance(node, ast.Constant):
                            yield path.relative_to(settings.BASE_DIR), node.lineno, node.value

    def test_no_program_tier_category_or_document_is_named(self):
        national = tomllib.loads(reference.NATIONAL.read_text(encoding="utf-8"))
        county = tomllib.loads(COUNTY.read_text(encoding="utf-8"))
        words = {program["code"] for program in national["program"]}
        words |= {category["code"] for category in national["category"]} - set(CategoryGroup.values)
        words |= {row["tier"] for row in county["standard"] if "tier" in row}
        words |= {row["document_no"] for row in county["standard"] + county["rule"] + county["share"]}

        assert [found for found in self.literals(*self.ROOMS) if found[2] in words] == []

    def test_no_amount_is_written_where_awards_are_decided(self):
        county = tomllib.loads(COUNTY.read_text(encoding="utf-8"))
        in_fen = {int(row["amount"] * 100) for row in county["standard"] if "amount" in row}

        found = [place for place in self.literals("programs") if type(place[2]) is int and place[2] in in_fen]

        assert found == []


class TestRosterColumns:
    """A column's headings come with the product once; afterwards they are the county's."""

    def column(self, field, *headings):
        named = f'field = "{field}"\n' if field else ""
        return f"[[roster_column]]\n{named}headings = {list(headings)}\n"

    def test_that_are_new_get_their_headings_without_taking_any_away(self, national, tmp_path):
        RosterHeading.objects.filter(school=None, field="fee").delete()
        RosterHeading.objects.create(field="note", text="学 费★", position=99)

        reference.load_national(written(tmp_path, self.column("fee", "收费", "学费") + self.column("", "鞋码")))

        assert headings.of_all()["fee"] == ["收费"]
        assert "鞋码" not in headings.of_all()[headings.NOT_READ]

    @pytest.mark.parametrize(
        ("columns", "expected"),
        [
            ([("shoe_size", "鞋码")], reference_files.UnknownField),
            ([("fee", "★")], reference_files.BadValue),
            ([("fee", "学费", "学 费*")], reference_files.Repeated),
            ([("fee", "学费"), ("", "学费★")], reference_files.Repeated),
            ([("fee", "甲"), ("fee", "乙")], reference_files.Repeated),
        ],
    )
    def test_are_refused_where_they_are_unclear(self, db, tmp_path, columns, expected):
        text = "".join(self.column(*column) for column in columns)

        with pytest.raises(expected) as refused:
            reference.load_national(written(tmp_path, text))

        assert "%" not in str(refused.value)
        assert not RosterHeading.objects.exists()


SECOND_COUNTY = """
[county]
code = "999999"
name = "示例县"

[[document]]
number = "示教〔2025〕3号"
title = "示例县学生资助实施办法"
issued_on = 2025-06-30

[[program]]
code = "county-meal"
name = "示例县午餐补助"
short_name = "午餐补助"
kind = "money"
purpose = "补助农村学校学生的午餐。"
way = "school"
payee = "guardian"
stages = ["primary"]

[[term]]
code = "2025A"
starts_on = 2025-09-01
ends_on = 2026-01-23
roster_due_on = 2025-09-20
programs = ["vocational-grant"]

    [[term.carried_out]]
    program = "county-meal"
    first_month = 2025-10-01
    last_month = 2025-12-01
    pays = "old-school"

[[standard]]
program = "county-meal"
ownership = "private"
category = "disabled-student"
basis = "capped-fee"
amount = 512.5
valid_from = 2025-08-01
document_no = "示教〔2025〕3号"

[[standard]]
program = "vocational-grant"
amount = 1234
valid_from = 2025-08-01
document_no = "示教〔2025〕3号"

[[rule]]
program = "county-meal"
position = 1
description = "民办完全小学的学生"
school_kinds = ["primary"]
ownerships = ["private"]
is_registered = true
valid_from = 2025-08-01
document_no = "示教〔2025〕3号"

[[rule]]
program = "vocational-grant"
position = 1
description = "中职一年级"
grades = ["中职一年级"]
valid_from = 2025-08-01
document_no = "示教〔2025〕3号"

[[share]]
programs = ["county-meal", "vocational-grant"]
county = 700
donation = 300
valid_from = 2025-08-01
document_no = "示教〔2025〕3号"

[[exclusion]]
program = "county-meal"
other = "nutrition"
severity = "block"
scope = "month"
document_no = "示教〔2025〕3号"
"""


@pytest.mark.usefixtures("national")
class TestASecondCounty:
    """Another county, another year: a file and no code."""

    @pytest.fixture(autouse=True)
    def _loaded(self, national, tmp_path):
        reference.load_standards(written(tmp_path, SECOND_COUNTY))

    def test_has_a_program_of_its_own_behind_the_national_ones(self):
        program = Program.objects.last()

        assert (program.code, program.way, program.purpose) == ("county-meal", "school", "补助农村学校学生的午餐。")
        assert [stage.code for stage in program.stages.all()] == ["primary"]

    def test_prices_by_ownership_category_and_fee(self):
        row = Standard.objects.get(program="county-meal")

        assert (row.ownership, row.category_id, row.basis, row.amount_fen) == (
            "private",
            "disabled-student",
            "capped-fee",
            51_250,
        )

    def test_asks_for_kinds_ownership_and_registration(self):
        rule = Rule.objects.get(program="county-meal")

        assert ([kind.code for kind in rule.school_kinds.all()], rule.ownerships, rule.is_registered) == (
            ["primary"],
            ["private"],
            True,
        )

    def test_carries_programs_out_in_months(self):
        months = TermProgram.objects.values_list("program", "first_month", "last_month", "pays").order_by("program")

        assert list(months) == [
            ("county-meal", date(2025, 10, 1), date(2025, 12, 1), "old-school"),
            ("vocational-grant", None, None, "new-school"),
        ]

    def test_names_its_documents_and_exclusions(self):
        document = PolicyDocument.objects.get()

        assert (document.title, document.issued_on, document.added_by) == (
            "示例县学生资助实施办法",
            date(2025, 6, 30),
            None,
        )
        assert Exclusion.objects.get().scope == "month"

    def test_gives_its_children_its_own_amounts(self):
        stage = Stage.objects.get(pk="vocational")
        school = SchoolFactory(kind=SchoolKind.objects.get(pk="vocational-secondary"))
        enrollment = EnrollmentFactory(
            term=Term.objects.get(), school=school, stage=stage, grade="中职一年级", is_boarding=True
        )

        given = {verdict.program.pk: verdict.amount_fen for verdict in explain(enrollment) if verdict.entitled}

        assert given == {"vocational-grant": 123_400}

    def test_is_the_same_when_loaded_again(self, tmp_path):
        before = everything()

        reference.load_national()
        assert reference.load_standards(written(tmp_path, SECOND_COUNTY)) == []

        assert everything() == before

    @pytest.mark.parametrize(
        ("right", "wrong", "expected"),
        [
            ('ownership = "private"', 'ownership = "royal"', reference_files.UnknownCode),
            ('ownerships = ["private"]', 'ownerships = ["royal"]', reference_files.UnknownCode),
            ('scope = "month"', 'scope = "day"', reference_files.UnknownCode),
            ('way = "school"', 'way = "lottery"', reference_files.UnknownCode),
            ("first_month = 2025-10-01", "first_month = 2025-10-15", reference_files.BadValue),
            ("last_month = 2025-12-01", "last_month = 2025-09-01", reference_files.BadValue),
            ("last_month", "until_month", reference_files.UnknownField),
            ("amount = 512.5\n", "", reference_files.BadValue),
        ],
    )
    def test_is_refused_where_it_is_unclear(self, tmp_path, right, wrong, expected):
        assert right in SECOND_COUNTY
        before = everything()

        with pytest.raises(expected):
            reference.load_standards(written(tmp_path, SECOND_COUNTY.replace(right, wrong)))

        assert everything() == before


@pytest.mark.usefixtures("loaded")
class TestLoadingAgain:
    """A file does not rewrite what signed awards rest on, nor what people kept on the pages."""

    def words(self, tmp_path, right, wrong):
        text = COUNTY.read_text(encoding="utf-8")
        assert right in text
        before = everything()
        with pytest.raises(reference_standards.RowInUse) as refused:
            reference.load_standards(written(tmp_path, text.replace(right, wrong, 1)))
        assert everything() == before
        return str(refused.value)

    @pytest.fixture
    def award(self):
        program = Program.objects.get(pk="boarder-living")
        return AwardFactory(
            confirmed=True,
            enrollment__term=Term.objects.get(pk="2021A"),
            program=program,
            standard=standard("boarder-living", AUTUMN_2021, stage="primary"),
            rule=Rule.objects.on(AUTUMN_2021).get(program=program, position=1),
        )

    @pytest.mark.parametrize(
        ("field", "value"),
        [("kind", '"in-kind"'), ("payee", '"school"'), ("way", '"school"'), ("stages", '["junior"]')],
    )
    def test_refuses_another_payee_form_way_or_stage_of_a_program_that_children_had(
        self, award, tmp_path, field, value
    ):
        """As the program's own page does; and the file is refused whole."""
        before = everything()

        with pytest.raises(reference_standards.ProgramInUse) as refused:
            reference.load_national(written(tmp_path, changed_program("boarder-living", field, value)))

        assert everything() == before
        assert "[[program]]" in str(refused.value)
        assert award.program.name in str(refused.value)

    def test_takes_another_name_of_it(self, award, tmp_path):
        reference.load_national(written(tmp_path, changed_program("boarder-living", "short_name", '"寄宿生活费"')))

        award.program.refresh_from_db()
        assert award.program.short_name == "寄宿生活费"

    def test_takes_another_payee_of_a_program_that_nobody_had(self, tmp_path):
        reference.load_national(written(tmp_path, changed_program("boarder-living", "payee", '"school"')))

        assert Program.objects.get(pk="boarder-living").payee == "school"

    def test_refuses_another_condition_of_a_rule_in_use(self, award, tmp_path):
        right = 'description = "寄宿，且属脱贫及监测、低保、特困、孤儿或残疾学生"\ngroups = ["registered-poor", '
        words = self.words(tmp_path, right, right.replace('"registered-poor", ', ""))

        assert "[[rule]]" in words
        assert "2021年秋季学期" in words

    def test_refuses_other_shares_of_a_program_in_use(self, award, tmp_path):
        words = self.words(tmp_path, "city = 167\ncounty = 333", "city = 166\ncounty = 334")

        assert "[[share]]" in words
        assert "boarder-living" in words

    def test_refuses_an_end_before_a_term_in_use(self, award, tmp_path):
        right = "amount = 500\nvalid_from = 2019-02-01\nvalid_to = 2024-01-31"
        self.words(tmp_path, right, right.replace("2024-01-31", "2021-07-31"))

    def test_takes_a_document_that_was_verified_and_an_end_after_the_term(self, award, tmp_path):
        text = COUNTY.read_text(encoding="utf-8")
        right = "central = 500\ncity = 167\ncounty = 333\nvalid_from = 2019-02-01\n"
        text = text.replace(
            right + 'document_no = "国发〔2015〕67号（待核实）"', right + 'document_no = "豫财教〔2020〕1号"'
        )

        reference.load_standards(written(tmp_path, text))

        assert set(Share.objects.filter(program="boarder-living").values_list("document_no", flat=True)) == {
            "豫财教〔2020〕1号"
        }

    def test_drops_a_payer_that_the_file_no_longer_names(self, tmp_path):
        text = COUNTY.read_text(encoding="utf-8")

        reference.load_standards(written(tmp_path, text.replace("city = 167\ncounty = 333", "county = 500")))

        parts = Share.objects.on(AUTUMN_2021).filter(program="boarder-living")
        assert dict(parts.values_list("payer", "per_mille")) == {"central": 500, "county": 500}

    def test_leaves_alone_what_people_kept_on_pages_and_says_which(self):
        by, day = UserFactory(), date(2026, 2, 1)
        signed = {"by": by, "at": NOW}
        grant = standard("vocational-grant", date(2025, 9, 1))
        standards.succeed(grant, valid_from=day, amount_fen=130_000, document_no="新文号", **signed)
        rule = Rule.objects.on(date(2025, 9, 1)).get(program="nutrition")
        standards.change(rule, description="县城学校的学生", categories=[], **signed)
        standards.remove(standard("nutrition", date(2025, 9, 1)), **signed)
        found = share_sets.find(Program.objects.get(pk="nutrition"), date(2019, 2, 1))
        share_sets.succeed(found, valid_from=day, parts={"county": 1000}, document_no="新文号", **signed)
        exclusion = Exclusion.objects.get(program="boarder-living")
        catalogue.change_exclusion(exclusion, severity="warn", scope="month", document_no="", **signed)
        program = Program.objects.get(pk="nutrition")
        catalogue.change_program(program, purpose="本县的说法", stages=program.stages.all(), **signed)
        document = PolicyDocument.objects.get(number="国发〔2015〕67号")
        documents.change(document, title="本县的标题", issued_on=None, **signed)
        term = Term.objects.get(pk="2021A")
        term_programs.keep(term, [CarriedOut(program, "old-school")], **signed)
        terms.change(term, ends_on=date(2022, 1, 15), **signed)
        before = everything()

        left = [*reference.load_national(), *reference.load_standards(COUNTY)]

        assert everything() == before
        tables = {line.split("]]")[0].lstrip("[") for line in left}
        assert tables == {"program", "document", "term", "standard", "rule", "share", "exclusion"}
        assert any("nutrition" in line for line in left)
