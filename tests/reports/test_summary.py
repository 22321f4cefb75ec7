"""The annual summary says what the figures say, to the fen, in the outline of the county's own report."""

import io
import re
import zipfile
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from docx import Document
from docx.shared import Pt
from lxml import etree

from programs.models import Program, Rule, Standard, TermProgram
from programs.reference import load_national, load_standards
from reports import summary, summary_document, totals
from reports.models import SummaryText
from reports.summary_figures import Year
from reports.summary_sentences import wan, yuan
from schools.models import SchoolKind, Stage, Term
from students.models import HardshipCategory
from tests import factories as make
from tests.reports.summary_reader import charts, figures_said, read

pytestmark = pytest.mark.django_db

OTHER_COUNTY = settings.BASE_DIR / "tests" / "fixtures" / "county-2025.toml"
COUNTY = settings.BASE_DIR / "fixtures" / "standards" / "411625.toml"

WORD_ORDER = {
    "tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing"
    " tblInd tblBorders shd tblLayout tblCellMar tblLook",
    "tcPr": "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark",
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs"
    " suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd"
    " snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment"
    " textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof snapToGrid"
    " vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs em"
    " lang eastAsianLayout specVanish oMath",
}
"""The order of elements in ECMA-376 (wml)."""


def aid(term, program, stage, fen, people=1, *, poor=0, kind=None, category=None, tier="", **facts):
    """Confirmed awards of some children, the first `poor` of them registered poor; of one school for each kind."""
    if kind:
        code = f"38{sorted(SchoolKind.objects.values_list('code', flat=True)).index(kind):08d}"
        facts["enrollment__school"] = make.SchoolFactory(code=code, kind=SchoolKind.objects.get(pk=kind))
    rows = Standard.objects.filter(program=program, tier=tier)
    standard = rows.on(Term.objects.get(pk=term).starts_on).first() or rows.first()
    program = Program.objects.get(pk=program)
    for place in range(people):
        make.AwardFactory(
            confirmed=True,
            enrollment__term=Term.objects.get(pk=term),
            enrollment__stage=Stage.objects.get(pk=stage),
            program=program,
            standard=standard or make.StandardFactory(program=program),
            rule=Rule.objects.filter(program=program).first() or make.RuleFactory(program=program),
            amount_fen=fen,
            tier=tier,
            is_registered_poor=place < poor,
            category=HardshipCategory.objects.get(pk=category) if category else None,
            **facts,
        )


def made(year=2021):
    return summary_document.made(year, SummaryText.objects.all(), at=make.NOW)[1]


def section(heading, year=2021):
    return read(made(year)).text(heading)


@pytest.fixture
def reference():
    load_national()
    load_standards(COUNTY)


@pytest.fixture
def county(reference):
    """A year of the published county in small: every program, the same standards, both terms."""
    aid("2021S", "preschool-living", "preschool", 20_000, 3, poor=2)
    aid("2021A", "preschool-living", "preschool", 20_000, 2, poor=1)
    aid("2021S", "preschool-care", "preschool", 30_000, 2, poor=2)
    aid("2021S", "boarder-living", "primary", 50_000, 3, poor=1)
    aid("2021S", "boarder-living", "junior", 62_500, 2, poor=1)
    aid("2021A", "boarder-living", "primary", 50_000, 2)
    aid("2021A", "boarder-living", "junior", 62_500, 3, poor=2)
    aid("2021A", "nutrition", "primary", 40_000, 2, poor=2)
    aid("2021S", "senior-grant", "senior", 150_000, 1, poor=1, tier="一档")
    aid("2021S", "senior-grant", "senior", 100_000, 2, tier="二档")
    aid("2021S", "senior-grant", "senior", 75_000, 1, tier="三档")
    aid("2021S", "senior-waiver", "senior", 72_000, 2, poor=2, kind="senior", category="lifted-from-poverty")
    aid("2021S", "senior-waiver", "senior", 54_050, 1, kind="complete-secondary", category="low-income")
    aid("2021A", "vocational-grant", "vocational", 100_000, 2)
    aid("2021A", "vocational-waiver", "vocational", 95_000, 2, poor=1, kind="regular-secondary")
    aid("2021A", "vocational-waiver", "vocational", 60_000, 1, kind="vocational-secondary")
    meals = Program.objects.get(pk="nutrition")
    waits = {"program": meals, "rule": Rule.objects.filter(program=meals).first(), "standard": meals.standards.first()}
    make.AwardFactory(enrollment__term=Term.objects.get(pk="2021A"), **waits)


