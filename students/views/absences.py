"""Children nobody can find: the term's list, one child with what is known of it, and what people find out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import actions
from accounts.access import SignedInRequest, needs
from common.acts import telling
from common.downloads import workbook
from common.forms import numbers
from common.moves import Refused
from common.pages import ListPage, Tab, chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS
from schools.models import Term
from students import absence_evidence, absence_export, absence_figures, absence_outcomes, absences, disclosure
from students.absence_forms import AbsenceFilter, BulkOutcomeForm, NameForm, OutcomeForm, SameForm, StepForm
from students.absences import Expectation, Standing
from students.choices import Outcome
from students.disclosure import Purpose
from students.models import Absence, AbsenceQuerySet, Enrollment

TONES = {
    Standing.OPEN: "amber",
    Standing.DROPPED_OUT: "red",
    Standing.SUSPECTED: "violet",
    Standing.SETTLED: "teal",
    Standing.FOUND: "green",
    Standing.GONE: "neutral",
}


@needs(*READERS)
def index(request: SignedInRequest) -> HttpResponse:
    """The term's children in no roster, by where the search for them stands."""
    term = term_of(request)
    form, rows, tab = _narrowed(request, term)
    counts = counts_by(rows, "standing")
    page = page_of(request, _for_list(absences.standing_so(rows, tab)), count=counts.get(tab, 0))
    return render_list(
        request,
        "students/absences.html",
        part="students/_absences.html",
        context={
            "form": form,
            "term": term,
            "tabs": _tabs(request, counts, tab),
            "tab": tab,
            "page": page,
            "lines": _lines(page, term),
            "figures": partial(absence_figures.of, term),
            "letters": absence_figures.letters,
            "may_act": request.user.is_county,
            "may_reveal": disclosure.may_reveal(request.user),
        },
    )


def term_of(request: SignedInRequest) -> Term:
    if request.term is None:
        raise Http404
    return request.term


def _narrowed(request: SignedInRequest, term: Term) -> tuple[AbsenceFilter, AbsenceQuerySet, str]:
    """What the address asks for: the filter, its rows in all tabs, the tab."""
    form = AbsenceFilter(request.GET, term=term)
    rows = form.narrow(absences.looked_at(Absence.objects.visible_to(request.user), term))
    tab = chosen(request, "tab", Standing.values) or Standing.OPEN.value
    return form, rows, tab


def _tabs(request: SignedInRequest, counts: dict[str, int], tab: str) -> list[Tab]:
    tabs = [one for one in tabs_of(request, Standing.choices, counts) if one.key]
    return [replace(one, is_current=one.key == tab) for one in tabs]


def _for_list(rows: AbsenceQuerySet) -> AbsenceQuerySet:
    shown = rows.select_related("person__category", "person__snapshot__source", "term", "decided_by")
    return shown.prefetch_related("letters").defer("person__phone").order_by("person__town_name", "pk")


def _lines(page: ListPage, term: Term) -> list[dict[str, Any]]:
    proposed = absence_outcomes.proposals(page, term)
    return [
        {
            "absence": absence,
            "age": absences.age_of(absence),
            "expectation": Expectation(absence.expectation).label,
            "is_compulsory": absence.expectation == Expectation.COMPULSORY,
            "proposal": proposed.get(absence.key),
            "letters": list(absence.letters.all()),
        }
        for absence in page
    ]


@needs(*READERS)
def export(request: SignedInRequest) -> HttpResponse:
    """The children of one tab, as it is narrowed, as a workbook."""
    term, now = term_of(request), timezone.now()
    _form, rows, tab = _narrowed(request, term)
    content, n = absence_export.write(absences.standing_so(rows, tab), term, by=request.user, at=now)
    actions.record(request.user, "absences.exported", term, at=now, children=n, standing=tab)
    return workbook(content, _("%(term)s未找到的学生") % {"term": term})


