"""Download, upload unchanged: no difference, no problem; and whatever a school hands in comes back as it was taken."""

import io
from datetime import date, timedelta

import openpyxl
import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from programs.reference import load_national
from schools.models import SchoolKind
from students import roster_workbook
from students.choices import EnrollmentState, IdType, RosterState, Sex
from students.models import Enrollment
from tests import factories as make
from tests.factories import card_number, resident_id
from tests.students.handing_in import enroll, hand_in, put_in_force

HEAD_ROW = 4


def cells(content):
    """What the workbook says of each child, below its head, without the running number."""
    sheet = openpyxl.load_workbook(io.BytesIO(content))["花名册"]
    return [[cell or "" for cell in row[1:]] for row in sheet.iter_rows(min_row=HEAD_ROW + 1, values_only=True)]


def school_of(kind):
    load_national()
    return make.SchoolFactory(code="4116250001", name="示范小学", kind=SchoolKind.objects.get(pk=kind))


CHILDREN = {
    "a child like most": {},
    "a child without any number": {
        "student__id_number": "",
        "student__id_type": IdType.NONE,
        "student__name": "王无号",
        "note": "户口正在办理",
    },
    "a child of another country": {
        "student__id_number": "E12345678",
        "student__id_type": IdType.PASSPORT,
        "student__name": "Anna Lee",
    },
    "a child with a Taiwan permit": {
        "student__id_number": "81234567",
        "student__id_type": IdType.TAIWAN_PERMIT,
        "student__name": "林小台",
    },
    "a suspended child": {"state": EnrollmentState.SUSPENDED},
    "a rare character": {"student__name": "王𠅤", "student__guardian_name": "王𬱖"},
    "an interpunct": {"student__name": "阿依古丽·买买提"},
    "the card of a guardian": {"card": {"holder": "张建国", "relation": "父亲"}},
    "an own card": {"card": {}},
    "a fee": {"fee_fen": 120_050},
    "no fee at all": {"fee_fen": 0},
    "several claims": {"claim": "低保家庭学生、残疾学生"},
    "no guardian": {
        "student__guardian_name": "",
        "student__guardian_phone": "",
        "student__town_name": "",
        "student__village": "",
    },
    "a word about something odd": {"note": "=3 月转入, “已核对”"},
    "a day pupil from town": {"is_boarding": False, "is_rural": False},
    "a girl": {"student__sex": Sex.FEMALE},
}


@pytest.mark.django_db
class TestUnchanged:
    @pytest.mark.parametrize("kind", CHILDREN)
    def test_is_no_difference_and_no_problem(self, kind):
        school = school_of("primary")
        born = date(2013, 3, 4)
        enroll(school, student__born_on=born, student__number=498)
        enroll(school, **{"student__born_on": born, "student__number": 499, **CHILDREN[kind]})
        before = roster_workbook.write(school, make.TermFactory())
        officer = make.UserFactory(officer=True, school=school)

        uploaded, _job = hand_in(school, officer, before)

        assert list(uploaded.issues.values_list("row", "field", "code")) == []
        assert uploaded.state == RosterState.CHECKED
        assert (uploaded.came, uploaded.left, uploaded.changed) == (0, 0, 0)
        put_in_force(uploaded, officer)
        assert cells(roster_workbook.write(school, make.TermFactory())) == cells(before)

    def test_after_september_is_taken_as_it_was_moved_up(self):
        school = school_of("nine-year")
        spring, autumn = make.TermFactory(code="2021S"), make.TermFactory(code="2021A")
        junior, primary = make.StageFactory(code="junior"), make.StageFactory(code="primary")
        enroll(school, term=spring, stage=primary, grade="六年级", student__born_on=date(2009, 3, 4))
        enroll(school, term=spring, stage=primary, grade="一年级", student__born_on=date(2014, 3, 4))
        enroll(school, term=spring, stage=junior, grade="九年级", student__born_on=date(2006, 3, 4))
        officer = make.UserFactory(officer=True, school=school)

        uploaded, _job = hand_in(school, officer, roster_workbook.write(school, autumn), term=autumn)

        assert list(uploaded.issues.values_list("code", flat=True)) == []
        assert (uploaded.rows_good, uploaded.came, uploaded.left, uploaded.changed) == (2, 0, 0, 0)

    def test_of_a_whole_school_is_no_difference(self):
        school = school_of("primary")
        for number in range(60):
            enroll(school, class_name=f"{number % 12 + 1}班", student__born_on=date(2013, 1, 1) + timedelta(number))

        uploaded, _job = hand_in(
            school,
            make.UserFactory(officer=True, school=school),
            roster_workbook.write(school, make.TermFactory()),
        )

        assert (uploaded.rows_good, uploaded.issues.count()) == (60, 0)
        assert (uploaded.came, uploaded.left, uploaded.changed) == (0, 0, 0)


