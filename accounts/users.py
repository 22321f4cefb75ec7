"""Keeping the accounts: who may sign in, as what, for which school. The administrator's work, all of it logged."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused
from schools.models import School


class OwnAccount(Refused):
    code = "own-account"
    message = _("不能停用自己的账号，也不能改变自己的岗位。请由另一位管理员办理。")


@transaction.atomic
def create(
    *, username: str, name: str, role: str, school: School | None, password: str, by: User, at: datetime
) -> User:
    """Open an account with a first password that the administrator hands over in person."""
    user = User(username=username, name=name, role=role, school=school)
    user.set_password(password)
    user.save()
    actions.record(by, "account.created", user, at=at, role=role, school=school.code if school else None)
    return user


@transaction.atomic
def change(user: User, *, name: str, role: str, school: School | None, is_active: bool, by: User, at: datetime) -> None:
    """Change what an account is called, may do, and whether it is open. Nothing changed leaves no trace."""
    if user.pk == by.pk and (role != user.role or not is_active):
        raise OwnAccount()
    wanted = {"name": name, "role": role, "school": school, "is_active": is_active}
    changed = sorted(field for field, value in wanted.items() if getattr(user, field) != value)
    if not changed:
        return
    for field in changed:
        setattr(user, field, wanted[field])
    user.save(update_fields=changed)
    actions.record(by, "account.changed", user, at=at, changed=changed, role=role, is_active=is_active)


@transaction.atomic
def set_password(user: User, password: str, *, by: User, at: datetime) -> None:
    """Give an account another password; every session signed in with the old one ends."""
    user.set_password(password)
    user.save(update_fields=["password"])
    actions.record(by, "account.password-set", user, at=at)
