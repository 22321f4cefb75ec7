"""An officer's own file back: same rows, same order, every problem in its cell and once more in a last column."""

import io
import sys
from itertools import pairwise

import openpyxl
import pytest
from django.urls import reverse
from openpyxl.comments import Comment
from openpyxl.styles import Font

from accounts.models import Action
from common import marking, sheets
from jobs import files, run
from jobs.choices import FileKind, JobState
from jobs.models import Job, StoredFile
from programs.reference import load_national
from schools.models import SchoolKind
from students import roster_marks, rosters, runs
from students.models import Roster
from tests import factories as make
from tests import hostile
from tests.factories import NOW, card_number, resident_id
from tests.students.handing_in import hand_in
from tests.workbooks import ROSTER_HEAD, roster, roster_row, xlsx

pytestmark = pytest.mark.django_db

FIRST = 4
"""The row of the first child, below title, unit row and head."""

NAME, ID, BOARDING = 2, 5, 10
REASONS = len(ROSTER_HEAD) + 1


@pytest.fixture
def school():
    load_national()
    return make.SchoolFactory(code="4116250001", name="示范小学", kind=SchoolKind.objects.get(pk="primary"))


@pytest.fixture
def officer(school):
    return make.UserFactory(officer=True, school=school)


def child(number, **facts):
    return roster_row(number, **{"id_number": resident_id(number), **facts})


def file_of(*rows):
    return roster(rows, school="示范小学", code="4116250001", term="2021A")


FAULTY = (child(1), child(2, boarding="不详"), child(3, name="王三（转）"), child(4, grade="高三", class_name=""))


def marked(uploaded, officer):
    job = roster_marks.order(uploaded, by=officer, at=NOW)
    assert job.state == JobState.DONE, job.error_code
    return files.content(StoredFile.objects.get(pk=job.result["file_id"]))


def sheet_in(content):
    return openpyxl.load_workbook(io.BytesIO(content)).active


def texts(content):
    with sheets.read(content) as workbook:
        return [[cell for cell in row if cell is not None] for row in workbook.rows()]


def fill(cell):
    return cell.fill.start_color.rgb if cell.fill.fill_type else None


