"""The bank's word on lines that its files leave without an answer: noted by one person, confirmed by another."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.roles import COUNTY, READERS
from disbursements import inquiries
from disbursements.choices import InquiryState
from disbursements.inquiry_forms import DismissForm, InquiryForm
from disbursements.models import Batch, Inquiry

CHILDREN_SHOWN = 20


@needs(*COUNTY)
def note(request: SignedInRequest, pk: int, line: int) -> HttpResponse:
    """Write down what the bank said of a line."""
    batch = get_object_or_404(Batch.objects.visible_to(request.user).for_list(), pk=pk)
    form = InquiryForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            inquiry = inquiries.note(batch, line, **form.facts(), by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(inquiry)
    context = {"form": form, **_line(batch, line), "is_unanswered": inquiries.of_line(batch, line).exists()}
    return render(request, "disbursements/inquiry_note.html", context)


def _line(batch: Batch, line_no: int) -> dict[str, Any]:
    """The children of a line of the bank file, and their money."""
    payments = batch.payments.filter(line_no=line_no)
    return {
        "batch": batch,
        "line_no": line_no,
        "totals": payments.totals(),
        "payments": payments.for_list()[:CHILDREN_SHOWN],
    }


def _inquiry(request: SignedInRequest, pk: int) -> Inquiry:
    return get_object_or_404(Inquiry.objects.visible_to(request.user).for_list(), pk=pk)


@needs(*READERS)
@require_GET
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    inquiry = _inquiry(request, pk)
    is_open = inquiry.state == InquiryState.OPEN
    may_close = is_open and request.user.is_county
    context = {
        "inquiry": inquiry,
        "is_answered": is_open and not inquiries.of_line(inquiry.batch, inquiry.line_no).exists(),
        "may_confirm": may_close and request.user.pk != inquiry.entered_by_id,
        "may_dismiss": may_close,
        **_line(inquiry.batch, inquiry.line_no),
    }
    return render(request, "disbursements/inquiry.html", context)


@require_POST
@needs(*COUNTY)
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    inquiry = _inquiry(request, pk)
    with telling(request, _("已确认，这一行按银行答复记账。")):
        inquiries.confirm(inquiry, by=request.user, at=timezone.now())
    return redirect(inquiry)


@needs(*COUNTY)
def dismiss(request: SignedInRequest, pk: int) -> HttpResponse:
    inquiry = _inquiry(request, pk)
    form = DismissForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已作废，这一行仍等待银行答复。")):
            inquiries.dismiss(inquiry, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(inquiry)
    return render(request, "disbursements/inquiry_dismiss.html", {"form": form, "inquiry": inquiry})
