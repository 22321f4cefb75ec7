"""Finding the columns in sheets that offices lay out as they please, and reading what stands in a cell.

A head has one to three rows somewhere below title and unit rows, with merged cells, marks for compulsory columns,
line breaks and typing errors. Nothing here repairs what a cell says; it only tells what it can be read as.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import islice, pairwise
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _
from rapidfuzz import fuzz, process

from common.moves import Refused
from common.sheets import Cell, Row

TOP_ROWS = 12
Area = tuple[int, int, int, int]

_BLANKS = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]+")
_EDGES = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\u200c\u200d\u2060\ufeff"
_MARKS = re.compile(r"[★☆*※▲●#:;,。、\"'“”_]")
_BRACKETS = re.compile(r"[(\[【〔<《{][^()\[\]【】〔〕<>《》{}]*[)\]】〕>》}]")
_MANY_TIMES = ("万", "千", "百", "%")  # a unit that changes what the number means is part of the heading
_TYPING_ERROR = 83  # one wrong character in six, or one too many or too few in four
_LONGEST_HEADING = 24  # what is longer is text, no mistyped heading
_TELLING = frozenset("不非无未父母万千百亿角分男女省市县乡镇村组户应实春秋上下前后新旧年月日起止主副")
_TOTAL = re.compile(r"^.{0,20}?(合计|小计|总计|共计|累计)(\(.*\))?:?(\d+人?)?$")
_FOOT = re.compile(
    r"^(单位|学校|园所|主管|分管)?(负责人|审核人|复核人|填表人|填报人|制表人?|经办人|统计人|报送人|校长|园长|联系人|联系电话"
    r"|填表日期|填报日期|制表日期|填报时间|制表单位|填报单位|备注|说明|注|盖章|签字|公章)(签字|签章|盖章|签名)?(\(.*?\))?(:|$)"
)
_GRAND_TOTAL = re.compile(r"^(总?合计|总计|共计)")
_COUNT = re.compile(r"共?(?P<count>\d{1,6})[人名]?$")
_DAY = re.compile(
    r"^(?P<year>\d{4})(?:[-./年](?P<month>\d{1,2})[-./月](?P<day>\d{1,2})[日号]?|(?P<digits>\d{4}))"
    r"(?:T?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
)
_SERIAL = re.compile(r"^\d{4,5}(\.\d+)?$")
_SERIALS_BEGIN = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 3_654, 73_050  # 1910 to 2099: smaller numbers are years or ages
_YES = frozenset({"是", "是的", "有", "对", "√", "✓", "✔", "☑", "1", "y", "yes", "t", "true"})
_NO = frozenset(
    {"否", "无", "不是", "非", "没有", "不", "错", "×", "✕", "✗", "✘", "☐", "0", "x", "n", "no", "f", "false"}
)
_HEAVENLY_STEMS = "甲乙丙丁戊己庚辛壬癸"


class MissingColumns(Refused):
    code = "missing-columns"
    message = _("表头里没有找到这些列：%(names)s。请对照模板检查表头（前 12 行之内），改好后重新上传。")


class DoubledColumns(Refused):
    code = "doubled-columns"
    message = _("表头里有几列都像是：%(names)s。请只留下一列，或者改清楚各列的名称后重新上传。")


@dataclass(frozen=True)
class Head:
    """Where a sheet's columns are. Places of columns count from 0, rows from 1 as people see them."""

    columns: dict[str, int]
    headings: dict[str, str]  # field → the heading as the file writes it
    first_row: int
    last_row: int
    preamble: str  # the text above the head, a line for each row
    unknown: list[str] = field(default_factory=list)  # headings that are no column of ours
    doubled: dict[str, list[int]] = field(default_factory=dict)  # field → all places that claim it equally
    guessed: list[str] = field(default_factory=list)  # fields whose heading is spelled with a typing error
    unknown_places: list[int] = field(default_factory=list)  # where the unknown headings are, in the same order
    heading_rows: list[int] = field(default_factory=list)  # for each place the lowest row with its heading, or 0

    def heading_row(self, place: int) -> int:
        rows = self.heading_rows
        return (rows[place] if place < len(rows) else 0) or self.last_row


