"""What the figures of a text belong to: the section, the period, and the line of aid of which they are heads and money.

An entry is one line of aid as the prose gives it: so many children, so much money, the rates in the same sentence, and
the parts that brackets or 其中 split it into. Entries hold references to figures; nothing is added up here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from reports.published.figures import Figure, Kind, figures, flat


class Period(StrEnum):
    SPRING = "spring"
    AUTUMN = "autumn"
    YEAR = "year"
    UNKNOWN = ""


@dataclass(eq=False, slots=True)
class Entry:
    """One line of aid. `whole` is the entry that this one is a part of; `label` is what the text calls its heads."""

    line: int
    section: tuple[str, ...]
    period: Period
    year: str
    heads: Figure | None = None
    money: Figure | None = None
    rates: list[Figure] = field(default_factory=list)
    parts: list["Entry"] = field(default_factory=list)
    sums: list["Entry"] = field(default_factory=list)
    """What the sentence counted up before it came to this total of them (共计, 合计)."""
    whole: "Entry | None" = None
    is_bracketed: bool = False
    """A part that stands in brackets; the others follow 其中."""
    label: str = ""
    words: str = ""
    """The clauses of the entry, for the words of programs in them."""
    sentence: str = ""

    @property
    def is_rough(self) -> bool:
        """Something of it is only about so much."""
        return any(figure.is_about for figure in (self.heads, self.money, *self.rates) if figure)


_SEASONS = re.compile(
    r"(?P<both>春、?秋(?:两|二)?(?:个?学?[季期])|[两二]个?学期|上、?下[两二]?学期)"
    r"|(?P<spring>春季|春期|春学期|上半年)|(?P<autumn>秋季|秋期|秋学期|下半年)"
    r"|(?P<all>全年|全学年|(?<!每)(?<!生)学年度?(?!每)|一年来|年度共)"
    r"|(?P<year>20\d\d|今|本|[xX*]{2,4}|20[xX*_]{2})年(?!春|秋|上半|下半|\d{1,2}月|级|\d)"
)
_SEASON = re.compile(r"其中[^|]{0,8}(?:春|秋)(?:季|期|学期)|其中[^|]{0,8}[上下]半年")
_YEAR = re.compile(r"(20\d\d)(?:[-—–~～至](?:20\d\d))?(?:年|学年)")
_HEADINGS = (
    re.compile(r"^[>\s　]*第?[一二三四五六七八九十]+(?:[、.:：]|部分)"),
    re.compile(r"^[>\s　]*\([一二三四五六七八九十]+\)"),
    re.compile(r"^[>\s　]*\d{1,2}(?:、|\.(?!\d))"),
    re.compile(r"^[>\s　]*[一二三四五六七八九十]是"),
    re.compile(r"^[>\s　]*(?:\(\d{1,2}\)|[①②③④⑤⑥⑦⑧⑨⑩])"),
)
_ITEM = re.compile(r"(?P<open>\()|(?P<close>\))|(?P<within>其中)")
_CLOSING = re.compile(r"^(?:以上|两项|三项)?(?:共计|合计|总计|总共|共)(?!同)")
_LABEL, _SENTENCE = 60, 600
"""How many letters of a label and of a sentence are looked at."""
_WITHIN_LINE = re.compile(r"^\s*其中[:：]")
_END = re.compile(r"[。.!！]\s*$")
_STOP = re.compile(r"[。!！?？;；]")
_LABEL_END = re.compile(r"[,，。;；:：、()]|\d(?=[\d.,]*\s*[万亿]?[人名元位个所户])")
_CLAUSE = re.compile(r"[,，。;；:：、()!！\d]")


@dataclass(slots=True)
class _Mark:
    kind: str
    place: int


def entries(text: str) -> list[Entry]:
    """Every line of aid of a text, parts included, in the order in which they begin."""
    by_line: dict[int, list[Figure]] = {}
    for figure in figures(text):
        by_line.setdefault(figure.line, []).append(figure)
    found: list[Entry] = []
    headings: list[tuple[int, str]] = []
    owner: Entry | None = None
    open_whole: Entry | None = None
    start = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = flat(raw)
        level, label = _heading(line)
        if level:
            headings = [kept for kept in headings if kept[0] < level] + [(level, label)]
        section = tuple(name for _level, name in headings)
        if number in by_line:
            goes_on = not level and open_whole is not None
            reader = _Paragraph(line, start, number, section, owner if line.lstrip().startswith("其中") else None)
            read = reader.read(by_line[number], whole=open_whole if goes_on else None)
            found += read
            owner = next((entry for entry in reversed(read) if entry.whole is None), owner)
            last = read[-1].whole if read and not read[-1].is_bracketed else None
            open_whole = last if last and (goes_on or _WITHIN_LINE.match(line)) and not _END.search(line) else None
        elif line.strip():
            open_whole = None
        start += len(raw) + 1
    for entry in found:
        if entry.whole is None and any(_SEASON.search(part.words) for part in entry.parts):
            entry.period = Period.YEAR
    return found


def _heading(line: str) -> tuple[int, str]:
    for level, mark in enumerate(_HEADINGS, 1):
        if found := mark.match(line):
            name = line[found.end() :].strip(" 　")[:_LABEL]
            end = _LABEL_END.search(name)
            return level, (name[: end.start()] if end else name)[:20] or found[0].strip()
    return 0, ""


def sentences(line: str) -> Iterator[tuple[int, int]]:
    """The bounds of a line's sentences; a stop inside brackets ends none."""
    begin = depth = 0
    for place, letter in enumerate(line):
        depth += (letter == "(") - (letter == ")")
        if depth <= 0 and _STOP.match(letter):
            yield begin, place + 1
            begin, depth = place + 1, 0
    if begin < len(line):
        yield begin, len(line)


