"""The schools' officers, for county staff: the list, appointing, handing over, and the sheet of many."""

import base64
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import imports, officer_lists, officers
from accounts.access import SignedInRequest, needs
from accounts.first_passwords import VALID_FOR
from accounts.forms import HandOverForm, NewOfficerForm, OfficerFilter, OfficerForm, OfficerListForm
from accounts.models import User
from accounts.resources import OfficerResource
from accounts.views import slips
from accounts.views.accounts import reset as reset_account
from common import keyring
from common.downloads import workbook
from common.moves import Refused
from common.pages import Tab, chosen, counts_by, page_of, render_list, tabs_of
from schools.models import School

ACTIVE, CLOSED, VACANT = "active", "closed", "vacant"
ROWS_SHOWN = 200
_KEPT = "officer-list"


@needs(*officers.KEEPERS)
def index(request: SignedInRequest) -> HttpResponse:
    """The county's officers, and the schools that have none."""
    form = OfficerFilter(request.GET)
    rows = form.narrow(officers.visible_to(request.user))
    vacant = officers.without_officer().filter(pk__in=form.schools)
    by_state = counts_by(rows, "is_active")
    counts = {
        ACTIVE: by_state.get(True, 0),  # type: ignore[call-overload]
        CLOSED: by_state.get(False, 0),  # type: ignore[call-overload]
        VACANT: vacant.count(),
    }
    tab = chosen(request, "tab", counts)
    shown: QuerySet[Any]
    if tab == VACANT:
        shown = vacant.select_related("town").order_by("town__position", "code", "pk")
    else:
        shown = rows.filter(is_active=tab == ACTIVE) if tab else rows
        shown = shown.select_related("school__town").order_by("school__code", "-is_active", "username", "pk")
    return render_list(
        request,
        "accounts/officers.html",
        part="accounts/_officers.html",
        context={
            "form": form,
            "tabs": _tabs(request, counts),
            "tab": tab,
            "page": page_of(request, shown, count=counts[tab] if tab else counts[ACTIVE] + counts[CLOSED]),
        },
    )


def _tabs(request: SignedInRequest, counts: dict[str, int]) -> list[Tab]:
    """Schools without an officer are no accounts and not counted among them."""
    choices = [(ACTIVE, _("在用")), (CLOSED, _("停用")), (VACANT, _("无专干的学校"))]
    everybody, *others = tabs_of(request, choices, counts, everything=_("全部专干"))
    return [replace(everybody, count=counts[ACTIVE] + counts[CLOSED]), *others]