class TestMarkedFile:
    @pytest.fixture(autouse=True)
    def only_the_file_itself_will_do(self, monkeypatch):
        monkeypatch.delattr(marking, "write_anew")

    def test_has_the_same_rows_in_the_same_places(self, school, officer):
        content = file_of(*FAULTY)
        uploaded, _job = hand_in(school, officer, content)

        before, after = openpyxl.load_workbook(io.BytesIO(content)).active, sheet_in(marked(uploaded, officer))

        width = len(ROSTER_HEAD)
        assert list(after.iter_rows(max_col=width, values_only=True)) == list(
            before.iter_rows(max_col=width, values_only=True)
        )

    def test_fills_what_stops_a_row_red_and_says_how_to_mend_it(self, school, officer):
        uploaded, _job = hand_in(school, officer, file_of(*FAULTY))

        cell = sheet_in(marked(uploaded, officer)).cell(FIRST + 1, BOARDING)

        assert fill(cell) == marking.RED
        assert cell.comment.text == "就读方式没有填写或看不懂。请填：走读、住校。"

    def test_fills_what_needs_a_word_amber(self, school, officer):
        uploaded, _job = hand_in(school, officer, file_of(*FAULTY))

        assert fill(sheet_in(marked(uploaded, officer)).cell(FIRST + 2, NAME)) == marking.AMBER

    def test_leaves_good_rows_as_they_are(self, school, officer):
        uploaded, _job = hand_in(school, officer, file_of(*FAULTY))

        row = list(sheet_in(marked(uploaded, officer))[FIRST])

        assert {(fill(cell), cell.comment) for cell in row} == {(None, None)}
        assert row[REASONS - 1].value is None

    def test_says_all_of_a_row_in_a_last_column(self, school, officer):
        uploaded, _job = hand_in(school, officer, file_of(*FAULTY))

        sheet = sheet_in(marked(uploaded, officer))
        said = [sheet.cell(row, REASONS).value for row in range(FIRST - 1, FIRST + 4)]

        assert said[0] == "错误原因"
        assert said[2].startswith("【有错误，这一行不入库】就读方式：就读方式没有填写或看不懂")
        assert said[3].startswith("【需要说明】姓名：")
        assert "；" in said[4]
        assert {part.split("：")[0] for part in said[4].partition("】")[2].split("；")} == {"年级", "班级"}

    def test_holds_no_number_of_a_child_in_its_words(self, school, officer):
        wrong = resident_id(2)[:-1] + ("0" if resident_id(2)[-1] != "0" else "1")
        rows = [child(1), child(1, name="王小一"), child(2, id_number=wrong, card_number=card_number(2))]
        uploaded, _job = hand_in(school, officer, file_of(*rows))

        sheet = sheet_in(marked(uploaded, officer))
        words = [cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment]
        words += [str(cell.value) for (cell,) in sheet.iter_rows(min_col=REASONS, max_col=REASONS)]

        assert len(words) > 3
        assert not [word for word in words if resident_id(1) in word or wrong in word or card_number(2) in word]

    def test_keeps_the_looks_the_other_sheets_and_what_people_noted(self, school, officer):
        book = openpyxl.load_workbook(io.BytesIO(file_of(*FAULTY)))
        sheet = book.active
        sheet["B4"].font = Font(bold=True, color="FF00B050")
        sheet["J5"].comment = Comment("问过班主任", "王老师")
        sheet.column_dimensions["B"].width = 33
        sheet.row_dimensions[5].height = 44
        sheet.freeze_panes = "C4"
        book.create_sheet("填表说明")["A1"] = "请认真填写"
        uploaded, _job = hand_in(school, officer, saved(book))

        after = openpyxl.load_workbook(io.BytesIO(marked(uploaded, officer)))

        assert after.sheetnames == ["Sheet", "填表说明"]
        assert after["填表说明"]["A1"].value == "请认真填写"
        assert (after.active["B4"].font.bold, after.active["B4"].font.color.rgb) == (True, "FF00B050")
        assert (after.active.column_dimensions["B"].width, after.active.row_dimensions[5].height) == (33, 44)
        assert after.active.freeze_panes == "C4"
        assert after.active["J5"].comment.text.startswith("问过班主任\n就读方式没有填写")

    def test_says_what_a_formula_said_and_computes_nothing(self, school, officer):
        book = openpyxl.load_workbook(io.BytesIO(file_of(*FAULTY)))
        book.active["X4"] = "=1+1"
        uploaded, _job = hand_in(school, officer, saved(book))

        sheet = sheet_in(marked(uploaded, officer))

        assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}

    def test_survives_merged_titles_and_widths_that_speak_for_many_columns(self, school, officer):
        book = openpyxl.load_workbook(io.BytesIO(file_of(*FAULTY)))
        book.active.merge_cells("A1:U1")
        last = book.active.column_dimensions["T"]
        last.min, last.max, last.width, last.hidden = 20, 16_384, 9, False
        uploaded, _job = hand_in(school, officer, saved(book))

        columns = sheet_in(marked(uploaded, officer)).column_dimensions
        spans = sorted((column.min, column.max) for column in columns.values())

        assert (columns["T"].min, columns["T"].max) == (20, REASONS - 1)
        assert (columns["V"].width, columns["V"].hidden) == (60, False)
        assert all(before[1] < after[0] for before, after in pairwise(spans))

    def test_shows_headings_that_nobody_reads(self, school, officer):
        rows = [[*ROSTER_HEAD, "爱好特长"], [*child(1), "书法"]]
        uploaded, _job = hand_in(school, officer, hostile.xlsx(rows))

        sheet = sheet_in(marked(uploaded, officer))

        assert fill(sheet.cell(1, REASONS)) == marking.BLUE
        assert "“爱好特长”，这一列没有读取" in sheet.cell(1, REASONS).comment.text
        assert sheet.cell(1, REASONS + 1).value == "错误原因"

    def test_holds_what_was_mended_on_the_page(self, school, officer):
        uploaded, _job = hand_in(school, officer, file_of(*FAULTY))
        rosters.correct(uploaded, {(FIRST + 1, "boarding"): "走读"}, by=officer, at=NOW)
        uploaded.refresh_from_db()
        check_again(uploaded, officer)

        cell = sheet_in(marked(uploaded, officer)).cell(FIRST + 1, BOARDING)

        assert (cell.value, fill(cell)) == ("走读", marking.GREEN)

    def test_is_made_once_for_each_check(self, school, officer):
        uploaded, _job = hand_in(school, officer, file_of(*FAULTY))

        assert marked(uploaded, officer) == marked(uploaded, officer)
        assert StoredFile.objects.filter(kind=FileKind.MARKED, school=school).count() == 1
        assert Action.objects.filter(verb="roster.marked").count() == 1

    def test_is_not_made_before_the_check(self, school, officer):
        uploaded = rosters.upload(
            school=school, term=make.TermFactory(), content=file_of(child(1)), name="a.xlsx", by=officer, at=NOW
        )

        with pytest.raises(roster_marks.NotChecked):
            roster_marks.order(uploaded, by=officer, at=NOW)
        assert not Job.objects.filter(kind="roster-mark").exists()


