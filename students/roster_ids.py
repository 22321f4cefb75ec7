"""The number of a child's document as a roster writes it: what is wrong with it, and what was probably meant.

A wrong number stays what the file says. Only blanks, widths and a small x are evened out, and the note says so.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from common import resident_ids
from common.columns import cell_text
from common.resident_ids import IdKind
from common.sheets import Cell
from schools.models import Term
from students.choices import IdType, Sex
from students.issues import Problem
from students.vocabulary import SEX_WORDS, SEXES

ADULT_AGE = 22
YOUNGEST, OLDEST = 2, 30

_EXACT_DIGITS = 1e15
"""A number cell that is smaller holds every digit that was typed."""

_FORMS = {
    IdType.RESIDENCE_PERMIT: re.compile(r"8[123]0000\d{11}[\dX]"),
    IdType.HOME_RETURN_PERMIT: re.compile(r"[HM]\d{8}(\d{2})?"),
    IdType.TAIWAN_PERMIT: re.compile(r"\d{8}(\d{2})?"),
    IdType.FOREIGN_PERMIT: re.compile(r"9\d{16}[\dX]|[A-Z]{3}\d{12}"),
    IdType.PASSPORT: re.compile(r"(?=.*\d)[A-Z0-9]{5,12}"),
    IdType.OTHER: re.compile(r".{3,}"),
}
_REGISTER_NUMBER = re.compile(r"[GLJ]\d{17}[\dX]")
_DIGITS = re.compile(r"\d{9,}X?")
_BLEMISHES = {"blanks": "id-blanks", "full-width": "id-full-width", "small-x": "id-small-x"}
_ALIKE = str.maketrans("OQIL", "0011")


class Stated(NamedTuple):
    """What else the row says, that the number can be compared with."""

    id_type: str
    type_word: str
    born_on: date | None
    sex: str
    guardian_number: str


@dataclass(slots=True)
class Number:
    """What was read. `is_another_s` where the number is a grown-up's: nothing of the child follows from it."""

    text: str = ""
    kind: IdKind = IdKind.NONE
    is_another_s: bool = False
    problems: list[Problem] = field(default_factory=list)

    @property
    def born_on(self) -> date | None:
        return resident_ids.born_on(self.text) if self._tells else None

    @property
    def sex(self) -> str:
        return SEXES[resident_ids.sex(self.text)] if self._tells else Sex.UNKNOWN

    @property
    def _tells(self) -> bool:
        return self.kind is IdKind.RESIDENT and not self.is_another_s


def read(cell: Cell, stated: Stated, term: Term) -> Number:
    if has_lost_digits(cell):
        return Number(problems=[_problem("id-digits-lost")])
    written = cell if isinstance(cell, str) else cell_text(cell)
    text = resident_ids.normalize(written)[:40]
    number = Number(text, resident_ids.kind(text))
    if text and text != written:
        number.problems += [_problem(_BLEMISHES[blemish], text) for blemish in resident_ids.blemishes(written)]
    if number.kind is IdKind.NONE:
        if stated.id_type != IdType.NONE:
            number.problems.append(_problem("id-missing"))
    elif text == stated.guardian_number:
        number.is_another_s = True
        number.problems.append(_problem("id-guardian"))
    elif not _fits_its_type(number, stated):
        number.problems.append(_other_type(number, stated))
    elif number.kind is IdKind.RESIDENT:
        _compare(number, stated, term)
    elif stated.id_type in ("", IdType.RESIDENT, IdType.RESIDENCE_PERMIT) or number.kind is not IdKind.OTHER:
        number.problems += _what_is_wrong(number, stated, term)
    return number


def has_lost_digits(cell: Cell) -> bool:
    """Whether a number cell no longer holds all that was typed."""
    return isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) >= _EXACT_DIGITS


def _problem(code: str, repair: str = "") -> Problem:
    return Problem(code, "id_number", {}, repair)


def _fits_its_type(number: Number, stated: Stated) -> bool:
    if stated.id_type in ("", IdType.RESIDENT):
        return True
    form = _FORMS.get(IdType(stated.id_type))
    return form is not None and form.fullmatch(number.text) is not None


def _other_type(number: Number, stated: Stated) -> Problem:
    params = {"type": stated.type_word}
    if number.kind is IdKind.RESIDENT:
        return Problem("id-type-differs", "id_type", params, str(IdType.RESIDENT.label))
    return Problem("id-type-differs", "id_number", params)


def _compare(number: Number, stated: Stated, term: Term) -> None:
    """A right number beside what else is stated."""
    born = resident_ids.born_on(number.text)
    if born and term.age_on_start(born) >= ADULT_AGE:
        number.is_another_s = True
        number.problems.append(_problem("id-adult"))
        return
    if born and stated.born_on and born != stated.born_on:
        number.problems.append(Problem("id-birth-differs", "born_on", {}, born.isoformat()))
    sex = number.sex
    if stated.sex not in (Sex.UNKNOWN, sex):
        number.problems.append(Problem("id-sex-differs", "sex", {}, SEX_WORDS[Sex(sex)]))


def _what_is_wrong(number: Number, stated: Stated, term: Term) -> list[Problem]:
    """Why this is no right number. Other documents that fit their type have nothing wrong."""
    text = number.text
    match number.kind:
        case IdKind.LOST:
            return [_problem("id-end-lost")]
        case IdKind.WRONG if resident_ids.born_on(text) is None:
            return [_problem("id-birth-impossible")]
        case IdKind.WRONG:
            return [_problem("id-wrong", _right_check_digit(text, stated, term))]
        case IdKind.OLD:
            return [] if stated.id_type in _FORMS else [_problem("id-old", _successor(text, stated, term))]
    if stated.id_type in _FORMS and stated.id_type != IdType.RESIDENCE_PERMIT:
        return []
    if _REGISTER_NUMBER.fullmatch(text):
        return [_problem("id-register-number", _if_right(text[1:]) if text[0] == "G" else "")]
    if likely := _if_right(text.translate(_ALIKE)):
        return [_problem("id-letters", likely)]
    if _DIGITS.fullmatch(text):
        likely = resident_ids.from_disability_card(text)
        return [Problem("id-length", "id_number", {"length": len(text)}, likely if likely != text else "")]
    return [_problem("id-other")]


def _if_right(text: str) -> str:
    return text if resident_ids.kind(text) is IdKind.RESIDENT else ""


def _right_check_digit(text: str, stated: Stated, term: Term) -> str:
    """The number with its right last character, only where all else that the row says agrees with the other 17."""
    right = resident_ids.with_right_check_digit(text)
    born = resident_ids.born_on(right)
    if not right or born is None or not _is_a_child(born, term):
        return ""
    agrees = (stated.born_on, stated.sex) == (born, SEXES[resident_ids.sex(right)])
    is_no_digit = text[17] not in "0123456789X"
    return right if agrees or is_no_digit else ""


def _successor(text: str, stated: Stated, term: Term) -> str:
    """The 18 digits that this child's 15 stand for: the century that makes it the child of the row."""
    for century in ("19", "20"):
        likely = resident_ids.successor(text, century=century)
        born = resident_ids.born_on(likely)
        if born and (born == stated.born_on if stated.born_on else _is_a_child(born, term)):
            return likely
    return ""


def _is_a_child(born: date, term: Term) -> bool:
    return YOUNGEST <= term.age_on_start(born) < ADULT_AGE
