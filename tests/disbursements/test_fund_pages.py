"""The pages of the fund by hand: documents, arrivals, what was entered wrongly, carrying over, figures that open."""

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Action
from disbursements import funds
from disbursements.models import Arrival, LedgerEntry, Quota
from schools.choices import TermState
from schools.models import Term
from tests import factories as make
from tests.funding import fund

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def term():
    return make.TermFactory()


@pytest.fixture
def arrived(program, term, preparer):
    """300 yuan of the county, all of it on the account."""
    facts = {"program": program, "term": term, "amount_fen": 30_000, "by": preparer, "at": timezone.now()}
    return fund("county", issued_on=date(2021, 9, 1), **facts)[0]


def allot(client, **changes):
    wanted = {
        "document_no": "示财预〔2021〕8号",
        "issued_on": "2021-09-15",
        "program": make.ProgramFactory().pk,
        "payer": "county",
        "amount_fen": "12.5万",
    }
    return client.post(reverse("disbursements:allot"), wanted | changes, follow=True)


def arrive(client, quota, **changes):
    wanted = {"amount_fen": "25,000", "arrived_on": "2021-09-20", "voucher": "收字 8 号"}
    return client.post(reverse("disbursements:arrive", args=[quota.pk]), wanted | changes, follow=True)


class TestQuota:
    def test_takes_what_a_document_allots_with_its_scan(self, as_role):
        answer = allot(as_role("preparer"), scan=SimpleUploadedFile("指标文.pdf", b"%PDF-1.7 scan"))

        quota = Quota.objects.get()
        assert (quota.amount_fen, quota.file.name) == (12_500_000, "指标文.pdf")
        assert "指标文.pdf" in answer.content.decode()
        assert not LedgerEntry.objects.exists()

    def test_takes_a_document_once(self, as_role):
        client = as_role("preparer")
        allot(client)

        again = allot(client)

        assert "document_no" in again.context["form"].errors
        assert Quota.objects.count() == 1

    @pytest.mark.parametrize("amount", ["很多", "0", "-5", "1.005"])
    def test_refuses_what_is_no_amount(self, as_role, amount):
        answer = allot(as_role("preparer"), amount_fen=amount)

        assert "amount_fen" in answer.context["form"].errors
        assert not Quota.objects.exists()

    def test_refuses_a_scan_that_is_none(self, as_role):
        answer = allot(as_role("preparer"), scan=SimpleUploadedFile("指标文.pdf", b"MZ\x90"))

        assert "scan" in answer.context["form"].errors
        assert not Quota.objects.exists()

    def test_shows_what_arrived_and_what_did_not(self, as_role):
        client = as_role("preparer")
        allot(client)

        answer = arrive(client, Quota.objects.get())

        page = answer.content.decode()
        assert "100,000.00" in page
        assert "25,000.00" in page
        (_program, payer, balance) = client.get(reverse("disbursements:funds")).context["balances"][0]
        assert (payer, balance.arrived, balance.available) == ("县级", 2_500_000, 2_500_000)

    def test_keeps_what_was_typed_when_it_is_refused(self, as_role):
        client = as_role("preparer")
        allot(client)

        answer = arrive(client, Quota.objects.get(), amount_fen="125,000.01")

        assert "还有 125,000.00 元没有到账" in answer.content.decode()
        assert answer.context["form"]["voucher"].value() == "收字 8 号"

    def test_is_withdrawn_with_a_reason(self, as_role):
        client = as_role("preparer")
        allot(client)
        quota = Quota.objects.get()

        page = client.post(reverse("disbursements:quota-withdraw", args=[quota.pk]), {"why": "项目选错"}, follow=True)

        assert "项目选错" in page.content.decode()
        assert "已撤销" in client.get(reverse("disbursements:quotas") + "?tab=withdrawn").content.decode()


class TestArrival:
    def test_is_taken_off_by_another_person(self, as_role, arrived, preparer):
        address = reverse("disbursements:arrival-withdraw", args=[Arrival.objects.get().pk])

        own = as_role("preparer", user=preparer).post(address, {"why": "录错"})
        other = as_role("approver").post(address, {"why": "录错"}, follow=True)

        assert "必须由另一个人冲销" in own.content.decode()
        assert "录错" in other.content.decode()
        assert funds.balances()[0].available == 0


class TestLedger:
    def test_is_narrowed_by_program_payer_and_day(self, as_role, arrived, program):
        client = as_role("auditor")
        today = timezone.localdate().isoformat()

        def shown(**query):
            return client.get(reverse("disbursements:funds"), query).context["page"].total

        assert shown(program=program.pk, payer="county", since=today, until=today, period="finance-year") == 1
        assert shown(payer="central") == shown(since="2999-01-01") == shown(tab="spent") == 0

    def test_goes_along_as_a_workbook(self, as_role, arrived):
        client = as_role("auditor")

        answer = client.get(reverse("disbursements:ledger-export"), {"payer": "county"})

        sheet = load_workbook(io.BytesIO(answer.content)).active
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert any(row[6] == arrived.document_no and row[7] == 300 for row in rows)
        assert Action.objects.get(verb="ledger.exported").details == {"rows": 1}


class TestCarry:
    def test_moves_what_a_closed_term_has_left(self, as_role, arrived, term, program):
        Term.objects.update(state=TermState.CLOSED)
        spring = make.TermFactory(code="2022S")
        make.TermProgramFactory(term=spring, program=program)
        client = as_role("preparer")
        client.post(reverse("switch-term"), {"term": "2022S"})
        assert "300.00" in client.get(reverse("disbursements:carry")).content.decode()

        address = reverse("disbursements:carry-over", args=[program.pk, term.pk])
        page = client.post(address, follow=True).content.decode()

        assert "已结转" in page
        assert [(b.term, b.available) for b in funds.balances()] == [("2021A", 0), ("2022S", 30_000)]
        assert "没有可以结转的资金" in client.post(address, follow=True).content.decode()


class TestFigures:
    def test_open_to_the_money_behind_them(self, as_role, arrived, program):
        client = as_role("auditor")

        page = client.get(reverse("disbursements:fund-figures"), {"period": "school-year"})
        assert [row.figures.lying for row in page.context["rows"]] == [30_000, 30_000]
        link = f"?period=school-year&amp;program={program.pk}&amp;payer=county&amp;tab=lying"
        assert link in page.content.decode()

        behind = client.get(reverse("disbursements:fund-pieces") + link.replace("&amp;", "&"))
        assert [row.piece.amount_fen for row in behind.context["page"]] == [30_000]
        assert arrived.document_no in behind.content.decode()


def test_before_the_first_term_there_is_nothing(as_role):
    Term.objects.all().delete()
    client = as_role("preparer")

    for name in ("funds", "quotas", "fund-figures", "fund-pieces"):
        assert client.get(reverse(f"disbursements:{name}")).status_code == 200
    for name in ("allot", "carry", "ledger-export"):
        assert client.get(reverse(f"disbursements:{name}")).status_code == 404


def test_carried_money_is_named_where_a_batch_is_approved(as_role, arrived, term, program):
    Term.objects.filter(pk=term.pk).update(state=TermState.CLOSED)
    spring = make.TermFactory(code="2022S")
    make.TermProgramFactory(term=spring, program=program)
    funds.carry_over(program, Term.objects.get(pk=term.pk), spring, by=make.UserFactory(), at=timezone.now())
    batch = make.BatchFactory(program=program, term=spring, with_payments=1)

    page = as_role("approver").get(reverse("disbursements:batch-approve", args=[batch.pk])).content.decode()

    assert "含上期结转 300.00" in page