class TestMoney:
    @pytest.mark.parametrize(
        ("fen", "words"),
        [
            (1_305_037_500, "1305.0375"),
            (191_640_000, "191.64"),
            (100_000_000, "100"),
            (31_250, "0.03125"),
            (1, "0.000001"),
            (0, "0"),
            (10**15, "1000000000"),
        ],
    )
    def test_is_said_to_the_fen_and_without_zeros_at_the_end(self, fen, words):
        assert wan(fen) == words
        assert Decimal(words) * 1_000_000 == fen

    def test_of_a_child_is_in_yuan(self):
        assert [yuan(fen) for fen in (31_250, 50_000, 5)] == ["312.5", "500", "0.05"]


class TestTables:
    def test_say_every_figure_of_the_totals(self, county):
        said = figures_said(made())

        names = dict(Program.objects.values_list("code", "short_name"))
        stages = dict(Stage.objects.values_list("code", "name"))
        columns = {"2021S": "2021年春季学期", "2021A": "2021年秋季学期", "2021": "全年"}
        wanted = {}
        for figure in totals.figures("2021"):
            if figure.stage or figure.program == totals.EVERY_PROGRAM:
                program = names.get(figure.program) or ("小计" if figure.stage else "合计")
                key = (figure.who, stages.get(figure.stage, ""), program, columns[figure.term])
                wanted[key] = (figure.persons, figure.amount_fen)
        # The sum of a stage stands only where it has several programs.
        alone = {key for key in wanted if key[2] == "小计" and key[:3] not in {each[:3] for each in said}}
        for who, stage, _sum, column in alone:
            others = {key: wanted[key] for key in wanted if (key[0], key[1], key[3]) == (who, stage, column)}
            assert len(set(others.values())) == 1
        assert {key: value for key, value in said.items() if value != (0, 0)} == {
            key: value for key, value in wanted.items() if key not in alone
        }

    def test_have_unit_definition_and_moment(self, county):
        notes = read(made()).notes

        assert notes.count("单位：人次、万元") == 2
        assert str(totals.DEFINITION) in notes
        assert "数据截至：2021年10月11日09:30。" in notes


