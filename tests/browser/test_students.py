"""Schools, children, rosters, lists and the cross-check in a browser: clean, narrow and wide; acts by hand."""

from datetime import date

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import Action
from jobs import run
from jobs.models import Job
from programs.reference import load_national
from schools.models import SchoolKind
from students import runs
from students.choices import Confirms, MatchState, RosterState
from students.models import Match, RegisterSource, Roster
from tests.factories import NOW, SchoolFactory, TermFactory, TownFactory, UserFactory, resident_id
from tests.workbooks import REGISTER_HEAD, roster, roster_row, xlsx

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = [1440, 390]
SURNAMES = "梁钟汪李秦莫马许徐金黎"


def work_off():
    """What the worker would do meanwhile."""
    for job in Job.objects.waiting().order_by("pk"):
        run.execute(job.pk)


def child(number, **facts):
    facts.setdefault("name", f"{SURNAMES[number % len(SURNAMES)]}小{chr(0x4E00 + number)}")
    facts.setdefault("id_number", resident_id(number))
    return roster_row(number, stage="小学", **facts)


def a_slip(number):
    """The number as a tired hand copies it: one digit of the sequence is wrong."""
    return number[:15] + str((int(number[15]) + 1) % 10) + number[16:]


class County:
    """Twelve schools, one with a roster in force and a newer one waiting, a list, a cross-check with suspicions."""

    def __init__(self):
        load_national()
        self.preparer = UserFactory(name="周敏")
        self.term = TermFactory()
        town = TownFactory()
        kind = SchoolKind.objects.get(pk="primary")
        self.schools = [
            SchoolFactory(code=f"41162500{n:02d}", name=f"城关镇第{n}小学", kind=kind, town=town) for n in range(1, 13)
        ]
        self.school = self.schools[0]
        self.officer = UserFactory(officer=True, school=self.school, name="刘芳")
        children = [child(n) for n in range(1, 31)]
        self.in_force = self.hand_in(children)
        runs.confirm_roster(self.in_force, by=self.officer, at=NOW)
        work_off()
        self.snapshot = runs.upload_register(
            source=RegisterSource.objects.get(pk="registered-poor"),
            as_of=date(2021, 9, 30),
            content=xlsx(REGISTER_HEAD, self._register(children), above=("全县脱贫人口信息表",)),
            name="脱贫人口信息表.xlsx",
            by=self.preparer,
            at=NOW,
        )
        work_off()
        self.snapshot.refresh_from_db()
        self.check = runs.begin_crosscheck(
            term=self.term, snapshots=[self.snapshot], by=self.preparer, at=NOW, confirms=Confirms.EXACT
        )
        work_off()
        self.check.refresh_from_db()
        self.waiting = self.hand_in(
            [
                child(1, name=""),
                child(2, id_number=""),
                child(3, class_name="2班"),
                child(4, boarding="不详"),
                *children[4:29],
                child(40),
                child(41, id_number=411625201203150012),
            ]
        )

    def hand_in(self, rows):
        uploaded = runs.upload_roster(
            school=self.school,
            term=self.term,
            content=roster(rows, school=self.school.name, code=self.school.code, term=self.term.code),
            name=f"{self.school.name}花名册.xlsx",
            by=self.officer,
            at=NOW,
        )
        work_off()
        uploaded.refresh_from_db()
        return uploaded

    def _register(self, children):
        lines = []
        for number, row in enumerate(children[:12], start=1):
            name, id_number = row[1], row[4]
            if number > 4:
                id_number = a_slip(id_number)
            lines.append(
                ["城关镇", "东关村", f"H{number}", str(number), name, id_number, "之子", "脱贫户", "", "王建国"]
            )
            lines.append(
                [
                    "城关镇",
                    "东关村",
                    f"H{number}",
                    "0",
                    "王建国",
                    resident_id(number, born_on=date(1980, 5, 6)),
                    "户主",
                    "脱贫户",
                    "",
                    "王建国",
                ]
            )
        return lines


@pytest.fixture
def county():
    return County()


