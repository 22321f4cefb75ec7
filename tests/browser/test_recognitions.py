"""Recognition lists in a browser: clean, narrow and wide; a file handed in by hand."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from jobs import run
from jobs.models import Job
from programs import runs
from tests.factories import NOW, EnrollmentFactory, SchoolFactory, StudentFactory, UserFactory
from tests.workbooks import RECOGNITION_HEAD, xlsx

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = [1440, 390]


def work_off():
    """What the worker would do meanwhile."""
    for job in Job.objects.waiting().order_by("pk"):
        run.execute(job.pk)


@pytest.fixture
def school():
    return SchoolFactory(code="4116250001", name="清溪中心小学")


@pytest.fixture
def officer(school):
    return UserFactory(officer=True, school=school, name="刘芳")


@pytest.fixture
def content(school):
    """Twelve children of the school and one line each of what goes wrong."""
    children = [enrollment.student for enrollment in EnrollmentFactory.create_batch(12, school=school)]
    stranger = StudentFactory()
    levels = ("特别困难", "困难", "一般困难")
    lines = [[n, c.name, c.id_number, "三年级", "1班", levels[n % 3], ""] for n, c in enumerate(children, start=1)]
    lines.append([13, stranger.name, stranger.id_number, "三年级", "1班", "困难", ""])
    lines.append([14, children[0].name, children[0].id_number, "三年级", "1班", "很困难", ""])
    lines.append([15, children[1].name, children[1].id_number, "三年级", "1班", "困难", ""])
    return xlsx(RECOGNITION_HEAD, lines)


@pytest.fixture
def handed_in(school, officer, content):
    term = school.enrollments.first().term
    uploaded = runs.upload_recognition_list(
        school=school, term=term, content=content, name="认定名单.xlsx", by=officer, at=NOW
    )
    work_off()
    uploaded.refresh_from_db()
    return uploaded


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("role", ["officer", "auditor"])
def test_the_pages_are_clean(page, sign_in, assert_clean, officer, handed_in, role, width):
    sign_in("", user=officer if role == "officer" else UserFactory(auditor=True, name="孙立"))
    page.set_viewport_size({"width": width, "height": 900})

    addresses = [reverse("programs:recognitions"), handed_in.get_absolute_url()]
    for address in [*addresses, reverse("programs:recognition-upload")] if role == "officer" else addresses:
        page.goto(address)
        assert_clean(page)


def test_an_officer_hands_a_list_in_by_hand(page, sign_in, officer, content):
    sign_in("", user=officer)
    page.goto(reverse("students:rosters"))
    page.get_by_role("link", name="认定名单", exact=True).click()
    page.get_by_role("link", name="上传认定名单").first.click()
    page.set_input_files(
        "input[type=file]",
        {
            "name": "认定名单.xlsx",
            "mimeType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "buffer": content,
        },
    )
    page.get_by_role("button", name="上传并读取").click()
    expect(page.get_by_text("可以离开本页")).to_be_visible()
    work_off()

    expect(page.get_by_role("region", name="未采用的行").locator("tbody tr")).to_have_count(3)
    expect(page.get_by_role("region", name="认定的学生").locator("tbody tr")).to_have_count(12)
