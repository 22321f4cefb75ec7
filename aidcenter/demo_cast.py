"""Who works in the demonstration, at what hours, and what stands for their photos."""

import io
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import segno
from django.contrib.auth.hashers import make_password
from django.db.models import Count

from accounts.models import User
from common import workdays
from common.roles import Role
from schools.models import School, Term

SHANGHAI = ZoneInfo("Asia/Shanghai")


def moment(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour), SHANGHAI)


def workday(day: date) -> date:
    """This day if people work on it, else the next on which they do."""
    return workdays.last_day(day, 1)


def drawn(words: str) -> bytes:
    """A picture that stands for a photo, and is no other's: the words as a QR code."""
    picture = io.BytesIO()
    segno.make(words).save(picture, kind="png", scale=6)
    return picture.getvalue()


def make_third() -> User:
    """The third person of the county, who signs where the amount asks for it; like officers, without a password."""
    third, _is_new = User.objects.get_or_create(
        username="approver-2",
        defaults={"name": "县级加签", "role": Role.APPROVER, "password": make_password(None)},
    )
    return third


def first_term() -> Term:
    return Term.objects.earliest("starts_on")


def make_officers() -> dict[int, User]:
    """school → its aid officer. They have no password until the administrator gives them one."""
    no_password = make_password(None)
    User.objects.bulk_create(
        (
            User(
                username=f"school-{school.code}",
                name=f"{school.name}资助专干"[:50],
                role=Role.SCHOOL,
                school=school,
                password=no_password,
            )
            for school in School.objects.filter(officers=None)
        ),
        batch_size=500,
    )
    return {user.school_id: user for user in User.objects.filter(role=Role.SCHOOL) if user.school_id}


def busiest_school() -> School:
    """A school whose pages show something of everything: the one with most different programs, then awards."""
    schools = School.objects.annotate(programs=Count("awards__program", distinct=True), given=Count("awards")).order_by(
        "-programs", "-given", "pk"
    )
    return schools[0]
