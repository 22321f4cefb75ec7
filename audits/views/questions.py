"""The auditor's questions: the list, one of them from its first word to its last, and the acts on it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from audits import finding_words, questions
from audits.choices import QuestionState
from audits.models import Finding, Question, SampleItem
from audits.question_forms import AnswerForm, AskAgainForm, AskForm, CloseForm, QuestionFilter
from common.acts import telling
from common.forms import number_of
from common.moves import Refused
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import Role


@needs(*READERS_AND_SCHOOL)
@require_GET
def index(request: SignedInRequest) -> HttpResponse:
    """Questions of every term: what was asked about an older one waits for its answer too."""
    form = QuestionFilter(request.GET)
    rows = form.narrow(Question.objects.visible_to(request.user))
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", QuestionState.values)
    if tab:
        rows = rows.filter(state=tab)
    today = timezone.localdate()
    page = page_of(request, rows.for_list(), count=counts.get(tab, 0) if tab else sum(counts.values()))
    context = {
        "form": form,
        "tabs": tabs_of(request, QuestionState.choices, counts),
        "page": page,
        "lines": [{"question": one, "is_overdue": one.is_overdue(today)} for one in page],
    }
    return render_list(request, "audits/questions.html", part="audits/_questions.html", context=context)


@needs(*READERS_AND_SCHOOL)
@require_GET
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    """Everything that was said, with its papers, and what this person may do next."""
    question, is_auditor = _found(request, pk), request.user.role == Role.AUDITOR
    context = {
        "question": question,
        "entries": question.entries.select_related("by").prefetch_related("files__file").order_by("pk"),
        "is_overdue": question.is_overdue(timezone.localdate()),
        "may_answer": question.state == QuestionState.ASKED and questions.may_answer(question, request.user),
        "may_ask_again": is_auditor and question.state == QuestionState.ANSWERED,
        "may_close": is_auditor and question.state != QuestionState.CLOSED,
    }
    return render(request, "audits/question.html", context)


@needs(Role.AUDITOR)
def ask(request: SignedInRequest) -> HttpResponse:
    """Ask freely, or about what the address names: a finding, or a drawn award."""
    about = _about(request)
    term, sentence = about.pop("term") or request.term, about.pop("sentence", "")
    form = AskForm(request.POST or None, initial=about.pop("initial"))
    if term is None:
        messages.error(request, _("还没有学期，不能提出问询。"))
    elif request.method == "POST" and form.is_valid():
        try:
            asked = questions.ask(term, **form.cleaned_data, **about, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("问询已提出，对方的工作台会显示。"))
            return redirect(asked)
    return render(request, "audits/question_ask.html", {"form": form, "term": term, "sentence": sentence, **about})


def _about(request: SignedInRequest) -> dict[str, Any]:
    """What a question is about, with the term, the school and the heading that follow from it."""
    wanted = {name: number_of(request.GET.get(name, "")) for name in ("finding", "item")}
    if any(request.GET.get(name) and number is None for name, number in wanted.items()):
        raise Http404
    if wanted["finding"] is not None:
        findings = Finding.objects.visible_to(request.user).select_related("term", "school")
        finding = get_object_or_404(findings, pk=wanted["finding"])
        shown = finding_words.shown(finding, finding_words.programs())
        title = _("关于第 %(n)s 号疑点：%(title)s") % {"n": finding.pk, "title": shown.title}
        initial = {"school": finding.school_id, "title": title[:100]}
        return {"term": finding.term, "initial": initial, "finding": finding, "sentence": shown.sentence}
    if wanted["item"] is not None:
        items = SampleItem.objects.visible_to(request.user).select_related("sample", "award__term", "award__school")
        item = get_object_or_404(items, pk=wanted["item"])
        title = _("关于“%(sample)s”第 %(n)s 号抽查对象") % {"sample": item.sample.title, "n": item.position}
        return {
            "term": item.award.term,
            "initial": {"school": item.award.school_id, "title": title[:100]},
            "item": item,
        }
    return {"term": None, "initial": {}}


@needs(*COUNTY_AND_SCHOOL)
def answer(request: SignedInRequest, pk: int) -> HttpResponse:
    """Answer what was asked of this person's school, or of the county."""
    question = _found(request, pk)
    if not questions.may_answer(question, request.user):
        messages.error(request, str(questions.NotAsked()))
        return redirect(question)
    if request.method != "POST" and question.state != QuestionState.ASKED:
        messages.error(request, str(questions.NothingToAnswer()))
        return redirect(question)
    form = AnswerForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            questions.answer(
                question,
                words=form.cleaned_data["words"],
                files=form.cleaned_data["papers"],
                by=request.user,
                at=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已答复，等审计人员核实。"))
            return redirect(question)
    return _act(request, "audits/question_answer.html", question, form)


@needs(Role.AUDITOR)
def ask_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what an answer leaves open."""
    question, form = _found(request, pk), AskAgainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            questions.ask_again(question, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已追问，对方的工作台会显示。"))
            return redirect(question)
    return _act(request, "audits/question_ask_again.html", question, form)


@needs(Role.AUDITOR)
def close(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what came of a question; nothing is added to it afterwards."""
    question, form = _found(request, pk), CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("问询已办结。")):
            questions.close(question, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(question)
    return _act(request, "audits/question_close.html", question, form)


def _found(request: SignedInRequest, pk: int) -> Question:
    return get_object_or_404(Question.objects.visible_to(request.user).for_list(), pk=pk)


def _act(request: SignedInRequest, template: str, question: Question, form: forms.Form) -> HttpResponse:
    last = question.entries.select_related("by").order_by("-pk").first()
    return render(request, template, {"question": question, "form": form, "last": last})
