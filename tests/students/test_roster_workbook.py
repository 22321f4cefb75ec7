"""The workbook that a school fills in: its children in it, everything text, lists to choose from, a checked mark."""

import io
from datetime import date

import openpyxl
import pytest
from django.urls import reverse
from django.utils import translation
from openpyxl.utils import range_boundaries

from accounts.models import Action
from common import sheets
from programs.reference import load_national
from schools.models import SchoolKind
from students import roster_workbook
from students.choices import EnrollmentState
from students.models import HardshipCategory
from students.roster_columns import COLUMNS
from students.roster_workbook import Mark, MarkChanged
from tests import factories as make
from tests.students.handing_in import enroll, hand_in

pytestmark = pytest.mark.django_db

OURS = [column.name for column in COLUMNS.values() if column.is_ours]
HEAD_ROW = 4


@pytest.fixture
def school():
    return school_of("primary")


@pytest.fixture
def officer(school):
    return make.UserFactory(officer=True, school=school)


def school_of(kind, code="4116250001"):
    load_national()
    return make.SchoolFactory(code=code, name="示范小学", kind=SchoolKind.objects.get(pk=kind))


def open_book(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def lines(content):
    """Each child as heading → text."""
    head, *rows = open_book(content)["花名册"].iter_rows(min_row=HEAD_ROW, values_only=True)
    names = [heading.rstrip("★") for heading in head]
    return [dict(zip(names, row, strict=True)) for row in rows]


def places(content):
    return {line["姓名"]: (line["学段"], line["年级"]) for line in lines(content)}


class TestRows:
    def test_are_the_children_in_force(self, school):
        enrollment = enroll(
            school,
            class_name="2班",
            is_boarding=False,
            is_rural=False,
            is_registered=True,
            claim="低保家庭学生、残疾学生",
            fee_fen=123_405,
            note="户口正在办理",
            state=EnrollmentState.SUSPENDED,
            student__id_type="resident",
            card={"holder": "张建国", "relation": "父亲"},
        )
        enroll(school, state=EnrollmentState.LEFT)
        student = enrollment.student

        assert lines(roster_workbook.write(school, enrollment.term)) == [
            {
                "序号": "1",
                "学段": "小学",
                "年级": "三年级",
                "班级": "2班",
                "姓名": student.name,
                "性别": "男",
                "证件类型": "居民身份证",
                "证件号码": student.id_number,
                "出生日期": f"{student.born_on:%Y-%m-%d}",
                "在校状态": "休学",
                "是否有学籍": "有",
                "就读方式": "走读",
                "户口性质": "非农业户口",
                "困难类型": "低保家庭学生、残疾学生",
                "专业": None,
                "本学期收费（元）": "1234.05",
                "监护人姓名": student.guardian_name,
                "监护人电话": student.guardian_phone,
                "户籍乡镇": "城关镇",
                "户籍村": "东关村",
                "卡号": student.cards.get().number,
                "持卡人": "张建国",
                "与学生关系": "父亲",
                "备注": "户口正在办理",
            }
        ]

    def test_stand_by_grade_and_class_as_people_count(self, school):
        for grade, class_name in [("三年级", "10班"), ("三年级", "2班"), ("一年级", "3班")]:
            enroll(school, grade=grade, class_name=class_name)

        written = lines(roster_workbook.write(school, make.TermFactory()))

        assert [(line["年级"], line["班级"]) for line in written] == [
            ("一年级", "3班"),
            ("三年级", "2班"),
            ("三年级", "10班"),
        ]

    def test_cost_the_same_queries_for_one_child_and_twenty(self, school, django_assert_num_queries):
        enroll(school, card={})
        term = make.TermFactory()
        with django_assert_num_queries(9):
            roster_workbook.write(school, term)
        for _number in range(19):
            enroll(school, card={})
        with django_assert_num_queries(9):
            roster_workbook.write(school, term)

    def test_of_an_empty_template_are_none(self, school):
        enroll(school)

        assert lines(roster_workbook.write(school, make.TermFactory(), is_empty=True)) == []

    def test_of_another_school_are_not_there(self, school):
        enroll(make.SchoolFactory())

        assert lines(roster_workbook.write(school, make.TermFactory())) == []


class TestNewTerm:
    @pytest.fixture
    def autumn(self):
        make.TermFactory(code="2021S")
        return make.TermFactory(code="2021A")

    def last_term(self, school, **grades):
        term = make.TermFactory(code="2021S")
        for name, (stage, grade) in grades.items():
            load = make.StageFactory(code=stage)
            enroll(school, term=term, stage=load, grade=grade, student__name=name)

    def test_over_september_everybody_moves_up_and_the_last_grade_leaves(self, school, autumn):
        self.last_term(school, 甲=("primary", "一年级"), 乙=("primary", "五年级"), 丙=("primary", "六年级"))

        assert places(roster_workbook.write(school, autumn)) == {"甲": ("小学", "二年级"), "乙": ("小学", "六年级")}

    def test_the_top_class_of_a_preschool_enters_the_same_schools_first_grade(self, school, autumn):
        self.last_term(school, 甲=("preschool", "中班"), 乙=("preschool", "大班"))

        assert places(roster_workbook.write(school, autumn)) == {"甲": ("学前", "大班"), "乙": ("小学", "一年级")}

    def test_a_kindergarten_lets_its_top_class_go(self, autumn):
        school = school_of("kindergarten")
        self.last_term(school, 甲=("preschool", "大班"), 乙=("preschool", "小班"))

        assert places(roster_workbook.write(school, autumn)) == {"乙": ("学前", "中班")}

    def test_a_nine_year_school_keeps_its_sixth_grade_and_loses_its_ninth(self, autumn):
        school = school_of("nine-year")
        self.last_term(school, 甲=("primary", "六年级"), 乙=("junior", "九年级"), 丙=("junior", "七年级"))

        assert places(roster_workbook.write(school, autumn)) == {"甲": ("初中", "七年级"), "丙": ("初中", "八年级")}

    def test_nobody_enters_senior_school_without_being_enrolled(self, autumn):
        school = school_of("complete-secondary")
        self.last_term(school, 甲=("junior", "九年级"), 乙=("senior", "高一"))

        assert places(roster_workbook.write(school, autumn)) == {"乙": ("普通高中", "高二")}

    def test_over_new_year_everybody_stays(self, school):
        autumn = make.TermFactory(code="2020A")
        enroll(school, term=autumn, grade="六年级", student__name="甲")
        spring = make.TermFactory(code="2021S")

        assert places(roster_workbook.write(school, spring)) == {"甲": ("小学", "六年级")}

    def test_who_left_last_term_does_not_come_back(self, school, autumn):
        self.last_term(school, 甲=("primary", "一年级"))
        enroll(school, term=make.TermFactory(code="2021S"), state=EnrollmentState.LEFT, student__name="乙")

        assert list(places(roster_workbook.write(school, autumn))) == ["甲"]

    def test_what_was_made_from_last_term_says_so(self, school, autumn):
        self.last_term(school, 甲=("primary", "一年级"))

        assert roster_workbook.read_mark(first_line(roster_workbook.write(school, autumn))).version == 0


def first_line(content):
    return open_book(content)["花名册"]["A1"].value


class TestLayout:
    @pytest.fixture
    def book(self, school):
        enroll(school, class_name="2班", card={})
        return open_book(roster_workbook.write(school, make.TermFactory()))

    def test_has_our_columns_in_our_order_and_a_star_on_what_must_be_there(self, book):
        headings = [cell.value for cell in book["花名册"][HEAD_ROW]]
        must = {column.name for column in COLUMNS.values() if column.is_required}

        assert [heading.rstrip("★") for heading in headings] == ["序号", *OURS]
        assert {heading[:-1] for heading in headings if heading.endswith("★")} == must

    def test_marks_what_must_be_there_red_on_grey(self, book):
        looks = {
            cell.value: (cell.font.color.rgb if cell.font.color else None, cell.fill.start_color.rgb)
            for cell in book["花名册"][HEAD_ROW]
        }

        assert looks["姓名★"] == ("FFC00000", "FFD9D9D9")
        assert looks["备注"] == (None, "FFF2F2F2")

    def test_keeps_the_head_in_sight_on_screen_and_on_paper(self, book):
        sheet = book["花名册"]

        assert sheet.freeze_panes == "F5"
        assert sheet.print_title_rows == "$4:$4"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert "&P" in sheet.oddFooter.center.text

    def test_every_cell_is_text_in_filled_and_empty_rows(self, book):
        sheet = book["花名册"]

        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}
        assert {cell.number_format for cell in sheet[HEAD_ROW + 1]} == {"@"}
        assert {sheet.column_dimensions[letter].number_format for letter in "ABCDEFGHT"} == {"@"}

    def test_has_lists_to_choose_from_far_below_the_last_child(self, book):
        lists = {}
        for choice in book["花名册"].data_validations.dataValidation:
            _left, top, column, bottom = (
                *range_boundaries(str(choice.sqref))[:2],
                *range_boundaries(str(choice.sqref))[2:],
            )
            sheet, _mark, area = choice.formula1.replace("$", "").replace("'", "").partition("!")
            lists[book["花名册"].cell(HEAD_ROW, column).value.rstrip("★")] = [
                cell.value for (cell,) in book[sheet][area]
            ]
            assert (top, bottom >= HEAD_ROW + 1 + 500) == (HEAD_ROW + 1, True)
            assert book[sheet].sheet_state == "hidden"

        assert lists["学段"] == ["学前", "小学"]
        assert lists["年级"][:4] == ["小班", "中班", "大班", "一年级"]
        assert lists["班级"] == ["2班"]
        assert lists["性别"] == ["男", "女"]
        assert lists["就读方式"] == ["住校", "走读"]
        assert lists["困难类型"] == list(HardshipCategory.objects.values_list("name", flat=True))
        assert {"证件类型", "在校状态", "户口性质", "与学生关系"} <= lists.keys()

    def test_only_classes_claims_and_register_numbers_may_be_typed_freely(self, book):
        free = {
            choice.promptTitle
            for choice in book["花名册"].data_validations.dataValidation
            if not choice.showErrorMessage
        }

        assert free == {"班级", "困难类型", "是否有学籍"}

    def test_explains_every_column_with_an_example(self, book):
        notes = list(book["填写说明"].iter_rows(min_row=2, values_only=True))

        assert [name for name, *_rest in notes] == OURS
        assert all(about for _name, _must, about, _example in notes)
        assert {name for name, must, *_rest in notes if must == "必填"} == {
            column.name for column in COLUMNS.values() if column.is_required
        }

    def test_is_in_chinese_whatever_the_reader_reads(self, school):
        with translation.override("en"):
            content = roster_workbook.write(school, make.TermFactory())

        assert open_book(content)["花名册"]["A2"].value == "示范小学2021年秋季学期学生花名册"

    def test_has_one_sheet_with_data_for_whoever_reads_it(self, school):
        enroll(school)

        with sheets.read(roster_workbook.write(school, make.TermFactory())) as workbook:
            assert (workbook.sheet, workbook.other_sheets) == ("花名册", [])

    @pytest.mark.parametrize("payload", ["=1+1", "+1", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x","y")', "\t=1"])
    def test_lets_nothing_become_a_formula(self, school, payload):
        enroll(school, note=payload, student__village=payload)

        sheet = open_book(roster_workbook.write(school, make.TermFactory()))["花名册"]
        written = [cell for cell in sheet[HEAD_ROW + 1] if cell.value == payload]

        assert [(cell.data_type, cell.number_format) for cell in written] == [("s", "@")] * 2

    def test_leaves_out_what_no_sheet_can_hold(self, school):
        enroll(school, note="一\x01二")

        assert lines(roster_workbook.write(school, make.TermFactory()))[0]["备注"] == "一二"


class TestMark:
    def test_is_hidden_and_names_school_term_and_version(self, school):
        enroll(school)
        content = roster_workbook.write(school, make.TermFactory())
        sheet = open_book(content)["花名册"]

        assert sheet.row_dimensions[1].hidden
        assert roster_workbook.read_mark(first_line(content)) == Mark("4116250001", "2021A", 1)

    @pytest.mark.parametrize(
        ("old", "new"), [("4116250001", "4116250002"), ("2021A", "2021S"), ("version=1", "version=2")]
    )
    def test_is_refused_where_somebody_changed_it(self, school, old, new):
        enroll(school)
        text = first_line(roster_workbook.write(school, make.TermFactory()))

        with pytest.raises(MarkChanged):
            roster_workbook.read_mark(text.replace(old, new))

    def test_cut_short_is_refused(self):
        with pytest.raises(MarkChanged):
            roster_workbook.read_mark(str(Mark("4116250001", "2021A", 1))[:30])

    def test_is_not_looked_for_in_other_peoples_files(self):
        assert roster_workbook.read_mark("示范小学学生花名册\n学校标识码：4116250001") is None

    @pytest.mark.parametrize(("old", "new"), [("version=1", "version=2"), (";check=", ";check=0")])
    def test_that_was_changed_keeps_the_file_out(self, school, officer, old, new):
        enroll(school)
        book = open_book(roster_workbook.write(school, make.TermFactory()))
        book["花名册"]["A1"] = book["花名册"]["A1"].value.replace(old, new)
        changed = io.BytesIO()
        book.save(changed)

        _uploaded, job = hand_in(school, officer, changed.getvalue())

        assert job.error_code == "mark-changed"

    def test_of_another_school_keeps_the_file_out(self, school, officer):
        other = school_of("primary", code="4116250002")
        enroll(other)

        _uploaded, job = hand_in(school, officer, roster_workbook.write(other, make.TermFactory()))

        assert job.error_code == "other-school"

    def test_of_another_term_keeps_the_file_out(self, school, officer):
        spring = make.TermFactory(code="2021S")
        enroll(school, term=spring)

        _uploaded, job = hand_in(school, officer, roster_workbook.write(school, spring), term=make.TermFactory())

        assert job.error_code == "other-term"


class TestDownload:
    def test_gives_an_officer_the_own_school_whatever_is_asked_for(self, school, as_role):
        enroll(school, student__name="甲")
        enroll(make.SchoolFactory(code="3900000077"), student__name="乙")

        answer = as_role("school", school=school).get(reverse("students:roster-template"), {"school": "3900000077"})

        assert list(places(answer.content)) == ["甲"]
        assert "2021" in answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "no-store"

    def test_gives_the_county_the_school_that_it_names(self, school, as_role):
        enroll(school, student__name="甲")

        answer = as_role("preparer").get(reverse("students:roster-template"), {"school": school.code})

        assert list(places(answer.content)) == ["甲"]

    def test_of_a_school_that_is_not_there_is_not_found(self, school, as_role):
        make.TermFactory()

        answer = as_role("preparer").get(reverse("students:roster-template"), {"school": "0000000000"})

        assert answer.status_code == 404

    def test_leaves_a_trace_of_how_many_children_left_the_house(self, school, as_role):
        enroll(school, student__born_on=date(2012, 3, 4))
        client = as_role("school", school=school)
        client.get(reverse("students:roster-template"))
        client.get(reverse("students:roster-template"), {"empty": "1"})

        kept = Action.objects.filter(verb="roster.downloaded").order_by("pk")

        assert [(action.actor, action.target_id, action.details) for action in kept] == [
            (client.user, str(school.pk), {"term": "2021A", "children": 1}),
            (client.user, str(school.pk), {"term": "2021A", "children": 0}),
        ]
