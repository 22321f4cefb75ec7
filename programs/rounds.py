"""A school's recognition of poor families, step by step (教财〔2018〕16号): told, applied, reviewed, public, on record.

What families hand in and what the reviews find of each child is in programs.applications. A round that the county
has on record is the school's recognition list of the term.
"""

from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import workdays
from common.moves import Refused, WrongState, hold, move
from common.roles import COUNTY
from programs import panels, recognitions
from programs.choices import ROUND_MOVES, ApplicationState, Level, RecognitionListState, RoundKind, RoundState
from programs.models import (
    Application,
    ApplicationQuerySet,
    RecognitionList,
    RecognitionRound,
    RecognitionRoundQuerySet,
)
from programs.recognitions import TermIsClosed
from schools.choices import TermState
from schools.models import School, Term
from students.models import Enrollment, EnrollmentQuerySet, Hardship
from students.models.crosscheck import HardshipQuerySet


class RosterMissing(Refused):
    code = "round-roster-missing"
    message = _("本校本学期的花名册还没有入库，请先上报花名册，再开始认定。")


class RoundOpen(Refused):
    code = "round-open"
    message = _("本校已有一次认定正在进行，办完以后才能开始下一次。")


class YearlyUnderWay(Refused):
    code = "round-yearly-under-way"
    message = _("%(term)s的学年认定还没有办完：请先办完；办不完的，由县资助中心终止以后再重新开始。")


class YearlyKnown(Refused):
    code = "round-yearly-known"
    message = _("本学年已经做过学年认定，情况有变化的学生请用“学期调整”。")


class NothingToChange(Refused):
    code = "round-nothing-to-change"
    message = _("本校本学期还没有现行的认定名单，没有可以调整的内容，请做“学年认定”。")


class ToldLater(Refused):
    code = "round-told-later"
    message = _("告知日期不能晚于今天。")


class NobodyDecided(Refused):
    code = "round-nobody-decided"
    message = _("还没有评定过学生，请先录入申请、班级评议和学校评定。")


class StillUndecided(Refused):
    code = "round-still-undecided"
    message = _("还有 %(count)s 名学生没有评定：结转的请确认或撤回，已申请的请完成班级评议和学校评定。")


class TooManyVotes(Refused):
    code = "round-too-many-votes"
    message = _("%(name)s的票数之和超过了到会人数（%(present)s 人）。")


class PublicTooShort(Refused):
    code = "round-public-too-short"
    message = _("公示不得少于 %(days)s 个工作日。")


class PublicNotOver(Refused):
    code = "round-public-not-over"
    message = _("公示要到 %(ends_on)s 才满期，不能提前结束。")


class ObjectionToAnswer(Refused):
    code = "round-objection"
    message = _("公示期间收到异议，请由评议组复核后重新公示。")


class NotTheSchools(Refused):
    code = "round-not-the-schools"
    message = _("认定只能由县资助中心终止。")


class WordsMissing(Refused):
    code = "round-words-missing"
    message = _("请写明内容。")


class OwnReview(Refused):
    code = "round-own-review"
    message = _("评议由您登记，备案必须由另一个人办理。")


# --- Who is concerned


def children(round: RecognitionRound) -> EnrollmentQuerySet:
    """Who studies at the school in the term: a round is about nobody else."""
    return Enrollment.objects.studying().filter(school=round.school_id, term=round.term_id)


def by_fact(round: RecognitionRound) -> HardshipQuerySet:
    """What other offices' lists say of the school's children: recognized by fact, without an application."""
    here = children(round).values("student")
    return Hardship.objects.in_force(round.term).filter(student__in=here)


def list_in_force(school: School, term: Term) -> RecognitionList | None:
    return RecognitionList.objects.filter(school=school, term=term, state=RecognitionListState.IN_FORCE).first()


def kind_of_next(school: School, term: Term) -> RoundKind:
    """What the school's next round would be: the school year's, or one of changes once there is a list to change."""
    is_known = _yearly(school, term)
    return RoundKind.CHANGE if is_known.exists() or list_in_force(school, term) else RoundKind.YEARLY


def _yearly(school: School, term: Term) -> RecognitionRoundQuerySet:
    """The school's rounds of the school year; what was abandoned is none."""
    year = int(term.school_year)
    rows = RecognitionRound.objects.filter(school=school, kind=RoundKind.YEARLY, term__in=[f"{year}A", f"{year + 1}S"])
    return rows.exclude(state=RoundState.ABANDONED)


# --- Told