def saved(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def check_again(uploaded, officer):
    run.execute(run.start("roster-check", by=officer, at=NOW, school=uploaded.school, roster_id=uploaded.pk).pk)
    uploaded.refresh_from_db()


class TestHandedInAgain:
    def test_reads_the_same_children_with_the_same_problems(self, school, officer):
        first, _job = hand_in(school, officer, file_of(*FAULTY[:2], [], *FAULTY[2:]))
        second, _job = hand_in(school, officer, marked(first, officer))

        assert "blank-rows" in {code for _row, _column, code in found(first)}
        assert found(second) == found(first)
        assert (second.rows_read, second.rows_good) == (first.rows_read, first.rows_good)

    def test_mended_in_the_sheet_comes_back_without_the_old_marks(self, school, officer):
        first, _job = hand_in(school, officer, file_of(*FAULTY))
        book = openpyxl.load_workbook(io.BytesIO(marked(first, officer)))
        book.active.cell(FIRST + 1, BOARDING, "走读")
        second, _job = hand_in(school, officer, saved(book))

        sheet = sheet_in(marked(second, officer))

        assert (fill(sheet.cell(FIRST + 1, BOARDING)), sheet.cell(FIRST + 1, BOARDING).comment) == (None, None)
        assert sheet.cell(FIRST + 1, REASONS).value is None
        assert sheet.cell(FIRST + 3, REASONS).value.startswith("【有错误")
        assert [cell.value for cell in sheet[FIRST - 1]].count("错误原因") == 1

    @pytest.mark.parametrize("kind", ["xls", "csv"])
    def test_of_an_older_kind_reads_the_same_children(self, school, officer, kind):
        first, _job = hand_in(school, officer, OLDER[kind](), name=f"花名册.{kind}")
        content = marked(first, officer)
        second, _job = hand_in(school, officer, content)

        assert content.startswith(b"PK")
        assert found(second) == found(first)
        assert second.rows_read == 4


def found(uploaded):
    return list(uploaded.issues.order_by("row", "column", "code").values_list("row", "column", "code"))


def plain(row):
    return [cell if isinstance(cell, float) else str(cell or "") for cell in row]


OLDER = {
    "xls": lambda: hostile.xls([ROSTER_HEAD, *map(plain, FAULTY)]),
    "csv": lambda: "\n".join(",".join(plain(row)) for row in [ROSTER_HEAD, *FAULTY]).encode("gb18030"),
}


class TestOlderKinds:
    @pytest.mark.parametrize("kind", ["xls", "csv"])
    def test_come_back_as_a_new_workbook_with_the_same_texts_and_the_marks(self, school, officer, kind):
        uploaded, _job = hand_in(school, officer, OLDER[kind](), name=f"花名册.{kind}")

        sheet = sheet_in(marked(uploaded, officer))
        rows = [[str(cell or "") for cell in row[:-1]] for row in sheet.iter_rows(values_only=True)]

        assert rows == [list(ROSTER_HEAD), *([str(cell) for cell in plain(row)] for row in FAULTY)]
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}
        assert fill(sheet.cell(3, BOARDING)) == marking.RED
        assert "请填：走读、住校" in sheet.cell(3, BOARDING).comment.text
        assert sheet.cell(3, REASONS).value.startswith("【有错误，这一行不入库】")

    def test_have_a_name_that_says_what_they_are(self, school, officer):
        uploaded, _job = hand_in(school, officer, OLDER["xls"](), name="三年级花名册.xls")
        marked(uploaded, officer)

        assert StoredFile.objects.get(kind=FileKind.MARKED).name == "三年级花名册（已标出问题）.xlsx"


