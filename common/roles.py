"""Who works with the system. The words live here so that every room can name them."""

from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    PREPARER = "preparer", _("县级经办")
    APPROVER = "approver", _("县级审核")
    SCHOOL = "school", _("学校资助专干")
    AUDITOR = "auditor", _("审计人员")
    ADMIN = "admin", _("系统管理员")


COUNTY = frozenset({Role.PREPARER, Role.APPROVER})
READERS = COUNTY | {Role.AUDITOR}
"""Roles that read the whole county. The administrator keeps accounts and sees no child."""


class Person(Protocol):
    """What a queryset has to know of a user to decide which rows are theirs."""

    role: str
    school_id: int | None
