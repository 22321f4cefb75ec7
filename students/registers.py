"""Lists of other offices (registered-poor, low-income, …), frozen as they came: source, day, file, hash.

A list is never edited. The next one of its source supersedes it; a wrong one is withdrawn with a reason.
"""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import names, resident_ids, sheets
from common.bulk import insert
from common.columns import read_date
from common.moves import Refused, hold, move
from common.resident_ids import IdKind
from common.tables import Table
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running
from students import identity
from students.choices import SNAPSHOT_MOVES, Sex, SnapshotState
from students.models import CategoryLabel, HardshipCategory, RegisterPerson, RegisterSnapshot, RegisterSource
from students.roster_rows import phone_index

REQUIRED = ("name", "id_number")
CHUNK_ROWS = 2_000
_SEXES = {"男": Sex.MALE, "女": Sex.FEMALE}


class NoPeople(Refused):
    code = "no-people"
    message = _("表头下面没有人员。请检查是否选错了工作表或文件。")


class FutureList(Refused):
    code = "future-list"
    message = _("名单日期不能晚于今天。")


class ReasonMissing(Refused):
    code = "reason-missing"
    message = _("请写明原因。")


@transaction.atomic
def upload(
    *, source: RegisterSource, as_of: date, content: bytes, name: str, by: User, at: datetime
) -> RegisterSnapshot:
    """Keep the file; `freeze` reads it."""
    if as_of > timezone.localdate(at):
        raise FutureList()
    sheets.preflight(content, limits=sheets.LIMITS)
    file = files.store(content, name=name, kind=FileKind.REGISTER, by=by, at=at)
    snapshot = RegisterSnapshot.objects.create(source=source, as_of=as_of, file=file, uploaded_by=by, uploaded_at=at)
    actions.record(by, "register.uploaded", snapshot, at=at, sha256=file.sha256)
    return snapshot


@transaction.atomic
def withdraw(snapshot: RegisterSnapshot, *, by: User, at: datetime, reason: str) -> None:
    """Take a wrong list out of use. What was decided by it stays on record."""
    if not reason.strip():
        raise ReasonMissing()
    move(snapshot, SnapshotState.WITHDRAWN, moves=SNAPSHOT_MOVES, withdrawn_reason=reason.strip()[:200])
    actions.record(by, "register.withdrawn", snapshot, at=at, reason=snapshot.withdrawn_reason)


def freeze(snapshot: RegisterSnapshot, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Read the list into rows, chunk by chunk, and freeze it. Lines without a name are counted, not taken."""
    try:
        return _freeze(snapshot, running, reader)
    except Refused as refusal:
        with running.chunk(to=running.cursor, refusal=refusal):
            snapshot.persons.all().delete()
            move(
                snapshot,
                SnapshotState.REFUSED,
                moves=SNAPSHOT_MOVES,
                refusal_code=refusal.code,
                refusal_params=refusal.params,
            )
        raise


_FIELDS = (
    "snapshot", "row", "key", "household_no", "relation", "head_name", "name", "name_key", "sex", "born_on",
    "id_kind", "id_number", "id_number_index", "phone", "phone_index", "town_name", "village", "category", "label",
)  # fmt: skip


def _freeze(snapshot: RegisterSnapshot, running: Running, reader: sheets.Reader | None) -> dict[str, Any]:
    table = Table(files.content(snapshot.file), snapshot.source.headings, REQUIRED, reader=reader)
    person_reader = PersonReader(table, snapshot)
    taken = (line for line in table.lines() if line[0] > running.cursor)
    while part := list(islice(taken, CHUNK_ROWS)):
        people = [person for number, cells in part if (person := person_reader.read(number, cells))]
        with running.chunk(to=part[-1][0]):
            hold(snapshot, SnapshotState.UPLOADED)
            insert(RegisterPerson, _FIELDS, people)
            snapshot.rows_read += len(part)
            snapshot.rows_refused += len(part) - len(people)
            RegisterSnapshot.objects.filter(pk=snapshot.pk).update(
                rows_read=snapshot.rows_read, rows_refused=snapshot.rows_refused
            )
    with running.chunk(to=running.cursor):
        if snapshot.state == SnapshotState.UPLOADED:
            people_count = snapshot.persons.count()
            if not people_count:
                raise NoPeople()
            move(snapshot, SnapshotState.FROZEN, moves=SNAPSHOT_MOVES, people=people_count)
            actions.record(
                snapshot.uploaded_by, "register.frozen", snapshot, at=snapshot.uploaded_at, people=people_count
            )
    return {"rows": snapshot.rows_read, "people": snapshot.people, "refused": snapshot.rows_refused}


class PersonReader:
    """Reads the lines of one source's list."""

    def __init__(self, table: Table, snapshot: RegisterSnapshot) -> None:
        self.table = table
        self.snapshot = snapshot
        self.labels = dict(CategoryLabel.objects.values_list("label", "category"))
        self.labels.update({name: code for code, name in HardshipCategory.objects.values_list("code", "name")})

    def read(self, number: int, cells: sheets.Row) -> tuple[Any, ...] | None:
        """The values of RegisterPerson's `_FIELDS`, or None for a line without a name."""
        text = self.table.text(cells)
        name_key = names.key(text.get("name", ""))
        if not name_key:
            return None
        id_number, id_kind = self._id(cells)
        phone = resident_ids.normalize(text.get("phone", ""))[:20]
        category, label = self._category(text)
        household_no = text.get("household_no", "")[:40]
        sex = _SEXES.get(text.get("sex", "") or resident_ids.sex(id_number), Sex.UNKNOWN)
        born_on = resident_ids.born_on(id_number) if id_kind is IdKind.RESIDENT else None
        key = identity.person_key(
            source=self.snapshot.source_id, household_no=household_no, number=id_number, name_key=name_key
        )
        return (
            self.snapshot.pk, number, key, household_no, text.get("relation", "")[:20], text.get("head_name", "")[:100],
            text["name"][:100], name_key[:100], sex, born_on or read_date(self.table.cell(cells, "born_on")),
            id_kind, id_number, identity.number_index(id_number, id_kind), phone, phone_index(phone),
            text.get("town_name", text.get("town", ""))[:50], text.get("village", "")[:100], category, label[:40],
        )  # fmt: skip

    def _id(self, cells: sheets.Row) -> tuple[str, IdKind]:
        cell = self.table.cell(cells, "id_number")
        if isinstance(cell, int | float):
            return "", IdKind.LOST
        number = resident_ids.from_disability_card(resident_ids.normalize(cell))[:40]
        return number, resident_ids.kind(number)

    def _category(self, text: Mapping[str, str]) -> tuple[str, str]:
        """The most telling label wins: 监测对象类别 says more than 户类型."""
        for name in ("monitored", "category"):
            label = text.get(name, "")
            if label in self.labels:
                return self.labels[label], label
        return self.snapshot.source.category_id, text.get("category", "") or self.snapshot.source.category.name
