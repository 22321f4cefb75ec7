"""Schools' rooms in a term's programs: the list, who has none, one school's rooms, the sheet that brings many."""

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.pages import chosen, page_of, render_list, tabs_of
from common.roles import READERS, Role
from programs import caps, terms
from programs.cap_forms import CapForm
from programs.fee_forms import SchoolProgramFilter
from programs.models import Program, SchoolCap
from schools.choices import TermState
from schools.models import School
from students.views.imports import ListPages

PAGES = ListPages(
    listed=caps.CAPS,
    place="cap-list",
    title=gettext_lazy("导入学校名额"),
    back="programs:caps",
    back_title=gettext_lazy("学校名额"),
    start="programs:caps-import",
    confirm="programs:caps-import-confirm",
    export="programs:caps-export",
    notes=(
        gettext_lazy("必须有：学校标识码、学期、项目、名额"),
        gettext_lazy("学期写“2021年秋季学期”或 2021A"),
        gettext_lazy("分档次下达的写档次，一档一行；不分档次的留空"),
        gettext_lazy("名额只提醒，不拦住名单"),
    ),
    take_with=caps.take,
)


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """The term's rooms with how much of each is taken, those that are not enough, and the schools without."""
    term = request.term
    form = SchoolProgramFilter(request.GET, programs=caps.programs_with_caps(term) if term else [])
    rows = _rows(request, form)
    used = caps.taken(term) if term else {}
    lines = [(cap, caps.room_of(cap, used)) for cap in rows]
    beyond = [(cap, room) for cap, room in lines if room.over]
    schools = form.narrow_schools(School.objects.visible_to(request.user))
    without = caps.missing(term, schools, form.wanted("program")) if term else []
    tab = chosen(request, "tab", ["over", "missing"])
    parts: dict[str, list[Any]] = {"": lines, "over": beyond, "missing": without}
    counts = {"over": len(beyond), "missing": len(without)}
    named = [("over", _("已超出")), ("missing", _("没有名额"))]
    whole, *others = tabs_of(request, named, counts, everything=_("已下达"))
    before = terms.the_one_before(term.code) if term else None
    may_change = request.user.role == Role.PREPARER and term is not None and term.state == TermState.OPEN
    return render_list(
        request,
        "programs/caps.html",
        part="programs/_caps.html",
        context={
            "form": form,
            "tabs": [replace(whole, count=len(lines)), *others],
            "tab": tab,
            "page": page_of(request, parts[tab], count=len(parts[tab])),
            "may_change": may_change,
            "before": before if may_change and before and caps.programs_with_caps(before) else None,
        },
    )


@needs(Role.PREPARER)
def page(request: SignedInRequest, code: str, program: str) -> HttpResponse:
    """How many children one program has room for in one school."""
    term = request.term
    if term is None:
        raise Http404
    school = get_object_or_404(School.objects.visible_to(request.user), code=code)
    found = get_object_or_404(Program, pk=program)
    known = SchoolCap.objects.filter(school=school, program=found, term=term)
    form = CapForm(request.POST or None, tiers=caps.tiers_of(term, found), known=known)
    if request.method == "POST" and form.is_valid():
        facts = {"school": school, "program": found, "term": term, "document_no": form.cleaned_data["document_no"]}
        try:
            caps.set_caps(form.people, **facts, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("programs:caps")
    return render(request, "programs/cap.html", {"form": form, "school": school, "program": found})


@require_POST
@needs(Role.PREPARER)
def copy(request: SignedInRequest) -> HttpResponse:
    """The rooms of the term before, for this term."""
    term = request.term
    before = terms.the_one_before(term.code) if term else None
    if term is None or before is None:
        raise Http404
    with telling(request, _("已按上学期的名额登记，请再核对一遍。")):
        caps.copy(term, before, by=request.user, at=timezone.now())
    return redirect("programs:caps")


@needs(*READERS)
def export(request: SignedInRequest) -> HttpResponse:
    """The term's rooms as a sheet that can be mended and brought back."""
    form = SchoolProgramFilter(request.GET, programs=caps.programs_with_caps(request.term) if request.term else [])
    return PAGES.send(_rows(request, form), name=_("学校名额"))


@needs(Role.PREPARER)
def bring(request: SignedInRequest) -> HttpResponse:
    """A sheet of rooms, looked at first."""
    return PAGES.bring(request)


@require_POST
@needs(Role.PREPARER)
def take(request: SignedInRequest) -> HttpResponse:
    """Take the sheet that was looked at."""
    return PAGES.take(request)


def _rows(request: SignedInRequest, form: SchoolProgramFilter) -> QuerySet[SchoolCap]:
    """The rooms of the term that the filter lets through."""
    rows = form.narrow_schools(SchoolCap.objects.filter(term=request.term), "school__")
    if program := form.wanted("program"):
        rows = rows.filter(program=program)
    rows = rows.select_related("school__town", "program", "term")
    return rows.order_by("school__town__position", "school__code", "program__position", "tier", "pk")