class TestSentences:
    def test_say_the_figures_of_every_program_term_and_year(self, county):
        paper = read(made())
        text = "\n".join(words for words in ("\n".join(each) for each in paper.sections.values()))

        figures = {(each.program, each.term, each.who, each.stage): each for each in totals.figures("2021")}
        for (program, term, who, stage), whole in figures.items():
            if stage or program == totals.EVERY_PROGRAM or who != totals.ALL:
                continue
            name = Program.objects.get(pk=program).name
            whom, unit = ("人次", "人次") if term == "2021" else ("名学生", "人")
            money = re.escape(wan(whole.amount_fen))
            said = rf"为{whole.persons}{whom}(?:发放|落实){name}(?:，免除金额|，资金)?{money}万元(?:（[^）]*）)?"
            poor = figures.get((program, term, totals.REGISTERED_POOR, ""))
            if poor is None:
                said += r"[；。]"
            elif poor.persons == whole.persons:
                said += "，均为脱贫家庭及监测对象学生"
            else:
                money = re.escape(wan(poor.amount_fen))
                said += rf"，其中脱贫家庭及监测对象学生{poor.persons}{unit}(?:（[^）]*）)?、{money}万元"
            assert re.search(said, text), (whole, said, text)

    def test_say_no_other_amounts(self, county):
        """Every amount is a figure, or of a tier or a kind of school, whose parts add up to a figure."""
        text = "\n".join("\n".join(each) for each in read(made()).sections.values())
        known = {wan(figure.amount_fen) for figure in totals.figures("2021")}
        parts = {wan(cell.amount_fen) for cells in Year(2021)._cells.values() for cell in cells}

        said = set(re.findall(r"([\d.]+)万元", text))

        assert len(said) > 15
        assert said <= known | parts

    def test_begin_with_the_year_its_poor_its_terms_and_stages(self, county):
        words = section("常规资助工作落实情况")

        assert words.startswith("2021年全县共资助家庭经济困难学生31人次，资助金额1.87555万元；其中")
        assert "脱贫家庭及监测对象学生（原建档立卡）15人次，资助金额0.8265万元。" in words
        assert "2021年春季学期17人次、1.01805万元；2021年秋季学期14人次、0.8575万元。" in words
        assert "按学段分：学前7人次、0.16万元；小学" in words

    def test_say_the_one_amount_that_all_children_get(self, county):
        words = section("学前教育资助")

        assert (
            "按每生每学期200元的标准，为3名学生发放学前教育生活补助0.06万元，其中脱贫家庭及监测对象学生2人、0.04万元"
            in words
        )
        assert "按每生每学期300元的标准，为2名学生发放学前教育保教费资助0.06万元，均为脱贫家庭及监测对象学生" in words

    def test_part_a_program_by_stage(self, county):
        words = section("义务教育资助")

        assert (
            "按小学每生每学期500元、初中每生每学期625元的标准，为5名学生发放义务教育家庭经济困难寄宿生生活补助0.275万元"
            "（小学3人、0.15万元；初中2人、0.125万元），其中脱贫家庭及监测对象学生2人（小学1人，初中1人）、0.1125万元"
        ) in words
        assert "2021年全年共为10人次发放义务教育家庭经济困难寄宿生生活补助0.5625万元" in words

    def test_part_a_program_by_tier(self, county):
        words = section("普通高中教育资助")

        assert "分3个档次为4名学生发放普通高中国家助学金0.425万元（一档每生每学期1500元，1人、0.15万元；" in words
        assert "三档每生每学期750元，1人、0.075万元）" in words

    def test_part_a_program_by_kind_of_school(self, county):
        words = section("中职教育资助")

        assert (
            "按普通中专每生每学期950元、职业中专每生每学期600元的标准，为3名学生落实中职免学费，免除金额0.25万元"
            in words
        )
        assert "（普通中专2人、0.19万元；职业中专1人、0.06万元）" in words

    def test_part_a_program_by_category_where_every_award_has_one(self, county):
        words = section("普通高中教育资助")

        assert (
            "按学校核定的收费标准（每生每学期540.5元、720元），为3名学生落实普通高中免学杂费，免除金额0.19805万元"
            in words
        )
        assert "按困难类型分为脱贫家庭及监测对象（原建档立卡）2人、低保1人。" in words
        aid("2021A", "boarder-living", "primary", 50_000, 1, category="low-income")
        assert "按困难类型" not in section("义务教育资助")

    def test_say_that_a_program_of_the_term_has_no_awards_yet(self, county):
        words = section("学前教育资助").split("\n")[1]

        assert words.startswith("2021年秋季学期，")
        assert "学前教育保教费资助还没有经县级审定的资助。" in words

    def test_are_silent_on_a_program_that_the_term_does_not_carry_out(self, county):
        TermProgram.objects.filter(term="2021A", program="preschool-care").delete()

        autumn = section("学前教育资助").split("\n")[1]

        assert "保教费" not in autumn
        assert "生活补助" in autumn

    def test_of_a_year_without_awards_make_sense(self, reference):
        paper = read(made())

        assert paper.text("常规资助工作落实情况") == "2021年度还没有经县级审定的资助。"
        assert "学前教育生活补助还没有经县级审定的资助。" in paper.text("学前教育资助")
        assert "全年" not in paper.text("学前教育资助")
        assert charts(made()) == []
        assert set(figures_said(made()).values()) == {(0, 0)}

    def test_leave_out_a_stage_that_the_county_has_not(self, reference):
        TermProgram.objects.filter(program__stages="vocational").delete()
        assert "中职教育资助" not in read(made()).sections

        SummaryText.objects.create(
            year=2021, section="stages-vocational", text="无中职。", written_by=make.UserFactory(), written_at=make.NOW
        )
        assert read(made()).text("中职教育资助").endswith("无中职。")

    def test_count_a_program_of_two_headings_under_each_by_its_stages(self, reference):
        program = make.ProgramFactory(code="meals", name="爱心午餐", kind="in-kind")
        program.stages.set(["preschool", "primary", "junior"])
        aid("2021A", "meals", "preschool", 10_000, 1)
        aid("2021A", "meals", "primary", 10_000, 2, poor=1)
        aid("2021A", "meals", "junior", 10_000, 1)
        paper = read(made())

        assert "为1名学生落实爱心午餐，资金0.01万元" in paper.text("学前教育资助")
        assert "为3名学生落实爱心午餐，资金0.03万元（小学2人、0.02万元；初中1人、0.01万元），其中脱贫" in paper.text(
            "义务教育资助"
        )

    def test_write_names_as_they_are(self, reference):
        program = make.ProgramFactory(code="odd", name='<甲> & "乙"\x0b', short_name="<甲> & '乙'\x0b")
        program.stages.set(["senior"])
        aid("2021A", "odd", "senior", 10_000, 1)

        assert '发放<甲> & "乙"0.01万元' in section("普通高中教育资助")
        assert list(charts(made())[1]["秋季学期"]) == ["<甲> & '乙'"]
        assert ("all", "普通高中", "<甲> & '乙'", "全年") in figures_said(made())

    def test_tell_few_amounts_and_only_the_ends_of_many(self, reference):
        for fen in (60_000, 65_000, 70_000, 75_000, 80_000):
            aid("2021A", "preschool-living", "preschool", fen)

        assert "按每生每学期600元至800元的标准，为5名学生发放" in section("学前教育资助")

    def test_are_in_chinese_for_every_reader(self, county):
        with translation.override("en"):
            paper = read(made())

        assert paper.parts[0] == "一、常规资助工作落实情况"
        assert "2021年春季学期，" in paper.text("学前教育资助")
        assert "【待填写：获得的表彰和荣誉】" in paper.marked


