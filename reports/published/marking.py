"""A text with its contradicted numbers marked, and the table of what was found, as a page shows both."""

from collections.abc import Iterator
from dataclasses import dataclass

from reports.published import wording
from reports.published.figures import Figure
from reports.published.findings import Answer, Finding


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line; a marked one has the number of its row in the table."""

    text: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One marked figure in words."""

    number: int
    printed: str
    place: str
    rules: list[str]
    against: list[str]
    reading: str
    is_only_reading: bool
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class Marked:
    """`figures` and `relations` are how many were read and compared."""

    lines: list[tuple[int, list[Piece]]]
    rows: list[Row]
    findings: int
    figures: int
    relations: int


def marked(text: str, answer: Answer) -> Marked:
    """The text's lines in pieces, empty ones left out, and a row for every marked figure."""
    pairs = [(figure, finding) for finding in answer.findings for figure in finding.figures]
    pairs.sort(key=lambda pair: pair[0].start)
    numbers = {figure: number for number, (figure, _finding) in enumerate(pairs, 1)}
    by_line: dict[int, list[Figure]] = {}
    for figure in numbers:
        by_line.setdefault(figure.line, []).append(figure)
    lines = [
        (number, list(_pieces(line, by_line.get(number, []), numbers)))
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]
    rows = [_row(numbers[figure], finding, figure) for figure, finding in pairs]
    return Marked(lines, rows, len(answer.findings), answer.figures, answer.relations)


def _pieces(line: str, figures: list[Figure], numbers: dict[Figure, int]) -> Iterator[Piece]:
    place = 0
    for figure in figures:
        begin = figure.column - 1
        end = begin + figure.end - figure.start
        if begin > place:
            yield Piece(line[place:begin])
        yield Piece(line[begin:end], numbers[figure])
        place = end
    if place < len(line):
        yield Piece(line[place:])


def _row(number: int, finding: Finding, figure: Figure) -> Row:
    own = next((reading for reading in finding.readings if reading.figure is figure), None)
    others = wording.against(finding, figure)
    return Row(
        number=number,
        printed=wording.printed(figure),
        place=wording.place(figure),
        rules=wording.rules(finding),
        against=[f"{wording.printed(other)}（{other.line}:{other.column}）" for other in others],
        reading=wording.reading(own) if own else "",
        is_only_reading=finding.is_sure,
        reason=wording.confirmed(own) if own else "",
        advice=wording.advice(finding, figure),
    )
