"""Headings as other people write them: read where they are known, mapped by a person where not, kept by the county."""

import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook

from accounts.models import Action
from common.columns import MissingColumns, find_head, heading_key
from common.moves import WrongState
from jobs import run
from jobs.models import Job
from programs.reference import load_national
from schools.models import SchoolKind
from students import headings, layouts, rosters
from students.choices import RosterState
from students.headings import NOT_READ
from students.models import RosterHeading
from students.roster_columns import COLUMNS, REQUIRED
from tests.factories import (
    NOW,
    RosterFactory,
    RosterHeadingFactory,
    SchoolFactory,
    TermFactory,
    UserFactory,
    card_number,
    resident_id,
)
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db

MEMBER = (
    "姓名", "关系", "关系说明", "现住址", "户口所在地", "联系电话", "是否监护人", "身份证件类型", "身份证件号",
    "民族", "工作单位", "职务",
)  # fmt: skip
NATIONAL_EXPORT = (
    "学校标识码", "姓名★", "性别★", "出生日期★", "出生地★", "籍贯", "民族★", "国籍/地区★", "身份证件类型★",
    "港澳台侨外★", "健康状况★", "政治面貌", "身份证件号", "户口性质", "户口所在地\n(行政区划)", "班级",
    "入学年月★", "入学方式★", "就读方式\n★", "现住址★", "通信地址★", "家庭地址★", "联系电话★", "邮政编码",
    "是否独生子女★", "是否受过学前教育", "是否留守儿童★", "是否需要申请资助★", "是否享受一补★", "是否孤儿★",
    "是否烈士或优抚子女★", "上下学距离（公里）", "上下学交通方式", "是否需要乘坐校车", "曾用名",
    "身份证件有效期", "血型", "特长", "学籍辅号", "班内学号", "学生来源", "电子信箱", "主页地址", "残疾类型",
    "是否由政府购买学位", "随班就读", *(f"成员1\n{word}" for word in MEMBER),
    *(f"成员2\n{word}" for word in MEMBER), "是否进城务工人员\n随迁子女★", "学籍号", "年级", "学籍状态",
)  # fmt: skip
COUNTY_ROSTER = (
    "所在镇乡（街道）", "学段", "学校名称", "年级", "班级", "班内编号", "学生姓名", "性别", "民族", "学籍主号",
    "户籍省县", "户籍镇街", "户籍社区/村", "父亲姓名", "母亲姓名", "是否为随迁子女或留守儿童", "是否随班就读",
    "是否为住宿生", "无户口学生", "休学中", "备注",
)  # fmt: skip
STRANGE = ("学号", "孩子大名", "身份证", "学部", "就读级", "班", "住宿否", "妈妈电话", "打款账号")


def strange_row(number, **facts):
    cells = {
        "学号": number, "孩子大名": f"王小{chr(0x4E00 + number)}", "身份证": resident_id(number), "学部": "小学",
        "就读级": "三年级", "班": "1班", "住宿否": "走读", "妈妈电话": f"1990000{number:04d}",
        "打款账号": card_number(number), **facts,
    }  # fmt: skip
    return list(cells.values())


STRANGE_FIELDS = {
    "孩子大名": "name",
    "身份证": "id_number",
    "学部": "stage",
    "就读级": "grade",
    "班": "class_name",
    "住宿否": "boarding",
}


@pytest.fixture
def school():
    load_national()
    TermFactory()
    return SchoolFactory(code="4116250001", name="示范小学", kind=SchoolKind.objects.get(pk="primary"))


@pytest.fixture
def officer(school):
    return UserFactory(officer=True, school=school)


@pytest.fixture
def county():
    return UserFactory()


def work_off():
    """What the worker would do meanwhile."""
    for job in Job.objects.waiting().order_by("pk"):
        run.execute(job.pk)


def handed_in(school, officer, head, rows, **more):
    """The roster after its check."""
    content = xlsx(head, rows, **more)
    found = rosters.upload(school=school, term=TermFactory(), content=content, name="本校.xlsx", by=officer, at=NOW)
    run.execute(run.start("roster-check", by=officer, at=NOW, school=school, roster_id=found.pk).pk)
    found.refresh_from_db()
    return found


