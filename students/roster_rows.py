"""One row of a roster: from cells to facts, with what is wrong in each cell. Nothing is repaired silently.

Checking and committing read the same bytes through the same function, so what was shown is what is taken.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from common import names, resident_ids
from common.columns import cell_text, read_date
from common.keyring import ring
from common.redaction import redact
from common.resident_ids import IdKind
from common.sheets import Cell
from common.sheets import Row as Cells
from common.tables import Table
from schools.models import Grade, School, Stage, Term
from students import identity
from students.choices import EnrollmentState, Severity, Sex
from students.issues import KINDS

_SEXES = {"男": Sex.MALE, "女": Sex.FEMALE}
_BOARDING = {
    "住校": True,
    "寄宿": True,
    "住宿": True,
    "是": True,
    "√": True,
    "走读": False,
    "否": False,
    "不住校": False,
}
_RURAL = ("农业", "农村")
_ODD_NAME = re.compile(r"[0-9A-Za-z()（）\[\]【】<>《》*＊#＃?？\ue000-\uf8ff]")
_CARD = re.compile(r"^\d{16,19}$")
_PHONE = re.compile(r"^1[3-9]\d{9}$")
_CLASS_NOISE = re.compile(r"[()（）\s]")
_ADULT_AGE = 22


@dataclass(frozen=True)
class Problem:
    code: str
    field: str
    params: dict[str, Any] = dataclasses.field(default_factory=dict)
    repair: str = ""
    """What the cell should probably hold: proposed, never taken by itself."""

    @property
    def severity(self) -> Severity:
        return KINDS[self.code].severity


@dataclass(slots=True)
class Row:
    """The facts of one child as the file states them."""

    number: int
    key: str = ""
    name: str = ""
    name_key: str = ""
    sex: str = Sex.UNKNOWN
    born_on: date | None = None
    id_kind: IdKind = IdKind.NONE
    id_number: str = ""
    stage: str = ""
    grade: str = ""
    grade_no: int = 0
    class_name: str = ""
    is_boarding: bool = False
    state: str = EnrollmentState.STUDYING
    id_type: str = ""
    fee_fen: int | None = None
    note: str = ""
    is_rural: bool = False
    major: str = ""
    claim: str = ""
    guardian_name: str = ""
    guardian_phone: str = ""
    town_name: str = ""
    village: str = ""
    card_number: str = ""
    card_holder: str = ""
    card_relation: str = ""
    problems: list[Problem] = dataclasses.field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)

    @property
    def is_doubtful(self) -> bool:
        return not self.is_refused and any(p.severity is Severity.DOUBT for p in self.problems)


class Vocabulary:
    """The county's words for stages and grades, read once for a file."""

    def __init__(self) -> None:
        self.stages: dict[str, str] = {}
        self.stage_names: dict[str, str] = {}
        self.grades: dict[tuple[str, str], str] = {}
        self.ages: dict[tuple[str, str], tuple[int, int]] = {}
        self.numbers: dict[tuple[str, str], int] = {}
        for stage in Stage.objects.all():
            self.stages[stage.name] = stage.code
            self.stage_names[stage.code] = stage.name
        for grade in Grade.objects.select_related("stage").order_by("stage__position", "position", "pk"):
            self.numbers[grade.stage_id, grade.name] = grade.stage.position * 100 + grade.position
            for spelling in [grade.name, *grade.spellings]:
                self.grades.setdefault((grade.stage_id, _squeeze(spelling)), grade.name)
            self.ages[grade.stage_id, grade.name] = (grade.youngest, grade.oldest)

    def stage(self, text: str) -> str:
        """The code of a stage as files write it: 学前教育, 学前, 普通高中, 高中, 中职, …"""
        word = _squeeze(text)
        if word in self.stages:
            return self.stages[word]
        hits = {code for name, code in self.stages.items() if word and (word in name or name in word)}
        return hits.pop() if len(hits) == 1 else ""

    def grade(self, stage: str, text: str) -> str:
        return self.grades.get((stage, _squeeze(text)), "")


