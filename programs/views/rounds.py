"""Recognition step by step: the rounds of a term, one round with its children, and each step of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common import workdays
from common.acts import telling
from common.forms import numbers
from common.moves import Refused
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY, Role
from programs import applications, rechecks, rounds
from programs.applications import Proposal, Vote
from programs.choices import ApplicationState, RecognitionListState, RoundKind, RoundState
from programs.forms import PutUpForm, ReasonForm
from programs.models import Application, Recheck, Recognition, RecognitionRound
from programs.round_forms import (
    ApplicationForm,
    AttachForm,
    BeginForm,
    ChildFilter,
    CloseForm,
    EnterForm,
    PanelForm,
    ProposalForm,
    RoundFilter,
    RoundObjectionForm,
    VoteForm,
    brought,
)
from schools.models import School, Term
from students.models import Enrollment, EnrollmentQuerySet, Hardship

STEP_OF = {
    RoundState.OPEN: 1,
    RoundState.REVIEWED: 2,
    RoundState.PUBLISHED: 2,
    RoundState.CLOSED: 3,
    RoundState.RECORDED: 4,
}
BLANK_FORMS = 5
MOST_FORMS = 200
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
        waiting = rounds.not_begun(request.term, form.narrow_schools(School.objects.visible_to(request.user)))
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
        begun = _try(
            form,
            lambda: rounds.begin(school=form.whose, term=term, by=request.user, at=timezone.now(), **said),
        )
        if begun is not None:
            messages.success(request, _("认定已经开始，接着录入申请。"))
            return redirect(begun)
    return render(request, "programs/round_begin.html", {"form": form, "schools": schools.for_list()})


Result = TypeVar("Result")


def _try(form: Form, act: Callable[[], Result]) -> Result | None:
    """Do it, or say on the form why not."""
    try:
        return act()
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None


# --- One round


def _found(request: SignedInRequest, pk: int) -> RecognitionRound:
    mine = RecognitionRound.objects.visible_to(request.user).for_list()
    found: RecognitionRound = get_object_or_404(mine.select_related("reviewed_by", "recorded_by", "begun_by"), pk=pk)
    return found


@needs(*READERS_AND_SCHOOL)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    """Where a round stands, what is next, and its children."""
    round = _found(request, pk)
    groups = rounds.classes(round)
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
    is_over = round.public_to is not None and today > round.public_to
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
        "by_fact": rounds.by_fact(round).values("student").distinct().count(),
        "findings": _findings(round),
        "is_over": is_over,
        "least_days": settings.PUBLICITY_WORKING_DAYS,
        "days_left": workdays.count(today, round.public_to) if round.public_to and not is_over else 0,
        "may_act": may_act,
        "may_withdraw": may_act and round.state in (RoundState.OPEN, RoundState.PUBLISHED),
        "may_record": request.user.role in COUNTY and round.state == RoundState.CLOSED,
        "is_own": request.user.pk == round.reviewed_by_id,
        "list": getattr(round, "list", None),
    }
    return render_list(request, "programs/round.html", part="programs/_round_applications.html", context=context)


_ENTERED = (ApplicationState.APPLIED, ApplicationState.CLASS_REVIEWED, ApplicationState.DECIDED)
_PLACE = ("enrollment__stage__position", "enrollment__grade_no", "enrollment__class_name")


def _findings(round: RecognitionRound) -> list[Recheck]:
    """What re-checks found against the list, for a round of changes to take up."""
    if round.kind != RoundKind.CHANGE or round.state == RoundState.RECORDED:
        return []
    mine = Recheck.objects.filter(school=round.school_id)
    lines = rechecks.of_school_year(mine, round.term)
    return list(rechecks.to_take_up(lines, round.term).for_list())


@needs(*READERS_AND_SCHOOL)
def facts(request: SignedInRequest, pk: int) -> HttpResponse:
    """The school's children whom other offices list: recognized by fact, without an application."""
    round = _found(request, pk)
    here = Enrollment.objects.filter(school=round.school, term=round.term)
    rows = rounds.by_fact(round).select_related("student", "category")
    rows = rows.prefetch_related(Prefetch("student__enrollments", here, "places"))
    page = page_of(request, rows.order_by("student__name_key", "student", "category__priority", "pk"))
    context = {"round": round, "page": page, "form": None}
    return render_list(request, "programs/round_facts.html", part="programs/_round_facts.html", context=context)


# --- Applications


