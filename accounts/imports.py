"""A list that somebody brings as a sheet: read, looked at, taken. Every row that changes leaves its own trace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import sheets
from common.moves import Refused
from common.tables import Table
from schools.resources import ListResource


class NothingListed(Refused):
    code = "nothing-listed"
    message = _("表头下面没有内容。请检查是否选错了工作表或文件。")


@dataclass(frozen=True)
class List:
    """What a sheet lists: how its rows are read, what has to be there, and what adding or changing one is called.

    `headings` are other spellings of a column's name.
    """

    resource: type[ListResource]
    required: Sequence[str]
    added: str
    changed: str
    headings: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def columns(self) -> dict[str, tuple[str, ...]]:
        names = [str(each.column_name) for each in self.resource().get_import_fields()]
        return {name: (name, *self.headings.get(name, ())) for name in names}


@dataclass(frozen=True)
class Change:
    """A row that the sheet adds, or the columns in which it changes one."""

    row: models.Model
    key: str
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


def preview(listed: List, content: bytes) -> Outcome:
    """What the sheet would change, without changing anything."""
    return _import(listed, content, dry_run=True)


@transaction.atomic
def take(listed: List, content: bytes, *, by: User, at: datetime) -> Outcome:
    """Add and change the rows of the sheet; rows with errors stay out."""
    outcome = _import(listed, content, dry_run=False)
    for change in outcome.changes:
        verb = listed.added if change.is_new else listed.changed
        actions.record(by, verb, change.row, at=at, columns=change.columns)
    return outcome


def _import(listed: List, content: bytes, *, dry_run: bool) -> Outcome:
    dataset, numbers = _dataset(listed, content)
    resource = listed.resource()
    result = resource.import_data(dataset, dry_run=dry_run)
    for failure in result.base_errors:
        raise failure.error
    outcome = Outcome()
    for number, row in zip(numbers, result.rows, strict=True):
        if row.is_invalid():
            outcome.refused.append((number, _words(resource, row.validation_error)))
        elif row.is_error():
            raise row.errors[0].error
        elif row.is_skip():
            outcome.unchanged += 1
        else:
            columns = [] if row.is_new() else resource.changed_columns(row.original, row.instance)
            outcome.changes.append(Change(row.instance, _key(resource, row.instance), row.is_new(), columns))
    return outcome


def _key(resource: ListResource, instance: Any) -> str:
    """The code by which people know the row."""
    first = resource.fields[resource.get_import_id_fields()[0]]
    return str(first.export(instance))


def _words(resource: ListResource, error: ValidationError) -> list[str]:
    """ "乡镇：没有名为…的乡镇。" for each cell that is wrong."""
    names = {field.attribute: field.column_name for field in resource.get_import_fields()}
    return [f"{names[name]}：{word}" for name, words in error.message_dict.items() for word in words]


def _dataset(listed: List, content: bytes) -> tuple[tablib.Dataset, list[int]]:
    """The rows below the head, under the columns' own names, and where each stood in the sheet."""
    table = Table(content, listed.columns(), listed.required, limits=sheets.SMALL)
    dataset = tablib.Dataset(headers=list(table.columns))
    numbers: list[int] = []
    for number, cells in table.lines():
        dataset.append(list(table.text(cells).values()))
        numbers.append(number)
    if not numbers:
        raise NothingListed()
    return dataset, numbers