NAMES = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=5)
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="_"), min_size=1, max_size=20
)
BORN = st.dates(date(2010, 1, 1), date(2016, 12, 31))


@st.composite
def rosters_of_a_school(draw):
    """Rows of a school's file: everything that may stand in a cell of ours, some of it wrong or missing."""
    numbers = draw(st.lists(st.integers(0, 499), unique=True, min_size=1, max_size=6))
    return [draw(rows(number)) for number in numbers]


def documents(number, place):
    """What may stand for a child: its number as it should be, blurred, mistyped, of another kind, or nothing."""
    mistyped = number[:-1] + ("0" if number[-1] != "0" else "1")
    return [
        ("居民身份证", number),
        ("", number),
        ("", f" {number.lower()} "),
        ("居民身份证", mistyped),
        ("", f"99010112030{place:04d}"),
        ("护照", f"E{place:08d}"),
        ("港澳居民来往内地通行证", f"H{place:08d}"),
        ("无证件", ""),
        ("", ""),
    ]


@st.composite
def rows(draw, number):
    born, sex = draw(BORN), draw(st.sampled_from([Sex.MALE, Sex.FEMALE]))
    id_type, id_number = draw(st.sampled_from(documents(resident_id(number, born_on=born, sex=sex), number)))
    has_card, name = draw(st.booleans()), draw(NAMES)
    grade = draw(st.sampled_from(["一年级", "二年级", "三年级", "四年级", "五年级", "六年级"]))
    return {
        "学段": "小学",
        "年级": grade,
        "班级": f"{draw(st.integers(1, 12))}班",
        "姓名": name,
        "性别": str(Sex(sex).label) if draw(st.booleans()) else "",
        "证件类型": id_type,
        "证件号码": id_number,
        "出生日期": draw(st.sampled_from(["", f"{born:%Y-%m-%d}", f"{born:%Y%m%d}", f"{born:%Y年%m月%d日}"])),
        "在校状态": draw(st.sampled_from(["在读", "休学", ""])),
        "是否有学籍": draw(st.sampled_from(["有", "无", ""])),
        "就读方式": draw(st.sampled_from(["住校", "走读", "寄宿"])),
        "户口性质": draw(st.sampled_from(["农业户口", "非农业户口", "农村", ""])),
        "困难类型": draw(st.sampled_from(["", "低保家庭学生", "低保家庭学生、残疾学生"])),
        "本学期收费（元）": draw(st.sampled_from(["", "0", "1200", "350.5", "1,200.00"])),
        "监护人姓名": draw(NAMES) if draw(st.booleans()) else "",
        "监护人电话": f"1990000{draw(st.integers(0, 9999)):04d}" if draw(st.booleans()) else "",
        "户籍乡镇": draw(st.sampled_from(["", "城关镇"])),
        "户籍村": draw(st.sampled_from(["", "东关村", "=东关村"])),
        "卡号": card_number(number) if has_card else "",
        "持卡人": name if has_card else "",
        "与学生关系": draw(st.sampled_from(["本人", "父亲", ""])) if has_card else "",
        "备注": draw(WORDS) if draw(st.booleans()) else "",
    }


def sheet_of(lines):
    book = openpyxl.Workbook()
    sheet = book.active
    heads = list(lines[0])
    for place, head in enumerate(["序号", *heads], start=1):
        sheet.cell(1, place, head)
    for number, line in enumerate(lines, start=1):
        for place, text in enumerate([str(number), *line.values()], start=1):
            cell = sheet.cell(number + 1, place, text or None)
            cell.data_type = "s" if text else "n"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.django_db
class TestFixedPoint:
    @settings(
        max_examples=25,
        deadline=None,
        phases=[Phase.generate],  # a roster that fails is short; making it shorter takes minutes
        suppress_health_check=[HealthCheck.function_scoped_fixture],  # every example is rolled back
    )
    @given(lines=rosters_of_a_school())
    def test_what_was_taken_is_handed_out_and_taken_again_as_it_is(self, school, officer, lines):
        with transaction.atomic():
            uploaded, _job = hand_in(school, officer, sheet_of(lines))
            assert uploaded.state == RosterState.CHECKED
            if uploaded.rows_good:
                put_in_force(uploaded, officer)
                self.is_fixed(school, officer, uploaded.rows_good)
            transaction.set_rollback(True)

    def is_fixed(self, school, officer, children):
        first = roster_workbook.write(school, make.TermFactory())
        assert len(cells(first)) == Enrollment.objects.here().filter(school=school).count() == children
        again, _job = hand_in(school, officer, first)
        assert (again.rows_refused, again.came, again.left, again.changed) == (0, 0, 0, 0)
        put_in_force(again, officer)
        assert cells(roster_workbook.write(school, make.TermFactory())) == cells(first)

    @pytest.fixture
    def school(self):
        return school_of("primary")

    @pytest.fixture
    def officer(self, school):
        return make.UserFactory(officer=True, school=school)
