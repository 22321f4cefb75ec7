"""The numbers of a text: what each counts, how exactly it is printed, and where it stands.

Years, days, document numbers, ages, list marks and numbers with a blank for a digit ("20xx人") are no figures.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

_FULL_WIDTH = str.maketrans("0123456789．％（）［］／", "0123456789.%()[]/")
_SCALES = {"": 1, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_PEOPLE = r"人次|人(?!均)|名(?!单|额|次)|位(?!于|居|列)|个(?:学生|孩子|幼儿|儿童)"
_NEAR = 40
"""How many letters before and after a number are looked at."""
_FIGURE = re.compile(
    r"(?<![A-Za-z0-9_.\-—~～])"
    r"(?P<whole>\d{1,3}(?:[,，]\d{3}){1,4}(?!\d)|\d{1,3}(?:,\d{1,3}){1,4}(?=[人名元万位])|\d+)(?P<part>\.\d*)?"
    r"(?P<unit>\s{0,4}(?:(?P<about>多|余|几|来)\s{0,4})?(?:"
    rf"(?P<scale>万|亿|千|百)?(?P<about2>多|余|左右)?(?P<name>元|{_PEOPLE})"
    r"|(?P<bare>万)(?=[,，。;；、)]|$)|(?P<share>[%‰])))?"
)
_ABOUT_BEFORE = re.compile(r"(?:约|近|超过?|逾|不少于|不低于|至少|不足|最高|最多|以内|大约|达到?约|[-—~～至到])\s*$")
_ABOUT_AFTER = re.compile(r"\s{0,4}(?:以上|以下|以内|左右|上下|[-—~～]\s{0,4}\d|至\d|到\d|不等)")
_NO_FIGURE_BEFORE = re.compile(r"(?:第|前|[\[【〔(]\s*|[A-Za-z_*×]\s*)$")
_RATE_BEFORE = re.compile(
    r"(?:每(?:个?学?[人生名位个]|个|年|期|学)[^,，。;；、:：\d%()]{0,14}|[生人]均[^,，。;；、:：\d()]{0,8}"
    r"|[一二三四]档|[一二三]等|标准[为是]?|按)[:：]?$"
)
_RATE_AFTER = re.compile(
    r"\s{0,4}(?:/|每)\s{0,4}(?:(?:年|学年|学期|期|月|天|日)\s{0,4})?(?:/\s{0,4})?(?:人|生|名|学生)"
    r"|\s{0,4}/\s{0,4}(?:学年|学期|年|期|月|天)"
)
_RATE_GOES_ON = re.compile(r"(?:和|与|及|、|或)$")
_MONEY_WORDS = re.compile(r"[金资款费元][^,，。;；\d]{0,6}$")


class Kind(StrEnum):
    PEOPLE = "people"
    MONEY = "money"
    RATE = "rate"


@dataclass(frozen=True, eq=False, slots=True)
class Figure:
    """One printed number.

    `value` is in people or yuan; `printed` is the number alone, as it stands, and `unit` what follows it. `step` is
    what one more in the last printed place would be worth. An `is_incomplete` number ends in its decimal point.
    """

    kind: Kind
    printed: str
    unit: str
    value: Decimal
    step: Decimal
    scale: int
    start: int
    end: int
    line: int
    column: int
    is_incomplete: bool
    is_about: bool
    basis: str = ""
    """Of a rate: for whom and how long it is ("每生每期")."""

    @property
    def counts_visits(self) -> bool:
        """人次 may be added over terms and programs; 人 and 名 may be the same people twice."""
        return self.unit.endswith("人次")

    def written(self, value: Decimal) -> str:
        """`value` in the unit that the figure is printed in, without needless zeros."""
        return plain(value / self.scale)


def plain(value: Decimal) -> str:
    """ "1305.0375" for 1305.037500, "600" for 6E+2."""
    words = format(value, "f")
    return words.rstrip("0").rstrip(".") if "." in words else words


def flat(text: str) -> str:
    """The text with full-width digits and brackets made plain, letter by letter, so that places stay."""
    return text.translate(_FULL_WIDTH)


def figures(text: str) -> list[Figure]:
    """Every figure of a text, in its order. Lines and columns count from 1."""
    found: list[Figure] = []
    start = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = flat(raw)
        for match in _FIGURE.finditer(line):
            before = found[-1] if found and found[-1].line == number else None
            figure = _figure(match, line, number, start, before)
            if figure:
                found.append(figure)
        start += len(raw) + 1
    return found


def _figure(match: re.Match[str], line: str, number: int, start: int, before: Figure | None) -> Figure | None:
    name = match["name"] or ("元" if match["bare"] else "")
    ahead = line[max(0, match.start() - _NEAR) : match.start()]
    behind = line[match.end() : match.end() + _NEAR]
    if not name or (_NO_FIGURE_BEFORE.search(ahead) and not _is_in_brackets_of_words(ahead, match)):
        return None
    if match["bare"] and not _MONEY_WORDS.search(ahead):
        return None
    if name != "元" and behind.startswith(("x", "X", "_")):
        return None
    scale = _SCALES[match["scale"] or match["bare"] or ""]
    digits = re.sub("[,，]", "", match["whole"]) + (match["part"] or "")
    places = len((match["part"] or ".")[1:])
    is_rate = name == "元" and scale == 1 and _is_rate(ahead, behind, before, start + match.start())
    basis = [found[0] for found in (_RATE_BEFORE.search(ahead), _RATE_AFTER.match(behind)) if found]
    return Figure(
        kind=Kind.RATE if is_rate else Kind.MONEY if name == "元" else Kind.PEOPLE,
        printed=match["whole"] + (match["part"] or ""),
        unit=(match["unit"] or "").strip(),
        value=Decimal(digits.rstrip(".")) * scale,
        step=Decimal(scale).scaleb(-places),
        scale=scale,
        start=start + match.start(),
        end=start + match.end(),
        line=number,
        column=match.start() + 1,
        is_incomplete=match["part"] == ".",
        is_about=bool(match["about"] or match["about2"] or _ABOUT_BEFORE.search(ahead) or _ABOUT_AFTER.match(behind)),
        basis="".join(basis) if is_rate else "",
    )


def _is_in_brackets_of_words(ahead: str, match: re.Match[str]) -> bool:
    """An opening bracket hides document numbers ("[2021]16号"), but not "(120人…)": there a unit follows."""
    return ahead.rstrip().endswith("(") and bool(match["name"])


def _is_rate(ahead: str, behind: str, before: Figure | None, place: int) -> bool:
    if _RATE_BEFORE.search(ahead) or _RATE_AFTER.match(behind):
        return True
    if before is None or before.kind is not Kind.RATE:
        return False
    return place - before.end <= 2 and bool(_RATE_GOES_ON.search(ahead))
