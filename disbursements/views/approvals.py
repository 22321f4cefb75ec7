"""The second and the third signature on a batch, and the ways back: shown what is signed, asked before it is."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.pages import chosen, render_list, tabs_of, wide_page_of
from common.roles import COUNTY, READERS, Role
from disbursements import approvals, bands, batches, blockers
from disbursements.choices import BatchState
from disbursements.forms import ApproveForm, BackForm, BandConfirmForm, BandEndForm, BandForm, SignForm, TakeBackForm
from disbursements.models import ApprovalBand, Batch, Payment, PaymentQuerySet


def _batch(request: SignedInRequest, pk: int) -> Batch:
    return get_object_or_404(Batch.objects.visible_to(request.user).for_list(), pk=pk)


@needs(Role.APPROVER)
def approve(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    found = blockers.batch_blockers(batch, by=request.user)
    form = ApproveForm(batch, [each for each in found if not each.is_stop], request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已审核批次，资金已占用。")):
            batches.approve(batch, by=request.user, at=timezone.now(), seen=form.cleaned_data.get("seen", []))
        return redirect(batch)
    context = {
        "form": form,
        "stops": [each for each in found if each.is_stop],
        "needs_third": bands.needs_third(batch.program, batch.amount_fen, on=timezone.localdate()),
        **_figures(batch),
    }
    return render(request, "disbursements/approve.html", context)


@needs(*COUNTY)
def release(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    form = SignForm(batch, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已加签，可以办理发放。")):
            batches.release(batch, by=request.user, at=timezone.now())
        return redirect(batch)
    return render(request, "disbursements/release.html", {"form": form, **_figures(batch)})


def _figures(batch: Batch) -> dict[str, Any]:
    """What a signature rests on."""
    found = approvals.difference(batch)
    return {
        "batch": batch,
        "stages": approvals.by_stage(batch),
        "payers": approvals.by_payer(batch) if batch.state == BatchState.DRAFT else [],
        "difference": found,
        "differing": [(name, words, *payments.totals().values()) for name, words, payments in _groups(found)],
    }


def _groups(found: approvals.Difference | None) -> list[tuple[str, str, PaymentQuerySet]]:
    if found is None:
        return []
    return [
        ("new", _("新增"), found.new),
        ("dropped", _("上次有、这次还没有"), found.dropped),
        ("changed", _("金额变动"), found.changed),
    ]


@needs(*READERS)
def difference(request: SignedInRequest, pk: int) -> HttpResponse:
    """Who is new, gone, or gets another amount than last time, by name."""
    batch = _batch(request, pk)
    found = approvals.difference(batch)
    groups = _groups(found)
    tab = chosen(request, "tab", [name for name, _words, _changes in groups]) or "new"
    counts = {name: payments.count() for name, _words, payments in groups}
    rows = next((payments for name, _words, payments in groups if name == tab), Payment.objects.none())
    context = {
        "batch": batch,
        "form": None,
        "last": found.term if found else None,
        "tabs": tabs_of(request, [(name, words) for name, words, _payments in groups], counts)[1:],
        "tab": tab,
        "page": wide_page_of(request, rows.select_related("award__student", "award__school"), count=counts.get(tab, 0)),
    }
    return render_list(request, "disbursements/difference.html", part="disbursements/_difference.html", context=context)


@needs(Role.APPROVER)
def send_back(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    form = BackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("批次已退回经办人。")):
            batches.send_back(batch, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(batch)
    return render(request, "disbursements/send_back.html", {"batch": batch, "form": form})


@needs(*COUNTY)
def take_back(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    form = TakeBackForm(batch, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("审核已撤回，占用的资金已退回资金台账。")):
            batches.take_back(batch, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(batch)
    return render(request, "disbursements/take_back.html", {"batch": batch, "form": form})


@needs(*READERS)
def band_index(request: SignedInRequest) -> HttpResponse:
    today = timezone.localdate()
    rows = ApprovalBand.objects.select_related("program", "end_proposed_by", "ended_by").order_by("-valid_from", "-pk")
    return render(request, "disbursements/bands.html", {"bands": rows, "today": today})


@needs(Role.APPROVER)
def band_add(request: SignedInRequest) -> HttpResponse:
    form = BandForm(request.POST or None, initial={"valid_from": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        with telling(request, _("加签金额已设定。")):
            bands.add(**form.cleaned_data, by=request.user, at=timezone.now())
        return redirect("disbursements:bands")
    return render(request, "disbursements/band_add.html", {"form": form})


@needs(Role.APPROVER)
def band_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask for a band's last day."""
    band = get_object_or_404(ApprovalBand.objects.select_related("program"), pk=pk)
    form = BandEndForm(request.POST or None, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已提出，由另一名审核人确认以后生效。")):
            bands.propose_end(band, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect("disbursements:bands")
    return render(request, "disbursements/band_end.html", {"form": form, "band": band})


@needs(Role.APPROVER)
def band_end_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """The second approver's word on a band's last day."""
    band = get_object_or_404(ApprovalBand.objects.select_related("program", "end_proposed_by"), pk=pk)
    form = BandConfirmForm(request.POST or None, initial={"on": band.end_on})
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已确认最后一天。")):
            bands.end(band, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect("disbursements:bands")
    return render(request, "disbursements/band_end_confirm.html", {"form": form, "band": band})
