"""How a page that takes a file answers: the next page, or what is wrong, with and without htmx."""

from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import SignedInRequest


def go_on(request: SignedInRequest, url: str) -> HttpResponse:
    """To the next page; a request of htmx would follow a plain redirect into its own target."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def show_form(request: SignedInRequest, template: str, form: Form, **context: Any) -> HttpResponse:
    """The page with its form, or to htmx only what is wrong: so the chosen file stays chosen."""
    wants_errors = request.htmx and request.method == "POST"
    return render(request, "students/_errors.html" if wants_errors else template, {"form": form, **context})
