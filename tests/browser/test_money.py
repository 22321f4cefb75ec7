"""The pages of awards, publicity, payments and figures in a browser: clean, narrow and wide; acts by hand."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from common import workdays
from disbursements.models import Payment
from programs.choices import ListState, Payer
from programs.models import Award, AwardList, Program, Share
from programs.reference import load_national
from schools.models import SchoolKind, Stage
from students.models import HardshipCategory
from tests import factories as make
from tests.factories import NOW
from tests.funding import fund

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = [1440, 390]
SURNAMES = "梁钟汪李秦莫马许徐金黎"
GIVEN = ["梓涵", "雨欣", "浩然", "诗雅", "子墨", "欣怡", "建国", "文轩"]
PROGRAMS = (
    ("boarder-living", "primary", 50_000),
    ("boarder-living", "junior", 62_500),
    ("senior-grant", "senior", 150_000),
)


class County:
    """Four schools whose lists stand at four places of the way, with payments that went well and one that did not."""

    def __init__(self, children):
        """`children` are those of each school."""
        load_national()
        self.term = make.TermFactory()
        self.preparer = make.UserFactory(name="周敏")
        self.approver = make.UserFactory(approver=True, name="陈志强")
        kind = SchoolKind.objects.get(pk="primary")
        self.schools = [
            make.SchoolFactory(code=f"41162500{n:02d}", name=f"城关镇第{n}中心学校", kind=kind) for n in range(1, 5)
        ]
        self.officer = make.UserFactory(officer=True, school=self.schools[1], name="刘芳")
        self.lists = [
            make.AwardListFactory(school=school, term=self.term, prepared_by=self.preparer, **{state: True})
            for school, state in zip(self.schools, ("confirmed", "published", "closed", "school_approved"), strict=True)
        ]
        for each in self.lists:
            for number in range(children):
                self.award(each, number)
        today = timezone.localdate()
        self.notice = make.NoticeFactory(
            list=self.lists[1], starts_on=today, ends_on=workdays.last_day(today, 5), put_up_by=self.officer
        )
        self.objection = make.ObjectionFactory(notice=self.notice, award=self.held_back(), received_by=self.officer)
        self.pay()

    def award(self, award_list, number):
        code, stage, amount_fen = PROGRAMS[number % len(PROGRAMS)]
        program = Program.objects.get(pk=code)
        categories = HardshipCategory.objects.order_by("priority")
        enrollment = make.EnrollmentFactory(
            student__name=SURNAMES[number % len(SURNAMES)] + GIVEN[number % len(GIVEN)],
            term=self.term,
            school=award_list.school,
            stage=Stage.objects.get(pk=stage),
            grade="五年级",
            class_name=f"（{number % 4 + 1}）班",
        )
        return make.AwardFactory(
            enrollment=enrollment,
            list=award_list,
            program=program,
            amount_fen=amount_fen,
            category=categories[number % 5],
            is_registered_poor=number % 5 == 0,
            state="confirmed" if award_list.state == ListState.CONFIRMED else "proposed",
            rule=make.RuleFactory(program=program, position=99),
            standard=self.standard(program, stage, amount_fen),
        )

    def standard(self, program, stage, amount_fen):
        facts = {"amount_fen": amount_fen, "document_no": "示教〔2019〕1号"}
        found = program.standards.get_or_create(stage_id=stage, valid_from=date(2019, 9, 2), defaults=facts)
        return found[0]

    def held_back(self):
        award = self.lists[1].awards.first()
        Award.objects.filter(pk=award.pk).update(state="suspended")
        return award

    def pay(self):
        program = Program.objects.get(pk="boarder-living")
        make.TermProgramFactory(term=self.term, program=program)
        payers = Share.objects.filter(program=program).values_list("payer", flat=True).distinct() or [Payer.COUNTY]
        fund(
            *payers,
            document_no="示财预〔2021〕8号",
            issued_on=date(2021, 9, 15),
            program=program,
            term=self.term,
            amount_fen=10_000_000,
            by=self.preparer,
            at=NOW,
        )
        awards = list(self.lists[0].awards.filter(program=program))
        self.batch = make.BatchFactory(
            settled=True, term=self.term, program=program, prepared_by=self.preparer, number="2021A-boarder-living-01"
        )
        for line, award in enumerate(awards, start=1):
            facts = {"state": "paid", "paid_on": date(2021, 12, 20)}
            if line % 4 == 0:
                facts = {"state": "failed", "failure": "name-mismatch", "bank_words": "户名不符"}
            make.PaymentFactory(batch=self.batch, award=award, line_no=line, **facts)
        totals = self.batch.payments.totals()
        type(self.batch).objects.filter(pk=self.batch.pk).update(**totals)
        self.draft = make.BatchFactory(
            term=self.term, program=Program.objects.get(pk="senior-grant"), prepared_by=self.preparer,
            number="2021A-senior-grant-01",
        )  # fmt: skip
        for line, award in enumerate(self.lists[0].awards.filter(program=self.draft.program), start=1):
            make.PaymentFactory(batch=self.draft, award=award, line_no=line)
        totals = self.draft.payments.totals()
        type(self.draft).objects.filter(pk=self.draft.pk).update(
            **totals, planned_people=totals["people"], planned_fen=totals["amount_fen"]
        )


@pytest.fixture
def county():
    return County(children=6)


@pytest.fixture
def large_county():
    """Its lists have a second page."""
    return County(children=24)


def addresses(county):
    failed = Payment.objects.filter(state="failed").select_related("award").first()
    return {
        "awards": ("preparer", reverse("programs:awards")),
        "lists": ("approver", reverse("programs:lists")),
        "list": ("approver", county.lists[2].get_absolute_url()),
        "list-school": ("school", county.lists[1].get_absolute_url()),
        "put-up": ("preparer", reverse("programs:list-put-up", args=[county.lists[3].pk])),
        "notices": ("preparer", reverse("programs:notices")),
        "notice": ("preparer", county.notice.get_absolute_url()),
        "notice-sheet": ("preparer", reverse("programs:notice-sheet", args=[county.notice.pk])),
        "answer": ("preparer", reverse("programs:objection-answer", args=[county.objection.pk])),
        "public": ("", reverse("programs:public", args=[county.notice.token])),
        "programs": ("auditor", reverse("programs:programs")),
        "program": ("auditor", reverse("programs:program", args=["boarder-living"])),
        "explain": ("preparer", reverse("programs:explain", args=[failed.award.enrollment_id])),
        "batches": ("preparer", reverse("disbursements:batches")),
        "batch": ("preparer", county.batch.get_absolute_url()),
        "batch-draft": ("approver", county.draft.get_absolute_url()),
        "approve": ("approver", reverse("disbursements:batch-approve", args=[county.draft.pk])),
        "return": ("preparer", reverse("disbursements:batch-return", args=[county.batch.pk])),
        "prepare": ("preparer", reverse("disbursements:prepare")),
        "unpaid": ("preparer", reverse("disbursements:unpaid", args=["boarder-living"])),
        "card": ("preparer", reverse("disbursements:card", args=[failed.award.student_id])),
        "funds": ("preparer", reverse("disbursements:funds")),
        "allot": ("preparer", reverse("disbursements:allot")),
        "report": ("auditor", reverse("reports:report", args=["2021A"])),
        "report-year": ("auditor", reverse("reports:report", args=["2021"])),
        "names": ("auditor", f"{reverse('reports:names')}?scope=2021&program=boarder-living"),
        "student": ("preparer", reverse("student", args=[failed.award.student_id])),
    }


@pytest.mark.parametrize("part", range(3))
def test_every_page_is_clean(large_county, page, sign_in, assert_clean, part):
    for role, address in list(addresses(large_county).values())[part::3]:
        page.context.clear_cookies()
        if role:
            sign_in(role, **({"user": large_county.officer} if role == "school" else {}))
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        assert page.goto(address).ok, address
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert_clean(page)


class TestByHand:
    def test_ticked_lists_are_confirmed(self, county, page, sign_in):
        sign_in("approver", user=county.approver)
        page.goto(reverse("programs:lists"))

        page.get_by_label("选择 城关镇第3中心学校").check()
        page.get_by_label("选择 城关镇第2中心学校").check()
        page.get_by_role("button", name="审定所选名单").click()
        expect(page.get_by_text("可对 1 / 2 份名单办理。")).to_be_visible()
        page.get_by_role("button", name="审定 1 份名单").click()

        expect(page.get_by_text("已审定 1 / 1 份名单。")).to_be_visible()
        assert AwardList.objects.get(pk=county.lists[2].pk).state == ListState.CONFIRMED

    def test_awards_are_narrowed_while_one_types(self, county, page, sign_in):
        sign_in("preparer")
        page.goto(reverse("programs:awards"))

        page.get_by_label("学生姓名").fill("梁梓")

        page.wait_for_url("**q=**")
        expect(page.locator("tbody tr")).to_have_count(Award.objects.filter(student__name__startswith="梁梓").count())

    def test_a_list_is_confirmed_through_its_dialog(self, county, page, sign_in):
        sign_in("approver", user=county.approver)
        page.goto(county.lists[2].get_absolute_url())

        page.get_by_role("button", name="审定名单").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("6 人次")
        dialog.get_by_role("button", name="审定名单").click()

        expect(page.get_by_text("县级已审定名单")).to_be_visible()

    def test_a_figure_opens_its_names(self, county, page, sign_in):
        sign_in("auditor")
        page.goto(reverse("reports:report", args=["2021A"]))

        figure = page.locator("tr.total td a").first
        people = int(figure.inner_text())
        figure.click()

        expect(page.locator(".toolbar")).to_contain_text(f"共 {people} 人 ·")

    def test_the_public_page_closes_at_its_end(self, county, page, complaints):
        address = reverse("programs:public", args=[county.notice.token])
        assert page.goto(address).status == 200

        type(county.notice).objects.update(
            starts_on=timezone.localdate() - timedelta(days=20), ends_on=timezone.localdate() - timedelta(days=1)
        )

        assert page.goto(address).status == 410
        complaints.clear()
