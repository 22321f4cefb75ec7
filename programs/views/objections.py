"""Objections: who said what, who looks into it, until when, and how it ended."""

from functools import partial

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.forms import numbers
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, Role
from programs import objections
from programs.choices import Channel, ContactPurpose, ObjectionState
from programs.models import Award, Notice, Objection, ObjectionStep
from programs.notice_forms import (
    AnswerForm,
    DismissForm,
    ObjectionFilter,
    ObjectionForm,
    ProposeDismissalForm,
    WordsForm,
)


@needs(*READERS_AND_SCHOOL)
@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    """The term's objections, what is due first."""
    form = ObjectionFilter(request.GET, school="notice__list__school")
    rows = form.narrow(Objection.objects.visible_to(request.user).filter(notice__list__term=request.term))
    counts = counts_by(rows.with_state(), "stands")
    tab = chosen(request, "tab", ObjectionState.values)
    if tab:
        rows = rows.in_state(tab)
    context = {
        "form": form,
        "tabs": tabs_of(request, ObjectionState.choices, counts),
        "today": timezone.localdate(),
        "may_dismiss": request.user.role in COUNTY,
        "page": page_of(
            request, rows.for_list().with_proposal(), count=counts.get(tab, 0) if tab else sum(counts.values())
        ),
    }
    return render_list(request, "programs/objections.html", part="programs/_objections.html", context=context)


@needs(*READERS_AND_SCHOOL)
@require_GET
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    """One objection: what was said, by which way, what was found out, how it ended and what follows."""
    return _show(request, _found(request, pk), WordsForm())


def _found(request: SignedInRequest, pk: int) -> Objection:
    return get_object_or_404(Objection.objects.visible_to(request.user).for_list(), pk=pk)


def _show(request: SignedInRequest, objection: Objection, form: WordsForm) -> HttpResponse:
    context = {
        "objection": objection,
        "steps": objection.steps.select_related("by"),
        "step_form": form,
        "form": form,
        "today": timezone.localdate(),
        "may_act": request.user.role in COUNTY_AND_SCHOOL,
        "may_answer": request.user.role in COUNTY,
        "may_propose": request.user.role == Role.SCHOOL,
        **_person(request),
    }
    return render(request, "programs/objection.html", context)


def _person(request: SignedInRequest) -> dict[str, object]:
    return {"purposes": ContactPurpose.choices, "may_reveal": objections.may_reveal(request.user), "whole": None}


@needs(*COUNTY_AND_SCHOOL)
def raise_objection(request: SignedInRequest, pk: int, award_pk: int) -> HttpResponse:
    """What somebody said at the desk, on the phone or in a letter."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user).for_list(), pk=pk)
    award = get_object_or_404(Award.objects.live().for_list(), pk=award_pk, list=notice.list)
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        facts = {**form.cleaned_data, "channel": Channel(form.cleaned_data["channel"])}
        with telling(request, _("异议已记录，该生资助暂停，等待核查。")):
            objections.raise_objection(notice, award, **facts, by=request.user, at=timezone.now())
        return redirect(notice)
    return render(request, "programs/objection_raise.html", {"notice": notice, "award": award, "form": form})


@needs(*COUNTY_AND_SCHOOL)
@require_POST
def take_up(request: SignedInRequest, pk: int) -> HttpResponse:
    objection = _found(request, pk)
    with telling(request, _("已受理，该生资助暂停，等待核查。")):
        objections.take_up(objection, by=request.user, at=timezone.now())
    return redirect(objection)


@needs(*COUNTY)
def dismiss(request: SignedInRequest, pk: int) -> HttpResponse:
    objection = _found(request, pk)
    form = DismissForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已记为不予受理，该生的资助不受影响。")):
            objections.dismiss(objection, by=request.user, at=timezone.now(), **form.cleaned_data)
        return redirect(objection)
    context = {"objection": objection, "form": form, "proposals": _proposals(objection)}
    return render(request, "programs/objection_dismiss.html", context)


@require_POST
@needs(*COUNTY)
def dismiss_many(request: SignedInRequest) -> HttpResponse:
    """Ask why the ticked ones are no objections; when that page is sent, dismiss them for that one reason."""
    mine = Objection.objects.visible_to(request.user).in_state(ObjectionState.UNSEEN)
    ticked = list(mine.filter(pk__in=numbers(request, "ids")).for_list())
    if not ticked:
        messages.warning(request, _("请先勾选待受理的异议。"))
        return redirect("programs:objections")
    form = DismissForm(request.POST if "sure" in request.POST else None)
    if not ("sure" in request.POST and form.is_valid()):
        return render(request, "programs/objections_dismiss.html", {"ticked": ticked, "form": form})
    done = objections.dismiss_many(ticked, by=request.user, at=timezone.now(), **form.cleaned_data)
    words = _("已把 %(done)s / %(all)s 件记为不予受理，学生的资助不受影响。")
    messages.success(request, words % {"done": done, "all": len(ticked)})
    return redirect("programs:objections")


@needs(Role.SCHOOL)
def propose_dismissal(request: SignedInRequest, pk: int) -> HttpResponse:
    """The school's word that it is no objection; the county decides."""
    objection = _found(request, pk)
    form = ProposeDismissalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("建议已记录，等县资助中心决定是否受理。")):
            objections.propose_dismissal(objection, by=request.user, at=timezone.now(), **form.cleaned_data)
        return redirect(objection)
    return render(request, "programs/objection_propose.html", {"objection": objection, "form": form})


def _proposals(objection: Objection) -> QuerySet[ObjectionStep]:
    return objection.steps.filter(is_proposal=True).select_related("by")


@needs(*COUNTY_AND_SCHOOL)
@require_POST
def step(request: SignedInRequest, pk: int) -> HttpResponse:
    objection, form = _found(request, pk), WordsForm(request.POST)
    if not form.is_valid():
        return _show(request, objection, form)
    with telling(request, _("已记录核查情况。")):
        objections.note(objection, **form.cleaned_data, by=request.user, at=timezone.now())
    return redirect(objection)


@needs(*COUNTY)
def answer(request: SignedInRequest, pk: int) -> HttpResponse:
    objection = _found(request, pk)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("异议已办结。")):
            objections.answer(objection, by=request.user, at=timezone.now(), **form.cleaned_data)
        return redirect(objection)
    return render(request, "programs/objection_answer.html", {"objection": objection, "form": form})


@needs(*COUNTY_AND_SCHOOL)
def person(request: SignedInRequest, pk: int) -> HttpResponse:
    """Who raised it, masked; after a POST with a purpose, once, whole."""
    objection = _found(request, pk)
    context = {"objection": objection, **_person(request)}
    asked = request.POST.get("purpose", "")
    if asked in ContactPurpose.values:
        show = partial(objections.reveal, objection, purpose=ContactPurpose(asked))
        context["whole"] = show(by=request.user, at=timezone.now())
    template = "programs/_objection_person.html" if request.htmx else "programs/objection_person.html"
    return render(request, template, context)
