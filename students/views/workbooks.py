"""Workbooks that a school takes along: its roster to fill in, and its own file with the problems marked."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import COUNTY_AND_SCHOOL, SignedInRequest, needs
from common.downloads import workbook
from common.moves import Refused
from common.roles import Role
from jobs.choices import JobState
from schools.models import School
from students import roster_marks, roster_workbook
from students.models import Roster


@require_GET
@needs(*COUNTY_AND_SCHOOL)
def template(request: SignedInRequest) -> HttpResponse:
    """The roster of a school as a workbook, with the children that it should have; `?empty=1` without them."""
    if request.term is None:
        raise Http404
    schools = School.objects.visible_to(request.user)
    if request.user.role == Role.SCHOOL:
        school = get_object_or_404(schools)
    elif code := request.GET.get("school"):
        school = get_object_or_404(schools, code=code)
    else:
        messages.info(request, _("请先选一所学校，再下载它的花名册。"))
        return redirect("students:rosters")
    is_empty = bool(request.GET.get("empty"))
    content = roster_workbook.hand_out(school, request.term, by=request.user, at=timezone.now(), is_empty=is_empty)
    response = workbook(content, roster_workbook.file_name(school, request.term, is_empty=is_empty))
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def marked(request: SignedInRequest, pk: int) -> HttpResponse:
    """The uploaded file with its problems marked: at once for a school's usual size, else when its run is done."""
    roster = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    try:
        job = roster_marks.order(roster, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(roster)
    is_there = job.state == JobState.DONE and "file_id" in job.result
    return redirect("jobs:file", job.result["file_id"]) if is_there else redirect(job)
