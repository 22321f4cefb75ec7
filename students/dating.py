"""From when to when a category holds within a term, for a child whose household enters or leaves a list.

A list dated before the term or in its first weeks, which end on the day by which rosters are due, says how things
stood when the term began. What a later list brings is a change within the term, and there the source's rule speaks.
"""

from datetime import date
from typing import Protocol

from students.choices import WhenEntering, WhenLeaving


class Source(Protocol):
    """What a source says of changes within a term."""

    when_entering: str
    when_leaving: str


class Term(Protocol):
    """The days of a term."""

    starts_on: date
    ends_on: date
    roster_due_on: date


def begins_on(source: Source, snapshot_as_of: date, term: Term, *, is_first: bool = False) -> date | None:
    """The day from which a category holds in the term, None where it does not hold in it.

    `snapshot_as_of` is the day of the earliest list that names the person without a break. `is_first` says that the
    source had no list before: then nobody on it has entered, they were there all along.
    """
    if snapshot_as_of > term.ends_on and not is_first:
        return None
    if is_first or snapshot_as_of <= _settled_on(term):
        return term.starts_on
    if source.when_entering == WhenEntering.NEXT_TERM:
        return None
    return max(term.starts_on, snapshot_as_of)


def ends_on(source: Source, left_as_of: date, term: Term) -> date | None:
    """The last day on which a category holds in the term, None where it does not hold in it at all.

    `left_as_of` is the day of the first list that no longer names the person. A list that was withdrawn is no such
    list, and what rested on it alone is no fact that ends but one that never was.
    """
    if left_as_of <= _settled_on(term):
        return None
    if left_as_of >= term.ends_on or source.when_leaving == WhenLeaving.TERM_END:
        return term.ends_on
    return left_as_of


def _settled_on(term: Term) -> date:
    """The end of the first weeks: lists until then speak of the term's beginning."""
    return max(term.starts_on, min(term.roster_due_on, term.ends_on))