class _Claim(NamedTuple):
    """A heading that could be a field's; the smallest is the best."""

    is_guess: bool  # spelled with a typing error
    is_part: bool  # only the lowest row of the heading says so, its group says nothing
    synonym: int
    place: int


def find_head(
    rows: Sequence[Row],
    synonyms: Mapping[str, Sequence[str]],
    required: Sequence[str],
    *,
    merged: Iterable[Area] = (),
) -> Head:
    """The head among the first rows of a sheet, or MissingColumns, or DoubledColumns for a required one.

    `synonyms` gives each field's spellings, the most trusted first: the first also names the field to people. Those
    of the field "" are headings that nobody needs: they are no column, and neither unknown nor doubled.
    """
    texts = _filled([[_BLANKS.sub("", cell_text(cell)) for cell in row] for row in rows[:TOP_ROWS]], merged)
    spellings = {
        spelling: (name, place)
        for name, words in reversed(list(synonyms.items()))
        for place, word in reversed(list(enumerate(words)))
        for spelling in (without_notes(word), heading_key(word))
    }
    best: tuple[tuple[int, int, int, int], int, int, dict[str, list[_Claim]]] | None = None
    readings: _Readings = {}
    for first in range(len(texts)):
        for height in range(1, min(3, len(texts) - first) + 1):
            claims = _claims(texts[first : first + height], spellings, readings)
            score = (sum(name in claims for name in required), len(claims), -height, -first)
            if best is None or score > best[0]:
                best = score, first, height, claims
    claims = dict(best[3]) if best else {}
    unneeded = {claim.place for claim in claims.pop("", ()) if not claim.is_guess}
    if best is None or (missing := [name for name in required if name not in claims]):
        raise MissingColumns(names=_named(missing if best else required, synonyms))
    _score, first, height, _claims_of_best = best
    head = {name: min(of_field) for name, of_field in claims.items()}
    doubled = {
        name: places
        for name, of_field in claims.items()
        if len(places := [claim.place for claim in of_field if claim[:3] == head[name][:3]]) > 1
    }
    if unclear := [name for name in required if name in doubled]:
        raise DoubledColumns(names=_named(unclear, synonyms))
    columns = {name: claim.place for name, claim in head.items()}
    last = _last_row(rows, first, height, set(columns.values()), merged)
    wholes = {place: "".join(parts) for place, parts in _headings(texts[first : first + height]).items()}
    unknown = [place for place in wholes if place not in columns.values() and place not in unneeded]
    return Head(
        columns=columns,
        headings={name: wholes[place] for name, place in columns.items()},
        first_row=first + 1,
        last_row=last + 1,
        preamble="\n".join(" ".join(filter(None, map(cell_text, row))) for row in rows[:first]).strip(),
        unknown=[wholes[place] for place in unknown],
        doubled=doubled,
        guessed=[name for name, claim in head.items() if claim.is_guess],
        unknown_places=unknown,
        heading_rows=[
            max((row + 1 for row in range(first, first + height) if texts[row][place]), default=0)
            for place in range(len(texts[first]))
        ],
    )


def _named(names: Iterable[str], synonyms: Mapping[str, Sequence[str]]) -> str:
    return "、".join(synonyms[name][0] for name in names)


def _filled(texts: list[list[str]], merged: Iterable[Area]) -> list[list[str]]:
    """Each column of a merged cell carries its text; of its rows only the first, so that it is said once."""
    width = max(map(len, texts), default=0)
    filled = [row + [""] * (width - len(row)) for row in texts]
    for top, left, _bottom, right in merged:
        if top < len(filled) and left < width:
            for place in range(left, min(right + 1, width)):
                filled[top][place] = filled[top][left]
    return filled


