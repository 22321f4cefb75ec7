"""The layout of an uploaded roster, for people who say which of its headings is which of our columns.

Only the top of the stored file is read again. What it shows beside a heading are a few cells from below, with every
number hidden; a row that holds numbers of people is shown as what it is, and never as headings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from openpyxl.utils import get_column_letter
from rapidfuzz import fuzz

from accounts.models import User
from common import sheets
from common.columns import (
    TOP_ROWS,
    Area,
    DoubledColumns,
    MissingColumns,
    cell_text,
    find_head,
    heading_key,
    is_blank,
    is_foot_row,
    is_total_row,
    read_date,
)
from common.moves import Refused, WrongState
from common.sheets import Cell, Row
from jobs import files
from students import headings, runs
from students.choices import RosterState
from students.headings import NOT_READ
from students.models import Roster
from students.roster_columns import COLUMNS, REQUIRED
from students.roster_rows import masked_value

_ROWS_READ = 24
_SAMPLES = 3
_SHOWN = 30
_SHORT = 20
_TEXTS_OF_A_ROW = 4
_CLOSE = 70
_ENDS_ALIKE = 90.0
_MASKED = frozenset({"id_number", "guardian_id", "card_number", "guardian_phone"})
_VALUES = frozenset({"男", "女", "汉族", "居民身份证"})
"""Cells that stand in rows of children and in no head."""

Words = Mapping[str, Sequence[str]]


class ReadOtherwise(Refused):
    code = "headings-read-otherwise"
    message = _("照这样选，系统仍然分不清这些列：%(names)s。请在文件里把它们的表头改得不一样，再重新上传。")


@dataclass(frozen=True)
class TopRow:
    """One of the first rows, for whoever says which one is the head."""

    number: int
    words: str
    is_data: bool


@dataclass(frozen=True)
class Heading:
    """A heading of the file, with all columns that carry it."""

    places: tuple[int, ...]
    text: str
    samples: tuple[str, ...]
    field: str | None
    """How it is read now; None where it is unknown."""
    guess: str | None
    """What an unknown one probably means."""

    @property
    def letters(self) -> str:
        return "、".join(get_column_letter(place + 1) for place in self.places)


@dataclass(frozen=True)
class Layout:
    """The first rows of a file, and the headings of the row that is taken for its head."""

    rows: list[TopRow]
    row: int
    headings: list[Heading]
    is_data: bool
    """The row holds what no head holds: a number of a person, a date, 男 or 女."""
    top: list[Row]
    merged: list[Area]


def can_be_mapped(roster: Roster) -> bool:
    """Whether it makes sense to say what the headings of this file stand for."""
    if roster.state == RosterState.REFUSED:
        return roster.refusal_code in {MissingColumns.code, DoubledColumns.code}
    return roster.state == RosterState.CHECKED


def read(roster: Roster, *, row: int | None = None) -> Layout:
    """The layout with the row (from 1) that somebody chose for the head, or with the likeliest one."""
    with sheets.read(files.content(roster.file), limits=sheets.SMALL) as workbook:
        rows = list(islice(workbook.rows(), _ROWS_READ))
        merged = workbook.merged
    top = rows[:TOP_ROWS]
    filled = [number for number, cells in enumerate(top, start=1) if not is_blank(cells)]
    texts = {number: _texts(rows, number, merged) for number in filled}
    choices = [TopRow(number, _words_of_row(rows[number - 1]), _is_data(rows[number - 1])) for number in filled]
    words = headings.synonyms(roster.school)
    likely = [choice.number for choice in choices if not choice.is_data] or filled
    head = row if row in texts else _likeliest(likely, texts, words)
    is_data = next((choice.is_data for choice in choices if choice.number == head), True)
    found = [] if is_data else _headings(texts[head], rows[head:], words)
    return Layout(rows=choices, row=head, headings=found, is_data=is_data, top=top, merged=merged)


@transaction.atomic
def settle(
    roster: Roster, layout: Layout, fields: Mapping[int, str | None], *, for_all: bool, by: User, at: datetime
) -> None:
    """Remember what the headings of a file stand for (first place → field), and have the file checked again.

    Before that it is tried out: if the file would still not be read so, ReadOtherwise names the columns.
    """
    if not can_be_mapped(roster):
        raise WrongState()
    mapping = {
        heading.text: field
        for heading in layout.headings
        if (field := fields.get(heading.places[0])) is not None and field != heading.field
    }
    _try_out(roster, layout, fields, mapping)
    if for_all:
        headings.forget_own(roster.school, mapping)
    headings.learn(school=None if for_all else roster.school, mapping=mapping, by=by, at=at)
    runs.check_again(roster, by=by, at=at)


def _try_out(roster: Roster, layout: Layout, fields: Mapping[int, str | None], mapping: Mapping[str, str]) -> None:
    words = headings.synonyms(roster.school, mapping=mapping)
    head = find_head(layout.top, words, REQUIRED, merged=layout.merged)
    places = {field: heading.places for heading in layout.headings if (field := fields.get(heading.places[0]))}
    astray = [field for field in places if head.columns.get(field) not in places[field]]
    if astray:
        raise ReadOtherwise(names="、".join(COLUMNS[field].name for field in astray))


def _texts(rows: Sequence[Row], number: int, merged: Sequence[Area]) -> list[str]:
    """What stands in each column of a row, or in the merged cell that reaches over it."""
    texts = [headings.tidy(cell_text(cell)) for cell in rows[number - 1]]
    texts += [""] * (max(map(len, rows)) - len(texts))
    for top, left, bottom, right in merged:
        if top <= number - 1 <= bottom and left < len(rows[top]):
            for place in range(left, min(right + 1, len(texts))):
                texts[place] = texts[place] or headings.tidy(cell_text(rows[top][left]))
    return texts


def _words_of_row(row: Row) -> str:
    texts = [headings.tidy(cell_text(cell)) for cell in row]
    shown = [headings.hide_numbers(text)[:_SHORT] for text in texts if text]
    return "、".join(shown[:_TEXTS_OF_A_ROW]) + ("……" if len(shown) > _TEXTS_OF_A_ROW else "")


def _is_data(row: Row) -> bool:
    for cell in row:
        text = headings.tidy(cell_text(cell))
        if isinstance(cell, date) or text in _VALUES or headings.has_number(text):
            return True
    return False


def _likeliest(numbers: Sequence[int], texts: Mapping[int, list[str]], words: Words) -> int:
    """The row with most headings that are known, else the one with most different short texts."""
    if not numbers:
        return 1
    known = {number: len(_read_row(texts[number], words)) for number in numbers}
    best = max(numbers, key=lambda number: known[number])
    if known[best] > 1:
        return best
    return max(numbers, key=lambda number: len({text for text in texts[number] if 0 < len(text) <= _SHORT}))


def _read_row(texts: list[str], words: Words) -> dict[str, int]:
    return find_head([list(texts)], words, ()).columns


def _read_heading(text: str, words: Words) -> str | None:
    """How one heading is read; None where it is unknown."""
    head = find_head([[text]], words, ())
    return next(iter(head.columns), None if head.unknown else NOT_READ)


def _headings(texts: Sequence[str], below: Sequence[Row], words: Words) -> list[Heading]:
    places: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        if headings.fits(text):
            places.setdefault(heading_key(text), []).append(place)
    read_as = {key: _read_heading(texts[found[0]], words) for key, found in places.items()}
    guesses = _guesses([key for key, field in read_as.items() if field is None], set(read_as.values()), words)
    lines = [row for row in below if not (is_blank(row) or is_total_row(row) or is_foot_row(row))]
    return [
        Heading(
            places=tuple(found),
            text=texts[found[0]],
            samples=_samples(read_as[key] or guesses.get(key) or NOT_READ, found[0], lines),
            field=read_as[key],
            guess=guesses.get(key),
        )
        for key, found in places.items()
    ]


def _guesses(keys: Sequence[str], taken: set[str | None], words: Words) -> dict[str, str]:
    """What unknown headings probably mean, each column once, the closest first."""
    near = sorted(
        (
            (score, key, field)
            for key in keys
            for field, spellings in words.items()
            if field != NOT_READ and field not in taken
            if (score := max(_likeness(key, heading_key(spelling)) for spelling in spellings)) >= _CLOSE
        ),
        key=lambda guess: (-guess[0], guess[1], guess[2]),
    )
    found: dict[str, str] = {}
    for _score, key, field in near:
        if key not in found and field not in found.values():
            found[key] = field
    return found


def _likeness(key: str, spelling: str) -> float:
    """In Chinese the noun stands last: 孩子的姓名 is a 姓名."""
    if len(spelling) > 1 and key.endswith(spelling):
        return _ENDS_ALIKE
    return fuzz.ratio(key, spelling)


def _samples(field: str, place: int, lines: Sequence[Row]) -> tuple[str, ...]:
    cells = (row[place] for row in lines if place < len(row))
    return tuple(islice(dict.fromkeys(filter(None, _shown(field, cells))), _SAMPLES))


def _shown(field: str, cells: Iterator[Cell]) -> Iterator[str]:
    """The cells as far as a page may show them: of a day the year, of a number its end."""
    for cell in cells:
        text = headings.tidy(cell_text(cell))
        if field in _MASKED:
            yield masked_value("id_number", cell)[:_SHOWN]
        elif isinstance(cell, date | datetime) or (isinstance(cell, str) and len(text) > 5 and read_date(cell)):
            yield f"{read_date(cell):%Y}-**-**"
        else:
            yield headings.hide_numbers(text)[:_SHOWN]