def strange(school, officer, count=3, **more):
    return handed_in(school, officer, STRANGE, [strange_row(number) for number in range(1, count + 1)], **more)


def answers(layout, fields, **more):
    """What the form of a layout sends: its own choices, with these by heading."""
    sent = {}
    for heading in layout.headings:
        chosen = fields.get(heading.text, heading.field)
        sent[f"column_{heading.places[0]}"] = "unknown" if chosen is None else chosen or "not-read"
    return sent | more


def mapping_page(roster, **query):
    return reverse("students:roster-mapping", args=[roster.pk], query=query)


class TestOtherLayouts:
    def test_the_national_export_has_no_stage_and_all_else(self, school):
        head = find_head([NATIONAL_EXPORT], headings.synonyms(school), REQUIRED)

        assert "stage" not in head.columns

    def test_the_national_export_with_a_stage_is_read(self, school):
        head = find_head([[*NATIONAL_EXPORT, "学段"]], headings.synonyms(school), REQUIRED)

        read = {field: heading_key(head.headings[field]) for field in head.columns if field}
        assert read == {
            "name": "姓名", "sex": "性别", "born_on": "出生日期", "id_type": "身份证件类型", "id_number": "身份证件号",
            "residence": "户口性质", "class_name": "班级", "boarding": "就读方式", "guardian_name": "成员1姓名",
            "guardian_phone": "联系电话", "guardian_id": "成员1身份证件号", "is_orphan": "是否孤儿",
            "status": "学籍状态", "is_martyr_child": "是否烈士或优抚子女", "is_disabled": "残疾类型",
            "registered": "学籍号", "grade": "年级", "stage": "学段",
        }  # fmt: skip

    def test_the_national_export_has_no_unknown_heading(self, school, officer):
        layout = layouts.read(handed_in(school, officer, NATIONAL_EXPORT, [["3141000001", "王小明"]]))

        assert [heading.text for heading in layout.headings if heading.field is None] == []
        assert len(layout.headings) == len(NATIONAL_EXPORT)

    def test_a_countys_collection_lacks_only_the_number(self, school):
        with pytest.raises(MissingColumns) as refused:
            find_head([COUNTY_ROSTER], headings.synonyms(school), REQUIRED)

        assert refused.value.params == {"names": "证件号码"}

    def test_a_countys_collection_with_a_number_is_read(self, school):
        head = find_head([[*COUNTY_ROSTER, "身份证号"]], headings.synonyms(school), REQUIRED)

        assert {head.headings[field] for field in ("name", "boarding", "town_name", "village")} == {
            "学生姓名", "是否为住宿生", "户籍镇街", "户籍社区/村",
        }  # fmt: skip
        assert "休学中" in head.unknown, "a child away from school is not passed over in silence"

    @pytest.mark.parametrize(
        ("heading", "field"),
        [
            ("是建档立卡贫苦户", "is_registered_poor"),
            ("随迁子女入", NOT_READ),
            ("* 姓　名", "name"),
            ("身份证件\r\n号码★", "id_number"),
            ("【必填】就 读 方 式", "boarding"),
            ("监护人连系电话", "guardian_phone"),
            ("班级名称：", "class_name"),
        ],
    )
    def test_marks_blanks_line_breaks_and_typing_errors_are_seen_through(self, school, heading, field):
        head = find_head([[heading]], headings.synonyms(school), ())

        assert [*head.columns] == [field] if field else head.unknown == []


