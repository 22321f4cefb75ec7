"""Reading a published summary from outside: the county's text of 2021, and invented ones that agree or don't."""

import time

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reports.published.figures import Kind, figures
from reports.published.findings import TooManyFigures, read
from reports.published.misprints import Slip, explain
from reports.published.terms import Rule
from tests.harness.models import ROOT
from tests.reports.published_texts import PADDING, spoiled, summaries

COUNTY = (ROOT / "fixtures" / "reference" / "county-report-2021.txt").read_text()

LAZY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def found(text):
    """Each contradiction as the numbers it marks and the readings it proposes."""
    return [
        ([figure.printed for figure in finding.figures], [reading.text for reading in finding.readings])
        for finding in read(text).findings
    ]


class TestCountyReport:
    def test_is_contradicted_where_its_own_terms_say_so_and_nowhere_else(self):
        assert found(COUNTY) == [
            (["95418"], []),
            (["6180.817"], []),
            (["34209"], []),
            (["2246.222"], []),
            (["191."], ["191.64"]),
            (["2544", "2545"], ["2545", "2544"]),
            (["23"], ["2643"]),
            (["667"], ["66.7"]),
            (["62.02"], ["60.02"]),
            (["2"], ["289"]),
        ]

    def test_gives_the_sum_of_the_lines_where_no_choice_of_them_makes_the_headline(self):
        headline = [finding for finding in read(COUNTY).findings if finding.rules == (Rule.HEADLINE,)]

        assert [(f.figures[0].printed, f.sum_of_lines, f.no_choice_fits) for f in headline] == [
            ("95418", "101259", True),
            ("6180.817", "6170.4555", True),
            ("34209", "35316", True),
            ("2246.222", "2174.43", True),
        ]

    def test_names_the_figures_that_are_contradicted_and_how_the_number_went_wrong(self):
        by_number = {finding.figures[0].printed: finding for finding in read(COUNTY).findings}

        lost = by_number["23"]
        assert {"6084", "3441", "205.095", "950", "600", "354"} == {figure.printed for figure in lost.against}
        assert {Rule.TERMS, Rule.SPLIT, Rule.WITHIN} == set(lost.rules)
        slips = {number: by_number[number].readings[0].slip for number in ("23", "667", "62.02", "191.", "2")}
        assert slips == {
            "23": Slip.LOST, "667": Slip.POINT, "62.02": Slip.DIGIT, "191.": Slip.CUT_OFF, "2": Slip.LOST,
        }  # fmt: skip

    def test_says_what_each_of_two_equal_readings_would_contradict(self):
        pair = next(finding for finding in read(COUNTY).findings if len(finding.readings) == 2)

        assert [(reading.text, reading.fails) for reading in pair.readings] == [
            ("2545", (Rule.PARTS,)),
            ("2544", (Rule.TERMS,)),
        ]

    def test_places_are_those_of_the_text(self):
        lines = COUNTY.split("\n")
        for finding in read(COUNTY).findings:
            for figure in finding.figures:
                assert lines[figure.line - 1][figure.column - 1 :].startswith(figure.printed)

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [
            ("4702人", "472人"),
            ("94.04万元", "94.4万元"),
            ("7110名", "710名"),
            ("3212人)", "3122人)"),
            ("4251人", "451人"),
        ],
    )
    def test_is_contradicted_in_one_more_place_when_one_more_number_is_spoiled(self, right, wrong):
        assert COUNTY.count(right) == 1

        more = [one for one in found(COUNTY.replace(right, wrong)) if one not in found(COUNTY)]

        number = right.rstrip("人名万元)")
        assert [readings for _marked, readings in more] == [[number]]


