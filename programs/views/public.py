"""The open pages of a notice: what anybody may read without sign-in, on its days only, and say about it."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import limits
from accounts.access import public
from common.moves import Refused
from common.pages import page_of
from programs import objections, publicity
from programs.models import Award, Notice
from programs.notice_forms import PublicObjectionForm

SIZES = (100,)


@public
@require_GET
def open_page(request: HttpRequest, token: str) -> HttpResponse:
    """The list as anybody may read it, only while it is up and within its days."""
    notice, today = _found(token), timezone.localdate()
    if not publicity.is_open(notice, on=today):
        return _closed(request, notice)
    lines = publicity.lines(notice, on=today)
    page = page_of(request, lines, sizes=SIZES)
    context = {
        "notice": notice,
        "page": page,
        "rows": publicity.rows(notice, list(page.object_list)),
        "amount_fen": sum(line.amount_fen for line in lines),
        **_office(),
    }
    return _unkept(render(request, "programs/public.html", context))


@public
@require_http_methods(["GET", "POST"])
def object_to(request: HttpRequest, token: str, ref: str) -> HttpResponse:
    """Say something against one line. It waits for an officer; until then it holds nothing."""
    notice, today = _found(token), timezone.localdate()
    if not publicity.is_open(notice, on=today):
        return _closed(request, notice)
    line = publicity.line_of(notice, ref, on=today)
    award = get_object_or_404(Award, pk=line.award_id if line else None)
    form, status = PublicObjectionForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        try:
            objections.allow_from(limits.address_of(request), notice)
            objections.send_in(notice, award, **form.cleaned_data, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
            status = 429 if isinstance(refusal, objections.TooOften) else 409
        else:
            messages.success(request, _("您反映的情况已收到，资助管理人员会查看并核实。"))
            return _unkept(redirect("programs:public", token))
    context = {
        "notice": notice,
        "row": publicity.rows(notice, [line])[0] if line else None,
        "form": form,
        **_office(),
    }
    return _unkept(render(request, "programs/public_objection.html", context, status=status))


def _found(token: str) -> Notice:
    return get_object_or_404(Notice.objects.for_list(), token=token)


def _closed(request: HttpRequest, notice: Notice) -> HttpResponse:
    """A plain page: nothing is there yet (404), or it is over for good.

    410 tells what copies pages (search machines, the caches of chats) to drop theirs at once, which a 404 does not.
    """
    is_early = timezone.localdate() < notice.starts_on
    context = {"notice": notice, "is_early": is_early, **_office()}
    return _unkept(render(request, "programs/public_closed.html", context, status=404 if is_early else 410))


def _office() -> dict[str, str]:
    return {"county": settings.COUNTY_NAME, "phone": settings.COMPLAINT_PHONE, "address": settings.COMPLAINT_ADDRESS}


def _unkept(response: HttpResponse) -> HttpResponse:
    """Listed by no search machine, kept by no cache; other sites do not learn the address from which one came.

    Not "no-referrer": under it browsers send forms with the origin "null", and the form would be refused.
    """
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    return response