class TestLearning:
    def test_of_one_school_changes_no_other(self, school, officer):
        headings.learn(school=school, mapping={"大名": "name"}, by=officer, at=NOW)

        assert "大名" in headings.synonyms(school)["name"]
        assert "大名" not in headings.synonyms(SchoolFactory())["name"]
        assert "大名" not in headings.synonyms(None)["name"]

    def test_for_all_changes_every_school(self, school, county):
        headings.learn(school=None, mapping={"大名": "name", "爱好": NOT_READ}, by=county, at=NOW)

        other = headings.synonyms(SchoolFactory())
        assert "大名" in other["name"]
        assert "爱好" in other[NOT_READ]

    def test_replaces_what_was_said_before_of_the_same_words(self, school, officer):
        headings.learn(school=school, mapping={"编号": "id_number", "大名": "name"}, by=officer, at=NOW)
        headings.learn(school=school, mapping={"*编 号": "card_number"}, by=officer, at=NOW)

        assert set(school.roster_headings.values_list("field", "text")) == {
            ("card_number", "*编 号"),
            ("name", "大名"),
        }

    def test_goes_before_what_holds_for_all(self, school, officer):
        headings.learn(school=school, mapping={"姓名": "guardian_name", "学生": "name"}, by=officer, at=NOW)

        words = headings.synonyms(school)
        assert "姓名" in words["guardian_name"]
        assert "姓名" not in words["name"]
        assert headings.synonyms(None)["name"][0] == "姓名"

    def test_that_a_note_means_something_else_leaves_the_plain_heading_alone(self, school, officer):
        headings.learn(school=school, mapping={"身份证号（家长）": NOT_READ}, by=officer, at=NOW)

        head = find_head([["姓名", "身份证号"]], headings.synonyms(school), ("id_number",))

        assert head.columns["id_number"] == 1

    @pytest.mark.parametrize("text", ["王小明13812345678", resident_id(1), "6200 0000 0000 0000 009", "★", "长" * 101])
    def test_takes_no_numbers_of_people_and_no_novels(self, school, officer, text):
        with pytest.raises(headings.HeadingUnfit):
            headings.learn(school=school, mapping={text: "name"}, by=officer, at=NOW)

        assert not school.roster_headings.exists()

    def test_for_all_never_takes_the_name_of_a_column(self, school, county):
        with pytest.raises(headings.HeadingTaken, match="姓名"):
            headings.learn(school=None, mapping={"姓 名": "guardian_name"}, by=county, at=NOW)

    def test_leaves_no_heading_in_the_log(self, school, officer):
        headings.learn(school=school, mapping={"王小明": "name", "王小红": NOT_READ}, by=officer, at=NOW)

        action = Action.objects.get(verb="heading.learned")
        assert action.details == {"columns": ["name"], "not_read": 1}
        assert "王小" not in action.target_label


class TestKeeping:
    def test_holds_when_the_reference_data_are_loaded_again(self, school, county):
        headings.keep("name", ["大名", "姓名"], by=county, at=NOW)
        headings.keep("sex", [], by=county, at=NOW)
        headings.learn(school=None, mapping={"班级名称": NOT_READ}, by=county, at=NOW)

        load_national()

        found = headings.of_all()
        assert found["name"] == ["大名", "姓名"]
        assert found["sex"] == ["性别"]
        assert "班级名称" not in found["class_name"]
        assert "班级名称" in found[NOT_READ]

    def test_a_column_whose_last_heading_went_elsewhere_stays_the_countys(self, school, county):
        headings.keep("major", ["专业名称"], by=county, at=NOW)
        headings.learn(school=None, mapping={"专业名称": NOT_READ}, by=county, at=NOW)

        load_national()

        assert headings.of_all()["major"] == ["专业"]
        assert "专业名称" in headings.of_all()[NOT_READ]

    def test_records_what_came_and_went(self, school, county):
        headings.keep("stage", ["学段", "办学阶段"], by=county, at=NOW)

        details = Action.objects.get(verb="heading.changed").details
        assert details == {"column": "stage", "added": ["办学阶段"], "removed": ["教育阶段"]}

    def test_without_a_change_leaves_no_trace(self, school, county):
        headings.keep("stage", headings.of_all()["stage"], by=county, at=NOW)

        assert not Action.objects.filter(verb="heading.changed").exists()

    def test_refuses_what_stands_for_another_column(self, school, county):
        with pytest.raises(headings.HeadingTaken) as refused:
            headings.keep("name", ["姓名", "户 名★"], by=county, at=NOW)

        assert refused.value.params == {"text": "户 名★", "column": "持卡人"}

    def test_refuses_more_than_anybody_could_oversee(self, school, county):
        with pytest.raises(headings.TooManyHeadings):
            headings.keep("name", [f"姓名{chr(0x4E00 + n)}" for n in range(61)], by=county, at=NOW)


