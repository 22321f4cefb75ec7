"""Control totals: they hold on a clean way, and each one notices its own fen."""

import pytest
from django.urls import reverse

from audits import checks
from disbursements.models import Batch, LedgerEntry, Payment
from tests.factories import BatchFactory, LedgerEntryFactory, PaymentFactory, QuotaFactory, TermFactory

pytestmark = pytest.mark.django_db


def enter(batch: Batch, kind: str, amount_fen: int) -> LedgerEntry:
    return LedgerEntryFactory(
        quota=None,
        program=batch.program,
        term=batch.term,
        payer="central",
        batch=batch,
        kind=kind,
        amount_fen=amount_fen,
    )


@pytest.fixture
def batch() -> Batch:
    """An approved batch of one payment, its money set aside."""
    batch = BatchFactory(approved=True)
    payment = PaymentFactory(batch=batch)
    Batch.objects.filter(pk=batch.pk).update(people=1, amount_fen=payment.amount_fen)
    enter(batch, "reserved", payment.amount_fen)
    batch.refresh_from_db()
    return batch


def failing(term):
    return {str(outcome.title) for outcome in checks.run(term) if not outcome.holds}


def test_hold_before_there_is_anything():
    assert failing(TermFactory()) == set()
    assert len(checks.CHECKS) >= 7


def test_hold_for_an_approved_batch(batch):
    assert failing(batch.term) == set()


def test_notice_a_fen_missing_in_a_batch(batch):
    Batch.objects.filter(pk=batch.pk).update(amount_fen=batch.amount_fen - 1)

    assert failing(batch.term) == {"发放明细合计等于批次金额", "审核占用等于已审核批次"}


def test_notice_a_payment_that_differs_from_its_award(batch):
    Payment.objects.filter(batch=batch).update(amount_fen=batch.amount_fen + 1)

    assert "每笔发放等于它的资助金额" in failing(batch.term)


def test_notice_money_spent_that_nobody_got(batch):
    enter(batch, "spent", 100)

    assert failing(batch.term) == {"发放支出等于到账的发放"}


def test_notice_a_quota_that_never_arrived():
    quota = QuotaFactory()

    assert failing(quota.term) == {"资金指标等于指标到账"}


def test_two_errors_cannot_hide_each_other():
    outcome = checks.Outcome("", "", "", {"a": 100, "b": 200}, {"a": 200, "b": 100})

    assert outcome.left_fen == outcome.right_fen
    assert not outcome.holds


def test_page_names_what_differs(as_role, batch):
    Batch.objects.filter(pk=batch.pk).update(amount_fen=batch.amount_fen - 1)

    page = as_role("auditor").get(reverse("audits:checks")).content.decode()

    assert "2 项不一致" in page
    assert batch.number in page
