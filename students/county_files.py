"""One workbook for the whole county: split by school code, then each school's part goes the way of its own roster.

upload → check (split into versions of the schools, each one checked) → confirm, one word for all → commit, school by
school. A school that hands in another version meanwhile keeps it: the part of the county's file is left out.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import sheets
from common.bulk import in_parts
from common.columns import DoubledColumns, Head, cell_text
from common.moves import Refused, WrongState, hold, move
from common.redaction import redact
from common.tables import Table
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running
from schools.choices import Season, TermState
from schools.models import School, Term
from students import headings, roster_commit, roster_reading, rosters
from students.choices import COUNTY_FILE_MOVES, CountyFileState, RosterState
from students.county_parts import PartWriter
from students.models import CountyFile, Roster
from students.roster_columns import REQUIRED

SCHOOL_CODE, SCHOOL_NAME = "school_code", "school_name"
ROUTES: Mapping[str, Sequence[str]] = {
    SCHOOL_CODE: ("学校标识码", "学校代码", "学校编码", "学校(机构)标识码", "机构标识码"),
    SCHOOL_NAME: ("学校名称", "就读学校", "所在学校"),
}
"""Headings of the columns that say whose row it is; the name counts only where there is no code."""

UNROUTED_KEPT = 200
SCHOOLS_AT_ONCE = 20
_LONGEST_CODE = 30
_SEASONS = {Season.SPRING: "春", Season.AUTUMN: "秋"}
_OPEN = (RosterState.UPLOADED, RosterState.CHECKED, RosterState.REFUSED)


class NoSchoolColumn(Refused):
    code = "no-school-column"
    message = _("表头里没有“学校标识码”，也没有“学校名称”，不知道每一行是哪所学校的。请加上这一列后重新上传。")


class NoKnownSchool(Refused):
    code = "no-known-school"
    message = _("没有一行能对上本县的学校。请检查学校标识码一列，或者先在“学校”里补录学校。")


class NothingToTake(Refused):
    code = "nothing-to-take"
    message = _("没有一所学校有可以入库的行，请改正后重新上传。")


class ReasonNeeded(Refused):
    code = "county-reason-needed"
    message = _("有 %(schools)s 所学校离校或变动的学生超过了 %(share)s%%。请写明原因再确认。")


class WordNeeded(Refused):
    code = "county-word-needed"
    message = _("还有 %(rows)s 行需要说明。请写一句统一说明再确认。")


UNROUTED_REASONS = {
    "no-code": _("没有写学校"),
    "unknown-school": _("本县没有这所学校"),
    "closed-school": _("学校已停办"),
    "busy-school": _("该校上一版花名册正在入库，整校没有拆分"),
}


@dataclass
class Split:
    """What one pass over the workbook gave: a part for each school, and the rows that belong to none."""

    parts: dict[int, PartWriter] = field(default_factory=dict)
    unrouted: list[tuple[int, str, str]] = field(default_factory=list)
    rows_unrouted: int = 0

    @property
    def rows(self) -> int:
        return self.rows_unrouted + sum(part.rows for part in self.parts.values())

    def leave_out(self, row: int, text: str, reason: str) -> None:
        self.rows_unrouted += 1
        if len(self.unrouted) < UNROUTED_KEPT:
            self.unrouted.append((row, redact(text)[:_LONGEST_CODE], reason))


@dataclass(frozen=True)
class Figures:
    """What confirming would do, over all schools that can be taken."""

    schools: int
    rows: int
    refused: int
    doubtful: int
    came: int
    left: int
    changed: int
    unusual: int
    """Schools where so many leave or change that it has to be explained."""


def upload(*, term: Term, content: bytes, name: str, by: User, at: datetime) -> CountyFile:
    """Keep the workbook; it is split and checked in the background."""
    sheets.preflight(content, limits=sheets.LIMITS)
    with transaction.atomic():
        if not Term.objects.filter(pk=term.pk, state=TermState.OPEN).exists():
            raise rosters.TermClosed()
        file = files.store(content, name=name, kind=FileKind.ROSTER, by=by, at=at)
        county_file = CountyFile.objects.create(term=term, file=file, uploaded_by=by, uploaded_at=at)
        actions.record(by, "county-file.uploaded", county_file, at=at, sha256=file.sha256)
    return county_file


def versions(county_file: CountyFile) -> QuerySet[Roster]:
    """The versions that were split off; not those that schools made of them later."""
    return Roster.objects.filter(county_file=county_file, uploaded_at=county_file.uploaded_at).order_by(
        "school__code", "pk"
    )


def check(county_file: CountyFile, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Give each school its version and check it. Nothing of the children is written.

    Can be killed anywhere and run again: a school that has its version keeps it, one that is checked stays so.
    """
    try:
        if not county_file.rows_read:
            _open_versions(county_file, split(county_file, reader=reader), running)
    except Refused as refusal:
        with running.chunk(to=running.cursor, refusal=refusal):
            _refuse(county_file, refusal)
        raise
    running.report_total(county_file.rows_read - county_file.rows_unrouted)
    waiting = versions(county_file).filter(state=RosterState.UPLOADED).select_related("school__kind", "file")
    for roster in list(waiting):
        roster.term = county_file.term
        _check_version(roster, running)
    result = totals(county_file)
    with running.chunk(to=max(running.cursor, running.job.total or 0), result=result):
        move(county_file, CountyFileState.CHECKED, moves=COUNTY_FILE_MOVES)
    return result


