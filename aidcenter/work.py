"""Work that waits for a person: the one source of the menu's counts and the home page's list."""

from datetime import date
from typing import Any

from django.db.models import Count, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from audits.choices import FindingState, QuestionState
from audits.models import Finding, Question, SampleItem
from common.roles import Role
from disbursements.choices import BatchState
from disbursements.models import Batch
from programs.choices import ListState, NoticeState, ObjectionState, RoundState
from programs.models import AwardList, Notice, Objection, RecognitionRound
from schools.models import Term
from students.choices import CrosscheckState, MatchState, RosterState
from students.models import Match, Roster


def waiting(user: User, term: Term, *, today: date) -> dict[str, int]:
    """How many things of each kind wait for this person in this term, in one query.

    What nobody with this role can do is not among the keys. An auditor's questions, and what
    a sample asks to mend, wait whatever their term.
    """
    queues = _queues(user, term, today)
    if not queues:
        return {}
    counts = {name: _count(rows) for name, rows in queues.items()}
    found: dict[str, int] = Term.objects.filter(pk=term.pk).annotate(**counts).values(*counts).get()
    return found


def _queues(user: User, term: Term, today: date) -> dict[str, QuerySet[Any]]:
    rosters = Roster.objects.visible_to(user).filter(term=term, state=RosterState.CHECKED)
    lists = AwardList.objects.visible_to(user).with_people().filter(term=term)
    batches = Batch.objects.visible_to(user).filter(term=term)
    rounds = RecognitionRound.objects.visible_to(user).filter(term=term, state=RoundState.CLOSED)
    rounds = rounds.exclude(reviewed_by=user)
    objections = Objection.objects.visible_to(user).filter(notice__list__term=term)
    unseen = objections.in_state(ObjectionState.UNSEEN)
    asked = Question.objects.visible_to(user).filter(state=QuestionState.ASKED)
    if user.role == Role.SCHOOL:
        turn = ListState.SCHOOL_PREPARED if user.is_principal else ListState.DRAFT
        return {
            "rosters_to_confirm": rosters,
            "lists_to_approve": lists.filter(state=turn),
            "objections": unseen,
            "questions_to_answer": asked,
        }
    if user.role == Role.AUDITOR:
        return {
            "questions_answered": Question.objects.visible_to(user).filter(state=QuestionState.ANSWERED),
            "questions_overdue": asked.overdue(today),
        }
    to_mend = SampleItem.objects.visible_to(user).to_mend()
    findings = Finding.objects.visible_to(user).standing().filter(term=term)
    to_the_county = {
        "questions_to_answer": asked.filter(school=None),
        "items_overdue": to_mend.overdue(today),
        "items_to_mend": to_mend.filter(follow_up_due_on__gte=today),
        "findings_to_mend": findings.filter(state=FindingState.CONFIRMED),
        "findings_to_explain": findings.filter(state=FindingState.OPEN),
    }
    if user.role == Role.PREPARER:
        return {
            "rosters_to_confirm": rosters,
            "suspicions": Match.objects.visible_to(user).filter(
                crosscheck__term=term, crosscheck__state=CrosscheckState.DONE, state=MatchState.SUSPECTED
            ),
            "lists_to_publish": lists.filter(state=ListState.SCHOOL_APPROVED),
            "notices_to_take_down": Notice.objects.visible_to(user).filter(
                list__term=term, state=NoticeState.UP, ends_on__lt=today
            ),
            "rounds_to_record": rounds,
            "objections": objections.filter(is_upheld=None),
            "batches_sent_back": batches.sent_back(),
            "batches_to_release": batches.to_release(user),
            "batches_to_send": batches.to_pay(),
            **to_the_county,
        }
    if user.role == Role.APPROVER:
        return {
            "rounds_to_record": rounds,
            "lists_to_confirm": lists.filter(state=ListState.CLOSED).exclude(prepared_by=user),
            "batches_to_approve": batches.filter(state=BatchState.DRAFT).exclude(prepared_by=user),
            "batches_to_release": batches.to_release(user),
            **to_the_county,
        }
    return {}


def _count(rows: QuerySet[Any]) -> Coalesce:
    """The number of rows as a column, so that many counts cost one query."""
    counted = rows.order_by().annotate(_all=Value(1)).values("_all").annotate(_n=Count("pk")).values("_n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
