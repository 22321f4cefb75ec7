"""Cells of sheets that people bring, for django-import-export: what a cell may hold, and how it is written back."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from import_export import widgets

from common.columns import read_date
from common.money import parse_fen, yuan

_YES = {"是", "有", "√", "1", "Y", "YES", "TRUE"}
_NO = {"否", "无", "没有", "0", "N", "NO", "FALSE", ""}


def text_of(value: object) -> str:
    """What a cell says; a code that a sheet kept as a number loses the ".0" it got there."""
    text = str(value if value is not None else "").strip()
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


class Words(widgets.Widget):  # type: ignore[misc]
    """A text of limited length, which may have to be there."""

    def __init__(self, *, longest: int, missing: str | Promise = "") -> None:
        super().__init__()
        self.longest = longest
        self.missing = missing

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> str:
        text = text_of(value)
        if not text and self.missing:
            raise ValueError(str(self.missing))
        if len(text) > self.longest:
            raise ValueError(_now("最多 %(longest)s 个字。") % {"longest": self.longest})
        return text


class Named(widgets.Widget):  # type: ignore[misc]
    """A row of a small table by what people call it: its key, its name. The table is read once for a file."""

    def __init__(
        self,
        model: type[models.Model],
        refusal: str | Promise,
        *,
        by: Sequence[str] = ("pk", "name"),
        shown: str = "name",
    ) -> None:
        super().__init__()
        self.model = model
        self.refusal = refusal
        self.by = by
        self.shown = shown
        self._rows: dict[str, models.Model] | None = None

    def find(self, value: object) -> models.Model | None:
        if self._rows is None:
            known = list(self.model._default_manager.all())
            self._rows = {str(getattr(row, field)): row for field in self.by for row in known}
        return self._rows.get(text_of(value))

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> models.Model:
        found = self.find(value)
        if found is None:
            raise ValueError(str(self.refusal) % {"text": text_of(value)})
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(getattr(value, self.shown)) if value else ""


class Choice(widgets.Widget):  # type: ignore[misc]
    """One of a few words, written as the pages say them."""

    def __init__(self, choices: Iterable[tuple[str, Any]], refusal: str | Promise) -> None:
        super().__init__()
        self.choices = list(choices)
        self.refusal = refusal

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> str:
        text = text_of(value)
        for code, label in self.choices:
            if text in {code, str(label)}:
                return code
        raise ValueError(str(self.refusal) % {"text": text})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(dict(self.choices).get(value, value or ""))


class YesNo(widgets.Widget):  # type: ignore[misc]
    def clean(self, value: object, row: Any = None, **kwargs: Any) -> bool:
        text = text_of(value).upper()
        if text in _YES or text in _NO:
            return text in _YES
        raise ValueError(_now("“%(text)s”看不懂，请填“是”或“否”。") % {"text": text_of(value)})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "是" if value else "否"


class Count(widgets.Widget):  # type: ignore[misc]
    """A small whole number; nothing is zero."""

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> int:
        text = text_of(value) or "0"
        if not text.isascii() or not text.isdigit() or int(text) > 32_767:
            raise ValueError(_now("“%(text)s”看不懂，请填一个整数。") % {"text": text})
        return int(text)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(value or 0)


class Yuan(widgets.Widget):  # type: ignore[misc]
    """An amount above zero, in any of the spellings that offices have for it."""

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> int:
        text = text_of(value)
        try:
            fen = parse_fen(text)
        except ValueError as error:
            raise ValueError(_now("“%(text)s”看不懂，请填金额，例如 1,000.00。") % {"text": text}) from error
        if fen <= 0:
            raise ValueError(_now("金额必须大于零。"))
        return fen

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return yuan(value) if value else ""


class Day(widgets.Widget):  # type: ignore[misc]
    """A day; an empty cell is none where it may be."""

    def __init__(self, *, missing: str | Promise = "") -> None:
        super().__init__()
        self.missing = missing

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> date | None:
        text = text_of(value)
        if not text and not self.missing:
            return None
        found = read_date(text)
        if found is None:
            raise ValueError(_now("“%(text)s”看不懂，请填日期，例如 2021-09-01。") % {"text": text})
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.isoformat() if value else ""
