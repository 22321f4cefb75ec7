"""County-wide workbooks: handing one in, the schools it was split into, one word for all of them."""

from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.forms import TidyCharField
from common.moves import Refused, worded
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from students import county_files, runs
from students.choices import CountyFileState, RosterState
from students.forms import sheet_field
from students.models import CountyFile
from students.views import work
from students.views.uploads import go_on, show_form

_WITH_PROBLEMS = Q(rows_refused__gt=0) | Q(rows_doubtful__gt=0) | Q(state=RosterState.REFUSED)
_PARTS = {
    "problems": (_("有问题"), _WITH_PROBLEMS),
    "out": (_("未入库"), ~Q(state__in=[RosterState.IN_FORCE, RosterState.SUPERSEDED])),
}


class CountyFileForm(forms.Form):
    """One workbook with the children of all schools."""

    file = sheet_field(_("全县汇总表"))


class ConfirmCountyFileForm(forms.Form):
    """The last word on all schools at once; it asks for words only where a school would have to give them."""

    reason = TidyCharField(label=_("大量学生离校或变动的原因"), max_length=200)
    word = TidyCharField(label=_("“需说明”行的统一说明"), max_length=200)

    def __init__(self, *args: Any, figures: county_files.Figures, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not figures.unusual:
            del self.fields["reason"]
        if not figures.doubtful:
            del self.fields["word"]


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """Every county-wide workbook of the term, the newest first."""
    rows = CountyFile.objects.visible_to(request.user).filter(term=request.term)
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", CountyFileState.values)
    if tab:
        rows = rows.filter(state=tab)
    return render_list(
        request,
        "students/county_files.html",
        part="students/_county_files.html",
        context={
            "tabs": tabs_of(request, CountyFileState.choices, counts),
            "page": page_of(request, rows.for_list(), count=counts.get(tab, 0) if tab else sum(counts.values())),
            "may_act": request.user.is_county,
        },
    )


@needs(*COUNTY)
def upload(request: SignedInRequest) -> HttpResponse:
    """Hand in one workbook for all schools. Nothing but the file is kept until somebody confirms."""
    if request.term is None:
        raise Http404
    form = CountyFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        handed_in = {"content": file.read(), "name": file.name, "by": request.user, "at": timezone.now()}
        try:
            found = runs.upload_county_file(term=request.term, **handed_in)
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            return go_on(request, found.get_absolute_url())
    recent = CountyFile.objects.visible_to(request.user).filter(term=request.term).for_list()[:5]
    return show_form(request, "students/county_file_upload.html", form, recent=recent)


@needs(*READERS)
def county_file(request: SignedInRequest, pk: int) -> HttpResponse:
    """One workbook: where it stands, its schools with their problems, what may be done now."""
    found = get_object_or_404(CountyFile.objects.visible_to(request.user).for_list(), pk=pk)
    rows = county_files.versions(found)
    counts = {name: rows.filter(part).count() for name, (_label, part) in _PARTS.items()}
    everything = rows.count()
    tab = chosen(request, "tab", _PARTS)
    tabs = tabs_of(request, [(name, label) for name, (label, _part) in _PARTS.items()], counts)
    tabs[0] = type(tabs[0])("", _now("全部学校"), everything, not tab, tabs[0].url)
    if tab:
        rows = rows.filter(_PARTS[tab][1])
    page = page_of(request, rows.select_related("school__town"), count=counts[tab] if tab else everything)
    return render_list(
        request,
        "students/county_file.html",
        part="students/_county_file.html",
        context={
            "county_file": found,
            "tabs": tabs,
            "page": page,
            "totals": county_files.totals(found),
            "left_out": counts["out"],
            "unrouted": [
                {"row": row, "code": code, "reason": county_files.UNROUTED_REASONS.get(reason, reason)}
                for row, code, reason in found.unrouted
            ],
            "refusal": worded(found.refusal_code, found.refusal_params) if found.refusal_code else "",
            "may_act": request.user.is_county,
            **work.context(found),
            **_last_word(found),
        },
    )


def _last_word(found: CountyFile) -> dict[str, Any]:
    if found.state != CountyFileState.CHECKED:
        return {"step": 2 if found.confirmed_at is None else 3}
    figures = county_files.figures(found)
    return {"step": 2, "figures": figures, "confirm_form": ConfirmCountyFileForm(figures=figures)}


@require_POST
@needs(*COUNTY)
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let every checked part become its school's roster; rows with errors stay out."""
    found = get_object_or_404(CountyFile.objects.visible_to(request.user).for_list(), pk=pk)
    figures = county_files.figures(found)
    form = ConfirmCountyFileForm(request.POST, figures=figures)
    if not form.is_valid():
        shown = {"county_file": found, "form": form, "figures": figures}
        return render(request, "students/county_file_confirm.html", shown)
    with telling(request, _now("已确认，正在逐校入库。")):
        runs.confirm_county_file(found, by=request.user, at=timezone.now(), **form.cleaned_data)
    return redirect(found)


@require_POST
@needs(*COUNTY)
def discard(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put the whole workbook away."""
    found = get_object_or_404(CountyFile.objects.visible_to(request.user), pk=pk)
    with telling(request, _now("已放弃这份汇总表，各校没有入库的部分一并放弃。")):
        county_files.discard(found, by=request.user, at=timezone.now())
    return redirect("students:county-files")
