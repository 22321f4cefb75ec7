"""The lines of another office's list read into people: whose line it is, which household, which category.

Nothing that a line says is changed. What it leaves out because the line above says it (the household in lists with
merged cells) is filled in and remarked.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from common import names, resident_ids, sheets
from common.columns import cell_text, find_head, is_blank, read_date
from common.keyring import ring
from common.resident_ids import IdKind
from common.tables import FOOT, HEAD, TOTAL, Table
from students import headings, identity
from students.choices import LineCode, Sex
from students.models import CategoryLabel, HardshipCategory, RegisterSnapshot
from students.roster_rows import phone_index

PERSON_FIELDS = (
    "snapshot", "row", "key", "household_no", "relation", "head_name", "name", "name_key", "sex", "born_on",
    "id_kind", "id_number", "id_number_index", "phone", "phone_index", "town_name", "village", "category", "label",
    "schooling",
)  # fmt: skip
LINE_FIELDS = ("snapshot", "row", "code", "other_row")
HEADS = frozenset({"户主", "户主本人", "本人", "本人或户主", "申请人"})
"""Relations of whoever a household begins with."""

_SEXES = {"男": Sex.MALE, "女": Sex.FEMALE}
_OF_KIND = {IdKind.LOST: LineCode.LOST, IdKind.WRONG: LineCode.WRONG, IdKind.NONE: LineCode.NO_ID}
_PASSED_OVER = {TOTAL: LineCode.TOTAL, FOOT: LineCode.FOOT, HEAD: LineCode.HEAD}
_MOST_WORDS = 60
_SHORT = 20


@dataclass
class Household:
    """Where a line says that its person lives and with whom."""

    number: str
    head: str
    head_id: str
    town: str
    village: str
    filled: bool = False


_PLACE = ("number", "head", "head_id", "town", "village")
_COLUMNS = {"number": "household_no", "head": "head_name", "head_id": "head_id", "town": "town", "village": "village"}


class Households:
    """Knows of each line the household, in the order of the file: many say it in a household's first line only."""

    def __init__(self, columns: Mapping[str, int]) -> None:
        self.columns = columns
        self._before: Household | None = None

    def of(self, text: Mapping[str, str], *, head_id: str, own_id: str) -> Household:
        """The household of the next line; `filled` where the file left out what the line above says."""
        found = Household(
            number=text.get("household_no", "")[:40],
            head=text.get("head_name", ""),
            head_id=head_id,
            town=text.get("town", ""),
            village=text.get("village", ""),
        )
        relation = names.key(text.get("relation", ""))
        is_head = relation in HEADS
        before = self._before
        if before is not None and not is_head and self._continues(found, before, relation):
            for name in _PLACE:
                if not getattr(found, name) and getattr(before, name):
                    setattr(found, name, getattr(before, name))
                    found.filled = found.filled or (_COLUMNS[name] in self.columns and name != "head_id")
        elif is_head and names.key(found.head) in {"", names.key(text.get("name", ""))}:
            found.head = found.head or text.get("name", "")
            found.head_id = found.head_id or own_id
        self._before = found
        return found

    def _continues(self, found: Household, before: Household, relation: str) -> bool:
        """Whether a line belongs to the household of the line above. One word against it is enough."""
        said = [(getattr(found, name), getattr(before, name)) for name in _PLACE]
        if any(mine and theirs and mine != theirs for mine, theirs in said):
            return False
        if found.number:
            return found.number == before.number
        is_silent = not any(mine for mine, _theirs in said)
        return bool(relation) or (is_silent and any(_COLUMNS[name] in self.columns for name in _PLACE))


def number_by_head(household: Household) -> str:
    """What stands for the number of a household that has none: its head and village, "" where they are not known.

    Two heads of one name and village are told apart by a mark of the head's number, which cannot be read back. It is
    known where the list gives the number beside the head's name, or the head's own line stands above.
    """
    place = household.village or household.town
    mark = ring().fingerprint("head", household.head_id)[:4] if household.head_id else ""
    if not household.head or not (place or mark):
        return ""
    return f"{household.head[:16]}（{place[:16]}）{mark}"


class Reading(NamedTuple):
    """A line read: the values of `PERSON_FIELDS`, or None for a line that names nobody, and its remarks."""

    person: tuple[Any, ...] | None
    codes: list[LineCode]


@dataclass
class Vocabulary:
    """The words for categories, and those in a file that are none of them."""

    known: dict[str, str] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.known.update(CategoryLabel.objects.values_list("label", "category"))
        self.known.update({name: code for code, name in HardshipCategory.objects.values_list("code", "name")})


