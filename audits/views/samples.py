"""Samples of the auditor: the list, a draw, its items with their whole chains, what was found and mended, paper."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import SignedInRequest, needs
from audits import chains, sample_results, samples
from audits.choices import FollowUp, ItemState, SampleState
from audits.models import Sample, SampleItem
from audits.sample_forms import CloseForm, DrawForm, FollowUpForm, ItemFilter, NoteForm, SampleFilter, WithdrawForm
from common.forms import number_of
from common.moves import Refused
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS, Role
from jobs import run, wording
from jobs.models import Job
from jobs.views import file as hand_out

SHEETS = (20, 50)
"""How many work sheets one page prints."""
AROUND = (3, 20)
"""How many items before and behind the one at work stand beside it."""


@needs(*READERS)
@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    """The term's samples, and a draw that is on its way. What is to be mended waits whatever term people work in."""
    form = SampleFilter(request.GET)
    rows = form.narrow(Sample.objects.visible_to(request.user))
    if not form.wanted("mend"):
        rows = rows.filter(term=request.term)
    counts = counts_by(rows, "state")
    if tab := chosen(request, "tab", SampleState.values):
        rows = rows.filter(state=tab)
    job = _draw_on_its_way(request)
    context = {
        "form": form,
        "tabs": tabs_of(request, SampleState.choices, counts),
        "page": page_of(request, rows.for_list(), count=counts.get(tab, 0) if tab else sum(counts.values())),
        "job": job,
        "refused": wording.error(job) if job else "",
        "may_draw": request.user.role == Role.AUDITOR and request.term is not None,
    }
    return render_list(request, "audits/samples.html", part="audits/_samples.html", context=context)


@needs(Role.AUDITOR)
def draw(request: SignedInRequest) -> HttpResponse:
    """Draw from the term's confirmed awards: at once, or in the background where they are very many."""
    if request.term is None:
        raise Http404
    form = DrawForm(request.POST or None, term=request.term)
    if request.method == "POST" and form.is_valid():
        wanted, at = form.order, timezone.now()
        try:
            if samples.population(request.term, wanted.criteria).count() > samples.LARGE:
                term = request.term
                run.start("sample-draw", by=request.user, at=at, term=term, term_id=term.pk, **wanted.params)
                return redirect("audits:samples")
            return redirect(samples.draw(request.term, wanted, by=request.user, at=at))
        except Refused as refusal:
            form.add_error(None, str(refusal))
    people = samples.population(request.term, {}).count()
    return render(request, "audits/sample_draw.html", {"form": form, "people": people})


@needs(*READERS)
@require_GET
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    """One sample with its seed and its items; asked for, it is drawn again before everybody's eyes."""
    made = _found(request, pk)
    form = ItemFilter(request.GET)
    rows = form.narrow(SampleItem.objects.visible_to(request.user).filter(sample=made))
    counts = counts_by(rows, "state")
    if tab := chosen(request, "tab", ItemState.values):
        rows = rows.filter(state=tab)
    is_at_work = request.user.role == Role.AUDITOR and made.state == SampleState.OPEN
    results = sample_results.results(made)
    context = {
        "sample": made,
        "form": form,
        "tabs": tabs_of(request, ItemState.choices, counts),
        "page": page_of(request, rows.for_list(), count=counts.get(tab, 0) if tab else sum(counts.values())),
        "results": results,
        "criteria": samples.criteria_in_words(made),
        "redraw": samples.redraw_command(made),
        "again": samples.draw_again(made) if "again" in request.GET else None,
        "may_close": is_at_work,
        "may_withdraw": is_at_work and not results.asked + results.mended,
        "first_waiting": _waiting(made, after=0) if is_at_work else None,
    }
    return render_list(request, "audits/sample.html", part="audits/_sample_items.html", context=context)