@needs(*READERS)
def export_figures(request: SignedInRequest) -> HttpResponse:
    """The figures as a workbook."""
    term, now = term_of(request), timezone.now()
    content = absence_export.write_figures(term, by=request.user, at=now)
    actions.record(request.user, "absences.exported", term, at=now, figures=True)
    return workbook(content, _("%(term)s未找到的学生统计表") % {"term": term})


@require_POST
@needs(*COUNTY)
def take_over(request: SignedInRequest) -> HttpResponse:
    """Let last term's outcomes hold for the ticked children, or for all of the list as it is narrowed."""
    term = term_of(request)
    _form, rows, _tab = _narrowed(request, term)
    rows = absences.standing_so(rows, Standing.OPEN, Standing.SUSPECTED)
    if "all" not in request.POST:
        rows = rows.filter(pk__in=numbers(request, "absences"))
    done = absence_outcomes.take_over(rows, term, by=request.user, at=timezone.now())
    if done:
        messages.success(
            request, ngettext("已沿用上学期的 %(n)s 个结论。", "已沿用上学期的 %(n)s 个结论。", done) % {"n": done}
        )
    else:
        messages.warning(request, _("所选的孩子没有可以沿用的结论。"))
    query = request.GET.urlencode()
    return redirect(reverse("students:absences") + (f"?{query}" if query else ""))


