"""Accounts, for the administrator; one's own password, for everybody."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts import officers, users
from accounts.access import EVERYONE, SignedInRequest, needs
from accounts.forms import NewPasswordForm, NewUserForm, OwnPasswordForm, UserFilter, UserForm
from accounts.models import User
from accounts.views import slips
from common.moves import Refused
from common.pages import chosen, counts_by, page_of, render_list, tabs_of
from common.roles import Role


@needs(Role.ADMIN)
def accounts(request: SignedInRequest) -> HttpResponse:
    """Every account, by role."""
    form = UserFilter(request.GET)
    rows = User.objects.all()
    if text := form.wanted("q"):
        rows = rows.filter(Q(username__startswith=text) | Q(name__startswith=text))
    counts = counts_by(rows, "role")
    if tab := chosen(request, "tab", Role.values):
        rows = rows.filter(role=tab)
    return render_list(
        request,
        "accounts/accounts.html",
        part="accounts/_accounts.html",
        context={
            "form": form,
            "tabs": tabs_of(request, Role.choices, counts),
            "page": page_of(
                request,
                rows.select_related("school").order_by("username", "pk"),
                count=counts.get(tab, 0) if tab else sum(counts.values()),
            ),
        },
    )


@needs(Role.ADMIN)
def create(request: SignedInRequest) -> HttpResponse:
    """Open an account."""
    form = NewUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        slip = users.create(**form.cleaned_data, by=request.user, at=timezone.now())
        slips.keep(request, slip)
        messages.success(request, _("账号 %(username)s 已开通。") % {"username": slip.user.username})
        return redirect("accounts:first-password")
    return render(request, "accounts/create.html", {"form": form})


@needs(Role.ADMIN)
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change one account."""
    user = get_object_or_404(User.objects.select_related("school"), pk=pk)
    initial = {
        "name": user.name,
        "role": user.role,
        "school": user.school.code if user.school else "",
        "is_active": user.is_active,
    }
    form = UserForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            users.change(user, **form.cleaned_data, by=request.user, at=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("账号 %(username)s 已保存。") % {"username": user.username})
            return redirect("accounts:list")
    return render(request, "accounts/edit.html", {"form": form, "account": user})


@needs(Role.ADMIN)
def reset_password(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give somebody a new first password."""
    user = get_object_or_404(User, pk=pk)
    return reset(request, user, back=reverse("accounts:list"))


def reset(request: SignedInRequest, user: User, *, back: str) -> HttpResponse:
    """Ask before a password is replaced, then show the new one."""
    if request.method == "POST":
        try:
            slip = users.reset_password(user, by=request.user, at=timezone.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(back)
        slips.keep(request, slip)
        return redirect("accounts:first-password")
    return render(request, "accounts/reset_password.html", {"account": user, "back": back})


@needs(*officers.KEEPERS)
def first_password(request: SignedInRequest) -> HttpResponse:
    """The first password that the last act made: shown once, then gone."""
    back = reverse("accounts:list" if request.user.role == Role.ADMIN else "accounts:officers")
    return render(request, "accounts/first_password.html", {"slip": slips.show(request), "back": back})


@sensitive_post_parameters()
@needs(*EVERYONE)
def change_password(request: SignedInRequest) -> HttpResponse:
    """Change one's own password and stay signed in here. Who came with a first password typed it a moment ago."""
    is_first = request.user.has_first_password
    form = (NewPasswordForm if is_first else OwnPasswordForm)(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        users.set_password(request.user, form.cleaned_data["new_password1"], by=request.user, at=timezone.now())
        update_session_auth_hash(request, request.user)
        messages.success(request, _("密码已修改。"))
        return redirect("home")
    return render(request, "accounts/own_password.html", {"form": form, "is_first": is_first})
