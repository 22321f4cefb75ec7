"""Rosters: the term's board, handing in a file, its problems and its difference, the last word."""

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.moves import Refused, worded
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from schools.models import School
from students import board as boards
from students import problems, rosters, runs
from students.choices import RosterState
from students.forms import ConfirmRosterForm, RosterFilter, RosterForm
from students.models import Roster
from students.views import work
from students.views.uploads import go_on, show_form

NAMES_SHOWN = 50


@needs(*READERS_AND_SCHOOL)
def board(request: SignedInRequest) -> HttpResponse:
    """Which school has handed in what for the term."""
    form = RosterFilter(request.GET)
    rows = form.narrow(boards.with_progress(School.objects.visible_to(request.user), request.term))
    counts = counts_by(rows, "progress")
    tab = chosen(request, "tab", boards.Progress.values)
    if tab:
        rows = rows.filter(Q(progress=tab))
    page = page_of(request, rows.for_list(), count=counts.get(tab, 0) if tab else sum(counts.values()))
    return render_list(
        request,
        "students/rosters.html",
        part="students/_rosters.html",
        context={
            "form": form,
            "tabs": tabs_of(request, boards.Progress.choices, counts),
            "page": page,
            "lines": boards.lines(list(page), request.term),
            "totals": boards.totals(rows, request.term),
            "may_upload": request.user.role in COUNTY_AND_SCHOOL,
        },
    )


@needs(*COUNTY_AND_SCHOOL)
def upload(request: SignedInRequest) -> HttpResponse:
    """Hand in a school's file for the term. Nothing but the file is kept until somebody confirms."""
    if request.term is None:
        raise Http404
    schools = School.objects.visible_to(request.user).filter(is_active=True)
    form = RosterForm(
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
            roster = runs.upload_roster(school=form.whose, term=request.term, **handed_in)
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            return go_on(request, roster.get_absolute_url())
    recent = Roster.objects.visible_to(request.user).filter(term=request.term).for_list().order_by("-pk")[:5]
    return show_form(request, "students/roster_upload.html", form, schools=schools.for_list(), recent=recent)


@needs(*READERS_AND_SCHOOL)
def roster(request: SignedInRequest, pk: int) -> HttpResponse:
    """One version of a school's roster: where it stands, its problems, what may be done now."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    codes = counts_by(found.issues.all(), "code")
    tab = chosen(request, "tab", codes)
    rows = found.issues.filter(code=tab) if tab else found.issues.all()
    page = page_of(request, rows, count=codes[tab] if tab else sum(codes.values()))
    return render_list(
        request,
        "students/roster.html",
        part="students/_issues.html",
        context={
            "roster": found,
            "kinds": problems.kinds(codes),
            "kind": tab,
            "page": page,
            "issues": problems.lines(page.object_list),
            "refusal": worded(found.refusal_code, found.refusal_params) if found.refusal_code else "",
            "may_act": request.user.role in COUNTY_AND_SCHOOL,
            **work.context(found),
            **_last_word(found),
        },
    )


def _last_word(found: Roster, data: Any = None) -> dict[str, Any]:
    if found.state != RosterState.CHECKED:
        return {"step": 3 if found.committed_at else 2}
    is_unusual = rosters.needs_reason(rosters.share_left(found))
    return {
        "step": 2,
        "is_unusual": is_unusual,
        "confirm_form": ConfirmRosterForm(data, term=found.term, is_unusual=is_unusual),
    }


@needs(*READERS_AND_SCHOOL)
def difference(request: SignedInRequest, pk: int) -> HttpResponse:
    """Who came, left and changed, by name. The file is read again for it, so the page fetches it afterwards."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk, state=RosterState.CHECKED)
    try:
        shown = {"difference": rosters.difference(found), "most": NAMES_SHOWN, "refusal": ""}
    except Refused as refusal:
        shown = {"difference": None, "most": NAMES_SHOWN, "refusal": str(refusal)}
    return render(request, "students/_difference.html", shown)


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let the checked file become the term's roster; rows with errors stay out."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    form = ConfirmRosterForm(request.POST, term=found.term, is_unusual=rosters.needs_reason(rosters.share_left(found)))
    if not form.is_valid():
        return render(request, "students/roster_confirm.html", {"roster": found, "form": form})
    with telling(request, _("已确认，正在入库。")):
        reason = form.cleaned_data.get("reason", "")
        runs.confirm_roster(found, by=request.user, at=timezone.now(), reason=reason)
    return redirect(found)


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def discard(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put an unconfirmed file away."""
    found = get_object_or_404(Roster.objects.visible_to(request.user), pk=pk)
    with telling(request, _("已放弃这份花名册，可以重新上传。")):
        rosters.discard(found, by=request.user, at=timezone.now())
    return redirect("students:rosters")