class PersonReader:
    """Reads the lines of one source's list, each once and in order."""

    def __init__(self, table: Table, snapshot: RegisterSnapshot) -> None:
        self.table = table
        self.snapshot = snapshot
        self.words = Vocabulary()
        self.households = Households(table.columns)

    def read(self, number: int, cells: sheets.Row) -> Reading:
        text = self.table.text(cells)
        name_key = names.key(text.get("name", ""))
        if not name_key:
            return Reading(None, [LineCode.NO_NAME])
        id_number, id_kind = self._id(cells, "id_number")
        household = self.households.of(
            text, head_id=self._id(cells, "head_id")[0], own_id=id_number if id_kind is IdKind.RESIDENT else ""
        )
        codes = [_OF_KIND[id_kind]] if id_kind in _OF_KIND else []
        codes += [LineCode.FILLED] if household.filled else []
        household_no = household.number
        if not household_no and (household_no := number_by_head(household)):
            codes.append(LineCode.BY_HEAD)
        phone = resident_ids.normalize(text.get("phone", ""))[:20]
        category, label = self._category(text)
        sex = _SEXES.get(text.get("sex", "") or resident_ids.sex(id_number), Sex.UNKNOWN)
        born_on = resident_ids.born_on(id_number) if id_kind is IdKind.RESIDENT else None
        key = identity.person_key(
            source=self.snapshot.source_id, household_no=household_no, number=id_number, name_key=name_key
        )
        person = (
            self.snapshot.pk, number, key, household_no, text.get("relation", "")[:20], household.head[:100],
            text["name"][:100], name_key[:100], sex, born_on or read_date(self.table.cell(cells, "born_on")),
            id_kind, id_number, identity.number_index(id_number, id_kind), phone, phone_index(phone),
            household.town[:50], household.village[:100], category, label[:40], text.get("schooling", "")[:40],
        )  # fmt: skip
        return Reading(person, codes)

    def _id(self, cells: sheets.Row, name: str) -> tuple[str, IdKind]:
        cell = self.table.cell(cells, name)
        if isinstance(cell, int | float):
            return "", IdKind.LOST
        number = resident_ids.from_disability_card(resident_ids.normalize(cell))[:40]
        return number, resident_ids.kind(number)

    def _category(self, text: Mapping[str, str]) -> tuple[str, str]:
        """The most telling label wins: 监测对象类别 says more than 户类型."""
        for name in ("monitored", "category"):
            label = text.get(name, "")
            if label in self.words.known:
                return self.words.known[label], label
        if label := text.get("category", ""):
            self.words.unknown[label[:40]] += 1
        return self.snapshot.source.category_id, label or self.snapshot.source.category.name

    def notes(self) -> dict[str, Any]:
        """What the file says that nobody here knows: its headings, and its words for categories with their lines."""
        labels = sorted(self.words.unknown.items(), key=lambda found: (-found[1], found[0]))
        return {"headings": _presentable(self.table.head.unknown), "labels": dict(labels[:_MOST_WORDS])}

    def passed_over(self) -> list[tuple[Any, ...]]:
        """The rows that were no lines of people, as values of `LINE_FIELDS`."""
        return [
            (self.snapshot.pk, row, _PASSED_OVER.get(what, LineCode.BLANK), None)
            for row, what in self.table.passed_over
        ]


def unknown_headings(content: bytes, words: Mapping[str, Sequence[str]], *, reader: sheets.Reader | None) -> list[str]:
    """The headings of a file that nobody here knows, where its head was not understood.

    A row with a date, a long number or a sex is a person's: nothing of it is given.
    """
    workbook = sheets.read(content, reader=reader)
    try:
        rows = [list(row) for row in workbook.top if not is_blank(row) and not _is_data(row)]
        head = find_head(workbook.top, words, (), merged=workbook.merged)
    finally:
        workbook.close()
    if len(head.columns) > 1:
        return _presentable(head.unknown)
    texts = [[headings.tidy(cell_text(cell)) for cell in row] for row in rows]
    likely = max(texts, key=lambda row: len({text for text in row if 0 < len(text) <= _SHORT}), default=[])
    return _presentable([text for text in likely if find_head([[text]], words, ()).unknown])


def _is_data(row: sheets.Row) -> bool:
    return any(
        isinstance(cell, date) or (text := cell_text(cell)) in _SEXES or headings.has_number(text) for cell in row
    )


def _presentable(texts: Sequence[str]) -> list[str]:
    """Headings as a page may show them: short, each once, and none with a number that could be somebody's."""
    return headings.once(tidied for text in texts if headings.fits(tidied := headings.tidy(text)))[:_MOST_WORDS]
