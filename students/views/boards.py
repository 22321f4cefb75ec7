"""The term's board of rosters, and what the county says to schools from there."""

from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import actions
from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.downloads import workbook
from common.moves import Refused
from common.pages import Tab, chosen, page_of, render_list, sorted_by, tabs_of
from common.roles import COUNTY, READERS
from schools.choices import TermState
from schools.models import School, SchoolQuerySet, Term
from students import board as boards
from students import board_export, desks
from students.board import LATE, Figures, Progress
from students.desk_forms import ReopenForm, RosterFilter, SendBackForm
from students.models import Roster

TOWNS = "towns"
_SORTED_BY = {"school": "code", "errors": "errors", "uploaded": "uploaded", "reminders": "reminded"}


@needs(*READERS_AND_SCHOOL)
def board(request: SignedInRequest) -> HttpResponse:
    """Which school has handed in what for the term, and town by town."""
    today = timezone.localdate()
    form = RosterFilter(request.GET)
    filtered = form.narrow(boards.with_progress(School.objects.visible_to(request.user), request.term))
    towns = boards.figures(filtered, request.term, today=today)
    whole = boards.total(towns)
    tab = chosen(request, "tab", [*Progress.values, LATE, TOWNS])
    by_town = tab == TOWNS
    counts = {"": whole.schools, LATE: whole.late, **whole.by_progress}
    rows = filtered if by_town else boards.in_tab(filtered, tab, request.term, today=today)
    counted = boards.children(rows, request.term)
    if by_town:
        boards.add_children(towns, rows, counted)
    page = page_of(
        request,
        sorted_by(request, rows.for_list(), _SORTED_BY),
        count=whole.schools if by_town else counts.get(tab, 0),
    )
    return render_list(
        request,
        "students/rosters.html",
        part="students/_rosters.html",
        context={
            "form": form,
            "tabs": _tabs(request, counts),
            "page": page,
            "by_town": by_town,
            "towns": towns if by_town else [],
            "states": Progress.labels,
            "whole": whole,
            "lines": [] if by_town else boards.lines(list(page), request.term, counted, today=today),
            "children": sum(counted.now.values()),
            "children_before": sum(counted.before.values()),
            "owing": _owing(whole, tab),
            "may_upload": request.user.role in COUNTY_AND_SCHOOL,
            "may_act": request.user.is_county and request.term is not None,
            "may_export": request.user.reads_all and request.term is not None,
            "is_closed": request.term is not None and request.term.state == TermState.CLOSED,
        },
    )


def _tabs(request: SignedInRequest, counts: dict[str, int]) -> list[Tab]:
    """The states, then those who are late among them, then the towns; a school has only itself to look at."""
    choices = [*Progress.choices, (LATE, _("逾期"))]
    if request.user.reads_all:
        choices.append((TOWNS, _("按乡镇")))
    return [
        replace(tab, count=None if tab.key == TOWNS else counts.get(tab.key, 0)) for tab in tabs_of(request, choices)
    ]


def _owing(whole: Figures, tab: str) -> int:
    """How many schools of a tab have not handed in."""
    return whole.owing[tab] if tab in Progress.values else sum(whole.owing.values())


@needs(*READERS)
def export(request: SignedInRequest) -> HttpResponse:
    """The filtered board as a workbook."""
    term, now = _term(request), timezone.now()
    today = timezone.localdate(now)
    rows = _filtered(request, term)
    schools = list(rows.for_list())
    lines = boards.lines(schools, term, boards.children(rows, term), today=today)
    content = board_export.write(lines, term, by=request.user, at=now)
    actions.record(request.user, "rosters.exported", term, at=now, schools=len(schools))
    return workbook(content, _("%(term)s花名册上报进度表") % {"term": term})


@require_POST
@needs(*COUNTY)
def remind(request: SignedInRequest) -> HttpResponse:
    """Say which of the chosen schools can be asked for their roster; when that page is sent, ask them."""
    term, now = _term(request), timezone.now()
    chosen_rows = _chosen(request, term)
    schools = list(chosen_rows.for_list())
    if not schools:
        messages.warning(request, _("没有可以催报的学校，请先勾选。"))
        return _back(request)
    ready = set(desks.may_be_reminded(chosen_rows, term, on=timezone.localdate(now)).values_list("pk", flat=True))
    if "sure" not in request.POST:
        counted = boards.Children({}, {})
        lines = boards.lines(schools, term, counted, today=timezone.localdate(now))
        context = {"lines": lines, "ready": ready, "chosen": schools, "back": _address(request)}
        return render(request, "students/roster_remind.html", context)
    done = desks.remind(schools, term=term, by=request.user, at=now)
    messages.success(request, _("已催报 %(done)s / %(all)s 所学校。") % {"done": done, "all": len(schools)})
    return _back(request)


def _chosen(request: SignedInRequest, term: Term) -> SchoolQuerySet:
    """The ticked schools, or every school of the present filter that has not handed in."""
    if "all" in request.POST:
        return boards.owing(_filtered(request, term))
    codes = ",".join(request.POST.getlist("schools")).split(",")
    mine = School.objects.visible_to(request.user).filter(code__in=[code for code in codes if code.isdecimal()])
    return boards.with_progress(mine, term)


def _filtered(request: SignedInRequest, term: Term) -> SchoolQuerySet:
    """The schools that the address of the board narrows to."""
    rows = RosterFilter(request.GET).narrow(boards.with_progress(School.objects.visible_to(request.user), term))
    tab = chosen(request, "tab", [*Progress.values, LATE])
    return boards.in_tab(rows, tab, term, today=timezone.localdate())


@needs(*COUNTY)
def send_back(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give a roster back to its school, with what is wrong in words."""
    found = get_object_or_404(Roster.objects.visible_to(request.user).for_list(), pk=pk)
    form = SendBackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已退回学校，学校会看到原因。")):
            desks.send_back(found, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
        return redirect(found)
    return render(request, "students/roster_send_back.html", {"roster": found, "form": form})


@needs(*COUNTY)
def reopen(request: SignedInRequest) -> HttpResponse:
    """Let one school hand in a roster of a term that is over."""
    term, now = _term(request), timezone.now()
    schools = School.objects.visible_to(request.user).filter(is_active=True)
    form = ReopenForm(
        request.POST or None,
        schools=schools,
        today=timezone.localdate(now),
        initial={"school": request.GET.get("school", "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            desks.reopen(**form.cleaned_data, term=term, by=request.user, at=now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            words = {"school": form.cleaned_data["school"], "until": form.cleaned_data["until"].isoformat()}
            messages.success(request, _("已为 %(school)s 重新开放上报，至 %(until)s。") % words)
            return redirect("students:rosters")
    return render(request, "students/roster_reopen.html", {"form": form, "schools": schools.for_list(), "term": term})


def _term(request: SignedInRequest) -> Term:
    if request.term is None:
        raise Http404
    return request.term


def _address(request: SignedInRequest) -> str:
    """The board as it was narrowed."""
    query = request.GET.urlencode()
    return reverse("students:rosters") + (f"?{query}" if query else "")


def _back(request: SignedInRequest) -> HttpResponse:
    return redirect(_address(request))