def split(county_file: CountyFile, *, reader: sheets.Reader | None = None) -> Split:
    """Every row of the workbook, with its school or with the reason why it has none."""
    words = {**ROUTES, **headings.synonyms(None)}
    table = Table(files.content(county_file.file), words, REQUIRED, reader=reader)
    _compare_term(county_file.term, table.head.preamble)
    by = next((name for name in ROUTES if name in table.columns), None)
    if by is None:
        raise NoSchoolColumn()
    if by in table.head.doubled:
        raise DoubledColumns(names=ROUTES[by][0])
    schools = _schools(by)
    head = _without_routes(table.head)
    found = Split()
    for number, cells in table.lines():
        text = _plain(cell_text(table.cell(cells, by)))
        school, is_active = schools.get(text, (None, False))
        if school is not None and is_active:
            part = found.parts.get(school)
            if part is None:
                part = found.parts[school] = PartWriter(head)
            part.add(number, cells)
        else:
            found.leave_out(number, text, _why_not(text, school))
    if not found.parts:
        raise NoKnownSchool()
    return found


def _compare_term(term: Term, preamble: str) -> None:
    """A file that names another term, and not this one, is the wrong file."""
    named = [
        one for one in Term.objects.all() if one.code in preamble or f"{one.year}年{_SEASONS[one.season]}季" in preamble
    ]
    if named and term not in named:
        raise roster_reading.OtherTerm(found=str(named[0]), expected=str(term))


def _schools(by: str) -> dict[str, tuple[int | None, bool]]:
    """Code or name → school and whether it is open; a name that two schools have is nobody's."""
    found: dict[str, tuple[int | None, bool]] = {}
    for pk, code, name, is_active in School.objects.values_list("pk", "code", "name", "is_active"):
        word = code if by == SCHOOL_CODE else _plain(name)
        found[word] = (None, False) if word in found else (pk, is_active)
    return found


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).strip("'")


def _why_not(text: str, school: int | None) -> str:
    if not text:
        return "no-code"
    return "unknown-school" if school is None else "closed-school"


def _without_routes(head: Head) -> Head:
    """The head as a school's roster has it."""
    return replace(
        head,
        columns={name: place for name, place in head.columns.items() if name not in ROUTES},
        headings={name: text for name, text in head.headings.items() if name not in ROUTES},
        doubled={name: places for name, places in head.doubled.items() if name not in ROUTES},
        guessed=[name for name in head.guessed if name not in ROUTES],
    )


def _open_versions(county_file: CountyFile, found: Split, running: Running) -> None:
    """A version for each school that has none of this file yet, some schools at a time."""
    done = set(versions(county_file).values_list("school", flat=True))
    schools = [s for s in School.objects.filter(pk__in=found.parts).order_by("code") if s.pk not in done]
    rows, rows_unrouted, unrouted = found.rows, found.rows_unrouted, list(found.unrouted)
    for some in in_parts(schools, SCHOOLS_AT_ONCE):
        with running.chunk(to=running.cursor):
            for school in some:
                part = found.parts.pop(school.pk)
                try:
                    _open_version(county_file, school, part)
                except rosters.BeingCommitted:
                    rows_unrouted += part.rows
                    unrouted.insert(0, (part.first_row, school.code, "busy-school"))
    with running.chunk(to=running.cursor):
        hold(county_file, CountyFileState.UPLOADED)
        county_file.rows_read = rows
        county_file.rows_unrouted = rows_unrouted
        county_file.unrouted = unrouted[:UNROUTED_KEPT]
        county_file.save(update_fields=["rows_read", "rows_unrouted", "unrouted"])


@transaction.atomic
def _open_version(county_file: CountyFile, school: School, part: PartWriter) -> None:
    by, at = county_file.uploaded_by, county_file.uploaded_at
    name = f"{PurePath(county_file.file.name).stem}（{school.name}）"
    file = files.store(part.content(), name=name, kind=FileKind.ROSTER, by=by, at=at, school=school)
    rosters.open_version(school=school, term=county_file.term, file=file, by=by, at=at, county_file=county_file)


def _check_version(roster: Roster, running: Running) -> None:
    """Examine one school's part; one that was discarded meanwhile is passed over."""
    try:
        try:
            examined = rosters.examine(roster)
        except Refused as refusal:
            with running.chunk(to=running.cursor):
                rosters.refuse(roster, refusal)
        else:
            with running.chunk(to=running.cursor + len(examined.rows)):
                rosters.record(roster, examined)
    except WrongState:
        return


