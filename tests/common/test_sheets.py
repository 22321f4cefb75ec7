"""What strangers send is read or refused in words, and never harms the process that asked."""

import contextlib
import io
import os
import re
import signal
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from common import sheets, unreadable
from common.sheets import LIMITS, SMALL, Reader, SheetInfo, UnreadableSheet
from tests import hostile

BAD_FILES: dict[str, list[Callable[[], bytes]]] = {
    "encrypted": [hostile.encrypted_xlsx, lambda: hostile.xls([["姓名"]], has_password=True)],
    "unpacks-too-large": [hostile.zip_bomb, lambda: hostile.zip_bomb(declared=1000)],
    "far-cell": [hostile.far_cell, lambda: hostile.far_cell("A900000"), lambda: hostile.far_cell("AAA1")],
    "web-page": [
        hostile.web_page,
        lambda: b"\xef\xbb\xbf\r\n<?xml version='1.0'?><Workbook/>",
        lambda: b"MIME-Version: 1.0\r\nContent-Type: multipart/related",
        lambda: "<table><tr><td>姓名</td></tr></table>".encode("utf-16"),
    ],
    "macros": [
        lambda: hostile.xls([["姓名"]], extra={"_VBA_PROJECT_CUR": b"x"}),
        lambda: hostile.with_sheet_xml(hostile.sheet_xml(""), extra={"xl/vbaProject.bin": b"x"}),
    ],
    "damaged": [
        lambda: hostile.xlsx([["姓名"]])[:-400],
        lambda: hostile.with_sheet_xml(b"<worksheet><sheetData><row><c></row>"),
        lambda: hostile.xls([["姓名"]])[:1500],
        '姓名,班级\n"张三,一班\n李四,二班'.encode,
    ],
    "not-a-sheet": [
        lambda: b"\x89PNG\r\n\x1a\n\x00\x00",
        lambda: b"%PDF-1.7\n",
        lambda: b"\x00\x01\x02\x03",
        lambda: hostile.ole({"WordDocument": b"x"}),
        lambda: hostile.zip_of({"word/document.xml": b"<a/>"}),
    ],
    "empty-sheet": [lambda: b"", lambda: b"\xef\xbb\xbf", lambda: b" \n,,\n", lambda: hostile.xlsx([])],
    "unknown-encoding": [lambda: b"a,b\n\xff\xff\xfe\x80"],
    "dtd": [hostile.billion_laughs],
    "cell-too-long": [lambda: hostile.repeated_text(2, length=32_768), lambda: b"a,b\n" + b"c" * 40_000],
    "parser-died": [lambda: hostile.far_cell("xfd1048576")],  # passes the first look and makes the parser abort
}


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        yield reader


def rows_of(content: bytes, reader: Reader, **limits: int) -> list[sheets.Row]:
    return list(sheets.read(content, limits=replace(LIMITS, **limits), reader=reader).rows())


class TestBadFiles:
    @pytest.mark.parametrize(
        ("code", "make"), [pytest.param(code, make, id=code) for code, makers in BAD_FILES.items() for make in makers]
    )
    def test_are_refused_for_their_own_reason_and_the_next_file_is_read(self, code, make, reader):
        with pytest.raises(UnreadableSheet) as refused:
            rows_of(make(), reader)

        assert refused.value.code == code
        assert rows_of(hostile.xlsx([["姓名"]]), reader) == [["姓名"]]

    def test_are_told_apart_in_words(self):
        messages = {str(unreadable.refusal(code, cell="A1", names="甲")) for code in unreadable.CAUSES}

        assert len(messages) == len(unreadable.CAUSES)
        assert all(message.endswith("。") and "%" not in message for message in messages)

    @pytest.mark.parametrize(
        ("limit", "code", "words"),
        [
            ({"file": 1_000}, "file-too-large", "0 MB"),
            ({"parts": 3}, "unpacks-too-large", "大得不正常"),
            ({"unpacked": 5_000}, "unpacks-too-large", "大得不正常"),
            ({"rows": 20}, "too-many-rows", "20 行"),
            ({"columns": 2}, "too-many-columns", "2 列"),
            ({"wall": 0}, "too-slow", "时间太长"),
        ],
    )
    def test_over_a_limit_are_refused(self, limit, code, words, reader):
        content = hostile.xlsx([[f"学生{row}", row, "乙"] for row in range(40)])

        with pytest.raises(UnreadableSheet) as refused:
            rows_of(content, reader, **limit)

        assert refused.value.code == code
        assert words in str(refused.value)

    def test_with_too_many_texts_are_refused(self, reader):
        texts = hostile.with_sheet_xml(hostile.sheet_xml(""), extra={"xl/sharedStrings.xml": b"<sst>" + b"<si/>" * 9})

        with pytest.raises(unreadable.UnpacksTooLarge):
            rows_of(texts, reader, strings=8)

    def test_that_need_more_memory_than_they_may_take_only_the_child_down(self, reader):
        with pytest.raises(unreadable.ParserDied):
            rows_of(hostile.repeated_text(3_000), reader, memory=150 << 20)

        assert len(rows_of(hostile.repeated_text(30), reader, memory=150 << 20)) == 30

    @pytest.mark.parametrize(("limit", "code"), [({"rows": 2}, "too-many-rows"), ({"columns": 2}, "too-many-columns")])
    @pytest.mark.parametrize("make", [hostile.xls, lambda rows: b"a,b,c\n" * len(rows)])
    def test_of_other_kinds_have_the_same_limits(self, limit, code, make, reader):
        with pytest.raises(UnreadableSheet) as refused:
            rows_of(make([["a", "b", "c"]] * 3), reader, **limit)

        assert refused.value.code == code

    def test_that_were_damaged_200_times_by_chance_harm_nobody(self, reader):
        rows = [["姓名", "证号", "日期"]] + [[f"学生{row}", f"41162520120315{row:04}", row] for row in range(30)]
        good = [hostile.xlsx(rows), hostile.xls(rows), "姓名,证号\n张三,1\n".encode("gb18030") * 30]
        outcomes = []
        for seed in range(200):
            content = hostile.mutated_sheet(seed) if seed % 4 == 3 else hostile.mutated(good[seed % 4], seed)
            try:
                outcomes.append(len(rows_of(content, reader)))
            except UnreadableSheet as refusal:
                outcomes.append(refusal.code)

        assert len(outcomes) == 200
        assert {"damaged"} < set(outcomes)
        assert rows_of(good[0], reader)[1][:2] == ["学生0", "411625201203150000"]

    def test_with_more_than_one_sheet_of_data_name_them(self, reader):
        workbook = sheets.read(hostile.xlsx([["姓名"]], name="一年级", others=["二年级", "填表说明"]), reader=reader)

        assert workbook.other_sheets == ["二年级"]
        with pytest.raises(unreadable.SeveralSheets, match="一年级、二年级"):
            workbook.expect_one_sheet()


