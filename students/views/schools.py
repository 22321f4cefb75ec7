"""Schools: the county's list with the term's children, one school, the sheet that adds and changes them."""

import base64
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common import keyring
from common.moves import Refused
from common.pages import counts_by, page_of, render_list
from common.roles import COUNTY, READERS
from schools.models import School, Stage
from schools.resources import SchoolResource
from students import school_lists
from students.forms import SchoolFilter, SchoolListForm
from students.models import Enrollment, Roster

ROSTERS_SHOWN = 12
ROWS_SHOWN = 200
_KEPT = "school-list"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    """The county's schools with the children they have this term."""
    form = SchoolFilter(request.GET)
    rows = form.narrow(School.objects.visible_to(request.user))
    page = page_of(request, rows.for_list())
    children = counts_by(Enrollment.objects.studying().filter(term=request.term, school__in=page.object_list), "school")
    return render_list(
        request,
        "schools/schools.html",
        part="schools/_schools.html",
        context={
            "form": form,
            "page": page,
            "lines": [(school, children.get(school.pk, 0)) for school in page.object_list],
            "may_import": request.user.is_county,
            "may_export": request.user.reads_all,
        },
    )


@needs(*READERS_AND_SCHOOL)
def school(request: SignedInRequest, code: str) -> HttpResponse:
    """One school: its facts, its children of the term, its rosters of all terms."""
    found = get_object_or_404(School.objects.visible_to(request.user).for_list(), code=code)
    stages = {stage.code: stage for stage in Stage.objects.all()}
    here = Enrollment.objects.visible_to(request.user).studying().filter(school=found, term=request.term)
    counted = counts_by(here, "stage")
    by_boarding = counts_by(here, "is_boarding")
    return render(
        request,
        "schools/school.html",
        {
            "school": found,
            "by_stage": [(stage, counted[key]) for key, stage in stages.items() if key in counted],
            "children": sum(counted.values()),
            "boarding": by_boarding.get(True, 0),  # type: ignore[call-overload]
            "rosters": Roster.objects.visible_to(request.user).filter(school=found).for_list()[:ROSTERS_SHOWN],
            "may_upload": request.user.role in COUNTY_AND_SCHOOL,
        },
    )


@needs(*READERS)
def export(request: SignedInRequest) -> HttpResponse:
    """The schools of the list as a sheet that can be mended and brought back; account numbers stay masked."""
    rows = SchoolFilter(request.GET).narrow(School.objects.visible_to(request.user)).for_list()
    sheet = SchoolResource().export(rows).export("xlsx", escape=True)
    name = quote(_("学校名单") + ".xlsx")
    return HttpResponse(
        sheet, content_type=_XLSX, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    )


@needs(*COUNTY)
def bring(request: SignedInRequest) -> HttpResponse:
    """A sheet of schools, looked at first: what it adds and changes, and which rows cannot be taken."""
    form = SchoolListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        try:
            outcome = school_lists.preview(content)
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            _keep(request, content)
            return render(request, "schools/import_preview.html", {"outcome": outcome, "most": ROWS_SHOWN})
    return render(request, "schools/import.html", {"form": form})


@require_POST
@needs(*COUNTY)
def take(request: SignedInRequest) -> HttpResponse:
    """Take the sheet that was looked at."""
    content = _kept(request)
    if content is None:
        messages.error(request, _("没有待导入的学校名单，请重新上传。"))
        return redirect("schools:import")
    try:
        outcome = school_lists.take(content, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("schools:import")
    done = {"added": outcome.added, "changed": outcome.changed}
    messages.success(request, _("已导入：新增 %(added)s 所，更新 %(changed)s 所。") % done)
    return redirect("schools:list")


def _keep(request: SignedInRequest, content: bytes) -> None:
    """Hold the sheet between the look and the word: sealed, in the session of whoever brought it."""
    request.session[_KEPT] = base64.b64encode(keyring.ring().seal(content, place=_KEPT)).decode()


def _kept(request: SignedInRequest) -> bytes | None:
    sealed = request.session.pop(_KEPT, None)
    return keyring.ring().open(base64.b64decode(sealed), place=_KEPT) if sealed else None