class TestHeadingsOfASchool:
    def test_can_be_taken_over_for_all(self, school, county):
        own = RosterHeadingFactory(school=school, field="name", text="大名")

        headings.take_over(own, by=county, at=NOW)

        assert headings.of_all()["name"][-1] == "大名"
        assert not school.roster_headings.exists()

    def test_are_not_taken_over_where_they_mean_something_else_to_all(self, school, county):
        own = RosterHeadingFactory(school=school, field="name", text="户名")

        with pytest.raises(headings.HeadingTaken, match="持卡人"):
            headings.take_over(own, by=county, at=NOW)

        assert school.roster_headings.exists()

    def test_can_be_forgotten_once(self, school, county):
        own = RosterHeadingFactory(school=school, field="name", text="大名")

        headings.forget(own, by=county, at=NOW)

        assert "大名" not in headings.synonyms(school)["name"]
        with pytest.raises(WrongState):
            headings.forget(own, by=county, at=NOW)


class TestCountyPages:
    def test_show_every_column_with_its_headings(self, as_role, school):
        RosterHeadingFactory(school=school, field="name", text="大名")

        lines = as_role("auditor").get(reverse("students:headings")).context["lines"]

        assert [line["name"] for line in lines] == [*(c.name for c in COLUMNS.values()), "不读取的列"]
        by_value = {line["value"]: line for line in lines}
        assert by_value["name"]["texts"] == ["学生姓名", "姓名", "幼儿姓名", "孩子姓名"]
        assert by_value["name"]["of_schools"] == 1
        assert "序号" in by_value["not-read"]["texts"]

    def test_cost_the_same_for_many_headings(self, as_role, school):
        client = as_role("preparer")
        address = reverse("students:headings")
        RosterHeadingFactory(school=school, text="甲")
        client.get(address)

        with CaptureQueriesContext(connection) as few:
            client.get(address)
        for number in range(20):
            RosterHeadingFactory(text=f"称呼{chr(0x4E00 + number)}")
        with CaptureQueriesContext(connection) as many:
            client.get(address)

        assert len(many) == len(few)

    def test_take_one_heading_a_line(self, as_role, school):
        address = reverse("students:heading-column", args=["stage"])

        answer = as_role("preparer").post(address, {"headings": "学段\n\n 办学　阶段 \n学 段\n"})

        assert answer.status_code == 302
        assert headings.of_all()["stage"] == ["学段", "办学 阶段"]

    def test_keep_what_is_not_read(self, as_role, school):
        address = reverse("students:heading-column", args=["not-read"])
        client = as_role("approver")
        now = client.get(address).context["form"]["headings"].value()

        client.post(address, {"headings": f"{now}\n爱好"})

        assert headings.of_all()[NOT_READ] == [*now.split("\n"), "爱好"]

    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            ("学段\n年级名称", "“年级名称”已经是“年级”的表头写法"),
            ("学段\n" + "长" * 101, "第 2 行不能作为表头写法"),
            ("学段\n" + resident_id(1), "第 2 行不能作为表头写法"),
            ("\n".join(f"学段{chr(0x4E00 + n)}" for n in range(61)), "最多有 60 个"),
        ],
    )
    def test_say_why_they_take_something_not_and_keep_what_was_typed(self, as_role, school, lines, words):
        before = headings.of_all()

        answer = as_role("preparer").post(reverse("students:heading-column", args=["stage"]), {"headings": lines})

        shown = answer.content.decode()
        assert words in shown
        assert lines.splitlines()[1] in shown
        assert headings.of_all() == before

    def test_are_changed_by_nobody_who_only_reads(self, as_role, school):
        own = RosterHeadingFactory(school=school, text="大名")

        for client in (as_role("auditor"), as_role("school", school=school)):
            assert client.post(reverse("students:heading-column", args=["stage"]), {"headings": "x"}).status_code == 403
            for act in ("forget", "take-over"):
                assert client.post(reverse(f"students:school-heading-{act}", args=[own.pk])).status_code == 403
        shown = as_role("auditor").get(reverse("students:headings")).content.decode()
        assert reverse("students:heading-column", args=["stage"]) not in shown

    @pytest.mark.parametrize(
        ("query", "found"),
        [({}, ["大名", "爱好"]), ({"q": "示范"}, ["大名"]), ({"column": "not-read"}, ["爱好"]), ({"q": "无"}, [])],
    )
    def test_list_what_schools_mapped(self, as_role, school, query, found):
        RosterHeadingFactory(school=school, field="name", text="大名")
        RosterHeadingFactory(school__code="4116250002", school__name="东关小学", field="", text="爱好")

        page = as_role("auditor").get(reverse("students:school-headings"), query).context["page"]

        assert [heading.text for heading in page] == found

    def test_take_over_and_forget_by_a_button(self, as_role, school):
        client = as_role("preparer")
        kept, gone = (RosterHeadingFactory(school=school, field="name", text=text) for text in ("大名", "小名"))

        client.post(reverse("students:school-heading-take-over", args=[kept.pk]))
        client.post(reverse("students:school-heading-forget", args=[gone.pk]))

        assert "大名" in headings.of_all()["name"]
        assert not school.roster_headings.exists()


