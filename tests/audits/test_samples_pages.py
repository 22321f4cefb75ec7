"""The pages of samples: who may do what there, what they show, and what is taken along."""

import hashlib
import html
import re
import shlex

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Action
from audits import drawing, samples
from audits.models import Sample, SampleItem
from common.roles import Role
from jobs import run
from jobs.models import Job
from tests import factories as make

pytestmark = pytest.mark.django_db

ASKED = {"title": "秋季抽查", "draw": "equal", "size": "2", "seed": "当众掷出 613"}


@pytest.fixture
def auditor(as_role):
    return as_role(Role.AUDITOR)


def awards(n):
    return make.AwardFactory.create_batch(n, confirmed=True)


class TestDraw:
    def test_draws_with_the_auditors_own_seed_and_shows_it(self, auditor):
        awards(4)
        page = auditor.post(reverse("audits:sample-draw"), ASKED, follow=True)
        made = Sample.objects.get()
        assert (made.seed, made.items.count(), made.drawn_by) == ("当众掷出 613", 2, auditor.user)
        assert page.redirect_chain[-1][0] == made.get_absolute_url()
        assert "当众掷出 613" in page.content.decode()
        assert made.population_sha256 in page.content.decode()

    def test_of_a_large_population_goes_on_in_the_background(self, auditor, monkeypatch):
        awards(4)
        monkeypatch.setattr(samples, "LARGE", 3)

        waiting = auditor.post(
            reverse("audits:sample-draw"), {**ASKED, "draw": "by-school", "schools": "2"}, follow=True
        )

        job = Job.objects.get()
        assert not Sample.objects.exists()
        assert reverse("jobs:progress", args=[job.pk]) in waiting.content.decode()
        run.execute(job.pk)
        made = Sample.objects.get()
        assert (made.seed, made.criteria["schools"]) == ("当众掷出 613", 2)
        assert made.title in auditor.get(reverse("audits:samples")).content.decode()

    def test_that_failed_in_the_background_says_why(self, auditor):
        term = make.AwardFactory(confirmed=True).term
        wanted = samples.order(title="无人", way="equal", size=1, program="no-such-program")
        job = run.start("sample-draw", by=auditor.user, at=make.NOW, term=term, term_id=term.pk, **wanted.params)
        run.execute(job.pk)
        assert "没有可以抽取的对象" in auditor.get(reverse("audits:samples")).content.decode()

        auditor.post(reverse("audits:sample-draw"), ASKED)
        assert "没有可以抽取的对象" not in auditor.get(reverse("audits:samples")).content.decode()

    def test_from_nobody_says_so_beside_the_form(self, auditor):
        make.AwardFactory(confirmed=True)
        answer = auditor.post(reverse("audits:sample-draw"), {**ASKED, "paid": "bounced"})
        assert "没有可以抽取的对象" in answer.content.decode()

    def test_of_a_school_that_is_not_there_is_refused(self, auditor):
        awards(1)
        answer = auditor.post(reverse("audits:sample-draw"), {**ASKED, "school": "4100000000"})
        assert "没有这个标识码的学校" in answer.content.decode()

    @pytest.mark.parametrize("role", [Role.PREPARER, Role.APPROVER, Role.SCHOOL, Role.ADMIN])
    def test_is_for_the_auditor_alone(self, as_role, role):
        awards(2)
        assert as_role(role).post(reverse("audits:sample-draw"), ASKED).status_code == 403
        assert not Sample.objects.exists()


class TestPopulation:
    def test_is_taken_by_the_auditor_on_record_and_gives_the_same_draw(self, auditor):
        awards(5)
        auditor.post(reverse("audits:sample-draw"), ASKED)
        made = Sample.objects.get()

        answer = auditor.get(reverse("audits:sample-population", args=[made.pk]))

        assert hashlib.sha256(answer.content).hexdigest() == made.population_sha256
        drawn = drawing.draw(drawing.read(answer.content), way=made.draw, seed=made.seed, size=made.size)
        assert drawn == sorted(made.items.values_list("award", flat=True))
        taken = Action.objects.get(verb="file.downloaded")
        assert (taken.actor, taken.details["sha256"]) == (auditor.user, made.population_sha256)

    def test_holds_nothing_personal(self, auditor):
        award = make.AwardFactory(confirmed=True)
        auditor.post(reverse("audits:sample-draw"), ASKED)
        text = auditor.get(reverse("audits:sample-population", args=[Sample.objects.get().pk])).content.decode()
        for personal in (award.student.name, award.student.id_number, award.student.guardian_name, award.class_name):
            assert personal not in text


