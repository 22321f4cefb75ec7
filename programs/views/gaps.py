"""Entitled but not aided, aided but not entitled: the two lists, a school's answers, the county's word on them."""

from collections.abc import Callable, Collection
from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts import actions
from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling
from common.downloads import workbook
from common.forms import number_of
from common.pages import chosen, page_of, render_list, tabs_of
from common.roles import COUNTY, READERS, Role
from programs import gap_answers, gap_lists
from programs import gaps as definition
from programs.choices import NOT_MISSED, Gap, GapState
from programs.gap_answers import Answers, NoLines
from programs.gap_forms import GapAnswerForm, GapFilter, GapSendBackForm
from programs.gaps import Line
from schools.choices import TermState
from schools.models import School, Term
from students.models import Enrollment

PROGRAMS, SCHOOLS = "programs", "schools"
_ORDER: dict[str, Callable[[Line], tuple[object, ...]]] = {
    "school": lambda line: line.place,
    "days": lambda line: (-line.since_on.toordinal(), *line.place),
}


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    """Both lists, and their figures by program and by school."""
    term, tab = _term(request), _tab(request)
    form, lines, answers = _look(request, term)
    context = {
        "form": form,
        "term": term,
        "tab": tab,
        "states": GapState.labels,
        "may_answer": request.user.role == Role.SCHOOL and term.state == TermState.OPEN,
        "may_decide": request.user.is_county,
        "may_answer_for_schools": request.user.is_county and term.state == TermState.OPEN,
        "to_add": 0,
    }
    counts = dict.fromkeys(Gap.values, 0)
    for line in lines:
        if tab in Gap.values or line.gap is Gap.MISTAKEN or answers.state(line) not in NOT_MISSED:
            counts[line.gap] += 1
    figures = [(PROGRAMS, _("按项目")), *([(SCHOOLS, _("按学校"))] if request.user.reads_all else [])]
    tabs = tabs_of(request, [*Gap.choices, *figures])[1:]
    context["tabs"] = [replace(each, count=counts.get(each.key), is_current=each.key == tab) for each in tabs]
    if tab in Gap.values:
        ours = sorted((line for line in lines if line.gap == tab), key=_order(request))
        if request.user.is_county:
            context["to_add"] = sum(line.gap is Gap.MISSED and answers.state(line) is GapState.TO_ADD for line in ours)
        page = page_of(request, ours)
        page.object_list = gap_lists.shown(list(page), term, answers, today=timezone.localdate())
    else:
        summarize = gap_lists.by_school if tab == SCHOOLS else gap_lists.by_program
        page = page_of(request, summarize(lines, answers))
    context["page"] = page
    return render_list(request, "programs/gaps.html", part="programs/_gaps.html", context=context)


def _tab(request: SignedInRequest) -> str:
    """The first list is what one sees without asking."""
    figures = [PROGRAMS, *([SCHOOLS] if request.user.reads_all else [])]
    return chosen(request, "tab", [*Gap.values, *figures]) or Gap.MISSED.value


def _look(request: SignedInRequest, term: Term) -> tuple[GapFilter, list[Line], Answers]:
    """The lines that the address asks for; of a school or a town only those schools are looked at."""
    tab = _tab(request)
    gap = Gap(tab) if tab in Gap.values else None
    form = GapFilter(request.GET, gap=gap, is_school=request.user.role == Role.SCHOOL)
    schools = form.schools(School.objects.visible_to(request.user))
    answers = Answers(term, schools=schools)
    return form, [line for line in definition.find(term, schools=schools) if form.keeps(line, answers)], answers


def _order(request: SignedInRequest) -> Callable[[Line], tuple[object, ...]]:
    """As the address asks: by school and class, or the oldest first; the same for equal ones every time."""
    asked = request.GET.get("sort", "")
    key = _ORDER.get(asked.lstrip("-"), _ORDER["school"])
    if asked == "-days":
        return lambda line: (line.since_on.toordinal(), *line.place, line.enrollment, line.program)
    return lambda line: (*key(line), line.enrollment, line.program)


