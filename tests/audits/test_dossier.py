"""The dossier: everything of a school and term in one archive, nothing of another, and no whole number."""

import hashlib
import io
import zipfile
from datetime import timedelta

import openpyxl
import pytest
from django.urls import reverse
from docx import Document

from accounts.models import Action
from audits import dossier, samples
from audits.models import Question, Sample
from common import resident_ids
from jobs import files, run
from jobs.choices import FileKind
from jobs.models import Job, StoredFile
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db
AT = NOW + timedelta(days=30)


@pytest.fixture
def school():
    """A school with a notice, its photo, an objection, payments, a sample and a question with a paper."""
    award = make.AwardFactory(confirmed=True, enrollment__student__name="周小满", amount_fen=62_500)
    notice = make.NoticeFactory(list=award.list, down=True)
    make.NoticePhotoFactory(notice=notice)
    make.ObjectionFactory(
        award=award, notice=notice, words="他家电话 13800001234，有两套房。", person="钱某", contact="13900005678"
    )
    make.PaymentFactory(award=award, failed=True, batch__number="2021A-0001")
    make.PaymentFactory(award=award, paid=True, attempt=2, batch__number="2021A-0002")
    make.AuditSampleItemFactory(award=award)
    question = make.AuditQuestionFactory(school=award.school, term=award.term, title="照片不清楚")
    answered = make.AuditQuestionEntryFactory(question=question, kind="answered", words="已经补拍。")
    paper = files.store(
        b"%PDF-1.7 answer",
        name="说明.pdf",
        kind=FileKind.ANSWER,
        by=make.UserFactory(officer=True, school=award.school),
        at=NOW,
        school=award.school,
    )
    make.AuditQuestionFileFactory(entry=answered, file=paper)
    return award.school


def made(school, by=None):
    term = school.award_lists.get().term
    job = run.execute(dossier.start(school, term, by=by or make.UserFactory(auditor=True), at=AT).pk)
    file = StoredFile.objects.get(pk=job.result["file_id"])
    return job, zipfile.ZipFile(io.BytesIO(files.content(file)))


def words_of(archive):
    paper = Document(io.BytesIO(archive.read(dossier.DOCUMENT)))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in paper.paragraphs] + cells)


class TestNames:
    def test_are_such_that_every_system_can_unpack_them(self, school):
        for kind, name in ((FileKind.ANSWER, 'a<b>:"c|d?*e.pdf.'), (FileKind.PHOTO, "公示：现场?.jpg")):
            StoredFile.objects.filter(kind=kind).update(name=name)

        names = made(school)[1].namelist()

        assert not [name for name in names if set(name) & set('<>:"\\|?*') or name.endswith((".", " "))]
        assert any(name.endswith("e.pdf") for name in names)


