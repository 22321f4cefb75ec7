"""Rosters: handing in a file, its problems and its difference, the last word."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common import resident_ids
from common.acts import telling
from common.columns import DoubledColumns, MissingColumns
from common.moves import Refused, worded
from common.pages import chosen, counts_by, page_of, render_list
from common.roles import COUNTY
from schools.models import School
from students import mending, problems, roster_changes, roster_reading, rosters, runs
from students.choices import RosterState
from students.forms import ConfirmRosterForm, RosterForm
from students.models import Roster
from students.views import work
from students.views.uploads import go_on, show_form

NAMES_SHOWN = 50
MAPPABLE = {MissingColumns.code, DoubledColumns.code}
"""Refusals that are mended by saying which heading is which column."""


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
    chosen_school = request.user.school or schools.filter(code=request.GET.get("school", "")).first()
    return show_form(
        request,
        "students/roster_upload.html",
        form,
        schools=schools.for_list(),
        recent=recent,
        template_school=chosen_school,
    )


@needs(*READERS_AND_SCHOOL)
def roster(request: SignedInRequest, pk: int) -> HttpResponse:
    """One version of a school's roster: where it stands, its problems, what may be done now."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    may_act = request.user.role in COUNTY_AND_SCHOOL
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
            "kinds": problems.kinds(codes, counts_by(found.issues.filter(repair__isnull=False), "code")),
            "kind": tab,
            "page": page,
            "issues": problems.lines(page.object_list),
            "corrections": mending.shown(found),
            "versions": Roster.objects.visible_to(request.user)
            .filter(school=found.school, term=found.term)
            .order_by("-version"),
            "is_for_school": found.uploaded_by.role in COUNTY,
            "refusal": worded(found.refusal_code, found.refusal_params) if found.refusal_code else "",
            "may_act": may_act,
            "may_mend": may_act and found.state == RosterState.CHECKED,
            "mappable": MAPPABLE,
            **work.context(found),
            **_last_word(found),
        },
    )


def _last_word(found: Roster) -> dict[str, Any]:
    if found.state != RosterState.CHECKED:
        return {"step": 3 if found.committed_at else 2}
    return {"step": 2, "is_unusual": rosters.is_unusual(found), "confirm_form": _confirm_form(found)}


def _confirm_form(found: Roster, data: Any = None) -> ConfirmRosterForm:
    return ConfirmRosterForm(
        data, term=found.term, is_unusual=rosters.is_unusual(found), needs_word=bool(found.rows_doubtful)
    )


@needs(*READERS_AND_SCHOOL)
def difference(request: SignedInRequest, pk: int) -> HttpResponse:
    """Who came, left and changed, by name. The file is read again for it, so the page fetches it afterwards."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk, state=RosterState.CHECKED)
    try:
        shown = {"refusal": "", "most": NAMES_SHOWN, "by_name": roster_changes.by_name(found)}
    except Refused as refusal:
        shown = {"refusal": str(refusal)}
    return render(request, "students/_difference.html", shown)


@needs(*READERS_AND_SCHOOL)
def rows(request: SignedInRequest, pk: int) -> HttpResponse:
    """The children of one version as its file states them; earlier versions stay readable."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    try:
        children, refusal = roster_reading.rows(found), ""
    except Refused as refused:
        children, refusal = [], str(refused)
    page = page_of(request, children)
    lines = [(row, resident_ids.mask(row.id_number)) for row in page.object_list]
    return render_list(
        request,
        "students/roster_rows.html",
        part="students/_roster_rows.html",
        context={"roster": found, "page": page, "lines": lines, "refusal": refusal},
    )


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def correct(request: SignedInRequest, pk: int) -> HttpResponse:
    """Mend cells on the page: what was typed, one proposal or all of a kind, a row left out, a word on a doubt."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    by, at = request.user, timezone.now()
    try:
        if code := request.POST.get("accept_all"):
            job = runs.accept_repairs(found, code, by=by, at=at)
        else:
            job = runs.correct_roster(found, mending.cells(found, request.POST), by=by, at=at)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        runs.at_once(job, found.rows_read)
        messages.success(request, _("已改正并重新校验。"))
    return redirect(found)


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def check_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Check the same file once more."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    with telling(request, _("正在重新校验。")):
        runs.at_once(runs.check_again(found, by=request.user, at=timezone.now()), found.rows_read)
    return redirect(found)


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def go_on_with_rest(request: SignedInRequest, pk: int) -> HttpResponse:
    """Mend the rows that stayed out when the good ones were taken: another version of the same file."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    try:
        following = runs.continue_with_rest(found, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(found)
    return redirect(following)


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """Let the checked file become the term's roster; rows with errors stay out."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    form = _confirm_form(found, request.POST)
    if not form.is_valid():
        return render(request, "students/roster_confirm.html", {"roster": found, "form": form})
    words = {name: form.cleaned_data.get(name, "") for name in ("reason", "word")}
    with telling(request, _("已确认，正在入库。")):
        runs.confirm_roster(found, by=request.user, at=timezone.now(), **words)
    return redirect(found)


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def discard(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put an unconfirmed file away."""
    found = get_object_or_404(Roster.objects.visible_to(request.user), pk=pk)
    with telling(request, _("已放弃这份花名册，可以重新上传。")):
        rosters.discard(found, by=request.user, at=timezone.now())
    return redirect("students:rosters")
