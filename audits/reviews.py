"""Publicity and payment of each school of a term on one page: what hung where and how long, who got what and when.

Everything is counted from the rows as they are; nothing is kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from audits.choices import Lack, QuestionState
from audits.models import Finding, Question
from common import workdays
from common.redaction import redact
from common.roles import Person
from disbursements.choices import PaymentState, RecoveryState
from disbursements.models import ARRIVED, Batch, Bounce, Payment, Recovery
from programs.choices import AwardState, NoticeState, ProgramKind
from programs.models import Award, AwardList, Notice, NoticePhoto, Objection
from schools.models import School, SchoolQuerySet, Term
from students.models import Enrollment

SHOWN = 100
"""Failed and returned payments of one school that a page lists."""


@dataclass(frozen=True)
class Standing:
    """One school of a term in figures. Money is in fen."""

    lists: int = 0
    unpublished: int = 0
    notices: int = 0
    up: int = 0
    least_days: int | None = None
    with_photo: int = 0
    without_photo: int = 0
    objections: int = 0
    objections_open: int = 0
    upheld: int = 0
    awards: int = 0
    awards_fen: int = 0
    paid: int = 0
    paid_fen: int = 0
    to_retry: int = 0
    bounced: int = 0
    recoveries_open: int = 0
    findings: int = 0
    questions: int = 0


def schools_of(term: Term) -> SchoolQuerySet:
    """Schools that have children or lists in the term."""
    of_school: dict[str, Any] = {"school": OuterRef("pk"), "term": term}
    has_children = Exists(Enrollment.objects.filter(**of_school))
    return School.objects.filter(has_children | Exists(AwardList.objects.filter(**of_school)))


def lacking(schools: SchoolQuerySet, term: Term, lack: str) -> SchoolQuerySet:
    """Those of them that are short of something."""
    return schools.filter(_lack(term, lack))


def lacks(schools: QuerySet[School], term: Term) -> dict[str, int]:
    """How many of them are short of each thing."""
    counted = schools.annotate(**{f"lacks_{lack}": _lack(term, lack) for lack in Lack.values}).aggregate(
        **{lack: Count("pk", filter=Q(**{f"lacks_{lack}": True})) for lack in Lack.values}
    )
    return {lack: counted[lack] for lack in Lack.values}


def _lack(term: Term, lack: str) -> Exists:
    mine: dict[str, Any] = {"school": OuterRef("pk"), "term": term}
    of_list: dict[str, Any] = {"list__school": OuterRef("pk"), "list__term": term}
    of_award: dict[str, Any] = {"award__school": OuterRef("pk"), "award__term": term}
    unheard: dict[str, Any] = {"notice__list__school": OuterRef("pk"), "notice__list__term": term, "is_upheld": None}
    rows: dict[str, QuerySet[Any]] = {
        Lack.NOTICE: _unpublished().filter(**mine),
        Lack.PHOTO: _unproven().filter(**of_list),
        Lack.OBJECTION: Objection.objects.filter(**unheard),
        Lack.MONEY: _unpaid().filter(**mine),
        Lack.RETRY: _to_retry().filter(**mine),
        Lack.RECOVERY: Recovery.objects.filter(**of_award, state=RecoveryState.OPEN),
        Lack.FINDING: Finding.objects.standing().filter(**mine),
        Lack.QUESTION: Question.objects.filter(**mine, state=QuestionState.ASKED),
    }
    return Exists(rows[Lack(lack)])


def _unpublished() -> QuerySet[AwardList]:
    return AwardList.objects.with_people().filter(~Exists(Notice.objects.filter(list=OuterRef("pk"))))


def _unproven() -> QuerySet[Notice]:
    """Notices whose photo is missed; none of a list that nobody is on any more."""
    return Notice.objects.unproven().filter(list__in=AwardList.objects.with_people().values("pk"))


def _in_money() -> QuerySet[Award]:
    """Confirmed awards that are to be paid: not those of which somebody decided otherwise.

    What is given in kind counts where a batch pays for it: a county may also have it delivered without one.
    """
    in_kind = Q(program__kind=ProgramKind.IN_KIND)
    awards = Award.objects.confirmed().exclude(in_kind & ~Exists(Payment.objects.filter(award=OuterRef("pk"))))
    return awards.exclude(pay_decision__is_to_pay=False)


def _unpaid() -> QuerySet[Award]:
    return _in_money().filter(~Exists(Payment.objects.arrived().filter(award=OuterRef("pk"))))


def _to_retry() -> QuerySet[Award]:
    """Failed or came back, and nothing is on its way since."""
    failed = Q(pk__in=Payment.objects.filter(state=PaymentState.FAILED).values("award"))
    came_back = Q(pk__in=Bounce.objects.values("payment__award"))
    return _in_money().filter(failed | came_back, ~Exists(Payment.objects.live().filter(award=OuterRef("pk"))))


def standings(schools: Iterable[School], term: Term, *, reader: Person) -> dict[int, Standing]:
    """The figures of these schools, by school; a fixed number of queries."""
    keys = [school.pk for school in schools]
    found: dict[int, dict[str, Any]] = {key: {} for key in keys}
    mine: dict[str, Any] = {"school__in": keys, "term": term}
    of_list: dict[str, Any] = {"list__school__in": keys, "list__term": term}
    of_award: dict[str, Any] = {"award__school__in": keys, "award__term": term}
    of_notice: dict[str, Any] = {"notice__list__school__in": keys, "notice__list__term": term}
    has_photo = Exists(NoticePhoto.objects.filter(notice=OuterRef("pk")))
    pieces: list[tuple[str, QuerySet[Any], dict[str, Any]]] = [
        ("school", AwardList.objects.with_people().filter(**mine), {"lists": Count("pk")}),
        ("school", _unpublished().filter(**mine), {"unpublished": Count("pk")}),
        (
            "list__school",
            Notice.objects.filter(**of_list).alias(has_photo=has_photo),
            {
                "notices": Count("pk"),
                "up": Count("pk", filter=Q(state=NoticeState.UP)),
                "least_days": Min("working_days"),
                "with_photo": Count("pk", filter=Q(has_photo=True)),
            },
        ),
        ("list__school", _unproven().filter(**of_list), {"without_photo": Count("pk")}),
        (
            "notice__list__school",
            Objection.objects.filter(**of_notice),
            {
                "objections": Count("pk"),
                "objections_open": Count("pk", filter=Q(is_upheld=None)),
                "upheld": Count("pk", filter=Q(is_upheld=True)),
            },
        ),
        ("school", _in_money().filter(**mine), {"awards": Count("pk"), "awards_fen": Sum("amount_fen", default=0)}),
        (
            "award__school",
            Payment.objects.arrived().filter(**of_award),
            {"paid": Count("pk"), "paid_fen": Sum("amount_fen", default=0)},
        ),
        ("school", _to_retry().filter(**mine), {"to_retry": Count("pk")}),
        ("award__school", Payment.objects.filter(**of_award, bounce__isnull=False), {"bounced": Count("pk")}),
        (
            "award__school",
            Recovery.objects.filter(**of_award, state=RecoveryState.OPEN),
            {"recoveries_open": Count("pk")},
        ),
        ("school", Finding.objects.visible_to(reader).standing().filter(**mine), {"findings": Count("pk")}),
        ("school", Question.objects.filter(**mine, state=QuestionState.ASKED), {"questions": Count("pk")}),
    ]
    for of_school, rows, figures in pieces:
        for line in rows.order_by().values(of_school=F(of_school)).annotate(**figures):
            found[line.pop("of_school")] |= line
    return {key: Standing(**figures) for key, figures in found.items()}


@dataclass(frozen=True)
class Hung:
    """A notice with how long it really hung."""

    notice: Notice
    days: int
    photos: list[NoticePhoto]


@dataclass(frozen=True)
class OfList:
    """One list of the school: its signatures, and what of it was public."""

    award_list: AwardList
    people: int
    amount_fen: int
    hung: list[Hung]


@dataclass(frozen=True)
class OfBatch:
    """What of one batch went to this school's children. Money is in fen."""

    batch: Batch
    tries: int
    tries_fen: int
    paid: int
    paid_fen: int
    failed: int
    bounced: int
    first_paid_on: date | None


