"""Batches: prepare, approve by a second person, bank file, the bank's answer, and paying the failed again."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused, worded
from common.pages import chosen, counts_by, page_of, render_list, sorted_by, tabs_of, wide_page_of
from common.roles import READERS, Role
from disbursements import batches, blockers, returns, runs, sending
from disbursements.choices import BatchState, InquiryState, LineOutcome, PaymentState, Way
from disbursements.forms import PaymentFilter, PrepareForm, ReturnForm
from disbursements.models import Batch, Inquiry, Payment, PaymentQuerySet, ReturnFile, ReturnLine
from jobs.choices import JobState
from programs.blockers import Blocker
from programs.choices import AwardState, Payee
from programs.models import Award
from schools.models import Term

LINES_SHOWN = 100


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    rows = Batch.objects.visible_to(request.user).filter(term=request.term)
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", BatchState.values)
    if tab:
        rows = rows.filter(state=tab)
    shown = page_of(request, rows.for_list(), count=counts.get(tab, 0) if tab else sum(counts.values()))
    outcomes = _people_by_state(list(shown))
    context = {
        "form": None,
        "tabs": tabs_of(request, BatchState.choices, counts),
        "page": shown,
        "lines": [
            (batch, outcomes[batch.pk, PaymentState.PAID], outcomes[batch.pk, PaymentState.FAILED]) for batch in shown
        ],
    }
    return render_list(request, "disbursements/batches.html", part="disbursements/_batches.html", context=context)


def _people_by_state(shown: Sequence[Batch]) -> Counter[tuple[int, str]]:
    """(batch, state) → payments, for one page of batches: read from the index alone."""
    groups = Payment.objects.filter(batch__in=shown).order_by().values_list("batch", "state")
    return Counter({(batch, state): people for batch, state, people in groups.annotate(n=Count("pk"))})


@needs(*READERS)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(
        Batch.objects.visible_to(request.user).for_list().select_related("bank_file", "bank"), pk=pk
    )
    form = PaymentFilter(request.GET)
    rows = form.narrow(batch.payments.all())
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", PaymentState.values)
    if tab:
        rows = rows.filter(state=tab)
    rows = sorted_by(request, rows.for_list(), {"line": "line_no", "amount": "amount_fen"})
    building = runs.build_job(batch)
    not_built = building if building and building.state != JobState.DONE else None
    context = {
        "batch": batch,
        "form": form,
        "tabs": tabs_of(request, PaymentState.choices, counts),
        "page": wide_page_of(request, rows, count=counts.get(tab, 0) if tab else sum(counts.values())),
        "to_cards": batch.program.payee != Payee.SCHOOL,
        "outcomes": _outcomes(batch),
        "bounced": batch.payments.filter(bounce__isnull=False).totals(),
        "unpaid": _unpaid(batch).totals(),
        "may_discard": request.user.role == Role.PREPARER and batch.state in {BatchState.DRAFT, BatchState.SENT_BACK},
        "may_release": batch.waits_for_third
        and request.user.is_county
        and request.user.pk not in {batch.prepared_by_id, batch.approved_by_id},
        "may_take_back": request.user.is_county and request.user.pk != batch.prepared_by_id,
        "blockers": partial(_blockers, request, batch) if not_built is None and request.user.is_county else [],
        "building": not_built,
        "why_not_built": worded(not_built.error_code, not_built.error_params) if not_built else "",
        "bank_file": sending.about(batch),
        "returns": _returns(batch),
        "unanswered": _unanswered(batch),
        "inquiries": batch.inquiries.for_list()[:LINES_SHOWN],
        "unmatched": ReturnLine.objects.filter(file__batch=batch, outcome=LineOutcome.UNMATCHED)
        .select_related("file__file")
        .order_by("file", "row")[:LINES_SHOWN],
        "entries": batch.entries.select_related("entered_by"),
    }
    return render_list(request, "disbursements/batch.html", part="disbursements/_payments.html", context=context)


def _blockers(request: SignedInRequest, batch: Batch) -> list[Blocker]:
    """What the approver will be told, so that whoever made the batch can see to it before; the part is not asked."""
    return blockers.batch_blockers(batch, by=request.user if request.user.role == Role.APPROVER else None)


def _outcomes(batch: Batch) -> list[tuple[PaymentState, int, int]]:
    """(state, payments, fen) of a batch, one grouped query."""
    groups = batch.payments.order_by().values_list("state").annotate(people=Count("pk"), fen=Sum("amount_fen"))
    found = {state: (people, fen) for state, people, fen in groups}
    return [(state, *found[state]) for state in PaymentState if state in found]


def _unpaid(batch: Batch) -> PaymentQuerySet:
    """The payments of a batch that failed or came back and whose award has found no other payment since."""
    found_another = Payment.objects.filter(award=OuterRef("award")).live()
    refused = Q(state=PaymentState.FAILED) | Q(bounce__isnull=False)
    return batch.payments.filter(refused, ~Exists(found_another))


def _unanswered(batch: Batch) -> list[tuple[Payment, Inquiry | None]]:
    """Payments without an answer, each with what the bank said of it and nobody has confirmed yet."""
    noted = {inquiry.line_no: inquiry for inquiry in batch.inquiries.filter(state=InquiryState.OPEN)}
    return [(payment, noted.get(payment.line_no)) for payment in returns.unanswered(batch).for_list()[:LINES_SHOWN]]


def _returns(batch: Batch) -> list[tuple[ReturnFile, str]]:
    """The bank's answers, each with the reason why it could not be read, if so."""
    return [
        (each, worded(each.refusal_code, each.refusal_params) if each.refusal_code else "")
        for each in batch.returns.select_related("uploaded_by", "file")
    ]


