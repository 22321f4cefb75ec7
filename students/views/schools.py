"""Schools: the county's list with the term's children, one school, its facts, the sheet that adds and changes many."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from schools.models import School, Stage
from students import schools
from students.forms import SchoolFilter
from students.models import Enrollment, Roster
from students.school_forms import CloseForm, SchoolForm
from students.school_lists import SCHOOLS
from students.views.imports import ListPages

ROSTERS_SHOWN = 12
PAGES = ListPages(
    listed=SCHOOLS,
    place="school-list",
    title=gettext_lazy("导入学校名单"),
    back="schools:list",
    back_title=pgettext_lazy("page", "学校"),
    start="schools:import",
    confirm="schools:import-confirm",
    export="schools:export",
    notes=(
        gettext_lazy("必须有：学校标识码、学校名称、乡镇、学校类型"),
        gettext_lazy("可以有：学段、办别、县城、寄宿、户名、开户行、账号"),
        gettext_lazy("没有的列保持原值；遮蔽的账号也保持原值"),
    ),
)
ACTIVE = [("active", gettext_lazy("在办")), ("closed", gettext_lazy("停办"))]


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    """The county's schools with the children they have this term."""
    form = SchoolFilter(request.GET)
    rows = form.narrow(School.objects.visible_to(request.user))
    counted = counts_by(rows, "is_active")
    counts = {"active": counted.get(True, 0), "closed": counted.get(False, 0)}  # type: ignore[call-overload]
    if tab := chosen(request, "tab", counts):
        rows = rows.filter(is_active=tab == "active")
    page = page_of(request, rows.for_list(), count=counts[tab] if tab else sum(counts.values()))
    children = counts_by(Enrollment.objects.studying().filter(term=request.term, school__in=page.object_list), "school")
    return render_list(
        request,
        "schools/schools.html",
        part="schools/_schools.html",
        context={
            "form": form,
            "tabs": tabs_of(request, ACTIVE, counts),
            "page": page,
            "lines": [(school, children.get(school.pk, 0)) for school in page.object_list],
            "may_import": request.user.is_county,
            "may_export": request.user.reads_all,
        },
    )


@needs(*READERS_AND_SCHOOL)
def school(request: SignedInRequest, code: str) -> HttpResponse:
    """One school: its facts, its children of the term, its rosters of all terms."""
    found = _school(request, code)
    stages = {stage.code: stage for stage in Stage.objects.all()}
    own = found.stage_codes()
    here = Enrollment.objects.visible_to(request.user).studying().filter(school=found, term=request.term)
    counted = counts_by(here, "stage")
    by_boarding = counts_by(here, "is_boarding")
    return render(
        request,
        "schools/school.html",
        {
            "school": found,
            "stages": [stage for key, stage in stages.items() if key in own],
            "by_stage": [(stage, counted[key]) for key, stage in stages.items() if key in counted],
            "children": sum(counted.values()),
            "boarding": by_boarding.get(True, 0),  # type: ignore[call-overload]
            "rosters": Roster.objects.visible_to(request.user).filter(school=found).for_list()[:ROSTERS_SHOWN],
            "may_upload": request.user.role in COUNTY_AND_SCHOOL,
            "may_change": request.user.is_county,
        },
    )


@needs(*COUNTY)
def create(request: SignedInRequest) -> HttpResponse:
    """Put a school on the list."""
    form = SchoolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = schools.add_school(**form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error("code", str(refusal))
        else:
            return redirect(made)
    return render(request, "schools/school_form.html", {"form": form, "title": _("新增学校"), "school": None})


@needs(*COUNTY)
def edit(request: SignedInRequest, code: str) -> HttpResponse:
    """Change a school's facts."""
    found = _school(request, code)
    form = SchoolForm(request.POST or None, school=found)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已保存。")):
            schools.change_school(found, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(found)
    return render(request, "schools/school_form.html", {"form": form, "title": _("修改学校"), "school": found})


@needs(*COUNTY)
def close(request: SignedInRequest, code: str) -> HttpResponse:
    """A school stops, with the reason in words."""
    found = _school(request, code)
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("学校已停办，原有记录全部保留。")):
            schools.close(found, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(found)
    children = Enrollment.objects.studying().filter(school=found, term=request.term).count()
    return render(request, "schools/school_close.html", {"form": form, "school": found, "children": children})


@require_POST
@needs(*COUNTY)
def reopen(request: SignedInRequest, code: str) -> HttpResponse:
    """A closed school goes on."""
    found = _school(request, code)
    with telling(request, _("学校已恢复办学。")):
        schools.reopen(found, by=request.user, at=timezone.now())
    return redirect(found)


@needs(*READERS)
def export(request: SignedInRequest) -> HttpResponse:
    """The schools of the list as a sheet that can be mended and brought back; account numbers stay masked."""
    rows = SchoolFilter(request.GET).narrow(School.objects.visible_to(request.user)).for_list()
    return PAGES.send(rows.prefetch_related("stages"), name=_("学校名单"))


@needs(*COUNTY)
def bring(request: SignedInRequest) -> HttpResponse:
    """A sheet of schools, looked at first."""
    return PAGES.bring(request)


@require_POST
@needs(*COUNTY)
def take(request: SignedInRequest) -> HttpResponse:
    """Take the sheet that was looked at."""
    return PAGES.take(request)


def _school(request: SignedInRequest, code: str) -> School:
    rows = School.objects.visible_to(request.user).for_list().prefetch_related("stages", "kind__stages")
    return get_object_or_404(rows, code=code)
