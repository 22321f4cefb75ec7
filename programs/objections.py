"""Objections (异议): what people say against one child's award while it is public, and what comes of it.

What an officer takes in holds that award at once, never the list. What comes by the open page holds nothing until an
officer of the school or the county takes it up: a stranger stops nobody's aid. That it is no objection at all is for
the county to say; the school that stands behind the list can only propose it. Either way it is to be answered within
some working days of its coming, and a list does not leave publicity before.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions, limits
from accounts.models import User
from common import workdays
from common.moves import Refused, WrongState, hold, move
from common.roles import COUNTY, Role
from programs import awards
from programs.choices import AWARD_MOVES, AwardState, Channel, ContactPurpose, NoticeState, ObjectionState
from programs.models import Award, Notice, Objection, ObjectionStep

FROM_ONE_ADDRESS = {"limit": 5, "per_seconds": 3_600}
FROM_ONE_AGAINST_ONE = {"limit": 5, "per_seconds": 86_400}
AGAINST_ONE_NOTICE = {"limit": 30, "per_seconds": 86_400}
"""What the open page takes: a school with its one address can speak, and nobody can bury a notice."""


class OtherList(Refused):
    code = "objection-other-list"
    message = _("这名学生不在这份公示名单里。")


class WordsMissing(Refused):
    code = "objection-words-missing"
    message = _("请写明内容。")


class NotTakenUp(Refused):
    code = "objection-not-taken-up"
    message = _("这件异议还没有受理，请先受理，或者写明原因不予受理。")


class NotTheSchools(Refused):
    code = "objection-not-the-schools"
    message = _("网页反映的情况是否受理，由县资助中心决定。学校认为不用受理的，可以写明理由提出建议。")


class OtherSchoolsObjection(Refused):
    code = "objection-other-school"
    message = _("这件异议不是本校名单的，学校不能提出建议。")


class TooOften(Refused):
    code = "objection-too-often"
    message = _("提交得太频繁了，请过一会儿再试，或者拨打监督电话。")


class NotForReading(Refused):
    code = "objection-not-for-reading"
    message = _("您的岗位不能查看反映人的姓名和联系方式。")


def due_on(day: date) -> date:
    """The day by which what came on `day` is to be answered; the day itself does not count."""
    return workdays.last_day(day + timedelta(days=1), settings.OBJECTION_WORKING_DAYS)


@transaction.atomic
def raise_objection(
    notice: Notice,
    award: Award,
    *,
    words: str,
    by: User,
    at: datetime,
    channel: Channel = Channel.VISIT,
    person: str = "",
    contact: str = "",
) -> Objection:
    """Take an objection against one child's award and hold that award."""
    objection = _keep(notice, award, words=words, by=by, at=at, channel=channel, person=person, contact=contact)
    _hold_award(objection, by=by, at=at)
    actions.record(by, "objection.received", objection, at=at, channel=objection.channel)
    return objection


def allow_from(address: str, notice: Notice) -> None:
    """Count one more from this address against this notice, or raise TooOften. Outside of any transaction."""
    if not limits.allow(f"objection from {address}", **FROM_ONE_ADDRESS):
        raise TooOften()
    if not limits.allow(f"objection to {notice.pk} from {address}", **FROM_ONE_AGAINST_ONE):
        raise TooOften()
    if not limits.allow(f"objection to {notice.pk}", **AGAINST_ONE_NOTICE):
        raise TooOften()


@transaction.atomic
def send_in(
    notice: Notice, award: Award, *, words: str, at: datetime, person: str = "", contact: str = ""
) -> Objection:
    """Keep what came by the open page. It waits for an officer's look and holds nothing."""
    objection = _keep(notice, award, words=words, by=None, at=at, channel=Channel.PAGE, person=person, contact=contact)
    actions.record(None, "objection.came-in", objection, at=at, channel=objection.channel)
    return objection


@transaction.atomic
def take_up(objection: Objection, *, by: User, at: datetime) -> None:
    """An officer read what came by the page and will look into it: from now on the award is held."""
    hold(objection.notice, NoticeState.UP)
    _change(objection, received_by=by)
    _hold_award(objection, by=by, at=at)
    actions.record(by, "objection.received", objection, at=at, channel=objection.channel)


@transaction.atomic
def dismiss(objection: Objection, *, words: str, by: User, at: datetime) -> None:
    """What came by the page is no objection (spam, nothing to look into): it ends, in words, and held nothing.

    The county says so, never the school: what people say against its list is not for the school to throw away.
    """
    if by.role not in COUNTY:
        raise NotTheSchools()
    if not words.strip():
        raise WordsMissing()
    _change(objection, is_upheld=False, answer=words.strip()[:500], answered_by=by, answered_at=at)
    actions.record(by, "objection.dismissed", objection, at=at)


