"""Keeping towns and schools by hand. Nothing changed leaves no trace; a closed school keeps its rows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts import actions, users
from accounts.models import User
from common.moves import Refused, WrongState
from schools.models import School, Stage, Town


class TownKnown(Refused):
    code = "town-known"
    message = _("已经有这个代码或名称的乡镇。")


class SchoolKnown(Refused):
    code = "school-known"
    message = _("已经有这个标识码的学校。")


class CloseReasonMissing(Refused):
    code = "school-close-reason"
    message = _("请写明停办的原因。")


@transaction.atomic
def add_town(*, by: User, at: datetime, **facts: Any) -> Town:
    """Put a town on the list."""
    try:
        with transaction.atomic():
            town = Town.objects.create(**facts)
    except IntegrityError as error:
        raise TownKnown() from error
    actions.record(by, "town.added", town, at=at, columns=[])
    return town


@transaction.atomic
def change_town(town: Town, *, by: User, at: datetime, **facts: Any) -> None:
    """Change what a town is called, where it stands, and whether it is the county seat."""
    changed = _differing(town, facts)
    if not changed:
        return
    try:
        with transaction.atomic():
            town.save(update_fields=changed)
    except IntegrityError as error:
        raise TownKnown() from error
    actions.record(by, "town.changed", town, at=at, columns=_labels(town, changed))


@transaction.atomic
def add_school(*, stages: Iterable[Stage], by: User, at: datetime, **facts: Any) -> School:
    """Put a school on the list; without stages of its own it has those of its kind."""
    try:
        with transaction.atomic():
            school = School.objects.create(**facts)
    except IntegrityError as error:
        raise SchoolKnown() from error
    school.stages.set(stages)
    actions.record(by, "school.added", school, at=at, columns=[])
    return school


@transaction.atomic
def change_school(school: School, *, stages: Iterable[Stage], by: User, at: datetime, **facts: Any) -> None:
    """Change a school's facts. The log names the columns, never an account number."""
    wanted = set(stages)
    changed = _differing(school, facts)
    restaged = wanted != set(school.stages.all())
    if not changed and not restaged:
        return
    if changed:
        school.save(update_fields=changed)
    if restaged:
        school.stages.set(wanted)
    columns = _labels(school, [*changed, *(["stages"] if restaged else [])])
    actions.record(by, "school.changed", school, at=at, columns=columns)


@transaction.atomic
def close(school: School, *, reason: str, by: User, at: datetime) -> None:
    """A school stops: it hands in nothing more, nobody signs in for it, and everything of it stays on record."""
    if not reason.strip():
        raise CloseReasonMissing()
    _turn(school, is_active=False)
    for officer in User.objects.filter(school=school, is_active=True).order_by("pk"):
        users.change(officer, name=officer.name, role=officer.role, school=school, is_active=False, by=by, at=at)
    actions.record(by, "school.closed", school, at=at, reason=reason.strip()[:200])


@transaction.atomic
def reopen(school: School, *, by: User, at: datetime) -> None:
    """A school goes on. Whose accounts were closed with it is for the county to say anew."""
    _turn(school, is_active=True)
    actions.record(by, "school.reopened", school, at=at)


def _turn(school: School, *, is_active: bool) -> None:
    """One conditional UPDATE decides, as for every state."""
    if not School.objects.filter(pk=school.pk, is_active=not is_active).update(is_active=is_active):
        raise WrongState()
    school.is_active = is_active


def _differing(row: School | Town, facts: dict[str, Any]) -> list[str]:
    """Set the facts that differ; their names."""
    changed = [name for name, value in facts.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, facts[name])
    return changed


def _labels(row: School | Town, names: Iterable[str]) -> list[str]:
    """In the office's language, whatever the actor reads in."""
    with translation.override(settings.LANGUAGE_CODE):
        return [str(row._meta.get_field(name).verbose_name) for name in names]  # type: ignore[union-attr]