class TestSample:
    def test_is_drawn_again_before_everybodys_eyes(self, as_role, auditor):
        awards(5)
        auditor.post(reverse("audits:sample-draw"), ASKED)
        path = Sample.objects.get().get_absolute_url()

        assert "一个不差" in as_role(Role.APPROVER).get(path, {"again": 1}).content.decode()
        SampleItem.objects.first().delete()
        assert "与保存的对象不同" in auditor.get(path, {"again": 1}).content.decode()

    def test_says_how_to_draw_again_elsewhere(self, auditor):
        awards(5)
        seed = '-7 "$(id)" 六'
        auditor.post(reverse("audits:sample-draw"), {**ASKED, "draw": "by-school", "schools": "3", "seed": seed})

        page = auditor.get(Sample.objects.get().get_absolute_url()).content.decode()

        assert "--draw by-school --size 2 --schools 3" in page
        command = html.unescape(page[page.index("manage.py redraw") :].partition("</dd>")[0])
        assert f"--seed={seed}" in shlex.split(command)

    def test_by_money_explains_its_estimate(self, auditor):
        awards(5)
        auditor.post(reverse("audits:sample-draw"), {**ASKED, "draw": "by-money"})
        made = Sample.objects.get()
        assert "全部核查完以后推算" in auditor.get(made.get_absolute_url()).content.decode()
        for item in made.items.all():
            auditor.post(reverse("audits:sample-note", args=[item.pk]), {"state": "faulty", "words": "有误"})
        page = re.sub(r"<[^>]+>", "", auditor.get(made.get_absolute_url()).content.decode())
        assert "约 2,500.00 元，占总体 2,500.00 元的 100.0%" in page
        assert "代表一个间隔 1,250.00 元" in page


class TestItem:
    def test_shows_the_chain_with_masked_numbers(self, auditor):
        payment = make.PaymentFactory(paid=True)
        item = make.AuditSampleItemFactory(award=payment.award)

        page = auditor.get(item.get_absolute_url()).content.decode()

        assert payment.award.enrollment.roster.file.name in page
        assert payment.batch.number in page
        assert "没有公示记录" in page
        assert payment.award.student.masked_id in page
        assert payment.award.student.id_number not in page
        assert payment.card.number not in page

    def test_is_noted_and_leads_to_the_next_that_waits(self, auditor):
        first = make.AuditSampleItemFactory()
        second = make.AuditSampleItemFactory(sample=first.sample)
        note = reverse("audits:sample-note", args=[second.pk])

        answer = auditor.post(note, {"state": "faulty", "words": "没有收到", "follow_up_due_on": "2099-01-01"})

        second.refresh_from_db()
        assert (second.state, second.words, second.follow_up) == ("faulty", "没有收到", "asked")
        assert answer.headers["Location"] == first.get_absolute_url()
        last = auditor.post(reverse("audits:sample-note", args=[first.pk]), {"state": "sound"})
        assert last.headers["Location"] == first.sample.get_absolute_url()

    def test_of_a_fault_without_words_keeps_what_was_typed(self, auditor):
        item = make.AuditSampleItemFactory()
        answer = auditor.post(
            reverse("audits:sample-note", args=[item.pk]), {"state": "faulty", "follow_up_due_on": "2099-01-01"}
        )
        assert "请写明核查情况" in answer.content.decode()
        assert "2099-01-01" in answer.content.decode()

    def test_asks_the_county_to_mend_and_shows_the_auditor_what_it_said(self, as_role, auditor):
        item, county = make.AuditSampleItemFactory(to_mend=True), as_role(Role.PREPARER)
        mend = reverse("audits:sample-follow-up", args=[item.pk])
        assert mend in county.get(item.get_absolute_url()).content.decode()
        assert mend not in auditor.get(item.get_absolute_url()).content.decode()

        county.post(mend, {"words": "已换卡补发。"})

        page = auditor.get(item.get_absolute_url()).content.decode()
        assert "已换卡补发。" in page
        assert county.user.name in page
        assert reverse("audits:sample-note", args=[item.pk]) not in page

    def test_is_not_for_schools(self, as_role):
        item = make.AuditSampleItemFactory()
        school = as_role(Role.SCHOOL, school=item.award.school)
        assert school.get(item.get_absolute_url()).status_code == 403

    def test_cannot_be_noted_by_the_county_nor_mended_by_the_auditor(self, as_role, auditor):
        item = make.AuditSampleItemFactory(to_mend=True)
        noted = as_role(Role.APPROVER).post(reverse("audits:sample-note", args=[item.pk]), {"state": "sound"})
        mended = auditor.post(reverse("audits:sample-follow-up", args=[item.pk]), {"words": "好了"})
        assert (noted.status_code, mended.status_code) == (403, 403)