class TestAnotherCounty:
    def test_with_other_programs_comes_out_by_its_data_alone(self):
        load_national()
        load_standards(OTHER_COUNTY)
        aid("2025A", "boarder-living", "primary", 62_500, 2, poor=1)
        aid("2025A", "boarder-living", "junior", 75_000, 1)
        aid("2025A", "boarder-living", "junior", 100_000, 1, category="orphan")
        aid("2025A", "day-pupil-living", "primary", 31_250, 3, poor=3)
        aid("2025A", "senior-grant", "senior", 165_000, 1, tier="特困档")
        aid("2025A", "senior-grant", "senior", 100_000, 2, tier="普通档")
        aid("2025A", "school-aid", "senior", 50_000, 2)
        paper = read(made(2025))

        compulsory, senior = paper.text("义务教育资助"), paper.text("普通高中教育资助")
        assert "按每生每学期625元、750元、1000元的标准，为4名学生发放" in compulsory
        assert (
            "按每生每学期312.5元的标准，为3名学生发放义务教育家庭经济困难非寄宿生生活补助0.09375万元，均为"
            in compulsory
        )
        assert (
            "分2个档次为3名学生发放普通高中国家助学金0.365万元（特困档每生每学期1650元，1人、0.165万元；普通档"
            in senior
        )
        assert "为2名学生发放校内资助0.1万元" in senior
        assert "营养改善" not in compulsory

    def test_with_one_term_asks_for_the_other(self):
        load_national()
        load_standards(OTHER_COUNTY)
        paper = read(made(2025))

        assert "【待填写：系统内只有一个学期，另一学期的人次和金额】" in paper.marked
        assert {column for _who, _stage, _program, column in figures_said(made(2025))} == {"2025年秋季学期", "全年"}


class TestOtherWork:
    def test_letters_are_those_of_the_year(self, reference):
        for receipt in (date(2021, 11, 1), None):
            make.OutsideLetterFactory(
                absence__term=Term.objects.get(pk="2021A"),
                absence__person__born_on=date(2012, 3, 4),
                sent_on=date(2021, 10, 8),
                receipt_on=receipt,
            )

        assert "制发公函告知书2份，其中义务教育阶段学生2份；收回回执1份。" in section("外地就读学生告知情况")

    def test_without_letters_and_comparisons_it_says_so(self, reference):
        assert "没有在外地就读学生公函告知书的记录" in section("外地就读学生告知情况")
        assert "没有已完成的名单比对" in section("困难家庭学生信息比对核查")

    def test_a_comparison_says_whom_it_found_by_stage(self, reference):
        person = make.RegisterPersonFactory()
        source = person.snapshot.source
        lines = [("preschool", 3), ("primary", 5), ("junior", 4), ("senior", 2)]
        check = make.CrosscheckFactory(
            term=Term.objects.get(pk="2021A"),
            snapshots=[person.snapshot],
            counts={
                "lines": [
                    {"source": source.code, "state": "sure", "tier": "exact", "stage": stage, "children": n}
                    for stage, n in lines
                ]
            },
        )
        make.MatchFactory(suspected=True, crosscheck=check, person=person, enrollment__term=check.term)
        words = section("困难家庭学生信息比对核查")

        assert (
            "自动确认脱贫家庭及监测对象学生14人，其中学前教育3人，义务教育9人（小学5人，初中4人），普通高中教育2人"
            in words
        )
        assert source.name in words
        assert "人工核实确认0条、排除0条，尚有1条待核实" in words

    def test_problems_count_children_not_found(self, reference):
        absence = make.AbsenceFactory(term=Term.objects.get(pk="2021A"), person__born_on=date(2012, 3, 4))
        make.CrosscheckFactory(term=absence.term, snapshots=[absence.person.snapshot])

        words = section("存在的主要问题和原因")

        assert "有1人不在全县花名册中，正在查找1人" in words
        assert "2021年秋季学期没有应助未助和不应助已助的记录。" in words

    def test_problems_count_what_does_not_agree(self, county):
        words = section("存在的主要问题和原因")

        assert re.search(r"2021年秋季学期尚有应助未助\d+条、不应助已助1\d条", words)


