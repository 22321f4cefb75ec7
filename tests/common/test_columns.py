"""The head is found however an office lays out its sheet, and a cell says what it says."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.columns import (
    DoubledColumns,
    MissingColumns,
    cell_text,
    find_head,
    is_blank,
    is_foot_row,
    is_total_row,
    read_date,
    read_yes_no,
    stated_total,
)
from common.resident_ids import IdKind, kind

SYNONYMS = {
    "name": ("姓名", "学生姓名"),
    "id_number": ("身份证件号码", "身份证号", "证件号码"),
    "grade": ("年级",),
    "class_name": ("班级", "班级名称"),
    "guardian_name": ("监护人姓名", "家长姓名"),
    "village": ("户籍村", "户籍所在村"),
    "amount": ("金额",),
}
REQUIRED = ("name", "id_number")


class TestFindHead:
    def test_passes_over_titles_and_keeps_what_they_say(self):
        rows = [
            ["某县2021年秋季学期学生花名册"],
            [None, "学校标识码：3141000001", None, "学期：2021A"],
            [],
            ["序号", "姓名", "身份证件号码", "年级"],
            [1.0, "张三", "411625201203150012", "一年级"],
        ]

        head = find_head(rows, SYNONYMS, REQUIRED)

        assert head.columns == {"name": 1, "id_number": 2, "grade": 3}
        assert (head.first_row, head.last_row) == (4, 4)
        assert head.preamble == "某县2021年秋季学期学生花名册\n学校标识码：3141000001 学期：2021A"
        assert head.unknown == ["序号"]

    @pytest.mark.parametrize(
        "heading",
        ["姓名★", "*姓 名", "姓\n名", "姓名（必填）", "【必填】姓名", " 姓\u3000名\u200b", "学生姓名", "姓名:"],
    )
    def test_looks_through_marks_blanks_and_notes(self, heading):
        head = find_head([[heading, "证件号码"]], SYNONYMS, REQUIRED)

        assert head.columns == {"name": 0, "id_number": 1}

    @pytest.mark.parametrize(
        ("heading", "found"),
        [
            ("身份证件号玛", "id_number"),  # one wrong character
            ("身份正件号码", "id_number"),
            ("监护人姓名名", "guardian_name"),  # one too many
            ("身份证件类型", None),
            ("户籍所在镇", None),
            ("父亲姓名", None),
            ("金额（万元）", None),
            ("性名", None),  # too short to be sure
        ],
    )
    def test_forgives_a_typing_error_but_no_other_meaning(self, heading, found):
        head = find_head([["姓名", heading]], SYNONYMS, ["name"])

        assert head.columns == ({"name": 0, found: 1} if found else {"name": 0})
        assert head.unknown == ([] if found else [heading])

    def test_reads_merged_heads_of_two_rows_with_their_groups(self):
        rows = [
            ["花名册"],
            ["姓名", "身份证号", "监护人", None, "户籍", None],
            [None, None, "姓名", "电话", "乡镇", "户籍村"],
            ["张三", "411625201203150012", "张大", "138", "某镇", "某村"],
        ]
        merged = [(0, 0, 0, 5), (1, 0, 2, 0), (1, 1, 2, 1), (1, 2, 1, 3), (1, 4, 1, 5)]

        head = find_head(rows, SYNONYMS, REQUIRED, merged=merged)

        assert head.columns == {"name": 0, "id_number": 1, "guardian_name": 2, "village": 5}
        assert (head.first_row, head.last_row) == (2, 3)
        assert head.headings["guardian_name"] == "监护人姓名"
        assert head.unknown == ["监护人电话", "户籍乡镇"]

    def test_takes_subheadings_and_column_numbers_for_no_child(self):
        rows = [
            ["姓名", "身份证号", "补助", None],
            [None, None, "应发", "实发"],
            ["甲", "乙", "1", "2"],
            ["张三", "411625201203150012", 500.0, 500.0],
        ]

        assert find_head(rows, SYNONYMS, REQUIRED).last_row == 3

    def test_does_not_mistake_the_first_child_for_a_part_of_the_head(self):
        rows = [["姓名", "身份证号", "年级", "班级"], ["张三", None, "一年级", None], ["李四", "4116", "1", "2"]]

        assert find_head(rows, SYNONYMS, REQUIRED).last_row == 1

    def test_names_the_columns_that_are_missing(self):
        with pytest.raises(MissingColumns, match="没有找到这些列：身份证件号码。"):
            find_head([["序号", "姓名"]], SYNONYMS, REQUIRED)
        with pytest.raises(MissingColumns, match="没有找到这些列：姓名、身份证件号码。"):
            find_head([], SYNONYMS, REQUIRED)

    def test_prefers_the_more_trusted_spelling_and_tells_of_equal_ones(self):
        head = find_head([["学生姓名", "姓名", "证件号码", "年级", "年级"]], SYNONYMS, REQUIRED)

        assert head.columns["name"] == 1
        assert head.doubled == {"grade": [3, 4]}
        with pytest.raises(DoubledColumns, match="姓名"):
            find_head([["姓名", "姓名", "证件号码"]], SYNONYMS, REQUIRED)

    def test_leaves_alone_what_nobody_needs(self):
        words = {**SYNONYMS, "": ("民族", "学籍辅号")}

        head = find_head([["姓名", "证件号码", "民族", "民族", "学籍辅好", "鞋码"]], words, REQUIRED)

        assert head.columns == {"name": 0, "id_number": 1}
        assert head.doubled == {}
        assert (head.unknown, head.unknown_places) == (["学籍辅好", "鞋码"], [4, 5])

    def test_says_what_it_guessed_and_where_each_heading_stands(self):
        rows = [
            ["花名册"],
            ["姓名", "身份证件号玛", "监护人", None],
            [None, None, "姓名", "电话"],
            ["张三", "411625201203150012", "张大", "138"],
        ]

        head = find_head(rows, SYNONYMS, REQUIRED, merged=[(1, 0, 2, 0), (1, 1, 2, 1), (1, 2, 1, 3)])

        assert head.guessed == ["id_number"]
        assert [head.heading_row(place) for place in range(4)] == [2, 2, 3, 3]

    def test_looks_no_deeper_than_twelve_rows(self):
        rows = [["说明"]] * 12 + [["姓名", "身份证号"]]

        with pytest.raises(MissingColumns):
            find_head(rows, SYNONYMS, REQUIRED)

    @given(
        st.permutations(list(SYNONYMS)),
        st.lists(st.lists(st.sampled_from(["某县", None, "2021年", 5.0]), max_size=4), max_size=9),
        st.data(),
    )
    def test_finds_any_order_of_columns_below_any_titles(self, order, titles, data):
        headings = [data.draw(st.sampled_from(SYNONYMS[name])) for name in order]

        head = find_head([*titles, headings, ["x"] * len(order)], SYNONYMS, REQUIRED)

        assert head.columns == {name: place for place, name in enumerate(order)}
        assert head.last_row == len(titles) + 1

    @given(
        st.lists(
            st.lists(
                st.one_of(st.none(), st.sampled_from(["姓名", "年级"]), st.text(max_size=9), st.floats(-1e9, 1e9)),
                max_size=6,
            ),
            max_size=14,
        )
    )
    def test_never_fails_otherwise_than_by_naming_columns(self, rows):
        with pytest.raises((MissingColumns, DoubledColumns), match=r"姓名|身份证件号码"):
            find_head(rows, {"name": ("姓名",), "id_number": ("身份证件号码",)}, REQUIRED)


class TestRowsThatAreNoChild:
    @pytest.mark.parametrize(
        "row",
        [
            ["合计", None, 5.0],
            [None, "小 计", 3.0],
            ["一年级小计", 3.0],
            ["总计：", 3.0],
            ["本页小计"],
            ["合计（人）"],
            ["合计5人"],
        ],
    )
    def test_total(self, row):
        assert is_total_row(row)

    @pytest.mark.parametrize(
        "row",
        [
            ["单位负责人：王五", "审核人："],
            ["填表人（签字）："],
            ["备注：本表一式两份"],
            ["注：以上"],
            ["制表：李四"],
            ["校长签字：", None],
        ],
    )
    def test_foot(self, row):
        assert is_foot_row(row)

    @pytest.mark.parametrize("row", [[], [None], ["", " \u3000", "\u200b"]])
    def test_blank(self, row):
        assert is_blank(row)

    @pytest.mark.parametrize(
        "row",
        [
            [1.0, "张三", "411625201203150012"],
            ["1", "计合", "备注无"],
            ["注琳", "一年级"],
            ["校长乐", "一年级"],
            ["说明珠", "二年级"],
            [2.0, "李四", "合计村", None],
        ],
    )
    def test_a_child_is_none_of_them(self, row):
        assert not is_total_row(row)
        assert not is_foot_row(row)
        assert not is_blank(row)


class TestStatedTotal:
    @pytest.mark.parametrize(
        ("row", "total"),
        [
            (["合计：35人"], 35),
            (["合计 35 人"], 35),
            (["总计", 35.0], 35),
            (["合计", None, "35人"], None),
            ([None, "合计", "共35名"], 35),
            (["合计"], None),
            (["合计", None, 35_000.0], None),
            (["小计", 12.0], None),
            (["本页小计：12人"], None),
            (["1", "张三"], None),
        ],
    )
    def test_counts_children_and_no_subtotals_or_sums_of_money(self, row, total):
        assert stated_total(row) == total


class TestCellText:
    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            (None, ""),
            (5.0, "5"),
            (-3.0, "-3"),
            (0.1, "0.1"),
            (1250.55, "1250.55"),
            (1e-7, "0.0000001"),
            (13_800_000_000.0, "13800000000"),
            (True, "TRUE"),
            (" 张\u3000三\u00a0\u200b", "张\u3000三"),
            (date(2012, 3, 15), "2012-03-15"),
        ],
    )
    def test_is_what_a_person_sees(self, cell, text):
        assert cell_text(cell) == text

    @given(st.integers(10**15, 10**18))
    def test_never_makes_an_id_of_a_number_that_lost_its_last_digits(self, number):
        assert kind(cell_text(float(number))) is IdKind.LOST

    @given(st.integers(-(10**14), 10**14))
    def test_keeps_whole_numbers_whole(self, number):
        assert cell_text(float(number)) == str(number)

    @given(st.floats(-1e14, 1e14))
    def test_loses_nothing_of_other_numbers(self, number):
        assert float(cell_text(number)) == number


class TestReadDate:
    @given(
        st.dates(date(1910, 1, 2), date(2099, 11, 1)),
        st.sampled_from(
            ["{0:%Y%m%d}", "{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0:%Y.%m.%d}", "{0.year}-{0.month}-{0.day}",
             "{0.year}.{0.month}.{0.day}", "{0.year}年{0.month}月{0.day}日", " {0.year} 年 {0.month} 月 {0.day} 日",
             "{0:%Y-%m-%d} 00:00:00", "{0:%Y-%m-%d}T08:30:00", "'{0:%Y%m%d}"]
        ),
    )  # fmt: skip
    def test_reads_every_way_to_write_a_day(self, day, way):
        assert read_date(way.format(day)) == day

    @given(st.dates(date(1910, 1, 2), date(2099, 11, 1)))
    def test_reads_date_cells_and_serial_numbers(self, day):
        serial = (day - date(1899, 12, 30)).days

        assert read_date(day) == day
        assert read_date(datetime(day.year, day.month, day.day, 8)) == day  # noqa: DTZ001 - sheets know no time zones
        assert read_date(float(serial)) == read_date(serial + 0.5) == read_date(str(serial)) == day
        assert read_date(float(f"{day:%Y%m%d}")) == day

    def test_folds_full_width_digits(self):
        assert read_date("２０１２－０３－１５") == date(2012, 3, 15)

    @pytest.mark.parametrize(
        "cell",
        [None, "", "不详", True, 2012.0, 12.0, "2012", "201203", "2012-13-01", "20120230", "2012年3月", "1812-01-01"],
    )
    def test_reads_no_day_where_none_is_written(self, cell):
        assert read_date(cell) is None

    @given(st.one_of(st.text(max_size=20), st.floats(allow_nan=False, allow_infinity=False)))
    def test_never_fails(self, cell):
        day = read_date(cell)

        assert day is None or date(1900, 1, 1) <= day <= date(2100, 12, 31) + timedelta(days=1)


class TestReadYesNo:
    @pytest.mark.parametrize("cell", ["是", " 是 ", "√", "1", 1.0, "Y", "y", "Ｙ", "有", True, "TRUE"])
    def test_yes(self, cell):
        assert read_yes_no(cell) is True

    @pytest.mark.parametrize("cell", ["否", "×", "0", 0.0, "N", "无", "不是", "非", False])
    def test_no(self, cell):
        assert read_yes_no(cell) is False

    @pytest.mark.parametrize("cell", [None, "", "不详", "2", 2.0, "是否", "/"])
    def test_says_nothing_where_nothing_is_said(self, cell):
        assert read_yes_no(cell) is None

    @given(st.text(max_size=20) | st.floats(allow_nan=False, allow_infinity=False) | st.dates() | st.none())
    def test_never_fails(self, cell):
        assert read_yes_no(cell) in (True, False, None)