@needs(*READERS)
def figures(request: SignedInRequest) -> HttpResponse:
    """The county's two figures, for the home page, which does not wait for them."""
    context = {"gaps": gap_answers.figures(_term(request))}
    return render(request, "programs/_gap_figures.html", context)


@needs(*READERS_AND_SCHOOL)
def export(request: SignedInRequest) -> HttpResponse:
    """One of the lists, as it is narrowed, as a workbook."""
    term, now, tab = _term(request), timezone.now(), _tab(request)
    gap = Gap(tab) if tab in Gap.values else Gap.MISSED
    _form, lines, answers = _look(request, term)
    ours = sorted((line for line in lines if line.gap is gap), key=_order(request))
    content = gap_lists.write(ours, gap, term, answers, by=request.user, at=now)
    actions.record(request.user, "gaps.exported", term, at=now, list=gap.value, rows=len(ours))
    return workbook(content, _("%(term)s%(list)s清单") % {"term": term, "list": gap.label})


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def answer(request: SignedInRequest) -> HttpResponse:
    """Ask why the ticked children have no aid; when that page is sent, keep the answer, for the school if need be."""
    term = _term(request)
    lines = _ticked(request, term)
    form = GapAnswerForm(request.POST if "sure" in request.POST else None)
    if lines and not ("sure" in request.POST and form.is_valid()):
        return _asked(request, "programs/gap_answer.html", form, lines, term)
    with telling(request, ngettext("已答复 %(n)s 条。", "已答复 %(n)s 条。", len(lines)) % {"n": len(lines)}):
        _refuse_none(lines)
        gap_answers.answer(lines, term=term, **form.cleaned_data, by=request.user, at=timezone.now())
    return redirect("programs:gaps")


@require_POST
@needs(*COUNTY)
def accept(request: SignedInRequest) -> HttpResponse:
    """Accept the ticked answers."""
    term = _term(request)
    lines = _ticked(request, term)
    try:
        _refuse_none(lines)
        done = gap_answers.accept(lines, term=term, by=request.user, at=timezone.now())
    except NoLines as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("已认可 %(done)s / %(all)s 条答复。") % {"done": done, "all": len(lines)})
    return redirect(_back())


@require_POST
@needs(*COUNTY)
def send_back(request: SignedInRequest) -> HttpResponse:
    """Ask why the ticked answers go back; when that page is sent, send them back."""
    term = _term(request)
    lines = _ticked(request, term)
    form = GapSendBackForm(request.POST if "sure" in request.POST else None)
    if lines and not ("sure" in request.POST and form.is_valid()):
        return _asked(request, "programs/gap_send_back.html", form, lines, term)
    with telling(request, _("已退回学校，学校会看到原因。")):
        _refuse_none(lines)
        gap_answers.send_back(lines, term=term, **form.cleaned_data, by=request.user, at=timezone.now())
    return redirect(_back())


def _refuse_none(lines: Collection[Line]) -> None:
    if not lines:
        raise NoLines()


def _asked(
    request: SignedInRequest, template: str, form: GapAnswerForm | GapSendBackForm, lines: list[Line], term: Term
) -> HttpResponse:
    schools = {line.school for line in lines}
    rows = gap_lists.shown(lines, term, Answers(term, schools=schools), today=timezone.localdate())
    context = {"form": form, "rows": rows, "term": term, "keys": ",".join(line.key for line in lines)}
    return render(request, template, context)


def _ticked(request: SignedInRequest, term: Term) -> list[Line]:
    """The lines that the form names, as far as they are still there; one that has its own button comes alone."""
    keys = set(",".join(request.POST.getlist("one") or request.POST.getlist("ids")).split(","))
    named = [number for key in keys if (number := number_of(key.partition(":")[0])) is not None]
    mine = Enrollment.objects.visible_to(request.user).filter(term=term, pk__in=named)
    schools = set(mine.order_by().values_list("school", flat=True))
    found = definition.find(term, schools=schools) if schools else ()
    return sorted((line for line in found if line.gap is Gap.MISSED and line.key in keys), key=_order(request))


def _back() -> str:
    return f"{reverse('programs:gaps')}?state={GapState.WAITING}"


def _term(request: SignedInRequest) -> Term:
    if request.term is None:
        raise Http404
    return request.term