class TestPartOfACountyFile:
    @pytest.fixture
    def part(self, school, officer):
        other = make.SchoolFactory(code="4116250002", kind=school.kind)
        make.TermFactory()
        rows = [[other.code, *child(9)], [school.code, *FAULTY[1]], [other.code, *child(8)], [school.code, *child(7)]]
        content = xlsx(("学校标识码", *ROSTER_HEAD), rows)
        runs.upload_county_file(
            term=make.TermFactory(), content=content, name="全县.xlsx", by=make.UserFactory(), at=NOW
        )
        assert run.execute(Job.objects.get(kind="county-file-check").pk).state == JobState.DONE
        return Roster.objects.get(school=school)

    def test_holds_the_rows_of_the_own_school_and_nobody_elses(self, part, officer):
        rows = list(sheet_in(marked(part, officer)).iter_rows(min_row=2, values_only=True))

        assert [row[NAME] for row in rows] == [FAULTY[1][1], child(7)[1]]

    def test_has_the_marks_where_the_rows_are_now(self, part, officer):
        sheet = sheet_in(marked(part, officer))

        assert fill(sheet.cell(2, BOARDING + 1)) == marking.RED
        assert sheet.cell(2, REASONS + 1).value.startswith("【有错误，这一行不入库】")
        assert sheet.cell(3, REASONS + 1).value is None

    def test_can_be_handed_in_by_the_school_itself(self, school, part, officer):
        uploaded, _job = hand_in(school, officer, marked(part, officer))

        assert (uploaded.rows_read, uploaded.rows_good) == (2, 1)