@dataclass(frozen=True)
class Trouble:
    """A payment that failed or came back, and what came of it."""

    payment: Payment
    later: Payment | None
    has_other_card: bool


@dataclass(frozen=True)
class Review:
    """Everything that an auditor asks about publicity and payment of one school in a term."""

    school: School
    term: Term
    standing: Standing
    lists: list[OfList]
    objections: list[Objection]
    batches: list[OfBatch]
    troubles: list[Trouble]
    recoveries: list[Any]
    findings: list[Finding]
    questions: list[Question]
    more_troubles: int = 0
    more_findings: int = 0
    lacks: list[str] = field(default_factory=list)


def review(school: School, term: Term, *, reader: Person, today: date) -> Review:
    """One school's review; a fixed number of queries."""
    standing = standings([school], term, reader=reader)[school.pk]
    of_award: dict[str, Any] = {"award__school": school, "award__term": term}
    objections = Objection.objects.filter(notice__list__school=school, notice__list__term=term)
    findings = Finding.objects.visible_to(reader).standing().filter(school=school, term=term)
    questions = Question.objects.visible_to(reader).filter(school=school, term=term)
    recoveries = Recovery.objects.filter(**of_award).annotate(received_fen=Sum("receipts__amount_fen", default=0))
    troubles = _troubles(of_award)
    first = schools_of(term).filter(pk=school.pk)
    return Review(
        school=school,
        term=term,
        standing=standing,
        lists=_lists(school, term, today),
        objections=_blotted(objections.defer("person", "contact").for_list(), "answer", "words"),
        batches=_batches(of_award),
        troubles=troubles[:SHOWN],
        more_troubles=max(len(troubles) - SHOWN, 0),
        recoveries=_blotted(recoveries.for_list().select_related("closed_by"), "words"),
        findings=list(findings.for_list()[:SHOWN]),
        more_findings=max(standing.findings - SHOWN, 0),
        questions=list(questions.for_list()),
        lacks=[str(Lack(lack).label) for lack, n in lacks(first, term).items() if n],
    )


