"""The cross-check of a term: its runs, the desk with its suspicions, two records side by side, the decision."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.pages import Tab, chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from students import comparison, crosscheck_figures, decisions, disclosure, match_queue, questions, runs
from students.choices import CrosscheckState, MatchState, SnapshotState
from students.decisions import NoteMissing
from students.disclosure import Purpose
from students.forms import CrosscheckForm
from students.match_forms import DecisionForm, MatchFilter, QuestionForm
from students.models import Crosscheck, Match, MatchDecision, MatchQuerySet, RegisterSnapshot, SchoolQuestion
from students.views import work

BY_TIER, BY_SCHOOL = "by-tier", "by-school"
DECISIONS_SHOWN = 20
_SHOWN = (
    "crosscheck__term", "crosscheck__made_by", "decided_by", "enrollment__student", "enrollment__school",
    "enrollment__stage", "enrollment__roster__file", "person__snapshot__source", "person__snapshot__file",
    "person__category",
)  # fmt: skip


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """The term's comparisons, the one in force first."""
    rows = Crosscheck.objects.visible_to(request.user).filter(term=request.term)
    page = page_of(request, rows.for_list())
    waiting = crosscheck_figures.people_waiting(list(page))
    return render_list(
        request,
        "students/crosschecks.html",
        part="students/_crosschecks.html",
        context={
            "page": page,
            "lines": [(check, waiting.get(check.pk, 0)) for check in page.object_list],
            "may_act": request.user.is_county,
        },
    )