@transaction.atomic
def begin(
    *, school: School, term: Term, kind: str, told_on: date, told_how: str, by: User, at: datetime
) -> RecognitionRound:
    """Open a school's recognition once its families are told.

    What the school recognized last is carried on as a proposal that each family confirms by a new promise.
    """
    try:
        hold(term, TermState.OPEN)  # so that no round begins while the term is closed over those that are open
    except WrongState as error:
        raise TermIsClosed() from error
    if told_on > timezone.localdate(at):
        raise ToldLater()
    if kind == RoundKind.YEARLY:
        earlier = _yearly(school, term)
        if other := earlier.under_way().exclude(term=term).first():
            raise YearlyUnderWay(term=other.term)
        if earlier.filter(state=RoundState.RECORDED).exists():
            raise YearlyKnown()
    elif list_in_force(school, term) is None:
        raise NothingToChange()
    if not Enrollment.objects.studying().filter(school=school, term=term).exists():
        raise RosterMissing()
    try:
        with transaction.atomic():
            begun = RecognitionRound.objects.create(
                school=school, term=term, kind=kind, told_on=told_on, told_how=told_how, begun_by=by, begun_at=at
            )
    except IntegrityError as error:
        raise RoundOpen() from error
    carried = _carry_on(begun, by=by, at=at) if kind == RoundKind.YEARLY else 0
    actions.record(by, "round.begun", begun, at=at, kind=kind, carried=carried)
    return begun


def _carry_on(round: RecognitionRound, *, by: User, at: datetime) -> int:
    """Propose whom the school's last list before this term recognized and who still studies here."""
    lists = RecognitionList.objects.filter(school=round.school_id, state=RecognitionListState.IN_FORCE)
    last = lists.filter(term__starts_on__lt=round.term.starts_on).order_by("-term__starts_on").first()
    if last is None:
        return 0
    poor = last.recognitions.exclude(level=Level.NOT_POOR).order_by("pk")
    levels = dict(poor.values_list("student", "level"))
    here = children(round).filter(student__in=poor.values("student")).order_by("pk")
    proposals = [
        Application(
            round=round,
            student_id=enrollment.student_id,
            enrollment=enrollment,
            state=ApplicationState.CARRIED,
            wished_level=levels[enrollment.student_id],
            entered_by=by,
            entered_at=at,
        )
        for enrollment in here
    ]
    Application.objects.bulk_create(proposals, batch_size=500)
    return len(proposals)


# --- Reviewed


@transaction.atomic
def register_review(round: RecognitionRound, *, by: User, at: datetime) -> None:
    """The panel is through with every child. After an objection this is the way to the next publicity.

    What was public once is not published anew without another meeting.
    """
    recognitions.at_work(round, RoundState.OPEN, RoundState.PUBLISHED)
    if round.state == RoundState.PUBLISHED and not round.public_result:
        raise WrongState()
    meeting = panels.at_work(round)
    undecided = waiting(round).count()
    if undecided:
        raise StillUndecided(count=undecided)
    decided = round.applications.filter(state=ApplicationState.DECIDED)
    if not decided.exists():
        raise NobodyDecided()
    present = len(meeting.present)
    here = decided.filter(meeting=meeting).order_by("pk")
    if beyond := here.filter(votes_for__gt=present - F("votes_against")).select_related("student").first():
        raise TooManyVotes(name=beyond.student.name, present=present)
    move(round, RoundState.REVIEWED, moves=ROUND_MOVES, reviewed_by=by, reviewed_at=at, **_NOT_PUBLIC)
    numbers = {"decided": decided.count(), "decided_here": here.count(), "present": present}
    actions.record(by, "round.reviewed", round, at=at, **numbers, meeting=round.meetings.count())


_NOT_PUBLIC = {"public_from": None, "public_to": None, "public_days": 0, "public_result": "", "sent_back_reason": ""}


def waiting(round: RecognitionRound) -> ApplicationQuerySet:
    """Children of whom the panel has not spoken yet."""
    over = [ApplicationState.DECIDED, ApplicationState.WITHDRAWN]
    found: ApplicationQuerySet = round.applications.exclude(state__in=over)
    return found


# --- Public


@transaction.atomic
def publish(round: RecognitionRound, *, working_days: int | None = None, by: User, at: datetime) -> None:
    """Put the result up at the school. The day it goes up counts if it is a working day.

    The record of the meeting behind it stands from now on.
    """
    recognitions.at_work(round, RoundState.REVIEWED)
    least = settings.PUBLICITY_WORKING_DAYS
    days = least if working_days is None else working_days
    if days < least:
        raise PublicTooShort(days=least)
    first = timezone.localdate(at)
    last = workdays.last_day(first, days)
    move(
        round,
        RoundState.PUBLISHED,
        moves=ROUND_MOVES,
        public_from=first,
        public_to=last,
        public_days=days,
        public_result="",
    )
    round.meetings.filter(published_at=None).update(published_at=at)
    actions.record(by, "round.published", round, at=at, ends_on=last.isoformat())


