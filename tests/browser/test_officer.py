"""A new officer's first roster in a real browser at 1366 × 768: from the sign-in to "handed in", with a file that has
twenty different faults, mended in each of the three ways; the first part by keyboard alone.
"""

import io
import re
from datetime import date

import openpyxl
import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from jobs import run
from jobs.models import Job
from programs.reference import load_national
from schools.models import SchoolKind
from students import runs
from students.choices import RosterState
from students.models import Enrollment, Roster
from tests.factories import NOW, PASSWORD, SchoolFactory, TermFactory, UserFactory, card_number, resident_id
from tests.workbooks import roster, roster_row

pytestmark = pytest.mark.django_db(transaction=True)

CHILDREN = 40
_FIRST_ROW = 5  # of the workbook that is handed out: mark, title, unit row and head come before


def work_off():
    """What the worker would do meanwhile."""
    for job in Job.objects.waiting().order_by("pk"):
        run.execute(job.pk)


def born(number):
    return date(2013, 3, 4)


def child(number, **facts):
    number_of_id = resident_id(number, born_on=born(number))
    return roster_row(number, **{"id_number": number_of_id, "grade": "二年级", **facts})


# The twenty faults, by column of the workbook: each on a row of its own.
FAULTS = {
    "姓名": ["", "王小明（转）", "王 小 明", "王小明3"],
    "证件号码": [
        lambda number: float(number[:17] + "0"),
        lambda number: number[:-1],
        lambda number: number[:6] + " " + number[6:],
        lambda number: number[:-1] + ("1" if number[-1] != "1" else "2"),
        lambda number: number[:6] + "20139999" + number[14:],
        "",
        "H12345678",
    ],
    "性别": ["女"],
    "出生日期": ["2013年13月45日"],
    "年级": ["二十年级", "高一"],
    "班级": [""],
    "就读方式": ["不详"],
    "在校状态": ["不知道"],
    "监护人电话": ["123"],
    "卡号": [float(card_number(77))],
}


@pytest.fixture
def school():
    load_national()
    school = SchoolFactory(code="4116250001", name="示范小学", kind=SchoolKind.objects.get(pk="primary"))
    spring = TermFactory(code="2021S")
    before = UserFactory(officer=True, school=school, name="前任专干")
    uploaded = runs.upload_roster(
        school=school,
        term=spring,
        content=roster([child(n) for n in range(1, CHILDREN + 1)]),
        name="春季.xlsx",
        by=before,
        at=NOW,
    )
    work_off()
    uploaded.refresh_from_db()
    runs.confirm_roster(uploaded, by=before, at=NOW)
    work_off()
    TermFactory(code="2021A")
    return school


@pytest.fixture
def officer(school):
    return UserFactory(officer=True, school=school, name="新专干", username="new-officer")


def spoiled(workbook: bytes) -> bytes:
    """The workbook as a tired hand fills it: twenty cells are wrong, the next free row for each."""
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    sheet = book["花名册"]
    columns = {str(cell.value).strip("★*"): cell.column for cell in sheet[_FIRST_ROW - 1]}
    row = _FIRST_ROW
    for heading, faults in FAULTS.items():
        for fault in faults:
            cell = sheet.cell(row, columns[heading])
            cell.value = fault(str(cell.value)) if callable(fault) else fault
            row += 1
    assert row - _FIRST_ROW == 20
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repaired(marked: bytes, original: bytes) -> tuple[bytes, int]:
    """The file that came back with every marked row filled as it was, and how many had a reason in the last column."""
    book = openpyxl.load_workbook(io.BytesIO(marked))
    sheet, right = book["花名册"], openpyxl.load_workbook(io.BytesIO(original))["花名册"]
    reason = next(cell.column for cell in sheet[_FIRST_ROW - 1] if cell.value == "错误原因")
    wrong = [row for row in range(_FIRST_ROW, sheet.max_row + 1) if sheet.cell(row, reason).value]
    for row in wrong:
        for cell in right[row]:
            sheet.cell(row, cell.column).value = cell.value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue(), len(wrong)


def tab_to(page: Page, selector: str, *, most: int = 120) -> None:
    """Go to an element by the Tab key alone, as whoever has no mouse does; its focus has to be seen."""
    wanted = page.locator(selector).first
    for _press in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            outline = wanted.evaluate("element => getComputedStyle(element.closest('.drop') || element).outlineStyle")
            shadow = wanted.evaluate("element => getComputedStyle(element.closest('.drop') || element).boxShadow")
            assert outline != "none" or shadow != "none", f"nobody sees that {selector} has the focus"
            return
    raise AssertionError(f"{selector} is not reached by {most} presses of Tab")


def upload_by_keyboard(page: Page, content: bytes) -> None:
    page.wait_for_load_state("networkidle")
    tab_to(page, 'input[type="file"]')
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files([{"name": "我的花名册.xlsx", "mimeType": "application/octet-stream", "buffer": content}])
    tab_to(page, "button:has-text('上传并校验')")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/students/rosters/\d+/$"))
    work_off()
    page.reload()


