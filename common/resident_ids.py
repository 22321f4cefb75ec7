"""Resident identity numbers (公民身份号码, GB 11643-1999) and the other documents children carry.

What a file says is kept as it was written; these functions tell what kind of number it is.
The area part is where the number was first issued, so an unknown area is never an error.
"""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from operator import mul

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_OF_NOUGHTS = ord("0") * sum(_WEIGHTS)
_NOISE = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff'`\"‘’“”]+")
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?E\+?\d+$")


class IdKind(StrEnum):
    """What a written number is worth as a key."""

    RESIDENT = "resident"  # 18 characters, real date, right check digit (also 81/82/83… residence permits)
    OLD = "old"  # 15 digits, issued before 1999
    WRONG = "wrong"  # 18 characters whose date or check digit is wrong
    LOST = "lost"  # digits lost in a number cell: …000 or 4.1E+17
    OTHER = "other"  # a passport, a travel permit, anything else
    NONE = "none"


def normalize(text: object) -> str:
    """Half-width, no blanks, quotes or zero-width characters, X in capitals. What is tidy stays as it is."""
    number, before = str(text or ""), None
    if number.isascii() and number.isalnum():
        return number.upper()
    while number != before:
        before, number = number, _NOISE.sub("", unicodedata.normalize("NFKC", number)).upper()
    return number


def blemishes(text: str) -> list[str]:
    """What `normalize` evens out in a number as it is written: blanks, full-width characters, a small x."""
    bare = _NOISE.sub("", text)
    folded = unicodedata.normalize("NFKC", bare)
    found = {"blanks": bare != text, "full-width": folded != bare, "small-x": folded.upper() != folded}
    return [name for name, is_there in found.items() if is_there]


def check_digit(first_17: str) -> str:
    if len(first_17) != len(_WEIGHTS) or not (first_17.isascii() and first_17.isdigit()):
        raise ValueError("The check digit follows from 17 digits.")
    return _CHECK_DIGITS[(sum(map(mul, first_17.encode(), _WEIGHTS)) - _OF_NOUGHTS) % 11]


def kind(number: str) -> IdKind:
    """The kind of an already normalized number."""
    if not number:
        return IdKind.NONE
    if _SCIENTIFIC.match(number):
        return IdKind.LOST
    if len(number) == 18 and number[:17].isascii() and number[:17].isdigit():
        if born_on(number) and check_digit(number[:17]) == number[17]:
            return IdKind.RESIDENT
        return IdKind.LOST if number.endswith("000") else IdKind.WRONG
    if len(number) == 15 and number.isascii() and number.isdigit():
        return IdKind.OLD
    return IdKind.OTHER


def born_on(number: str) -> date | None:
    """The birth date inside an 18- or 15-digit number, or None where it is no date."""
    digits = number[6:14] if len(number) == 18 else f"19{number[6:12]}" if len(number) == 15 else ""
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2100 else None


def sex(number: str) -> str:
    """ "男" or "女" by the sequence number's parity, "" where there is none."""
    place = 16 if len(number) == 18 else 14 if len(number) == 15 else None
    if place is None or not number[place].isdigit():
        return ""
    return "男" if int(number[place]) % 2 else "女"


def core(number: str) -> str:
    """The 15 digits an old number shares with its 18-digit successor."""
    if len(number) == 18:
        return number[:6] + number[8:17]
    return number if len(number) == 15 else ""


def with_right_check_digit(number: str) -> str:
    """The 18 characters with the check digit that follows from the other 17, "" where there is no day in them."""
    first_17 = number[:17]
    if len(number) != 18 or not (first_17.isascii() and first_17.isdigit()) or born_on(number) is None:
        return ""
    return first_17 + check_digit(first_17)


def successor(number: str, *, century: str = "19") -> str:
    """The 18-digit number that replaces one of 15 digits, "" where there is none."""
    if kind(number) is not IdKind.OLD:
        return ""
    return with_right_check_digit(f"{number[:6]}{century}{number[6:]}0")


def from_disability_card(number: str) -> str:
    """The resident number in a 20-digit disability card (18 + type + level), else the number itself."""
    return number[:18] if len(number) == 20 and kind(number[:18]) is IdKind.RESIDENT else number


def mask(number: str) -> str:
    """The first character and the last three stay: rows can be told apart, the birth date cannot be read."""
    if len(number) <= 4:
        return "*" * len(number)
    return f"{number[0]}{'*' * (len(number) - 4)}{number[-3:]}"