class _Paragraph:
    """Reads one line of text into entries, sentence by sentence."""

    def __init__(self, line: str, start: int, number: int, section: tuple[str, ...], owner: Entry | None) -> None:
        self._line, self._start, self._number, self._section = line, start, number, section
        self._found: list[Entry] = []
        self._owner = owner
        """The last entry that is no part: what 其中 speaks of."""
        self._period = next((p for name in reversed(section) if (p := _period_of(name)) is not None), Period.UNKNOWN)
        self._year = next((found[1] for name in reversed(section) if (found := _YEAR.search(name))), "")

    def read(self, given: Sequence[Figure], *, whole: Entry | None) -> list[Entry]:
        """The line's entries. `whole` is what a list of parts that goes on from the line before belongs to."""
        for begin, end in sentences(self._line):
            inside = [figure for figure in given if begin <= figure.start - self._start < end]
            self._read_sentence(begin, end, inside, whole)
        return self._found

    def _read_sentence(self, begin: int, end: int, inside: list[Figure], whole: Entry | None) -> None:
        words = self._line[begin:end]
        marks = [_Mark(str(m.lastgroup), begin + m.start()) for m in _ITEM.finditer(words)]
        steps: list[_Mark | Figure] = sorted([*marks, *inside], key=self._place)
        group = _Group(self, words[:_SENTENCE], whole, is_money_first=_is_money_first(steps, 0))
        last = begin
        for number, step in enumerate(steps, 1):
            place = self._place(step)
            self._note_period(last, place)
            last = place
            if isinstance(step, Figure):
                group.take(step)
            elif step.kind == "within":
                group.split_owner(is_money_first=_is_money_first(steps, number))
            elif step.kind == "open":
                group.open()
            else:
                group.close()
        self._note_period(last, end)
        group.end()

    def _place(self, step: "_Mark | Figure") -> int:
        return step.start - self._start if isinstance(step, Figure) else step.place

    def _note_period(self, begin: int, end: int) -> None:
        stretch = self._line[begin:end]
        for found in _SEASONS.finditer(stretch):
            kind = found.lastgroup
            self._period = {"spring": Period.SPRING, "autumn": Period.AUTUMN}.get(str(kind), Period.YEAR)
        for year in _YEAR.finditer(stretch):
            self._year = year[1]

    def begin(self, words: str, whole: Entry | None, *, is_bracketed: bool) -> Entry:
        entry = Entry(
            line=self._number,
            section=self._section,
            period=self._period,
            year=self._year,
            whole=whole,
            is_bracketed=is_bracketed,
            sentence=words,
        )
        self._found.append(entry)
        if whole is None:
            self._owner = entry
        else:
            whole.parts.append(entry)
        return entry

    def label(self, figure: Figure) -> str:
        """What the figure counts: the words before it in its clause, or else those after it."""
        place, end = figure.start - self._start, figure.end - self._start
        ahead = _CLAUSE.split(self._line[max(0, place - _LABEL) : place])[-1].strip()
        behind = _CLAUSE.split(self._line[end : end + _LABEL], maxsplit=1)[0].strip()
        return f"{ahead}|{behind}"

    @property
    def owner(self) -> Entry | None:
        return self._owner


