"""The place on a page where a background run shows how far it is."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRefresh

from accounts.access import SignedInRequest
from jobs import wording
from students import runs
from students.models import Crosscheck, RegisterSnapshot, Roster


def context(thing: Roster | RegisterSnapshot | Crosscheck, url: str) -> dict[str, Any]:
    """What `students/_work.html` shows, asked again at `url`; nothing where no run has to finish."""
    if not runs.is_at_work(thing):
        return {"is_at_work": False}
    job = runs.job_of(thing)
    return {
        "is_at_work": True,
        "job": job,
        "work_title": wording.title(job) if job else "",
        "failure": wording.failure(job) if job else "",
        "work_url": url,
    }


def answer(request: SignedInRequest, thing: Roster | RegisterSnapshot | Crosscheck) -> HttpResponse:
    """The same place again; when the run is over the page loads itself anew."""
    if not runs.is_at_work(thing):
        return HttpResponseClientRefresh()
    return render(request, "students/_work.html", context(thing, request.path))
