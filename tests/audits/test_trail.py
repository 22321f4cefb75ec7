"""The action log: whose acts are found, what leaves the house, and whether a changed row is found out."""

import csv
import io
import re
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from accounts import actions
from accounts.models import Action
from audits import log_checks, seals, trail
from audits.models import LogSeal
from audits.seals import Flaw
from audits.trail import Kind, Wanted
from audits.wording import VERBS
from jobs import files, run
from jobs.models import Job, StoredFile
from tests.factories import (
    NOW,
    ActionFactory,
    AuditSampleItemFactory,
    AwardFactory,
    BatchFactory,
    EnrollmentFactory,
    FindingFactory,
    InquiryFactory,
    MatchFactory,
    NoticeFactory,
    PaymentFactory,
    SchoolFactory,
    UserFactory,
)
from tests.together import at_once

pytestmark = pytest.mark.django_db
TOMORROW = NOW + timedelta(days=1)


def on(target, verb="batch.approved", by=None):
    return actions.record(by or UserFactory(), verb, target, at=NOW)


def found(**wanted):
    return set(Wanted(**wanted).narrow(Action.objects.all()))


class TestWanted:
    def test_covers_whatever_of_a_child_was_acted_on(self):
        match = MatchFactory(suspected=True)
        enrollment = match.enrollment
        award = AwardFactory(enrollment=enrollment)
        payment = PaymentFactory(award=AwardFactory(enrollment=enrollment, confirmed=True, program__code="other"))
        acts = {on(target) for target in (enrollment.student, enrollment, match, award, award.list, payment)}
        other = PaymentFactory(award__enrollment=EnrollmentFactory())
        for target in (other, other.award, other.award.student, other.award.list, award.program):
            on(target)

        assert found(student=enrollment.student_id) == acts

    def test_covers_the_lists_notices_batches_and_rosters_that_carried_a_child(self):
        payment = PaymentFactory()
        award, other = payment.award, PaymentFactory(batch=payment.batch).award
        notice, foreign = NoticeFactory(list=award.list), PaymentFactory()
        acts = {on(target) for target in (award.list, notice, payment.batch, award.enrollment.roster)}
        for target in (foreign.award.list, foreign.batch, foreign.award.enrollment.roster):
            on(target)

        assert found(student=award.student_id) == acts
        assert on(payment.batch) in found(student=other.student_id)

    def test_covers_findings_drawn_awards_and_inquiries(self):
        item, inquiry = AuditSampleItemFactory(), InquiryFactory()
        award = item.award
        about = FindingFactory(student=award.student, school=award.school)
        acts = {on(item), on(about)}
        asked = on(inquiry)
        on(FindingFactory()), on(AuditSampleItemFactory()), on(InquiryFactory())

        assert found(student=award.student_id) == acts
        assert found(schools=[award.school_id]) == acts
        assert found(batch=inquiry.batch_id) == {asked}

    def test_keeps_objects_of_one_number_and_different_kinds_apart(self):
        award = AwardFactory()
        ActionFactory(target_type="disbursements.quota", target_id=str(award.pk))

        assert found(student=award.student_id) == set()

    def test_covers_a_schools_objects_and_its_officers(self):
        school = SchoolFactory()
        award = AwardFactory(enrollment__school=school)
        officer = UserFactory(officer=True, school=school)
        notice = NoticeFactory(list=award.list)
        acts = {on(school), on(award), on(award.list), on(notice), on(officer), on(BatchFactory(), by=officer)}
        foreign = AwardFactory(enrollment__school=SchoolFactory())
        on(foreign), on(foreign.school), on(BatchFactory(), by=UserFactory(officer=True))

        assert found(schools=[school.pk]) == acts

    def test_covers_a_batch_and_its_payments(self):
        payment = PaymentFactory()
        acts = {on(payment.batch), on(payment)}
        on(BatchFactory())

        assert found(batch=payment.batch_id) == acts

    def test_takes_whole_days_by_the_offices_clock(self):
        late = ActionFactory(at=NOW.replace(hour=23, minute=59))
        next_day = ActionFactory(at=late.at + timedelta(minutes=1))
        day = NOW.date()

        assert found(since=day.isoformat(), until=day.isoformat()) == {late}
        assert found(since=(day + timedelta(days=1)).isoformat()) == {next_day}

    def test_knows_every_act_by_which_something_leaves_or_is_shown(self):
        leaving = re.compile(r"\.(.*-)?(exported|downloaded|taken|revealed|shown)$")
        known = trail.VERBS_OF[Kind.REVEAL] | trail.VERBS_OF[Kind.EXPORT]

        assert {verb for verb in VERBS if leaving.search(verb)} - known == set()
        assert known - VERBS.keys() == set()


