"""Towns: the list with their schools, one town, the sheet that adds and changes many."""

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.moves import Refused
from common.pages import page_of, render_list
from common.roles import COUNTY, READERS
from schools.models import Town
from students import schools
from students.school_forms import TownFilter, TownForm
from students.school_lists import TOWNS
from students.views.imports import ListPages

PAGES = ListPages(
    listed=TOWNS,
    place="town-list",
    title=gettext_lazy("导入乡镇名单"),
    back="schools:towns",
    back_title=gettext_lazy("乡镇"),
    start="schools:towns-import",
    confirm="schools:towns-import-confirm",
    export="schools:towns-export",
    notes=(
        gettext_lazy("必须有：代码、名称"),
        gettext_lazy("可以有：县城（是或否）、排序"),
        gettext_lazy("没有的列保持原值"),
    ),
)


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """The county's towns with the schools they have."""
    form = TownFilter(request.GET)
    running = Count("schools", filter=Q(schools__is_active=True))
    rows = form.narrow(Town.objects.annotate(running=running).order_by("position", "code"))
    return render_list(
        request,
        "schools/towns.html",
        part="schools/_towns.html",
        context={"form": form, "page": page_of(request, rows), "may_change": request.user.is_county},
    )


@needs(*COUNTY)
def create(request: SignedInRequest) -> HttpResponse:
    """Put a town on the list."""
    form = TownForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            schools.add_town(**form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("schools:towns")
    return render(request, "schools/town_form.html", {"form": form, "title": _("新增乡镇"), "town": None})


@needs(*COUNTY)
def edit(request: SignedInRequest, code: str) -> HttpResponse:
    """Change a town."""
    town = get_object_or_404(Town, pk=code)
    form = TownForm(request.POST or None, town=town)
    if request.method == "POST" and form.is_valid():
        try:
            schools.change_town(town, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("schools:towns")
    return render(request, "schools/town_form.html", {"form": form, "title": _("修改乡镇"), "town": town})


@needs(*READERS)
def export(request: SignedInRequest) -> HttpResponse:
    """The towns as a sheet that can be mended and brought back."""
    return PAGES.send(TownFilter(request.GET).narrow(Town.objects.order_by("position", "code")), name=_("乡镇名单"))


@needs(*COUNTY)
def bring(request: SignedInRequest) -> HttpResponse:
    """A sheet of towns, looked at first."""
    return PAGES.bring(request)


@require_POST
@needs(*COUNTY)
def take(request: SignedInRequest) -> HttpResponse:
    """Take the sheet that was looked at."""
    return PAGES.take(request)