def _period_of(heading: str) -> Period | None:
    found = list(_SEASONS.finditer(heading))
    if not found:
        return None
    return {"spring": Period.SPRING, "autumn": Period.AUTUMN}.get(str(found[-1].lastgroup), Period.YEAR)


def _is_money_first(steps: Sequence["_Mark | Figure"], begin: int) -> bool:
    """Whether sums are named before their children, all the way from a step to the next bracket or 其中."""
    kinds: list[Kind] = []
    for place in range(begin, len(steps)):
        step = steps[place]
        if isinstance(step, Figure):
            kinds += [] if step.kind is Kind.RATE else [step.kind]
        elif step.kind != "close":
            break
    return bool(kinds) and all(
        kind is (Kind.MONEY if place % 2 == 0 else Kind.PEOPLE) for place, kind in enumerate(kinds)
    )


class _Group:
    """One sentence's figures, gathered into entries as they come."""

    def __init__(self, paragraph: _Paragraph, words: str, whole: Entry | None, *, is_money_first: bool) -> None:
        self._paragraph, self._words, self._is_money_first = paragraph, words, is_money_first
        self._current: Entry | None = None
        self._whole = whole
        self._waiting: list[Figure] = []
        self._outer: list[tuple[Entry | None, Entry | None, bool]] = []
        self._rows: list[Entry] = []

    def take(self, figure: Figure) -> None:
        if figure.kind is Kind.RATE:
            self._take_rate(figure)
            return
        counted = self._counted(figure)
        if counted and figure.kind is Kind.MONEY and self._whole and not self._whole.money:
            self._whole.money = figure
            return
        if counted or self._must_begin(figure):
            self._begin(counted)
        entry = self._current
        assert entry is not None  # noqa: S101 - begun above
        if figure.kind is Kind.PEOPLE:
            entry.heads, entry.label = figure, self._paragraph.label(figure)
        else:
            entry.money = figure
        entry.words += "|" + self._paragraph.label(figure)

    def _must_begin(self, figure: Figure) -> bool:
        entry = self._current
        if entry is None:
            return True
        if figure.kind is Kind.MONEY:
            return entry.money is not None or (self._is_money_first and entry.heads is not None)
        return entry.heads is not None or (entry.money is not None and not self._is_money_first)

    def _counted(self, figure: Figure) -> list[Entry]:
        """The lines before a total in its own sentence, at least two: all with heads alone, or all with money alone."""
        if not _CLOSING.match(self._paragraph.label(figure)):
            return []
        found: list[Entry] = []
        for row in reversed(self._rows):
            is_like = bool(row.heads) != bool(row.money) and (not found or bool(row.heads) is bool(found[0].heads))
            if row.whole is not self._whole or not is_like or (figure.kind is Kind.PEOPLE and not row.heads):
                break
            found.append(row)
        return found[::-1] if len(found) > 1 else []

    def _begin(self, counted: list[Entry]) -> None:
        whole = None if counted else self._whole
        entry = self._paragraph.begin(self._words, whole, is_bracketed=bool(self._outer))
        entry.sums = counted
        entry.rates += [] if counted else self._waiting
        self._waiting = []
        self._current = entry
        self._rows.append(entry)

    def _take_rate(self, figure: Figure) -> None:
        entry = self._current
        bare = [row for row in self._rows if row.heads and not row.money and not row.rates and row.whole is self._whole]
        if self._outer and (entry is None):
            holder = self._outer[-1][0]
            (holder.rates if holder else self._waiting).append(figure)
        elif entry is None:
            self._waiting.append(figure)
        elif "分别" in self._words and len(bare) > 1:
            bare[0].rates.append(figure)
        elif entry.money is None and not (entry.rates and "分别" in self._words and not entry.heads):
            entry.rates.append(figure)
        else:
            self._waiting.append(figure)

    def split_owner(self, *, is_money_first: bool) -> None:
        """其中: what follows, to the sentence's end, is part of what stands before, and has its own order."""
        if self._outer:
            return
        self._is_money_first = is_money_first
        self._whole = self._current if self._current and self._current.whole is None else self._paragraph.owner
        self._current = None

    def open(self) -> None:
        self._outer.append((self._current, self._whole, bool(self._waiting)))
        self._whole, self._current = self._current or self._whole, None

    def close(self) -> None:
        if self._outer:
            self._current, self._whole, _waited = self._outer.pop()

    def end(self) -> None:
        """Rates that came after the money they belong to ("…94.04万元，每人200元。")."""
        if self._waiting and self._current and not self._current.rates:
            self._current.rates += self._waiting
