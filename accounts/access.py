"""The doors: which roles may use a view, and whose rows they see (querysets' `visible_to`)."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from common.roles import COUNTY, READERS, Role

if TYPE_CHECKING:
    from accounts.models import User
    from schools.models import Term

P = ParamSpec("P")


class SignedInRequest(HttpRequest):
    """For annotations: behind the login wall `user` is always one of ours, and the shell has set the term."""

    user: "User"
    htmx: Any
    term: "Term | None"
    terms: "list[Term]"


View = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]

EVERYONE = frozenset(Role)
COUNTY_AND_SCHOOL = COUNTY | {Role.SCHOOL}
READERS_AND_SCHOOL = READERS | {Role.SCHOOL}


def needs(*roles: str) -> Callable[[View[P]], View[P]]:
    """Let only these roles in; everybody else gets 403. Every view carries it (a test looks)."""
    allowed = frozenset(roles)

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.user.role not in allowed:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.roles = allowed  # type: ignore[attr-defined]
        return guarded

    return decorate


def public(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Open without sign-in, said aloud."""
    view = login_not_required(view)
    view.roles = None  # type: ignore[attr-defined]
    return view
