"""Tables that go out look official, come back as they were, and can't do anything."""

import io
import re
import zipfile
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from common import sheets
from common.workbooks import Column, write_table

COLUMNS = [
    Column("序号", width=6, kind="number"),
    Column("姓名"),
    Column("身份证号", width=22),
    Column("金额(元)", kind="money"),
    Column("发放日期", kind="date"),
]
ROWS = [
    [1, "张三", "411625201203150012", 62_550, date(2021, 3, 5)],
    [2, "买买提·吐尔逊", "41162520120315002X", 1, None],
]
_CALLS = ("1+1", 'HYPERLINK("http://x","y")', "cmd|' /C calc'!A0", 'IMPORTXML("http://x","//a")', "SUM(A1:A9)")
PAYLOADS = [
    *(start + call for start in "=+-@＝＋－＠" for call in _CALLS[:4]),
    "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "'=1+1", "{=1+1}", "http://example.org", "https://example.org",
    "mailto:a@example.org", "internal:Sheet1!A1", "external:c:\\x.xlsx", "ftp://example.org",
    "file:///etc/passwd", '";=1+1', "=", "<f>1+1</f>", "]]><f>1</f>", "_x003D_1+1", "﹦1+1", "1e5", "0041", "TRUE",
]  # fmt: skip


def official() -> bytes:
    return write_table(
        "某县2021年春季学期发放名单",
        COLUMNS,
        ROWS,
        preamble=["填报单位（盖章）：某县", "单位：元", "2021年3月5日"],
        total=["合计", "2人", None, 62_551, None],
        foot=["单位负责人：", "审核人：", "填表人："],
    )


def opened(content: bytes) -> Worksheet:
    sheet = load_workbook(io.BytesIO(content)).active
    assert isinstance(sheet, Worksheet)
    return sheet


class TestOfficialTable:
    def test_has_title_remarks_head_total_and_foot(self):
        sheet = opened(official())

        assert [str(area) for area in sheet.merged_cells.ranges] == ["A1:E1"]
        assert [cell.value for cell in sheet["A"]] == [
            "某县2021年春季学期发放名单", "填报单位（盖章）：某县", "序号", 1, 2, "合计", "单位负责人：",
        ]  # fmt: skip
        assert [cell.value for cell in sheet[2]] == ["填报单位（盖章）：某县", "单位：元", None, None, "2021年3月5日"]
        assert [cell.value for cell in sheet[3]] == [column.heading for column in COLUMNS]
        assert sheet["D6"].value == 625.51

    def test_keeps_ids_as_text_and_shows_fen_as_yuan(self):
        sheet = opened(official())

        assert (sheet["C4"].value, sheet["C4"].number_format) == ("411625201203150012", "@")
        assert (sheet["D4"].value, sheet["D4"].number_format) == (625.5, "#,##0.00")
        assert (sheet["E4"].value.date(), sheet["E4"].number_format) == (date(2021, 3, 5), "yyyy-mm-dd")

    def test_prints_on_a4_with_its_head_on_each_page(self):
        sheet = opened(official())

        assert sheet.freeze_panes == "A4"
        assert sheet.print_title_rows == "$3:$3"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert b'fitToHeight="0"' in sheet_xml(official())

    def test_is_the_same_to_the_byte_when_written_again(self):
        assert official() == official()

    def test_may_have_a_single_column(self):
        assert [cell.value for cell in opened(write_table("名单", [Column("姓名")], [["张三"]]))["A"]] == [
            "名单", "姓名", "张三",
        ]  # fmt: skip

    def test_refuses_what_a_cell_cannot_hold_and_rows_of_another_width(self):
        with pytest.raises(ValueError, match="32767"):
            write_table("名单", [Column("备注")], [["长" * 32_768]])
        with pytest.raises(ValueError, match="shorter"):
            write_table("名单", COLUMNS, [["张三"]])


class TestCellsThatBeginLikeFormulas:
    @pytest.mark.parametrize("kind", ["text", "number", "money", "date"])
    def test_stay_text_wherever_they_stand(self, kind):
        columns = [Column(payload, kind=kind) for payload in PAYLOADS]

        content = write_table("名单", columns, [PAYLOADS], preamble=PAYLOADS, total=PAYLOADS, foot=PAYLOADS)

        assert len(PAYLOADS) >= 40
        assert cannot_act(content)
        rows = list(opened(content).iter_rows(min_row=2))
        assert len(rows) == 5
        assert {cell.data_type for row in rows for cell in row} == {"s"}

    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_stay_text_in_titles(self, payload):
        assert cannot_act(write_table(payload, [Column("姓名"), Column("班级")], []))

    def test_come_back_as_they_were(self):
        content = write_table("名单", [Column("备注")], [[payload] for payload in PAYLOADS])

        read = [row[0] for row in list(sheets.read(content).rows())[2:]]

        assert [str(cell).strip() for cell in read] == [payload.strip() for payload in PAYLOADS]


class TestRoundTrip:
    @settings(max_examples=40)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 10**9),
                st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=20),
                st.integers(0, 10**17).map("{:017}X".format),
                st.integers(0, 10**11),
                st.dates(date(1910, 1, 1), date(2099, 1, 1)),
            ),
            max_size=5,
        )
    )
    def test_gives_back_what_was_written(self, rows):
        content = write_table("名单", COLUMNS, rows)

        with sheets.Reader() as reader:
            read = list(sheets.read(content, reader=reader).rows())[2:]

        assert [
            (int(number), name, resident_id, round(amount * 100), day)
            for number, name, resident_id, amount, day in read
        ] == rows  # fmt: skip


def cannot_act(content: bytes) -> bool:
    """Whether the workbook has no formula and no link."""
    is_formula_or_link = re.search(rb"<f[ >]|<hyperlink|<oleObject|<ddeLink", sheet_xml(content))
    return not is_formula_or_link and not any(b"hyperlink" in relation for relation in relations(content))


def sheet_xml(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def relations(content: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [archive.read(name) for name in archive.namelist() if name.endswith(".rels")]