class TestArchive:
    def test_says_of_a_sample_that_it_was_withdrawn(self, school):
        sample = Sample.objects.get()
        samples.withdraw(sample, reason="范围选错了。", by=sample.drawn_by, at=NOW)

        assert f"{sample.title}（已撤销）" in words_of(made(school)[1])

    def test_says_everything_that_was_said_and_done(self, school):
        _job, archive = made(school)
        words = words_of(archive)

        for said in (
            str(school),
            "2021年秋季学期",
            "625.00",
            "公示期内未收到异议。",
            "有两套房",
            "2021A-0001",
            "账号不存在",
            "再次发放：发放成功",
            "照片不清楚",
            "已经补拍。",
            "说明.pdf",
        ):
            assert said in words, said

    def test_holds_each_file_as_its_list_says(self, school):
        job, archive = made(school)

        sums = dict(line.split("  ")[::-1] for line in archive.read(dossier.LIST).decode().splitlines())
        assert sums == {
            name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist() if name != dossier.LIST
        }
        assert sorted(name.split("/")[0] for name in sums) == [
            "公示照片",
            "案卷.docx",
            "答复附件",
            "资助名单.xlsx",
        ]
        assert job.result["files"] == 4

    def test_holds_no_whole_number_of_anybody(self, school):
        _job, archive = made(school)
        student = school.award_lists.get().awards.get().student
        card = student.cards.first()
        book = openpyxl.load_workbook(io.BytesIO(archive.read(dossier.AWARDS)))
        words = words_of(archive) + str([[cell.value for cell in row] for row in book.active.iter_rows()])

        assert student.name in words
        assert resident_ids.mask(student.id_number) in words
        for number in (student.id_number, card.number, "13800001234", "13900005678", "钱某"):
            assert number
            assert number not in words, number

    def test_takes_words_that_no_paper_can_hold(self, school):
        question = Question.objects.get()
        make.AuditQuestionEntryFactory(question=question, kind="closed", words="从网页粘贴\x0b的\x1f说明。")
        Question.objects.update(title="照片\x1f不清楚")

        words = words_of(made(school)[1])

        assert "从网页粘贴的说明。" in words
        assert "照片不清楚" in words

    def test_is_of_one_school_and_term(self, school):
        other = make.AwardFactory(
            confirmed=True, enrollment__school=make.SchoolFactory(), enrollment__student__name="别校的"
        )
        make.NoticePhotoFactory(notice__list=other.list)
        earlier = make.AwardFactory(
            confirmed=True,
            enrollment__school=school,
            enrollment__term=make.TermFactory(code="2021S"),
            enrollment__student__name="上学期的",
        )
        make.AuditQuestionFactory(school=school, term=earlier.term, title="上学期的问题")
        term = make.TermFactory(code="2021A")

        job = run.execute(dossier.start(school, term, by=make.UserFactory(), at=AT).pk)

        archive = zipfile.ZipFile(io.BytesIO(files.content(StoredFile.objects.get(pk=job.result["file_id"]))))
        book = openpyxl.load_workbook(io.BytesIO(archive.read(dossier.AWARDS)))
        words = words_of(archive) + str([[cell.value for cell in row] for row in book.active.iter_rows()])
        assert "周小满" in words
        assert not {said for said in ("别校的", "上学期的") if said in words}
        assert len([name for name in archive.namelist() if name.startswith("公示照片")]) == 1

    def test_names_what_is_missing_or_too_large(self, school, monkeypatch, settings):
        photo = StoredFile.objects.get(kind=FileKind.PHOTO)
        files._path(photo.sha256).unlink()
        monkeypatch.setattr(dossier, "MOST_ATTACHED_BYTES", 3)
        StoredFile.objects.filter(pk=photo.pk).update(size=1)

        job, archive = made(school)

        left_out = archive.read(dossier.LEFT_OUT).decode()
        assert f"{photo.sha256}  公示照片/" in left_out
        assert "服务器上没有这个文件" in left_out
        assert "附件总量过大" in left_out
        assert job.result["left_out"] == 2

    def test_is_on_record(self, school):
        auditor = make.UserFactory(auditor=True)

        job, _archive = made(school, by=auditor)

        action = Action.objects.get(verb="dossier.made")
        file = StoredFile.objects.get(pk=job.result["file_id"])
        assert (action.actor, action.target_id, action.details["sha256"]) == (auditor, str(school.pk), file.sha256)
        assert StoredFile.objects.visible_to(auditor).filter(pk=file.pk).exists()
        officer = make.UserFactory(officer=True, school=school)
        assert not StoredFile.objects.visible_to(officer).filter(pk=file.pk).exists()

    def test_of_a_school_where_nothing_happened_says_so(self):
        school = make.EnrollmentFactory().school
        term = make.TermFactory(code="2021A")

        job = run.execute(dossier.start(school, term, by=make.UserFactory(), at=AT).pk)

        archive = zipfile.ZipFile(io.BytesIO(files.content(StoredFile.objects.get(pk=job.result["file_id"]))))
        assert words_of(archive).count("无。") >= 8

    def test_goes_on_after_it_was_interrupted(self, school, monkeypatch):
        term = school.award_lists.get().term
        job = dossier.start(school, term, by=make.UserFactory(), at=AT)
        store = dossier.files.store
        monkeypatch.setattr(dossier.files, "store", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run.execute(job.pk)
        monkeypatch.setattr(dossier.files, "store", store)
        Job.objects.update(lease_until=NOW)

        assert run.execute(job.pk).state == "done"
        assert Action.objects.filter(verb="dossier.made").count() == 1


class TestPage:
    def test_orders_it(self, as_role, school):
        term = school.award_lists.get().term

        answer = as_role("auditor").post(reverse("audits:dossier", args=[school.pk, term.pk]))

        job = Job.objects.get(kind="dossier")
        assert (answer.headers["Location"], job.term) == (job.get_absolute_url(), term)

    def test_orders_it_once_however_often_somebody_presses(self, school):
        term, auditor = school.award_lists.get().term, make.UserFactory(auditor=True)

        first, second = (dossier.start(school, term, by=auditor, at=AT) for _each in range(2))

        assert first == second
        assert dossier.start(make.SchoolFactory(), term, by=auditor, at=AT) != first
        assert dossier.start(school, make.TermFactory(code="2021S"), by=auditor, at=AT) != first
        run.execute(first.pk)
        assert dossier.start(school, term, by=auditor, at=AT) != first

    def test_stands_on_the_schools_review(self, as_role, school):
        term = school.award_lists.get().term

        page = as_role("auditor").get(reverse("audits:review", args=[school.code])).content.decode()

        assert reverse("audits:dossier", args=[school.pk, term.pk]) in page
