"""Who can be paid now, and why the others wait: one definition for batches, for the list of who waits, and for cash."""

from typing import Any

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When

from disbursements.banks import cards_of
from disbursements.cards import OWN_CARD
from disbursements.choices import NOT_OF_THE_CARD, InquiryState, LineOutcome, PaymentState, Waiting, Way
from disbursements.models import Bank, PayDecision, Payment, ReturnLine
from programs.choices import AwardState, Payee
from programs.models import Award, Program
from schools.models import Term
from students.choices import OWN, EnrollmentState
from students.models import Card

_LIVE = Payment.objects.live().filter(award=OuterRef("pk"))
_CARD = Card.objects.filter(student=OuterRef("student"), is_current=True)
_REFUSED = Payment.objects.filter(
    Q(state=PaymentState.FAILED) & ~Q(failure__in=NOT_OF_THE_CARD) | Q(bounce__isnull=False),
    award=OuterRef("pk"),
    card__is_current=True,
)
_FAILED_AGAIN = ReturnLine.objects.filter(
    file__batch=OuterRef("file__batch"),
    line_no=OuterRef("line_no"),
    outcome=LineOutcome.REPEATED,
    file__uploaded_at__gt=OuterRef("file__uploaded_at"),
)
_AGAINST_AN_INQUIRY = ReturnLine.objects.filter(
    ~Exists(_FAILED_AGAIN),
    file__batch=OuterRef("batch"),
    line_no=OuterRef("line_no"),
    outcome=LineOutcome.UNMATCHED,
    file__batch__inquiries__state=InquiryState.CONFIRMED,
    file__batch__inquiries__paid_on=None,
    file__batch__inquiries__line_no=F("line_no"),
    file__uploaded_at__gte=F("file__batch__inquiries__closed_at"),
)
SAID_PAID = Payment.objects.filter(Exists(_AGAINST_AN_INQUIRY), state=PaymentState.FAILED, award=OuterRef("pk"))
"""A try that failed by the bank's word on the telephone, and of which a file says otherwise since: the money may have
arrived, so nobody sends it again until a later file of the bank says that it failed."""
GONE = ~Q(enrollment__state=EnrollmentState.STUDYING)
"""The child does not study there any more: a person says whether the award is paid all the same."""
UNDECIDED = GONE & ~Exists(PayDecision.objects.filter(award=OuterRef("pk")))
_NOT_TO_PAY = GONE & Exists(PayDecision.objects.filter(award=OuterRef("pk"), is_to_pay=False))
_FOR_CASH = (Waiting.NO_CARD, Waiting.NOT_OWN, Waiting.OTHER_NAME, Waiting.NO_BANK, Waiting.CARD_REFUSED)


def payable(term: Term, program: Program, *, bank: Bank | None = None, way: str = Way.BANK) -> QuerySet[Award]:
    """Confirmed awards without a live payment, whose payee can be paid in this way.

    Where a program pays students, their own card alone will do, in their own name whatever the file calls it: money on
    a parent's or a teacher's card is what audits find first. After a failure or a late return the award waits until
    its card is another one than the bank refused; an account of a school can be tried again as it is, after the school
    has set it right with its bank. Of a bank only the children whose card is one of its own; an account of a school is
    paid by any. Cash is for families that no bank can pay. Where people took a try for failed and a file then says that
    it arrived, nothing is sent again.
    """
    awards = _unpaid(term, program).filter(state=AwardState.CONFIRMED)
    if way == Way.CASH:
        return awards.filter(waits__in=_FOR_CASH)
    awards = awards.filter(waits="")
    if bank is not None and program.payee != Payee.SCHOOL:
        awards = awards.filter(Exists(_CARD.filter(cards_of(bank))))
    return awards


def waiting(term: Term, program: Program) -> QuerySet[Any]:
    """Awards that stand and that nobody can pay yet, each with the reason (`waits`)."""
    return _unpaid(term, program).exclude(waits="")


def _unpaid(term: Term, program: Program) -> QuerySet[Any]:
    awards = Award.objects.filter(term=term, program=program, state__in=[AwardState.CONFIRMED, AwardState.SUSPENDED])
    if program.payee == Payee.SCHOOL:
        of_payee = [When(school__account_holder="", then=Value(Waiting.NO_ACCOUNT))]
    else:
        of_payee = [
            When(~Exists(_CARD), then=Value(Waiting.NO_CARD)),
            *(_of_own_cards() if program.payee == Payee.STUDENT else []),
            When(Exists(Bank.objects.all()) & Exists(_CARD.filter(cards_of(None))), then=Value(Waiting.NO_BANK)),
            When(Exists(_REFUSED), then=Value(Waiting.CARD_REFUSED)),
        ]
    waits = Case(
        When(state=AwardState.SUSPENDED, then=Value(Waiting.HELD)),
        When(UNDECIDED, then=Value(Waiting.GONE)),
        When(_NOT_TO_PAY, then=Value(Waiting.NOT_TO_PAY)),
        When(Exists(SAID_PAID), then=Value(Waiting.SAID_PAID)),
        *of_payee,
        default=Value(""),
        output_field=CharField(),
    )
    return awards.filter(~Exists(_LIVE)).annotate(waits=waits)


def _of_own_cards() -> list[When]:
    return [
        When(~Exists(_CARD.filter(relation=OWN)), then=Value(Waiting.NOT_OWN)),
        When(~Exists(_CARD.filter(OWN_CARD)), then=Value(Waiting.OTHER_NAME)),
    ]
