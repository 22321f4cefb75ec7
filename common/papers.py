"""Words for a paper that an office program opens."""

import unicodedata


def tidy(text: str) -> str:
    """What people wrote, without characters that no paper can hold (control characters); lines stay lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    return "\n".join("".join(char for char in line if _is_written(char)) for line in lines).strip()


def _is_written(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs"} and char not in "\ufffe\uffff"
