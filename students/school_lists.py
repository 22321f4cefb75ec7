"""A sheet of schools: read, looked at, taken. Every school that changes leaves its own trace."""

from dataclasses import dataclass, field
from datetime import datetime

import tablib
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import sheets
from common.moves import Refused
from common.tables import Table
from schools.models import School
from schools.resources import SchoolResource, changed_columns

_COLUMNS = {str(field.column_name): (str(field.column_name),) for field in SchoolResource().get_import_fields()}
_REQUIRED = ("学校标识码", "学校名称", "乡镇", "学校类型")


class NoSchools(Refused):
    code = "no-schools"
    message = _("表头下面没有学校。请检查是否选错了工作表或文件。")


@dataclass(frozen=True)
class Change:
    """A school that the sheet adds, or the columns in which it changes one."""

    school: School
    is_new: bool
    columns: list[str]


@dataclass
class Outcome:
    """What taking a sheet does: nothing is silent, every row is in one of the lists."""

    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    refused: list[tuple[int, list[str]]] = field(default_factory=list)

    @property
    def added(self) -> int:
        return sum(change.is_new for change in self.changes)

    @property
    def changed(self) -> int:
        return len(self.changes) - self.added

    @property
    def rows(self) -> int:
        return len(self.changes) + self.unchanged + len(self.refused)


def preview(content: bytes) -> Outcome:
    """What the sheet would change, without changing anything."""
    return _import(content, dry_run=True)


@transaction.atomic
def take(content: bytes, *, by: User, at: datetime) -> Outcome:
    """Add and change the schools of the sheet; rows with errors stay out."""
    outcome = _import(content, dry_run=False)
    for change in outcome.changes:
        verb = "school.added" if change.is_new else "school.changed"
        actions.record(by, verb, change.school, at=at, columns=change.columns)
    return outcome


def _import(content: bytes, *, dry_run: bool) -> Outcome:
    dataset, numbers = _dataset(content)
    result = SchoolResource().import_data(dataset, dry_run=dry_run)
    for failure in result.base_errors:
        raise failure.error
    outcome = Outcome()
    for number, row in zip(numbers, result.rows, strict=True):
        if row.is_invalid():
            outcome.refused.append((number, _words(row.validation_error)))
        elif row.is_error():
            raise row.errors[0].error
        elif row.is_skip():
            outcome.unchanged += 1
        else:
            columns = [] if row.is_new() else changed_columns(row.original, row.instance)
            outcome.changes.append(Change(row.instance, row.is_new(), columns))
    return outcome


def _words(error: ValidationError) -> list[str]:
    """ "乡镇：没有名为…的乡镇。" for each cell that is wrong."""
    names = {field.attribute: field.column_name for field in SchoolResource().get_import_fields()}
    return [f"{names[name]}：{word}" for name, words in error.message_dict.items() for word in words]


def _dataset(content: bytes) -> tuple[tablib.Dataset, list[int]]:
    """The rows below the head, under the columns' own names, and where each stood in the sheet."""
    table = Table(content, _COLUMNS, _REQUIRED, limits=sheets.SMALL)
    dataset = tablib.Dataset(headers=list(table.columns))
    numbers: list[int] = []
    for number, cells in table.lines():
        dataset.append(list(table.text(cells).values()))
        numbers.append(number)
    if not numbers:
        raise NoSchools()
    return dataset, numbers
