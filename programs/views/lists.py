"""Award lists by school: the school's word, publicity, the county's second signature."""

from collections import Counter

from django.contrib import messages
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from accounts.models import User
from common.acts import telling
from common.forms import numbers
from common.pages import chosen, counts_by, page_of, render_list, sorted_by, tabs_of
from common.roles import COUNTY, Role
from programs import blockers, caps, exclusions, gap_answers, list_changes, lists, nominations, publicity, shares, terms
from programs.choices import AwardState, ListState
from programs.forms import ListFilter, PaperForm, PutUpForm, ReasonForm
from programs.models import Award, AwardList, AwardListQuerySet, Objection
from schools.models import Term

CHANGES_SHOWN = 200


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    form = ListFilter(request.GET)
    rows = form.narrow(AwardList.objects.visible_to(request.user).filter(term=request.term))
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", ListState.values)
    if tab:
        rows = rows.filter(state=tab)
    rows = sorted_by(request, rows.for_list(), {"school": "school__code", "people": "people", "amount": "amount_fen"})
    context = {
        "form": form,
        "tabs": tabs_of(request, ListState.choices, counts),
        "page": page_of(request, rows, count=counts.get(tab, 0) if tab else sum(counts.values())),
        "can_confirm": request.user.role == Role.APPROVER,
        "is_nominated": bool(nominations.programs(request.term)),
    }
    return render_list(request, "programs/lists.html", part="programs/_lists.html", context=context)


@needs(*READERS_AND_SCHOOL)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    award_list = get_object_or_404(_with_signatures(request), pk=pk)
    counts = counts_by(award_list.awards.all(), "state")
    tab = chosen(request, "tab", AwardState.values)
    rows = award_list.awards.filter(state=tab) if tab else award_list.awards.all()
    rows = sorted_by(
        request, rows.for_list().select_related("standard"), {"name": "student__name_key", "amount": "amount_fen"}
    )
    shown = page_of(request, rows, count=counts.get(tab, 0) if tab else sum(counts.values()))
    context = {
        "list": award_list,
        "tabs": tabs_of(request, AwardState.choices, counts),
        "page": shown,
        "lines": exclusions.with_warnings(list(shown), award_list.term),
        "notices": award_list.notices.all(),
        "open_objections": Objection.objects.filter(notice__list=award_list, answered_at=None).count(),
        "form": None,
        **_school_turn(request, award_list),
        "blockers": blockers.of_list(award_list, on=timezone.localdate(), by=_signer(request)),
    }
    return render_list(request, "programs/list.html", part="programs/_list_awards.html", context=context)


@needs(*READERS_AND_SCHOOL)
def changes(request: SignedInRequest, pk: int) -> HttpResponse:
    """What a list brings beside the term before, and who pays it: a part of the list's page that it does not wait
    for."""
    award_list = get_object_or_404(AwardList.objects.visible_to(request.user).select_related("term", "school"), pk=pk)
    found = list_changes.of(award_list)
    context = {
        "list": award_list,
        "changes": found[:CHANGES_SHOWN],
        "more": len(found) - CHANGES_SHOWN,
        "counts": _labelled(Counter(change.kind.value for change in found)),
        "before": terms.the_one_before(award_list.term_id),
        "figures": shares.figures(award_list.awards.live(), award_list.term),
    }
    return render(request, "programs/_list_changes.html", context)


def _signer(request: SignedInRequest) -> User | None:
    """Who would confirm the list, if it is this person's office."""
    return request.user if request.user.role == Role.APPROVER else None


def _labelled(counts: Counter[str]) -> list[tuple[str, int]]:
    return [(str(kind.label), counts[kind.value]) for kind in list_changes.Kind if counts[kind.value]]


def _school_turn(request: SignedInRequest, award_list: AwardList) -> dict[str, bool]:
    """Who signs at the school, and what of it this person can press."""
    user, has_principal = request.user, lists.has_principal(award_list)
    is_mine = user.role == Role.SCHOOL and award_list.school_prepared_by_id != user.pk
    turn = {ListState.SCHOOL_PREPARED} if has_principal else {ListState.SCHOOL_PREPARED, ListState.DRAFT}
    return {
        "has_principal": has_principal,
        "may_prepare": is_mine and has_principal and not user.is_principal and award_list.state == ListState.DRAFT,
        "may_approve": is_mine and (user.is_principal or not has_principal) and award_list.state in turn,
    }


def _with_signatures(request: SignedInRequest) -> AwardListQuerySet:
    mine = AwardList.objects.visible_to(request.user).for_list()
    return mine.select_related(
        "school__town", "term", "prepared_by", "school_prepared_by", "school_approved_by", "confirmed_by"
    )


@require_POST
@needs(Role.SCHOOL)
def prepare(request: SignedInRequest, pk: int) -> HttpResponse:
    award_list = get_object_or_404(AwardList.objects.visible_to(request.user), pk=pk)
    with telling(request, _("已核对，等学校负责人确认。")):
        lists.school_prepare(award_list, by=request.user, at=timezone.now())
    return redirect(award_list)


