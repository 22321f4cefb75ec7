"""How a printed number can have come from another: digits lost in copying, a point that moved, one wrong digit.

Each way has a chance: how likely two numbers that have nothing to do with each other look as if it had happened. "2"
is contained in a quarter of all three-digit numbers and proves nothing; "66.7" for "667" proves much.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import comb

from reports.published.figures import Figure, Kind, plain

_SLIPS = 30
"""About so many numbers of its size are one slip away from a printed one."""
MOST_LOST = 3
"""More digits than these are never taken to be lost from one number."""


class Slip(StrEnum):
    """What seems to have happened to a number."""

    CUT_OFF = "cut-off"
    LOST = "lost"
    POINT = "point"
    DIGIT = "digit"
    SWAPPED = "swapped"
    ADDED = "added"
    UNEXPLAINED = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A reading in the figure's own unit, what seems to have happened, and how easily that is an accident (0–1)."""

    reading: str
    slip: Slip
    chance: float


def explain(figure: Figure, value: Decimal, *, slack: Decimal = Decimal(0)) -> Explanation:
    """The likeliest way from `value` to what is printed.

    A total may have been rounded before it was misprinted. Where rounding elsewhere leaves the value open by `slack`,
    the reading is a number in that room of which the printed one is a misprint, if there is one: the one with the
    fewest places, since nothing speaks for finer ones, and of several the nearest.
    """
    printed = figure.printed.replace(",", "").replace("，", "")
    exact = figure.written(value)
    readings = [exact]
    if figure.kind is Kind.MONEY:
        places = len(exact.partition(".")[2])
        rounded = (figure.written(round(value / figure.scale, k) * figure.scale) for k in range(places - 1, -1, -1))
        readings += [reading for reading in rounded if abs(Decimal(reading) * figure.scale - value) * 100 < value]
    found = [Explanation(reading, *_slip(printed, reading)) for reading in dict.fromkeys(readings)]
    best = min(found, key=lambda explanation: explanation.chance)
    if best.slip is Slip.UNEXPLAINED and slack and figure.kind is Kind.MONEY:
        return _in_the_room(printed, value / figure.scale, slack / figure.scale) or best
    return found[0] if found[0].chance <= best.chance * 20 else best


def _in_the_room(printed: str, value: Decimal, slack: Decimal) -> Explanation | None:
    near = {
        plain(number): slip for slip, text in _one_slip_away(printed) if abs((number := Decimal(text)) - value) < slack
    }
    if not near:
        return None
    reading = min(near, key=lambda text: (len(text.partition(".")[2]), abs(Decimal(text) - value)))
    return Explanation(reading, near[reading], min(1.0, float(_SLIPS * 2 * slack / value)))


def _one_slip_away(printed: str) -> Iterator[tuple[Slip, str]]:
    """Every number of which the printed one is one slip away."""
    bare, places = printed.replace(".", ""), len(printed.partition(".")[2])
    for place in range(1, len(bare)):
        if place != len(bare) - places:
            yield Slip.POINT, f"{bare[:place]}.{bare[place:]}"
    for place in range(len(printed) + 1):
        for digit in "0123456789":
            yield Slip.LOST, printed[:place] + digit + printed[place:]
            if printed[place : place + 1].isdigit():
                yield Slip.DIGIT, printed[:place] + digit + printed[place + 1 :]
    for place in range(len(printed) - 1):
        if printed[place : place + 2].isdigit():
            yield Slip.SWAPPED, printed[:place] + printed[place + 1] + printed[place] + printed[place + 2 :]


def is_possible(figure: Figure, value: Decimal) -> bool:
    """Whether a figure of this kind can have the value: whole people, money not below a fen."""
    if value <= 0:
        return False
    if figure.kind is Kind.PEOPLE:
        return value == value.to_integral_value()
    if figure.kind is Kind.RATE:
        return value * 2 == (value * 2).to_integral_value() and value < 100_000
    return value * 100 == (value * 100).to_integral_value()


def _slip(printed: str, reading: str) -> tuple[Slip, float]:
    if printed == reading:
        return Slip.UNEXPLAINED, 1.0
    if printed.endswith("."):
        return (Slip.CUT_OFF, 0.001) if reading.startswith(printed) else (Slip.UNEXPLAINED, 1.0)
    found: list[tuple[float, Slip]] = [(1.0, Slip.UNEXPLAINED)]
    ours, theirs = printed.replace(".", ""), reading.replace(".", "")
    if ours.strip("0") == theirs.strip("0"):
        return Slip.POINT, min(4 / 10 ** len(ours.strip("0")), 1.0)
    if len(printed) == len(reading) and printed.find(".") == reading.find("."):
        found += _same_length(ours, theirs)
    found += _lost_or_added(printed, reading)
    chance, slip = min(found)
    return slip, min(chance, 1.0)


def _same_length(ours: str, theirs: str) -> list[tuple[float, Slip]]:
    differing = [place for place, (left, right) in enumerate(zip(ours, theirs, strict=True)) if left != right]
    telling = max(len(ours.rstrip("0")), len(theirs.rstrip("0")))
    if len(differing) == 1:
        return [(9 * telling / 10**telling, Slip.DIGIT)]
    if len(differing) == 2 and differing[1] - differing[0] == 1:
        left, right = differing
        if ours[left] == theirs[right] and ours[right] == theirs[left]:
            return [((telling - 1) / 10**telling, Slip.SWAPPED)]
    return []


def _lost_or_added(printed: str, reading: str) -> list[tuple[float, Slip]]:
    found = []
    for short, long, slip in ((printed, reading, Slip.LOST), (reading, printed, Slip.ADDED)):
        digits = len(short.replace(".", ""))
        if 0 < len(long) - len(short) <= MOST_LOST and _is_within(short, long):
            found.append((comb(len(long), len(short)) / 10**digits, slip))
    return found


def _is_within(short: str, long: str) -> bool:
    """Whether the letters of `short` stand in `long` in their order."""
    letters = iter(long)
    return all(letter in letters for letter in short)
