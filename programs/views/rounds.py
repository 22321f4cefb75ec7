"""Recognition step by step: the rounds of a term, one round with its children, its publicity and its end."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common import workdays
from common.acts import telling, tried
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, Role
from programs import rechecks, round_progress, rounds
from programs.choices import ROUND_ENDS, ApplicationState, RoundKind, RoundState
from programs.forms import PutUpForm, ReasonForm
from programs.models import Recheck, RecognitionRound
from programs.round_forms import BeginForm, ChildFilter, CloseForm, RoundFilter
from schools.models import School, Term
from students.models import Enrollment

STEP_OF = {
    RoundState.OPEN: 1,
    RoundState.REVIEWED: 2,
    RoundState.PUBLISHED: 2,
    RoundState.CLOSED: 3,
    RoundState.RECORDED: 4,
    RoundState.ABANDONED: 4,
}
NOT_BEGUN = "none"


# --- The term's rounds


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    """The term's rounds by state, and the schools that have not begun."""
    form = RoundFilter(request.GET)
    rows = form.narrow(RecognitionRound.objects.visible_to(request.user).filter(term=request.term))
    counts = counts_by(rows, "state")
    choices: list[tuple[str, Any]] = list(RoundState.choices)
    waiting = School.objects.none()
    if request.user.role != Role.SCHOOL and request.term is not None:
        waiting = round_progress.not_begun(request.term, form.narrow_schools(School.objects.visible_to(request.user)))
        counts[NOT_BEGUN] = waiting.count()
        choices.append((NOT_BEGUN, _("未开始")))
    tab = chosen(request, "tab", [key for key, _label in choices])
    begun = sum(n for state, n in counts.items() if state != NOT_BEGUN)
    if tab == NOT_BEGUN:
        page = page_of(request, waiting.for_list(), count=counts[NOT_BEGUN])
    else:
        if tab:
            rows = rows.filter(state=tab)
        rows = rows.for_list().annotate(
            people=Count("applications", filter=~Q(applications__state=ApplicationState.WITHDRAWN))
        )
        page = page_of(request, rows, count=counts.get(tab, 0) if tab else begun)
    everything, *tabs = tabs_of(request, choices, counts)
    context = {
        "form": form,
        "tabs": [replace(everything, count=begun), *tabs],
        "is_waiting": tab == NOT_BEGUN,
        "page": page,
        "may_begin": request.user.role in COUNTY_AND_SCHOOL and request.term is not None,
    }
    return render_list(request, "programs/rounds.html", part="programs/_rounds.html", context=context)


@needs(*COUNTY_AND_SCHOOL)
def begin(request: SignedInRequest) -> HttpResponse:
    """Say how the families were told, and begin."""
    if request.term is None:
        raise Http404
    term: Term = request.term
    schools = School.objects.visible_to(request.user).filter(is_active=True)
    own = request.user.school
    initial: dict[str, Any] = {"school": request.GET.get("school", "")}
    if own is not None:
        initial["kind"] = rounds.kind_of_next(own, request.term)
    form = BeginForm(request.POST or None, schools=schools, own=own, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("kind", "told_on", "told_how")}
        begun = tried(
            form,
            lambda: rounds.begin(school=form.whose, term=term, by=request.user, at=timezone.now(), **said),
        )
        if begun is not None:
            messages.success(request, _("认定已经开始，接着录入申请。"))
            return redirect(begun)
    return render(request, "programs/round_begin.html", {"form": form, "schools": schools.for_list()})


# --- One round


def found_round(request: SignedInRequest, pk: int) -> RecognitionRound:
    mine = RecognitionRound.objects.visible_to(request.user).for_list()
    found: RecognitionRound = get_object_or_404(
        mine.select_related("reviewed_by", "recorded_by", "begun_by", "abandoned_by"), pk=pk
    )
    return found


@needs(*READERS_AND_SCHOOL)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    """Where a round stands, what is next, and its children."""
    round = found_round(request, pk)
    groups = round_progress.classes(round)
    places = [(group.grade, group.class_name) for group in groups]
    form = ChildFilter(request.GET, places=places, way="enrollment__")
    rows = form.narrow(round.applications.all())
    counts = counts_by(rows, "state")
    states = counts_by(round.applications.all(), "state") if form.is_narrowed else counts
    tab = chosen(request, "tab", ApplicationState.values)
    if tab:
        rows = rows.filter(state=tab)
    today = timezone.localdate()
    may_act = request.user.role in COUNTY_AND_SCHOOL
    is_over = round.is_over(today)
    context = {
        "round": round,
        "step": STEP_OF[RoundState(round.state)],
        "form": form,
        "tabs": tabs_of(request, ApplicationState.choices, counts),
        "page": page_of(
            request,
            rows.select_related("student", "enrollment").order_by(*_PLACE, "student__name_key", "pk"),
            count=counts.get(tab, 0) if tab else sum(counts.values()),
        ),
        "classes": groups,
        "carried": states.get(ApplicationState.CARRIED, 0),
        "applied": states.get(ApplicationState.APPLIED, 0),
        "class_reviewed": states.get(ApplicationState.CLASS_REVIEWED, 0),
        "decided": states.get(ApplicationState.DECIDED, 0),
        "entered": sum(states.get(state, 0) for state in _ENTERED),
        "live": sum(n for state, n in states.items() if state != ApplicationState.WITHDRAWN),
        "objected": round.state == RoundState.PUBLISHED and bool(round.public_result),
        "meetings": list(round.meetings.select_related("minutes_file", "noted_by")),
        "panel": round.panel,
        "by_fact": rounds.by_fact(round).values("student").distinct().count(),
        "findings": _findings(round),
        "is_over": is_over,
        "least_days": settings.PUBLICITY_WORKING_DAYS,
        "days_left": workdays.count(today, round.public_to) if round.public_to and not is_over else 0,
        "may_act": may_act,
        "may_withdraw": may_act and round.state in (RoundState.OPEN, RoundState.PUBLISHED),
        "may_abandon": request.user.role in COUNTY and round.state not in ROUND_ENDS,
        "may_record": request.user.role in COUNTY and round.state == RoundState.CLOSED,
        "is_own": request.user.pk == round.reviewed_by_id,
        "list": getattr(round, "list", None),
    }
    return render_list(request, "programs/round.html", part="programs/_round_applications.html", context=context)


