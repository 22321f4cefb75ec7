"""Random re-checks: what is drawn and where it stands, the proof that a draw is honest, one family's result."""

from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common.moves import Refused
from common.pages import chosen, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from programs import rechecks
from programs.forms import ListFilter
from programs.models import Recheck, RecheckDraw, RecheckQuerySet
from programs.round_forms import DrawForm, NoteForm
from schools.models import Term

OPEN, TAKE_UP, DONE = "open", "take-up", "done"


def _labels() -> list[tuple[str, str]]:
    return [(OPEN, _("待复查")), (TAKE_UP, _("待纳入调整")), (DONE, _("已复查"))]


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    """The term's re-checks: what is still to do, and which findings no list has taken up yet."""
    term, draws, lines = request.term, RecheckDraw.objects.none(), Recheck.objects.none()
    if term is not None:
        lines = rechecks.of_school_year(Recheck.objects.visible_to(request.user), term)
        if request.user.role in READERS:
            draws = rechecks.draws(term).select_related("drawn_by")
    return _lines_page(
        request,
        lines,
        term,
        "programs/rechecks.html",
        {
            "draws": draws,
            "may_draw": request.user.role in COUNTY and term is not None,
        },
    )


def _lines_page(
    request: SignedInRequest, lines: RecheckQuerySet, term: Term | None, template: str, context: dict[str, object]
) -> HttpResponse:
    form = ListFilter(request.GET)
    rows = form.narrow(lines)
    parts = {
        OPEN: rows.filter(result=""),
        TAKE_UP: rechecks.to_take_up(rows, term) if term else rows.none(),
        DONE: rows.exclude(result=""),
    }
    counts = {key: part.count() for key, part in parts.items()}
    everything, *tabs = tabs_of(request, _labels(), counts)
    tab = chosen(request, "tab", parts)
    whole = counts[OPEN] + counts[DONE]
    shown = {
        "form": form,
        "tabs": [replace(everything, count=whole), *tabs],
        "page": page_of(request, (parts[tab] if tab else rows).for_list(), count=counts[tab] if tab else whole),
        "progress": rechecks.progress(lines),
        "to_take_up": counts[TAKE_UP],
        "may_note": request.user.role in COUNTY_AND_SCHOOL,
    }
    return render_list(request, template, part="programs/_rechecks.html", context=shown | context)


@needs(*COUNTY)
def draw(request: SignedInRequest) -> HttpResponse:
    """Draw a part of the term's recognized children."""
    if request.term is None:
        raise Http404
    form = DrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = rechecks.draw(request.term, percent=form.cleaned_data["percent"], by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(made)
    people = len(rechecks.population(request.term, timezone.now()))
    return render(request, "programs/recheck_begin.html", {"form": form, "people": people})


@needs(*READERS)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    """One draw with its seed; asked for, it is drawn again before everybody's eyes."""
    made = get_object_or_404(RecheckDraw.objects.select_related("term", "drawn_by"), pk=pk)
    again = rechecks.draw_again(made) if "again" in request.GET else None
    lines = Recheck.objects.visible_to(request.user).filter(draw=made)
    return _lines_page(request, lines, made.term, "programs/recheck_draw.html", {"draw": made, "again": again})


@needs(*COUNTY_AND_SCHOOL)
def note(request: SignedInRequest, pk: int) -> HttpResponse:
    """What was found at one family."""
    line = get_object_or_404(Recheck.objects.visible_to(request.user).for_list(), pk=pk)
    initial = {
        "way": line.way,
        "result": line.result,
        "words": line.words,
        "done_on": line.done_on or timezone.localdate(),
    }
    form = NoteForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            rechecks.note(line, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("复查结果已保存。"))
            return redirect("programs:rechecks")
    return render(request, "programs/recheck_note.html", {"line": line, "form": form})
