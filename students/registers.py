"""Lists of other offices (registered-poor, low-income, …), frozen as they came: source, day, file, hash.

A list is never edited. The next one of its source supersedes it; a wrong one is withdrawn with a reason.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import Action, User
from common import sheets
from common.bulk import in_parts, insert
from common.columns import DoubledColumns, MissingColumns
from common.moves import Refused, hold, move
from common.resident_ids import IdKind
from common.tables import Table
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running
from students import register_changes
from students.choices import SNAPSHOT_MOVES, LineCode, SnapshotState
from students.models import Crosscheck, RegisterLine, RegisterPerson, RegisterSnapshot, RegisterSource
from students.register_columns import FIELDS, REQUIRED
from students.register_reading import LINE_FIELDS, PERSON_FIELDS, PersonReader, unknown_headings

CHUNK_ROWS = 2_000


class NoPeople(Refused):
    code = "no-people"
    message = _("表头下面没有人员。请检查是否选错了工作表或文件。")


class FutureList(Refused):
    code = "future-list"
    message = _("名单日期不能晚于今天。")


class ReasonMissing(Refused):
    code = "reason-missing"
    message = _("请写明原因。")


class ListWithdrawn(Refused):
    code = "list-withdrawn"
    message = _("比对过程中，名单“%(names)s”被撤回了，这次比对不作数。请重新选择名单，再比对一次。")


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
def begin_again(snapshot: RegisterSnapshot, *, by: User, at: datetime) -> None:
    """Let the file of a refused list be read once more: the headings of its source are understood now."""
    move(
        snapshot,
        SnapshotState.UPLOADED,
        moves={SnapshotState.REFUSED: {SnapshotState.UPLOADED}},
        readings=F("readings") + 1,
        rows_read=0,
        rows_refused=0,
        refusal_code="",
        refusal_params={},
        notes={},
    )
    snapshot.lines.all().delete()
    snapshot.persons.all().delete()
    actions.record(by, "register.read-again", snapshot, at=at, sha256=snapshot.file.sha256)


@transaction.atomic
def withdraw(snapshot: RegisterSnapshot, *, by: User, at: datetime, reason: str) -> None:
    """Take a wrong list out of use. What was decided by it stays on record."""
    if not reason.strip():
        raise ReasonMissing()
    move(snapshot, SnapshotState.WITHDRAWN, moves=SNAPSHOT_MOVES, withdrawn_reason=reason.strip()[:200])
    actions.record(by, "register.withdrawn", snapshot, at=at, reason=snapshot.withdrawn_reason)


def withdrawal(snapshot: RegisterSnapshot) -> Action | None:
    """Who withdrew a list, and when."""
    acts = Action.objects.filter(target_type=snapshot._meta.label_lower, target_id=str(snapshot.pk))
    return acts.filter(verb="register.withdrawn").select_related("actor").order_by("-pk").first()


def withdrawn_among(run: Crosscheck) -> list[RegisterSnapshot]:
    """The lists of a cross-check that somebody has withdrawn.

    Called in the transaction that ends the run, it keeps all of the run's lists as they are until that is over: a
    withdrawal comes before it and is seen, or after it.
    """
    rows = RegisterSnapshot.objects.filter(pk__in=list(run.snapshots.order_by("pk").values_list("pk", flat=True)))
    rows.update(state=F("state"))
    return list(rows.filter(state=SnapshotState.WITHDRAWN).select_related("source").order_by("pk"))


def refuse_withdrawn(run: Crosscheck) -> None:
    """ListWithdrawn where one of the run's lists is out of use by now."""
    if gone := withdrawn_among(run):
        raise ListWithdrawn(names="、".join(map(str, gone)))


def headings_of(source: RegisterSource) -> Mapping[str, Sequence[str]]:
    """field → its headings; what no list can do without is found at least under its own name."""
    words: dict[str, Sequence[str]] = {
        name: texts for name, texts in source.headings.items() if name in FIELDS and texts
    }
    return {**{name: [str(FIELDS[name].name)] for name in REQUIRED}, **words}


def freeze(snapshot: RegisterSnapshot, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Read the list into rows, chunk by chunk, compare it with the one before, and freeze it.

    Lines that name nobody are not taken, and said with their numbers. A run ordered before the list was read again
    leaves it alone.
    """
    if running.params.get("reading", 0) != snapshot.readings:
        return {}
    try:
        return _freeze(snapshot, running, reader)
    except Refused as refusal:
        notes = {"headings": _not_understood(snapshot, refusal, reader)}
        with running.chunk(to=running.cursor, refusal=refusal):
            snapshot.persons.all().delete()
            snapshot.lines.all().delete()
            move(
                snapshot,
                SnapshotState.REFUSED,
                moves={SnapshotState.UPLOADED: {SnapshotState.REFUSED}},
                refusal_code=refusal.code,
                refusal_params=refusal.params,
                notes=notes,
            )
        raise


def _not_understood(snapshot: RegisterSnapshot, refusal: Refused, reader: sheets.Reader | None) -> list[str]:
    if not isinstance(refusal, MissingColumns | DoubledColumns):
        return []
    return unknown_headings(files.content(snapshot.file), headings_of(snapshot.source), reader=reader)


def _freeze(snapshot: RegisterSnapshot, running: Running, reader: sheets.Reader | None) -> dict[str, Any]:
    table = Table(files.content(snapshot.file), headings_of(snapshot.source), REQUIRED, reader=reader)
    person_reader = PersonReader(table, snapshot)
    lines = table.lines()
    while part := [(number, person_reader.read(number, cells)) for number, cells in islice(lines, CHUNK_ROWS)]:
        # After a break the lines before the cursor are read once more: a household goes on in the next line.
        part = [line for line in part if line[0] > running.cursor]
        if not part:
            continue
        people = [reading.person for _number, reading in part if reading.person]
        remarks = [(snapshot.pk, number, code, None) for number, reading in part for code in reading.codes]
        with running.chunk(to=part[-1][0]):
            hold(snapshot, SnapshotState.UPLOADED)
            insert(RegisterPerson, PERSON_FIELDS, people)
            insert(RegisterLine, LINE_FIELDS, remarks)
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
            insert(RegisterLine, LINE_FIELDS, person_reader.passed_over())
            insert(RegisterLine, LINE_FIELDS, _doubled(snapshot))
            compared = register_changes.compare(snapshot)
            move(
                snapshot,
                SnapshotState.FROZEN,
                moves={SnapshotState.UPLOADED: {SnapshotState.FROZEN}},
                people=people_count,
                notes=person_reader.notes(),
                **compared,
            )
            actions.record(
                snapshot.uploaded_by, "register.frozen", snapshot, at=snapshot.uploaded_at, people=people_count
            )
    return {"rows": snapshot.rows_read, "people": snapshot.people, "refused": snapshot.rows_refused}


def _doubled(snapshot: RegisterSnapshot) -> list[tuple[Any, ...]]:
    """Lines whose valid number stands on an earlier line of the same list, with that line."""
    people = snapshot.persons.filter(id_kind=IdKind.RESIDENT)
    groups = people.order_by().values("id_number_index").annotate(lines=Count("pk"), first=Min("row"))
    first = dict(groups.filter(lines__gt=1).values_list("id_number_index", "first"))
    numbers, found = sorted(first), []
    for some in in_parts(numbers):
        rows = people.filter(id_number_index__in=some).order_by("row")
        found += [
            (snapshot.pk, row, LineCode.DUPLICATE, first[number])
            for number, row in rows.values_list("id_number_index", "row")
            if row != first[number]
        ]
    return found
