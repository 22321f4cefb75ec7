"""Whether a list was public as it must be, and what became of what people said against it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audits.choices import Severity
from audits.findings import Evidence, Found, rule
from common import workdays
from common.roles import Role
from programs.choices import ListState, NoticeState, ObjectionState
from programs.models import Award, AwardList, Notice, Objection
from schools.models import Term

_PUBLICITY = _(
    "教财〔2018〕16号“结果公示”：认定结果应当公示，接受监督；教财厅函〔2017〕28号：公示内容应当适度，期满撤下"
)


@dataclass(frozen=True)
class _Public:
    """A list with the last notice that it hung on, if any."""

    pk: int
    school: int
    state: str
    confirmed_at: datetime | None
    people: int
    fen: int
    notice: int | None = None
    notice_state: str = ""
    starts_on: date = date.min
    ends_on: date = date.min
    down_at: datetime | None = None

    @property
    def last_on(self) -> date:
        """The last day on which it hung, as far as it had to."""
        if self.down_at is None:
            return self.ends_on
        return min(self.ends_on, timezone.localdate(self.down_at))

    def found(self, **facts: Any) -> Found:
        notice: list[Evidence] = [("programs.notice", self.notice, {})] if self.notice else []
        return Found(
            key=f"{self.pk}",
            school_id=self.school,
            amount_fen=self.fen,
            facts={**facts, "people": self.people, "total_fen": self.fen},
            evidence=[("programs.awardlist", self.pk, {"amount_fen": self.fen}), *notice],
        )


def _lists(term: Term) -> Iterator[_Public]:
    """The term's lists that somebody is on."""
    sums = {
        pk: (people, fen)
        for pk, people, fen in Award.objects.live()
        .filter(term=term)
        .order_by()
        .values_list("list")
        .annotate(people=Count("pk"), fen=Sum("amount_fen"))
    }
    columns = ("list", "pk", "state", "starts_on", "ends_on", "taken_down_at")
    notices = {pk: rest for pk, *rest in Notice.objects.filter(list__term=term).order_by("pk").values_list(*columns)}
    lists = AwardList.objects.filter(term=term).order_by("pk")
    for pk, school, state, confirmed_at in lists.values_list("pk", "school", "state", "confirmed_at"):
        if pk in sums:
            yield _Public(pk, school, state, confirmed_at, *sums[pk], *notices.get(pk, ()))


@rule(
    "not-public",
    title=_("没有公示就审定"),
    severity=Severity.GRAVE,
    basis=_PUBLICITY,
    sentence=_("名单没有公示记录就审定了，%(people)s 人次，%(total_fen)s 元。"),
    advice=_("查是否在系统以外公示过；有照片和结果的，写明并补存。"),
)
def not_public(term: Term, today: date) -> Iterator[Found]:
    """A confirmed list without any notice."""
    yield from (each.found() for each in _lists(term) if each.state == ListState.CONFIRMED and each.notice is None)


@rule(
    "publicity-short",
    title=_("公示时间不足"),
    severity=Severity.SERIOUS,
    basis=_PUBLICITY,
    sentence=_("名单只公示了 %(days)s 个工作日，应不少于 %(least)s 个，%(people)s 人次，%(total_fen)s 元。"),
    advice=_("按国家公布的工作日（含调休）计算，从张贴之日到撤下之日。"),
)
def publicity_short(term: Term, today: date) -> Iterator[Found]:
    """A list that left publicity before its working days were full, whatever its notice says."""
    least = settings.PUBLICITY_WORKING_DAYS
    for each in _lists(term):
        if each.notice and each.state in (ListState.CLOSED, ListState.CONFIRMED):
            days = workdays.count(each.starts_on, each.last_on)
            if days < least:
                yield each.found(days=days, least=least)


@rule(
    "confirmed-in-publicity",
    title=_("公示没有结束就审定"),
    severity=Severity.SERIOUS,
    basis=_PUBLICITY,
    sentence=_("名单 %(confirmed_on)s 审定，公示到 %(ends_on)s 才结束，%(people)s 人次，%(total_fen)s 元。"),
    advice=_("审定应在公示撤下以后；查审定时公示是否还在张贴、异议是否已经办结。"),
)
def confirmed_in_publicity(term: Term, today: date) -> Iterator[Found]:
    """A list whose second signature was given while it was still up, or before its last day was over."""
    for each in _lists(term):
        if each.notice and each.state == ListState.CONFIRMED and each.confirmed_at:
            confirmed_on = timezone.localdate(each.confirmed_at)
            is_up = each.notice_state == NoticeState.UP or (each.down_at or each.confirmed_at) > each.confirmed_at
            if is_up or confirmed_on <= each.last_on:
                ends_on = max(each.last_on, timezone.localdate(each.down_at)) if each.down_at else each.ends_on
                yield each.found(confirmed_on=confirmed_on.isoformat(), ends_on=ends_on.isoformat())


@rule(
    "no-photo",
    title=_("公示没有照片"),
    severity=Severity.NOTABLE,
    basis=_PUBLICITY,
    sentence=_("公示已经撤下，没有公示栏照片，%(people)s 人次，%(total_fen)s 元。"),
    advice=_("学校有照片的，补传到公示页面；没有的，写明原因和其他证明。"),
)
def no_photo(term: Term, today: date) -> Iterator[Found]:
    """A notice that is down and lacks the proof that it hung there; one that was sent back is not asked for."""
    unproven = Notice.objects.filter(list__term=term).unproven()
    without = set(unproven.order_by().values_list("pk", flat=True))
    yield from (each.found() for each in _lists(term) if each.notice in without)


@rule(
    "objection-late",
    title=_("异议办结超期"),
    severity=Severity.NOTABLE,
    basis=_("教财〔2018〕16号“结果公示”：畅通申诉渠道，及时答复异议"),
    sentence=_("异议应在 %(due_on)s 前办结，已超期 %(days)s 个工作日（%(state)s）。"),
    advice=_("看核查记录：是没有人办理，还是核查需要时间；需要时间的，写明告知反映人的情况。"),
    choices={"state": ObjectionState},
)
def objection_late(term: Term, today: date) -> Iterator[Found]:
    """Answered after its day, or open beyond it."""
    rows = Objection.objects.filter(notice__list__term=term, due_on__isnull=False).filter(
        Q(answered_at__isnull=False) | Q(due_on__lt=today)
    )
    for objection in rows.select_related("award").order_by("pk"):
        ended_on = timezone.localdate(objection.answered_at) if objection.answered_at else today
        if objection.due_on and ended_on > objection.due_on:
            days = workdays.count(objection.due_on, ended_on) - workdays.is_workday(objection.due_on)
            yield _about(objection, due_on=objection.due_on.isoformat(), days=days, state=objection.state.value)


@rule(
    "objection-dismissed-by-school",
    title=_("学校自行决定不予受理异议"),
    severity=Severity.NOTABLE,
    basis=_("教财〔2018〕16号“结果公示”：畅通申诉渠道；被反映的学校不宜自行决定是否受理"),
    sentence=_("网页反映的异议由学校自己决定不予受理，涉及资助 %(amount_fen)s 元。"),
    advice=_("看异议内容和不予受理的理由；应当核查的，由县级补充核查并写明结果。"),
)
def objection_dismissed_by_school(term: Term, today: date) -> Iterator[Found]:
    """What people sent in against a school's list, ended by somebody of that school."""
    rows = Objection.objects.filter(notice__list__term=term, answered_by__role=Role.SCHOOL)
    for objection in rows.in_state(ObjectionState.DISMISSED).select_related("award").order_by("pk"):
        yield _about(objection, amount_fen=objection.award.amount_fen)


def _about(objection: Objection, **facts: Any) -> Found:
    award = objection.award
    return Found(
        key=f"{objection.pk}",
        school_id=award.school_id,
        student_id=award.student_id,
        amount_fen=award.amount_fen,
        facts=facts,
        evidence=[("programs.objection", objection.pk, {}), ("programs.award", award.pk, {})],
    )
