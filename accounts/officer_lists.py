"""A sheet of officers: taken with first passwords for the accounts that it opens, which are handed over on slips."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import actions, first_passwords, imports
from accounts.first_passwords import Slip
from accounts.imports import Change, List, Outcome
from accounts.models import User
from accounts.resources import OfficerResource
from common.workbooks import Column, write_table

OFFICERS = List(
    resource=OfficerResource,
    required=("学校标识码", "姓名", "账号"),
    added="account.created",
    changed="account.changed",
)
_BATCH = 200


def opened(outcome: Outcome) -> list[User]:
    """The accounts of the sheet that can be used from now on, and could not before."""
    return [change.row for change in outcome.changes if isinstance(change.row, User) and _opens(change, change.row)]


def _opens(change: Change, officer: User) -> bool:
    return officer.is_active and (change.is_new or "状态" in change.columns)


@transaction.atomic
def take(content: bytes, *, by: User, at: datetime) -> tuple[Outcome, list[Slip]]:
    """Open and change the accounts of the sheet; rows with errors stay out. The first passwords of those that are
    opened are in the answer and nowhere else."""
    outcome = imports.take(OFFICERS, content, by=by, at=at)
    slips = [first_passwords.give(officer, at=at) for officer in opened(outcome)]
    given = [slip.user for slip in slips]
    User.objects.bulk_update(given, ["password"], batch_size=_BATCH)
    User.objects.filter(pk__in=[user.pk for user in given]).update(
        first_password_until=at + first_passwords.VALID_FOR, first_password_used_at=None
    )
    return outcome, slips


@transaction.atomic
def slips_sheet(slips: list[Slip], *, by: User, at: datetime) -> bytes:
    """The first passwords as a sheet to be cut up and handed over. Taking it along is an act of its own."""
    actions.record(by, "account.slips-taken", by, at=at, slips=len(slips))
    return write_table(
        _("学校资助专干初始密码"),
        [
            Column(_("学校标识码"), 14),
            Column(_("学校名称"), 32),
            Column(_("姓名"), 14),
            Column(_("账号"), 20),
            Column(_("初始密码"), 20),
            Column(_("有效期至"), 18),
        ],
        [_slip_line(slip) for slip in slips],
        preamble=[_("初始密码只能登录一次，登录后立即修改。当面交给本人，交完后删除本文件。")],
    )


def _slip_line(slip: Slip) -> list[str]:
    school, until = slip.user.school, slip.user.first_password_until
    return [
        school.code if school else "",
        school.name if school else "",
        slip.user.name,
        slip.user.username,
        slip.password,
        timezone.localtime(until).strftime("%Y-%m-%d %H:%M") if until else "",
    ]
