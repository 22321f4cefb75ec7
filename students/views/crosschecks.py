"""The cross-check of a term: its runs, the queue of suspicions, two records side by side, the decision."""

from dataclasses import replace

from django.db.models import Q
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.moves import Refused
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from students import comparison, crosscheck_figures, decisions, disclosure, runs
from students.choices import CrosscheckState, MatchState, SnapshotState
from students.disclosure import Purpose
from students.forms import CrosscheckForm, DecisionForm, MatchFilter
from students.models import Crosscheck, Match, MatchQuerySet, RegisterSnapshot
from students.views import work

QUEUE_SHOWN = 20
_SHOWN = (
    "crosscheck__term", "crosscheck__made_by", "decided_by", "enrollment__student", "enrollment__school",
    "enrollment__stage", "person__snapshot__source", "person__category",
)  # fmt: skip


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """The term's comparisons, the one in force first."""
    rows = Crosscheck.objects.visible_to(request.user).filter(term=request.term)
    return render_list(
        request,
        "students/crosschecks.html",
        part="students/_crosschecks.html",
        context={"page": page_of(request, rows.for_list()), "may_act": request.user.is_county},
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
            check = runs.begin_crosscheck(term=request.term, snapshots=chosen_lists, by=request.user, at=timezone.now())
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
    """One comparison: its counts as they were, and the queue of what a person has to decide."""
    check = get_object_or_404(Crosscheck.objects.visible_to(request.user).for_list(), pk=pk)
    form = MatchFilter(request.GET)
    rows = form.narrow(Match.objects.visible_to(request.user).filter(crosscheck=check))
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", MatchState.values) or MatchState.SUSPECTED.value
    tabs = [replace(one, is_current=one.key == tab) for one in tabs_of(request, MatchState.choices, counts) if one.key]
    page = page_of(request, rows.filter(state=tab).for_list(), count=counts.get(tab, 0))
    waiting = rows.filter(state=MatchState.SUSPECTED).for_list()
    return render_list(
        request,
        "students/crosscheck.html",
        part="students/_matches.html",
        context={
            "check": check,
            "snapshots": check.snapshots.for_list(),
            "first": waiting.first() if check.state == CrosscheckState.DONE else None,
            "figures": crosscheck_figures.table(check),
            "form": form,
            "tabs": tabs,
            "page": page,
            "lines": [(one, crosscheck_figures.reasons(one)) for one in page.object_list],
            "filter_query": _filter_query(request),
            "may_act": request.user.is_county,
            **work.context(check),
        },
    )


@needs(*READERS)
def match(request: SignedInRequest, pk: int) -> HttpResponse:
    """Two records side by side, with the queue around them; J and K go through it."""
    return _show_match(request, pk, DecisionForm())


@require_POST
@needs(*COUNTY)
def decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Keep a person's word on two records and go to the next suspicion."""
    found = get_object_or_404(Match.objects.visible_to(request.user).select_related("crosscheck__term"), pk=pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show_match(request, pk, form)
    following = _after(_queue(request, found), found)
    with telling(request, _("已记录结论。")):
        decisions.decide(found, by=request.user, at=timezone.now(), **form.cleaned_data)
    return redirect((following or found.crosscheck).get_absolute_url() + _filter_query(request))


def _show_match(request: SignedInRequest, pk: int, form: DecisionForm) -> HttpResponse:
    rows = Match.objects.visible_to(request.user).for_list()
    found = get_object_or_404(
        rows.select_related(*_SHOWN),
        pk=pk,
    )
    queue = _queue(request, found)
    place = _before(queue, found).count()
    first = max(0, place - 3)
    return render(
        request,
        "students/match.html",
        {
            "match": found,
            "lines": comparison.lines(found, may_reveal=disclosure.may_reveal(request.user)),
            "reasons": crosscheck_figures.reasons(found),
            "household": comparison.household(found.person),
            "others": rows.filter(crosscheck=found.crosscheck_id, person=found.person_id).exclude(pk=pk),
            "queue": queue[first : first + QUEUE_SHOWN],
            "waiting": queue.count(),
            "place": place + 1,
            "before": _before(queue, found).reverse().first(),
            "after": _after(queue, found),
            "form": form,
            "filter_query": _filter_query(request),
            "purposes": Purpose.choices if disclosure.may_reveal(request.user) else [],
            "may_act": request.user.is_county and found.crosscheck.state == CrosscheckState.DONE,
        },
    )


def _queue(request: SignedInRequest, found: Match) -> MatchQuerySet:
    """What still waits in the run, narrowed as the person narrowed it."""
    waiting = Match.objects.visible_to(request.user).filter(crosscheck=found.crosscheck_id, state=MatchState.SUSPECTED)
    return MatchFilter(request.GET).narrow(waiting).for_list()


def _before(queue: MatchQuerySet, found: Match) -> MatchQuerySet:
    return queue.filter(Q(score__gt=found.score) | Q(score=found.score, pk__lt=found.pk))


def _after(queue: MatchQuerySet, found: Match) -> Match | None:
    return queue.filter(Q(score__lt=found.score) | Q(score=found.score, pk__gt=found.pk)).first()


def _filter_query(request: SignedInRequest) -> str:
    """The filter of the queue, to go along from match to match."""
    asked = QueryDict(mutable=True)
    for name in MatchFilter.base_fields:
        if value := request.GET.get(name):
            asked[name] = value
    return f"?{asked.urlencode()}" if asked else ""