class TestSilence:
    @LAZY
    @given(summaries())
    def test_nothing_is_said_of_figures_that_agree(self, text):
        assert found(text) == []

    @pytest.mark.parametrize(
        "text",
        [
            "全年共发放273万元，其中春季124.14万元，秋季148.85万元。",
            "春季学期资助1200人，秋季学期资助1300人，全年资助学生1450人，部分学生两学期均受资助。",
            "现有学生1200人，教职工86人，其中建档立卡学生157人。",
            "资助困难幼儿28名，每人每年1000元，春季已发放14000元。",
            "共认定困难学生3860人，其中脱贫家庭学生1204人，低保家庭学生655人，残疾学生88人。",
            "为每名学生每天补助4元，全年200天，共补助620人，49.6万元。",
            "春季资助120人，12万元；秋季资助130人，13万元；全年资助250人，两项资金合计25万元。",
            "助学金100人次，10万元；资助标准为一档1500元、二档1000元，发放金额12万元。",
            "比去年增加312人，增长8.2%，去年共资助12345人次，今年共资助12354人次。",
            "2021年3月5日下发教资助〔2021〕16号文件，第3次会议，3-6岁幼儿，回收回执685粉。",
            "资助学生20xx人，资金万元，近三年达..万元，人数为1270多人。",
            *PADDING,
        ],
    )
    def test_nothing_is_said_where_nothing_is_sure(self, text):
        assert found(text) == []


class TestSpoiledNumbers:
    @LAZY
    @given(st.data())
    def test_whatever_is_said_concerns_the_number_that_was_spoiled(self, data):
        text, figure, _now = spoiled(data.draw, data.draw(summaries()))

        for finding in read(text).findings:
            assert figure.start in {other.start for other in (*finding.figures, *finding.against)}

    @LAZY
    @given(st.data())
    def test_a_number_of_spring_autumn_or_year_is_found(self, data):
        whole = data.draw(summaries())
        text, figure, now = spoiled(data.draw, whole)
        line = whole.split("\n")[figure.line - 1]
        assume("春季" in line or "秋季" in line or "全年" in line)
        assume(line not in PADDING and figure.kind is not Kind.RATE)
        before, after = figure.value, next(one.value for one in figures(text) if one.start == figure.start)
        hidden_by_rounding = 2 * max(one.step for one in figures(text) if one.kind is figure.kind)
        assume(now != figure.printed and abs(after - before) > max(before / 50, hidden_by_rounding))

        marked = {other.start for finding in read(text).findings for other in finding.figures}

        assert figure.start in marked


class TestFigures:
    def test_years_days_numbers_of_documents_and_list_marks_are_none(self):
        text = "1、2021年8月1日〔2021〕16号第3名426所12.5%，3-6岁，20xx人，约5次"

        assert figures(text) == []

    @pytest.mark.parametrize(
        ("text", "kind", "value"),
        [
            ("资助２３４人", Kind.PEOPLE, 234),
            ("资助1,234人次", Kind.PEOPLE, 1234),
            ("在校生18.4856万人", Kind.PEOPLE, 184856),
            ("发放资金667万，", Kind.MONEY, 6_670_000),
            ("发放 94.04 万元", Kind.MONEY, 940_400),
            ("按每生每学期625元", Kind.RATE, 625),
            ("补助1000元/生", Kind.RATE, 1000),
        ],
    )
    def test_are_read_with_their_unit(self, text, kind, value):
        (figure,) = figures(text)

        assert (figure.kind, figure.value) == (kind, value)

    @pytest.mark.parametrize("text", ["1," * 40_000 + "人", "1" * 90_000 + "人", "每生" * 40_000, "（" * 90_000])
    def test_of_a_text_made_to_tire_are_soon_read(self, text):
        begun = time.process_time()

        read(text)

        assert time.process_time() - begun < 5

    def test_with_broken_groups_are_one_number(self):
        (figure,) = figures("资助1,12人次")

        assert (figure.printed, figure.value) == ("1,12", 112)

    def test_of_an_endless_text_are_refused(self):
        with pytest.raises(TooManyFigures):
            read("资助12人。" * 1_000)


class TestExplanations:
    @pytest.mark.parametrize(
        ("printed", "true", "slip"),
        [
            ("23人", 2643, Slip.LOST),
            ("472人", 4702, Slip.LOST),
            ("2545人", 2544, Slip.DIGIT),
            ("4072人", 4702, Slip.SWAPPED),
            ("47022人", 4702, Slip.ADDED),
            ("731人", 2643, Slip.UNEXPLAINED),
        ],
    )
    def test_name_what_happened(self, printed, true, slip):
        (figure,) = figures(f"资助{printed}")

        assert explain(figure, true * figure.step).slip == slip

    def test_of_few_digits_prove_little(self):
        (short,), (long,) = figures("资助2人"), figures("资助5345人")

        assert explain(short, 289 * short.step).chance > 0.2
        assert explain(long, 5_245 * long.step).chance < 0.01