_ENTERED = (ApplicationState.APPLIED, ApplicationState.CLASS_REVIEWED, ApplicationState.DECIDED)
_PLACE = ("enrollment__stage__position", "enrollment__grade_no", "enrollment__class_name")


def _findings(round: RecognitionRound) -> list[Recheck]:
    """What re-checks found against the list, for a round of changes to take up."""
    if round.kind != RoundKind.CHANGE or round.state in ROUND_ENDS:
        return []
    mine = Recheck.objects.filter(school=round.school_id)
    lines = rechecks.of_school_year(mine, round.term)
    return list(rechecks.to_take_up(lines, round.term).for_list())


@needs(*READERS_AND_SCHOOL)
def facts(request: SignedInRequest, pk: int) -> HttpResponse:
    """The school's children whom other offices list: recognized by fact, without an application."""
    round = found_round(request, pk)
    here = Enrollment.objects.filter(school=round.school, term=round.term)
    rows = rounds.by_fact(round).select_related("student", "category")
    rows = rows.prefetch_related(Prefetch("student__enrollments", here, "places"))
    page = page_of(request, rows.order_by("student__name_key", "student", "category__priority", "pk"))
    context = {"round": round, "page": page, "form": None}
    return render_list(request, "programs/round_facts.html", part="programs/_round_facts.html", context=context)


# --- Paper


@needs(*READERS_AND_SCHOOL)
def sheet(request: SignedInRequest, pk: int) -> HttpResponse:
    """The paper for the school's board, with room for the seal; nobody's name once its days are over."""
    round = found_round(request, pk)
    today = timezone.localdate()
    context = {
        "round": round,
        "rows": rounds.shown(round, on=today),
        "is_over": round.is_over(today),
        "county": settings.COUNTY_NAME,
        "phone": settings.COMPLAINT_PHONE,
    }
    return render(request, "programs/round_print.html", context)


# --- Publicity and record


@needs(*COUNTY_AND_SCHOOL)
def publish(request: SignedInRequest, pk: int) -> HttpResponse:
    return _ask_first(
        request,
        pk,
        PutUpForm,
        rounds.publish,
        done=_("公示已经开始，请打印公示表张贴。"),
        title=_("公示认定结果"),
        verb=_("开始公示"),
        sub=_("公示只含姓名、年级、班级和认定等级；未满规定的工作日不能结束。"),
    )


@needs(*COUNTY_AND_SCHOOL)
def close(request: SignedInRequest, pk: int) -> HttpResponse:
    return _ask_first(
        request,
        pk,
        CloseForm,
        rounds.close,
        done=_("公示结果已记录，等县资助中心备案。"),
        title=_("结束公示"),
        verb=_("结束公示"),
        sub=_("公示满期后写明结果，撤下公示表，报县资助中心备案。"),
    )


@needs(*COUNTY_AND_SCHOOL)
def reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    return _ask_first(
        request,
        pk,
        ReasonForm,
        rounds.reopen,
        done=_("已撤回，改好以后重新完成评议和公示。"),
        title=_("撤回评议"),
        verb=_("撤回评议"),
        sub=_("发现评议有误时使用。撤回后要重新完成评议，公示从头算起。"),
        danger=True,
    )


@needs(*COUNTY)
def send_back(request: SignedInRequest, pk: int) -> HttpResponse:
    return _ask_first(
        request,
        pk,
        ReasonForm,
        rounds.send_back,
        done=_("已退回学校。"),
        title=_("退回学校"),
        verb=_("退回学校"),
        sub=_("学校改正后要重新完成评议和公示，再报备案。"),
        danger=True,
    )


@needs(*COUNTY)
def abandon(request: SignedInRequest, pk: int) -> HttpResponse:
    return _ask_first(
        request,
        pk,
        ReasonForm,
        rounds.abandon,
        done=_("这次认定已终止，申请保留在记录里，学校可以重新开始。"),
        title=_("终止这次认定"),
        verb=_("终止认定"),
        sub=_("办不完的认定由县资助中心终止：不产生认定名单，申请和会议记录保留，学校可以重新开始。不能撤销。"),
        danger=True,
    )


def _ask_first(
    request: SignedInRequest,
    pk: int,
    form_class: type[Form],
    act: Callable[..., None],
    *,
    done: str,
    title: str,
    verb: str,
    sub: str,
    danger: bool = False,
) -> HttpResponse:
    """The page of a step that wants words or days, and the step."""
    round = found_round(request, pk)
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, done):
            act(round, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(round)
    context = {"round": round, "form": form, "title": title, "verb": verb, "sub": sub, "danger": danger}
    return render(request, "programs/round_act.html", context)


@require_POST
@needs(*COUNTY)
def record(request: SignedInRequest, pk: int) -> HttpResponse:
    round = found_round(request, pk)
    with telling(request, _("已备案，成为该校现行认定名单。")):
        rounds.record(round, by=request.user, at=timezone.now())
    return redirect(round)
