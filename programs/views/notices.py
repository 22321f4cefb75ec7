"""Publicity: what is up, what people say against it, the sheet for the board, the open page."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs, public
from common import workdays
from common.acts import telling
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import COUNTY
from programs import publicity
from programs.choices import NoticeState
from programs.forms import AnswerForm, ListFilter, ObjectionForm, TakeDownForm
from programs.models import Award, Notice, Objection


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    form = ListFilter(request.GET, school="list__school")
    rows = form.narrow(Notice.objects.visible_to(request.user).filter(list__term=request.term))
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", NoticeState.values)
    if tab:
        rows = rows.filter(state=tab)
    rows = rows.for_list().annotate(
        objections_open=Count("objections", filter=Q(objections__answered_at=None)),
        objections_all=Count("objections"),
    )
    context = {
        "form": form,
        "tabs": tabs_of(request, NoticeState.choices, counts),
        "today": timezone.localdate(),
        "page": page_of(request, rows, count=counts.get(tab, 0) if tab else sum(counts.values())),
    }
    return render_list(request, "programs/notices.html", part="programs/_notices.html", context=context)


@needs(*READERS_AND_SCHOOL)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    notices = Notice.objects.visible_to(request.user).for_list().select_related("put_up_by")
    notice = get_object_or_404(notices, pk=pk)
    today = timezone.localdate()
    context = {
        "notice": notice,
        "page": page_of(request, notice.list.awards.live().for_list()),
        "objections": notice.objections.select_related(
            "award__student", "award__program", "received_by", "answered_by"
        ).order_by("-pk"),
        "days_left": workdays.count(max(today, notice.starts_on), notice.ends_on) if today <= notice.ends_on else 0,
        "is_open": _is_open(notice),
    }
    return render_list(request, "programs/notice.html", part="programs/_notice_awards.html", context=context)


def _is_open(notice: Notice) -> bool:
    """Whether the public may see it today."""
    return notice.state == NoticeState.UP and notice.starts_on <= timezone.localdate() <= notice.ends_on


def _public_table(notice: Notice) -> dict[str, Any]:
    """What paper and open page show: the allowed columns and the total, nothing else of a child."""
    rows = publicity.shown(notice, notice.starts_on)
    return {
        "notice": notice,
        "rows": rows,
        "amount_fen": sum(row["amount_fen"] for row in rows),
        "county": settings.COUNTY_NAME,
        "phone": settings.COMPLAINT_PHONE,
    }


@needs(*READERS_AND_SCHOOL)
def sheet(request: SignedInRequest, pk: int) -> HttpResponse:
    """The paper for the school's board, with room for the seal."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user).for_list(), pk=pk)
    return render(request, "programs/notice_print.html", _public_table(notice))


@needs(*COUNTY_AND_SCHOOL)
def take_down(request: SignedInRequest, pk: int) -> HttpResponse:
    notice = get_object_or_404(Notice.objects.visible_to(request.user).for_list(), pk=pk)
    form = TakeDownForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("公示已撤下，结果已记录。")):
            publicity.take_down(notice, by=request.user, at=timezone.now(), result=form.cleaned_data["result"])
        return redirect(notice)
    return render(request, "programs/notice_take_down.html", {"notice": notice, "form": form})


@needs(*COUNTY_AND_SCHOOL)
def object_to(request: SignedInRequest, pk: int, award_pk: int) -> HttpResponse:
    notice = get_object_or_404(Notice.objects.visible_to(request.user).for_list(), pk=pk)
    award = get_object_or_404(Award.objects.live().for_list(), pk=award_pk, list=notice.list)
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("异议已记录，该生资助暂停，等待核查。")):
            publicity.raise_objection(
                notice, award, words=form.cleaned_data["words"], by=request.user, at=timezone.now()
            )
        return redirect(notice)
    return render(request, "programs/objection_raise.html", {"notice": notice, "award": award, "form": form})


@needs(*COUNTY)
def answer(request: SignedInRequest, pk: int) -> HttpResponse:
    notices = Notice.objects.visible_to(request.user)
    objections = Objection.objects.filter(notice__in=notices).select_related(
        "notice__list__school", "award__student", "award__program"
    )
    objection = get_object_or_404(objections, pk=pk)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with telling(request, _("异议已办结。")):
            publicity.answer(objection, by=request.user, at=timezone.now(), **form.cleaned_data)
        return redirect(objection.notice)
    return render(request, "programs/objection_answer.html", {"objection": objection, "form": form})


@public
def open_page(request: HttpRequest, token: str) -> HttpResponse:
    """The list as anybody may read it, only while it is up and within its days."""
    notice = get_object_or_404(Notice.objects.for_list(), token=token)
    if not _is_open(notice):
        raise Http404
    response = render(request, "programs/public.html", _public_table(notice))
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Cache-Control"] = "no-store"
    return response
