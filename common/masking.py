"""What of a number may be seen in pages, logs and exports (the server masks, never the browser)."""

from datetime import date

from django.utils.formats import date_format

from common import resident_ids

__all__ = ["birth", "card", "phone", "resident_id"]

resident_id = resident_ids.mask


def card(number: str) -> str:
    return f"****{number[-4:]}" if number else ""


def phone(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}" if len(number) == 11 else "*" * len(number)


def birth(day: date | None, *, whole: bool) -> str:
    """The day, or the year only: beside a masked number the whole day would give most of the number away."""
    return date_format(day, "Y-m-d" if whole else "Y") if day else ""