@require_POST
@needs(Role.SCHOOL)
def approve(request: SignedInRequest, pk: int) -> HttpResponse:
    award_list = get_object_or_404(AwardList.objects.visible_to(request.user), pk=pk)
    with telling(request, _("学校已确认名单，可以张贴公示。")):
        lists.school_approve(award_list, by=request.user, at=timezone.now())
    return redirect(award_list)


@needs(*COUNTY)
def approve_for_school(request: SignedInRequest, pk: int) -> HttpResponse:
    award_list = get_object_or_404(AwardList.objects.visible_to(request.user).for_list(), pk=pk)
    form = PaperForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已代学校确认名单，可以张贴公示。")):
            lists.approve_for_school(award_list, **form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(award_list)
    return render(request, "programs/list_approve_for_school.html", {"list": award_list, "form": form})


@needs(*COUNTY_AND_SCHOOL)
def put_up(request: SignedInRequest, pk: int) -> HttpResponse:
    award_list = get_object_or_404(AwardList.objects.visible_to(request.user).for_list(), pk=pk)
    form = PutUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("已张贴公示。")):
            publicity.put_up(award_list, by=request.user, at=timezone.now(), **form.cleaned_data)
        return redirect(award_list)
    return render(request, "programs/list_put_up.html", {"list": award_list, "form": form})


@require_POST
@needs(Role.APPROVER)
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    award_list = get_object_or_404(AwardList.objects.visible_to(request.user), pk=pk)
    with telling(request, _("县级已审定名单，可以编制发放批次。")):
        lists.confirm(award_list, by=request.user, at=timezone.now())
    return redirect(award_list)


@needs(*COUNTY_AND_SCHOOL)
def send_back(request: SignedInRequest, pk: int) -> HttpResponse:
    award_list = get_object_or_404(AwardList.objects.visible_to(request.user).for_list(), pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("名单已退回。")):
            lists.send_back(award_list, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
        return redirect(award_list)
    return render(request, "programs/list_send_back.html", {"list": award_list, "form": form})


@require_POST
@needs(Role.APPROVER)
def confirm_many(request: SignedInRequest) -> HttpResponse:
    """Say how many of the ticked lists can be signed; when that page is sent, sign them."""
    ticked = list(_ticked(request))
    if not ticked:
        messages.warning(request, _("没有可以审定的名单，请先勾选，或等公示期满。"))
        return redirect("programs:lists")
    ready = [each for each in ticked if each.state == ListState.CLOSED and each.prepared_by_id != request.user.pk]
    if "sure" not in request.POST:
        context = {
            "ticked": ticked,
            "ready": ready,
            "total": _live_awards(ready),
            "missed": _missed(ready),
            "over": _over(ready),
            "terms": _by_term(ready),
        }
        return render(request, "programs/lists_confirm.html", context)
    done, refusals = lists.confirm_many(ready, by=request.user, at=timezone.now())
    for award_list in ready:
        if award_list.pk in refusals:
            messages.error(request, f"{award_list.school.name}：{refusals[award_list.pk]}")
    messages.success(request, _("已审定 %(done)s / %(all)s 份名单。") % {"done": done, "all": len(ticked)})
    return redirect("programs:lists")


def _live_awards(award_lists: list[AwardList]) -> dict[str, int]:
    """People and money of these lists, without who was taken out."""
    awards = Award.objects.live().filter(list__in=award_lists)
    return awards.aggregate(people=Count("pk"), amount_fen=Coalesce(Sum("amount_fen"), 0))


def _by_term(award_lists: list[AwardList]) -> list[tuple[Term, list[shares.ProgramFigures], list[tuple[str, int]]]]:
    """Of each term: its figures by program and payer, and what is not as in the term before."""
    of_term: dict[Term, list[AwardList]] = {}
    for award_list in award_lists:
        of_term.setdefault(award_list.term, []).append(award_list)
    return [
        (
            term,
            shares.figures(Award.objects.live().filter(list__in=those), term),
            _labelled(list_changes.counts(those, term)),
        )
        for term, those in of_term.items()
    ]


def _over(award_lists: list[AwardList]) -> list[tuple[AwardList, str]]:
    """What of these schools' lists is beyond their rooms."""
    of_term: dict[Term, dict[int, AwardList]] = {}
    for award_list in award_lists:
        of_term.setdefault(award_list.term, {})[award_list.school_id] = award_list
    return [
        (schools[school], str(refusal))
        for term, schools in of_term.items()
        for school, refusals in caps.over(term, schools).items()
        for refusal in refusals
    ]


def _missed(award_lists: list[AwardList]) -> int:
    """How many of the schools' children are entitled, have no award, and nobody has accepted why."""
    schools: dict[Term, set[int]] = {}
    for award_list in award_lists:
        schools.setdefault(award_list.term, set()).add(award_list.school_id)
    return sum(gap_answers.figures(term, schools=those).missed for term, those in schools.items())


def _ticked(request: SignedInRequest) -> AwardListQuerySet:
    """The ticked lists, or every list of the term whose publicity is over."""
    mine = AwardList.objects.visible_to(request.user).for_list()
    if "all_closed" in request.POST:
        return mine.filter(term=request.term, state=ListState.CLOSED)
    return mine.filter(pk__in=numbers(request, "ids"))
