"""The problems of a roster as its page shows them: by kind, and cell by cell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from students import issues
from students.choices import Severity
from students.models import RosterIssue
from students.roster_columns import COLUMNS
from students.roster_rows import masked_value

_TONES = {Severity.ERROR: "red", Severity.DOUBT: "amber", Severity.NOTE: "blue"}


class _Ellipsis(dict[str, str]):
    """Stands for whatever a sentence would name, where it speaks of many cells at once."""

    def __missing__(self, name: str) -> str:
        return "…"


@dataclass(frozen=True)
class Kind:
    """One kind of problem, in general words, and how often it occurs."""

    code: str
    severity: Severity
    what: str
    mend: str
    count: int
    repairs: int
    """How many of them come with a proposal."""

    @property
    def tone(self) -> str:
        return _TONES[self.severity]


@dataclass(frozen=True)
class Line:
    """One cell: where it is, what it says, what is wrong, how to mend it."""

    cell: str
    field: str
    value: str
    severity: Severity
    what: str
    mend: str
    row: int
    key: str
    repair: str
    """What is proposed instead, a number masked; empty where nothing is."""

    @property
    def tone(self) -> str:
        return _TONES[self.severity]

    @property
    def place(self) -> str:
        """The cell as its correction names it."""
        return f"{self.row}:{self.key}"

    @property
    def asks(self) -> str:
        """What may be typed beside it: another value, a word, or nothing where the problem is no cell's."""
        if not self.key or not self.row:
            return ""
        return "word" if self.severity is Severity.DOUBT else "value"


def kinds(counts: Mapping[str, int], repairs: Mapping[str, int]) -> list[Kind]:
    """The kinds that occur, errors first."""
    found = [
        Kind(code, kind.severity, str(kind.what) % _Ellipsis(), str(kind.mend), counts[code], repairs.get(code, 0))
        for code, kind in issues.KINDS.items()
        if code in counts
    ]
    order = list(Severity)
    return sorted(found, key=lambda kind: (order.index(kind.severity), -kind.count))


def lines(found: Iterable[RosterIssue]) -> list[Line]:
    return [
        Line(
            cell=f"{_letters(issue.column)}{issue.row}",
            field=COLUMNS[issue.field].name if issue.field in COLUMNS else "",
            value=issue.value,
            severity=Severity(issue.severity),
            what=what,
            mend=mend,
            row=issue.row,
            key=issue.field if issue.field in COLUMNS else "",
            repair=masked_value(issue.field, issue.repair or ""),
        )
        for issue in found
        for what, mend in [issues.wording(issue)]
    ]


def _letters(column: int | None) -> str:
    """A column as a sheet names it: 1 is A, 27 is AA; nothing where the sheet has no such column."""
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters
