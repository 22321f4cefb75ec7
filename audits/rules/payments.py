"""Where the money went: twice, too late for the child, to another's card, or nowhere yet."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.db.models import Case, Count, F, Q, When
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audits.choices import Severity
from audits.findings import Found, rule
from audits.rules.thresholds import DAYS_LYING
from common.bulk import in_parts
from disbursements import fund_figures
from disbursements.choices import RecoveryState
from disbursements.models import Payment, PaymentQuerySet
from programs.choices import Basis
from programs.models import Award
from schools.models import Term
from students.choices import EnrollmentState
from students.models import Roster

CHILD = Coalesce("award__student__id_number_index", "award__student__key")
"""Two records with one resident number are one child."""


def _arrived(term: Term) -> PaymentQuerySet:
    """What reached a card and stayed there, of the term's awards. What was paid back in whole did not stay."""
    paid = Payment.objects.arrived().filter(award__term=term)
    return paid.exclude(award__recoveries__state=RecoveryState.COLLECTED)


@rule(
    "paid-twice",
    title=_("同一学生同一项目重复发放"),
    severity=Severity.GRAVE,
    basis=_(
        "财教〔2021〕310号（普通高中、中职）、财教〔2021〕56号（义务教育）：不得虚报冒领；一名学生一个项目一学期只发一次"
    ),
    sentence=_(
        "同一名学生（证件号相同的记录 %(records)s 条）本学期%(program)s到账 %(payments)s 笔，多发 %(over_fen)s 元。"
    ),
    advice=_(
        "核对两笔发放是否都已到账；多发的应提出追缴，全部追回后不再列出。到账后退票的、发放失败后重发的不算重复。"
    ),
)
def paid_twice(term: Term, today: date) -> Iterator[Found]:
    """One child, one program, one term, and more than one payment that arrived and stayed."""
    paid = _arrived(term).annotate(child=CHILD).order_by()
    twice = paid.values("child", "award__program").annotate(n=Count("pk")).filter(n__gt=1)
    children = {child for child, _program in twice.values_list("child", "award__program")}
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    columns = ("child", "award__program", "pk", "award__student", "award__school", "amount_fen", "paid_on")
    for part in in_parts(sorted(children)):
        theirs = paid.filter(Q(award__student__id_number_index__in=part) | Q(award__student__key__in=part))
        for child, program, *rest in theirs.order_by("pk").values_list(*columns):
            found[child, program].append(rest)
    for (_child, program), lines in sorted(found.items()):
        if len(lines) > 1:
            students = {student for _pk, student, *_rest in lines}
            amounts = [fen for *_rest, fen, _day in lines]
            over = sum(amounts) - max(amounts)
            yield Found(
                key=f"{program}:{min(students)}",
                school_id=lines[-1][2],
                student_id=lines[-1][1],
                amount_fen=over,
                facts={"program": program, "payments": len(lines), "records": len(students), "over_fen": over},
                evidence=[
                    ("disbursements.payment", pk, {"amount_fen": fen, "paid_on": day.isoformat()})
                    for pk, _student, _school, fen, day in lines
                ],
            )


@rule(
    "paid-after-leaving",
    title=_("离校、休学以后仍然发放"),
    severity=Severity.GRAVE,
    basis=_(
        "教基一〔2013〕7号：学籍变动应及时办理；财教〔2021〕310号（普通高中、中职）、财教〔2021〕56号（义务教育）：不得虚报学生人数"
    ),
    sentence=_(
        "学生 %(left_on)s 起不在校（%(state)s），%(paid_on)s 仍到账%(program)s %(amount_fen)s 元，没有仍然发放的决定。"
    ),
    advice=_(
        "核对离校日期和到账日期；离校前就读的时间应当发放的，由县级逐人决定并写明理由，有决定的或者已经追缴的不再列出。"
    ),
    choices={"state": EnrollmentState},
)
def paid_after_leaving(term: Term, today: date) -> Iterator[Found]:
    """Money that arrived after the school's rosters had said that the child is gone, and nobody decided that it may."""
    gone = _arrived(term).exclude(award__enrollment__state=EnrollmentState.STUDYING)
    undecided = gone.exclude(award__pay_decision__is_to_pay=True).filter(award__recoveries=None)
    columns = (
        "pk", "award", "award__student", "award__school", "award__program", "award__enrollment",
        "award__enrollment__state", "award__enrollment__roster__version", "amount_fen", "paid_on",
    )  # fmt: skip
    rosters = _rosters(term)
    for pk, award, student, school, program, enrollment, state, version, fen, paid_on in undecided.order_by(
        "pk"
    ).values_list(*columns):
        left_on = _known_gone_on(rosters[school], version, state) or term.starts_on
        if paid_on >= left_on:
            facts = {"left_on": left_on.isoformat(), "paid_on": paid_on.isoformat(), "state": state}
            yield Found(
                key=f"{pk}",
                school_id=school,
                student_id=student,
                amount_fen=fen,
                facts={**facts, "program": program, "amount_fen": fen},
                evidence=[
                    ("students.enrollment", enrollment, {"state": state}),
                    ("programs.award", award, {"amount_fen": fen}),
                    ("disbursements.payment", pk, {"paid_on": paid_on.isoformat()}),
                ],
            )


def _rosters(term: Term) -> dict[int, list[tuple[int, date]]]:
    """school → the versions of its roster that became the term's truth, each with its day."""
    found: dict[int, list[tuple[int, date]]] = defaultdict(list)
    rows = Roster.objects.filter(term=term, committed_at__isnull=False).order_by("version", "pk")
    for school, version, at in rows.values_list("school", "version", "committed_at"):
        found[school].append((version, timezone.localdate(at)))
    return found


def _known_gone_on(rosters: Iterable[tuple[int, date]], version: int, state: str) -> date | None:
    """A child that left is missing from the first roster after the one that named it last; that a child is suspended
    stands in the roster itself."""
    after = 0 if state == EnrollmentState.SUSPENDED else 1
    return min((day for number, day in rosters if number >= version + after), default=None)


@rule(
    "off-standard",
    title=_("资助金额与标准不符"),
    severity=Severity.SERIOUS,
    basis=_("财教〔2021〕310号（普通高中、中职）、财教〔2021〕56号（义务教育）：按规定的标准足额发放，不得抵顶、扣减"),
    sentence=_("%(program)s审定 %(amount_fen)s 元，所依据的标准是 %(due_fen)s 元。"),
    advice=_("核对所依据的标准和学校核定收费；标准已经接续的，按资助所依据的那一条比较。"),
)
def off_standard(term: Term, today: date) -> Iterator[Found]:
    """An award that stands and is not what its own standard, or the school's fee under it, says."""
    due = Case(
        When(school_fee=None, then=F("standard__amount_fen")),
        When(standard__basis=Basis.CAPPED_FEE, then=Least(F("school_fee__amount_fen"), F("standard__amount_fen"))),
        default=F("school_fee__amount_fen"),
    )
    rows = Award.objects.live().filter(term=term).annotate(due=due).exclude(amount_fen=F("due"))
    columns = ("pk", "student", "school", "program", "standard", "school_fee", "amount_fen", "due")
    for pk, student, school, program, standard, fee, fen, found in rows.order_by("pk").values_list(*columns):
        due_fen = found or 0
        yield Found(
            key=f"{pk}",
            school_id=school,
            student_id=student,
            amount_fen=abs(fen - due_fen),
            facts={"program": program, "amount_fen": fen, "due_fen": due_fen},
            evidence=[
                ("programs.award", pk, {"amount_fen": fen}),
                ("programs.standard", standard, {"amount_fen": due_fen}),
                *([("programs.schoolfee", fee, {"amount_fen": due_fen})] if fee else []),
            ],
        )


@rule(
    "money-lying",
    title=_("资金滞留"),
    severity=Severity.SERIOUS,
    basis=_(
        "预算法第五十二条、第五十七条：按期下达，及时、足额拨付；财教〔2021〕310号（普通高中、中职）、财教〔2021〕56号（义务教育）：资金及时足额发放"
    ),
    sentence=_("%(arrived_on)s 到账的%(program)s资金还有 %(lying_fen)s 元没有发放，已滞留 %(days)s 天。"),
    advice=_("查为什么没有发放：名单没有审定、没有银行卡、失败没有重发，或者指标多于应发。学期结束后应结转。"),
)
def money_lying(term: Term, today: date) -> Iterator[Found]:
    """Money of the term's funds that arrived long ago and has reached no card; first in, first out."""
    lots: dict[tuple[int, str, str, date], int] = defaultdict(int)
    for piece in fund_figures.pieces([term]):
        if piece.paid_on is None and piece.days(today) > DAYS_LYING:
            lots[piece.quota or 0, piece.program, piece.payer, piece.arrived_on] += piece.amount_fen
    for (quota, program, payer, arrived_on), fen in sorted(lots.items()):
        yield Found(
            key=f"{quota}:{program}:{payer}:{arrived_on.isoformat()}",
            amount_fen=fen,
            facts={
                "program": program,
                "arrived_on": arrived_on.isoformat(),
                "lying_fen": fen,
                "days": (today - arrived_on).days,
            },
            evidence=[("disbursements.quota", quota, {"amount_fen": fen})] if quota else [],
        )
