"""Headings of rosters: which hold for all, what schools mapped for themselves, and what those of one file stand for."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.moves import Refused, WrongState, worded
from common.pages import page_of, render_list
from common.roles import COUNTY, READERS
from students import headings, layouts
from students.heading_forms import HeadingsForm, MappingForm, SchoolHeadingFilter, field_of, value_of
from students.headings import NOT_READ
from students.models import Roster, RosterHeading
from students.roster_columns import COLUMNS


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """Every column of ours, how files write its heading, and how many schools have words of their own for it."""
    counts = headings.count_of_schools()
    lines = [
        {
            "value": value_of(field),
            "name": headings.words_of(field),
            "is_required": field in COLUMNS and COLUMNS[field].is_required,
            "texts": texts,
            "of_schools": counts.get(field, 0),
        }
        for field, texts in headings.of_all().items()
    ]
    return render(request, "students/headings.html", {"lines": lines, "may_act": request.user.is_county})


@needs(*COUNTY)
def column(request: SignedInRequest, field: str) -> HttpResponse:
    """The headings of one column, one a line."""
    ours = field_of(field)
    if ours is None or (ours != NOT_READ and ours not in COLUMNS):
        raise Http404
    now = headings.of_all()[ours]
    form = HeadingsForm(request.POST or None, initial={"headings": "\n".join(now)})
    if request.method == "POST" and form.is_valid():
        try:
            headings.keep(ours, form.cleaned_data["headings"], by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error("headings", str(refusal))
        else:
            messages.success(request, _("表头写法已保存，下一次校验起生效。"))
            return redirect("students:headings")
    shown = {"form": form, "name": headings.words_of(ours), "column": COLUMNS.get(ours)}
    return render(request, "students/headings_column.html", {**shown, "back": reverse("students:headings")})


@needs(*READERS)
def of_schools(request: SignedInRequest) -> HttpResponse:
    """What schools mapped for their own files."""
    form = SchoolHeadingFilter(request.GET)
    rows = form.narrow(RosterHeading.objects.exclude(school=None).select_related("school"))
    page = page_of(request, rows.order_by("school__code", "field", "position", "pk"))
    return render_list(
        request,
        "students/headings_of_schools.html",
        part="students/headings_of_schools_part.html",
        context={
            "form": form,
            "page": page,
            "lines": [(heading, headings.words_of(heading.field)) for heading in page],
            "may_act": request.user.is_county,
        },
    )


@require_POST
@needs(*COUNTY)
def forget(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take away one heading that a school mapped for itself."""
    found = get_object_or_404(RosterHeading.objects.exclude(school=None), pk=pk)
    with telling(request, _("已删除这所学校自己的对应。")):
        headings.forget(found, by=request.user, at=timezone.now())
    return redirect("students:school-headings")


@require_POST
@needs(*COUNTY)
def take_over(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let one heading that a school mapped for itself hold for all."""
    found = get_object_or_404(RosterHeading.objects.exclude(school=None), pk=pk)
    with telling(request, _("这个写法现在对全县所有学校有效。")):
        headings.take_over(found, by=request.user, at=timezone.now())
    return redirect("students:school-headings")


@needs(*COUNTY_AND_SCHOOL)
def mapping(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say which column of ours each heading of an uploaded file stands for; it is remembered and read again."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    may_teach_all = request.user.is_county
    shown = {"roster": found, "layout": None, "may_teach_all": may_teach_all, "refusal": _refusal(found)}
    if not layouts.can_be_mapped(found):
        messages.error(request, str(WrongState()))
        return redirect(found)
    asked = request.GET.get("row", "")
    try:
        layout = layouts.read(found, row=int(asked) if asked.isdecimal() and len(asked) < 3 else None)
    except Refused as refusal:
        return render(request, "students/roster_mapping.html", {**shown, "refusal": str(refusal)})
    form = MappingForm(request.POST or None, layout=layout, may_teach_all=may_teach_all)
    if request.method == "POST" and not layout.is_data and form.is_valid():
        fields, for_all = form.fields_chosen, form.for_everybody
        try:
            layouts.settle(found, layout, fields, for_all=for_all, by=request.user, at=timezone.now())
        except WrongState as refusal:
            messages.error(request, str(refusal))
            return redirect(found)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已记住各列的对应关系，正在重新校验。"))
            return redirect(found)
    return render(request, "students/roster_mapping.html", {**shown, "layout": layout, "form": form})


def _refusal(roster: Roster) -> str:
    return worded(roster.refusal_code, roster.refusal_params) if roster.refusal_code else ""