class TestLayout:
    def test_guesses_the_row_below_titles(self, school, officer):
        found = strange(school, officer, above=["示范小学学生花名册", "填报单位：示范小学"])

        assert found.refusal_code == "missing-columns"
        assert layouts.read(found).row == 3

    def test_prefers_the_row_with_headings_that_are_known(self, school, officer):
        found = handed_in(school, officer, ("甲", "乙", "丙", "丁", "戊"), [("姓名", "性别", "民族"), ("王小明", "男")])

        assert layouts.read(found).row == 2

    def test_takes_the_row_that_a_person_chose(self, school, officer):
        found = strange(school, officer, above=["第一", "第二"])

        assert [heading.text for heading in layouts.read(found, row=2).headings] == ["第二"]

    def test_of_a_head_of_two_rows_is_its_lower_row(self, school, officer):
        book = Workbook()
        sheet = book.active
        sheet.append(["孩子大名", "班", "家长", None])
        sheet.append([None, None, "姓名", "手机"])
        sheet.append(["王小明", "1班", "王建国", "19900001234"])
        for area in ("A1:A2", "B1:B2", "C1:D1"):
            sheet.merge_cells(area)
        out = io.BytesIO()
        book.save(out)
        found = rosters.upload(
            school=school, term=TermFactory(), content=out.getvalue(), name="两行.xlsx", by=officer, at=NOW
        )

        headings_found = layouts.read(found, row=2).headings

        assert [heading.text for heading in headings_found] == ["孩子大名", "班", "姓名", "手机"]
        assert headings_found[0].samples == ("王小明",)

    def test_proposes_what_an_unknown_heading_probably_means(self, school, officer):
        guesses = {heading.text: heading.guess for heading in layouts.read(strange(school, officer)).headings}

        assert guesses["孩子大名"] in {None, "name"}
        found = handed_in(school, officer, ("娃娃的姓名", "现在就读班级", "爱好"), [("王小明", "1班", "唱歌")])
        assert {heading.text: heading.guess for heading in layouts.read(found).headings} == {
            "娃娃的姓名": "name",
            "现在就读班级": "class_name",
            "爱好": None,
        }

    def test_of_a_file_without_head_offers_no_child_as_heading(self, school, officer):
        found = handed_in(school, officer, strange_row(1), [strange_row(2)])

        layout = layouts.read(found)

        assert layout.is_data
        assert layout.headings == []
        assert all(row.is_data for row in layout.rows)

    @pytest.mark.parametrize(
        ("cell", "shown"),
        [
            ("汉族", "汉族"),
            ("三年级", "三年级"),
            ("H12345678", "*******78"),
            ("9901 0120 1203 0400 3X", "3X"),
            ("９９０１０１２０１２０３０４００３Ｘ", "3X"),
            (19900001234, "*********34"),
            ("12345678901234567890", "90"),
            ("2012-03-04", "2012-**-**"),
            ("20120304", "2012-**-**"),
            ("电话19900001234", "电话*********34"),
        ],
    )
    def test_shows_cells_of_unknown_columns_without_numbers(self, school, officer, cell, shown):
        found = handed_in(school, officer, ("谜", "另一谜"), [(cell, "x"), ("", "y")])

        [sample] = layouts.read(found, row=1).headings[0].samples

        assert sample.endswith(shown)
        assert len([sign for sign in sample if sign.isdigit()]) <= 4


