"""Publicity (公示): a list is up for at least five Chinese working days, and gone when it ends.

教财厅函〔2017〕28号 allows name, school, grade, class and the like, and forbids numbers, addresses,
phones, birth dates and cards; lists whose period is over must be taken down.
"""

import secrets
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import workdays
from common.moves import Refused, WrongState, hold, move
from programs import awards, blockers
from programs.choices import AWARD_MOVES, LIST_MOVES, NOTICE_MOVES, AwardState, ListState, NoticeState
from programs.models import Award, AwardList, Notice, Objection

PUBLIC_COLUMNS = ("name", "school", "grade", "class_name", "program", "amount_fen")
"""All that a public list may show of a child."""


class TooShort(Refused):
    code = "publicity-too-short"
    message = _("公示不得少于 %(days)s 个工作日。")


class OtherList(Refused):
    code = "objection-other-list"
    message = _("这名学生不在这份公示名单里。")


class WordsMissing(Refused):
    code = "objection-words-missing"
    message = _("请写明内容。")


@transaction.atomic
def put_up(award_list: AwardList, *, by: User, at: datetime, working_days: int | None = None) -> Notice:
    """Publish a list the school stands by. The day it goes up counts if it is a working day."""
    least = settings.PUBLICITY_WORKING_DAYS
    days = least if working_days is None else working_days
    if days < least:
        raise TooShort(days=least)
    move(award_list, ListState.PUBLISHED, moves=LIST_MOVES)
    starts_on = timezone.localdate(at)
    notice = Notice.objects.create(
        list=award_list,
        token=secrets.token_hex(16),
        starts_on=starts_on,
        ends_on=workdays.last_day(starts_on, days),
        working_days=days,
        put_up_by=by,
        put_up_at=at,
    )
    actions.record(by, "notice.put-up", notice, at=at, ends_on=notice.ends_on.isoformat())
    return notice


@transaction.atomic
def take_down(notice: Notice, *, by: User, at: datetime, result: str) -> None:
    """End a publicity whose days are full, with its result in words (公示无异议)."""
    if not result.strip():
        raise WordsMissing()
    blockers.refuse(blockers.in_notice(notice, on=timezone.localdate(at)))
    move(notice, NoticeState.DOWN, moves=NOTICE_MOVES, result=result.strip()[:200], taken_down_at=at)
    move(notice.list, ListState.CLOSED, moves=LIST_MOVES)
    actions.record(by, "notice.taken-down", notice, at=at)


def shown(notice: Notice, on: date) -> list[dict[str, Any]]:
    """The rows of a public list on a day: the allowed columns only, and nothing once it is over."""
    if notice.state != NoticeState.UP or not notice.starts_on <= on <= notice.ends_on:
        return []
    rows = Award.objects.filter(list=notice.list, state=AwardState.PROPOSED).order_by(
        "program__position", "grade_no", "class_name", "student__name", "pk"
    )
    values = ("student__name", "school__name", "grade", "class_name", "program__name", "amount_fen")
    return [dict(zip(PUBLIC_COLUMNS, row, strict=True)) for row in rows.values_list(*values)]


@transaction.atomic
def raise_objection(notice: Notice, award: Award, *, words: str, by: User, at: datetime) -> Objection:
    """Take an objection against one child's award and hold that award."""
    if not words.strip():
        raise WordsMissing()
    if award.list_id != notice.list_id:
        raise OtherList()
    hold(notice, NoticeState.UP)
    awards.suspend(award, by=by, at=at)
    objection = Objection.objects.create(
        notice=notice, award=award, words=words.strip()[:500], received_by=by, received_at=at
    )
    actions.record(by, "objection.received", objection, at=at)
    return objection


@transaction.atomic
def answer(objection: Objection, *, is_upheld: bool, answer: str, by: User, at: datetime) -> None:
    """Close an objection: upheld takes the child off the list, otherwise the award goes on."""
    if not answer.strip():
        raise WordsMissing()
    closed = Objection.objects.filter(pk=objection.pk, is_upheld=None).update(
        is_upheld=is_upheld, answer=answer.strip()[:500], answered_by=by, answered_at=at
    )
    if not closed:
        raise WrongState()
    objection.refresh_from_db()
    if is_upheld:
        move(objection.award, AwardState.DROPPED, moves=AWARD_MOVES, dropped_reason=objection.answer[:200])
        actions.record(by, "award.dropped", objection.award, at=at, reason=objection.award.dropped_reason)
    else:
        awards.restore(objection.award, by=by, at=at)
    actions.record(by, "objection.answered", objection, at=at, is_upheld=is_upheld)
