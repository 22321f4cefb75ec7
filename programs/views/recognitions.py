"""Recognition lists: the term's lists, handing one in, whom a list names and which of its lines were left out."""

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common.moves import Refused, worded
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY
from jobs import wording
from programs import recognitions, runs
from programs.choices import Level, RecognitionListState
from programs.forms import ListFilter, RecognitionForm
from programs.models import RecognitionList
from schools.models import School
from students.models import Enrollment
from students.views.uploads import go_on, show_form

LINES_SHOWN = 50


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    """The term's lists, the newest first."""
    form = ListFilter(request.GET)
    rows = form.narrow(RecognitionList.objects.visible_to(request.user).filter(term=request.term))
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", RecognitionListState.values)
    if tab:
        rows = rows.filter(state=tab)
    return render_list(
        request,
        "programs/recognitions.html",
        part="programs/_recognitions.html",
        context={
            "form": form,
            "tabs": tabs_of(request, RecognitionListState.choices, counts),
            "page": page_of(request, rows.for_list(), count=counts.get(tab, 0) if tab else sum(counts.values())),
            "may_upload": request.user.role in COUNTY_AND_SCHOOL and request.term is not None,
            "to_carry": _to_carry(request),
        },
    )


def _to_carry(request: SignedInRequest) -> int:
    """How many of the autumn's lists the county can let hold in this spring."""
    if request.user.role not in COUNTY or request.term is None:
        return 0
    return recognitions.to_carry(request.term).count()


@require_POST
@needs(*COUNTY)
def carry_on(request: SignedInRequest) -> HttpResponse:
    """Let the autumn's lists hold in the spring, of all schools at once."""
    if request.term is None:
        raise Http404
    try:
        done = recognitions.carry_on(request.term, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        said = ngettext("已沿用 %(n)s 所学校的认定名单。", "已沿用 %(n)s 所学校的认定名单。", done)
        messages.success(request, said % {"n": done})
    return redirect("programs:recognitions")


@needs(*COUNTY_AND_SCHOOL)
def upload(request: SignedInRequest) -> HttpResponse:
    """Hand in a school's list for the term; once read it replaces the one before."""
    if request.term is None:
        raise Http404
    schools = School.objects.visible_to(request.user).filter(is_active=True)
    form = RecognitionForm(
        request.POST or None,
        request.FILES or None,
        schools=schools,
        own=request.user.school,
        initial={"school": request.GET.get("school", "")},
    )
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        handed_in = {"content": file.read(), "name": file.name, "by": request.user, "at": timezone.now()}
        try:
            uploaded = runs.upload_recognition_list(school=form.whose, term=request.term, **handed_in)
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            return go_on(request, uploaded.get_absolute_url())
    recent = RecognitionList.objects.visible_to(request.user).filter(term=request.term).for_list()[:5]
    return show_form(request, "programs/recognition_upload.html", form, schools=schools.for_list(), recent=recent)


@needs(*READERS_AND_SCHOOL)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    """One list: how far its reading is, the children it names by level, the lines that were left out."""
    found = get_object_or_404(RecognitionList.objects.visible_to(request.user).for_list(), pk=pk)
    counts = counts_by(found.recognitions.all(), "level")
    tab = chosen(request, "tab", Level.values)
    rows = found.recognitions.filter(level=tab) if tab else found.recognitions.all()
    here = Enrollment.objects.filter(term=found.term, school=found.school)
    rows = rows.select_related("student").prefetch_related(Prefetch("student__enrollments", here, "places"))
    not_taken = recognitions.not_taken(found)
    return render_list(
        request,
        "programs/recognition.html",
        part="programs/_recognized.html",
        context={
            "list": found,
            "form": None,
            "tabs": tabs_of(request, Level.choices, counts),
            "page": page_of(
                request, rows.order_by("row", "pk"), count=counts.get(tab, 0) if tab else sum(counts.values())
            ),
            "not_taken": not_taken[:LINES_SHOWN],
            "left_out": len(not_taken),
            "refusal": worded(found.refusal_code, found.refusal_params) if found.refusal_code else "",
            "may_upload": request.user.role in COUNTY_AND_SCHOOL,
            **_work(found),
        },
    )


def _work(found: RecognitionList) -> dict[str, Any]:
    """What the page shows as long as the run that reads the list is not over."""
    if found.state != RecognitionListState.UPLOADED:
        return {"is_at_work": False}
    job = runs.job_of(found)
    return {"is_at_work": True, "job": job, "failure": wording.error(job) if job else ""}
