"""One row of a roster: from cells to facts, with what is wrong in each cell. Nothing is repaired silently.

Checking and committing read the same bytes through the same function, so what was shown is what is taken.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from common import resident_ids
from common.columns import cell_text, read_date
from common.keyring import ring
from common.money import parse_fen
from common.redaction import redact
from common.resident_ids import IdKind
from common.sheets import Cell
from common.sheets import Row as Cells
from common.tables import Table
from schools.models import School, Term
from students import identity, roster_ids, roster_names, vocabulary
from students.choices import OWN, EnrollmentState, IdType, Severity, Sex
from students.issues import KINDS, Problem
from students.roster_ids import ADULT_AGE, OLDEST, YOUNGEST
from students.vocabulary import CLAIMED_BY, NOTHING, Vocabulary, squeeze

__all__ = ["Problem", "Row", "RowReader", "card_index", "masked_value", "phone_index"]

_RURAL = ("农业", "农村")
_CARD = re.compile(r"\d{16,19}")
_PHONE = re.compile(r"1[3-9]\d{9}")
_PHONE_NOISE = re.compile(r"^(\+?86|0086)(?=1\d{2}-?\d{4}-?\d{4}$)|-")
_LOST_DIGITS = re.compile(r"\d(\.\d+)?E\+?\d+")
_READ_AS_CELLS = ("id_number", "born_on", "card_number", "guardian_id")
_HIGHEST_FEE_FEN = 10_000_000
_FOREIGN = (IdType.PASSPORT, IdType.FOREIGN_PERMIT)


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
    is_registered: bool | None = None
    says_registered: bool = False
    """Whether the file has a column for it: where it has none, what is known stays."""
    major: str = ""
    claim: str = ""
    guardian_name: str = ""
    guardian_phone: str = ""
    guardian_id: str | None = None
    """None where the file has no such column: what is known stays."""
    town_name: str = ""
    village: str = ""
    card_number: str = ""
    card_holder: str = ""
    card_relation: str = ""
    problems: list[Problem] = dataclasses.field(default_factory=list)
    is_dropped: bool = False
    """Somebody left the row out; it has no facts and no problems."""

    @property
    def is_refused(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)

    @property
    def is_doubtful(self) -> bool:
        return not self.is_refused and any(p.severity is Severity.DOUBT for p in self.problems)

    def find(self, code: str, field: str, params: dict[str, Any] | None = None, repair: str = "") -> None:
        self.take(Problem(code, field, params or {}, repair))

    def take(self, problem: Problem) -> None:
        """Write a problem down; a doubt is explained where the row has a note."""
        if self.note and KINDS[problem.code].severity is Severity.DOUBT:
            problem = replace(problem, params={**problem.params, "word": redact(self.note)}, is_explained=True)
        self.problems.append(problem)


class RowReader:
    """Reads the rows of one school's file for one term.

    `corrections` (row number → field → value) are laid over the cells; the field "" leaves the row out.
    """

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
        self.stages = school.stage_codes()
        self.seen: dict[str, int] = {}
        self.named: dict[tuple[str, date], Row] = {}
        self.cards: dict[str, Row] = {}

    def read(self, number: int, cells: Cells) -> Row:
        row = Row(number=number)
        text = self.table.text(cells)
        values: dict[str, Cell] = {name: self.table.cell(cells, name) for name in _READ_AS_CELLS}
        if mended := self.corrections.get(number):
            if "" in mended:
                row.is_dropped = True
                return row
            values.update(mended)
            text.update({name: cell_text(value) for name, value in mended.items()})
        row.note = _short(row, text, "note", 200)
        self._read_person(row, values, text)
        self._read_family(row, values, text)
        self._read_place(row, text)
        self._read_claims(row, text)
        self._read_card(row, values.get("card_number"), text)
        self._look_for_twin(row)
        return row

    def _read_person(self, row: Row, values: Mapping[str, Cell], text: dict[str, str]) -> None:
        row.id_type = _id_type(row, text.get("id_type", ""))
        name = roster_names.read(text.get("name", ""), is_foreign=row.id_type in _FOREIGN)
        row.name, row.name_key = name.text, name.key
        for problem in name.problems:
            row.take(problem)
        sex_word = squeeze(text.get("sex", ""))
        sex = vocabulary.SEXES.get(sex_word)
        born_text = text.get("born_on", "")
        row.born_on = read_date(values.get("born_on")) if born_text else None
        number = roster_ids.read(
            values.get("id_number"),
            roster_ids.Stated(
                id_type=row.id_type,
                type_word=text.get("id_type", ""),
                born_on=row.born_on,
                sex=sex or Sex.UNKNOWN,
                guardian_number=resident_ids.normalize(text.get("guardian_id", "")),
            ),
            self.term,
        )
        row.id_number, row.id_kind = number.text, number.kind
        for problem in number.problems:
            row.take(problem)
        if sex is None:
            known = "" if number.sex == Sex.UNKNOWN else vocabulary.SEX_WORDS[Sex(number.sex)]
            row.find("sex-unknown", "sex", {"said": sex_word[:10]}, known)
        row.sex = number.sex if sex in (None, Sex.UNKNOWN) else sex
        if row.born_on is None:
            row.born_on = number.born_on
            _miss_birth(row, born_text)
            self._read_age(row, row.born_on, "id_number")
        elif not (number.is_another_s and row.born_on == resident_ids.born_on(number.text)):
            self._read_age(row, row.born_on, "born_on")
        row.key = identity.student_key(
            number=row.id_number,
            kind=row.id_kind,
            school_code=self.school.code,
            name_key=row.name_key,
            born_on=row.born_on,
        )

    def _read_age(self, row: Row, born: date | None, field: str) -> None:
        if born is not None:
            age = self.term.age_on_start(born)
            if not YOUNGEST <= age <= OLDEST:
                row.find("age-impossible", field, {"age": age})

    def _read_family(self, row: Row, values: Mapping[str, Cell], text: dict[str, str]) -> None:
        row.guardian_name = _short(row, text, "guardian_name", 100)
        phone = resident_ids.normalize(text.get("guardian_phone", ""))
        row.guardian_phone = phone[:20]
        if phone and not _PHONE.fullmatch(phone):
            likely = _PHONE_NOISE.sub("", phone)
            row.find("phone-odd", "guardian_phone", repair=likely if _PHONE.fullmatch(likely) else "")
        if "guardian_id" in text:
            row.guardian_id = _guardian_id(row, values.get("guardian_id"))
        row.town_name = _short(row, text, "town_name", 50)
        row.village = _short(row, text, "village", 100)

    def _read_place(self, row: Row, text: dict[str, str]) -> None:
        self._read_grade(row, text.get("stage"), text.get("grade", ""))
        row.class_name = vocabulary.class_name(text.get("class_name", ""))
        if not row.class_name:
            row.find("class-missing", "class_name")
        elif len(row.class_name) > 30:
            row.find("text-cut", "class_name", {"most": 30})
            row.class_name = row.class_name[:30]
        boarding = vocabulary.boarding(text.get("boarding", ""))
        if boarding is None:
            row.find("boarding-unknown", "boarding", repair="" if self.school.has_boarding else "走读")
        else:
            row.is_boarding = boarding
            if boarding and not self.school.has_boarding:
                row.find("boarding-impossible", "boarding")
        row.state = _state(row, text.get("status", ""))
        row.is_rural = text.get("residence", "").startswith(_RURAL)
        if "registered" in text:
            row.says_registered, row.is_registered = True, _registered(row, text["registered"])
        row.major = _short(row, text, "major", 50)

    def _read_grade(self, row: Row, stage_text: str | None, grade_text: str) -> None:
        words = self.vocabulary
        row.stage = self._stage_told_by(grade_text) if stage_text is None else words.stage(stage_text)
        if row.stage not in self.stages:
            likely = words.stage_names.get(self._stage_told_by(grade_text), "")
            if row.stage:
                row.find("stage-not-here", "stage", {"stage": words.stage_names[row.stage]}, likely)
            else:
                row.find("stage-missing", "stage", repair=likely)
            return
        row.grade = words.grade(row.stage, grade_text)
        if not row.grade:
            self._miss_grade(row, grade_text)
            return
        row.grade_no = words.numbers[row.stage, row.grade]
        if row.born_on:
            youngest, oldest = words.ages[row.stage, row.grade]
            age = self.term.age_on_start(row.born_on)
            if YOUNGEST <= age < ADULT_AGE and not youngest - 1 <= age <= oldest + 2:
                row.find("age-odd", "born_on", {"age": age, "grade": row.grade})

    def _stage_told_by(self, grade_text: str) -> str:
        """The one stage of this school that has such a grade, or "" where it is none or several."""
        here = [stage for stage in self.vocabulary.stages_of.get(squeeze(grade_text), ()) if stage in self.stages]
        return here[0] if len(here) == 1 else ""

    def _miss_grade(self, row: Row, text: str) -> None:
        words = self.vocabulary
        others = words.stages_of.get(squeeze(text), [])
        if not others:
            row.find("grade-unknown", "grade", repair=words.grade_with_class(row.stage, text))
            return
        here = [stage for stage in others if stage in self.stages]
        params = {
            "grade": text[:20],
            "stage": words.stage_names[row.stage],
            "right": "、".join(words.stage_names[stage] for stage in here or others),
        }
        if len(here) == 1:
            row.find("grade-of-other-stage", "stage", params, words.stage_names[here[0]])
        else:
            row.find("grade-of-other-stage", "grade", params)

    def _read_claims(self, row: Row, text: dict[str, str]) -> None:
        claimed = []
        for field in CLAIMED_BY:
            if field in text:
                answer = vocabulary.reads_as_claimed(field, text[field])
                if answer is None:
                    row.find("yes-no-unreadable", field, {"said": redact(text[field][:20])})
                elif answer:
                    claimed.append(field)
        text["claim"] = self.vocabulary.claim(text.get("claim", ""), claimed)
        row.claim = _short(row, text, "claim", vocabulary.LONGEST_CLAIM)
        if (fee := text.get("fee", "")) not in NOTHING:
            row.fee_fen = _fee(fee)
            if row.fee_fen is None:
                row.find("fee-unreadable", "fee")

    def _read_card(self, row: Row, cell: Cell, text: dict[str, str]) -> None:
        if cell is None or not (written := text["card_number"]):
            return
        number = resident_ids.normalize(written)[:40]
        if _has_lost_digits(number):
            row.find("card-digits-lost", "card_number")
        elif not _CARD.fullmatch(number):
            likely = number.replace("-", "")
            row.find("card-odd", "card_number", repair=likely if _CARD.fullmatch(likely) else "")
        elif number == row.id_number:
            row.find("card-is-id", "card_number")
        else:
            if number != written:
                row.find("card-blanks", "card_number", repair=number)
            holder = _short(row, text, "card_holder", 100)
            if not holder:
                row.find("card-holder-missing", "card_holder")
                return
            row.card_number, row.card_holder = number, holder
            row.card_relation = _short(row, text, "card_relation", 20) or OWN
            first = self.cards.setdefault(number, row)
            if first.card_holder != holder:
                row.find("card-shared", "card_number", {"other": first.number})

    def _look_for_twin(self, row: Row) -> None:
        if row.problems and row.is_refused:
            return
        first = self.seen.setdefault(row.key, row.number)
        if first != row.number:
            code = "id-twice" if row.id_kind is IdKind.RESIDENT else "child-twice"
            row.find(code, "id_number", {"other": first})
        elif row.born_on:
            other = self.named.setdefault((row.name_key, row.born_on), row)
            if other is not row:
                both = identity.is_usable(row.id_kind) and identity.is_usable(other.id_kind)
                row.find("name-twice" if both else "child-twice-perhaps", "name", {"other": other.number})


def _id_type(row: Row, text: str) -> str:
    found = vocabulary.ID_TYPES.get(squeeze(text))
    if found is None:
        row.find("id-type-unknown", "id_type", {"type": redact(text[:20])})
    return found or ""


def _miss_birth(row: Row, written: str) -> None:
    """What to say where the birth date is not written so that it can be read; a right number may have it."""
    if written in NOTHING:
        if row.born_on is None and row.id_type == IdType.NONE and not row.id_number:
            row.find("birth-missing", "born_on")
    elif row.born_on is None:
        row.find("birth-unknown", "born_on")
    else:
        row.find("birth-unreadable", "born_on", repair=row.born_on.isoformat())


def _guardian_id(row: Row, cell: Cell) -> str:
    """The number as it is written; one that lost its digits is none."""
    number = resident_ids.normalize(cell_text(cell))[:40]
    if number in NOTHING:
        return ""
    what = IdKind.LOST if roster_ids.has_lost_digits(cell) else resident_ids.kind(number)
    if what is not IdKind.RESIDENT:
        row.find("guardian-id-odd", "guardian_id")
    return number if identity.is_usable(what) else ""


def _state(row: Row, text: str) -> str:
    word = squeeze(text)
    state = vocabulary.STATES.get(word)
    if state is None:
        row.find("status-unknown", "status", {"said": redact(word[:20])})
    elif state == EnrollmentState.LEFT:
        row.find("status-left", "status", {"said": word})
    return state or EnrollmentState.STUDYING


def _registered(row: Row, text: str) -> bool | None:
    """Whether the child has a place in the national register (学籍); nothing written is nothing said."""
    if text in vocabulary.UNSAID:
        return None
    answer = vocabulary.registered(text)
    if answer is None:
        row.find("yes-no-unreadable", "registered", {"said": redact(text[:20])})
    return answer


def _fee(text: str) -> int | None:
    try:
        fen = parse_fen(text)
    except ValueError:
        return None
    return fen if 0 <= fen <= _HIGHEST_FEE_FEN else None


def _has_lost_digits(card: str) -> bool:
    """A number cell keeps 15 digits: it says E+18, or ends in zeros that do not fit the rest (Luhn)."""
    if _LOST_DIGITS.fullmatch(card):
        return True
    return len(card) >= 18 and card.endswith("000") and bool(_CARD.fullmatch(card)) and not _fits_luhn(card)


def _fits_luhn(card: str) -> bool:
    doubled = [digit * 2 - 9 * (digit > 4) for digit in map(int, card[-2::-2])]
    return (sum(doubled) + sum(map(int, card[-1::-2]))) % 10 == 0


def _short(row: Row, text: Mapping[str, str], field: str, most: int) -> str:
    """A text as far as it can be kept."""
    value = text.get(field, "")
    if len(value) <= most:
        return value
    row.find("text-cut", field, {"most": most})
    return value[:most]


def masked_value(field_name: str, cell: Cell) -> str:
    """What the cell holds, as far as a list of problems may show it."""
    text = cell_text(cell)
    if field_name in {"id_number", "guardian_id", "card_number", "guardian_phone"}:
        return resident_ids.mask(resident_ids.normalize(text))[:100]
    return redact(text)[:100]


def phone_index(phone: str) -> str | None:
    return ring().fingerprint("phone", phone) if phone else None


def card_index(number: str) -> str:
    return ring().fingerprint("card", number)
