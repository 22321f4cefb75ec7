"""First passwords between the act and the one page that shows them: sealed, in the session of whoever acted."""

import base64
from collections.abc import Iterable

from django.http import HttpRequest

from accounts import first_passwords
from accounts.first_passwords import Slip

_ONE, _MANY = "first-password", "first-password-slips"


def keep(request: HttpRequest, slip: Slip) -> None:
    _keep(request, _ONE, [slip])


def keep_many(request: HttpRequest, slips: Iterable[Slip]) -> None:
    _keep(request, _MANY, slips)


def show(request: HttpRequest) -> Slip | None:
    """The slip of the last act; whoever asks a second time gets none."""
    return next(iter(_shown(request, _ONE)), None)


def show_many(request: HttpRequest) -> list[Slip]:
    return _shown(request, _MANY)


def wait(request: HttpRequest) -> bool:
    """Whether slips of an import have not been taken along yet."""
    return _MANY in request.session


def _keep(request: HttpRequest, key: str, slips: Iterable[Slip]) -> None:
    request.session[key] = base64.b64encode(first_passwords.seal(slips)).decode()


def _shown(request: HttpRequest, key: str) -> list[Slip]:
    sealed = request.session.pop(key, None)
    return first_passwords.unseal(base64.b64decode(sealed)) if sealed else []