@needs(*COUNTY_AND_SCHOOL)
def children(request: SignedInRequest, pk: int) -> HttpResponse:
    """The school's children, to be ticked: whose paper application is there."""
    round = _found(request, pk)
    everybody = rounds.children(round)
    form = ChildFilter(request.GET, places=_places(everybody))
    rows = form.narrow(everybody)
    live = round.applications.exclude(state=ApplicationState.WITHDRAWN)
    carried = live.filter(state=ApplicationState.CARRIED).values("student")
    parts = {
        "carried": rows.filter(student__in=carried),
        "none": rows.exclude(student__in=live.values("student")),
        "entered": rows.filter(student__in=live.exclude(state=ApplicationState.CARRIED).values("student")),
    }
    labels = [("carried", _("结转待确认")), ("none", _("未录入")), ("entered", _("已录入"))]
    counts = {key: part.count() for key, part in parts.items()}
    tab = chosen(request, "tab", parts)
    held = Recognition.objects.filter(
        list__school=round.school, list__term=round.term, list__state=RecognitionListState.IN_FORCE
    )
    shown = (parts[tab] if tab else rows).select_related("student", "stage")
    shown = shown.prefetch_related(
        Prefetch("student__applications", round.applications.all(), "in_round"),
        Prefetch("student__hardships", Hardship.objects.in_force(round.term).select_related("category"), "facts"),
        Prefetch("student__recognitions", held, "held"),
    )
    context = {
        "round": round,
        "form": form,
        "tabs": tabs_of(request, labels, counts),
        "page": page_of(
            request, shown.order_by(*_BY_CLASS), count=counts[tab] if tab else sum(counts.values()), sizes=(50, 100)
        ),
        "is_open": round.state == RoundState.OPEN,
        "today": timezone.localdate(),
    }
    return render_list(request, "programs/round_children.html", part="programs/_round_children.html", context=context)


_BY_CLASS = ("stage__position", "grade_no", "grade", "class_name", "student__name_key", "pk")


def _places(everybody: EnrollmentQuerySet) -> list[tuple[str, str]]:
    """The classes of these children as (grade, class), in the order of the school."""
    classes = everybody.order_by(*_BY_CLASS[:4]).values_list("grade", "class_name")
    return list(classes.distinct())


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def enter(request: SignedInRequest, pk: int) -> HttpResponse:
    """Enter the ticked children's applications, or put them forward as poor no longer."""
    round = _found(request, pk)
    ticked = rounds.children(round).filter(pk__in=numbers(request, "children"))
    now = timezone.now()
    form = EnterForm(request.POST)
    try:
        if "not_poor" in request.POST:
            done = applications.put_forward_as_not_poor(round, ticked, by=request.user, at=now)
        else:
            form.is_valid()
            day = form.cleaned_data.get("applied_on") or timezone.localdate(now)
            signed = form.cleaned_data.get("promise_signed", False)
            done = applications.enter(round, ticked, applied_on=day, promise_signed=signed, by=request.user, at=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, ngettext("已录入 %(n)s 人。", "已录入 %(n)s 人。", done) % {"n": done})
    query = request.GET.urlencode()
    return redirect(reverse("programs:round-children", args=[pk]) + (f"?{query}" if query else ""))


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take the ticked applications back."""
    round = _found(request, pk)
    with telling(request, _("已撤回所选的申请。")):
        applications.withdraw(round, numbers(request, "applications"), by=request.user, at=timezone.now())
    return redirect(round)


@needs(*READERS_AND_SCHOOL)
def application(request: SignedInRequest, pk: int) -> HttpResponse:
    """One family's application: what it writes, what it adds, what class and school found."""
    found = _application(request, pk)
    return _show_application(request, found)


def _application(request: SignedInRequest, pk: int) -> Application:
    mine = Application.objects.visible_to(request.user).select_related(
        "student", "enrollment", "round__school__town", "round__term", "entered_by"
    )
    found: Application = get_object_or_404(mine, pk=pk)
    return found


