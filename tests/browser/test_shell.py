"""The shell in a browser: every width, every role, and what the script does."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import (
    PASSWORD,
    AwardFactory,
    BatchFactory,
    HardshipFactory,
    JobFactory,
    LedgerEntryFactory,
    MatchFactory,
    RosterFactory,
    TermFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = [1440, 1366, 1024, 390]


@pytest.fixture
def county():
    """Something on every part of the home page."""
    TermFactory(code="2021S")
    award = AwardFactory(enrollment__term=TermFactory(code="2021A"))
    MatchFactory(suspected=True)
    HardshipFactory(match__enrollment=award.enrollment)
    LedgerEntryFactory(
        quota=None,
        program=award.program,
        term=award.term,
        payer="central",
        batch=BatchFactory(),
        kind="spent",
        amount_fen=500_000,
    )
    RosterFactory(checked=True)
    return award


@pytest.mark.parametrize("width", WIDTHS)
class TestEveryWidth:
    def test_sign_in(self, page, width, assert_clean):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(reverse("login"))

        assert_clean(page)

    @pytest.mark.parametrize("role", ["preparer", "approver", "school", "auditor", "admin"])
    def test_home(self, page, width, role, sign_in, county, assert_clean):
        sign_in(role, **({"school": county.school} if role == "school" else {}))
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(reverse("home"))

        assert_clean(page)

    @pytest.mark.parametrize("address", ["/styleguide/", "/styleguide/?errors=1&q=x&category=low-income"])
    def test_styleguide(self, page, width, address, sign_in, county, assert_clean):
        sign_in("preparer")
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(address)

        assert_clean(page)

    @pytest.mark.parametrize("name", ["jobs:list", "audits:actions", "audits:checks"])
    def test_lists_of_the_shell(self, page, width, name, sign_in, county, assert_clean):
        JobFactory(failed=True, term=county.term)
        sign_in("auditor")
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(reverse(name))

        assert_clean(page)


def test_somebody_signs_in_and_out(page):
    UserFactory(username="zhoumin", name="周敏")
    page.goto(reverse("home"))

    page.get_by_label("账号").fill("zhoumin")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("账号或密码不正确")
    expect(page.get_by_label("账号")).to_have_value("zhoumin")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("周敏")
    page.locator("summary.who").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_label("密码")).to_be_visible()


def test_the_term_is_switched_in_place(page, sign_in, county):
    sign_in("preparer")
    page.goto(reverse("styleguide"))

    page.locator(".term summary").click()
    page.get_by_role("button", name="2021年春季学期").click()

    expect(page.locator(".term summary")).to_contain_text("2021年春季学期")
    assert page.url.endswith(reverse("styleguide"))


def test_english_is_one_click_away(page, sign_in, county, assert_clean):
    sign_in("preparer")
    page.goto(reverse("home"))

    page.get_by_label("语言与字号").click()
    page.get_by_role("button", name="English").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert_clean(page)


def test_large_text_is_remembered_and_fits(page, sign_in, county, assert_clean):
    sign_in("preparer")
    page.goto(reverse("home"))

    page.get_by_label("语言与字号").click()
    page.get_by_role("button", name="大字版").click()
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-size", "large")
    assert_clean(page)


def test_the_menu_unfolds_on_a_phone_and_closes_by_escape(page, sign_in, county):
    sign_in("preparer")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(reverse("home"))

    page.get_by_label("打开导航").click()
    expect(page.locator(".side")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator(".side")).not_to_be_visible()
    expect(page.get_by_label("打开导航")).to_be_focused()


def test_a_list_is_narrowed_while_one_types(page, sign_in):
    for name in ["王芳", "王敏", "李强"]:
        UserFactory(name=name)
    sign_in("admin")
    page.goto(reverse("accounts:list"))

    page.get_by_role("searchbox", name="账号或姓名").fill("王")
    page.wait_for_url("**q=%E7%8E%8B")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="县级经办").click()
    page.wait_for_url("**tab=preparer**")
    page.get_by_role("searchbox", name="账号或姓名").fill("王芳")

    page.wait_for_url("**q=%E7%8E%8B%E8%8A%B3**")
    assert "tab=preparer" in page.url
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("去掉此条件").click()
    expect(page.get_by_role("searchbox", name="账号或姓名")).to_have_value("")


def test_nothing_of_a_page_stays_in_the_browser(page, sign_in):
    UserFactory(name="王芳")
    sign_in("admin")
    page.goto(reverse("accounts:list"))
    page.get_by_role("link", name="县级经办").click()
    page.wait_for_url("**tab=preparer**")

    page.go_back()

    expect(page.locator("tbody tr")).to_have_count(2)
    assert page.evaluate("Object.keys(sessionStorage)") == ["htmx-current-path-for-history"]


def test_rows_are_chosen_and_counted(page, sign_in, county):
    sign_in("preparer")
    page.goto(reverse("styleguide"))

    page.get_by_label("选择本页全部").check()

    expect(page.locator("[data-sel-n]")).to_have_text("4")
    expect(page.get_by_role("button", name="批量通过")).to_be_visible()


def test_an_irreversible_act_is_asked_about_by_name(page, sign_in, county, assert_clean):
    sign_in("preparer")
    page.goto(reverse("styleguide"))

    page.get_by_role("button", name="打开确认框").click()

    dialog = page.get_by_role("dialog", name="确认发放 128 人？")
    expect(dialog).to_contain_text("不能撤回")
    assert_clean(page)
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_a_run_is_followed_to_its_end(page, sign_in, county):
    job = JobFactory(total=200, cursor=50, term=county.term)
    sign_in("preparer")
    page.goto(job.get_absolute_url())
    expect(page.locator("#job-progress")).to_contain_text("50 / 200")

    type(job).objects.filter(pk=job.pk).update(cursor=120)
    expect(page.locator("#job-progress")).to_contain_text("120 / 200")
    type(job).objects.filter(pk=job.pk).update(state="done", result={"rows": 200})

    expect(page.locator("main")).to_contain_text("任务已完成")
    expect(page.locator(".tally")).to_contain_text("数据行")


def test_the_slash_key_leads_to_the_search(page, sign_in, county):
    sign_in("preparer")
    page.goto(reverse("home"))

    page.keyboard.press("/")

    expect(page.get_by_label("全局搜索")).to_be_focused()
