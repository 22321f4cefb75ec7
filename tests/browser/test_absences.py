"""Children nobody can find, in a browser: several settled at once, an outcome taken back, letters made, printed and
withdrawn.
"""

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from students import absence_letters, absences
from students.models import Absence, OutsideLetter
from tests.factories import (
    NOW,
    AbsenceFactory,
    CrosscheckFactory,
    RegisterPersonFactory,
    RegisterSnapshotFactory,
    TermFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def missing():
    """Three of kindergarten age, two who should be at school; of one the last term knew something."""
    run = CrosscheckFactory(snapshots=[RegisterSnapshotFactory()])
    people = [
        RegisterPersonFactory(
            snapshot=run.snapshots.get(), name=name, born_on=date(2021 - age, 3, 4), phone="13900001234"
        )
        for name, age in (("张小一", 4), ("张小二", 4), ("张小三", 5), ("李小红", 9), ("李小亮", 12))
    ]
    said = {"state": "settled", "outcome": "outside", "words": "在外省就读", "decided_by": UserFactory()}
    spring = TermFactory(code="2021S")
    AbsenceFactory(term=spring, person=people[4], key=people[4].id_number_index, decided_at=NOW, **said)
    absences.renew(run)
    return [Absence.objects.get(term=run.term, person=person) for person in people]


def outcomes():
    """name → outcome, of whoever has one in this term."""
    rows = Absence.objects.filter(term="2021A").exclude(outcome="")
    return dict(rows.values_list("person__name", "outcome"))


class TestTheSearch:
    def test_settles_several_and_takes_one_back(self, page, sign_in, missing):
        sign_in("preparer")
        page.goto(reverse("students:absences"))

        for child in missing[:3]:
            page.get_by_role("checkbox", name=f"选择 {child.person.name}").check()
        page.get_by_role("button", name="记录查找结果").click()
        page.get_by_label("学前阶段，自愿不入园").check()
        page.get_by_role("button", name="记录 3 人").click()

        expect(page.locator(".notes")).to_contain_text("已记录 3 人。")
        assert outcomes() == {"张小一": "kindergarten", "张小二": "kindergarten", "张小三": "kindergarten"}

        page.get_by_role("link", name="已查明").click()
        page.get_by_role("link", name="张小二").click()
        page.get_by_role("button", name="撤销结论").click()
        expect(page.locator(".notes")).to_contain_text("已撤销结论，继续查找。")
        assert outcomes() == {"张小一": "kindergarten", "张小三": "kindergarten"}

    def test_takes_over_what_the_last_term_found_out(self, page, sign_in, missing):
        sign_in("preparer")
        page.goto(reverse("students:absences"))

        expect(page.get_by_role("row", name="李小亮")).to_contain_text("上学期：")
        page.get_by_role("button", name="全部沿用上学期结论").click()

        expect(page.locator(".notes")).to_contain_text("已沿用上学期的 1 个结论。")
        assert outcomes() == {"李小亮": "outside"}

    def test_writes_to_a_school_prints_the_letter_and_withdraws_it(self, page, sign_in, missing):
        sign_in("preparer")
        page.goto(missing[3].get_absolute_url())

        page.get_by_role("link", name="制外地就读函").click()
        page.get_by_label("就读学校").fill("外县第一小学")
        page.get_by_label("学校所在地").fill("外省外县")
        page.get_by_role("button", name="制函 1 份").click()
        letter = OutsideLetter.objects.get()
        assert outcomes() == {"李小红": "outside"}
        expect(page.get_by_role("heading", level=1)).to_have_text(letter.number)

        page.get_by_role("link", name="打印").click()
        page.emulate_media(media="print")
        expect(page.locator(".sheet")).to_contain_text(letter.number)
        for of_the_screen in (page.locator("#nav"), page.locator(".topbar"), page.get_by_role("button", name="打印")):
            expect(of_the_screen).to_be_hidden()
        page.emulate_media(media="screen")

        page.goto(letter.get_absolute_url())
        page.get_by_role("link", name="作废").click()
        page.get_by_label("原因").fill("学校写错")
        page.get_by_role("button", name="作废这份函").click()

        expect(page.locator(".notes")).to_contain_text("已作废，函号保留不再使用。")
        expect(page.get_by_text("学校写错")).to_be_visible()
        expect(page.get_by_role("link", name="作废")).to_have_count(0)
        assert outcomes() == {}


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("role", ["preparer", "auditor"])
def test_every_page_is_clean(page, sign_in, assert_clean, missing, role, width):
    by = UserFactory()
    letters = absence_letters.make(missing[3:], school_name="外县第一小学", school_place="外省外县", by=by, at=NOW)
    absence_letters.withdraw(letters[0], reason="学校写错", by=by, at=NOW)
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(role)
    ours = ["absences-settle", "letter-create"] if role == "preparer" else []

    for address in [
        "/",
        *(reverse(f"students:{name}") for name in ["absences", "letters", *ours]),
        missing[0].get_absolute_url(),
        missing[3].get_absolute_url(),
        *(letter.get_absolute_url() for letter in letters),
        f"{reverse('students:letter-sheets')}?letters={letters[1].pk}",
        *([reverse("students:letter-withdraw", args=[letters[1].pk])] if ours else []),
    ]:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert_clean(page)
        assert missing[3].person.id_number not in page.content()
        assert "13900001234" not in page.content()