def test_a_new_officer_hands_in_a_correct_list(page, officer, school, assert_clean, tmp_path):
    # Signing in, by keyboard.
    page.goto("/")
    tab_to(page, "#id_username")
    page.keyboard.type("new-officer")
    tab_to(page, "#id_password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="下一步")).to_be_visible()
    assert_clean(page)

    # The workbook with last term's children, a grade up.
    tab_to(page, "a:has-text('下载我的花名册')")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    download.value.save_as(tmp_path / "花名册.xlsx")
    workbook = (tmp_path / "花名册.xlsx").read_bytes()

    # Handed in with twenty faults.
    tab_to(page, "a:has-text('去上报')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/upload/**")
    assert_clean(page)
    upload_by_keyboard(page, spoiled(workbook))
    first = Roster.objects.latest("pk")
    assert (first.state, first.rows_read) == (RosterState.CHECKED, CHILDREN)
    assert first.rows_refused >= 6
    assert first.issues.values("row").distinct().count() == 20
    assert_clean(page)

    # First way: in the page, cell by cell, typed and proposed.
    refused = first.rows_refused
    [boarding] = first.issues.filter(code="boarding-unknown")
    tab_to(page, f'[name="cell:{boarding.row}:boarding"]', most=300)
    page.keyboard.type("住校")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已改正并重新校验。")).to_be_visible()
    first.refresh_from_db()
    assert first.rows_refused == refused - 1
    assert not first.issues.filter(code="boarding-unknown").exists()
    [blank] = first.issues.filter(code="name-blank")
    tab_to(page, f'button[name="accept"][value="{blank.row}:name"]', most=300)
    page.keyboard.press("Enter")
    expect(page.get_by_text("已改正并重新校验。")).to_be_visible()
    assert not first.issues.filter(code="name-blank").exists()

    # Second way: the own file back, red cells mended, handed in again.
    tab_to(page, "button:has-text('下载标出问题的原表')", most=300)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    download.value.save_as(tmp_path / "标出问题.xlsx")
    mended, reasons = repaired((tmp_path / "标出问题.xlsx").read_bytes(), workbook)
    assert reasons == first.issues.exclude(field="").values("row").distinct().count()
    page.goto(reverse("students:roster-upload"))
    upload_by_keyboard(page, mended)
    second = Roster.objects.latest("pk")
    assert (second.rows_refused, second.rows_doubtful, second.left) == (0, 0, 0)

    # And in force, after a second look.
    tab_to(page, "[data-dialog='#confirm-roster']", most=300)
    page.keyboard.press("Enter")
    tab_to(page, "#confirm-roster button:has-text('确认入库')")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已确认，正在入库。")).to_be_visible()
    work_off()
    page.goto("/")
    expect(page.get_by_text("第 2 版已上报")).to_be_visible()
    second.refresh_from_db()
    assert second.state == RosterState.IN_FORCE
    assert Enrollment.objects.studying().filter(term="2021A", grade="三年级").count() == CHILDREN
    assert_clean(page)


def test_takes_the_good_rows_now_and_the_rest_later(page, officer, school, sign_in, assert_clean):
    sign_in("school", user=officer)
    rows = [child(n, grade="三年级") for n in range(1, 11)]
    rows[3] = child(4, grade="二十年级")
    rows[6] = child(7, class_name="")
    page.goto(reverse("students:roster-upload"))
    upload_by_keyboard(page, roster(rows))
    page.get_by_role("button", name="只入库无错误的 8 行").click()
    page.get_by_label("大量离校或变动的原因").fill("分批上报")
    page.get_by_label("请输入学期名称以确认").fill("2021年秋季学期")
    page.locator("#confirm-roster").get_by_role("button", name="确认入库").click()
    work_off()
    page.reload()
    expect(page.get_by_text("还有 2 行没有入库")).to_be_visible()
    assert_clean(page)

    page.get_by_role("button", name="改正剩下的行").click()
    work_off()
    page.reload()
    page.locator('[name="cell:5:grade"]').fill("三年级")
    page.locator('[name="cell:8:class_name"]').fill("1班")
    page.get_by_role("button", name="保存本页填写的内容并重新校验").click()
    expect(page.get_by_text("没有错误行，可以入库")).to_be_visible()
    page.get_by_role("button", name="确认入库 10 行").click()
    page.locator("#confirm-roster").get_by_role("button", name="确认入库").click()
    work_off()

    assert Enrollment.objects.studying().filter(term="2021A").count() == 10


@pytest.mark.parametrize("width", [1440, 390])
def test_its_pages_are_clean_on_every_screen(page, officer, school, sign_in, assert_clean, width):
    sign_in("school", user=officer)
    page.set_viewport_size({"width": width, "height": 844})
    rows = [child(n, grade="三年级") for n in range(1, 6)]
    uploaded = runs.upload_roster(
        school=school,
        term=TermFactory(code="2021A"),
        content=roster([*rows, roster_row(6, name="王 六"), child(7, grade="二十年级")]),
        name="花名册.xlsx",
        by=officer,
        at=NOW,
    )
    work_off()
    for address in (
        "/",
        reverse("students:rosters"),
        reverse("students:roster-upload"),
        reverse("students:roster", args=[uploaded.pk]),
        reverse("students:roster-rows", args=[uploaded.pk]),
    ):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert_clean(page)
