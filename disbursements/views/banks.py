"""The banks that pay for the county, and the layouts that they want their files in."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.pages import page_of, render_list
from common.roles import READERS, Role
from disbursements import bank_layouts, banks
from disbursements.bank_forms import BankForm, LayoutForm
from disbursements.bank_layouts import BankField, Layout
from disbursements.choices import BankFormat, Encoding
from disbursements.models import Bank


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    context = {"form": None, "page": page_of(request, Bank.objects.prefetch_related("templates").order_by("code"))}
    return render_list(request, "disbursements/banks.html", part="disbursements/_banks.html", context=context)


@needs(Role.PREPARER)
def add(request: SignedInRequest) -> HttpResponse:
    form = BankForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            bank = banks.add(by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("disbursements:bank", bank.pk)
    return render(request, "disbursements/bank_edit.html", {"form": form, "bank": None})


@needs(Role.PREPARER)
def edit(request: SignedInRequest, code: str) -> HttpResponse:
    bank = get_object_or_404(Bank, pk=code)
    form = BankForm(request.POST or None, bank=bank)
    if request.method == "POST" and form.is_valid():
        try:
            banks.change(bank, by=request.user, at=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("disbursements:bank", bank.pk)
    return render(request, "disbursements/bank_edit.html", {"form": form, "bank": bank})


@needs(*READERS)
def page(request: SignedInRequest, code: str) -> HttpResponse:
    """A bank, how a file of its looks, with invented children, and the layouts that it had before."""
    bank = get_object_or_404(Bank, pk=code)
    template = banks.template_of(bank)
    layout = bank_layouts.of(template)
    context = {
        "bank": bank,
        "template": template,
        "layouts": bank.templates.select_related("made_by").order_by("-pk"),
        "format": BankFormat(layout.format).label,
        "encoding": Encoding(layout.encoding).label,
        **_shown(layout),
    }
    return render(request, "disbursements/bank.html", context)


@needs(Role.PREPARER)
def layout(request: SignedInRequest, code: str) -> HttpResponse:
    """Say how the bank wants its file from now on; the sample shows what was filled in before it is kept."""
    bank = get_object_or_404(Bank, pk=code)
    now = bank_layouts.of(banks.template_of(bank))
    form = LayoutForm(request.POST or None, layout=now)
    if request.method == "POST" and form.is_valid():
        wanted = form.layout()
        try:
            bank_layouts.check(wanted)
            if "look" not in request.POST:
                with telling(request, _("格式已保存，以后生成的文件按新格式。")):
                    banks.set_layout(bank, wanted, by=request.user, at=timezone.now())
                return redirect("disbursements:bank", bank.pk)
            now = wanted
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return render(request, "disbursements/bank_layout.html", {"bank": bank, "form": form, **_shown(now)})


def _shown(layout: Layout) -> dict[str, Any]:
    rows, text = bank_layouts.sample(layout)
    columns = [(heading, BankField(name).label) for heading, name in layout.columns]
    return {"layout": layout, "columns": columns, "sample": rows, "sample_text": text}
