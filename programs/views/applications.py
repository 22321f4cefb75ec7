"""What families hand in within a round: who is entered, each application, the forms to sign on paper."""

from django.contrib import messages
from django.db.models import Prefetch
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling, tried
from common.forms import numbers
from common.moves import Refused
from common.pages import chosen, page_of, render_list, tabs_of
from programs import applications, rounds
from programs.choices import ROUND_ENDS, ApplicationState, RecognitionListState, RoundState
from programs.models import Application, Recognition
from programs.round_forms import ApplicationForm, AttachForm, ChildFilter, EnterForm, RoundObjectionForm
from programs.views.rounds import found_round
from students.models import Enrollment, EnrollmentQuerySet, Hardship

BLANK_FORMS = 5
MOST_FORMS = 200


@needs(*COUNTY_AND_SCHOOL)
def children(request: SignedInRequest, pk: int) -> HttpResponse:
    """The school's children, to be ticked: whose paper application is there."""
    round = found_round(request, pk)
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
    round = found_round(request, pk)
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
    round = found_round(request, pk)
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
        "may_attach": may_act and found.round.state not in ROUND_ENDS,
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
        paper, title = form.cleaned_data["file"], form.cleaned_data["title"]
        done = paper and tried(
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


@needs(*COUNTY_AND_SCHOOL)
def forms(request: SignedInRequest, pk: int) -> HttpResponse:
    """Application forms on A4: of the ticked children, of a class, or blank ones."""
    round = found_round(request, pk)
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
