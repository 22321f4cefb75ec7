"""Whoever signed in with a first password sets one of their own before anything else."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import User

_CHANGE = "accounts:password"


class FirstPasswordMiddleware:
    """Lead every page to the change of the password; what is open without sign-in stays open (to sign out, too).

    Comes after authentication.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        user = request.user
        if not (isinstance(user, User) and user.has_first_password) or not getattr(view, "login_required", True):
            return None
        if request.resolver_match and request.resolver_match.view_name == _CHANGE:
            return None
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(reverse(_CHANGE))
        return redirect(_CHANGE)