class TestGoodFiles:
    def test_in_the_old_format_are_read(self, reader):
        workbook = sheets.read(hostile.xls([["姓名", "人数"], ["张三", 5]]), reader=reader)

        assert workbook.kind == "xls"
        assert list(workbook.rows()) == [["姓名", "人数"], ["张三", 5.0]]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    @pytest.mark.parametrize("delimiter", [",", "\t", ";"])
    def test_of_text_are_read_in_the_encodings_offices_use(self, encoding, delimiter, reader):
        text = f'姓名{delimiter}证号\r\n䶮·买买提{delimiter}"=""411625201203150012"""\r\n'

        workbook = sheets.read(text.encode(encoding), reader=reader)

        assert workbook.kind == "csv"
        assert list(workbook.rows()) == [["姓名", "证号"], ["䶮·买买提", "411625201203150012"]]

    def test_keep_their_types_so_that_an_id_stored_as_a_number_can_be_seen(self, reader):
        at = datetime(2012, 3, 15, 8, 30)  # noqa: DTZ001 - sheets know no time zones
        row = ["411625201203150012", 411625201203150012, 5, True, None, date(2012, 3, 15), at]

        [read] = rows_of(hostile.xlsx([row]), reader)

        assert read == [row[0], 4.1162520120315e17, 5.0, *row[3:]]
        assert [type(cell) for cell in read] == [str, float, float, bool, type(None), date, datetime]

    def test_keep_the_row_numbers_and_columns_people_see(self, reader):
        book = Workbook()
        book.active["C4"], book.active["D4"], book.active["C6"] = "姓名", "班级", "张三"

        rows = list(sheets.read(saved(book), reader=reader).numbered(after=3))

        assert rows == [(4, [None, None, "姓名", "班级"]), (5, [None] * 4), (6, [None, None, "张三", None])]

    def test_say_what_is_merged_in_the_head_and_which_sheets_there_are(self, reader):
        book = Workbook()
        hidden = book.create_sheet("字典")
        hidden.sheet_state, hidden["A1"] = "hidden", "是"
        book.active.title = "填表说明"
        book.active["A1"] = "请先看这里"
        roster = book.create_sheet("花名册")
        roster["A1"] = "某县花名册"
        roster.merge_cells("A1:D1")
        roster.merge_cells("A20:A21")

        workbook = sheets.read(saved(book), reader=reader)

        assert workbook.sheet == "花名册"
        assert workbook.sheets == [SheetInfo("填表说明", False), SheetInfo("字典", True), SheetInfo("花名册", False)]
        assert workbook.merged == [(0, 0, 0, 3)]
        assert workbook.top == [["某县花名册"]]

    def test_may_have_an_odd_name_for_their_only_sheet(self, reader):
        assert rows_of(hostile.xlsx([["姓名"]], name="样表"), reader) == [["姓名"]]

    def test_may_have_formats_far_away_as_long_as_no_cell_there_says_anything(self, reader):
        cells = (
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/><c r="XFC9"></c></row>'
        )

        assert rows_of(hostile.with_sheet_xml(hostile.sheet_xml(cells)), reader) == [[1.0]]

    def test_do_not_pass_on_what_no_sheet_can_show(self, reader):
        cells = '<row r="1"><c r="A1"><v>1e999</v></c><c r="B1"><v>2</v></c></row>'

        assert rows_of(hostile.with_sheet_xml(hostile.sheet_xml(cells)), reader) == [[None, 2.0]]

    def test_are_passed_on_row_by_row(self, reader):
        content = hostile.long_sheet(30_000)
        tracemalloc.start()
        try:
            workbook = sheets.read(content, limits=SMALL, reader=reader)
            opened = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            count = sum(1 for _row in workbook.rows())
            growth = tracemalloc.get_traced_memory()[1] - opened
        finally:
            tracemalloc.stop()

        assert count == 30_000
        assert growth < 2_000_000

    def test_need_no_reader_of_the_caller(self):
        workbook = sheets.read(hostile.xlsx([["姓名"]]))

        assert list(workbook.rows()) == [["姓名"]]
        with pytest.raises(RuntimeError):
            next(workbook.rows())


