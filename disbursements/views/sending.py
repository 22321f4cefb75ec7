"""The bank file: written, and sent."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.roles import Role
from disbursements import sending
from disbursements.models import Batch
from jobs import run


@require_POST
@needs(Role.PREPARER)
def write_bank_file(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(Batch.objects.visible_to(request.user), pk=pk)
    key = f"batch-bank-file:{batch.pk}"
    job = run.start("batch-bank-file", key=key, by=request.user, at=timezone.now(), term=batch.term, batch_id=batch.pk)
    return redirect(job)


@require_POST
@needs(Role.PREPARER)
def send(request: SignedInRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(Batch.objects.visible_to(request.user), pk=pk)
    with telling(request, _("已登记送交银行，等待回盘。")):
        sending.send(batch, by=request.user, at=timezone.now())
    return redirect(batch)