class TestHostileFile:
    """What a sheet parser swallows and the library that has to write into it does not."""

    @pytest.fixture
    def sheet(self):
        return {"sheet": "Sheet1", "rows": [["姓名"], ["王小明"]], "marks": marks()}

    @pytest.mark.parametrize(
        "content",
        [b"PK\x03\x04nothing", b"", hostile.zip_bomb(), hostile.billion_laughs(), hostile.xlsx([["姓名"]])[:-300]],
        ids=["no archive", "empty", "a bomb", "entities", "cut short"],
    )
    def test_is_written_anew_from_its_rows(self, sheet, content):
        assert texts(marking.mark(content, **sheet)) == [["姓名", "错误原因"], ["王小明", "【提示】"]]

    def test_with_a_sheet_of_another_name_is_written_anew(self, sheet):
        content = hostile.xlsx([["姓名"], ["王小明"]], name="别的名字")

        assert texts(marking.mark(content, **sheet)) == [["姓名", "错误原因"], ["王小明", "【提示】"]]

    def test_that_hangs_is_given_up(self, sheet, monkeypatch, tmp_path):
        (tmp_path / "hangs.py").write_text("import time; time.sleep(60)")
        monkeypatch.setattr(marking, "_CHILD", tmp_path / "hangs.py")
        monkeypatch.setattr(marking, "_WALL_SECONDS", 0.5)

        assert texts(marking.mark(hostile.xlsx([["姓名"]]), **sheet))[1] == ["王小明", "【提示】"]

    def test_that_needs_too_much_memory_is_given_up(self, sheet, monkeypatch):
        monkeypatch.setattr(marking, "_MEMORY", 1 << 24)

        assert texts(marking.mark(hostile.xlsx([["姓名"], ["王小明"]]), **sheet))[1] == ["王小明", "【提示】"]

    def test_is_opened_where_no_file_no_socket_and_no_secret_can_be_reached(self, sheet, monkeypatch, tmp_path):
        child = tmp_path / "child.py"
        child.write_text(PRYING)
        monkeypatch.setattr(marking, "_CHILD", child)
        monkeypatch.setenv("A_SECRET", "of the office")
        monkeypatch.setattr(marking, "preflight", lambda content, limits: "xlsx")

        seen = marking.mark(hostile.xlsx([["姓名"]]), **sheet).decode()

        assert seen == "no file, no socket, no secret"

    def test_with_very_many_rows_is_written_anew_without_being_opened(self, sheet, monkeypatch):
        monkeypatch.setattr(marking, "_MOST_ROWS", 1)
        monkeypatch.setattr(marking, "_CHILD", sys.executable)

        assert texts(marking.mark(b"", **sheet))[1] == ["王小明", "【提示】"]

    def test_that_begins_with_a_formula_stays_text(self):
        rows = [["姓名"], ["=HYPERLINK(A1)"], ["+1"], ["http://example.test"]]

        written = sheet_in(marking.write_anew(rows, sheet="a/b", marks=marks()))

        assert [(cell.value, cell.data_type) for (cell,) in written.iter_rows(min_row=2, max_col=1)] == [
            (row[0], "s") for row in rows[1:]
        ]


def marks():
    return marking.Marks(1, 2, "错误原因", reasons={2: "【提示】"})


PRYING = f"""
import importlib.util, json, os, socket, sys
spec = importlib.util.spec_from_file_location("mark_child", {str(marking._CHILD)!r})
child = importlib.util.module_from_spec(spec)
spec.loader.exec_module(child)

def refused(act):
    try:
        act()
    except OSError:
        return "no"
    return "a"

def pry(content, task):
    secret = "a" if "A_SECRET" in os.environ else "no"
    said = f"{{refused(lambda: open('/etc/passwd'))}} file, {{refused(socket.socket)}} socket, {{secret}} secret"
    return said.encode()

child._marked = pry
child.main()
"""


class TestPage:
    def test_sends_the_officer_straight_to_the_file(self, school, as_role):
        client = as_role("school", school=school)
        uploaded, _job = hand_in(school, client.user, file_of(*FAULTY))

        answer = client.post(reverse("students:roster-marked", args=[uploaded.pk]), follow=True)

        assert answer.content.startswith(b"PK")
        assert Action.objects.filter(verb="file.downloaded", actor=client.user).count() == 1

    def test_of_a_large_file_shows_how_far_it_is(self, school, as_role, monkeypatch):
        monkeypatch.setattr(roster_marks, "ROWS_AT_ONCE", 3)
        client = as_role("school", school=school)
        uploaded, _job = hand_in(school, client.user, file_of(*FAULTY))

        answer = client.post(reverse("students:roster-marked", args=[uploaded.pk]))
        job = Job.objects.get(kind="roster-mark")

        assert (answer.headers["Location"], job.state) == (job.get_absolute_url(), JobState.PENDING)

    def test_of_another_school_is_not_found(self, school, officer, as_role):
        uploaded, _job = hand_in(school, officer, file_of(*FAULTY))

        assert as_role("school").post(reverse("students:roster-marked", args=[uploaded.pk])).status_code == 404

    def test_says_that_the_check_has_to_come_first(self, school, as_role):
        client = as_role("school", school=school)
        uploaded = rosters.upload(
            school=school, term=make.TermFactory(), content=file_of(child(1)), name="a.xlsx", by=client.user, at=NOW
        )

        answer = client.post(reverse("students:roster-marked", args=[uploaded.pk]), follow=True)

        assert "还没有校验完" in answer.content.decode()