@needs(*READERS)
@require_GET
def population(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """The frozen population as a file; taking it is on record like every file."""
    return hand_out(request, _found(request, pk).population_id)


@needs(*READERS)
@require_GET
def sheets(request: SignedInRequest, pk: int) -> HttpResponse:
    """Work sheets on A4, one for each child; `item` prints a single one."""
    made = _found(request, pk)
    rows = made.items.select_related("checked_by").order_by("position")
    wanted = number_of(request.GET.get("item", ""))
    if wanted is not None:
        rows = rows.filter(pk=wanted)
    shown = page_of(request, rows, sizes=SHEETS)
    items = list(shown)
    of_award = {chain.award.pk: chain for chain in chains.chains(item.award_id for item in items)}
    context = {
        "sample": made,
        "shown": shown,
        "sheets": [(item, of_award[item.award_id]) for item in items],
        "today": timezone.localdate(),
    }
    return render(request, "audits/sample_print.html", context)


@needs(*READERS)
@require_GET
def item(request: SignedInRequest, pk: int) -> HttpResponse:
    """One drawn award with everything on its way, and what this person may say to it."""
    return _item_page(request, _item(request, pk))


@needs(Role.AUDITOR)
def note(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the auditor found; then on to the next one that waits."""
    found = _item(request, pk)
    form = NoteForm(request.POST or None, initial=_said(found))
    if request.method == "POST" and form.is_valid():
        try:
            samples.note(found, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("核查结果已保存。"))
            return redirect(_waiting(found.sample, after=found.position) or found.sample)
    return _item_page(request, found, note_form=form)


@needs(*COUNTY)
def follow_up(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the county mended."""
    found = _item(request, pk)
    form = FollowUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            samples.follow_up(found, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("整改结果已登记，审计人员可以看到。"))
            return redirect(found)
    return _item_page(request, found, follow_up_form=form)


@needs(Role.AUDITOR)
def close(request: SignedInRequest, pk: int) -> HttpResponse:
    """Conclude a sample."""
    made = _found(request, pk)
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            samples.close(made, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("抽查已结束。"))
            return redirect(made)
    return render(
        request, "audits/sample_close.html", {"sample": made, "form": form, "results": sample_results.results(made)}
    )


@needs(Role.AUDITOR)
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give up a sample that was drawn by mistake."""
    made = _found(request, pk)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            samples.withdraw(made, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("抽查已撤销。"))
            return redirect(made)
    return render(request, "audits/sample_withdraw.html", {"sample": made, "form": form})


def _draw_on_its_way(request: SignedInRequest) -> Job | None:
    """This person's last draw in the background, as long as no sample came after it was ordered."""
    mine = Job.objects.filter(kind="sample-draw", term=request.term, started_by=request.user)
    job = mine.order_by("-pk").first()
    if job is None or Sample.objects.filter(drawn_by=request.user, drawn_at__gte=job.created_at).exists():
        return None
    return job


def _found(request: SignedInRequest, pk: int) -> Sample:
    rows = Sample.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("term", "population", "drawn_by", "closed_by"), pk=pk)


def _item(request: SignedInRequest, pk: int) -> SampleItem:
    rows = SampleItem.objects.visible_to(request.user)
    people = ("checked_by", "followed_up_by", "sample__term")
    return get_object_or_404(rows.select_related(*people), pk=pk)


def _said(found: SampleItem) -> dict[str, Any]:
    state = "" if found.state == ItemState.WAITING else found.state
    return {"state": state, "words": found.words, "follow_up_due_on": found.follow_up_due_on}


def _waiting(made: Sample, *, after: int) -> SampleItem | None:
    """The next item that nobody looked up, from behind a place on and then from the beginning."""
    rows = made.items.filter(state=ItemState.WAITING).order_by("position")
    return rows.filter(position__gt=after).first() or rows.first()


def _item_page(request: SignedInRequest, found: SampleItem, **forms: Any) -> HttpResponse:
    is_auditor = request.user.role == Role.AUDITOR
    may_note = is_auditor and found.sample.state == SampleState.OPEN and found.follow_up != FollowUp.DONE
    may_follow_up = request.user.role in COUNTY and found.follow_up == FollowUp.ASKED
    before, behind = AROUND
    near = found.sample.items.filter(position__range=(found.position - before, found.position + behind))
    context = {
        "item": found,
        "sample": found.sample,
        "chain": chains.chains([found.award_id])[0],
        "around": near.for_list(),
        "questions": found.questions.visible_to(request.user).order_by("-pk"),
        "may_ask": is_auditor,
        "note_form": forms.get("note_form") or (NoteForm(initial=_said(found)) if may_note else None),
        "follow_up_form": forms.get("follow_up_form") or (FollowUpForm() if may_follow_up else None),
    }
    return render(request, "audits/sample_item.html", context)
