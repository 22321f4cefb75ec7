"""Stable keys: how a child and a line of a list are known again in the next file."""

from datetime import date

from common.keyring import ring
from common.resident_ids import IdKind


def student_key(*, number: str, kind: IdKind, school_code: str, name_key: str, born_on: date | None) -> str:
    """A valid resident number is the child, wherever it goes. Anything else is known only within its school,
    by what is written for it: number, name and birth date together.
    """
    if kind is IdKind.RESIDENT:
        return ring().fingerprint("id", number)
    return ring().fingerprint("child", f"{school_code}|{number}|{name_key}|{born_on or ''}")


def person_key(*, source: str, household_no: str, number: str, name_key: str) -> str:
    """A line of a list: the same source, household, number and name are the same person in the next list."""
    return ring().fingerprint("person", f"{source}|{household_no}|{number}|{name_key}")


def is_usable(kind: IdKind) -> bool:
    """True where a written number can stand beside another as equal or unequal."""
    return kind not in {IdKind.NONE, IdKind.LOST}


def number_index(number: str, kind: IdKind) -> str | None:
    """The searchable index of a written number; lost digits have none, two of them would look equal."""
    return ring().fingerprint("id", number) if is_usable(kind) else None
