"""An officer's first day: the county hands over an account, and the officer signs in with it once."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import SchoolFactory, TermFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

NARROW = {"width": 390, "height": 844}
OWN = "a-word-of-my-own"


def test_an_account_is_opened_handed_over_and_used(page, sign_in, assert_clean):
    TermFactory()
    school = SchoolFactory(name="东关小学")
    sign_in("preparer")
    page.goto(reverse("accounts:officers") + "?tab=vacant")
    assert_clean(page)
    page.get_by_role("table").get_by_role("link", name="开通账号").click()
    page.get_by_label("姓名").fill("王芳")
    page.get_by_role("main").get_by_role("button", name="开通账号").click()
    assert_clean(page)
    username, password = (page.locator("dd.mono").nth(place).inner_text() for place in (0, 1))
    page.set_viewport_size(NARROW)
    assert_clean(page)
    page.reload()
    expect(page.get_by_text("初始密码已经显示过")).to_be_visible()

    page.context.clear_cookies()
    page.goto("/")
    page.get_by_label("账号").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="设置自己的密码")).to_be_visible()
    assert_clean(page)
    page.get_by_label("新密码").fill(OWN)
    page.get_by_label("再输入一次").fill(OWN)
    page.get_by_role("button", name="修改密码").click()

    expect(page.get_by_text("密码已修改。")).to_be_visible()
    assert username == f"{school.code}-01"


def test_the_pages_of_officers_are_clean(page, sign_in, assert_clean):
    officer = UserFactory(officer=True)
    UserFactory(officer=True, school=officer.school, is_active=False)
    sign_in("approver")
    for address in (
        reverse("accounts:officers"),
        reverse("accounts:officer-create"),
        reverse("accounts:officer-edit", args=[officer.pk]),
        reverse("accounts:officer-reset", args=[officer.pk]),
        reverse("accounts:officer-hand-over", args=[officer.pk]),
        reverse("accounts:officers-import"),
        reverse("accounts:officers-slips"),
    ):
        for size in ({"width": 1366, "height": 768}, NARROW):
            page.set_viewport_size(size)
            page.goto(address)
            assert_clean(page)
