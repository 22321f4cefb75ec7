"""Recognition step by step in a browser: clean, narrow and wide; an officer's way by hand from telling to publicity."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from programs.models import RecognitionRound
from tests.factories import (
    ApplicationFactory,
    EnrollmentFactory,
    HardshipFactory,
    RecheckFactory,
    RecognitionRoundFactory,
    SchoolFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = [1440, 390]


@pytest.fixture
def school():
    return SchoolFactory(code="4116250001", name="清溪中心小学")


@pytest.fixture
def officer(school):
    return UserFactory(officer=True, school=school, name="刘芳")


@pytest.fixture
def pupils(school):
    return EnrollmentFactory.create_batch(6, school=school)


def address(name, *args):
    return reverse(f"programs:{name}", args=args)


@pytest.fixture
def round(school, pupils):
    """A published round with an objection, and one child in every other state."""
    round = RecognitionRoundFactory(
        school=school, published=True, public_from=timezone.localdate(), public_result="公示期间收到异议。",
        public_to=timezone.localdate().replace(year=timezone.localdate().year + 1),
    )  # fmt: skip
    ApplicationFactory(enrollment=pupils[0], round=round, decided=True)
    ApplicationFactory(enrollment=pupils[1], round=round, decided=True, level="general", level_words="走访后调整")
    ApplicationFactory(enrollment=pupils[2], round=round, state="class_reviewed", class_level="hard")
    ApplicationFactory(enrollment=pupils[3], round=round, state="withdrawn")
    HardshipFactory(match__enrollment=pupils[4])
    return round


@pytest.fixture
def recheck():
    return RecheckFactory()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_a_round_are_clean(page, sign_in, assert_clean, officer, round, width):
    sign_in("", user=officer)
    page.set_viewport_size({"width": width, "height": 900})
    child = round.applications.first()

    of_round = ("round", "round-facts", "round-children", "round-forms", "round-votes", "round-panel", "round-sheet")
    addresses = [address("rounds"), address("round-begin"), *(address(name, round.pk) for name in of_round)]
    for each in [*addresses, address("application", child.pk), address("application-object", child.pk)]:
        page.goto(each)
        assert_clean(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_the_county_are_clean(page, sign_in, assert_clean, round, recheck, width):
    sign_in("", user=UserFactory(name="赵敏"))
    page.set_viewport_size({"width": width, "height": 900})

    addresses = [address("rounds"), address("recognitions"), address("rechecks"), address("recheck-begin")]
    addresses += [f"{address('recheck-draw', recheck.draw_id)}?again=1", address("recheck", recheck.pk)]
    for each in [*addresses, address("rounds") + "?tab=none", address("round-send-back", round.pk)]:
        page.goto(each)
        assert_clean(page)


def test_an_officer_goes_from_telling_to_publicity_by_hand(page, sign_in, officer, pupils):
    sign_in("", user=officer)
    page.goto(reverse("home"))
    page.get_by_role("link", name="困难认定", exact=True).click()
    page.get_by_role("link", name="开始认定").first.click()
    page.get_by_label("告知日期").fill(timezone.localdate().isoformat())
    page.get_by_label("告知方式").fill("家长会")
    page.get_by_role("button", name="开始认定").click()

    page.get_by_role("link", name="录入申请").first.click()
    page.get_by_label("选择本页全部").check()
    page.get_by_label("家长已签个人承诺").check()
    page.get_by_role("button", name="录入所选").click()
    expect(page.get_by_text("已录入 6 人。")).to_be_visible()

    page.goto(RecognitionRound.objects.get().get_absolute_url())
    page.get_by_role("link", name="去评议").click()
    for pupil in pupils:
        page.get_by_label(f"{pupil.student.name} 班级评议等级").select_option("困难")
    page.get_by_role("button", name="保存三年级1班的评议").click()
    page.get_by_role("link", name="返回").click()
    page.get_by_role("link", name="评议会议").click()
    page.get_by_label("评议日期").fill(timezone.localdate().isoformat())
    page.get_by_label("到会人员").fill("张建国 校长\n李梅 班主任\n王芳 家长代表")
    page.get_by_label("会议记录", exact=False).first.fill("逐一评议，表决通过。")
    page.get_by_role("button", name="保存，填写票数").click()
    page.get_by_role("button", name="保存三年级1班的评定").click()
    page.get_by_role("link", name="返回").click()
    page.get_by_role("button", name="完成评议").first.click()
    page.get_by_role("dialog").get_by_role("button", name="完成评议").click()
    page.get_by_role("link", name="公示认定结果").click()
    page.get_by_role("button", name="开始公示").click()

    page.get_by_role("link", name="打印公示表").click()
    expect(page.locator("article tbody tr")).to_have_count(6)
