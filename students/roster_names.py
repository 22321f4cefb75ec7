"""A child's name as a roster writes it: what is odd about it, and what was probably meant."""

import re
from dataclasses import dataclass, field

from common import names
from students.issues import Problem

LONGEST = 50

_FINE = re.compile(r"[\u3400-\u9fff\u3007\U00020000-\U0002f7ff\U0002fa20-\U0003ffff·]{2,50}")
_PRIVATE_USE = re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_NOTE = re.compile(r"[(（\[【〔<《{][^)）\]】〕>》}]*[)）\]】〕>》}]?")
_BLANKS = re.compile(r"[\s\u200b-\u200d\u2060\ufeff'`\"‘’“”]")
_ODD_ENDS = re.compile(r"^[\d\W_]+|[\dA-Za-z*#?+\W_]+$")


@dataclass(slots=True)
class Name:
    text: str
    key: str
    problems: list[Problem] = field(default_factory=list)


def read(text: str, *, is_foreign: bool = False) -> Name:
    """The name in a cell. Letters and blanks are nothing odd where the document is a foreign one."""
    if _FINE.fullmatch(text):
        return Name(text, text)
    name = Name(text[:100], names.key(text[:100]))
    if not name.key:
        name.problems.append(Problem("name-missing", "name"))
    elif len(text) > LONGEST:
        name.problems.append(Problem("name-too-long", "name", {"most": LONGEST}))
    else:
        suggestion = _suggestion(text)
        name.problems += [Problem(code, "name", {}, suggestion) for code in _codes(text, name.key, is_foreign)]
    return name


def _codes(text: str, key: str, is_foreign: bool) -> list[str]:
    found = {
        "name-private-use": _PRIVATE_USE.search(text),
        "name-odd": any(_is_odd(character, is_foreign) for character in key),
        "name-interpunct": not is_foreign and any(mark != "·" and names.key(mark) == "·" for mark in text),
        "name-blank": not is_foreign and _BLANKS.search(_NOTE.sub("", text).strip()),
        "name-short": len(key) == 1,
    }
    return [code for code, is_there in found.items() if is_there]


def _is_odd(character: str, is_foreign: bool) -> bool:
    if _PRIVATE_USE.match(character) or character == "·":
        return False
    if character.isascii() or not character.isalpha():
        return not (is_foreign and (character.isalpha() or character in "-."))
    return character.lower() != character.upper() and not is_foreign


def _suggestion(text: str) -> str:
    """The name without notes, blanks and odd ends, "" where that is no name either."""
    likely = _ODD_ENDS.sub("", names.key(_NOTE.sub("", text)))
    return likely if likely != text and _FINE.fullmatch(likely) else ""