def _headings(texts: list[list[str]]) -> dict[int, list[str]]:
    """The texts above each column, from top to bottom."""
    return {
        place: parts
        for place, column in enumerate(zip(*texts, strict=True))
        if (parts := [text for text in column if text])
    }


_Readings = dict[str, tuple[bool, tuple[str, int]] | None]
"""text → (whether it is a guess, the field and spelling it stands for); the same texts come in window after window."""


def _claims(
    texts: list[list[str]], spellings: Mapping[str, tuple[str, int]], readings: _Readings
) -> dict[str, list[_Claim]]:
    """What each column's heading could be. A heading is spent on one field only."""
    found: dict[str, list[_Claim]] = {}
    for place, parts in _headings(texts).items():
        whole = _read_heading("".join(parts), spellings, readings)
        part = _read_heading(parts[-1], spellings, readings) if len(parts) > 1 else None
        if whole and not whole[0]:
            claim = _Claim(False, False, whole[1][1], place), whole[1][0]
        elif part and not part[0]:
            claim = _Claim(False, True, part[1][1], place), part[1][0]
        elif whole:
            claim = _Claim(True, False, whole[1][1], place), whole[1][0]
        else:
            continue
        found.setdefault(claim[1], []).append(claim[0])
    return found


def _read_heading(
    text: str, spellings: Mapping[str, tuple[str, int]], readings: _Readings
) -> tuple[bool, tuple[str, int]] | None:
    """Which field a text names, letter by letter or with a typing error."""
    if text not in readings:
        plain = without_notes(text)
        if known := spellings.get(heading_key(text)) or spellings.get(plain):
            readings[text] = False, known
        else:
            guess = _guess(plain, spellings)
            readings[text] = (True, guess) if guess else None
    return readings[text]


def _guess(spelled: str, spellings: Mapping[str, tuple[str, int]]) -> tuple[str, int] | None:
    """The one field this heading can be a mistyped name of, or None where it could be two, or something else."""
    if not 4 <= len(spelled) <= _LONGEST_HEADING or spelled.isascii():
        return None
    near: dict[str, tuple[float, int]] = {}
    for spelling, score, _place in process.extract(
        spelled, spellings.keys(), scorer=fuzz.ratio, score_cutoff=_TYPING_ERROR, limit=None
    ):
        if not _means_something_else(spelled, spelling):
            name, place = spellings[spelling]
            near[name] = max(near.get(name, (0.0, 0)), (score, -place))
    if len(near) != 1:
        return None
    [(name, (_score, place))] = near.items()
    return name, -place


def _means_something_else(spelled: str, spelling: str) -> bool:
    """成员1姓名 is no mistyped 成员2姓名, and 户籍所在村 no 户籍所在镇."""
    different = set(spelled) ^ set(spelling)
    return bool(different & _TELLING) or any(character.isascii() for character in different)


def _last_row(rows: Sequence[Row], first: int, height: int, places: set[int], merged: Iterable[Area]) -> int:
    """The head's last row, from 0: as far down as its merged cells reach, its sub-headings and its column numbers."""
    last = first + height - 1
    for top, _left, bottom, _right in merged:
        if first <= top <= last and bottom <= first + 2:
            last = max(last, bottom)
    if last + 1 < len(rows) and last < first + 2 and _is_subheading(rows[last + 1], places):
        last += 1
    if last + 1 < len(rows) and _is_numbering(rows[last + 1]):
        last += 1
    return last


def _is_subheading(row: Row, places: set[int]) -> bool:
    filled = {place: cell for place, cell in enumerate(row) if cell_text(cell)}
    return len(filled) > 1 and not places & filled.keys() and all(isinstance(cell, str) for cell in filled.values())


def _is_numbering(row: Row) -> bool:
    """A row of column numbers, as official tables have: 甲 乙 1 2 3."""
    cells = [text.strip("()") for cell in row if (text := heading_key(cell_text(cell)))]
    numbers = [int(text) for text in cells if text.isascii() and text.isdigit()]
    stems = [text for text in cells if text in _HEAVENLY_STEMS]
    in_order = all(after == before + 1 for before, after in pairwise(numbers))
    return len(cells) > 2 and len(numbers) + len(stems) == len(cells) and in_order and numbers[:1] in ([], [0], [1])