def is_public(round: RecognitionRound, *, on: date) -> bool:
    """Whether its result hangs at the school on a day."""
    if round.public_from is None or round.public_to is None:
        return False
    return round.state == RoundState.PUBLISHED and round.public_from <= on <= round.public_to


def shown(round: RecognitionRound, *, on: date) -> list[dict[str, str]]:
    """What the board may show on a day: whom the school finds poor, by name, grade, class and level, and nothing else.

    Nobody once the days are over: the paper comes down (教财厅函〔2017〕28号) and is not printed again.
    """
    if not is_public(round, on=on):
        return []
    decided = round.applications.filter(state=ApplicationState.DECIDED).exclude(level=Level.NOT_POOR)
    place = ("enrollment__stage__position", "enrollment__grade_no", "enrollment__class_name")
    rows = decided.order_by(*place, "student__name_key", "pk").values_list(
        "student__name", "enrollment__grade", "enrollment__class_name", "level"
    )
    return [
        {"name": name, "grade": grade, "class_name": class_name, "level": str(Level(level).label)}
        for name, grade, class_name, level in rows
    ]


@transaction.atomic
def close(round: RecognitionRound, *, result: str, by: User, at: datetime) -> None:
    """End a publicity whose days are full, with its result in words. The county is next."""
    result = result.strip()[:200]
    if not result:
        raise WordsMissing()
    recognitions.at_work(round, RoundState.PUBLISHED)
    if round.public_result or waiting(round).exists():
        raise ObjectionToAnswer()
    if not round.applications.filter(state=ApplicationState.DECIDED).exists():
        raise NobodyDecided()
    if round.public_to is None or timezone.localdate(at) <= round.public_to:
        raise PublicNotOver(ends_on=round.public_to and round.public_to.isoformat())
    move(round, RoundState.CLOSED, moves=ROUND_MOVES, public_result=result)
    actions.record(by, "round.closed", round, at=at)


@transaction.atomic
def reopen(round: RecognitionRound, *, reason: str, by: User, at: datetime) -> None:
    """The school itself takes a review back, before or during publicity; what is put right is published anew."""
    recognitions.at_work(round, RoundState.REVIEWED, RoundState.PUBLISHED)
    _open_again(round, reason, "round.reopened", by=by, at=at)


@transaction.atomic
def send_back(round: RecognitionRound, *, reason: str, by: User, at: datetime) -> None:
    """The county does not take a round on record: the school puts it right and publishes again."""
    recognitions.at_work(round, RoundState.CLOSED)
    _open_again(round, reason, "round.sent-back", by=by, at=at)


def _open_again(round: RecognitionRound, reason: str, verb: str, *, by: User, at: datetime) -> None:
    reason = reason.strip()[:200]
    if not reason:
        raise WordsMissing()
    move(round, RoundState.OPEN, moves=ROUND_MOVES, **_NOT_PUBLIC | {"sent_back_reason": reason})
    actions.record(by, verb, round, at=at, reason=reason)


@transaction.atomic
def abandon(round: RecognitionRound, *, reason: str, by: User, at: datetime) -> None:
    """The county ends a round that comes to nothing, in words; its applications stay, and the school may begin anew.

    Of a closed term this is all that can be done with it.
    """
    if by.role not in COUNTY:
        raise NotTheSchools()
    reason = reason.strip()[:200]
    if not reason:
        raise WordsMissing()
    facts = {"abandoned_by": by, "abandoned_at": at, "abandoned_reason": reason}
    move(round, RoundState.ABANDONED, moves=ROUND_MOVES, **facts)
    actions.record(by, "round.abandoned", round, at=at, reason=reason, applications=round.applications.count())


# --- On record


@transaction.atomic
def record(round: RecognitionRound, *, by: User, at: datetime) -> RecognitionList:
    """Take a round on record: another person makes it the school's list in force.

    A round of changes is the list in force with its changes applied, without the children who have left the school.
    """
    recognitions.at_work(round, RoundState.CLOSED)
    if by.pk == round.reviewed_by_id:
        raise OwnReview()
    move(round, RoundState.RECORDED, moves=ROUND_MOVES, recorded_by=by, recorded_at=at)
    levels: dict[int, str] = {}
    before = list_in_force(round.school, round.term)
    if round.kind == RoundKind.CHANGE and before is not None:
        here = Enrollment.objects.here().filter(school=round.school_id, term=round.term_id).values("student")
        still = before.recognitions.filter(student__in=here)
        levels = dict(still.order_by("pk").values_list("student", "level"))
    decided = round.applications.filter(state=ApplicationState.DECIDED).order_by("pk")
    changed = dict(decided.values_list("student", "level"))
    made = recognitions.put_in_force(round, levels | changed, by=by, at=at)
    actions.record(by, "round.recorded", round, at=at, people=made.people, decided=len(changed))
    return made