@needs(*COUNTY)
def begin(request: SignedInRequest) -> HttpResponse:
    """Compare the term's rosters with chosen lists; the newest of each source is proposed."""
    if request.term is None:
        raise Http404
    frozen = RegisterSnapshot.objects.visible_to(request.user).filter(state=SnapshotState.FROZEN).for_list()
    form = CrosscheckForm(request.POST or None, snapshots=frozen, initial={"snapshots": comparison.newest(frozen)})
    if request.method == "POST" and form.is_valid():
        chosen_lists = list(form.cleaned_data["snapshots"])
        try:
            check = runs.begin_crosscheck(
                term=request.term,
                snapshots=chosen_lists,
                by=request.user,
                at=timezone.now(),
                confirms=form.cleaned_data["confirms"],
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(check)
    return render(
        request,
        "students/crosscheck_begin.html",
        {"form": form, "snapshots": frozen, "list_url": reverse("students:crosschecks")},
    )


@needs(*READERS)
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    """One comparison: what it found, and what people have to decide, one by one or in groups."""
    check = get_object_or_404(Crosscheck.objects.visible_to(request.user).for_list(), pk=pk)
    form = MatchFilter(request.GET)
    rows = form.narrow(Match.objects.visible_to(request.user).filter(crosscheck=check))
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", [*MatchState.values, BY_TIER, BY_SCHOOL]) or MatchState.SUSPECTED.value
    waiting = match_queue.waiting(rows)
    groups = _groups(check, waiting, tab)
    shown = groups if groups is not None else rows.filter(state=tab).for_list()
    page = page_of(request, shown, count=len(groups) if groups is not None else counts.get(tab, 0))
    is_in_force = check.state == CrosscheckState.DONE
    return render_list(
        request,
        "students/crosscheck.html",
        part="students/_matches.html",
        context={
            "check": check,
            "snapshots": check.snapshots.for_list(),
            "first": match_queue.at_hand(waiting).for_list().first() if is_in_force else None,
            "figures": crosscheck_figures.table(check),
            "standing": crosscheck_figures.standing(check),
            "asked": questions.counts(SchoolQuestion.objects.filter(term=check.term_id), today=timezone.localdate()),
            "answered": match_queue.answered(check),
            "form": form,
            "tabs": _tabs(request, counts, tab),
            "tab": tab,
            "page": page,
            "lines": []
            if groups is not None
            else [(one, crosscheck_figures.sentence(one)) for one in page.object_list],
            "groups": [(group, _words(group, tab)) for group in page.object_list] if groups is not None else [],
            "filter_query": _filter_query(request),
            "may_act": request.user.is_county and is_in_force,
            **work.context(check),
        },
    )


def _tabs(request: SignedInRequest, counts: dict[str, int], tab: str) -> list[Tab]:
    """The queue first, its groups beside it, then what was decided; there is no tab for everything."""
    choices = [
        (MatchState.SUSPECTED.value, _("待核实")),
        (BY_TIER, _("按疑点")),
        (BY_SCHOOL, _("按学校")),
        *((state.value, state.label) for state in (MatchState.CONFIRMED, MatchState.REJECTED, MatchState.SURE)),
    ]
    return [
        replace(
            one, is_current=one.key == tab, count=None if one.key in {BY_TIER, BY_SCHOOL} else counts.get(one.key, 0)
        )
        for one in tabs_of(request, choices)
        if one.key
    ]


def _groups(check: Crosscheck, waiting: MatchQuerySet, tab: str) -> list[match_queue.Group] | None:
    match tab:
        case "by-tier":
            return match_queue.by_tier(check, waiting)
        case "by-school":
            return match_queue.by_school(waiting)
    return None


def _words(group: match_queue.Group, tab: str) -> str:
    return crosscheck_figures.words(group.name) if tab == BY_TIER else group.name


@needs(*READERS)
def match(request: SignedInRequest, pk: int) -> HttpResponse:
    """Two records side by side, with the queue around them; J and K go through it."""
    return _show_match(request, pk, DecisionForm())


@require_POST
@needs(*COUNTY)
def decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Keep a person's word on two records and go to the next suspicion."""
    found = _find(request, pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show_match(request, pk, form)
    following = _following(request, found)
    try:
        decisions.decide(found, by=request.user, at=timezone.now(), **form.cleaned_data)
    except NoteMissing as refusal:
        form.add_error("note", str(refusal))
        return _show_match(request, pk, form)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _go_to(request, found)
    messages.success(request, _("已记录结论。"))
    return _go_to(request, following or found.crosscheck, last=found)


@require_POST
@needs(*COUNTY)
def undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a decision back and show the case again."""
    found = _find(request, pk)
    with telling(request, _("已撤销结论，这一条重新待核实。")):
        decisions.undo(found, by=request.user, at=timezone.now())
    return _go_to(request, found)


@require_POST
@needs(*COUNTY)
def ask(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put the case before its school and go to the next one; it comes back with the answer."""
    found = _find(request, pk)
    form = QuestionForm(request.POST)
    following = _following(request, found)
    words = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        questions.ask(found, by=request.user, at=timezone.now(), words=words)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _go_to(request, found)
    messages.success(request, _("已向学校提问，答复会回到核实台。"))
    return _go_to(request, following or found.crosscheck)


def _find(request: SignedInRequest, pk: int) -> Match:
    rows = Match.objects.visible_to(request.user)
    return get_object_or_404(
        rows.select_related("crosscheck__term", "enrollment__student", "enrollment__school", "person"), pk=pk
    )


def _go_to(request: SignedInRequest, place: Match | Crosscheck, *, last: Match | None = None) -> HttpResponse:
    """On to a case, or back to the desk. The script gets the case at once: a redirect would cost the way twice."""
    address = place.get_absolute_url() + _filter_query(request)
    if not request.htmx:
        return redirect(address)
    if isinstance(place, Crosscheck):
        return HttpResponseClientRedirect(address)
    return _show_match(request, place.pk, DecisionForm(), address=address, last=last)


def _show_match(
    request: SignedInRequest, pk: int, form: DecisionForm, *, address: str = "", last: Match | None = None
) -> HttpResponse:
    """A case; in answer to a POST it stays where it is in the browser's history, or stands under its own address.

    `last` is the pair that this person decided last, where the caller has it at hand.
    """
    rows = Match.objects.visible_to(request.user).for_list()
    found = get_object_or_404(rows.select_related(*_SHOWN), pk=pk)
    may_act = request.user.is_county and found.crosscheck.state == CrosscheckState.DONE
    may_reveal = disclosure.may_reveal(request.user)
    response = render(
        request,
        "students/match.html",
        {
            "base": "ui/step.html" if request.htmx else "base.html",
            "match": found,
            "sentence": crosscheck_figures.sentence(found),
            "lines": comparison.lines(found, may_reveal=may_reveal),
            "household": comparison.household(found),
            "others": _others(rows, found),
            "decisions": _decisions(found),
            "questions": _questions(found),
            "today": timezone.localdate(),
            "needs_note": {
                "yes": decisions.needs_note(found, is_same=True),
                "no": decisions.needs_note(found, is_same=False),
            },
            "last": last or (decisions.last_of(found.crosscheck, request.user) if may_act else None),
            "form": form,
            "filter_query": _filter_query(request),
            "purposes": Purpose.choices if may_reveal else [],
            "may_act": may_act,
            **_surroundings(request, found),
        },
    )
    if request.method == "POST":
        response["HX-Push-Url"] = address or "false"
        if form.is_bound:
            response["HX-Reswap"] = (
                "outerHTML settle:0ms"  # not to the top: the reason that is asked for takes the focus
            )
    return response


def _surroundings(request: SignedInRequest, found: Match) -> dict[str, Any]:
    """The queue around a case and how long it is, counted without joins where nothing narrows it."""
    form, queue = _queue(request, found)
    count, has_more = match_queue.count(queue) if form.is_narrowed else (queue.count(), False)
    return {"around": match_queue.around(_way(form, queue), found), "waiting": count, "has_more": has_more}


def _queue(request: SignedInRequest, found: Match) -> tuple[MatchFilter, MatchQuerySet]:
    """What still waits in the run, narrowed as the person narrowed it."""
    form = MatchFilter(request.GET)
    rows = Match.objects.visible_to(request.user).filter(crosscheck=found.crosscheck_id)
    return form, form.narrow(match_queue.waiting(rows))


def _way(form: MatchFilter, queue: MatchQuerySet) -> MatchQuerySet:
    """The way through the queue leaves out what waits for a school, unless just that was asked for."""
    return queue if form.wanted("asked") else match_queue.at_hand(queue)


def _following(request: SignedInRequest, found: Match) -> Match | None:
    """The case after this one."""
    return match_queue.following(_way(*_queue(request, found)), found).only("pk").order_by("-score", "pk").first()


def _others(rows: MatchQuerySet, found: Match) -> list[Match]:
    """Other pairs of the run with the same listed person or the same child, best first."""
    same = rows.filter(Q(person=found.person_id) | Q(enrollment=found.enrollment_id)).exclude(pk=found.pk)
    others = [one for one in same.order_by() if one.crosscheck_id == found.crosscheck_id]
    return sorted(others, key=lambda one: (-one.score, one.pk))


def _decisions(found: Match) -> list[tuple[MatchDecision, bool]]:
    """What was decided of this child and of this person before, and whether it was of this very pair."""
    student, person = found.enrollment.student.key, found.person.key
    rows = MatchDecision.objects.filter(Q(student_key=student) | Q(person_key=person))
    return [
        (one, (one.student_key, one.person_key) == (student, person))
        for one in rows.select_related("decided_by").order_by("-pk")[:DECISIONS_SHOWN]
    ]


def _questions(found: Match) -> list[SchoolQuestion]:
    rows = SchoolQuestion.objects.filter(student=found.enrollment.student_id, person_key=found.person.key)
    return list(rows.select_related("asked_by", "answered_by", "school").order_by("-pk"))


def _filter_query(request: SignedInRequest) -> str:
    """The filter of the queue, to go along from case to case."""
    asked = QueryDict(mutable=True)
    for name in MatchFilter.base_fields:
        if value := request.GET.get(name):
            asked[name] = value
    return f"?{asked.urlencode()}" if asked else ""