def _blotted(rows: Iterable[Any], *names: str) -> list[Any]:
    """The rows, with no whole number in what people wrote in them."""
    found = list(rows)
    for row in found:
        for name in names:
            setattr(row, name, redact(getattr(row, name)))
    return found


def _lists(school: School, term: Term, today: date) -> list[OfList]:
    people = ("prepared_by", "school_prepared_by", "school_approved_by", "confirmed_by")
    rows = AwardList.objects.filter(school=school, term=term).select_related("term", "school", *people)
    lists = list(rows.with_people().annotate(**_sums()).order_by("number", "pk"))
    notices: dict[int, list[Hung]] = {}
    found = Notice.objects.filter(list__in=lists).select_related("put_up_by").with_counts()
    for notice in found.prefetch_related("photos__kept_by").order_by("starts_on", "pk"):
        down = timezone.localdate(notice.taken_down_at) if notice.taken_down_at else today
        notice.result = redact(notice.result)
        hung = Hung(notice, workdays.count(notice.starts_on, max(down, notice.starts_on)), list(notice.photos.all()))
        notices.setdefault(notice.list_id, []).append(hung)
    return [
        OfList(each, each.people, each.amount_fen, notices.get(each.pk, []))  # type: ignore[attr-defined]
        for each in lists
    ]


def _sums() -> dict[str, Any]:
    live = ~Q(awards__state=AwardState.DROPPED)
    return {
        "people": Count("awards", filter=live),
        "amount_fen": Sum("awards__amount_fen", filter=live, default=0),
    }


def _batches(of_award: dict[str, Any]) -> list[OfBatch]:
    rows = Payment.objects.filter(**of_award).exclude(state=PaymentState.DISCARDED).order_by()
    sums = rows.values(of_batch=F("batch")).annotate(
        tries=Count("pk"),
        tries_fen=Sum("amount_fen"),
        paid=Count("pk", filter=ARRIVED),
        paid_fen=Sum("amount_fen", filter=ARRIVED, default=0),
        failed=Count("pk", filter=Q(state=PaymentState.FAILED)),
        bounced=Count("pk", filter=Q(bounce__isnull=False)),
        first_paid_on=Min("paid_on"),
    )
    counted: dict[int, dict[str, Any]] = {}
    for line in sums:
        figures: dict[str, Any] = dict(line)
        counted[figures.pop("of_batch")] = figures
    batches = Batch.objects.filter(pk__in=counted).for_list()
    return [OfBatch(batch, **counted[batch.pk]) for batch in batches.order_by("prepared_at", "pk")]


def _troubles(of_award: dict[str, Any]) -> list[Trouble]:
    """Failed and returned payments in the order of their awards, each with the next try."""
    went_wrong = Q(state=PaymentState.FAILED) | Q(bounce__isnull=False)
    awards = Payment.objects.filter(went_wrong, **of_award).values("award")
    rows = Payment.objects.filter(award__in=awards).exclude(state=PaymentState.DISCARDED)
    shown = rows.select_related("award__student", "award__program", "batch", "card", "bounce__entered_by")
    found = list(shown.order_by("award__program__position", "award_id", "attempt"))
    troubles = []
    for at, payment in enumerate(found, start=1):
        later = found[at] if at < len(found) and found[at].award_id == payment.award_id else None
        if payment.state == PaymentState.FAILED or payment.late_return is not None:
            other = later is not None and later.card_id != payment.card_id
            troubles.append(Trouble(payment, later, other))
    return troubles
