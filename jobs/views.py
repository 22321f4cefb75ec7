"""Background runs on their way, what came of them, and the files they read and wrote."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import actions
from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common import keyring
from common.moves import Refused
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from jobs import files, run, wording
from jobs.choices import JobState
from jobs.forms import JobFilter
from jobs.models import Job, StoredFile


@needs(*READERS_AND_SCHOOL)
@require_GET
def jobs(request: SignedInRequest) -> HttpResponse:
    """Every run that this person may see, newest first."""
    form = JobFilter(request.GET)
    rows = form.narrow(Job.objects.visible_to(request.user))
    counts = counts_by(rows, "state")
    if tab := chosen(request, "tab", JobState.values):
        rows = rows.filter(state=tab)
    page = page_of(request, rows.for_list(), count=counts.get(tab, 0) if tab else sum(counts.values()))
    return render_list(
        request,
        "jobs/jobs.html",
        part="jobs/_jobs.html",
        context={
            "form": form,
            "tabs": tabs_of(request, JobState.choices, counts),
            "page": page,
            "lines": [{"job": job, "title": wording.title(job), "error": wording.error(job)} for job in page],
        },
    )


@needs(*READERS_AND_SCHOOL)
@require_GET
def job(request: SignedInRequest, pk: int) -> HttpResponse:
    """One run: how far it is, what came out, or why it failed and how to go on."""
    return render(request, "jobs/job.html", _facts(request, pk))


@needs(*READERS_AND_SCHOOL)
@require_GET
def progress(request: SignedInRequest, pk: int) -> HttpResponse:
    """The part of the page that asks for itself until the run is over; then the page is loaded once more."""
    facts = _facts(request, pk)
    if facts["job"].is_over:
        response = HttpResponse()
        response.headers["HX-Refresh"] = "true"
        return response
    return render(request, "jobs/_progress.html", facts)


@needs(*COUNTY_AND_SCHOOL)
@require_POST
def retry(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let a failed run go on from where it stood."""
    failed = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    try:
        run.retry(failed, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("任务已重新排队，会从上次的位置继续。"))
    return redirect(failed)


@needs(*READERS_AND_SCHOOL)
@require_GET
def file(request: SignedInRequest, pk: int) -> HttpResponse:
    """Hand out a stored file, and note who took it."""
    stored = get_object_or_404(StoredFile.objects.visible_to(request.user), pk=pk)
    try:
        content = files.content(stored)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("jobs:list")
    except keyring.CannotOpen:
        messages.error(request, _("服务器上的文件与存入时不一致，打不开，请联系系统管理员从备份中恢复。"))
        return redirect("jobs:list")
    actions.record(request.user, "file.downloaded", stored, at=timezone.now(), kind=stored.kind, sha256=stored.sha256)
    response = HttpResponse(content, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=stored.name) or ""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _facts(request: SignedInRequest, pk: int) -> dict[str, Any]:
    found = get_object_or_404(Job.objects.visible_to(request.user).for_list(), pk=pk)
    result_file = StoredFile.objects.visible_to(request.user).filter(pk=found.result.get("file_id")).first()
    return {
        "job": found,
        "title": wording.title(found),
        "facts": wording.facts(found.result),
        "error": wording.error(found),
        "result_file": result_file,
        "may_retry": found.state == JobState.FAILED and request.user.role in COUNTY_AND_SCHOOL,
    }
