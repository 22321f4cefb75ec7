"""Publicity and payment of each school on one page: everything counted, and what is missing said aloud."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audits import reviews
from audits.choices import Lack
from audits.models import Finding
from common.middleware import NulPathMiddleware
from common.roles import Role
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor():
    return make.UserFactory(auditor=True)


def standing(school, term, reader):
    return reviews.standings([school], term, reader=reader)[school.pk]


def lacks(school, term):
    counts = reviews.lacks(reviews.schools_of(term).filter(pk=school.pk), term)
    return {lack for lack, n in counts.items() if n}


def finding(award, **kwargs):
    return Finding.objects.create(
        term=award.term,
        rule="some-rule",
        key=str(Finding.objects.count()),
        severity="grave",
        severity_order=0,
        school=award.school,
        first_found_at=NOW,
        last_found_at=NOW,
        **kwargs,
    )


def in_order():
    """A school whose list hung with a photo and whose child got the money."""
    payment = make.PaymentFactory(paid=True)
    notice = make.NoticeFactory(list=payment.award.list, down=True)
    make.NoticePhotoFactory(notice=notice)
    return payment.award


class TestLacks:
    def test_of_a_school_in_order_are_none(self):
        award = in_order()
        assert lacks(award.school, award.term) == set()

    def test_name_a_list_that_never_hung(self):
        award = make.PaymentFactory(paid=True).award
        assert lacks(award.school, award.term) == {Lack.NOTICE}

    def test_do_not_name_a_list_that_nobody_is_on(self):
        award = make.AwardFactory(dropped=True)
        assert lacks(award.school, award.term) == set()

    def test_name_a_notice_without_a_photo(self):
        award = make.PaymentFactory(paid=True).award
        make.NoticeFactory(list=award.list, down=True)
        assert lacks(award.school, award.term) == {Lack.PHOTO}

    def test_do_not_ask_for_a_photo_while_it_hangs_or_where_it_hung_again(self):
        award = make.PaymentFactory(paid=True).award
        make.NoticeFactory(list=award.list)
        again = make.PaymentFactory(paid=True).award
        make.NoticeFactory(list=again.list, down=True)
        make.NoticePhotoFactory(notice=make.NoticeFactory(list=again.list, down=True))
        assert (lacks(award.school, award.term), lacks(again.school, again.term)) == (set(), set())

    def test_do_not_ask_for_a_photo_of_a_list_that_is_prepared_again(self, auditor):
        award = make.AwardFactory()
        make.NoticeFactory(list=award.list, down=True)
        assert Lack.PHOTO not in lacks(award.school, award.term)
        assert standing(award.school, award.term, auditor).without_photo == 0

    def test_name_an_objection_that_nobody_answered(self):
        award = in_order()
        make.ObjectionFactory(award=award, notice=award.list.notices.get())
        assert lacks(award.school, award.term) == {Lack.OBJECTION}

    def test_name_money_that_did_not_arrive(self):
        award = in_order()
        make.AwardFactory(confirmed=True, enrollment__school=award.school)
        assert lacks(award.school, award.term) == {Lack.MONEY}

    def test_do_not_ask_for_money_that_is_none_or_was_decided_against(self):
        award = in_order()
        make.AwardFactory(
            confirmed=True, enrollment__school=award.school, program__code="meals", program__kind="in-kind"
        )
        other = make.AwardFactory(confirmed=True, enrollment__school=award.school)
        make.PayDecisionFactory(award=other, is_to_pay=False)
        assert lacks(award.school, award.term) == set()

    def test_ask_for_meals_only_where_a_batch_pays_for_them(self):
        award = in_order()
        paid = make.PaymentFactory(
            paid=True,
            award__enrollment__school=award.school,
            award__program__code="meals",
            award__program__kind="in-kind",
        )

        counted = standing(award.school, award.term, make.UserFactory(auditor=True))

        assert (counted.awards, counted.paid) == (2, 2)
        assert counted.awards_fen == counted.paid_fen == award.amount_fen + paid.amount_fen

    def test_name_a_failure_until_it_is_tried_again(self):
        award = in_order()
        failed = make.PaymentFactory(failed=True, award__enrollment__school=award.school).award
        assert lacks(award.school, award.term) == {Lack.MONEY, Lack.RETRY}

        make.PaymentFactory(award=failed, attempt=2, state="sent")
        assert lacks(award.school, award.term) == {Lack.MONEY}

    def test_name_a_late_return(self):
        award = in_order()
        make.BounceFactory(payment=award.payments.get())
        assert lacks(award.school, award.term) == {Lack.MONEY, Lack.RETRY}

    def test_name_an_open_recovery(self):
        award = in_order()
        make.RecoveryFactory(payment=award.payments.get())
        assert lacks(award.school, award.term) == {Lack.RECOVERY}

    def test_name_standing_findings_and_questions(self):
        award = in_order()
        finding(award, gone_at=NOW)
        make.AuditQuestionFactory(school=award.school, term=award.term, answered=True)
        assert lacks(award.school, award.term) == set()

        finding(award)
        make.AuditQuestionFactory(school=award.school, term=award.term)
        assert lacks(award.school, award.term) == {Lack.FINDING, Lack.QUESTION}

    def test_belong_to_the_term_and_the_school(self):
        award = in_order()
        spring = make.TermFactory(code="2021S")
        make.AwardFactory(confirmed=True, enrollment__school=award.school, enrollment__term=spring)
        make.AwardFactory(confirmed=True)
        assert lacks(award.school, award.term) == set()


class TestStanding:
    def test_counts_heads_and_money(self, auditor):
        award = in_order()
        make.AwardFactory(confirmed=True, enrollment__school=award.school, amount_fen=62_500)
        make.BounceFactory(payment=make.PaymentFactory(paid=True, award__enrollment__school=award.school))

        it = standing(award.school, award.term, auditor)

        assert (it.lists, it.notices, it.least_days, it.without_photo) == (1, 1, 5, 0)
        assert (it.awards, it.awards_fen) == (3, 162_500)
        assert (it.paid, it.paid_fen, it.bounced, it.to_retry) == (1, 50_000, 1, 1)

    def test_agrees_with_what_the_filter_finds(self, auditor):
        award = in_order()
        make.PaymentFactory(failed=True, award__enrollment__school=award.school)
        make.ObjectionFactory(award=award, notice=award.list.notices.get())

        it, lacking = standing(award.school, award.term, auditor), lacks(award.school, award.term)

        assert (it.to_retry > 0) == (Lack.RETRY in lacking)
        assert (it.objections_open > 0) == (Lack.OBJECTION in lacking)
        assert (it.paid < it.awards) == (Lack.MONEY in lacking)

    def test_of_a_school_without_anything_is_nought(self, auditor):
        enrollment = make.EnrollmentFactory()
        assert standing(enrollment.school, enrollment.term, auditor) == reviews.Standing()
        assert list(reviews.schools_of(enrollment.term)) == [enrollment.school]


class TestReview:
    def test_tells_how_long_a_notice_really_hung(self, auditor):
        """A notice that came down before its days were full shows fewer working days than it should have."""
        award = make.PaymentFactory(paid=True).award
        make.NoticeFactory(
            list=award.list, state="down", result="无异议", taken_down_at=NOW + timedelta(days=2), working_days=5
        )
        found = reviews.review(award.school, award.term, reader=auditor, today=date(2021, 12, 1))
        (of_list,) = found.lists
        (hung,) = of_list.hung
        assert (hung.days, hung.notice.working_days, hung.photos) == (3, 5, [])
        assert (of_list.people, of_list.amount_fen) == (1, 50_000)

    def test_follows_a_failure_to_its_correction(self, auditor):
        failed = make.PaymentFactory(failed=True)
        award = failed.award
        card = make.CardFactory(student=award.student, is_current=False)
        again = make.PaymentFactory(award=award, attempt=2, paid=True, card=card)
        waiting = make.PaymentFactory(failed=True, award__enrollment__school=award.school)

        found = reviews.review(award.school, award.term, reader=auditor, today=NOW.date())

        troubles = {one.payment: (one.later, one.has_other_card) for one in found.troubles}
        assert troubles == {failed: (again, True), waiting: (None, False)}

    def test_adds_up_each_batch_for_this_school_alone(self, auditor):
        batch = make.BatchFactory(settled=True, with_payments=3)
        school = batch.payments.first().award.school
        make.PaymentFactory(batch=batch, state="paid", paid_on=NOW.date())
        make.PaymentFactory(batch=batch, state="failed", failure="closed", award__enrollment__school=school)

        found = reviews.review(school, batch.term, reader=auditor, today=NOW.date())

        (of_batch,) = found.batches
        assert (of_batch.tries, of_batch.tries_fen) == (4, 200_000)
        assert (of_batch.paid, of_batch.paid_fen, of_batch.failed) == (3, 150_000, 1)

    def test_tells_what_was_recovered(self, auditor):
        receipt = make.RecoveryReceiptFactory()
        award = receipt.recovery.award
        found = reviews.review(award.school, award.term, reader=auditor, today=NOW.date())
        assert [(one.due_fen, one.received_fen) for one in found.recoveries] == [(50_000, 10_000)]


class TestPages:
    @pytest.mark.parametrize("path", ["/audits/reviews/a%00b/", "/reports/a%00b/", "/%00/"])
    def test_of_an_address_with_a_nought_are_none(self, as_role, path):
        make.TermFactory()
        assert as_role(Role.AUDITOR).get(path).status_code == 404

    def test_no_address_with_a_nought_comes_to_a_page(self, rf):
        """PostgreSQL takes no nought in a text; SQLite would only find nothing."""
        with pytest.raises(Http404):
            NulPathMiddleware(pytest.fail)(rf.get("/audits/reviews/a%00b/"))

    @pytest.mark.parametrize("data", [{}, {"sheet": "1"}])
    def test_hold_no_number_that_somebody_wrote(self, as_role, data):
        award = in_order()
        award.list.notices.update(result="来电 13800001234，无异议。")
        make.ObjectionFactory(
            award=award, notice=award.list.notices.get(), is_upheld=False, answer="已回 13800001234。",
            answered_by=make.UserFactory(), answered_at=NOW,
        )  # fmt: skip
        make.RecoveryFactory(award=award, words="家长 13800001234 愿退。")

        page = as_role(Role.AUDITOR).get(reverse("audits:review", args=[award.school.code]), data).content.decode()

        assert "*********34" in page
        assert "13800001234" not in page

    def test_show_only_the_schools_that_lack_what_is_asked_for(self, as_role):
        award = in_order()
        unpublished = make.AwardFactory(confirmed=True)
        client = as_role(Role.AUDITOR)

        everybody = client.get(reverse("audits:reviews")).content.decode()
        lacking = client.get(reverse("audits:reviews"), {"tab": Lack.NOTICE}).content.decode()

        assert award.school.name in everybody
        assert unpublished.school.name in everybody
        assert award.school.name not in lacking
        assert unpublished.school.name in lacking

    def test_of_a_school_answer_on_one_page(self, as_role):
        award = in_order()
        notice = award.list.notices.get()
        make.ObjectionFactory(
            award=award, notice=notice, is_upheld=False, answer="房产为祖父所有。", answered_by=make.UserFactory(),
            answered_at=NOW,
        )  # fmt: skip
        batch = award.payments.get().batch
        finding(award)
        question = make.AuditQuestionFactory(school=award.school, term=award.term)

        page = as_role(Role.AUDITOR).get(reverse("audits:review", args=[award.school.code])).content.decode()

        for said in (
            "2021-10-11 ～ 2021-10-15",
            notice.result,
            reverse("programs:notice-photo", args=[notice.photos.get().pk]),
            "房产为祖父所有。",
            batch.number,
            batch.approved_by.name,
            award.list.confirmed_by.name,
            "some-rule",
            question.title,
        ):
            assert said in page, said
        assert award.student.id_number not in page

    def test_print_on_paper(self, as_role):
        award = in_order()
        page = as_role(Role.PREPARER).get(reverse("audits:review", args=[award.school.code]), {"sheet": 1})
        assert "公示与发放复核表" in page.content.decode()
        assert "data-print" in page.content.decode()

    def test_cost_as_many_queries_for_many_lists_and_failures_as_for_one(self, as_role):
        award = in_order()
        client, path = as_role(Role.AUDITOR), reverse("audits:review", args=[award.school.code])

        def more():
            one = make.PaymentFactory(failed=True, award__enrollment__school=award.school)
            make.ObjectionFactory(award=one.award, notice=award.list.notices.get())
            other = make.PaymentFactory(paid=True, award__enrollment__school=award.school)
            make.RecoveryReceiptFactory(recovery__payment=other)
            finding(award)
            make.AuditQuestionFactory(school=award.school, term=award.term)

        def cost():
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            return len(queries)

        more()
        cost()
        of_one = cost()
        for _each in range(4):
            more()
        assert cost() == of_one
