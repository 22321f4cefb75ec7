"""The two reviews of a round: the levels that a class proposes, the panel's meetings and votes."""

from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, SignedInRequest, needs
from common.acts import telling, tried
from common.moves import Refused
from common.pages import chosen
from programs import applications, panels, round_progress, rounds
from programs.applications import Proposal, Vote
from programs.choices import ApplicationState, RoundState
from programs.models import Application, RecognitionRound
from programs.round_forms import PanelForm, ProposalForm, VoteForm
from programs.views.rounds import found_round


@needs(*COUNTY_AND_SCHOOL)
def class_review(request: SignedInRequest, pk: int) -> HttpResponse:
    """The levels that a class proposes, all its children on one page."""
    round = found_round(request, pk)
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
    round = found_round(request, pk)
    rows, place = _class_of(request, round, ApplicationState.CLASS_REVIEWED)
    states = [ApplicationState.CLASS_REVIEWED]
    if round.state != RoundState.PUBLISHED:
        states.append(ApplicationState.DECIDED)
    meeting = round.panel
    present = len(meeting.present) if meeting else 0
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
    groups = {group.name: group for group in round_progress.classes(round)}
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
        "classes": round_progress.classes(round),
        "place": place,
        "panel": round.panel,
        "meetings": round.meetings.count(),
        "lines": lines,
        "refusal": refusal,
        "is_wrong": any(form.errors for _row, form in lines),
    }
    return render(request, template, context)


@needs(*COUNTY_AND_SCHOOL)
def panel(request: SignedInRequest, pk: int) -> HttpResponse:
    """When the school's panel met, who was there, what was said."""
    round = found_round(request, pk)
    meeting = round.panel or round.meetings.last()
    initial: dict[str, Any] = {}
    if meeting is not None:
        initial["present"] = "\n".join(f"{person['name']} {person['duty']}" for person in meeting.present)
    if meeting is not None and meeting.published_at is None:
        initial |= {"held_on": meeting.held_on, "minutes": meeting.minutes}
    form = PanelForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("held_on", "present", "minutes")}
        scan = form.cleaned_data["file"]
        if tried(form, lambda: panels.seat(round, **said, scan=scan, by=request.user, at=timezone.now())):
            messages.success(request, _("评议会议已登记，接着填写每名学生的票数和等级。"))
            return redirect("programs:round-votes", pk)
    is_another = round.panel is None and meeting is not None
    return render(request, "programs/round_panel.html", {"round": round, "form": form, "is_another": is_another})


@require_POST
@needs(*COUNTY_AND_SCHOOL)
def register_review(request: SignedInRequest, pk: int) -> HttpResponse:
    round = found_round(request, pk)
    with telling(request, _("评议已完成，请公示。")):
        rounds.register_review(round, by=request.user, at=timezone.now())
    return redirect(round)
