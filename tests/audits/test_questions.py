"""Questions of the auditor: who may ask and answer, what stays on record, who sees what."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Action
from audits import question_forms, questions
from audits.models import Question, QuestionEntry
from common.moves import WrongState
from jobs import documents, files
from jobs.documents import Brought, NotADocument
from jobs.models import StoredFile
from tests import factories as make
from tests.factories import (
    NOW,
    AuditQuestionEntryFactory,
    AuditQuestionFactory,
    SchoolFactory,
    TermFactory,
    UserFactory,
)
from tests.together import at_once

pytestmark = pytest.mark.django_db
DUE = NOW.date() + timedelta(days=7)
PAPER = Brought(b"%PDF-1.7 paper", "会议记录.pdf")


def ask(school, **kwargs):
    said = {"title": "照片", "words": "请说明。", "due_on": DUE, "by": UserFactory(auditor=True), "at": NOW}
    return questions.ask(TermFactory(), school, **said | kwargs)


class TestAsk:
    def test_puts_it_before_the_school_and_leaves_a_trace(self):
        school = SchoolFactory()

        question = ask(school, title=" 公示照片 ", words="照片里少 3 人。")

        assert (question.title, question.state, question.due_on) == ("公示照片", "asked", DUE)
        entry = question.entries.get()
        assert (entry.kind, entry.words, entry.by) == ("asked", "照片里少 3 人。", question.asked_by)
        action = Action.objects.get(verb="audit-question.asked")
        assert (action.actor, action.target_id, action.details) == (
            question.asked_by,
            str(question.pk),
            {"due_on": DUE.isoformat()},
        )

    @pytest.mark.parametrize("trait", ["approver", "officer", "admin"])
    def test_is_for_auditors_only(self, trait):
        with pytest.raises(questions.NotAnAuditor):
            ask(None, by=UserFactory(**{trait: True}))

        assert not Question.objects.exists()

    @pytest.mark.parametrize("missing", ["title", "words"])
    def test_says_something(self, missing):
        with pytest.raises(questions.WordsMissing):
            ask(None, **{missing: "  "})

    def test_leaves_time_to_answer(self):
        with pytest.raises(questions.DueTooEarly):
            ask(None, due_on=NOW.date() - timedelta(days=1))

        assert ask(None, due_on=NOW.date()).pk

    def test_waits_a_year_at_most(self):
        with pytest.raises(questions.DueTooLate) as refused:
            ask(None, due_on=date(9999, 12, 31))

        last = NOW.date() + questions.LONGEST
        assert str(last) in str(refused.value)
        assert ask(None, due_on=last).pk

    def test_blots_out_whole_numbers(self):
        question = ask(None, title="学生 990101201203040017", words="电话 13800001234 打不通。")

        assert (question.title, question.entries.get().words) == (
            "学生 ****************17",
            "电话 *********34 打不通。",
        )

    def test_about_a_finding_asks_its_school_or_the_county(self):
        finding = make.FindingFactory(school=SchoolFactory())

        with pytest.raises(questions.OtherSchool):
            ask(SchoolFactory(), finding=finding)

        assert ask(finding.school, finding=finding).finding == finding
        assert ask(None, finding=finding).school is None

    def test_about_a_drawn_award_is_of_its_term(self):
        item = make.AuditSampleItemFactory()

        with pytest.raises(questions.OtherTerm):
            questions.ask(
                TermFactory(code="2019S"),
                None,
                title="抽查",
                words="请说明。",
                due_on=DUE,
                by=UserFactory(auditor=True),
                at=NOW,
                item=item,
            )


class TestAnswer:
    def test_keeps_words_and_papers_that_school_county_and_auditor_can_open(self):
        question = AuditQuestionFactory()
        officer = UserFactory(officer=True, school=question.school)

        questions.answer(question, words="已补拍。", files=[PAPER], by=officer, at=NOW)

        assert question.state == "answered"
        entry = question.entries.get()
        assert (entry.kind, entry.words, entry.by) == ("answered", "已补拍。", officer)
        paper = entry.files.get().file
        assert (files.content(paper), paper.kind, paper.school) == (PAPER.content, "answer", question.school)
        for reader in (officer, UserFactory(auditor=True), UserFactory()):
            assert StoredFile.objects.visible_to(reader).filter(pk=paper.pk).exists(), reader.role
        foreign = UserFactory(officer=True)
        assert not StoredFile.objects.visible_to(foreign).filter(pk=paper.pk).exists()
        assert Action.objects.get(verb="audit-question.answered").details == {"files": 1}

    def test_is_for_whom_it_was_asked(self):
        to_school, to_county = AuditQuestionFactory(), AuditQuestionFactory(to_county=True)
        officer, county = UserFactory(officer=True, school=to_school.school), UserFactory()

        for question, person in [
            (to_school, county),
            (to_school, UserFactory(officer=True)),
            (to_school, UserFactory(auditor=True)),
            (to_county, officer),
            (to_county, UserFactory(auditor=True)),
        ]:
            with pytest.raises(questions.NotAsked):
                questions.answer(question, words="是这样的。", by=person, at=NOW)
        questions.answer(to_county, words="是这样的。", by=UserFactory(approver=True), at=NOW)

        assert list(QuestionEntry.objects.values_list("question", flat=True)) == [to_county.pk]

    def test_of_two_at_once_is_one(self):
        question = AuditQuestionFactory()
        stale = Question.objects.get(pk=question.pk)
        officer = UserFactory(officer=True, school=question.school)
        questions.answer(question, words="第一个答复。", by=officer, at=NOW)

        with pytest.raises(WrongState):
            questions.answer(stale, words="第二个答复。", by=officer, at=NOW)

        assert question.entries.get().words == "第一个答复。"

    def test_takes_papers_only_and_not_too_many(self):
        question = AuditQuestionFactory()
        officer = UserFactory(officer=True, school=question.school)

        with pytest.raises(NotADocument):
            questions.answer(question, words="见附件。", files=[PAPER, Brought(b"MZ", "a.exe")], by=officer, at=NOW)
        with pytest.raises(questions.TooManyFiles):
            questions.answer(question, words="见附件。", files=[PAPER] * 6, by=officer, at=NOW)

        question.refresh_from_db()
        assert (question.state, question.entries.count(), StoredFile.objects.count()) == ("asked", 0, 0)


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_the_same_moment_one_is_kept():
    question = AuditQuestionFactory()
    officer = UserFactory(officer=True, school=question.school)
    copies = [Question.objects.get(pk=question.pk) for _each in range(2)]

    at_once(
        lambda: questions.answer(copies[0], words="是这样的。", files=[PAPER], by=officer, at=NOW),
        lambda: questions.answer(copies[1], words="不是这样的。", by=officer, at=NOW),
    )

    assert question.entries.count() == 1
    assert Action.objects.filter(verb="audit-question.answered").count() == 1


class TestFollowUp:
    def test_asks_again_with_another_day(self):
        question = AuditQuestionFactory(answered=True)
        later = DUE + timedelta(days=5)

        questions.ask_again(question, words="请附照片。", due_on=later, by=UserFactory(auditor=True), at=NOW)

        assert (question.state, question.due_on, question.entries.get().kind) == ("asked", later, "asked-again")

    def test_is_only_of_an_answer(self):
        with pytest.raises(WrongState):
            questions.ask_again(
                AuditQuestionFactory(), words="请附照片。", due_on=DUE, by=UserFactory(auditor=True), at=NOW
            )

    def test_ends_with_words_and_nothing_is_added(self):
        question = AuditQuestionFactory(answered=True)
        auditor, officer = UserFactory(auditor=True), UserFactory(officer=True, school=question.school)

        questions.close(question, words="属实。", by=auditor, at=NOW)

        assert (question.state, question.closed_at, question.entries.get().words) == ("closed", NOW, "属实。")
        with pytest.raises(WrongState):
            questions.answer(question, words="补充。", by=officer, at=NOW)
        with pytest.raises(WrongState):
            questions.ask_again(question, words="再问。", due_on=DUE, by=auditor, at=NOW)

    @pytest.mark.parametrize("act", ["close", "ask_again"])
    def test_is_the_auditors(self, act):
        more = {"due_on": DUE} if act == "ask_again" else {}

        with pytest.raises(questions.NotAnAuditor):
            getattr(questions, act)(
                AuditQuestionFactory(answered=True), words="办结。", **more, by=UserFactory(), at=NOW
            )

    def test_leaves_every_step_as_it_was_said(self):
        entry = AuditQuestionEntryFactory()

        with pytest.raises(DatabaseError), transaction.atomic():
            QuestionEntry.objects.filter(pk=entry.pk).update(words="没有问过。")
        with pytest.raises(DatabaseError), transaction.atomic():
            QuestionEntry.objects.filter(pk=entry.pk).delete()


class TestPages:
    def test_show_a_school_its_own_of_every_term(self, as_role):
        own = AuditQuestionFactory(term=TermFactory(code="2019S"), title="旧学期的问题")
        AuditQuestionFactory(school=SchoolFactory(), title="别校的问题")
        AuditQuestionFactory(to_county=True, title="县里的问题")
        TermFactory(code="2021A")

        page = as_role("school", school=own.school).get(reverse("audits:questions")).content.decode()

        assert "旧学期的问题" in page
        assert "别校的问题" not in page
        assert "县里的问题" not in page

    def test_find_what_is_overdue(self, as_role):
        today = timezone.localdate()
        AuditQuestionFactory(title="逾期的", due_on=today - timedelta(days=1))
        AuditQuestionFactory(title="今天到期的", due_on=today)
        AuditQuestionFactory(title="答复过的", due_on=today - timedelta(days=1), answered=True)

        page = as_role("auditor").get(reverse("audits:questions"), {"overdue": "on"})

        assert [line["question"].title for line in page.context["lines"]] == ["逾期的"]
        assert "已逾期" in page.content.decode()

    def test_take_a_question_from_the_auditor_to_its_end(self, as_role):
        school = SchoolFactory()
        auditor, officer = as_role("auditor"), as_role("school", school=school)
        TermFactory()
        due = timezone.localdate() + timedelta(days=3)

        auditor.post(
            reverse("audits:question-ask"),
            {"school": school.pk, "title": "照片", "words": "请说明。", "due_on": due.isoformat()},
        )
        question = Question.objects.get()
        officer.post(
            reverse("audits:question-answer", args=[question.pk]),
            {
                "words": "见附件。",
                "papers": [SimpleUploadedFile("a.pdf", b"%PDF-1"), SimpleUploadedFile("b.pdf", b"%PDF-2")],
            },
        )
        page = auditor.get(question.get_absolute_url()).content.decode()
        auditor.post(reverse("audits:question-close", args=[question.pk]), {"words": "属实。"})

        assert "a.pdf" in page
        assert "b.pdf" in page
        question.refresh_from_db()
        assert (question.state, [entry.kind for entry in question.entries.all()]) == (
            "closed",
            ["asked", "answered", "closed"],
        )

    def test_say_beside_the_form_what_is_wrong_with_a_paper(self, as_role):
        question = AuditQuestionFactory()

        page = as_role("school", school=question.school).post(
            reverse("audits:question-answer", args=[question.pk]),
            {"words": "我写了很久的答复。", "papers": [SimpleUploadedFile("a.exe", b"MZ")]},
        )

        assert "PDF、JPG" in page.content.decode()
        assert "我写了很久的答复。" in page.content.decode()

    def test_read_no_paper_of_too_many_or_too_large_ones(self, as_role, monkeypatch):
        question, read = AuditQuestionFactory(), []
        monkeypatch.setattr(
            question_forms, "Brought", lambda content, name: read.append(name) or Brought(content, name)
        )
        client, path = as_role("school", school=question.school), reverse("audits:question-answer", args=[question.pk])

        many = [SimpleUploadedFile(f"{n}.pdf", b"%PDF-1.7") for n in range(6)]
        assert "一次最多上传 5 个附件" in client.post(path, {"words": "见附件。", "papers": many}).content.decode()
        monkeypatch.setattr(documents, "LARGEST_BYTES", 2**20)
        large = [SimpleUploadedFile("a.pdf", b"%PDF-1.7" + bytes(2**20))]
        assert "文件超过了 1 MB 的上限" in client.post(path, {"words": "见附件。", "papers": large}).content.decode()

        assert read == []

    def test_do_not_let_the_county_answer_for_a_school(self, as_role):
        question = AuditQuestionFactory()

        answer = as_role("preparer").get(reverse("audits:question-answer", args=[question.pk]))

        assert answer.headers["Location"] == question.get_absolute_url()

    def test_offer_only_what_this_person_may_do(self, as_role):
        question = AuditQuestionFactory()

        def acts(client):
            page = client.get(question.get_absolute_url()).content.decode()
            return [
                act
                for act in ("answer", "ask-again", "close")
                if reverse(f"audits:question-{act}", args=[question.pk]) in page
            ]

        school, county, auditor = as_role("school", school=question.school), as_role("preparer"), as_role("auditor")
        assert [acts(school), acts(county), acts(auditor)] == [["answer"], [], ["close"]]
        Question.objects.update(state="answered")
        assert [acts(school), acts(county), acts(auditor)] == [[], [], ["ask-again", "close"]]

    def test_begin_a_question_from_what_it_is_about(self, as_role):
        finding, item = make.FindingFactory(school=SchoolFactory()), make.AuditSampleItemFactory()
        auditor = as_role("auditor")

        of_finding = auditor.get(reverse("audits:question-ask"), {"finding": finding.pk}).context
        of_item = auditor.get(reverse("audits:question-ask"), {"item": item.pk}).context

        assert (of_finding["form"].initial["school"], of_finding["term"]) == (finding.school_id, finding.term)
        assert (of_item["form"].initial["school"], of_item["term"]) == (item.award.school_id, item.award.term)
        for nothing in ({"finding": "x"}, {"finding": "999999"}, {"finding": "9" * 20}, {"item": "-1"}):
            assert auditor.get(reverse("audits:question-ask"), nothing).status_code == 404, nothing

    def test_ask_for_no_answer_of_what_has_one_or_is_closed(self, as_role):
        answered = AuditQuestionFactory(answered=True)
        closed = AuditQuestionFactory(closed=True, school=answered.school)
        school = as_role("school", school=answered.school)

        for question in (answered, closed):
            page = school.get(reverse("audits:question-answer", args=[question.pk]), follow=True)
            assert page.redirect_chain[-1][0] == question.get_absolute_url()
            assert "已经答复或者办结" in page.content.decode()

    def test_keep_what_was_asked_again_when_its_day_is_too_far(self, as_role):
        question = AuditQuestionFactory(answered=True)

        page = as_role("auditor").post(
            reverse("audits:question-ask-again", args=[question.pk]), {"words": "请附照片。", "due_on": "9999-12-31"}
        )

        assert "请附照片。" in page.content.decode()
        assert "答复期限最晚是一年以后" in page.content.decode()