class RowReader:
    """Reads the rows of one school's file for one term."""

    def __init__(
        self,
        table: Table,
        *,
        school: School,
        term: Term,
        corrections: Mapping[int, Mapping[str, str]] | None = None,
    ) -> None:
        self.table = table
        self.corrections = corrections or {}
        self.school = school
        self.term = term
        self.vocabulary = Vocabulary()
        self.stages = set(school.kind.stages.values_list("code", flat=True))
        self.seen: dict[str, int] = {}

    def read(self, number: int, cells: Cells) -> Row:
        row = Row(number=number)
        text = self.table.text(cells)
        self._read_person(row, cells, text)
        self._read_place(row, text)
        self._read_card(row, cells, text)
        self._look_for_twin(row)
        return row

    def _read_person(self, row: Row, cells: Cells, text: dict[str, str]) -> None:
        row.name = text.get("name", "")[:100]
        row.name_key = names.key(row.name)
        if not row.name_key:
            row.problems.append(Problem("name-missing", "name"))
        elif _ODD_NAME.search(row.name_key):
            row.problems.append(Problem("name-odd", "name"))
        row.sex = _SEXES.get(text.get("sex", ""), Sex.UNKNOWN)
        row.born_on = read_date(self.table.cell(cells, "born_on"))
        self._read_id(row, self.table.cell(cells, "id_number"))
        row.guardian_name = text.get("guardian_name", "")[:100]
        row.guardian_phone = resident_ids.normalize(text.get("guardian_phone", ""))[:20]
        if row.guardian_phone and not _PHONE.match(row.guardian_phone):
            row.problems.append(Problem("phone-odd", "guardian_phone"))
        row.town_name = text.get("town_name", "")[:50]
        row.village = text.get("village", "")[:100]
        row.claim = text.get("claim", "")[:50]
        row.key = identity.student_key(
            number=row.id_number,
            kind=row.id_kind,
            school_code=self.school.code,
            name_key=row.name_key,
            born_on=row.born_on,
        )

    def _read_id(self, row: Row, cell: Cell) -> None:
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            row.problems.append(Problem("id-digits-lost", "id_number"))
            return
        row.id_number = resident_ids.normalize(cell)[:40]
        row.id_kind = resident_ids.kind(row.id_number)
        match row.id_kind:
            case IdKind.NONE:
                row.problems.append(Problem("id-missing", "id_number"))
            case IdKind.WRONG | IdKind.LOST:
                row.problems.append(Problem("id-wrong", "id_number"))
            case IdKind.OLD:
                row.problems.append(Problem("id-old", "id_number"))
            case IdKind.OTHER:
                row.problems.append(Problem("id-other", "id_number"))
            case IdKind.RESIDENT:
                self._compare_with_id(row)

    def _compare_with_id(self, row: Row) -> None:
        born = resident_ids.born_on(row.id_number)
        if born and self.term.age_on_start(born) >= _ADULT_AGE:
            row.problems.append(Problem("id-adult", "id_number"))
        elif born and row.born_on and born != row.born_on:
            row.problems.append(Problem("id-birth-differs", "born_on"))
        if row.born_on is None:
            row.born_on = born
        sex = _SEXES.get(resident_ids.sex(row.id_number))
        if sex and row.sex not in {Sex.UNKNOWN, sex}:
            row.problems.append(Problem("id-sex-differs", "sex"))
        elif sex and row.sex == Sex.UNKNOWN:
            row.sex = sex

    def _read_place(self, row: Row, text: dict[str, str]) -> None:
        row.stage = self.vocabulary.stage(text.get("stage", ""))
        if not row.stage:
            row.problems.append(Problem("stage-missing", "stage"))
        elif row.stage not in self.stages:
            stage_name = self.vocabulary.stage_names[row.stage]
            row.problems.append(Problem("stage-not-here", "stage", {"stage": stage_name}))
        else:
            row.grade = self.vocabulary.grade(row.stage, text.get("grade", ""))
            if not row.grade:
                row.problems.append(Problem("grade-unknown", "grade"))
            else:
                row.grade_no = self.vocabulary.numbers[row.stage, row.grade]
                if row.born_on:
                    self._compare_age(row, row.born_on)
        row.class_name = _class_name(text.get("class_name", ""))
        if not row.class_name:
            row.problems.append(Problem("class-missing", "class_name"))
        boarding = _BOARDING.get(_squeeze(text.get("boarding", "")))
        if boarding is None:
            row.problems.append(Problem("boarding-unknown", "boarding"))
        else:
            row.is_boarding = boarding
            if boarding and not self.school.has_boarding:
                row.problems.append(Problem("boarding-impossible", "boarding"))
        row.is_rural = text.get("residence", "").startswith(_RURAL)
        row.major = text.get("major", "")[:50]

    def _compare_age(self, row: Row, born: date) -> None:
        youngest, oldest = self.vocabulary.ages[row.stage, row.grade]
        age = self.term.age_on_start(born)
        if age < _ADULT_AGE and not youngest - 1 <= age <= oldest + 2:
            row.problems.append(Problem("age-odd", "born_on", {"age": age, "grade": row.grade}))

    def _read_card(self, row: Row, cells: Cells, text: dict[str, str]) -> None:
        cell = self.table.cell(cells, "card_number")
        if cell in (None, ""):
            return
        row.card_number = resident_ids.normalize(cell)[:40] if isinstance(cell, str) else ""
        if not _CARD.match(row.card_number):
            row.problems.append(Problem("card-odd", "card_number"))
            row.card_number = ""
            return
        row.card_holder = text.get("card_holder", "")[:100]
        row.card_relation = text.get("card_relation", "")[:20] or "本人"
        if not row.card_holder:
            row.problems.append(Problem("card-holder-missing", "card_holder"))
            row.card_number = ""

    def _look_for_twin(self, row: Row) -> None:
        if row.is_refused:
            return
        first = self.seen.setdefault(row.key, row.number)
        if first != row.number:
            code = "id-twice" if row.id_kind is IdKind.RESIDENT else "child-twice"
            row.problems.append(Problem(code, "id_number", {"other": first}))


@lru_cache(maxsize=4_096)
def _class_name(text: str) -> str:
    return _CLASS_NOISE.sub("", unicodedata.normalize("NFKC", text))[:30]


def masked_value(field_name: str, cell: Cell) -> str:
    """What the cell holds, as far as a list of problems may show it."""
    text = cell_text(cell)
    if field_name in {"id_number", "card_number", "guardian_phone"}:
        return resident_ids.mask(resident_ids.normalize(text))[:100]
    return redact(text)[:100]


def phone_index(phone: str) -> str | None:
    return ring().fingerprint("phone", phone) if phone else None


def card_index(number: str) -> str:
    return ring().fingerprint("card", number)


@lru_cache(maxsize=4_096)
def _squeeze(text: str) -> str:
    """A word without blanks and differences of width. A roster writes the same few hundred on every row."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