def _term(request: SignedInRequest) -> Term:
    if request.term is None:
        raise Http404
    return request.term


@needs(Role.PREPARER)
def prepare(request: SignedInRequest) -> HttpResponse:
    term, now = _term(request), timezone.now()
    form = PrepareForm(term, request.POST or None, initial=_wanted(request))
    if request.method == "POST" and form.is_valid():
        try:
            batch = runs.prepare_batch(term=term, **form.cleaned_data, by=request.user, at=now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(batch)
    return render(request, "disbursements/prepare.html", {"form": form, "standing": _standing(term)})


def _wanted(request: SignedInRequest) -> dict[str, Any]:
    """What the page that led here asks for."""
    wanted = {name: request.GET.get(name) for name in ("program", "bank", "way")}
    return {"way": Way.BANK} | {name: value for name, value in wanted.items() if value}


def _standing(term: Term) -> list[dict[str, Any]]:
    """How far each program of the term is: confirmed, in batches, paid. Two grouped queries."""
    confirmed = Award.objects.filter(term=term).confirmed().order_by("program__position")
    paying = Payment.objects.filter(award__term=term, award__state=AwardState.CONFIRMED).live().order_by()
    rows = {
        code: {"program": name, "code": code, "confirmed": people, "amount_fen": fen, "in_batches": 0, "paid": 0}
        for code, name, people, fen in confirmed.values_list("program", "program__name").annotate(
            people=Count("pk"), fen=Sum("amount_fen")
        )
    }
    by_program = paying.values_list("award__program")
    for code, people, paid in by_program.annotate(n=Count("pk"), paid=Count("pk", filter=Q(state=PaymentState.PAID))):
        rows[code].update(in_batches=people, paid=paid)
    return list(rows.values())


@require_POST
@needs(Role.PREPARER)
def discard(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(Batch.objects.visible_to(request.user), pk=pk)
    with telling(request, _("批次已作废，其中的资助可以重新编入批次。")):
        batches.discard(batch, by=request.user, at=timezone.now())
    return redirect(batch)


@needs(Role.PREPARER)
def hand_in_return(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(Batch.objects.visible_to(request.user).for_list(), pk=pk)
    form = ReturnForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file, now = form.cleaned_data["file"], timezone.now()
        try:
            job = runs.hand_in_return(
                batch,
                content=file.read(),
                name=file.name,
                password=form.cleaned_data["password"],
                by=request.user,
                at=now,
            )
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect(job)
    return render(request, "disbursements/return.html", {"batch": batch, "form": form})
