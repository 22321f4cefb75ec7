"""Money that has to come back: what the facts propose, what is asked, what came in, what was let go."""

from django.db.models import Prefetch, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import READERS, Role
from disbursements import recoveries
from disbursements.choices import PaymentState, RecoveryCause, RecoveryState
from disbursements.models import Payment, Recovery, RecoveryReceipt
from disbursements.recovery_forms import OpenForm, ReceiptForm, RecoveryFilter, WaiveForm
from programs.models import Award


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    form = RecoveryFilter(request.GET)
    rows = form.narrow(Recovery.objects.visible_to(request.user).filter(award__term=request.term))
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", RecoveryState.values)
    if tab:
        rows = rows.filter(state=tab)
    rows = rows.for_list().annotate(received_fen=Sum("receipts__amount_fen"))
    context = {
        "form": form,
        "tabs": tabs_of(request, RecoveryState.choices, counts),
        "page": page_of(request, rows, count=counts.get(tab, 0) if tab else sum(counts.values())),
    }
    return render_list(request, "disbursements/recoveries.html", part="disbursements/_recoveries.html", context=context)


@needs(*READERS)
def proposals(request: SignedInRequest) -> HttpResponse:
    """Paid awards that should not stand by the facts of today, for a person to look at."""
    if request.term is None:
        raise Http404
    page = page_of(request, recoveries.proposed(request.term))
    awards = Award.objects.select_related("student", "school", "program").in_bulk([row.award for row in page])
    page.object_list = [(awards[row.award], row.cause, RecoveryCause(row.cause).label) for row in page]
    context = {"form": None, "page": page}
    return render_list(
        request, "disbursements/recovery_proposals.html", part="disbursements/_recovery_proposals.html", context=context
    )


@needs(Role.PREPARER)
def begin(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask money of one award back."""
    award = get_object_or_404(
        Award.objects.visible_to(request.user).select_related("student", "school", "program", "term"), pk=pk
    )
    initial = {"cause": chosen(request, "cause", RecoveryCause.values)}
    form = OpenForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            recovery = recoveries.open(award, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("disbursements:recovery", recovery.pk)
    still_out = recoveries.still_out(award)
    return render(request, "disbursements/recovery_begin.html", {"award": award, "form": form, "still_out": still_out})


def _recovery(request: SignedInRequest, pk: int) -> Recovery:
    receipts = Prefetch("receipts", RecoveryReceipt.objects.select_related("entered_by").order_by("pk"))
    rows = Recovery.objects.visible_to(request.user).for_list().select_related("award__term", "closed_by")
    return get_object_or_404(rows.prefetch_related(receipts), pk=pk)


@needs(*READERS)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    recovery = _recovery(request, pk)
    received = recoveries.received(recovery)
    context = {
        "recovery": recovery,
        "received": received,
        "rest": recovery.due_fen - received,
        "payments": Payment.objects.filter(award=recovery.award, state=PaymentState.PAID).select_related("batch"),
        "may_waive": request.user.role == Role.APPROVER and request.user.pk != recovery.opened_by_id,
    }
    return render(request, "disbursements/recovery.html", context)


@needs(Role.PREPARER)
def receive(request: SignedInRequest, pk: int) -> HttpResponse:
    recovery, now = _recovery(request, pk), timezone.now()
    form = ReceiptForm(timezone.localdate(now), request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已登记收款，资金退回台账。")):
            recoveries.receive(recovery, by=request.user, at=now, **form.cleaned_data)
        return redirect("disbursements:recovery", recovery.pk)
    context = {"recovery": recovery, "form": form, "rest": recovery.due_fen - recoveries.received(recovery)}
    return render(request, "disbursements/recovery_receive.html", context)


@needs(Role.APPROVER)
def waive(request: SignedInRequest, pk: int) -> HttpResponse:
    recovery = _recovery(request, pk)
    form = WaiveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已批准免于追缴。")):
            recoveries.waive(recovery, by=request.user, at=timezone.now(), **form.cleaned_data)
        return redirect("disbursements:recovery", recovery.pk)
    context = {"recovery": recovery, "form": form, "rest": recovery.due_fen - recoveries.received(recovery)}
    return render(request, "disbursements/recovery_waive.html", context)
