"""What of a number may be seen in pages, logs and exports (the server masks, never the browser)."""

from common import resident_ids

__all__ = ["card", "phone", "resident_id"]

resident_id = resident_ids.mask


def card(number: str) -> str:
    return f"****{number[-4:]}" if number else ""


def phone(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}" if len(number) == 11 else "*" * len(number)
