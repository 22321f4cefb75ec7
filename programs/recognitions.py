"""Schools' lists of recognized children (家庭经济困难学生认定, 教财〔2018〕16号): the newest one of a term holds.

A list comes from a file, from a round that the county took on record (programs.rounds), or from the autumn term of
the same school year. A line of a file counts when it names a child of this school's roster: by name and the very
number the roster gives, right or wrong, or, without a usable number, by name where name, grade and class fit one
child only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import sheets
from common.bulk import in_parts, insert
from common.moves import Refused, WrongState, hold, move
from common.tables import Table
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running
from programs.choices import RECOGNITION_LIST_MOVES, Level, RecognitionListState, RoundState
from programs.models import Recognition, RecognitionList, RecognitionListQuerySet, RecognitionRound
from programs.school_children import SchoolChildren
from schools.choices import Season, TermState
from schools.models import School, Term
from students.models import Enrollment

SYNONYMS: dict[str, Sequence[str]] = {
    "name": ("姓名", "学生姓名"),
    "id_number": ("身份证件号码", "身份证号", "身份证件号", "证件号码", "公民身份号码"),
    "grade": ("年级",),
    "class_name": ("班级",),
    "level": ("认定等级", "困难等级", "认定档次", "档次", "贫困程度"),
    "note": ("备注",),
}
REQUIRED = ("name", "level")
_LEVELS = {
    "特别困难": Level.SPECIAL,
    "特困": Level.SPECIAL,
    "困难": Level.HARD,
    "比较困难": Level.HARD,
    "一般困难": Level.GENERAL,
    "一般": Level.GENERAL,
    "不困难": Level.NOT_POOR,
}


_WORDS: dict[str, tuple[Any, Any]] = {
    "level-unknown": (
        _("没有认定等级，或等级不是规定的写法。"),
        _("请填“特别困难”“困难”“一般困难”或“不困难”。"),
    ),
    "not-in-roster": (
        _("本校现行花名册里没有这名学生。"),
        _("请与花名册核对姓名和证件号；没有证件号的，年级和班级也要与花名册一致。"),
    ),
    "twice": (_("同一名学生在前面已经出现过，以前面一行为准。"), _("请删除重复的行。")),
}


@dataclass(frozen=True)
class Unmatched:
    """A line of the file that was not taken: which one, why, and how to mend it."""

    row: int
    what: str
    mend: str


class TermIsClosed(Refused):
    code = "recognition-term-closed"
    message = _("该学期已经结束，不能再上传认定名单。")


class RoundTermIsClosed(Refused):
    code = "round-term-closed"
    message = _("该学期已经结束，这次认定不能再办理，只能由县资助中心终止。")


class NewerList(Refused):
    code = "recognition-newer-list"
    message = _("本校已经上传了更新的认定名单，这一份不再采用。")


class NoOne(Refused):
    code = "no-one-recognized"
    message = _("名单里没有本校花名册中的学生。请先上传花名册，再检查名单的姓名和证件号。")


class OnRecord(Refused):
    code = "recognition-on-record"
    message = _("学校正在办理困难认定，或者认定已由县级备案，不能用名单代替。有变化的，请办理学期调整。")


@transaction.atomic
def upload(*, school: School, term: Term, content: bytes, name: str, by: User, at: datetime) -> RecognitionList:
    """Keep the file; `read` takes it."""
    if term.state != TermState.OPEN:
        raise TermIsClosed()
    if RecognitionRound.objects.filter(school=school, term=term).exclude(state=RoundState.ABANDONED).exists():
        raise OnRecord()
    sheets.preflight(content, limits=sheets.SMALL)
    file = files.store(content, name=name, kind=FileKind.RECOGNITION, by=by, at=at, school=school)
    recognition_list = RecognitionList.objects.create(
        school=school, term=term, file=file, uploaded_by=by, uploaded_at=at
    )
    actions.record(by, "recognition.uploaded", recognition_list, at=at, sha256=file.sha256)
    return recognition_list


def at_work(round: RecognitionRound, *states: str) -> None:
    """Hold a round in one of these states; nothing goes on in one whose term is closed."""
    hold(round, *states)
    if not Term.objects.filter(pk=round.term_id, state=TermState.OPEN).exists():
        raise RoundTermIsClosed()


def read(recognition_list: RecognitionList, *, running: Running, reader: sheets.Reader | None = None) -> dict[str, Any]:
    """Match the lines to the school's children and put the list in force; lines that fit no child are kept by row."""
    if recognition_list.state != RecognitionListState.UPLOADED:
        return {"people": recognition_list.people, "unmatched": len(recognition_list.unmatched)}
    try:
        if _is_outdated(recognition_list):
            raise NewerList()
        recognized, unmatched = _read(recognition_list, reader)
    except Refused as refusal:
        with running.chunk(to=1, refusal=refusal):
            move(
                recognition_list,
                RecognitionListState.REFUSED,
                moves=RECOGNITION_LIST_MOVES,
                refusal_code=refusal.code,
                refusal_params=refusal.params,
            )
        raise
    result = {"people": len(recognized), "unmatched": len(unmatched)}
    with running.chunk(to=len(recognized), result=result):
        _replace(recognition_list, at=running.now, people=len(recognized), unmatched=unmatched)
        insert(
            Recognition,
            _COLUMNS,
            [
                (student, recognition_list.pk, recognition_list.term_id, level, row)
                for student, (level, row) in recognized.items()
            ],
        )
        actions.record(
            recognition_list.uploaded_by,
            "recognition.in-force",
            recognition_list,
            at=recognition_list.uploaded_at,
            people=len(recognized),
            unmatched=len(unmatched),
        )
    return result


