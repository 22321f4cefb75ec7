"""Publicity: what is up, its proofs, the sheets for the board and for the file."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.access import COUNTY_AND_SCHOOL, READERS_AND_SCHOOL, SignedInRequest, needs
from common import workdays
from common.acts import telling
from common.moves import Refused
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from jobs.documents import Brought
from programs import blockers, photos, publicity
from programs.choices import NoticeState, ObjectionState
from programs.models import Notice, NoticePhoto, Objection
from programs.notice_forms import NoticeFilter, PhotosForm, TakeDownForm


@needs(*READERS_AND_SCHOOL)
def index(request: SignedInRequest) -> HttpResponse:
    form = NoticeFilter(request.GET, school="list__school")
    rows = form.narrow(Notice.objects.visible_to(request.user).filter(list__term=request.term))
    counts = counts_by(rows, "state")
    tab = chosen(request, "tab", NoticeState.values)
    if tab:
        rows = rows.filter(state=tab)
    said = Objection.objects.visible_to(request.user).filter(notice__list__term=request.term)
    context = {
        "form": form,
        "tabs": tabs_of(request, NoticeState.choices, counts),
        "today": timezone.localdate(),
        "unseen": said.in_state(ObjectionState.UNSEEN).count(),
        "overdue": said.overdue(timezone.localdate()).count(),
        "page": page_of(
            request, rows.for_list().with_counts(), count=counts.get(tab, 0) if tab else sum(counts.values())
        ),
    }
    return render_list(request, "programs/notices.html", part="programs/_notices.html", context=context)


@needs(*READERS_AND_SCHOOL)
def page(request: SignedInRequest, pk: int) -> HttpResponse:
    notice = _found(request, pk)
    today = timezone.localdate()
    context = {
        "notice": notice,
        "today": today,
        "page": page_of(request, notice.list.awards.live().for_list()),
        "objections": notice.objections.for_list(),
        "photos": notice.photos.select_related("file", "kept_by").order_by("taken_on", "pk"),
        "days_left": workdays.count(max(today, notice.starts_on), notice.ends_on) if today <= notice.ends_on else 0,
        "is_open": publicity.is_open(notice, on=today),
        "public_url": public_url(request, notice),
        "may_act": request.user.role in COUNTY_AND_SCHOOL,
    }
    return render_list(request, "programs/notice.html", part="programs/_notice_awards.html", context=context)


def _found(request: SignedInRequest, pk: int) -> Notice:
    notices = Notice.objects.visible_to(request.user).for_list().select_related("put_up_by")
    return get_object_or_404(notices, pk=pk)


def public_url(request: HttpRequest, notice: Notice) -> str:
    """Where anybody reads the list: the link and the square code that lead there from outside of the office."""
    path = reverse("programs:public", args=[notice.token])
    return settings.PUBLIC_ADDRESS.rstrip("/") + path if settings.PUBLIC_ADDRESS else request.build_absolute_uri(path)


def _on_paper(notice: Notice) -> dict[str, Any]:
    return {
        "notice": notice,
        "county": settings.COUNTY_NAME,
        "phone": settings.COMPLAINT_PHONE,
        "address": settings.COMPLAINT_ADDRESS,
    }


@needs(*READERS_AND_SCHOOL)
@require_GET
def sheet(request: SignedInRequest, pk: int) -> HttpResponse:
    """The paper for the school's board, with room for the seal and the way to the open page.

    Nobody's name once the days are over; before the first of them it can be made ready.
    """
    notice, today = _found(request, pk), timezone.localdate()
    lines = publicity.lines(notice, on=max(today, notice.starts_on))
    context = {
        "rows": publicity.rows(notice, lines),
        "amount_fen": sum(line.amount_fen for line in lines),
        "documents": publicity.documents(notice),
        "is_over": today > notice.ends_on,
        "public_url": public_url(request, notice),
    }
    return render(request, "programs/notice_print.html", _on_paper(notice) | context)


@needs(*READERS_AND_SCHOOL)
@require_GET
def result(request: SignedInRequest, pk: int) -> HttpResponse:
    """The paper for the file: what came of the publicity, without a name."""
    notice = _found(request, pk)
    live = notice.list.awards.live()
    context = {
        "people": live.count(),
        "amount_fen": sum(live.values_list("amount_fen", flat=True)),
        "outcome": publicity.outcome(notice),
        "objections": notice.objections.exclude(received_by=None).order_by("received_at", "pk"),
        "photos": notice.photos.count(),
    }
    return render(request, "programs/notice_result.html", _on_paper(notice) | context)


@needs(*COUNTY_AND_SCHOOL)
def take_down(request: SignedInRequest, pk: int) -> HttpResponse:
    notice = _found(request, pk)
    is_said = not notice.objections.filter(is_upheld=None).exists()
    form = TakeDownForm(request.POST or None, initial={"result": publicity.outcome(notice).words if is_said else ""})
    if request.method == "POST" and form.is_valid():
        with telling(request, _("公示已撤下，结果已记录。")):
            publicity.take_down(notice, by=request.user, at=timezone.now(), result=form.cleaned_data["result"])
        return redirect(notice)
    in_the_way = blockers.in_notice(notice, on=timezone.localdate())
    return render(request, "programs/notice_take_down.html", {"notice": notice, "form": form, "blockers": in_the_way})


@needs(*COUNTY_AND_SCHOOL)
def add_photos(request: SignedInRequest, pk: int) -> HttpResponse:
    """Photos of the board, by whoever took them down from a telephone."""
    notice = _found(request, pk)
    form = PhotosForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        brought = [Brought(one.read(), one.name) for one in form.cleaned_data["photos"]]
        try:
            kept = photos.keep(
                notice, brought, taken_on=form.cleaned_data["taken_on"], by=request.user, at=timezone.now()
            )
        except Refused as refusal:
            form.add_error("photos", str(refusal))
        else:
            messages.success(
                request, ngettext("已保存 %(n)s 张照片。", "已保存 %(n)s 张照片。", len(kept)) % {"n": len(kept)}
            )
            return redirect(notice)
    return render(request, "programs/notice_photos.html", {"notice": notice, "form": form})


@needs(*READERS_AND_SCHOOL)
@require_GET
def photo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Hand out a photo as it came, and note who took it. It is never shown in a page."""
    found = get_object_or_404(NoticePhoto.objects.visible_to(request.user).select_related("file", "notice"), pk=pk)
    try:
        content = photos.take(found, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(found.notice)
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, found.file.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response
