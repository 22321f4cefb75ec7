"""The first page by role: figures that are those of the term, work that leads to where it is done."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from aidcenter import overview
from audits.findings import SEVERITY_ORDER
from audits.rules.thresholds import DAYS_LYING
from tests.factories import (
    NOW,
    ArrivalFactory,
    AuditQuestionFactory,
    AuditSampleItemFactory,
    AwardFactory,
    BatchFactory,
    EnrollmentFactory,
    FindingFactory,
    HardshipCategoryFactory,
    HardshipFactory,
    JobFactory,
    LedgerEntryFactory,
    MatchFactory,
    NoticeFactory,
    NoticePhotoFactory,
    RosterFactory,
    SchoolFactory,
    TermFactory,
)

pytestmark = pytest.mark.django_db


def spend(batch, amount_fen):
    """Money of this batch that reached its people."""
    return LedgerEntryFactory(
        quota=None,
        program=batch.program,
        term=batch.term,
        payer="central",
        batch=batch,
        kind="spent",
        amount_fen=amount_fen,
    )


class TestCounty:
    def test_counts_children_awards_and_money_of_the_term_only(self):
        term = TermFactory(code="2021A")
        AwardFactory(enrollment__term=term, amount_fen=62_550, confirmed=True)
        AwardFactory(enrollment__term=term, amount_fen=10_000)
        AwardFactory(enrollment__term=term, amount_fen=50_000, state="dropped", dropped_reason="转学")
        AwardFactory(enrollment__term=TermFactory(code="2021S"))
        EnrollmentFactory(term=term, state="left")

        figures = overview.county(term).figures

        assert (figures.children, figures.awards, figures.awarded_fen) == (3, 1, 62_550)

    def test_takes_paid_money_from_the_ledger(self):
        spent = spend(BatchFactory(), 500_000)

        county = overview.county(spent.term)

        assert county.figures.paid_fen == 500_000
        assert county.spent_by_term[-1][1:] == (0.5, True)

    def test_names_towns_that_are_behind_the_furthest_first(self):
        term = TermFactory()
        RosterFactory(school=SchoolFactory(town__code="990101100000"))
        for _each in range(2):
            SchoolFactory(town__code="990101101000")
        SchoolFactory(town__code="990101100000")

        towns = overview.county(term).towns

        assert [(town.schools, town.reported, town.missing) for town in towns] == [(2, 0, 2), (2, 1, 1)]

    def test_says_that_a_phase_is_done_only_when_nothing_of_it_waits(self):
        roster = RosterFactory()
        MatchFactory(
            enrollment=EnrollmentFactory(roster=roster, school=roster.school, term=roster.term), suspected=True
        )

        phases = overview.county(roster.term).phases

        assert [phase.state for phase in phases] == ["done", "now", "", "", "", ""]

    def test_puts_the_smallest_categories_together(self):
        term = TermFactory()
        for at in range(9):
            for _each in range(9 - at):
                HardshipFactory(
                    match__enrollment__term=term,
                    category=HardshipCategoryFactory(code=f"c{at}", name=f"类型{at}"),
                )

        rows = overview.county(term).composition

        assert len(rows) == 7
        assert sum(n for _name, n, _series in rows) == 45
        assert [series for _name, _n, series in rows] == list(range(1, 8))

    def test_leaves_out_facts_that_were_found_wrong(self):
        fact = HardshipFactory()
        HardshipFactory(match__enrollment__term=fact.term, to_on=fact.term.starts_on)

        assert sum(n for _name, n, _series in overview.county(fact.term).composition) == 1

    def test_costs_the_same_for_a_large_county(self):
        term = TermFactory()
        AwardFactory(enrollment__term=term)
        with CaptureQueriesContext(connection) as small:
            overview.county(term)
        for at in range(10):
            AwardFactory(
                enrollment__term=term,
                enrollment__school=SchoolFactory(town__code=f"99010110{at}000"),
            )
        with CaptureQueriesContext(connection) as large:
            overview.county(term)

        assert len(large) == len(small)


class TestHome:
    def test_leads_to_the_work_that_waits(self, as_role):
        AwardFactory(list__school_approved=True)

        page = as_role("preparer").get("/").content.decode()

        assert "公示 1 所学校的名单" in page
        assert "/programs/lists/?tab=school_approved" in page

    @pytest.mark.parametrize("role", ["preparer", "approver", "school", "auditor", "admin"])
    def test_opens_before_there_is_anything(self, as_role, role):
        assert as_role(role).get("/").status_code == 200

    def test_shows_the_administrator_accounts_by_role_and_no_figure(self, as_role):
        AwardFactory(amount_fen=62_500)

        page = as_role("admin").get("/").content.decode()

        assert "可登录的账号" in page
        assert "资助人次" not in page

    @pytest.mark.parametrize("role", ["preparer", "auditor", "school"])
    def test_costs_the_same_for_a_large_county(self, as_role, role):
        school = SchoolFactory()
        client = as_role(role, school=school) if role == "school" else as_role(role)

        def grow():
            award = AwardFactory(confirmed=True, enrollment__school=SchoolFactory())
            AwardFactory(confirmed=True, enrollment__school=school)
            NoticePhotoFactory(notice__list=award.list, notice__down=True)
            AuditSampleItemFactory(award=award)
            AuditSampleItemFactory(award=award, to_mend=True)
            FindingFactory(term=award.term, school=award.school, student=award.student)
            for trait in ({}, {"answered": True}, {"due_on": NOW.date()}, {"to_county": True}):
                AuditQuestionFactory(term=award.term, **({"school": school} | trait))
            ArrivalFactory(arrived_on=NOW.date())

        grow()
        client.get("/")
        with CaptureQueriesContext(connection) as small:
            assert client.get("/").status_code == 200
        for _each in range(8):
            grow()
        with CaptureQueriesContext(connection) as large:
            client.get("/")

        assert len(large) == len(small), role


class TestAuditor:
    def test_sees_findings_by_weight_and_the_gravest_first(self, as_role):
        term = TermFactory(code="2021A")
        for severity in ("notable", "grave", "grave", "serious"):
            FindingFactory(term=term, severity=severity, severity_order=SEVERITY_ORDER[severity])
        FindingFactory(term=term, severity="grave", state="explained")
        FindingFactory(term=term, severity="grave", gone_at=NOW)
        FindingFactory(term=TermFactory(code="2021S"), severity="grave")

        desk = as_role("auditor").get("/").context["desk"]

        assert [(weight.severity, weight.n) for weight in desk.weights] == [
            ("grave", 2),
            ("serious", 1),
            ("notable", 1),
        ]
        assert [line.finding.severity for line in desk.gravest][:2] == ["grave", "grave"]

    def test_sees_what_is_under_way_whatever_its_term(self, as_role):
        today = timezone.localdate()
        old = TermFactory(code="2019S")
        item = AuditSampleItemFactory(award__enrollment__term=old)
        AuditQuestionFactory(term=old, answered=True, title="已经答复的问题")
        AuditQuestionFactory(term=old, due_on=today - timedelta(days=1), title="逾期没有答复的")
        AuditQuestionFactory(term=old, due_on=today, title="还没有到期的")
        AuditQuestionFactory(term=old, closed=True, title="办结的问题")
        TermFactory(code="2021A")

        page = as_role("auditor").get("/")

        desk, words = page.context["desk"], page.content.decode()
        assert (desk.samples, desk.waiting_items) == ([item.sample], 1)
        assert f"<small>{item.sample.term} · 未核查 1 / 1" in words
        assert (desk.answered_count, desk.overdue_count) == (1, 1)
        assert "已经答复的问题" in words
        assert "逾期没有答复的" in words
        assert "还没有到期的" not in words
        assert "办结的问题" not in words

    def test_sees_how_many_schools_are_short_of_what(self, as_role):
        award = AwardFactory(confirmed=True)
        NoticeFactory(list=award.list, down=True)
        auditor = as_role("auditor")

        part = auditor.get("/", {"part": "schools"})

        shorts = {short.code: short.schools for short in part.context["schools"].shorts}
        assert (shorts["photo"], shorts["money"], shorts["notice"]) == (1, 1, 0)
        assert f"{reverse('audits:reviews')}?tab=photo" in part.content.decode()
        assert "<html" not in part.content.decode()
        assert "/?part=schools" in auditor.get("/").content.decode()

    def test_is_told_whether_the_log_is_whole(self, as_role):
        TermFactory()
        auditor = as_role("auditor")
        assert "未核验" in auditor.get("/").content.decode()

        JobFactory(
            kind="log-check",
            done=True,
            result={
                "ranges": 2,
                "rows": 9,
                "broken_ranges": 1,
                "broken": [[2, 4, None, None, "changed"]],
                "number": 2,
                "digest": "ab",
                "open": 0,
            },
        )

        assert "日志不完整：1 段" in auditor.get("/").content.decode()


class TestLying:
    def test_is_what_arrived_long_ago_and_reached_no_card(self):
        arrival = ArrivalFactory(amount_fen=100_000)
        entry = LedgerEntryFactory(
            quota=arrival.quota, kind="arrived", amount_fen=100_000, program=arrival.quota.program
        )
        long_after = arrival.arrived_on + timedelta(days=DAYS_LYING + 1)

        lying = overview.lying(entry.term, today=long_after)

        assert (lying.amount_fen, lying.days) == (100_000, DAYS_LYING + 1)
        assert overview.lying(entry.term, today=long_after - timedelta(days=1)).amount_fen == 0

    def test_is_said_to_the_county(self, as_role):
        ArrivalFactory(amount_fen=12_340_000)

        page = as_role("preparer").get("/").content.decode()

        assert "资金滞留：12.34 万元" in page


class TestSchool:
    def test_is_shown_what_the_auditor_asked(self, as_role):
        TermFactory(code="2021A")
        question = AuditQuestionFactory(term=TermFactory(code="2019S"), title="照片不清楚")
        AuditQuestionFactory(school=question.school, closed=True, title="早就办结的")
        AuditQuestionFactory(school=SchoolFactory(), title="别校的问题")

        page = as_role("school", school=question.school).get("/").content.decode()

        assert reverse("audits:question-answer", args=[question.pk]) in page
        assert "早就办结的" not in page
        assert "别校的问题" not in page

    def test_leads_the_county_to_what_was_asked_of_it(self, as_role):
        TermFactory()
        AuditQuestionFactory(to_county=True)

        assert "答复 1 项审计问询" in as_role("approver").get("/").content.decode()


class TestWhatTheAuditorAsksOfTheCounty:
    def test_to_mend_of_a_sample_of_any_term_leads_to_it(self, as_role):
        today = timezone.localdate()
        old = AuditSampleItemFactory(
            to_mend=True, follow_up_due_on=today - timedelta(days=1), sample__term=TermFactory(code="2019S")
        )
        AuditSampleItemFactory.create_batch(2, sample=old.sample, to_mend=True, follow_up_due_on=today)
        AuditSampleItemFactory(faulty=True)
        TermFactory(code="2021A")
        county = as_role("preparer")

        page = county.get("/").content.decode()

        assert "整改 1 项逾期的抽查问题" in page
        assert "整改 2 项抽查问题" in page
        for mend, items in (("overdue", 1), ("asked", 3)):
            assert f"{reverse('audits:samples')}?mend={mend}" in page
            samples = county.get(reverse("audits:samples"), {"mend": mend})
            assert list(samples.context["page"]) == [old.sample]
            assert "2019年春季学期" in samples.content.decode()
            assert county.get(old.sample.get_absolute_url(), {"mend": mend}).context["page"].total == items
        assert "?mend=asked" in samples.content.decode()

    def test_to_say_to_findings_of_the_term_leads_to_them(self, as_role):
        confirmed = FindingFactory(state="confirmed")
        FindingFactory(term=confirmed.term, state="open")
        FindingFactory(term=confirmed.term, state="open", gone=True)
        FindingFactory(term=confirmed.term, state="mended")
        county = as_role("preparer")

        page = county.get("/").content.decode()

        assert "整改 1 条确认的疑点" in page
        assert "说明 1 条疑点" in page
        for tab in ("confirmed", "open"):
            assert county.get(reverse("audits:findings"), {"tab": tab}).context["page"].total == 1

    def test_is_nobody_elses_work(self, as_role):
        AuditSampleItemFactory(to_mend=True)

        assert "整改 1 项" not in as_role("auditor").get("/").content.decode()