class TestMappingPage:
    def test_shows_headings_with_samples_and_no_number(self, as_role, school, officer):
        found = strange(school, officer)

        shown = as_role("school", user=officer).get(mapping_page(found)).content.decode()

        assert "表头里没有找到这些列" in shown
        for text in (*STRANGE, "王小丁", "走读"):
            assert text in shown
        for number in range(1, 4):
            for whole in (resident_id(number), f"1990000{number:04d}", card_number(number)):
                assert whole not in shown

    def test_remembers_for_the_school_and_reads_the_file_again(self, as_role, school, officer):
        found = strange(school, officer)

        answer = as_role("school", user=officer).post(mapping_page(found), answers(layouts.read(found), STRANGE_FIELDS))
        work_off()
        found.refresh_from_db()

        assert answer.headers["Location"] == found.get_absolute_url()
        assert (found.state, found.rows_good) == (RosterState.CHECKED, 3)
        assert dict(school.roster_headings.values_list("text", "field")) == STRANGE_FIELDS
        assert strange(school, officer).state == RosterState.CHECKED, "the next file is read at once"
        other = SchoolFactory(kind=school.kind)
        assert strange(other, UserFactory(officer=True, school=other)).refusal_code == "missing-columns"

    def test_lets_the_county_remember_for_all(self, as_role, school, officer, county):
        RosterHeadingFactory(school=school, field="guardian_name", text="孩子大名")
        found = strange(school, officer)

        as_role("preparer", user=county).post(
            mapping_page(found), answers(layouts.read(found), STRANGE_FIELDS, for_all="on")
        )
        work_off()
        found.refresh_from_db()

        assert found.state == RosterState.CHECKED
        assert not school.roster_headings.exists()
        other = SchoolFactory(kind=school.kind)
        assert strange(other, UserFactory(officer=True, school=other)).state == RosterState.CHECKED

    def test_lets_no_school_speak_for_all(self, as_role, school, officer):
        found = strange(school, officer)

        as_role("school", user=officer).post(
            mapping_page(found), answers(layouts.read(found), STRANGE_FIELDS, for_all="on")
        )

        assert school.roster_headings.count() == len(STRANGE_FIELDS)
        assert not RosterHeading.objects.filter(school=None, text="孩子大名").exists()

    def test_says_which_columns_are_missing_and_keeps_what_was_chosen(self, as_role, school, officer):
        found = strange(school, officer)
        layout = layouts.read(found)
        chosen = answers(layout, STRANGE_FIELDS | {"住宿否": None, "学部": NOT_READ})

        answer = as_role("school", user=officer).post(mapping_page(found), chosen)

        assert "还缺少必填的列：就读方式。" in answer.content.decode()
        assert {name: answer.context["form"][name].value() for name in chosen} == chosen
        assert not school.roster_headings.exists()

    def test_refuses_two_headings_for_one_column(self, as_role, school, officer):
        found = strange(school, officer)
        chosen = answers(layouts.read(found), STRANGE_FIELDS | {"学号": "id_number"})

        answer = as_role("school", user=officer).post(mapping_page(found), chosen)

        assert "有 2 个表头都选了“证件号码”：学号、身份证。" in answer.content.decode()
        assert not school.roster_headings.exists()

    def test_tells_two_numbers_apart_that_were_taken_for_one(self, as_role, school, officer):
        head = ("姓名", "身份证号（学生）", "身份证号（家长）", "学段", "年级", "班级", "就读方式")
        rows = [(f"王小{n}", resident_id(n), resident_id(90 + n), "小学", "三年级", "1班", "走读") for n in (1, 2)]
        found = handed_in(school, officer, head, rows)
        assert found.refusal_code == "doubled-columns"

        as_role("school", user=officer).post(
            mapping_page(found), answers(layouts.read(found), {"身份证号（家长）": "guardian_id"})
        )
        work_off()
        found.refresh_from_db()

        assert (found.state, found.rows_good) == (RosterState.CHECKED, 2)

    def test_says_so_where_no_choice_can_tell_two_columns_apart(self, as_role, school, officer):
        head = ("姓名", "姓 名", "身份证号", "学段", "年级", "班级", "就读方式")
        found = handed_in(school, officer, head, [("王", "李", resident_id(1), "小学", "三年级", "1班", "走读")])

        answer = as_role("school", user=officer).post(mapping_page(found), answers(layouts.read(found), {}))

        assert answer.status_code == 200
        assert "表头里有几列都像是：姓名" in answer.content.decode()

    def test_of_a_checked_file_gives_a_meaning_to_what_was_unknown(self, as_role, school, officer):
        head = ("姓名", "身份证号", "学段", "年级", "班级", "就读方式", "家里电话")
        found = handed_in(
            school, officer, head, [("王小明", resident_id(1), "小学", "三年级", "1班", "走读", "19900001234")]
        )
        assert found.state == RosterState.CHECKED

        as_role("school", user=officer).post(
            mapping_page(found), answers(layouts.read(found), {"家里电话": "guardian_phone"})
        )
        work_off()
        found.refresh_from_db()

        assert found.state == RosterState.CHECKED
        assert list(school.roster_headings.values_list("field", "text")) == [("guardian_phone", "家里电话")]

    def test_of_a_file_without_head_takes_nothing(self, as_role, school, officer):
        found = handed_in(school, officer, strange_row(1), [strange_row(2)])
        client = as_role("school", user=officer)

        shown = client.get(mapping_page(found)).content.decode()
        client.post(mapping_page(found, row=1), {f"column_{place}": "name" for place in range(9)})

        assert "这一行不是表头" in shown
        assert '<select name="column_' not in shown
        assert not school.roster_headings.exists()
        assert not Action.objects.filter(verb="heading.learned").exists()

    def test_of_a_roster_in_force_leads_back(self, as_role, school, officer):
        found = RosterFactory(school=school)

        answer = as_role("school", user=officer).get(mapping_page(found))

        assert answer.headers["Location"] == found.get_absolute_url()

    def test_of_another_school_is_not_there(self, as_role, school, officer):
        found = strange(school, officer)

        client = as_role("school", school=SchoolFactory())

        assert client.get(mapping_page(found)).status_code == 404
        assert client.post(mapping_page(found), {}).status_code == 404

    def test_is_not_the_auditors(self, as_role, school, officer):
        found = strange(school, officer)

        assert as_role("auditor").post(mapping_page(found), {}).status_code == 403

    def test_costs_the_same_for_many_headings(self, as_role, school, officer):
        few = handed_in(school, officer, ("大名", "小名"), [("王", "李")])
        many = handed_in(school, officer, [f"列{chr(0x4E00 + n)}" for n in range(60)], [["x"] * 60] * 20)
        client = as_role("preparer")
        client.get(mapping_page(few))

        with CaptureQueriesContext(connection) as for_few:
            client.get(mapping_page(few))
        with CaptureQueriesContext(connection) as for_many:
            client.get(mapping_page(many))

        assert len(for_many) == len(for_few)
