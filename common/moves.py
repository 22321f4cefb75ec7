"""Refusals, and the one way an object changes its state."""

from collections.abc import Mapping, Set
from typing import Any, ClassVar

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """The office's rules forbid this act. `code` is for tests and logs, `message` for people."""

    code = "refused"
    message: Any = _("这一步现在不能办理。")
    _by_code: ClassVar[dict[str, type["Refused"]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        Refused._by_code[cls.code] = cls

    def __init__(self, **params: object) -> None:
        super().__init__(self.code)
        self.params = params

    def __str__(self) -> str:
        return str(self.message) % self.params if self.params else str(self.message)


def worded(code: str, params: Mapping[str, object]) -> str:
    """The words of a refusal that was stored as code and parameters."""
    return str(Refused._by_code.get(code, Refused)(**params))


class WrongState(Refused):
    code = "wrong-state"
    message = _("状态已经变化，可能其他人刚刚办理过，请刷新页面后再看。")


def move(obj: models.Model, to: str, *, moves: Mapping[Any, Set[Any]], **fields: object) -> None:
    """Put `obj` in state `to`, or raise WrongState.

    One conditional UPDATE decides, so of two people who press the same button one wins,
    on SQLite (where SELECT FOR UPDATE does nothing) as on PostgreSQL. Call it before
    reading what the move depends on: the row stays ours until the transaction ends.
    """
    allowed_from = [state for state, following in moves.items() if to in following]
    rows = type(obj)._base_manager.filter(pk=obj.pk, state__in=allowed_from)
    if not rows.update(state=to, **fields):
        raise WrongState()
    _refresh(obj)


def hold(obj: models.Model, *states: str) -> None:
    """Keep `obj` in one of `states` until the transaction ends, or raise WrongState.

    Use it before changing rows that hang from `obj`.
    """
    if not type(obj)._base_manager.filter(pk=obj.pk, state__in=states).update(state=F("state")):
        raise WrongState()
    _refresh(obj)


def _refresh(obj: models.Model) -> None:
    """Load the object's own columns again; the objects that it belongs to stay in hand, as far as they are the same."""
    belongs_to = [f for f in obj._meta.concrete_fields if isinstance(f, models.ForeignKey) and f.is_cached(obj)]
    known = [(field, getattr(obj, field.attname), field.get_cached_value(obj)) for field in belongs_to]
    obj.refresh_from_db()
    for field, key, related in known:
        if getattr(obj, field.attname) == key:
            field.set_cached_value(obj, related)