class TestOutline:
    def test_is_that_of_the_countys_report(self, county):
        assert read(made()).parts == [
            "一、常规资助工作落实情况",
            "二、其它资助工作开展情况",
            "三、其它方面工作落实情况",
            "四、爱心助学募捐以及救助开展情况",
            "五、资助工作所获得的荣誉",
            "六、学生资助工作中存在的问题",
        ]

    def test_marks_yellow_what_people_have_not_written(self, county):
        told, content = summary_document.made(2021, SummaryText.objects.all(), at=make.NOW)

        assert read(content).marked == [each.gap for each in told.gaps]
        assert len(told.gaps) == 12
        assert "【待填写：获得的表彰和荣誉】" in read(content).marked

    def test_of_a_year_without_terms_is_refused(self, reference):
        with pytest.raises(totals.NoSuchScope):
            summary.of(1999, SummaryText.objects.all())

    def test_names_nobody(self, county):
        from students.models import Student

        with zipfile.ZipFile(io.BytesIO(made())) as package:
            whole = "\n".join(
                package.read(name).decode("utf-8", "replace") for name in package.namelist() if name.endswith(".xml")
            )
        for child in Student.objects.all():
            assert child.name not in whole
            assert child.id_number not in whole

    def test_costs_the_same_queries_for_twice_the_awards(self, county):
        def queries():
            with CaptureQueriesContext(connection) as caught:
                summary.of(2021, SummaryText.objects.all(), says=lambda each: not each.is_slow)
            return len(caught)

        before = queries()
        aid("2021S", "preschool-living", "preschool", 20_000, 5)
        aid("2021A", "boarder-living", "junior", 62_500, 5)

        assert queries() == before