def _show_application(
    request: SignedInRequest, found: Application, form: Form | None = None, attach: Form | None = None
) -> HttpResponse:
    may_act = request.user.role in COUNTY_AND_SCHOOL
    is_open = found.round.state == RoundState.OPEN
    context = {
        "application": found,
        "round": found.round,
        "may_describe": may_act
        and is_open
        and (found.promise_signed or found.state == ApplicationState.CARRIED)
        and found.state not in (ApplicationState.WITHDRAWN, ApplicationState.DECIDED),
        "may_withdraw": may_act
        and found.round.state in (RoundState.OPEN, RoundState.PUBLISHED)
        and found.state != ApplicationState.WITHDRAWN,
        "may_attach": may_act and found.round.state != RoundState.RECORDED,
        "may_read_papers": may_act,
        "may_object": may_act and found.round.state == RoundState.PUBLISHED and found.state == ApplicationState.DECIDED,
        "form": form or ApplicationForm(initial={"words": found.words, "wished_level": found.wished_level}),
        "attach_form": attach or AttachForm(),
        "attachments": found.attachments.select_related("file", "added_by"),
        "facts": Hardship.objects.in_force(found.round.term).filter(student=found.student).select_related("category"),
    }
    return render(request, "programs/application.html", context)


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def describe(request: SignedInRequest, pk: int) -> HttpResponse:
    """Keep what the family writes of itself."""
    found = _application(request, pk)
    form = ApplicationForm(request.POST)
    if not form.is_valid():
        return _show_application(request, found, form=form)
    with telling(request, _("已保存。")):
        applications.describe(found, **form.cleaned_data, by=request.user, at=timezone.now())
    return redirect("programs:application", pk)


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def attach(request: SignedInRequest, pk: int) -> HttpResponse:
    """Keep a paper that the family adds."""
    found = _application(request, pk)
    form = AttachForm(request.POST, request.FILES)
    if form.is_valid():
        paper, title = brought(form.cleaned_data["file"]), form.cleaned_data["title"]
        done = paper and _try(
            form, lambda: applications.attach(found, paper, title=title, by=request.user, at=timezone.now())
        )
        if done:
            messages.success(request, _("材料已保存。"))
            return redirect("programs:application", pk)
    return _show_application(request, found, attach=form)