_COLUMNS = ("student", "list", "term", "level", "row")


def _replace(recognition_list: RecognitionList, *, at: datetime, **facts: Any) -> None:
    """Put a list in force in the place of the school's list before."""
    before = RecognitionList.objects.filter(
        school=recognition_list.school, term=recognition_list.term, state=RecognitionListState.IN_FORCE
    ).first()
    if before is not None:
        move(before, RecognitionListState.SUPERSEDED, moves=RECOGNITION_LIST_MOVES)
    move(recognition_list, RecognitionListState.IN_FORCE, moves=RECOGNITION_LIST_MOVES, in_force_at=at, **facts)


@transaction.atomic
def put_in_force(round: RecognitionRound, levels: Mapping[int, str], *, by: User, at: datetime) -> RecognitionList:
    """Make the list of a round that is on record: student → level, in the order in which they are given."""
    made = RecognitionList.objects.create(
        school=round.school, term=round.term, round=round, uploaded_by=by, uploaded_at=at
    )
    _replace(made, at=at, people=len(levels))
    rows = enumerate(levels.items(), start=1)
    insert(Recognition, _COLUMNS, [(child, made.pk, made.term_id, level, row) for row, (child, level) in rows])
    actions.record(by, "recognition.in-force", made, at=at, people=made.people, unmatched=0)
    return made


# --- The spring term of a school year


class NothingToCarry(Refused):
    code = "recognition-nothing-to-carry"
    message = _("没有可以沿用的认定名单：只有春季学期可以沿用同一学年秋季学期的名单，已有名单的学校不再沿用。")


def to_carry(term: Term, schools: Iterable[School] | None = None) -> RecognitionListQuerySet:
    """Lists of the autumn that can hold in this spring as well: of schools at work that have no list of their own."""
    if term.season is not Season.SPRING or term.state != TermState.OPEN:
        return RecognitionList.objects.none()
    own = RecognitionList.objects.filter(term=term).exclude(state=RecognitionListState.REFUSED)
    autumn = RecognitionList.objects.filter(term=f"{term.school_year}A", state=RecognitionListState.IN_FORCE)
    found: RecognitionListQuerySet = autumn.filter(school__is_active=True).exclude(school__in=own.values("school"))
    return found if schools is None else found.filter(school__in=[school.pk for school in schools])


@transaction.atomic
def carry_on(term: Term, *, schools: Iterable[School] | None = None, by: User, at: datetime) -> int:
    """Let the autumn's lists hold in the spring of the same school year, of all schools at once; says how many."""
    lists = list(to_carry(term, schools).order_by("school", "pk"))
    if not lists:
        raise NothingToCarry()
    carried = [
        RecognitionList(
            school_id=each.school_id,
            term=term,
            carried_from=each,
            state=RecognitionListState.IN_FORCE,
            in_force_at=at,
            uploaded_by=by,
            uploaded_at=at,
            people=each.people,
        )
        for each in lists
    ]
    try:
        with transaction.atomic():
            RecognitionList.objects.bulk_create(carried, batch_size=500)
    except IntegrityError as error:  # somebody else did it meanwhile
        raise WrongState() from error
    made = {each.carried_from_id: each.pk for each in carried}
    # Whoever moved is recognized where it studies now; a roster of the spring may still be to come.
    elsewhere = Enrollment.objects.studying().filter(term=term, student=OuterRef("student"))
    elsewhere = elsewhere.exclude(school=OuterRef("list__school"))
    people = 0
    for some in in_parts(made):
        still_here = Recognition.objects.filter(~Exists(elsewhere), list__in=some).order_by("pk")
        rows = still_here.values_list("student", "list", "level", "row")
        copies = [(student, made[old], term.pk, level, row) for student, old, level, row in rows.iterator()]
        insert(Recognition, _COLUMNS, copies)
        people += len(copies)
    actions.record(by, "recognitions.carried-on", term, at=at, lists=len(carried), people=people)
    return len(carried)


def _is_outdated(recognition_list: RecognitionList) -> bool:
    newer = RecognitionList.objects.filter(
        school=recognition_list.school, term=recognition_list.term, pk__gt=recognition_list.pk
    )
    return newer.exclude(state=RecognitionListState.REFUSED).exists()


def not_taken(recognition_list: RecognitionList) -> list[Unmatched]:
    """The lines that were left out, worded, in the order of the file."""
    return [
        Unmatched(line["row"], *(str(words) for words in _WORDS[line["code"]])) for line in recognition_list.unmatched
    ]


def level_of(text: str) -> Level | None:
    """The level that a cell means."""
    return _LEVELS.get(text)


def _read(
    recognition_list: RecognitionList, reader: sheets.Reader | None
) -> tuple[dict[int, tuple[str, int]], list[dict[str, Any]]]:
    if recognition_list.file is None:
        raise LookupError(f"Recognition list {recognition_list.pk} has no file.")
    table = Table(files.content(recognition_list.file), SYNONYMS, REQUIRED, limits=sheets.SMALL, reader=reader)
    children = SchoolChildren(recognition_list.school, recognition_list.term)
    recognized: dict[int, tuple[str, int]] = {}
    unmatched: list[dict[str, Any]] = []
    for number, cells in table.lines():
        text = table.text(cells)
        level = level_of(text.get("level", ""))
        student = children.find(text)
        if level is None:
            unmatched.append({"row": number, "code": "level-unknown"})
        elif student is None:
            unmatched.append({"row": number, "code": "not-in-roster"})
        elif student in recognized:
            unmatched.append({"row": number, "code": "twice"})
        else:
            recognized[student] = (level, number)
    if not recognized:
        raise NoOne()
    return recognized, unmatched