def _refuse(county_file: CountyFile, refusal: Refused) -> None:
    words = {"refusal_code": refusal.code, "refusal_params": refusal.params}
    move(county_file, CountyFileState.REFUSED, moves=COUNTY_FILE_MOVES, **words)
    versions(county_file).filter(state__in=_OPEN).update(state=RosterState.DISCARDED)


def totals(county_file: CountyFile) -> dict[str, Any]:
    """Sums over all its schools, under the names that results of runs have."""
    return _sums(versions(county_file))


def _sums(rows: QuerySet[Roster]) -> dict[str, Any]:
    return rows.order_by().aggregate(
        schools=Count("pk"),
        rows=Sum("rows_good", default=0),
        refused=Sum("rows_refused", default=0),
        doubtful=Sum("rows_doubtful", default=0),
        came=Sum("came", default=0),
        left=Sum("left", default=0),
        changed=Sum("changed", default=0),
    )


def takeable(county_file: CountyFile) -> QuerySet[Roster]:
    """The versions that a word on the whole file would put in force."""
    return versions(county_file).filter(state=RosterState.CHECKED, rows_good__gt=0)


def figures(county_file: CountyFile) -> Figures:
    found = list(takeable(county_file).select_related("term"))
    return Figures(
        schools=len(found),
        rows=sum(roster.rows_good for roster in found),
        refused=sum(roster.rows_refused for roster in found),
        doubtful=sum(roster.rows_doubtful for roster in found),
        came=sum(roster.came for roster in found),
        left=sum(roster.left for roster in found),
        changed=sum(roster.changed for roster in found),
        unusual=sum(rosters.is_unusual(roster) for roster in found),
    )


@transaction.atomic
def confirm(county_file: CountyFile, *, by: User, at: datetime, reason: str = "", word: str = "") -> None:
    """Say that every checked part is to be its school's roster of the term; `commit` then writes them.

    What a school would have to say for itself, a reason and a word on doubtful rows, is said here once for all.
    """
    hold(county_file, CountyFileState.CHECKED)
    if not Term.objects.filter(pk=county_file.term_id, state=TermState.OPEN).exists():
        raise rosters.TermClosed()
    found = figures(county_file)
    if not found.schools:
        raise NothingToTake()
    if found.unusual and not reason.strip():
        raise ReasonNeeded(schools=found.unusual, share=county_file.term.unusual_share)
    if found.doubtful and not word.strip():
        raise WordNeeded(rows=found.doubtful)
    move(
        county_file,
        CountyFileState.COMMITTING,
        moves=COUNTY_FILE_MOVES,
        confirmed_by=by,
        confirmed_at=at,
        reason=reason.strip()[:200],
        word=word.strip()[:200],
    )
    actions.record(by, "county-file.confirmed", county_file, at=at, schools=found.schools, rows=found.rows)


def commit(county_file: CountyFile, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Put the checked versions in force, each school in one transaction.

    A school whose version is no longer the one that was checked is passed over and named in the result.
    Can be killed anywhere and run again: what is in force is not taken again.
    """
    by, at = county_file.confirmed_by, county_file.confirmed_at
    if by is None or at is None:
        raise WrongState()
    waiting = list(takeable(county_file).select_related("school__kind", "file"))
    running.report_total(running.cursor + sum(roster.rows_good for roster in waiting))
    for roster in waiting:
        roster.term = county_file.term
        try:
            with running.chunk(to=running.cursor + roster.rows_good):
                rosters.confirm(roster, by=by, at=at, reason=county_file.reason, word=county_file.word)
                roster_commit.commit_at_once(roster, reader=reader)
        except Refused:
            continue
    taken = versions(county_file).filter(committed_by=by, committed_at=at)
    result = _sums(taken)
    result["skipped"] = list(left_out(county_file).values_list("school__code", flat=True))
    with running.chunk(to=max(running.cursor, running.job.total or 0), result=result):
        move(county_file, CountyFileState.DONE, moves=COUNTY_FILE_MOVES)
        actions.record(by, "county-file.done", county_file, at=at, schools=result["schools"], rows=result["rows"])
    return result


def left_out(county_file: CountyFile) -> QuerySet[Roster]:
    """Versions that never came into force."""
    return versions(county_file).exclude(state__in=[RosterState.IN_FORCE, RosterState.SUPERSEDED])


@transaction.atomic
def discard(county_file: CountyFile, *, by: User, at: datetime) -> None:
    """Put the whole file away, with every part that nobody has confirmed."""
    move(county_file, CountyFileState.DISCARDED, moves=COUNTY_FILE_MOVES)
    versions(county_file).filter(state__in=_OPEN).update(state=RosterState.DISCARDED)
    actions.record(by, "county-file.discarded", county_file, at=at)