class TestSchoolFilter:
    @pytest.fixture
    def look(self, as_role):
        client = as_role("auditor")

        def look(said):
            page = client.get(reverse("audits:actions"), {"school": said})
            return {line["action"].target_label for line in page.context["lines"]}, page.content.decode()

        return look

    def test_takes_every_school_with_these_words_in_its_name_and_says_how_many(self, look):
        for name in ("槐店小学", "槐店中心小学", "北槐店小学", "柳河小学"):
            on(SchoolFactory(name=name))

        labels, page = look("槐店")

        assert labels == {"槐店小学", "槐店中心小学", "北槐店小学"}
        assert "名称含“槐店”的 3 所学校" in page

    def test_takes_one_school_by_its_code_and_names_it(self, look):
        school, other = SchoolFactory(name="槐店小学"), SchoolFactory(name="柳河小学")
        on(school), on(other)

        labels, page = look(school.code)

        assert labels == {"槐店小学"}
        assert "槐店小学" in page.partition("<table")[0]

    def test_finds_nothing_where_no_school_is_called_so(self, look):
        on(SchoolFactory(name="柳河小学"))

        labels, page = look("槐店")

        assert labels == set()
        assert "名称含“槐店”的 0 所学校" in page


class TestPage:
    def test_counts_reveals_and_exports_of_what_is_asked_for(self, as_role):
        curious = UserFactory(name="刘芳")
        ActionFactory(actor=curious, verb="student.id-revealed")
        ActionFactory(actor=curious, verb="names.exported")
        ActionFactory(actor=curious)
        ActionFactory(verb="student.id-revealed")

        page = as_role("auditor").get(reverse("audits:actions"), {"q": "刘芳", "kind": "reveal"})

        assert [(tab.key, tab.count) for tab in page.context["tabs"]] == [("", 3), ("reveal", 1), ("export", 1)]
        assert [line["action"].verb for line in page.context["lines"]] == ["student.id-revealed"]

    def test_finds_nothing_of_what_there_is_not(self, as_role):
        ActionFactory()
        auditor = as_role("auditor")

        for filters in ({"school": "没有这所学校"}, {"batch": "2099A-1"}, {"q": "查无此人"}):
            assert auditor.get(reverse("audits:actions"), filters).context["page"].total == 0, filters

    @pytest.mark.parametrize("days", [{"until": "9999-12-31"}, {"since": "0001-01-01"}])
    def test_takes_days_that_no_calendar_of_an_office_reaches(self, as_role, days):
        ActionFactory()

        assert as_role("auditor").get(reverse("audits:actions"), days).context["page"].total == 1

    def test_lists_the_newest_of_too_many(self, as_role, monkeypatch):
        monkeypatch.setattr(trail, "MOST_LISTED", 60)
        for _each in range(62):
            ActionFactory()

        page = as_role("auditor").get(reverse("audits:actions"), {"page": "2"})

        assert page.context["page"].total == 60
        assert len(page.context["lines"]) == 10
        assert "更早的请缩小范围" in page.content.decode()


