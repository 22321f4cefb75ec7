"""The schools' officers: appointed, renamed, closed and followed by the next one. County staff's work, and
all of it logged.

Nothing hangs on an officer: rosters, lists and files belong to the school, so whoever comes next finds them, and
what was done keeps the name of whoever did it.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import actions, first_passwords, users
from accounts.first_passwords import Slip
from accounts.models import User
from common.moves import Refused
from common.roles import COUNTY, Person, Role
from schools.models import School

KEEPERS = COUNTY | {Role.ADMIN}
"""Who keeps officers' accounts."""


class NotInService(Refused):
    code = "officer-not-in-service"
    message = _("这个账号已经停用，可能其他人刚刚办理过交接。请刷新页面后再看。")


class NoSuccessor(Refused):
    code = "officer-no-successor"
    message = _("接任的账号必须是本校已停用的专干账号。请重新选择，或新开账号。")


class Taken(Refused):
    code = "username-taken"
    message = _("这个账号已经有了，请换一个。")


def principals(school: int) -> QuerySet[User]:
    """Who signs for a school as its principal, at present."""
    return User.objects.filter(school=school, role=Role.SCHOOL, is_principal=True, is_active=True)


def visible_to(user: Person) -> QuerySet[User]:
    """The accounts that county staff may keep: officers' and no others."""
    if user.role in KEEPERS:
        return User.objects.filter(role=Role.SCHOOL)
    return User.objects.none()


def without_officer() -> QuerySet[School]:
    """Schools without anybody who works for them: a principal only signs what an officer went through."""
    in_service = User.objects.filter(school=OuterRef("pk"), role=Role.SCHOOL, is_active=True, is_principal=False)
    return School.objects.filter(~Exists(in_service), is_active=True)


def proposed_username(school: School) -> str:
    """The school's code and the next number: 4116250001-01."""
    return next_username(school.code, User.objects.filter(username__startswith=school.code).values_list("username"))


def next_username(code: str, known: Iterable[tuple[str]]) -> str:
    """A name that no account of the school has had, so that nobody is taken for a predecessor."""
    numbered = (re.fullmatch(rf"{re.escape(code)}-(\d+)", name) for (name,) in known)
    return f"{code}-{max((int(found[1]) for found in numbered if found), default=0) + 1:02d}"


@transaction.atomic
def appoint(
    *, school: School, name: str, username: str = "", is_principal: bool = False, by: User, at: datetime
) -> Slip:
    """Open an officer's account, or the principal's; without a user name it gets the school's next one."""
    username = User.normalize_username(username or proposed_username(school))
    if User.objects.filter(username__iexact=username).exists():
        raise Taken()
    return users.create(
        username=username, name=name, role=Role.SCHOOL, school=school, is_principal=is_principal, by=by, at=at
    )


@transaction.atomic
def change(
    officer: User, *, name: str, is_active: bool, is_principal: bool | None = None, by: User, at: datetime
) -> Slip | None:
    """Rename, close or reopen an officer's account, or make it the principal's. One that is reopened gets a new
    first password."""
    is_reopened = is_active and not officer.is_active
    users.change(
        officer,
        name=name,
        role=officer.role,
        school=officer.school,
        is_active=is_active,
        is_principal=is_principal,
        by=by,
        at=at,
    )
    return users.reset_password(officer, by=by, at=at) if is_reopened else None


@transaction.atomic
def hand_over(
    officer: User,
    *,
    name: str = "",
    username: str = "",
    successor: User | None = None,
    on: date,
    reason: str,
    by: User,
    at: datetime,
) -> Slip:
    """Close an officer's account, which ends its sessions, and open the next one's: a new account, or one that the
    school had before. Of two who hand over at once one does."""
    if not visible_to(by).filter(pk=officer.pk, is_active=True).update(is_active=False):
        raise NotInService()
    officer.is_active = False
    school = officer.school
    if school is None:  # the table forbids it
        raise NotInService()
    if successor is None:
        slip = appoint(school=school, name=name, username=username, is_principal=officer.is_principal, by=by, at=at)
    else:
        successor.is_principal = officer.is_principal
        slip = _reopened(successor, school, by=by, at=at)
    actions.record(
        by,
        "account.handed-over",
        officer,
        at=at,
        school=school.code,
        successor=slip.user.pk,
        on=on.isoformat(),
        reason=reason,
    )
    return slip


def _reopened(successor: User, school: School, *, by: User, at: datetime) -> Slip:
    closed = User.objects.filter(pk=successor.pk, role=Role.SCHOOL, school=school, is_active=False)
    if not closed.update(is_active=True):
        raise NoSuccessor()
    successor.is_active = True
    slip = first_passwords.give(successor, at=at)
    successor.save(update_fields=[*first_passwords.FIELDS, "is_principal"])
    actions.record(by, "account.changed", successor, at=at, changed=["is_active"], role=successor.role, is_active=True)
    return slip