class TestReader:
    def test_forks_for_each_file_from_one_process(self):
        with Reader() as reader:
            rows_of(hostile.xlsx([["姓名"]]), reader)
            helper = helper_of(reader)
            rows_of(hostile.xlsx([["姓名"]]), reader)

            assert helper_of(reader) == helper
        assert not Path(f"/proc/{helper}").exists()

    def test_keeps_the_child_without_files_secrets_or_a_way_out(self, monkeypatch):
        monkeypatch.setenv("SECRET_KEY", "do-not-tell")
        with Reader() as reader:
            sheets.read(hostile.long_sheet(5_000), reader=reader)
            child = child_of(helper_of(reader))

            limits = Path(f"/proc/{child}/limits").read_text()
            environment = Path(f"/proc/{child}/environ").read_bytes()
            handles = sorted(os.listdir(f"/proc/{child}/fd"))

        assert re.search(r"Max open files +0 +0 ", limits)
        assert re.search(r"Max file size +0 +0 ", limits)
        assert re.search(rf"Max address space +{LIMITS.memory} ", limits)
        assert b"do-not-tell" not in environment
        assert handles == ["1", "2"]

    def test_goes_on_when_the_child_is_killed_in_the_middle_of_a_file(self):
        with Reader() as reader:
            rows = sheets.read(hostile.long_sheet(5_000), reader=reader).rows()
            next(rows)
            helper = helper_of(reader)
            os.kill(child_of(helper), signal.SIGSEGV)

            with pytest.raises(unreadable.ParserDied):
                list(rows)
            assert rows_of(hostile.xlsx([["姓名"]]), reader) == [["姓名"]]
            assert helper_of(reader) == helper

    def test_starts_another_helper_when_its_own_is_gone(self):
        with Reader() as reader:
            rows_of(hostile.xlsx([["姓名"]]), reader)
            os.kill(helper_of(reader), signal.SIGKILL)

            assert rows_of(hostile.xlsx([["姓名"]]), reader) == [["姓名"]]

    @pytest.mark.parametrize("make", [lambda: hostile.xlsx([["姓名"]]), lambda: "姓名\n".encode() * 90_000])
    def test_gives_up_a_helper_that_hangs(self, make):
        with Reader() as reader:
            rows_of(hostile.xlsx([["姓名"]]), reader)
            helper = helper_of(reader)
            os.killpg(helper, signal.SIGSTOP)

            with contextlib.suppress(unreadable.TooSlow):  # a file too large for the pipe goes to a new helper at once
                rows_of(make(), reader, wall=1)
            assert rows_of(hostile.xlsx([["姓名"]]), reader) == [["姓名"]]
            assert helper_of(reader) != helper

    def test_does_not_count_the_time_its_caller_takes(self):
        with Reader() as reader:
            rows = sheets.read(hostile.long_sheet(5_000), limits=replace(LIMITS, wall=2), reader=reader).rows()
            next(rows)
            threading.Event().wait(2.5)

            assert sum(1 for _row in rows) == 4_999

    def test_outlives_a_fork_of_its_owner(self):
        with Reader() as reader:
            rows = sheets.read(hostile.long_sheet(5_000), reader=reader).rows()
            next(rows)
            if not (fork := os.fork()):
                reader.close()
                os._exit(0)
            os.waitpid(fork, 0)

            assert sum(1 for _row in rows) == 4_999

    def test_leaves_a_file_that_is_not_read_to_its_end(self):
        with Reader() as reader:
            first = sheets.read(hostile.long_sheet(5_000), reader=reader)

            assert rows_of(hostile.xlsx([["姓名"]]), reader) == [["姓名"]]
            with pytest.raises(RuntimeError):
                list(first.rows())


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def helper_of(reader: Reader) -> int:
    assert reader._process is not None
    return reader._process.pid


def child_of(helper: int) -> int:
    return int(Path(f"/proc/{helper}/task/{helper}/children").read_text().split()[0])
