"""Late returns and the words of banks: what came back after it had arrived, and what a bank means."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.pages import page_of, render_list
from common.roles import READERS, Role
from disbursements import bounces, return_reasons
from disbursements.choices import PaymentState
from disbursements.models import Bounce, Payment, ReturnReason
from disbursements.return_forms import BounceFilter, BounceForm, TeachForm


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """Every late return of the term, the last one first."""
    form = BounceFilter(request.GET)
    rows = form.narrow(Bounce.objects.visible_to(request.user).filter(payment__batch__term=request.term))
    context = {"form": form, "page": page_of(request, rows.for_list())}
    return render_list(request, "disbursements/bounces.html", part="disbursements/_bounces.html", context=context)


@needs(Role.PREPARER)
def record(request: SignedInRequest, pk: int) -> HttpResponse:
    """Somebody's word, with the bank's notice in hand."""
    paid = Payment.objects.visible_to(request.user).filter(state=PaymentState.PAID)
    payment = get_object_or_404(paid.select_related("batch__program", "award__student", "award__school", "card"), pk=pk)
    now = timezone.now()
    form = BounceForm(timezone.localdate(now), request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已登记退票，资金退回台账，等待更正银行卡后再次发放。")):
            bounces.record(payment, by=request.user, at=now, **form.cleaned_data)
        return redirect(payment.batch)
    return render(request, "disbursements/bounce.html", {"payment": payment, "form": form})


@needs(*READERS)
def reasons(request: SignedInRequest) -> HttpResponse:
    """What banks say, and what it means here; words that nobody knows yet stand above."""
    context = {
        "form": None,
        "page": page_of(request, ReturnReason.objects.order_by("reason", "words")),
        "unknown": return_reasons.not_known(),
    }
    return render_list(
        request, "disbursements/return_reasons.html", part="disbursements/_return_reasons.html", context=context
    )


@needs(Role.PREPARER)
def teach(request: SignedInRequest) -> HttpResponse:
    """Say what words mean; the address names a payment that has them, because a bank's words may name a child."""
    example = request.GET.get("example", "")
    said = Payment.objects.filter(pk=int(example)).first() if example.isdecimal() and len(example) < 19 else None
    form = TeachForm(request.POST or None, initial={"words": said.bank_words[:50] if said else ""})
    if request.method == "POST" and form.is_valid():
        try:
            count = return_reasons.teach(by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error("words", str(refusal))
        else:
            words = ngettext("已记住，%(n)s 笔失败的发放有了原因。", "已记住，%(n)s 笔失败的发放有了原因。", count)
            messages.success(request, words % {"n": count})
            return redirect("disbursements:return-reasons")
    return render(request, "disbursements/return_reason_teach.html", {"form": form})