@lru_cache(maxsize=8_192)
def heading_key(text: str) -> str:
    """A heading without blanks, marks and differences of width."""
    return _MARKS.sub("", _BLANKS.sub("", unicodedata.normalize("NFKC", text))).lower()


@lru_cache(maxsize=8_192)
def without_notes(text: str) -> str:
    """A heading without the notes in brackets, except a unit that changes what the number means."""
    plain = _BLANKS.sub("", unicodedata.normalize("NFKC", text))
    kept = _BRACKETS.sub(lambda note: note[0] if any(unit in note[0] for unit in _MANY_TIMES) else "", plain)
    return heading_key(kept)


def is_blank(row: Row) -> bool:
    return not _first_texts(row, 1)


def is_total_row(row: Row) -> bool:
    """A row that adds others up: 合计, 小计, 本页小计, 总计."""
    return any(_TOTAL.match(_plain_line(text)) for text in _first_texts(row, 3))


def is_grand_total(row: Row) -> bool:
    """A total row for the whole sheet, not for a page or a class of it."""
    return any(_GRAND_TOTAL.match(_plain_line(text)) for text in _first_texts(row, 3))


def is_foot_row(row: Row) -> bool:
    """A row of signatures or remarks below the data: 单位负责人, 审核人, 填表人, 备注：."""
    return any(_FOOT.match(_plain_line(text)) for text in _first_texts(row, 1))


def stated_total(row: Row) -> int | None:
    """How many children a total row says there are: 合计：35人, 合计 | 35; None for subtotals and sums of money."""
    filled = [(place, text) for place, cell in enumerate(row) if (text := _plain_line(cell_text(cell)))]
    for (place, text), (beside, following) in zip(filled, [*filled[1:], (-1, "")], strict=True):
        if not _GRAND_TOTAL.match(text):
            continue
        count = _COUNT.search(text) or (_COUNT.fullmatch(following) if beside == place + 1 else None)
        return int(count["count"]) if count else None
    return None


def _first_texts(row: Row, count: int) -> list[str]:
    return list(islice((text for cell in row if (text := cell_text(cell))), count))


def _plain_line(text: str) -> str:
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text))


def cell_text(cell: Cell) -> str:
    """What a cell says, trimmed. Not for ids and cards: a number of more than 15 digits has lost its last ones.

    Such a number comes out as 4.11625201203E+17, so that it can't be taken for an id.
    """
    if isinstance(cell, str):
        return cell.strip(_EDGES)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if abs(cell) >= 1e15:
        digits, power = f"{cell:.14E}".split("E")
        return f"{digits.rstrip('0').rstrip('.')}E{power}"
    return str(int(cell)) if cell == int(cell) else f"{Decimal(repr(cell)):f}"


def read_date(cell: Cell) -> date | None:
    """The day a cell means: a date cell, 20100101, 2010-1-1, 2010.1.1, 2010年1月1日 or Excel's count of days."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, bool):
        return None
    text = _plain_line(cell_text(cell)).strip("'")
    if found := _DAY.match(text):
        digits = found["digits"] or ""
        month, day = (digits[:2], digits[2:]) if digits else (found["month"], found["day"])
        try:
            written = date(int(found["year"]), int(month), int(day))
        except ValueError:
            return None
        return written if 1900 <= written.year <= 2100 else None
    if _SERIAL.match(text) and _FIRST_SERIAL <= float(text) <= _LAST_SERIAL:
        return _SERIALS_BEGIN + timedelta(days=int(float(text)))
    return None


def read_yes_no(cell: Cell) -> bool | None:
    """True for 是, √, 1, Y and their like, False for 否, ×, 0, N, None for blank and for all else."""
    if isinstance(cell, bool):
        return cell
    text = _plain_line(cell_text(cell)).lower()
    return True if text in _YES else False if text in _NO else None
