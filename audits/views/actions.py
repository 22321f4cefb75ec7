"""Who did what, when; the same as a file; and whether the log is whole."""

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, needs
from accounts.models import Action
from audits import log_checks, trail
from audits.forms import ActionFilter
from audits.trail import Kind, Wanted
from audits.trail_export import Format
from audits.wording import act
from common.pages import chosen, page_of, render_list, tabs_of
from common.roles import READERS
from jobs import run, wording


@needs(*READERS)
@require_GET
def actions(request: SignedInRequest) -> HttpResponse:
    """Every act of everybody, newest first; of more than a page can name, the newest."""
    form = ActionFilter(request.GET)
    kind = chosen(request, "kind", Kind.values)
    rows = Action.objects.visible_to(request.user)
    counts = {each: trail.counted(replace(form.asked, kind=each or None).narrow(rows)) for each in ("", *Kind.values)}
    wanted = replace(form.asked, kind=kind or None).narrow(rows)
    page = page_of(request, wanted.for_list(), sizes=(50, 100), count=min(counts[kind], trail.MOST_LISTED))
    return render_list(
        request,
        "audits/actions.html",
        part="audits/_actions.html",
        context={
            "form": form,
            "page": page,
            "tabs": [
                replace(tab, count=counts[tab.key]) for tab in tabs_of(request, Kind.choices, counts, name="kind")
            ],
            "more": counts[kind] > trail.MOST_LISTED,
            "formats": Format.choices,
            "student": form.wanted("student"),
            "verdict": log_checks.newest(),
            "lines": [
                {"action": action, "act": act(action.verb), "facts": wording.facts(action.details)} for action in page
            ],
        },
    )


@needs(*READERS)
@require_POST
def export(request: SignedInRequest) -> HttpResponse:
    """Let the log be written as a file, as the address narrows it."""
    asked: Wanted = replace(ActionFilter(request.GET).asked, kind=chosen(request, "kind", Kind.values) or None)
    form = request.POST.get("format", "")
    file_format = form if form in Format.values else Format.XLSX.value
    wanted = asked.params()
    job = run.start("actions-export", by=request.user, at=timezone.now(), wanted=wanted, format=file_format)
    return redirect(job)


@needs(*READERS)
@require_POST
def check(request: SignedInRequest) -> HttpResponse:
    """Let the sealed log be counted again."""
    return redirect(log_checks.start(by=request.user, at=timezone.now()))
