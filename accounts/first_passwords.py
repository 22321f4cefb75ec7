"""First passwords: made by the system, seen once by whoever hands them over, good for one sign-in within three days."""

import json
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.hashers import Argon2PasswordHasher, get_hasher
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common import keyring
from common.moves import Refused

VALID_FOR = timedelta(hours=72)
_SIGNS = "".join(sign for sign in string.ascii_lowercase + string.digits if sign not in "il1o0")
_GROUPS, _GROUP_LENGTH = 3, 4
_PLACE = "first-passwords"


class Used(Refused):
    code = "first-password-used"
    message = _("初始密码只能用一次，已经用过了。请联系县资助中心重置密码。")


class Expired(Refused):
    code = "first-password-expired"
    message = _("初始密码已过有效期。请联系县资助中心重置密码。")


@dataclass(frozen=True)
class Slip:
    """What is handed to a person: the account and its first password. It is never kept in plain."""

    user: User
    password: str = field(repr=False)


class _LightArgon2(Argon2PasswordHasher):
    """Argon2 in some milliseconds. A first password is 59 random bits: guessing it from its hash is hopeless at
    any cost, and a county's thousand can be made at once. Django hashes it anew at the full cost when it is used."""

    time_cost = 1
    memory_cost = 1024
    parallelism = 1


def give(user: User, *, at: datetime) -> Slip:
    """Put a first password on an account in hand. Whoever calls saves it: `FIELDS` says what has changed."""
    password = _made()
    hasher = get_hasher()
    if isinstance(hasher, Argon2PasswordHasher):
        hasher = _LightArgon2()
    user.password = hasher.encode(password, hasher.salt())
    user.first_password_until = at + VALID_FOR
    user.first_password_used_at = None
    return Slip(user, password)


FIELDS = ("password", "first_password_until", "first_password_used_at")


def use(user: User, *, at: datetime) -> None:
    """Sign in with whatever password the account has; of two who use one first password, one gets in."""
    if not user.has_first_password:
        return
    if user.first_password_used_at:
        raise Used()
    if user.first_password_until and user.first_password_until <= at:
        raise Expired()
    unused = User.objects.filter(pk=user.pk, password=user.password, first_password_used_at=None)
    if not unused.update(first_password_used_at=at):
        raise Used()
    user.first_password_used_at = at


def seal(slips: Iterable[Slip]) -> bytes:
    """For the moment between the act and the page that shows them."""
    content = json.dumps([(slip.user.pk, slip.password) for slip in slips])
    return keyring.ring().seal(content.encode(), place=_PLACE)


def unseal(sealed: bytes) -> list[Slip]:
    """The slips that can still be handed over: without accounts that were closed, reset or used meanwhile."""
    passwords: dict[int, str] = dict(json.loads(keyring.ring().open(sealed, place=_PLACE)))
    users = User.objects.select_related("school").filter(
        pk__in=passwords, is_active=True, first_password_until__isnull=False, first_password_used_at=None
    )
    return [Slip(user, passwords[user.pk]) for user in users.order_by("username", "pk")]


def _made() -> str:
    """ "k7mp-x3qd-9wht": nothing that can be taken for something else when it is read aloud or copied."""
    return "-".join("".join(secrets.choice(_SIGNS) for _sign in range(_GROUP_LENGTH)) for _group in range(_GROUPS))