@needs(*COUNTY_AND_SCHOOL)
def object_to(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a word against one child of the board."""
    found = _application(request, pk)
    form = RoundObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("异议已记录，请评议组复核这名学生，然后重新公示。")):
            applications.object_to(found, words=form.cleaned_data["words"], by=request.user, at=timezone.now())
        return redirect(found.round)
    return render(request, "programs/round_objection.html", {"application": found, "round": found.round, "form": form})


# --- Paper


@needs(*COUNTY_AND_SCHOOL)
def forms(request: SignedInRequest, pk: int) -> HttpResponse:
    """Application forms on A4: of the ticked children, of a class, or blank ones."""
    round = _found(request, pk)
    everybody = rounds.children(round)
    form = ChildFilter(request.GET, places=_places(everybody))
    rows = Enrollment.objects.none()
    if ticked := numbers(request, "children"):
        rows = everybody.filter(pk__in=ticked)
    elif form.wanted("place"):
        rows = form.narrow(everybody)
    papers = list(rows.select_related("student").order_by(*_BY_CLASS)[:MOST_FORMS])
    context = {"round": round, "papers": papers, "blank": range(0 if papers else BLANK_FORMS)}
    return render(request, "programs/round_forms_print.html", context)


@needs(*READERS_AND_SCHOOL)
def sheet(request: SignedInRequest, pk: int) -> HttpResponse:
    """The paper for the school's board, with room for the seal; nobody's name once its days are over."""
    round = _found(request, pk)
    context = {
        "round": round,
        "rows": rounds.shown(round, on=timezone.localdate()),
        "county": settings.COUNTY_NAME,
        "phone": settings.COMPLAINT_PHONE,
    }
    return render(request, "programs/round_print.html", context)


# --- The reviews


@needs(*COUNTY_AND_SCHOOL)
def class_review(request: SignedInRequest, pk: int) -> HttpResponse:
    """The levels that a class proposes, all its children on one page."""
    round = _found(request, pk)
    rows, place = _class_of(request, round, ApplicationState.APPLIED)
    asked = [
        (row, _line_form(ProposalForm, request, row, level=row.class_level or row.wished_level, words=row.class_words))
        for row in rows.exclude(state=ApplicationState.CARRIED)
    ]
    refusal = ""
    if request.method == "POST" and _all_valid(asked):
        said = [
            Proposal(row.pk, form.cleaned_data["level"], form.cleaned_data["words"])
            for row, form in asked
            if form.cleaned_data["level"]
        ]
        try:
            applications.review_class(round, said, by=request.user, at=timezone.now())
        except Refused as refused:
            refusal = str(refused)
        else:
            messages.success(request, _("%(place)s的班级评议已保存。") % {"place": place})
            return redirect(request.get_full_path())
    return _show_class(request, round, "programs/round_class.html", asked, place, refusal)


@needs(*COUNTY_AND_SCHOOL)
def votes(request: SignedInRequest, pk: int) -> HttpResponse:
    """The panel's votes and levels, a class on one page."""
    round = _found(request, pk)
    rows, place = _class_of(request, round, ApplicationState.CLASS_REVIEWED)
    states = [ApplicationState.CLASS_REVIEWED]
    if round.state != RoundState.PUBLISHED:
        states.append(ApplicationState.DECIDED)
    present = len(round.panel_present)
    asked = [
        (
            row,
            _line_form(
                VoteForm,
                request,
                row,
                votes_for=present if row.votes_for is None else row.votes_for,
                votes_against=row.votes_against or 0,
                level=row.level or row.class_level,
                words=row.level_words if row.state == ApplicationState.DECIDED else "",
            ),
        )
        for row in rows.filter(state__in=states)
    ]
    refusal = ""
    if request.method == "POST" and _all_valid(asked):
        said = [
            Vote(
                row.pk,
                form.cleaned_data["level"],
                form.cleaned_data["votes_for"],
                form.cleaned_data["votes_against"],
                form.cleaned_data["words"],
            )
            for row, form in asked
            if form.cleaned_data["level"]
        ]
        try:
            applications.decide_class(round, said, by=request.user, at=timezone.now())
        except Refused as refused:
            refusal = str(refused)
        else:
            messages.success(request, _("%(place)s的评定结果已保存。") % {"place": place})
            return redirect(request.get_full_path())
    return _show_class(request, round, "programs/round_votes.html", asked, place, refusal)


def _class_of(request: SignedInRequest, round: RecognitionRound, wanted: ApplicationState) -> tuple[Any, str]:
    """The applications of the class that the address names, else of the first one that waits for this step."""
    groups = {group.name: group for group in rounds.classes(round)}
    place = chosen(request, "place", groups)
    if not place:
        waits = {ApplicationState.APPLIED: "to_review", ApplicationState.CLASS_REVIEWED: "reviewed"}[wanted]
        place = next((name for name, group in groups.items() if getattr(group, waits)), next(iter(groups), ""))
    rows = round.applications.exclude(state=ApplicationState.WITHDRAWN).select_related("student", "enrollment")
    if place:
        group = groups[place]
        rows = rows.filter(enrollment__grade=group.grade, enrollment__class_name=group.class_name)
    return rows.order_by("student__name_key", "pk"), place


LineForm = TypeVar("LineForm", ProposalForm, VoteForm)


def _line_form(kind: type[LineForm], request: SignedInRequest, row: Application, **initial: Any) -> LineForm:
    """The form of one line of the table, whose fields say by themselves whom they are about."""
    form = kind(request.POST or None, prefix=str(row.pk), initial=initial, use_required_attribute=False)
    for field in form.fields.values():
        field.widget.attrs["aria-label"] = f"{row.student.name} {field.label}"
    return form


def _all_valid(lines: list[tuple[Application, Any]]) -> bool:
    """Whether every line is right; all are looked at, so that all that is wrong is said at once."""
    return not [row for row, form in lines if not form.is_valid()]


def _show_class(
    request: SignedInRequest,
    round: RecognitionRound,
    template: str,
    lines: list[tuple[Application, Any]],
    place: str,
    refusal: str,
) -> HttpResponse:
    context = {
        "round": round,
        "classes": rounds.classes(round),
        "place": place,
        "lines": lines,
        "refusal": refusal,
        "is_wrong": any(form.errors for _row, form in lines),
    }
    return render(request, template, context)


@needs(*COUNTY_AND_SCHOOL)
def panel(request: SignedInRequest, pk: int) -> HttpResponse:
    """When the school's panel met, who was there, what was said."""
    round = _found(request, pk)
    initial = {
        "panel_on": round.panel_on,
        "present": "\n".join(f"{person['name']} {person['duty']}" for person in round.panel_present),
        "minutes": round.minutes,
    }
    form = PanelForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("panel_on", "present", "minutes")}
        scan = brought(form.cleaned_data["file"])

        def seat() -> bool:
            rounds.seat_panel(round, **said, scan=scan, by=request.user, at=timezone.now())
            return True

        if _try(form, seat):
            messages.success(request, _("评议会议已登记，接着填写每名学生的票数和等级。"))
            return redirect("programs:round-votes", pk)
    return render(request, "programs/round_panel.html", {"round": round, "form": form})


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def register_review(request: SignedInRequest, pk: int) -> HttpResponse:
    round = _found(request, pk)
    with telling(request, _("评议已完成，请公示。")):
        rounds.register_review(round, by=request.user, at=timezone.now())
    return redirect(round)


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
    round = _found(request, pk)
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
    round = _found(request, pk)
    with telling(request, _("已备案，成为该校现行认定名单。")):
        rounds.record(round, by=request.user, at=timezone.now())
    return redirect(round)
