"""Questions of the auditor: asked of a school or of the county, answered with words and papers, followed up, closed.

Every step is a row that nobody changes any more; whole numbers of persons in it are blotted out. Who was asked
answers: a school its own, the county those that name no school. A question belongs to a term and waits whatever term
people work in.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from audits.choices import QUESTION_MOVES, EntryKind, QuestionState
from audits.models import Finding, Question, QuestionEntry, QuestionFile, SampleItem
from common.moves import Refused, move
from common.redaction import redact
from common.roles import COUNTY, Role
from jobs import documents
from jobs.choices import FileKind
from jobs.documents import Brought
from schools.models import School, Term

MOST_FILES = 5
LONGEST = timedelta(days=366)
"""Until when a question can ask for its answer: nobody waits longer, a mistyped year does."""


class NotAnAuditor(Refused):
    code = "audit-question-not-an-auditor"
    message = _("只有审计人员可以提出、追问和办结审计问询。")


class NotAsked(Refused):
    code = "audit-question-not-asked"
    message = _("这项问询不是问您的，请由被问询的单位答复。")


class WordsMissing(Refused):
    code = "audit-question-words-missing"
    message = _("请写明内容。")


class DueTooEarly(Refused):
    code = "audit-question-due-too-early"
    message = _("答复期限不能早于今天。")


class DueTooLate(Refused):
    code = "audit-question-due-too-late"
    message = _("答复期限最晚是一年以后（%(last)s）。")


class NothingToAnswer(Refused):
    code = "audit-question-nothing-to-answer"
    message = _("这项问询已经答复或者办结，现在不用答复。")


class OtherTerm(Refused):
    code = "audit-question-other-term"
    message = _("问询的学期与疑点或抽查对象的学期不同。")


class OtherSchool(Refused):
    code = "audit-question-other-school"
    message = _("疑点或抽查对象不是这所学校的，请问它所在的学校，或者问县资助中心。")


class TooManyFiles(Refused):
    code = "audit-question-too-many-files"
    message = _("一次最多上传 %(limit)s 个附件。")


def may_answer(question: Question, user: User) -> bool:
    """Whether this person speaks for whoever was asked."""
    if question.school_id is None:
        return user.role in COUNTY
    return user.role == Role.SCHOOL and user.school_id == question.school_id


@transaction.atomic
def ask(
    term: Term,
    school: School | None,
    *,
    title: str,
    words: str,
    due_on: date,
    by: User,
    at: datetime,
    finding: Finding | None = None,
    item: SampleItem | None = None,
) -> Question:
    """Ask a school, or the county where no school is named; about a finding, a drawn award, or freely.

    What a question is about and whom it asks belong together: another term's finding is refused, and another
    school's too. The county may be asked about any school's.
    """
    _only_auditors(by)
    _check_words(title, words)
    _check_due(due_on, at)
    _check_about(term, school, finding, item)
    question = Question.objects.create(
        term=term,
        school=school,
        title=redact(title).strip(),
        finding=finding,
        item=item,
        due_on=due_on,
        asked_by=by,
        asked_at=at,
    )
    _add(question, EntryKind.ASKED, words, by=by, at=at)
    about = {"finding": finding.pk} if finding else {"item": item.pk} if item else {}
    actions.record(by, "audit-question.asked", question, at=at, due_on=due_on.isoformat(), **about)
    return question


@transaction.atomic
def answer(question: Question, *, words: str, files: Sequence[Brought] = (), by: User, at: datetime) -> None:
    """Answer for whoever was asked, with papers if need be. The files are kept for good, and auditors can open them."""
    if not may_answer(question, by):
        raise NotAsked()
    _check_words(words)
    if len(files) > MOST_FILES:
        raise TooManyFiles(limit=MOST_FILES)
    move(question, QuestionState.ANSWERED, moves=QUESTION_MOVES)
    entry = _add(question, EntryKind.ANSWERED, words, by=by, at=at)
    for brought in files:
        stored = documents.store(brought, by=by, at=at, kind=FileKind.ANSWER, school=question.school)
        QuestionFile.objects.create(entry=entry, file=stored)
    actions.record(by, "audit-question.answered", question, at=at, files=len(files))


@transaction.atomic
def ask_again(question: Question, *, words: str, due_on: date, by: User, at: datetime) -> None:
    """Say what the answer leaves open, and until when it is to be answered now."""
    _only_auditors(by)
    _check_words(words)
    _check_due(due_on, at)
    move(question, QuestionState.ASKED, moves=QUESTION_MOVES, due_on=due_on)
    _add(question, EntryKind.ASKED_AGAIN, words, by=by, at=at)
    actions.record(by, "audit-question.asked-again", question, at=at, due_on=due_on.isoformat())


@transaction.atomic
def close(question: Question, *, words: str, by: User, at: datetime) -> None:
    """Say what came of a question. It may be closed without an answer; afterwards nothing is added."""
    _only_auditors(by)
    _check_words(words)
    was_answered = question.entries.filter(kind=EntryKind.ANSWERED).exists()
    move(question, QuestionState.CLOSED, moves=QUESTION_MOVES, closed_at=at)
    _add(question, EntryKind.CLOSED, words, by=by, at=at)
    actions.record(by, "audit-question.closed", question, at=at, was_answered=was_answered)


def _add(question: Question, kind: EntryKind, words: str, *, by: User, at: datetime) -> QuestionEntry:
    return QuestionEntry.objects.create(question=question, kind=kind, words=redact(words).strip(), by=by, at=at)


def _only_auditors(by: User) -> None:
    if by.role != Role.AUDITOR:
        raise NotAnAuditor()


def _check_words(*said: str) -> None:
    if not all(words.strip() for words in said):
        raise WordsMissing()


def _check_due(due_on: date, at: datetime) -> None:
    today = timezone.localdate(at)
    if due_on < today:
        raise DueTooEarly()
    if due_on > today + LONGEST:
        raise DueTooLate(last=today + LONGEST)


def _check_about(term: Term, school: School | None, finding: Finding | None, item: SampleItem | None) -> None:
    for about_term, about_school in [
        *([(finding.term_id, finding.school_id)] if finding else []),
        *([(item.award.term_id, item.award.school_id)] if item else []),
    ]:
        if about_term != term.pk:
            raise OtherTerm()
        if school and about_school and about_school != school.pk:
            raise OtherSchool()
