"""Keeping the accounts: who may sign in, as what, for which school. All of it is logged."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions, first_passwords
from accounts.first_passwords import Slip
from accounts.models import User
from common.moves import Refused
from schools.models import School


class OwnAccount(Refused):
    code = "own-account"
    message = _("不能停用自己的账号，也不能改变自己的岗位。请由另一位管理员办理。")


class OwnPassword(Refused):
    code = "own-password"
    message = _("自己的密码请在右上角账号菜单里修改。")


@transaction.atomic
def create(
    *,
    username: str,
    name: str,
    role: str,
    school: School | None,
    is_principal: bool = False,
    by: User,
    at: datetime,
) -> Slip:
    """Open an account with a first password that is handed over in person."""
    user = User(username=username, name=name, role=role, school=school, is_principal=is_principal)
    slip = first_passwords.give(user, at=at)
    user.save()
    actions.record(by, "account.created", user, at=at, role=role, school=school.code if school else None)
    return slip


@transaction.atomic
def change(
    user: User,
    *,
    name: str,
    role: str,
    school: School | None,
    is_active: bool,
    is_principal: bool | None = None,
    by: User,
    at: datetime,
) -> None:
    """Change what an account is called, may do, and whether it is open. Nothing changed leaves no trace.

    Whoever is a principal stays one as long as it is the same school, unless `is_principal` says otherwise.
    """
    if user.pk == by.pk and (role != user.role or not is_active):
        raise OwnAccount()
    if is_principal is None:
        is_principal = user.is_principal and user.school == school
    wanted = {"name": name, "role": role, "school": school, "is_active": is_active, "is_principal": is_principal}
    changed = sorted(field for field, value in wanted.items() if getattr(user, field) != value)
    if not changed:
        return
    for field in changed:
        setattr(user, field, wanted[field])
    user.save(update_fields=changed)
    actions.record(by, "account.changed", user, at=at, changed=changed, role=role, is_active=is_active)


@transaction.atomic
def reset_password(user: User, *, by: User, at: datetime) -> Slip:
    """Give an account a new first password; every session signed in with the old one ends."""
    if user.pk == by.pk:
        raise OwnPassword()
    slip = first_passwords.give(user, at=at)
    user.save(update_fields=first_passwords.FIELDS)
    actions.record(by, "account.password-reset", user, at=at)
    return slip


@transaction.atomic
def set_password(user: User, password: str, *, by: User, at: datetime) -> None:
    """Give one's own account a password of one's own; every session signed in with the old one ends."""
    user.set_password(password)
    user.first_password_until = user.first_password_used_at = None
    user.save(update_fields=first_passwords.FIELDS)
    actions.record(by, "account.password-set", user, at=at)