def dismiss_many(objections: Iterable[Objection], *, words: str, by: User, at: datetime) -> int:
    """Several for one reason; says how many. What somebody has taken up or dismissed meanwhile stays as it is."""
    done = 0
    for objection in objections:
        with suppress(WrongState):
            dismiss(objection, words=words, by=by, at=at)
            done += 1
    return done


@transaction.atomic
def propose_dismissal(objection: Objection, *, words: str, by: User, at: datetime) -> ObjectionStep:
    """The school says in words why what came by the page is no objection. It goes on waiting, and holds nothing."""
    if by.school_id is None or by.school_id != objection.notice.list.school_id:
        raise OtherSchoolsObjection()
    if not words.strip():
        raise WordsMissing()
    hold(objection.notice, NoticeState.UP)
    _change(objection, received_by=None)
    step = ObjectionStep.objects.create(objection=objection, words=words.strip()[:500], is_proposal=True, by=by, at=at)
    actions.record(by, "objection.dismissal-proposed", objection, at=at)
    return step


@transaction.atomic
def note(objection: Objection, *, words: str, by: User, at: datetime) -> ObjectionStep:
    """One step of looking into it: who was asked, what was found."""
    if not words.strip():
        raise WordsMissing()
    hold(objection.notice, NoticeState.UP)
    objection.refresh_from_db()
    if objection.state == ObjectionState.UNSEEN:
        raise NotTakenUp()
    if objection.state != ObjectionState.OPEN:
        raise WrongState()
    step = ObjectionStep.objects.create(objection=objection, words=words.strip()[:500], by=by, at=at)
    actions.record(by, "objection.step-noted", objection, at=at)
    return step


@transaction.atomic
def answer(objection: Objection, *, is_upheld: bool, answer: str, by: User, at: datetime) -> None:
    """Close an objection: upheld takes the child off the list, otherwise the award goes on.

    Where several speak against one award, it goes on with the last of them, and is taken off once.
    """
    if not answer.strip():
        raise WordsMissing()
    hold(objection.notice, NoticeState.UP)
    objection.refresh_from_db()
    if objection.state == ObjectionState.UNSEEN:
        raise NotTakenUp()
    facts = {"is_upheld": is_upheld, "answer": answer.strip()[:500], "answered_by": by, "answered_at": at}
    _change(objection, ObjectionState.OPEN, **facts)
    award = objection.award
    award.refresh_from_db()
    if award.state == AwardState.SUSPENDED:
        if is_upheld:
            move(award, AwardState.DROPPED, moves=AWARD_MOVES, dropped_reason=objection.answer[:200])
            actions.record(by, "award.dropped", award, at=at, reason=award.dropped_reason)
        elif not _is_spoken_against(award):
            awards.restore(award, by=by, at=at)
    actions.record(by, "objection.answered", objection, at=at, is_upheld=is_upheld)


@dataclass(frozen=True)
class Contact:
    """Who raised an objection, whole."""

    person: str
    contact: str


def may_reveal(user: User) -> bool:
    """Auditors never see whole who complained; the log tells them who looked."""
    return user.role in COUNTY or user.role == Role.SCHOOL


def reveal(objection: Objection, *, purpose: ContactPurpose, by: User, at: datetime) -> Contact:
    """The name and how to reach the person, after it is written down who looked and what for."""
    if not may_reveal(by):
        raise NotForReading()
    actions.record(by, "objection.person-revealed", objection, at=at, purpose=purpose.value)
    return Contact(objection.person, objection.contact)


def _keep(
    notice: Notice,
    award: Award,
    *,
    words: str,
    by: User | None,
    at: datetime,
    channel: Channel,
    person: str,
    contact: str,
) -> Objection:
    if not words.strip():
        raise WordsMissing()
    hold(notice, NoticeState.UP)
    award.refresh_from_db()
    if award.list_id != notice.list_id or award.state == AwardState.DROPPED:
        raise OtherList()
    return Objection.objects.create(
        notice=notice,
        award=award,
        words=words.strip()[:500],
        channel=channel,
        is_named=bool(person.strip()),
        person=person.strip()[:50],
        contact=contact.strip()[:100],
        due_on=due_on(timezone.localdate(at)),
        received_by=by,
        received_at=at,
    )


def _hold_award(objection: Objection, *, by: User, at: datetime) -> None:
    """Unless another objection holds it already, or took it off the list."""
    award = objection.award
    award.refresh_from_db()
    if award.state == AwardState.PROPOSED:
        awards.suspend(award, by=by, at=at)


def _change(objection: Objection, state: ObjectionState = ObjectionState.UNSEEN, **facts: object) -> None:
    """One conditional UPDATE decides, so of two people who press a button one wins."""
    if not Objection.objects.filter(pk=objection.pk).in_state(state).update(**facts):
        raise WrongState()
    objection.refresh_from_db()


def _is_spoken_against(award: Award) -> bool:
    """Whether an objection that somebody looks into still holds the award."""
    return Objection.objects.filter(award=award).in_state(ObjectionState.OPEN).exists()