class TestDocument:
    def test_is_set_like_an_official_paper(self, county):
        document = Document(io.BytesIO(made()))
        page, styles = document.sections[0], document.styles

        assert (round(page.page_width.mm), round(page.page_height.mm)) == (210, 297)
        fonts = {name: styles[name].element.rPr.rFonts for name in ("Title", "Heading 1", "Heading 2", "Summary Body")}
        east = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}eastAsia"
        assert {name: font.get(east) for name, font in fonts.items()} == {
            "Title": "方正小标宋简体",
            "Heading 1": "黑体",
            "Heading 2": "楷体_GB2312",
            "Summary Body": "仿宋_GB2312",
        }
        assert not any(key.endswith("Theme") for font in fonts.values() for key in font)
        assert styles["Title"].font.size == Pt(22)
        assert (styles["Summary Body"].font.size, styles["Summary Body"].paragraph_format.line_spacing) == (
            Pt(16),
            Pt(28),
        )
        assert "PAGE" in page.footer._element.xml
        assert document.core_properties.title == "2021年学生资助管理中心工作总结"

    def test_has_native_charts_with_the_figures(self, county):
        by_stage, by_term = charts(made())

        assert list(by_stage) == ["全年"]
        stages = {stage.code: stage.name for stage in Stage.objects.all()}
        figures = totals.figures("2021")
        assert {name: value * 1_000_000 for name, value in by_stage["全年"].items()} == {
            stages[figure.stage]: figure.amount_fen
            for figure in figures
            if figure.stage and (figure.program, figure.term, figure.who) == ("all", "2021", "all")
        }
        assert list(by_term) == ["春季学期", "秋季学期"]
        names = dict(Program.objects.values_list("code", "short_name"))
        for term, series in (("2021S", "春季学期"), ("2021A", "秋季学期")):
            said = {name: value * 1_000_000 for name, value in by_term[series].items() if value}
            assert said == {
                names[figure.program]: figure.amount_fen
                for figure in figures
                if not figure.stage and figure.program in names and (figure.term, figure.who) == (term, "all")
            }

    def test_charts_stand_on_their_own_workbooks(self, county):
        content = made()
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            for number, chart in enumerate(charts(content), start=1):
                links = etree.fromstring(package.read(f"word/charts/_rels/chart{number}.xml.rels"))
                assert [link.get("Target") for link in links] == [f"../embeddings/Microsoft_Excel_Sheet{number}.xlsx"]
                book = package.read(f"word/embeddings/Microsoft_Excel_Sheet{number}.xlsx")
                sheet = openpyxl.load_workbook(io.BytesIO(book))["Sheet1"]
                heads, *rows = sheet.iter_rows(values_only=True)
                for column, (series, values) in enumerate(chart.items(), start=1):
                    assert heads[column] == series
                    assert [row[0] for row in rows] == list(values)
                    assert [Decimal(str(row[column])) for row in rows] == list(values.values())

    def test_is_a_whole_package(self, county):
        """Every part is well formed, has a content type, and every link leads to a part."""
        with zipfile.ZipFile(io.BytesIO(made())) as package:
            assert package.testzip() is None
            names = set(package.namelist())
            types = etree.fromstring(package.read("[Content_Types].xml"))
            known = {each.get("PartName", "").lstrip("/") for each in types}
            endings = {each.get("Extension") for each in types}
            for name in names - {"[Content_Types].xml"}:
                assert name in known or name.rpartition(".")[2] in endings, name
                if name.endswith((".xml", ".rels")):
                    root = etree.fromstring(package.read(name))
                if name.endswith(".rels"):
                    folder = name.rpartition("_rels/")[0]
                    for link in root:
                        target = link.get("Target")
                        path = target.lstrip("/") if target.startswith("/") else f"{folder}{target}"
                        while "/../" in path:
                            path = re.sub(r"[^/]+/\.\./", "", path, count=1)
                        assert path in names, (name, target)
            document = package.read("word/document.xml").decode()
            drawn = re.findall(r'<c:chart [^>]*r:id="(\w+)"', document)
            links = etree.fromstring(package.read("word/_rels/document.xml.rels"))
            kinds = {link.get("Id"): link.get("Type").rpartition("/")[2] for link in links}
            assert [kinds[each] for each in drawn] == ["chart", "chart"]

    def test_elements_stand_in_the_order_of_the_schema(self, county):
        """Word refuses to open what LibreOffice forgives."""
        with zipfile.ZipFile(io.BytesIO(made())) as package:
            for part in ("word/document.xml", "word/styles.xml", "word/footer1.xml"):
                for element in etree.fromstring(package.read(part)).iter("{*}*"):
                    order = WORD_ORDER.get(etree.QName(element).localname, "").split()
                    names = [etree.QName(each).localname for each in element]
                    if order and element.tag.startswith("{http://schemas.openxmlformats.org/wordprocessingml"):
                        assert set(names) <= set(order), (part, names)
                        assert names == sorted(names, key=order.index), (part, names)

    def test_chart_elements_stand_in_the_order_of_the_schema(self, county):
        order = ["idx", "order", "tx", "spPr", "invertIfNegative", "dLbls", "cat", "val"]
        labels = ["numFmt", "spPr", "txPr", "dLblPos", "showLegendKey", "showVal", "showCatName", "showSerName",
                  "showPercent", "showBubbleSize"]  # fmt: skip
        whole = ["date1904", "roundedCorners", "chart", "txPr", "externalData"]
        with zipfile.ZipFile(io.BytesIO(made())) as package:
            for number in (1, 2):
                root = etree.fromstring(package.read(f"word/charts/chart{number}.xml"))
                assert [etree.QName(each).localname for each in root] == whole
                for series in root.iter("{*}ser"):
                    assert [etree.QName(each).localname for each in series] == order
                    assert [etree.QName(each).localname for each in series.find("{*}dLbls")] == labels
