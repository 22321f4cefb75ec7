"""What the county's desk asks a school about a suspicion, and what comes back. The county decides."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import workdays
from common.moves import Refused, WrongState, hold
from common.roles import Role
from schools.models import School, Term
from students.choices import CrosscheckState, MatchState, Verdict
from students.models import Match, SchoolQuestion
from students.models.crosscheck import SchoolQuestionQuerySet

ANSWER_DAYS = 3
"""Working days that a school has, where the asker names no day."""
LONGEST_WORDS = 200


class Standing(TextChoices):
    """How a question stands. The overdue ones wait as well."""

    WAITING = "waiting", _("待答复")
    OVERDUE = "overdue", _("其中逾期")
    ANSWERED = "answered", _("已答复")
    WITHDRAWN = "withdrawn", _("已撤回")


class AlreadyAsked(Refused):
    code = "already-asked"
    message = _("这一对记录已经问过学校，正在等答复。")


class NoVerdict(Refused):
    code = "no-verdict"
    message = _("请在“是同一人”“不是同一人”“查不清”中选择一项。")


class AnotherSchool(Refused):
    code = "another-school"
    message = _("这个问题由学生所在学校的资助专干答复。")


@transaction.atomic
def ask(match: Match, *, by: User, at: datetime, words: str = "", due_on: date | None = None) -> SchoolQuestion:
    """Put a suspicion before the child's school; by default it has three working days from tomorrow."""
    hold(match.crosscheck, CrosscheckState.DONE)
    hold(match, MatchState.SUSPECTED)
    student, person, term = match.enrollment.student, match.person, match.crosscheck.term
    pair = {"term": term, "student_key": student.key, "person_key": person.key}
    if SchoolQuestion.objects.waiting().filter(**pair).exists():
        raise AlreadyAsked()
    question = SchoolQuestion.objects.create(
        **pair,
        school=match.enrollment.school,
        student=student,
        person=person,
        words=words.strip()[:LONGEST_WORDS],
        asked_by=by,
        asked_at=at,
        due_on=due_on or workdays.last_day(timezone.localdate(at) + timedelta(days=1), ANSWER_DAYS),
    )
    actions.record(by, "question.asked", question, at=at, match=match.pk, due_on=question.due_on.isoformat())
    return question


@transaction.atomic
def answer(question: SchoolQuestion, *, verdict: str, words: str, by: User, at: datetime) -> None:
    """The school says what it knows of the two records. It goes to the desk and decides nothing."""
    if by.role != Role.SCHOOL or by.school_id != question.school_id:
        raise AnotherSchool()
    if verdict not in Verdict.values:
        raise NoVerdict()
    said = {"answer": verdict, "answer_words": words.strip()[:LONGEST_WORDS], "answered_by": by, "answered_at": at}
    _close(question, **said)
    actions.record(by, "question.answered", question, at=at, verdict=verdict)


@transaction.atomic
def withdraw(question: SchoolQuestion, *, by: User, at: datetime) -> None:
    """The county needs no answer any more."""
    _close(question, withdrawn_at=at)
    actions.record(by, "question.withdrawn", question, at=at)


def _close(question: SchoolQuestion, **fields: object) -> None:
    if not SchoolQuestion.objects.waiting().filter(pk=question.pk).update(**fields):
        raise WrongState()
    question.refresh_from_db()


def waiting_for(school: School, term: Term) -> int:
    """How many questions a school has not answered yet."""
    return SchoolQuestion.objects.waiting().filter(school=school, term=term).count()


def counts(rows: SchoolQuestionQuerySet, *, today: date) -> dict[str, int]:
    """Questions by how they stand, in one query."""
    found: dict[str, int] = rows.aggregate(
        **{standing.value: Count("pk", filter=_standing(standing, today)) for standing in Standing}
    )
    return found


def standing_so(rows: SchoolQuestionQuerySet, standing: str, *, today: date) -> SchoolQuestionQuerySet:
    return rows.filter(_standing(Standing(standing), today))


def _standing(standing: Standing, today: date) -> Q:
    waits = Q(withdrawn_at=None, answered_at=None)
    return {
        Standing.WAITING: waits,
        Standing.OVERDUE: waits & Q(due_on__lt=today),
        Standing.ANSWERED: Q(answered_at__isnull=False),
        Standing.WITHDRAWN: Q(withdrawn_at__isnull=False),
    }[standing]
