"""Publicity (公示): a list is up for at least five Chinese working days, and gone when it ends.

教财厅函〔2017〕28号 allows name, school, grade, class and the like, and forbids numbers, addresses,
phones, birth dates and cards; lists whose period is over must be taken down.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import workdays
from common.bulk import in_parts
from common.moves import Refused, move
from programs import blockers
from programs.choices import LIST_MOVES, NOTICE_MOVES, AwardState, ListState, NoticeState, ObjectionState
from programs.models import Award, AwardList, Notice


class TooShort(Refused):
    code = "publicity-too-short"
    message = _("公示不得少于 %(days)s 个工作日。")


class ResultMissing(Refused):
    code = "publicity-result-missing"
    message = _("请写明公示结果。")


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
        raise ResultMissing()
    # First, so that no objection comes in between: whoever brings one holds the notice up.
    move(notice, NoticeState.DOWN, moves=NOTICE_MOVES, result=result.strip()[:200], taken_down_at=at)
    blockers.refuse(blockers.in_notice(notice, on=timezone.localdate(at)))
    move(notice.list, ListState.CLOSED, moves=LIST_MOVES)
    actions.record(by, "notice.taken-down", notice, at=at)


def is_open(notice: Notice, *, on: date) -> bool:
    """Whether the public may see it on a day."""
    return notice.state == NoticeState.UP and notice.starts_on <= on <= notice.ends_on


@dataclass(frozen=True, slots=True)
class Line:
    """One place of a public list. Its number stays with the child's award as long as the notice is up."""

    number: int
    award_id: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class PublicRow:
    """All that a public list may show of a child, and the mark by which the open page speaks of the line."""

    number: int
    name: str
    school: str
    grade: str
    class_name: str
    program: str
    amount_fen: int
    ref: str


def lines(notice: Notice, *, on: date) -> list[Line]:
    """The lines that are public on a day, in the order of classes; none before, after, and once it is down.

    Whom an objection holds or took off is not among them, but keeps the number: every other line stays the one that
    people were told. The order is by columns that are frozen with the award.
    """
    if not is_open(notice, on=on):
        return []
    taken_off = notice.objections.in_state(ObjectionState.UPHELD).values("award")
    rows = Award.objects.filter(~Q(state=AwardState.DROPPED) | Q(pk__in=taken_off), list=notice.list_id)
    in_order = rows.order_by("grade_no", "class_name", "pk").values_list("pk", "state", "amount_fen")
    return [
        Line(number, pk, amount_fen)
        for number, (pk, state, amount_fen) in enumerate(in_order, start=1)
        if state == AwardState.PROPOSED
    ]


def rows(notice: Notice, of_lines: Sequence[Line]) -> list[PublicRow]:
    """What the public reads in these lines."""
    public = Award.objects.values_list(
        "pk", "student__name", "school__name", "grade", "class_name", "program__name", "amount_fen"
    )
    found = {
        pk: (name, school, grade, class_name, program, amount_fen)
        for keys in in_parts([line.award_id for line in of_lines])
        for pk, name, school, grade, class_name, program, amount_fen in public.filter(pk__in=keys)
    }
    return [
        PublicRow(line.number, *found[line.award_id], ref_of(notice, line.award_id))
        for line in of_lines
        if line.award_id in found
    ]


def ref_of(notice: Notice, award_id: int) -> str:
    """How the open page speaks of a line: signed for this notice, and telling nothing of the row behind it."""
    signed = salted_hmac("programs.publicity.line", f"{notice.token} {award_id}", algorithm="sha256")
    return signed.hexdigest()[:24]


def line_of(notice: Notice, ref: str, *, on: date) -> Line | None:
    """The public line that somebody speaks of."""
    public = lines(notice, on=on)
    return next((line for line in public if constant_time_compare(ref, ref_of(notice, line.award_id))), None)


def documents(notice: Notice) -> list[str]:
    """The documents that set the amounts on a list, for the basis of its notice."""
    found = Award.objects.live().filter(list=notice.list_id).order_by("standard__document_no")
    return list(found.values_list("standard__document_no", flat=True).distinct())


@dataclass(frozen=True)
class Outcome:
    """What came of a notice, in numbers: what came in, and of it what was no objection, which is counted apart."""

    upheld: int
    refuted: int
    dismissed: int

    @property
    def objections(self) -> int:
        return self.upheld + self.refuted

    @property
    def received(self) -> int:
        return self.objections + self.dismissed

    @property
    def words(self) -> str:
        """How the office says it: 公示无异议, or how many came and how they ended."""
        if not self.received:
            return _now("公示期间未收到异议。")
        counts = {
            "received": self.received,
            "dismissed": self.dismissed,
            "n": self.objections,
            "upheld": self.upheld,
            "refuted": self.refuted,
        }
        if not self.objections:
            return _now("公示期间收到反映 %(received)s 件，经县级审核均不予受理；没有其他异议。") % counts
        if not self.dismissed:
            return _now("公示期间收到异议 %(n)s 件，均已办结：成立 %(upheld)s 件，不成立 %(refuted)s 件。") % counts
        return (
            _now(
                "公示期间收到反映 %(received)s 件，其中经县级审核不予受理 %(dismissed)s 件；"
                "受理的异议 %(n)s 件均已办结：成立 %(upheld)s 件，不成立 %(refuted)s 件。"
            )
            % counts
        )


def outcome(notice: Notice) -> Outcome:
    counts = Counter(notice.objections.with_state().values_list("stands", flat=True))  # type: ignore[misc]
    return Outcome(
        upheld=counts[ObjectionState.UPHELD],
        refuted=counts[ObjectionState.REFUTED],
        dismissed=counts[ObjectionState.DISMISSED],
    )
