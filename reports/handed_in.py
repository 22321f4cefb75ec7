"""Reports as they were handed in: frozen with every award behind them, and compared with what stands now.

The frozen rows hold numbers and codes, nothing personal: whose award it is, the
award's own row says, to those who may see it.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import keyring
from common.moves import Refused
from common.roles import COUNTY
from jobs import files
from jobs.choices import FileKind
from reports import exports, layouts
from reports.choices import Layout
from reports.counting import READ_ROWS, Column
from reports.grids import Grid, grid
from reports.models import HandedIn
from reports.scopes import counted, terms_of
from reports.selections import NONE, Bearing
from schools.models import School
from students.models import HardshipCategory


class NotTheCounty(Refused):
    code = "handed-in-not-the-county"
    message = _("只有县级经办和县级审核可以定版上报。")


class WhyMissing(Refused):
    code = "handed-in-why-missing"
    message = _("这张表已经上报过，交新版请写明原因。")


class Overtaken(Refused):
    code = "handed-in-overtaken"
    message = _("已有第 %(version)s 版，这一次没有再定版。看过那一版后仍要交新版的，请重新定版并写明原因。")


class Moving(Refused):
    code = "handed-in-moving"
    message = _("统计的同时有名单刚刚审定，数字和明细对不上，请重新定版。")


class Unreadable(Refused):
    code = "handed-in-unreadable"
    message = _("保存的明细打不开：文件被改动，或者密钥不是保存时的密钥。请联系系统管理员从备份恢复。")


class NothingThere(Refused):
    code = "handed-in-nothing"
    message = _("这个学期或年度还没有审定的资助，不能定版。")


class Row(NamedTuple):
    """An award as a figure counted it: numbers and codes. `payers` is "central=25000;county=25000", in fen."""

    award: int
    student: int
    term: str
    school: str
    stage: str
    program: str
    category: str
    is_poor: bool
    amount_fen: int
    payers: str


@dataclass(frozen=True)
class Prepared:
    """A report before it is kept: its table, and its rows as the bytes that will be kept."""

    table: Grid
    content: bytes


def rows_now(scope: str) -> Iterator[Row]:
    """The awards behind the figures of a scope as they are now, by number."""
    terms = terms_of(scope)
    bearing = Bearing(terms)
    columns = (
        "pk", "student", "term", "school__code", "stage", "program", "category", "is_registered_poor", "amount_fen",
    )  # fmt: skip
    for row in counted(terms).order_by("pk").values_list(*columns).iterator(READ_ROWS):
        pk, student, term, school, stage, program, category, is_poor, fen = row
        parts = bearing.parts(term, program, fen)
        payers = ";".join(f"{payer}={part}" for payer, part in parts.items())
        yield Row(pk, student, term, school, stage, program, category or "", is_poor, fen, payers)


def prepare(layout: str, scope: str) -> Prepared:
    """Count a table and write down the awards behind it. It changes nothing and takes seconds for a year."""
    table = grid(layout, scope)
    if table.is_empty:
        raise NothingThere()
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row._fields)
    for row in rows_now(scope):
        writer.writerow([int(value) if value is True or value is False else value for value in row])
    prepared = Prepared(table, text.getvalue().encode())
    if not _adds_up(figures_of(table), list(read(prepared.content))):
        raise Moving()
    return prepared


def refuse(layout: str, scope: str, *, by: User, why: str) -> int:
    """Refuse what cannot be handed in by this person; else the number of the version that it would be."""
    if by.role not in COUNTY:
        raise NotTheCounty()
    terms_of(scope)
    version = next_version(layout, scope)
    if version > 1 and not why.strip():
        raise WhyMissing()
    return version


def next_version(layout: str, scope: str) -> int:
    """The number of the version that would be kept next."""
    return (HandedIn.objects.filter(layout=layout, scope=scope).aggregate(last=Max("version"))["last"] or 0) + 1


@transaction.atomic
def keep(prepared: Prepared, *, by: User, at: datetime, why: str = "", version: int | None = None) -> HandedIn:
    """Keep a report for good; after the first one of a table it is another version and says why.

    `version` is the one that was promised when it was ordered; refused where somebody else's has that number by now.
    """
    table = prepared.table
    promised, version = version, next_version(table.layout, table.scope)
    if promised not in (None, version):
        raise Overtaken(version=version - 1)
    refuse(table.layout, table.scope, by=by, why=why)
    name = f"{exports.title(table)} v{version}"
    whole = table.whole.count
    digest = hashlib.sha256(prepared.content).hexdigest()
    words = _now("第 %(version)s 版，明细摘要（SHA-256）%(digest)s") % {"version": version, "digest": digest}
    workbook = exports.report(table, by=by, at=at, version=words)
    report = HandedIn.objects.create(
        layout=table.layout,
        scope=table.scope,
        version=version,
        definition=layouts.definition(table.layout),
        figures=figures_of(table),
        people=whole.people,
        awards=whole.awards,
        amount_fen=whole.amount_fen,
        rows=files.store(prepared.content, name=f"{name}.csv", kind=FileKind.FROZEN, by=by, at=at),
        rows_sha256=digest,
        workbook=files.store(workbook, name=f"{name}.xlsx", kind=FileKind.EXPORT, by=by, at=at),
        why=why.strip()[:200],
        frozen_by=by,
        frozen_at=at,
    )
    actions.record(
        by,
        "report.handed-in",
        report,
        at=at,
        layout=table.layout,
        scope=table.scope,
        version=version,
        awards=whole.awards,
        amount_fen=whole.amount_fen,
        sha256=report.rows_sha256,
    )
    return report


def freeze(layout: str, scope: str, *, by: User, at: datetime, why: str = "") -> HandedIn:
    """Count a table and keep it as it is handed in. The county alone may; version n + 1 needs a reason."""
    refuse(layout, scope, by=by, why=why)
    return keep(prepare(layout, scope), by=by, at=at, why=why)


def figures_of(table: Grid) -> dict[str, Any]:
    """A table as it is kept: rows, columns, people, awards and fen of each figure; of which group a category was."""
    return {
        "head": table.head,
        "terms": table.terms,
        "columns": [[column.scope, column.who, column.group] for column in table.columns],
        "groups": dict(HardshipCategory.objects.values_list("code", "group")),
        "towns": dict(School.objects.values_list("code", "town")) if table.layout == Layout.SCHOOLS else {},
        "lines": [
            {
                "label": line.label,
                "words": line.row.words,
                "is_part": line.is_part,
                "figures": [[cell.count.people, cell.count.awards, cell.count.amount_fen] for cell in line.cells],
                "allotted": line.allotted,
            }
            for line in table.lines
        ],
    }


def read(content: bytes) -> Iterator[Row]:
    """The rows of a kept file."""
    lines = csv.reader(StringIO(content.decode()))
    next(lines, None)
    for award, student, term, school, stage, program, category, is_poor, fen, payers in lines:
        yield Row(int(award), int(student), term, school, stage, program, category, is_poor == "1", int(fen), payers)


def rows_of(report: HandedIn) -> Iterator[Row]:
    """The rows behind a report that was handed in. Refuses a file that is not there or that no key opens."""
    try:
        return read(files.content(report.rows))
    except keyring.CannotOpen as error:
        raise Unreadable() from error


def behind(report: HandedIn, line: int, column: int) -> list[Row]:
    """The rows that a figure of the report counted, of a payer each with its part. IndexError where there is none."""
    figures = report.figures
    words, where = figures["lines"][line]["words"], Column(*figures["columns"][column])
    groups, towns, whole = figures.get("groups", {}), figures.get("towns", {}), figures["terms"][-1]
    found = []
    for row in rows_of(report):
        group = groups.get(row.category, NONE)
        if not where.holds(row.term, is_poor=row.is_poor, group=group, whole=whole):
            continue
        said = {**row._asdict(), "group": group, "town": towns.get(row.school)}
        parts = dict(part.split("=") for part in row.payers.split(";") if part)
        payer = words.get("payer")
        if all(said[name] == word for name, word in words.items() if name != "payer") and (not payer or payer in parts):
            found.append(row._replace(amount_fen=int(parts[payer])) if payer else row)
    return found


@dataclass(frozen=True, slots=True)
class Fault:
    """What a second look at the kept rows gave."""

    is_whole: bool
    amount_fen: int


def fault(report: HandedIn) -> Fault:
    """Whether the kept rows are those that were kept, by their digest, and still add up to the kept figures."""
    try:
        content = files.content(report.rows)
    except (Refused, keyring.CannotOpen):
        return Fault(is_whole=False, amount_fen=0)
    is_same = hashlib.sha256(content).hexdigest() == report.rows_sha256
    rows = list(read(content)) if is_same else []
    stated = report.people, report.awards, report.amount_fen
    added = len({row.student for row in rows}), len(rows), sum(row.amount_fen for row in rows)
    return Fault(is_same and added == stated and _adds_up(report.figures, rows), added[2])


def _adds_up(figures: dict[str, Any], rows: Sequence[Row]) -> bool:
    """Whether the total row is what the rows add up to, column by column."""
    total = next(line for line in figures["lines"] if not line["words"])
    whole, groups = figures["terms"][-1], figures.get("groups", {})
    for words, figure in zip(figures["columns"], total["figures"], strict=True):
        column = Column(*words)
        chosen = [
            row
            for row in rows
            if column.holds(row.term, is_poor=row.is_poor, group=groups.get(row.category, NONE), whole=whole)
        ]
        people = len({row.student for row in chosen})
        if figure != [people, len(chosen), sum(row.amount_fen for row in chosen)]:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Change:
    """An award that no longer is what the report counted: as it was, as it is, and in what they differ."""

    was: Row | None
    now: Row | None
    fields: tuple[str, ...] = ()

    @property
    def row(self) -> Row:
        found = self.now or self.was
        assert found is not None  # noqa: S101 -- one of the two is always there
        return found

    @property
    def words(self) -> str:
        """ "金额、学校" """
        return "、".join(str(_FIELDS[name]) for name in self.fields)


_FIELDS = {
    "amount_fen": _("金额"),
    "student": _("学生"),
    "term": _("学期"),
    "school": _("学校"),
    "program": _("资助项目"),
    "stage": _("学段"),
    "category": _("困难类型"),
    "is_poor": _("是否脱贫及监测"),
    "payers": _("经费分担"),
}


@dataclass(frozen=True)
class Differences:
    """What changed since a report was handed in, award by award."""

    gone: list[Change]
    new: list[Change]
    changed: list[Change]

    @property
    def holds(self) -> bool:
        """Whether the figures can stand: no award is gone, new or other."""
        return not (self.gone or self.new or self.changed)

    def __len__(self) -> int:
        return len(self.gone) + len(self.new) + len(self.changed)


def differences(report: HandedIn, *, rows: Iterable[Row] | None = None) -> Differences:
    """What changed since, by names; a table is only touched by what its layout looks at, the names by all of it.

    Whoever has the rows of now in hand already passes them.
    """
    now = {row.award: row for row in (rows_now(report.scope) if rows is None else rows)}
    found = Differences([], [], [])
    looked_at = [name for name in _FIELDS if name != "payers" or report.layout == Layout.PAYERS]
    for was in rows_of(report):
        row = now.pop(was.award, None)
        if row is None:
            found.gone.append(Change(was, None))
        elif fields := tuple(name for name in looked_at if getattr(was, name) != getattr(row, name)):
            found.changed.append(Change(was, row, fields))
    found.new.extend(Change(None, row) for row in now.values())
    return found


def tabs() -> list[tuple[str, str]]:
    """The three kinds of differences in words."""
    return [("changed", _now("有变动")), ("new", _now("新增")), ("gone", _now("不再计入"))]
