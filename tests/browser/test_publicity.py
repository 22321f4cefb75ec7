"""Publicity in a browser: what families see on a telephone, with scripts and without; what the office does."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from common import workdays
from programs import objections, publicity
from programs.models import Notice, NoticePhoto, Objection
from tests import factories as make
from tests.programs.test_publicity import JPEG

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = [1440, 390]


@pytest.fixture
def notice():
    """A school with more children than one page has, one objection under way and one that came by the page."""
    school = make.SchoolFactory(code="4116250001", name="清溪中心小学")
    award_list = make.AwardListFactory(school=school, published=True)
    make.AwardFactory.create_batch(104, list=award_list, enrollment__school=school, enrollment__class_name="1班")
    today = timezone.localdate()
    notice = make.NoticeFactory(list=award_list, starts_on=today, ends_on=workdays.last_day(today, 6), working_days=6)
    make.NoticePhotoFactory(notice=notice)
    first, second = award_list.awards.order_by("pk")[:2]
    now = timezone.now()
    facts = {"words": "该生家里有门面房两间", "person": "李建国", "contact": "13800001111"}
    objections.raise_objection(notice, first, by=make.UserFactory(name="周敏"), at=now, **facts)
    objections.send_in(notice, second, at=now, **facts)
    return notice


@pytest.fixture
def officer(notice):
    return make.UserFactory(officer=True, school=notice.list.school, name="刘芳")


def addresses(notice):
    open_one, unseen = notice.objections.order_by("pk")
    third = publicity.lines(notice, on=notice.starts_on)[2]
    return {
        "notices": ("preparer", reverse("programs:notices")),
        "notice": ("preparer", notice.get_absolute_url()),
        "sheet": ("preparer", reverse("programs:notice-sheet", args=[notice.pk])),
        "photos": ("school", reverse("programs:notice-photos", args=[notice.pk])),
        "take-down": ("school", reverse("programs:notice-take-down", args=[notice.pk])),
        "objections": ("auditor", reverse("programs:objections")),
        "open": ("preparer", open_one.get_absolute_url()),
        "unseen": ("school", unseen.get_absolute_url()),
        "dismiss": ("preparer", reverse("programs:objection-dismiss", args=[unseen.pk])),
        "person": ("preparer", reverse("programs:objection-person", args=[unseen.pk])),
        "raise": ("school", reverse("programs:objection-raise", args=[notice.pk, third.award_id])),
        "public": ("", reverse("programs:public", args=[notice.token])),
        "speak": (
            "",
            reverse("programs:public-objection", args=[notice.token, publicity.ref_of(notice, third.award_id)]),
        ),
    }


def test_every_page_is_clean(notice, officer, page, sign_in, assert_clean):
    for role, address in addresses(notice).values():
        page.context.clear_cookies()
        if role:
            sign_in(role, **({"user": officer} if role == "school" else {}))
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        assert page.goto(address).ok, address
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert_clean(page)


@pytest.mark.parametrize("state", ["down", "early"])
def test_the_closed_page_and_the_result_are_clean(notice, page, sign_in, assert_clean, complaints, state):
    if state == "down":
        Objection.objects.all().delete()
        Notice.objects.filter(pk=notice.pk).update(state="down", result="无异议", taken_down_at=timezone.now())
    else:
        Notice.objects.filter(pk=notice.pk).update(starts_on=notice.ends_on, ends_on=notice.ends_on.replace(year=2031))

    page.set_viewport_size({"width": 390, "height": 900})
    assert page.goto(reverse("programs:public", args=[notice.token])).status == (410 if state == "down" else 404)
    assert_clean(page)
    assert all("Failed to load resource" in each for each in complaints)  # the browser's word for 404 and 410
    complaints.clear()
    if state == "down":
        sign_in("preparer")
        page.goto(reverse("programs:notice-result", args=[notice.pk]))
        assert_clean(page)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_family_reads_the_list_and_says_something(notice, browser, live_server, scripts):
    context = browser.new_context(
        base_url=live_server.url, java_script_enabled=scripts, viewport={"width": 390, "height": 844}, locale="zh-CN"
    )
    page = context.new_page()
    page.goto(reverse("programs:public", args=[notice.token]))
    page.get_by_role("link", name="下一页").click()
    expect(page.get_by_text("104", exact=True)).to_be_visible()

    page.get_by_role("link", name="反映情况").last.click()
    page.get_by_label("反映的情况").fill("该生父亲有一辆货车，请核实。")
    page.get_by_role("button", name="提交").click()

    expect(page.get_by_text("您反映的情况已收到")).to_be_visible()
    last = publicity.lines(notice, on=notice.starts_on)[-1]
    assert Objection.objects.latest("pk").award_id == last.award_id
    context.close()


def test_an_officer_takes_it_up_and_sees_who_said_it_for_a_moment(notice, officer, page, sign_in):
    sign_in("", user=officer)
    page.goto(reverse("programs:objections"))
    page.get_by_role("link", name="待受理").click()
    expect(page.get_by_text("共 1 件异议")).to_be_visible()
    unseen = notice.objections.get(received_by=None)
    page.get_by_role("link", name=unseen.award.student.name).click()
    expect(page.get_by_text("李*国")).to_be_visible()

    page.get_by_label("查看反映人的姓名和联系方式").click()
    page.get_by_role("button", name="进一步了解情况").click()
    expect(page.get_by_text("李建国 · 13800001111")).to_be_visible()
    page.get_by_role("button", name="受理", exact=True).click()

    expect(page.get_by_text("已受理，该生资助暂停，等待核查。")).to_be_visible()


def test_the_link_is_copied_and_photos_are_handed_in(notice, officer, page, sign_in, tmp_path):
    sign_in("", user=officer)
    page.goto(notice.get_absolute_url())
    page.get_by_role("button", name="复制链接").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()

    photos = [tmp_path / f"board-{n}.jpg" for n in range(2)]
    for n, photo in enumerate(photos):
        photo.write_bytes(JPEG + bytes([n]))
    page.get_by_role("link", name="上传公示照片").click()
    page.get_by_label("公示栏照片").set_input_files(photos)
    page.get_by_role("button", name="上传照片").click()

    expect(page.get_by_text("已保存 2 张照片。")).to_be_visible()
    assert NoticePhoto.objects.filter(notice=notice).count() == 3
