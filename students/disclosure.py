"""Showing a whole resident number: to whom it belongs to know, for a purpose, once, on record."""

from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused
from common.roles import COUNTY, Role
from students.models import Student


class Purpose(TextChoices):
    """Why somebody may look at a whole resident number."""

    EVIDENCE = "evidence", _("核对证明材料")
    COMPARISON = "comparison", _("与其他部门名单核对")
    ACCOUNT = "account", _("核实银行账户")
    CORRECTION = "correction", _("更正学生信息")


class NotForReading(Refused):
    code = "not-for-reading"
    message = _("您的岗位只能看遮蔽后的号码。")


def may_reveal(user: User) -> bool:
    """Auditors and the administrator never see a whole number; the log tells them who did."""
    return user.role in COUNTY or user.role == Role.SCHOOL


def reveal(student: Student, *, purpose: Purpose, by: User, at: datetime) -> str:
    """The whole number, after it is written down who looked and what for."""
    if not may_reveal(by):
        raise NotForReading()
    actions.record(by, "student.id-revealed", student, at=at, purpose=purpose.value)
    return str(student.id_number)


def reveal_guardians(student: Student, *, purpose: Purpose, by: User, at: datetime) -> str:
    """The same for the number of the child's guardian."""
    if not may_reveal(by):
        raise NotForReading()
    actions.record(by, "student.guardian-id-revealed", student, at=at, purpose=purpose.value)
    return str(student.guardian_id)