class TestExport:
    def file(self, client, path="", **data):
        client.post(reverse("audits:actions-export") + path, data)
        job = run.execute(Job.objects.get(kind="actions-export").pk)
        return job, StoredFile.objects.filter(pk=job.result.get("file_id")).first()

    def test_holds_the_rows_that_were_asked_for_and_is_an_act_itself(self, as_role):
        ActionFactory(verb="student.id-revealed", target_label="甲", actor=UserFactory(name="刘芳"))
        ActionFactory(target_label="乙")
        client = as_role("auditor")

        job, file = self.file(client, "?q=刘芳&kind=reveal", format="xlsx")

        sheet = openpyxl.load_workbook(io.BytesIO(files.content(file))).active
        assert [row[7] for row in sheet.iter_rows(min_row=4, values_only=True)] == ["甲"]
        taken = Action.objects.get(verb="actions.exported")
        assert (taken.actor, taken.details["rows"], taken.details["kind"]) == (client.user, 1, "reveal")
        assert "刘芳" not in str(job.params) + str(taken.details)

    def test_of_one_kind_of_act_is_made_and_on_record(self, as_role):
        ActionFactory(verb="student.id-revealed"), ActionFactory()

        job, file = self.file(as_role("auditor"), "?verb=student.id-revealed", format="csv")

        assert (job.state, file is not None) == ("done", True)
        details = Action.objects.get(verb="actions.exported").details
        assert (details["rows"], details["act"]) == (1, "student.id-revealed")

    def test_begins_no_formula_in_text(self, as_role):
        ActionFactory(target_label="=1+1")

        _job, file = self.file(as_role("auditor"), format="csv")

        rows = list(csv.reader(io.StringIO(files.content(file).decode("utf-8-sig"))))
        assert rows[1][7] == "'=1+1"

    def test_is_refused_where_it_is_too_long(self, as_role, monkeypatch):
        monkeypatch.setattr("audits.trail_export.MOST_EXPORTED", 1)
        ActionFactory(), ActionFactory()

        job, file = self.file(as_role("auditor"))

        assert (job.state, job.error_code, file) == ("failed", "actions-export-too-many", None)


@contextmanager
def without_triggers():
    """What somebody does who rules over the database: the triggers go, and are back afterwards."""
    tables = ("accounts_action", "audits_logseal")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # none may wait while a table is altered
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        else:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN (%s, %s)", tables
            )
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
        yield
        if connection.vendor == "postgresql":
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        else:
            for _name, sql in triggers:
                cursor.execute(sql)


@pytest.fixture
def sealed(monkeypatch):
    """Twelve acts, sealed in stretches of five."""
    monkeypatch.setattr(seals, "STRETCH", 5)
    acts = [ActionFactory(details={"rows": n, "z": 0.5, "名": "甲"}) for n in range(12)]
    seal_all(NOW)
    return acts


def seal_all(at):
    while seals.seal_next(at=at):
        pass


def flaws():
    return {stretch.number: stretch.flaw for stretch in seals.check() if stretch.flaw}


class TestSeals:
    def test_reach_over_all_rows_and_hold(self, sealed):
        assert [seal.count for seal in LogSeal.objects.all()] == [5, 5, 2]
        assert seals.rows_open() == 0
        assert flaws() == {}

    def test_close_a_short_stretch_once_a_day(self, sealed):
        ActionFactory()
        seal_all(NOW)
        assert (LogSeal.objects.count(), seals.rows_open()) == (3, 1)

        seal_all(TOMORROW)

        assert (LogSeal.objects.count(), seals.rows_open(), flaws()) == (4, 0, {})

    @pytest.mark.parametrize(
        "change",
        [
            {"target_label": "别的批次"},
            {"verb": "batch.sent"},
            {"at": NOW + timedelta(microseconds=1)},
            {"details": {"rows": 1, "z": 0.5, "名": "乙"}},
            {"actor": None},
        ],
    )
    def test_name_the_stretch_in_which_a_row_was_changed(self, sealed, change):
        with without_triggers():
            Action.objects.filter(pk=sealed[6].pk).update(**change)

        assert flaws() == {2: Flaw.CHANGED}

    def test_name_the_stretch_from_which_a_row_is_gone(self, sealed):
        with without_triggers():
            Action.objects.filter(pk=sealed[0].pk).delete()

        assert flaws() == {1: Flaw.FEWER}

    def test_name_the_stretch_into_which_a_row_was_put(self):
        first = ActionFactory()
        ActionFactory(pk=first.pk + 2)
        seal_all(NOW)

        ActionFactory(pk=first.pk + 1)

        assert flaws() == {1: Flaw.MORE}

    def test_do_not_mind_numbers_that_an_undone_act_used_up(self, sealed):
        ActionFactory(pk=Action.objects.latest("pk").pk + 7)
        seal_all(TOMORROW)
        ActionFactory(pk=Action.objects.latest("pk").pk + 3)
        seal_all(TOMORROW + timedelta(days=1))

        assert (LogSeal.objects.count(), flaws()) == (5, {})

    def test_cannot_be_made_anew_without_the_key(self, sealed, monkeypatch):
        """A row is changed and every seal counted again, by somebody who has the database and not the keyring."""
        with without_triggers():
            Action.objects.filter(pk=sealed[6].pk).update(target_label="别的批次")
            LogSeal.objects.all().delete()
        with monkeypatch.context() as elsewhere:
            ring = seals.keyring.ring()
            elsewhere.setattr(seals.keyring, "ring", lambda: seals.keyring.Keyring(ring.data, ring.current, b"x" * 32))
            seal_all(NOW)

        assert flaws() == {1: Flaw.CHANGED, 2: Flaw.CHANGED, 3: Flaw.CHANGED}

    def test_miss_a_seal_that_was_taken_out(self, sealed):
        with without_triggers():
            LogSeal.objects.filter(number=2).delete()

        assert flaws() == {3: Flaw.CHAIN}

    def test_are_only_ever_added(self, sealed):
        for act in (lambda rows: rows.update(count=1), lambda rows: rows.delete()):
            with pytest.raises(DatabaseError), transaction.atomic():
                act(LogSeal.objects.all())


