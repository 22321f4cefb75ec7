"""How a page answers when an act went through, and when the office's rules forbid it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest

from common.moves import Refused


@contextmanager
def telling(request: HttpRequest, done: str) -> Iterator[None]:
    """Say `done` on the next page; a refusal inside is said in its own words instead.

    The object that was refused may be stale afterwards: redirect, so that it is loaded again.
    """
    try:
        yield
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)


Result = TypeVar("Result")


def tried(form: Form, act: Callable[[], Result]) -> Result | None:
    """What an act gives; a refusal is said on the form, and gives None."""
    try:
        return act()
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return None
