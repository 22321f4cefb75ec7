"""A school's nominations as a workbook: handed out with its children in it, taken in with their tiers.

A line counts when it names a child of this school's roster (programs.school_children) in the program's stages and
grades. A line without a tier says nothing: a child is taken out on the page, with words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import sheets
from common.moves import Refused
from common.tables import Table
from common.workbooks import Column, Value, write_table
from jobs import files
from jobs.choices import FileKind
from jobs.models import StoredFile
from jobs.run import Running
from programs import nominations
from programs.models import Program
from programs.nominations import Tiers
from programs.school_children import SchoolChildren
from schools.models import School, Term, term_name

NOMINATED = "是"
"""What stands in the column of a program without tiers."""

_HEADINGS = {
    "name": ("姓名", "学生姓名"),
    "id_number": ("身份证件号码", "身份证号", "身份证件号", "证件号码", "证件号", "公民身份号码"),
    "grade": ("年级",),
    "class_name": ("班级",),
    "tier": ("档次", "资助档次", "提名档次", "提名", "等级", "资助等级"),
    "note": ("备注",),
}
_YES = {NOMINATED, "提名", "√"}
_NO = {"", "否", "不", "无", "不提名"}
_SCHOOL_CODE = re.compile(r"(?<!\d)\d{10}(?!\d)")
_PROGRAM = re.compile(r"资助项目：(\S+)")
_TERM = re.compile(r"学期：(\S+)")

_WORDS: dict[str, tuple[Any, Any]] = {
    "tier-unknown": (_("档次不是这个项目在该生学段里的写法。"), _("请从下拉列表里选：%(tiers)s。")),
    "not-in-roster": (
        _("本校现行花名册里没有这名学生。"),
        _("请与花名册核对姓名和证件号；没有证件号的，年级和班级也要与花名册一致。"),
    ),
    "not-in-program": (_("学生的学段或年级不在这个项目的范围里。"), _("请删除这一行，或核对花名册里的年级。")),
    "twice": (_("同一名学生在前面已经出现过，以前面一行为准。"), _("请删除重复的行。")),
    "signed": (
        _("学生已经在确认过的资助名单里，档次不能再改。"),
        _("确需改档的，请先由县资助中心退回名单。"),
    ),
}


class WrongFile(Refused):
    code = "nomination-wrong-file"
    message = _("文件里写的是“%(found)s”，应为“%(expected)s”。请选对文件后重新上传。")


class Nobody(Refused):
    code = "nobody-nominated"
    message = _("文件里没有填写档次的学生。请在“档次”一列为要提名的学生选好档次，再上传。")


@dataclass(frozen=True)
class NotTaken:
    """A line of the file that was not taken: which one, why, and how to mend it."""

    row: int
    what: str
    mend: str


# --- Handed out


def name_of(school: School, program: Program, term: Term) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        text = _now("%(school)s%(term)s%(program)s提名表")
        return text % {"school": school.name, "term": str(term), "program": str(program)}


def hand_out(*, school: School, program: Program, term: Term, by: User, at: datetime) -> bytes:
    """The workbook for somebody who takes it along: the log keeps it."""
    content = write(school, program, term)
    actions.record(by, "nominations.downloaded", school, at=at, term=term.pk, program=program.pk)
    return content


def write(school: School, program: Program, term: Term) -> bytes:
    """The school's children whom it can put forward, each with the tier that it has; numbers are masked."""
    with translation.override(settings.LANGUAGE_CODE):
        return write_table(
            name_of(school, program, term),
            _columns(Tiers(school, program, term)),
            _rows(school, program, term),
            preamble=[
                _now("学校标识码：%(code)s　学期：%(term)s　资助项目：%(program)s")
                % {"code": school.code, "term": str(term), "program": str(program)},
                _now("只为要提名的学生选档次，其他学生留空"),
            ],
            sheet_name=_now("提名"),
        )


def _columns(tiers: Tiers) -> list[Column]:
    return [
        Column("序号", 6, "number"),
        Column("年级", 10),
        Column("班级", 10),
        Column("姓名", 14),
        Column("证件号（遮蔽）", 22),
        Column("档次" if tiers.all else "提名", 12, choices=tiers.all or [NOMINATED]),
        Column("备注", 24),
    ]


def _rows(school: School, program: Program, term: Term) -> Iterator[list[Value]]:
    children = list(nominations.children(school, program, term).select_related("student").order_by(*_BY_CLASS))
    standing = nominations.current(program, term, [child.student_id for child in children])
    for number, child in enumerate(children, start=1):
        said = standing.get(child.student_id)
        tier = (said[1] or NOMINATED) if said and said[0] == school.pk else ""
        student = child.student
        yield [number, child.grade, child.class_name, student.name, student.masked_id, tier, ""]