class TestClose:
    def test_concludes_what_was_looked_up(self, auditor):
        made = make.AuditSampleItemFactory(sound=True).sample
        page = auditor.post(reverse("audits:sample-close", args=[made.pk]), {"conclusion": "全部属实。"}, follow=True)
        assert "全部属实。" in page.content.decode()

    def test_is_refused_while_somebody_waits(self, auditor):
        made = make.AuditSampleItemFactory().sample
        page = auditor.post(reverse("audits:sample-close", args=[made.pk]), {"conclusion": "全部属实。"})
        assert "还有 1 个对象没有核查" in page.content.decode()
        made.refresh_from_db()
        assert made.state == "open"


class TestWithdraw:
    def test_leaves_it_in_the_list_and_nowhere_else(self, auditor):
        made = make.AuditSampleItemFactory().sample
        address = reverse("audits:sample-withdraw", args=[made.pk])
        assert address in auditor.get(made.get_absolute_url()).content.decode()

        page = auditor.post(address, {"reason": "范围选错了。"}, follow=True).content.decode()

        assert "范围选错了。" in page
        assert address not in page
        assert "核查下一个" not in page
        assert "已撤销" in auditor.get(reverse("audits:samples")).content.decode()
        assert auditor.get("/").context["desk"].waiting_items == 0

    def test_is_not_offered_once_the_county_was_asked_to_mend(self, auditor):
        made = make.AuditSampleItemFactory(to_mend=True).sample
        address = reverse("audits:sample-withdraw", args=[made.pk])

        assert address not in auditor.get(made.get_absolute_url()).content.decode()
        assert "已经要求县资助中心整改" in auditor.post(address, {"reason": "选错了。"}).content.decode()


class TestPaper:
    def test_is_one_sheet_for_each_child(self, auditor):
        item = make.AuditSampleItemFactory()
        make.AuditSampleItemFactory(sample=item.sample)
        path = reverse("audits:sample-print", args=[item.sample_id])

        assert auditor.get(path).content.decode().count("资助抽查工作底稿") == 2
        alone = auditor.get(path, {"item": item.pk}).content.decode()
        assert alone.count("资助抽查工作底稿") == 1
        assert "【缺】没有公示记录" in alone
        assert item.award.student.id_number not in alone

    def test_costs_as_many_queries_for_many_as_for_one(self, auditor):
        item = make.AuditSampleItemFactory(award=make.PaymentFactory(paid=True).award)
        path = reverse("audits:sample-print", args=[item.sample_id])

        def cost():
            with CaptureQueriesContext(connection) as queries:
                assert auditor.get(path).status_code == 200
            return len(queries)

        cost()
        of_one = cost()
        for _each in range(5):
            make.AuditSampleItemFactory(sample=item.sample, award=make.PaymentFactory(paid=True).award)
        assert cost() == of_one
