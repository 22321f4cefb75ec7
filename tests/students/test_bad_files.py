"""Every bad file, handed in on the page as a school would: told what is wrong and how to mend it, nothing written."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from common import sheets
from jobs import run
from jobs.models import Job
from programs.reference import load_national
from schools.models import SchoolKind
from students.choices import RosterState
from students.models import Card, Enrollment, Roster, RosterIssue, Student
from tests import factories as make
from tests import hostile
from tests.factories import resident_id
from tests.workbooks import ROSTER_HEAD, roster, roster_row

pytestmark = pytest.mark.django_db

REFUSED = {
    "an encrypted workbook": (hostile.encrypted_xlsx, "花名册.xlsx", "文件设有打开密码"),
    "an encrypted old workbook": (lambda: hostile.xls([["姓名"]], has_password=True), "花名册.xls", "文件设有打开密码"),
    "a zip bomb of 10 GB": (hostile.zip_bomb, "花名册.xlsx", "文件解开后大得不正常"),
    "a zip bomb that lies": (lambda: hostile.zip_bomb(declared=1000), "花名册.xlsx", "文件解开后大得不正常"),
    "a far cell": (hostile.far_cell, "花名册.xlsx", "单元格 XFD1048576 里有内容"),
    "a web page named .xls": (hostile.web_page, "花名册.xls", "网页另存成的 .xls"),
    "macros": (lambda: hostile.xls([["姓名"]], extra={"_VBA_PROJECT_CUR": b"x"}), "花名册.xls", "文件里有宏"),
    "a bomb of entities": (hostile.billion_laughs, "花名册.xlsx", "表格不该有的内容（DTD）"),
    "a file cut short": (lambda: hostile.xlsx([["姓名"]])[:-400], "花名册.xlsx", "文件已经损坏或者没有传完整"),
    "a photograph": (lambda: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "花名册.xlsx", "这不是能读的表格文件"),
    "a parser's death": (lambda: hostile.far_cell("xfd1048576"), "花名册.xlsx", "读这个文件时程序中断"),
    "an empty sheet": (lambda: hostile.xlsx([]), "花名册.xlsx", "表格里没有数据"),
    "two sheets": (
        lambda: hostile.xlsx([ROSTER_HEAD], name="一年级", others=["二年级"]),
        "花名册.xlsx",
        "文件里有几个工作表都有数据：一年级、二年级",
    ),
    "another kind of list": (
        lambda: hostile.xlsx([["商品", "单价"], ["铅笔", 1]]),
        "进货单.xlsx",
        "表头里没有找到这些列",
    ),
    "another term": (
        lambda: roster([child(1)], school="示范小学", code="4116250001", term="2021S"),
        "花名册.xlsx",
        "这是另一个学期的花名册",
    ),
    "another school's roster": (
        lambda: roster([child(1)], school="别的小学", code="4116250009", term="2021A"),
        "花名册.xlsx",
        "这是另一所学校的花名册",
    ),
}
READ = {
    "an old workbook": (lambda: hostile.xls([ROSTER_HEAD, *plain(child(1), child(2))]), "花名册.xls"),
    "text in GB18030": (lambda: text(child(1), child(2)).encode("gb18030"), "花名册.csv"),
    "text in UTF-16": (lambda: text(child(1), child(2)).replace(",", "\t").encode("utf-16"), "花名册.txt"),
}


def child(number, **facts):
    return roster_row(number, **{"id_number": resident_id(number), **facts})


def plain(*rows):
    """Numbers as .xls and text files carry them."""
    return [["" if cell is None else cell if isinstance(cell, float) else str(cell) for cell in row] for row in rows]


def text(*rows):
    return "\n".join(",".join(map(str, row)) for row in [ROSTER_HEAD, *plain(*rows)])


@pytest.fixture
def school():
    load_national()
    make.TermFactory()
    return make.SchoolFactory(code="4116250001", name="示范小学", kind=SchoolKind.objects.get(pk="primary"))


@pytest.fixture
def hand_in(school, as_role):
    """Hand a file in, let the worker do its part, and give the page on which the officer ends."""
    make.EnrollmentFactory(school=school)
    officer = as_role("school", school=school)

    def hand_in(content, name):
        answer = officer.post(reverse("students:roster-upload"), {"file": SimpleUploadedFile(name, content)})
        if answer.status_code == 302:
            for job in Job.objects.waiting().order_by("pk"):
                run.execute(job.pk)
            answer = officer.get(answer["Location"])
        return answer

    return hand_in


def written():
    return [model.objects.count() for model in (Student, Enrollment, Card)]


def handed_in():
    """The versions that are not in force; one was before any test."""
    return Roster.objects.filter(committed_at=None)


class TestBadFile:
    @pytest.mark.parametrize("kind", REFUSED)
    def test_is_refused_in_words_and_leaves_nothing(self, kind, hand_in):
        make_file, name, words = REFUSED[kind]
        before = written()

        answer = hand_in(make_file(), name)

        assert answer.status_code == 200
        assert words in answer.content.decode()
        assert written() == before
        assert not RosterIssue.objects.exists()
        assert not handed_in().exclude(state=RosterState.REFUSED).exists()

    def test_does_not_hinder_the_next_one(self, hand_in):
        for make_file, name, _words in REFUSED.values():
            hand_in(make_file(), name)

        hand_in(roster([child(1)], school="示范小学", code="4116250001", term="2021A"), "花名册.xlsx")

        assert handed_in().get(state=RosterState.CHECKED).rows_good == 1

    def test_has_words_of_its_own(self):
        words = {words for _make, _name, words in REFUSED.values()}

        assert len(words) == len(REFUSED) - 2  # both bombs and both passwords say the same

    def test_larger_than_a_school_can_fill_is_refused_before_it_is_looked_at(self, hand_in, monkeypatch):
        monkeypatch.setattr(sheets, "SMALL", sheets.Limits(file=1_000))

        answer = hand_in(hostile.xlsx([["姓名"]]), "花名册.xlsx")

        assert "文件超过" in answer.content.decode()
        assert not handed_in().exists()


class TestUnusualFile:
    @pytest.mark.parametrize("kind", READ)
    def test_is_read_all_the_same(self, kind, hand_in):
        make_file, name = READ[kind]
        before = written()

        answer = hand_in(make_file(), name)

        assert answer.status_code == 200
        roster_read = handed_in().get()
        assert (roster_read.state, roster_read.rows_good, roster_read.rows_refused) == (RosterState.CHECKED, 2, 0)
        assert written() == before

    def test_with_ids_stored_as_numbers_is_told_row_by_row(self, hand_in):
        rows = [child(1), child(2, id_number=411625201203150012)]
        before = written()

        answer = hand_in(roster(rows, school="示范小学", code="4116250001", term="2021A"), "花名册.xlsx")

        assert "证件号以数字保存，末尾几位已经丢失。" in answer.content.decode()
        assert RosterIssue.objects.get(code="id-digits-lost").row == 5
        assert handed_in().get().rows_refused == 1
        assert written() == before
