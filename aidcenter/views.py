"""The switches of the shell, the first page, the styleguide, and whether the server is well."""

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import EVERYONE, SignedInRequest, needs, public
from aidcenter.middleware import SESSION_KEY

_A_YEAR = 365 * 24 * 3600


def _back(request: HttpRequest) -> HttpResponse:
    """Back to the page of this site that the person came from."""
    address = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(address if is_ours else "home")


@public
@require_POST
def switch_language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in a cookie of this browser."""
    response = _back(request)
    code = request.POST.get("language", "")
    if code in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=_A_YEAR,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


@needs(*EVERYONE)
@require_POST
def switch_term(request: SignedInRequest) -> HttpResponse:
    """Work in another term from here on, until the person signs out."""
    code = request.POST.get("term", "")
    if any(term.code == code for term in request.terms):
        request.session[SESSION_KEY] = code
    return _back(request)


@public
@require_GET
@never_cache
def live(request: HttpRequest) -> HttpResponseBase:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@public
@require_GET
@never_cache
def ready(request: HttpRequest) -> HttpResponseBase:
    """The database answers and its tables are those of this version."""
    executor = MigrationExecutor(connection)
    is_current = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return JsonResponse({"status": "ok" if is_current else "migrations"}, status=200 if is_current else 503)
