"""An undefined template variable fails the test that rendered it."""

import inspect
from pathlib import Path

import django
from django.template.base import Node, Template

_DJANGO = Path(django.__file__).parent
_NOT_OURS = (_DJANGO / "contrib", _DJANGO.parent / "import_export")
"""Templates of the admin and of import-export lean on undefined variables being empty."""


class UndefinedVariable(AssertionError):
    """A template named something that the view didn't give it."""


class Undefined(str):
    """For `string_if_invalid`: raises as soon as Django puts the variable's name into it."""

    __slots__ = ()

    def __new__(cls) -> "Undefined":
        return super().__new__(cls, "%s")

    def __mod__(self, variable: object) -> str:
        origin = _template_being_rendered()
        if origin and any(origin.is_relative_to(place) for place in _NOT_OURS):
            return ""
        raise UndefinedVariable(f"{variable} is undefined in {origin}")


def _template_being_rendered() -> Path | None:
    """Where the innermost node or template on the stack came from."""
    frame = inspect.currentframe()
    while frame := frame.f_back if frame else None:
        owner = frame.f_locals.get("self")
        origin = getattr(owner, "origin", None) if isinstance(owner, Node | Template) else None
        if origin:
            return Path(origin.name)
    return None