@needs(*COUNTY)
def settle_several(request: SignedInRequest) -> HttpResponse:
    """Ask what was found out of the ticked children; when that page is sent, keep it of all who can have it."""
    term = term_of(request)
    mine = Absence.objects.visible_to(request.user).filter(term=term, pk__in=numbers(request, "absences"))
    form = BulkOutcomeForm(request.POST if "sure" in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            done, passed = absence_outcomes.settle_several(
                mine, term, **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            said = _("已记录 %(done)s 人。") % {"done": done}
            if passed:
                said += _("另有 %(passed)s 人已有结论或年龄不符，没有改动。") % {"passed": passed}
            messages.success(request, said)
            return redirect("students:absences")
    children = mine.filter(outcome="").select_related("person", "term").order_by("pk")
    lines = [(child, absences.age_of(child)) for child in children]
    return render(request, "students/absence_settle_several.html", {"form": form, "lines": lines})


@needs(*READERS)
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    """One child: what its list says, its household, where it may be, what was done and found out."""
    return _show(request, pk)


def _show(
    request: SignedInRequest, pk: int, forms: Mapping[str, Form] | None = None, *, name: str = ""
) -> HttpResponse:
    absence = _found(request, pk)
    age, run = absences.age_of(absence), absence_evidence.run_of(absence)
    standing = Standing(absence.standing)  # type: ignore[attr-defined]
    return render(
        request,
        "students/absence.html",
        {
            "absence": absence,
            "person": absence.person,
            "age": age,
            "standing": standing,
            "tone": TONES[standing],
            "expectation": Expectation(absence.expectation),  # type: ignore[attr-defined]
            "household": absence_evidence.household(absence, run),
            "last": absence_evidence.last_school(absence),
            "earlier": absence_evidence.earlier(absence),
            "namesakes": absence_evidence.namesakes(absence, run, name),
            "suspicions": absence_evidence.suspicions(absence, run),
            "wanted": name,
            "letters": absence_evidence.letters(absence),
            "steps": absence.steps.select_related("by").order_by("-pk"),
            "proposal": absence_outcomes.proposals([absence], absence.term).get(absence.key),
            "is_other_record": absence.outcome == Outcome.OTHER_RECORD,
            "step_form": StepForm(),
            "outcome_form": OutcomeForm(age=age),
            "same_form": SameForm(),
            "name_form": NameForm(),
            "purposes": Purpose.choices,
            "may_act": request.user.is_county,
            "may_reveal": disclosure.may_reveal(request.user),
            "number": "",
            **(forms or {}),
        },
    )


def _found(request: SignedInRequest, pk: int) -> Absence:
    """With where its search stands, in the term to which it belongs."""
    row = get_object_or_404(Absence.objects.visible_to(request.user).select_related("term"), pk=pk)
    rows: QuerySet[Absence] = absences.looked_at(Absence.objects.filter(pk=pk), row.term)
    return rows.select_related("term", "person__category", "person__snapshot__source", "decided_by").get()


def _told(
    request: SignedInRequest, pk: int, done: str, act: Callable[[], object], name: str, form: Form
) -> HttpResponse:
    """Say how an act went; a refusal stands in the form, with what was typed."""
    try:
        act()
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _show(request, pk, {name: form})
    messages.success(request, done)
    return redirect("students:absence", pk)


@require_POST
@needs(*COUNTY)
def step(request: SignedInRequest, pk: int) -> HttpResponse:
    """Keep what somebody did to find the child."""
    absence, form = _found(request, pk), StepForm(request.POST)
    if not form.is_valid():
        return _show(request, pk, {"step_form": form})
    act = partial(absence_outcomes.note, absence, **form.cleaned_data, by=request.user, at=timezone.now())
    return _told(request, pk, _("已记录查找经过。"), act, "step_form", form)


@require_POST
@needs(*COUNTY)
def settle(request: SignedInRequest, pk: int) -> HttpResponse:
    """Keep what was found out."""
    absence = _found(request, pk)
    form = OutcomeForm(request.POST, age=absences.age_of(absence))
    if not form.is_valid():
        return _show(request, pk, {"outcome_form": form})
    act = partial(absence_outcomes.settle, absence, **form.cleaned_data, by=request.user, at=timezone.now())
    return _told(request, pk, _("已记录查找结果。"), act, "outcome_form", form)


@require_POST
@needs(*COUNTY)
def undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take an outcome back; the child is looked for again."""
    absence = _found(request, pk)
    with telling(request, _("已撤销结论，继续查找。")):
        absence_outcomes.undo(absence, by=request.user, at=timezone.now())
    return redirect(absence)


@sensitive_post_parameters("find-name")
@require_POST
@needs(*COUNTY)
def find(request: SignedInRequest, pk: int) -> HttpResponse:
    """Students of the term under another name."""
    form = NameForm(request.POST)
    name = form.cleaned_data["name"] if form.is_valid() else ""
    return _show(request, pk, {"name_form": form}, name=name)


@require_POST
@needs(*COUNTY)
def same(request: SignedInRequest, pk: int) -> HttpResponse:
    """The child is a student of the county under other details."""
    absence, form = _found(request, pk), SameForm(request.POST)
    if not form.is_valid():
        return _show(request, pk, {"same_form": form})
    here = Enrollment.objects.visible_to(request.user).here().filter(term=absence.term)
    enrollment = get_object_or_404(here.select_related("student"), pk=form.cleaned_data["enrollment"])
    words = form.cleaned_data["words"]
    act = partial(absence_outcomes.is_the_same, absence, enrollment, words=words, by=request.user, at=timezone.now())
    return _told(request, pk, _("已确认是同一名学生，困难情形随之记入。"), act, "same_form", form)


@needs(*COUNTY)
def reveal(request: SignedInRequest, pk: int) -> HttpResponse:
    """The masked number and phone; after a POST with a purpose, once, the whole ones."""
    absence = _found(request, pk)
    purpose = chosen_purpose(request)
    is_whole = purpose is not None
    if purpose is not None:
        absence_outcomes.reveal(absence, purpose=purpose, by=request.user, at=timezone.now())
    template = "students/_absence_number.html" if request.htmx else "students/absence_number.html"
    context = {"absence": absence, "person": absence.person, "is_whole": is_whole, "purposes": Purpose.choices}
    return render(request, template, {**context, "may_reveal": True})


def chosen_purpose(request: HttpRequest) -> Purpose | None:
    """What somebody wants to see the number for, if the request says it."""
    asked = request.POST.get("purpose", "")
    return Purpose(asked) if asked in Purpose.values else None