_BY_CLASS = ("grade_no", "class_name", "student__name_key", "pk")


# --- Taken in


@transaction.atomic
def keep(
    *, school: School, program: Program, term: Term, content: bytes, name: str, by: User, at: datetime
) -> StoredFile:
    """Keep the file; `read` takes what it says."""
    nominations.refuse_closed(school, program, term, by=by)
    sheets.preflight(content, limits=sheets.SMALL)
    file = files.store(content, name=name, kind=FileKind.NOMINATION, by=by, at=at, school=school)
    actions.record(by, "nominations.uploaded", school, at=at, term=term.pk, program=program.pk, sha256=file.sha256)
    return file


def read(
    file: StoredFile,
    *,
    school: School,
    program: Program,
    term: Term,
    running: Running,
    reader: sheets.Reader | None = None,
) -> dict[str, Any]:
    """Put forward whom the lines name; lines that fit no child are kept by row, in the result of the run."""
    table = Table(files.content(file), _HEADINGS, _required(school, program, term), limits=sheets.SMALL, reader=reader)
    _refuse_wrong_file(table.head.preamble, school, program, term)
    lines = _Lines(school, program, term, is_named_only="tier" not in table.columns)
    for number, cells in table.lines():
        lines.add(number, table.text(cells))
    lines.leave_out_signed()
    if not lines.tiers and not lines.not_taken:
        raise Nobody()
    not_taken = sorted(lines.not_taken, key=lambda line: line["row"])
    result = {"people": len(lines.tiers), "changed": 0, "unmatched": len(not_taken), "not_taken": not_taken}
    with running.chunk(to=len(lines.tiers), result=result):
        if lines.tiers:
            result["changed"] = nominations.nominate(
                lines.tiers, school=school, program=program, term=term,
                by=running.job.started_by, at=running.at, file=file, rows=lines.rows,
            )  # fmt: skip
    return result


def not_taken(result: dict[str, Any], tiers: Tiers) -> list[NotTaken]:
    """The lines that were left out, worded, in the order of the file."""
    params = {"tiers": _now("、").join(tiers.all or [NOMINATED])}
    return [
        NotTaken(line["row"], *(str(words) % params for words in _WORDS[line["code"]]))
        for line in result.get("not_taken", [])
    ]


def _required(school: School, program: Program, term: Term) -> tuple[str, ...]:
    """Where there are tiers to choose from, a list of names does not say enough."""
    return ("name", "tier") if Tiers(school, program, term).all else ("name",)


def _refuse_wrong_file(preamble: str, school: School, program: Program, term: Term) -> None:
    """A workbook of ours says above its head whose it is."""
    with translation.override(settings.LANGUAGE_CODE):
        ours = ((_SCHOOL_CODE, 0, school.code), (_TERM, 1, term_name(term.pk)), (_PROGRAM, 1, str(program)))
    for pattern, group, expected in ours:
        found = pattern.search(preamble)
        if found and found[group] != expected:
            raise WrongFile(found=found[group], expected=expected)


class _Lines:
    """What the lines of a file say, one after the other."""

    def __init__(self, school: School, program: Program, term: Term, *, is_named_only: bool) -> None:
        self.tiers: dict[int, str] = {}
        self.rows: dict[int, int] = {}
        self.not_taken: list[dict[str, Any]] = []
        self._program, self._term, self._school = program, term, school
        self._is_named_only = is_named_only
        self._children = SchoolChildren(school, term)
        self._offered = Tiers(school, program, term)
        self._stages = dict(nominations.children(school, program, term).values_list("student", "stage"))

    def add(self, row: int, text: dict[str, str]) -> None:
        tier = NOMINATED if self._is_named_only else text.get("tier", "")
        if tier in _NO:
            return
        student = self._children.find(text)
        if not self._offered.all:
            tier = "" if tier in _YES else tier
        if student is None:
            self._leave_out(row, "not-in-roster")
        elif student not in self._stages:
            self._leave_out(row, "not-in-program")
        elif not self._offered.has(self._stages[student], tier):
            self._leave_out(row, "tier-unknown")
        elif student in self.tiers:
            self._leave_out(row, "twice")
        else:
            self.tiers[student], self.rows[student] = tier, row

    def leave_out_signed(self) -> None:
        """Whom the school stands by already keeps its tier."""
        standing = nominations.current(self._program, self._term, self.tiers)
        for student in nominations.signed_of(self._program, self._term, self.tiers):
            if standing.get(student) != (self._school.pk, self.tiers[student]):
                del self.tiers[student]
                self._leave_out(self.rows.pop(student), "signed")

    def _leave_out(self, row: int, code: str) -> None:
        self.not_taken.append({"row": row, "code": code})
