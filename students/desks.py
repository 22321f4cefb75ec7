"""What the county says to a school of a term: reminders, a roster back with reasons, a closed term open again."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import insert
from common.moves import Refused, WrongState
from schools.choices import TermState
from schools.models import School, SchoolQuerySet, Term
from students import board
from students.choices import RosterState
from students.models import Roster, SchoolTerm

LONGEST_REASON = 200


class NoReason(Refused):
    code = "no-reason"
    message = _("请写明原因，学校要看到它。")


class StillOpen(Refused):
    code = "term-still-open"
    message = _("该学期还没有结束，学校可以直接上传，不必重新开放。")


class DayIsPast(Refused):
    code = "day-is-past"
    message = _("开放截止日已经过了，请另选一天。")


def is_open(school: School, term: Term, *, on: date) -> bool:
    """Whether the school may hand in a roster: the term is open, or the county opened it again for this school."""
    if term.state == TermState.OPEN:
        return True
    return SchoolTerm.objects.filter(school=school, term=term, reopened_until__gte=on).exists()


def may_be_reminded(schools: SchoolQuerySet, term: Term, *, on: date) -> SchoolQuerySet:
    """Of schools with their progress (board.with_progress), those that have not handed in and still can."""
    waiting = board.owing(schools)
    if term.state == TermState.OPEN:
        return waiting
    return waiting.filter(terms__in=SchoolTerm.objects.filter(term=term, reopened_until__gte=on))


@transaction.atomic
def remind(schools: Iterable[School], *, term: Term, by: User, at: datetime) -> int:
    """Ask schools for their roster, and say how many were asked: who has handed in meanwhile is left in peace."""
    chosen = School.objects.filter(pk__in=[school.pk for school in schools])
    reminded = list(may_be_reminded(board.with_progress(chosen, term), term, on=timezone.localdate(at)))
    if not reminded:
        return 0
    desks = ("school", "term", "reminders", "reopened_reason")
    insert(SchoolTerm, desks, [(school.pk, term.pk, 0, "") for school in reminded])
    theirs = SchoolTerm.objects.filter(term=term, school__in=reminded)
    theirs.update(reminders=F("reminders") + 1, reminded_by=by, reminded_at=at)
    if len(reminded) == 1:
        actions.record(by, "roster.reminded", reminded[0], at=at, term=term.pk)
    else:
        actions.record(by, "roster.reminded", term, at=at, schools=len(reminded))
    return len(reminded)


@transaction.atomic
def send_back(roster: Roster, *, reason: str, by: User, at: datetime) -> None:
    """Tell the school what is wrong with its roster. Its children stay in force until another version supersedes it."""
    if not reason.strip():
        raise NoReason()
    waiting = Roster.objects.filter(
        pk=roster.pk, state__in=[RosterState.CHECKED, RosterState.IN_FORCE], sent_back_at=None
    )
    if not waiting.update(sent_back_by=by, sent_back_at=at, sent_back_reason=reason.strip()[:LONGEST_REASON]):
        raise WrongState()
    roster.refresh_from_db()
    actions.record(by, "roster.sent-back", roster, at=at, version=roster.version)


@transaction.atomic
def reopen(*, school: School, term: Term, until: date, reason: str, by: User, at: datetime) -> None:
    """Let one school hand in a roster though the term is over, up to and with a day."""
    if not reason.strip():
        raise NoReason()
    if term.state == TermState.OPEN:
        raise StillOpen()
    if until < timezone.localdate(at):
        raise DayIsPast()
    words = {"reopened_by": by, "reopened_until": until, "reopened_reason": reason.strip()[:LONGEST_REASON]}
    SchoolTerm.objects.update_or_create(school=school, term=term, defaults=words)
    actions.record(by, "roster.reopened", school, at=at, term=term.pk, until=until.isoformat())
