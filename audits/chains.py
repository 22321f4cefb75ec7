"""The whole way of one award, from the row of the roster to the money on the card: for the auditor's work sheet.

Each step names its record, who did it and when, and says so where a record is missing. Numbers are masked. A whole
sample costs as many queries as one child.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Prefetch

from accounts.models import Action
from audits import chain_steps
from audits.chain_steps import Papers, Step
from disbursements.choices import InquiryState, Way
from disbursements.models import Batch, Inquiry, PayDecision, Payment, Recovery, ReturnLine
from programs.choices import RecognitionListState
from programs.models import Award, Nomination, Notice, NoticePhoto, Objection, PolicyDocument, Recognition
from students.models import Hardship, RosterCorrection

Row = TypeVar("Row")

_SHOWN = (
    "student",
    "term",
    "school",
    "stage",
    "category",
    "program",
    "rule",
    "standard",
    "school_fee",
    "tier_by",
    "enrollment__school",
    "enrollment__roster__file",
    "enrollment__roster__uploaded_by",
    "enrollment__roster__committed_by",
    "list__school",
    "list__term",
    "list__prepared_by",
    "list__school_prepared_by",
    "list__school_approved_by",
    "list__confirmed_by",
)
_OF_HARDSHIP = (
    "category",
    "snapshot__source",
    "match__person",
    "match__decided_by",
    "match__enrollment__student",
)
_OF_LIST = ("school", "term", "file", "uploaded_by", "round__recorded_by", "carried_from__term")


@dataclass(frozen=True)
class Chain:
    """One award with every step of its way, in the order of the office."""

    award: Award
    steps: list[Step]

    @property
    def lacks(self) -> list[str]:
        """What is missing anywhere on the way, in words."""
        return [fact.words for step in self.steps for fact in step.facts if fact.is_missing]


def chains(keys: Iterable[int]) -> list[Chain]:
    """The chains of these awards, in this order; a fixed number of queries."""
    wanted = list(keys)
    found = Award.objects.filter(pk__in=wanted).select_related(*_SHOWN).prefetch_related("rule__categories")
    awards = {award.pk: award for award in found.order_by("pk")}
    in_order = [awards[pk] for pk in wanted if pk in awards]
    return _Reader(in_order).chains()


class _Reader:
    """Everything that hangs on some awards, read once and found by its key."""

    def __init__(self, awards: list[Award]) -> None:
        self.awards = awards
        self.students = {award.student_id for award in awards}
        self.terms = {award.term_id for award in awards}
        self.numbers = {number for award in awards for number in chain_steps.document_numbers(award)}

    def chains(self) -> list[Chain]:
        documents = {each.number: each for each in PolicyDocument.objects.filter(number__in=self.numbers)}
        corrections = _by(self._corrections(), lambda row: (row.roster_id, row.row))
        hardships = _by(self._hardships(), lambda row: (row.student_id, row.term_id))
        recognitions = _by(self._recognitions(), lambda row: (row.student_id, row.term_id))
        nominations = _by(self._nominations(), lambda row: (row.student_id, row.term_id, row.program_id))
        notices = _by(self._notices(), lambda row: row.list_id)
        objections = _by(self._objections(), lambda row: row.award_id)
        payments = _by(self._payments(), lambda row: row.award_id)
        recoveries = _by(self._recoveries(), lambda row: row.award_id)
        decisions = _by(self._decisions(), lambda row: row.award_id)
        of_awards = [payment for several in payments.values() for payment in several]
        answers = _by(self._answers(of_awards), lambda row: (row.file.batch_id, row.line_no))
        inquiries = _by(self._inquiries(of_awards), lambda row: (row.batch_id, row.line_no))
        rolls = _by(self._rolls(of_awards), lambda row: (int(row.target_id), row.details.get("school")))
        made = []
        for award in self.awards:
            child = (award.student_id, award.term_id)
            papers = Papers(
                documents=documents,
                corrections=corrections[award.enrollment.roster_id, award.enrollment.row],
                hardships=hardships[child],
                recognitions=recognitions[child],
                nominations=nominations[(*child, award.program_id)],
                notices=notices[award.list_id],
                objections=objections[award.pk],
                payments=payments[award.pk],
                answers=answers,
                inquiries=inquiries,
                rolls=rolls,
                recoveries=recoveries[award.pk],
                decisions=decisions[award.pk],
            )
            made.append(Chain(award, list(chain_steps.steps(award, papers))))
        return made

    def _corrections(self) -> Iterable[RosterCorrection]:
        rosters = {award.enrollment.roster_id for award in self.awards}
        rows = {award.enrollment.row for award in self.awards}
        found = RosterCorrection.objects.filter(roster__in=rosters, row__in=rows)
        return found.defer("value").select_related("made_by").order_by("pk")

    def _hardships(self) -> Iterable[Hardship]:
        found = Hardship.objects.filter(student__in=self.students, term__in=self.terms)
        return found.select_related(*_OF_HARDSHIP, "term").order_by("category__priority", "pk")

    def _recognitions(self) -> Iterable[Recognition]:
        held = [RecognitionListState.IN_FORCE, RecognitionListState.SUPERSEDED]
        found = Recognition.objects.filter(student__in=self.students, term__in=self.terms, list__state__in=held)
        return found.select_related(*(f"list__{name}" for name in _OF_LIST)).order_by("list__in_force_at", "list_id")

    def _nominations(self) -> Iterable[Nomination]:
        found = Nomination.objects.filter(student__in=self.students, term__in=self.terms, is_current=True)
        return found.select_related("set_by", "file").order_by("pk")

    def _notices(self) -> Iterable[Notice]:
        photos = Prefetch("photos", NoticePhoto.objects.select_related("kept_by").order_by("taken_on", "pk"))
        found = Notice.objects.filter(list__in={award.list_id for award in self.awards})
        return found.select_related("put_up_by").prefetch_related(photos).with_counts().order_by("starts_on", "pk")

    def _objections(self) -> Iterable[Objection]:
        found = Objection.objects.filter(award__in=self._keys()).defer("person", "contact")
        return found.select_related("received_by", "answered_by").order_by("pk")

    def _payments(self) -> Iterable[Payment]:
        people = ("batch__prepared_by", "batch__approved_by", "batch__released_by")
        rows = Payment.objects.filter(award__in=self._keys()).select_related(
            *people, "batch__bank", "batch__bank_file", "batch__program", "card", "bounce__entered_by"
        )
        return rows.order_by("attempt", "pk")

    def _answers(self, payments: list[Payment]) -> Iterable[ReturnLine]:
        found = ReturnLine.objects.filter(
            file__batch__in={payment.batch_id for payment in payments},
            line_no__in={payment.line_no for payment in payments},
        )
        return found.select_related("file__file", "file__uploaded_by").order_by("file_id", "row")

    def _inquiries(self, payments: list[Payment]) -> Iterable[Inquiry]:
        """What the bank said, asked by a person and confirmed by another one, of lines that no file answered."""
        found = Inquiry.objects.filter(
            state=InquiryState.CONFIRMED,
            batch__in={payment.batch_id for payment in payments},
            line_no__in={payment.line_no for payment in payments},
        )
        return found.select_related("entered_by", "closed_by").order_by("pk")

    def _rolls(self, payments: list[Payment]) -> Iterable[Action]:
        """Signed pay rolls have no row of their own: the log says who entered them."""
        batches = {str(payment.batch_id) for payment in payments if payment.batch.way == Way.CASH}
        kind = Batch._meta.label_lower
        found = Action.objects.filter(verb="cash.registered", target_type=kind, target_id__in=batches)
        return found.select_related("actor").order_by("pk")

    def _recoveries(self) -> Iterable[Recovery]:
        found = Recovery.objects.filter(award__in=self._keys()).select_related("opened_by", "closed_by")
        return found.prefetch_related("receipts__entered_by").order_by("pk")

    def _decisions(self) -> Iterable[PayDecision]:
        return PayDecision.objects.filter(award__in=self._keys()).select_related("decided_by").order_by("pk")

    def _keys(self) -> list[int]:
        return [award.pk for award in self.awards]


def _by(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> defaultdict[Any, list[Row]]:
    found: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found
