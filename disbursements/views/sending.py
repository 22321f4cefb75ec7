"""The bank file: written, opened with its password, and sent."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.roles import COUNTY, Role
from disbursements import runs, sending
from disbursements.bank_forms import SendForm
from disbursements.models import Batch


@require_POST
@needs(Role.PREPARER)
def write_bank_file(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(Batch.objects.visible_to(request.user), pk=pk)
    return redirect(runs.write_bank_file(batch, by=request.user, at=timezone.now()))


@needs(*COUNTY)
@never_cache
def password(request: SignedInRequest, pk: int) -> HttpResponse:
    """What opens the archive: shown once for each time that somebody asks, and each time is on record."""
    batch = get_object_or_404(Batch.objects.visible_to(request.user).select_related("program", "term"), pk=pk)
    shown = ""
    if request.method == "POST":
        with telling(request, _("已记录本次查看。")):
            shown = sending.show_password(batch, by=request.user, at=timezone.now())
        if not shown:
            return redirect(batch)
    return render(request, "disbursements/bank_password.html", {"batch": batch, "shown": shown})


@require_POST
@needs(Role.PREPARER)
def send(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(Batch.objects.visible_to(request.user).select_related("program"), pk=pk)
    form = SendForm(request.POST)
    words = form.cleaned_data["words"] if form.is_valid() else ""
    with telling(request, _("已登记送交银行，等待回盘。")):
        sending.send(batch, by=request.user, at=timezone.now(), words=words)
    return redirect(batch)