@pytest.mark.django_db(transaction=True)
def test_no_act_that_was_being_written_is_left_out_of_its_stretch():
    """On PostgreSQL an act may have its number before a later one and be there after it."""
    actor = UserFactory()
    is_written = threading.Event()

    def write_slowly():
        with transaction.atomic():
            ActionFactory(actor=actor)
            is_written.set()
            time.sleep(0.5)

    def write_and_seal():
        assert is_written.wait(timeout=30)
        ActionFactory(actor=actor)
        seal_all(NOW)

    at_once(write_slowly, write_and_seal)

    assert (LogSeal.objects.get().count, flaws()) == (2, {})


class TestCheck:
    def check(self):
        job = run.execute(log_checks.start(by=UserFactory(auditor=True), at=NOW).pk)
        return job.result

    def test_seals_what_is_new_and_says_that_all_is_well(self, as_role, sealed):
        result = self.check()

        assert (result["ranges"], result["rows"], result["broken_ranges"]) == (3, 12, 0)
        assert Action.objects.get(verb="log.checked").details["digest"] == LogSeal.objects.get(number=3).digest
        page = as_role("auditor").get(reverse("audits:actions")).content.decode()
        assert "日志完整" in page
        assert LogSeal.objects.get(number=3).digest in page

    def test_names_what_was_changed_on_the_page(self, as_role, sealed):
        with without_triggers():
            Action.objects.filter(pk=sealed[6].pk).update(target_label="别的批次")

        self.check()

        page = as_role("auditor").get(reverse("audits:actions")).content.decode()
        assert "日志不完整：1 段" in page
        assert "第 2 段（5 条）：内容被改动" in page

    def test_misses_the_end_of_the_chain_if_it_was_cut_off(self, sealed):
        self.check()
        with without_triggers():
            Action.objects.filter(pk__gte=sealed[10].pk).delete()
            LogSeal.objects.filter(number=3).delete()

        assert self.check()["broken_ranges"] == 1

    def test_is_one_at_a_time(self):
        by = UserFactory(auditor=True)

        assert log_checks.start(by=by, at=NOW) == log_checks.start(by=by, at=NOW)

    def test_goes_on_after_it_was_interrupted(self, sealed, monkeypatch):
        job = log_checks.start(by=UserFactory(auditor=True), at=NOW)
        whole = seals.seal_next
        monkeypatch.setattr(seals, "seal_next", lambda at: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run.execute(job.pk)
        monkeypatch.setattr(seals, "seal_next", whole)
        Job.objects.update(lease_until=NOW)

        assert run.execute(job.pk).result["broken_ranges"] == 0

    def test_as_a_command_fails_where_the_log_is_damaged(self, sealed, capsys):
        call_command("verify_log")
        assert "3 stretches with 12 rows" in capsys.readouterr().out
        with without_triggers():
            Action.objects.filter(pk=sealed[0].pk).delete()

        with pytest.raises(CommandError, match="1 stretches"):
            call_command("verify_log")

        assert "Stretch 1 (5 rows" in capsys.readouterr().err


def test_a_childs_page_leads_to_its_trail(as_role):
    enrollment = EnrollmentFactory()
    place = f"{reverse('audits:actions')}?student={enrollment.student_id}"
    child = reverse("student", args=[enrollment.student_id])

    assert place in as_role("auditor").get(child).content.decode()
    assert place not in as_role("school", school=enrollment.school).get(child).content.decode()