class TestEveryPage:
    @pytest.mark.parametrize("width", WIDTHS)
    def test_is_clean_for_the_county(self, page, sign_in, county, assert_clean, width):
        sign_in("preparer", user=county.preparer)
        page.set_viewport_size({"width": width, "height": 900})
        match = Match.objects.filter(state=MatchState.SUSPECTED).first()

        for address in [
            reverse("students:list"),
            reverse("students:find"),
            reverse("students:rosters"),
            reverse("students:roster-upload"),
            county.in_force.get_absolute_url(),
            county.waiting.get_absolute_url(),
            reverse("students:registers"),
            reverse("students:register-upload"),
            county.snapshot.get_absolute_url(),
            reverse("students:snapshot-withdraw", args=[county.snapshot.pk]),
            reverse("students:crosschecks"),
            reverse("students:crosscheck-begin"),
            county.check.get_absolute_url(),
            match.get_absolute_url(),
            reverse("schools:list"),
            reverse("schools:import"),
            county.school.get_absolute_url(),
        ]:
            page.goto(address)
            page.wait_for_load_state("networkidle")
            assert_clean(page)

    @pytest.mark.parametrize("role", ["school", "auditor"])
    def test_is_clean_for_others(self, page, sign_in, county, assert_clean, role):
        sign_in(role, **({"user": county.officer} if role == "school" else {}))
        page.set_viewport_size({"width": 1024, "height": 800})

        for address in [reverse("students:rosters"), county.waiting.get_absolute_url(), reverse("students:list")]:
            page.goto(address)
            page.wait_for_load_state("networkidle")
            assert_clean(page)


class TestHandingInARoster:
    def test_goes_from_the_file_to_the_confirmed_roster(self, page, sign_in, county, assert_clean):
        sign_in("school", user=county.officer)
        page.goto(reverse("students:rosters"))
        page.get_by_role("link", name="上传花名册").click()

        content = roster(
            [child(n) for n in range(1, 31)], school=county.school.name, code=county.school.code, term="2021A"
        )
        page.set_input_files(
            "input[type=file]", {"name": "花名册.xlsx", "mimeType": "application/octet-stream", "buffer": content}
        )
        expect(page.locator("[data-file]")).to_contain_text("花名册.xlsx")
        page.get_by_role("button", name="上传并校验").click()
        expect(page.get_by_role("heading", name="正在排队")).to_be_visible()
        assert_clean(page)

        work_off()
        expect(page.get_by_text("没有错误行，可以入库")).to_be_visible()
        page.get_by_role("button", name="确认入库 30 行").click()
        page.get_by_role("dialog").get_by_role("button", name="确认入库").click()
        expect(page.get_by_text("已确认，正在入库。")).to_be_visible()

        work_off()
        expect(page.locator(".page-head")).to_contain_text("现行版本")
        assert Roster.objects.get(state=RosterState.IN_FORCE).version == 3

    def test_a_wrong_file_keeps_the_page_and_says_why(self, page, sign_in, county):
        sign_in("school", user=county.officer)
        page.goto(reverse("students:roster-upload"))

        page.set_input_files(
            "input[type=file]", {"name": "网页.xls", "mimeType": "text/html", "buffer": b"<html><table></table></html>"}
        )
        page.get_by_role("button", name="上传并校验").click()

        expect(page.locator("#errors [role=alert]")).to_be_visible()
        expect(page.locator("[data-file]")).to_contain_text("网页.xls")


class TestTheWholeNumber:
    def test_appears_for_a_purpose(self, page, sign_in, county):
        sign_in("preparer", user=county.preparer)
        match = Match.objects.filter(state=MatchState.SUSPECTED).for_list().first()
        number = match.enrollment.student.id_number
        page.goto(match.get_absolute_url())

        expect(page.get_by_text(number)).to_have_count(0)
        page.locator(".reveal summary").click()
        page.get_by_role("button", name="核对证明材料").click()

        expect(page.get_by_text(number)).to_be_visible()
        assert Action.objects.filter(verb="student.id-revealed", target_id=str(match.enrollment.student_id)).exists()