@needs(*officers.KEEPERS)
def create(request: SignedInRequest) -> HttpResponse:
    """Appoint an officer at a school; the address may name the school."""
    school = School.objects.filter(code=request.GET.get("school", "")).first()
    initial = {"school": school.code, "username": officers.proposed_username(school)} if school else {}
    form = NewOfficerForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            slip = officers.appoint(**form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            slips.keep(request, slip)
            messages.success(request, _("账号 %(username)s 已开通。") % {"username": slip.user.username})
            return redirect("accounts:first-password")
    return render(request, "accounts/officer_create.html", {"form": form})


@needs(*officers.KEEPERS)
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Rename, close or reopen an officer's account."""
    officer = _officer(request, pk)
    facts = {name: getattr(officer, name) for name in OfficerForm.base_fields}
    form = OfficerForm(request.POST or None, initial=facts)
    if request.method == "POST" and form.is_valid():
        slip = officers.change(officer, **form.cleaned_data, by=request.user, at=timezone.now())
        messages.success(request, _("账号 %(username)s 已保存。") % {"username": officer.username})
        if slip:
            slips.keep(request, slip)
            return redirect("accounts:first-password")
        return redirect("accounts:officers")
    return render(request, "accounts/officer_edit.html", {"form": form, "account": _officer(request, pk)})


@needs(*officers.KEEPERS)
def reset(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give an officer a new first password."""
    return reset_account(request, _officer(request, pk), back=reverse("accounts:officers"))


@needs(*officers.KEEPERS)
def hand_over(request: SignedInRequest, pk: int) -> HttpResponse:
    """From one officer to the next of the same school."""
    officer = _officer(request, pk)
    closed = officers.visible_to(request.user).filter(school=officer.school_id, is_active=False).exclude(pk=pk)
    form = HandOverForm(
        request.POST or None, closed=closed.order_by("username", "pk"), initial={"on": timezone.localdate()}
    )
    if request.method == "POST" and form.is_valid():
        try:
            slip = officers.hand_over(officer, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            slips.keep(request, slip)
            done = {"old": officer.name, "new": slip.user.name}
            messages.success(request, _("已由 %(old)s 交接给 %(new)s，原账号已停用。") % done)
            return redirect("accounts:first-password")
    return render(request, "accounts/officer_hand_over.html", {"form": form, "account": officer})


@needs(*officers.KEEPERS)
def export(request: SignedInRequest) -> HttpResponse:
    """The officers of the list as a sheet that can be mended and brought back; it has no password."""
    rows = OfficerFilter(request.GET).narrow(officers.visible_to(request.user))
    rows = rows.select_related("school").order_by("school__code", "username", "pk")
    return workbook(OfficerResource().export(rows).export("xlsx", escape=True), _("学校资助专干名单"))


@needs(*officers.KEEPERS)
def bring(request: SignedInRequest) -> HttpResponse:
    """A sheet of officers, looked at first: what it opens and changes, and which rows cannot be taken."""
    form = OfficerListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        try:
            outcome = imports.preview(officer_lists.OFFICERS, content)
        except Refused as refusal:
            form.add_error("file", str(refusal))
        else:
            request.session[_KEPT] = base64.b64encode(keyring.ring().seal(content, place=_KEPT)).decode()
            context = {"outcome": outcome, "most": ROWS_SHOWN, "opened": len(officer_lists.opened(outcome))}
            return render(request, "accounts/officers_preview.html", context)
    return render(request, "accounts/officers_import.html", {"form": form})


@require_POST
@needs(*officers.KEEPERS)
def take(request: SignedInRequest) -> HttpResponse:
    """Take the sheet that was looked at."""
    sealed = request.session.pop(_KEPT, None)
    if sealed is None:
        messages.error(request, _("没有待导入的专干名单，请重新上传。"))
        return redirect("accounts:officers-import")
    try:
        content = keyring.ring().open(base64.b64decode(sealed), place=_KEPT)
        outcome, given = officer_lists.take(content, by=request.user, at=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("accounts:officers-import")
    done = {"added": outcome.added, "changed": outcome.changed}
    messages.success(request, _("已导入：新开 %(added)s 个账号，更新 %(changed)s 个。") % done)
    if not given:
        return redirect("accounts:officers")
    slips.keep_many(request, given)
    return redirect("accounts:officers-slips")


@needs(*officers.KEEPERS)
def slips_waiting(request: SignedInRequest) -> HttpResponse:
    """After an import: its first passwords can be taken along, once."""
    hours = int(VALID_FOR.total_seconds() // 3600)
    return render(request, "accounts/officers_slips.html", {"is_waiting": slips.wait(request), "hours": hours})


@require_POST
@needs(*officers.KEEPERS)
def slips_file(request: SignedInRequest) -> HttpResponse:
    """The first passwords of the last import as a workbook; whoever asks a second time gets none."""
    found = slips.show_many(request)
    if not found:
        messages.error(request, _("初始密码已经取走，或已失效。没有拿到的专干请逐个重设密码。"))
        return redirect("accounts:officers")
    sheet = officer_lists.slips_sheet(found, by=request.user, at=timezone.now())
    return workbook(sheet, _("学校资助专干初始密码"))


def _officer(request: SignedInRequest, pk: int) -> User:
    return get_object_or_404(officers.visible_to(request.user).select_related("school__town"), pk=pk)
