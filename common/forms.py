"""Forms in the house's words and classes (templates/ui/), and the forms that narrow lists."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django import forms
from django.db.models import QuerySet
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

Rows = TypeVar("Rows", bound=QuerySet[Any])


class UiRenderer(TemplatesSetting):
    """Fields and forms as the house draws them."""

    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"


class ProseField(forms.CharField):
    """Words of several lines. The end of a line counts as one sign, as browsers count it; they send two."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


class TidyCharField(ProseField):
    """Words as people paste them: full-width digits and letters become plain, blanks at the ends go."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else value


class SearchField(TidyCharField):
    """The search box of a list. It is drawn first and wide, and searches while one types."""

    def __init__(self, *, placeholder: Any = "", **kwargs: Any) -> None:
        attrs = {"placeholder": placeholder, "autocomplete": "off"}
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "search", **attrs}))
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", 50)
        super().__init__(**kwargs)


class DayField(forms.DateField):
    """One day, from the browser's own calendar."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**kwargs)


@dataclass(frozen=True)
class Chip:
    """One filter in force, in words, and the address without it."""

    label: str
    words: str
    url_without: str


LONGEST_NUMBER = 18
"""Digits: what has more names no row, and PostgreSQL takes none."""


def numbers(request: HttpRequest, name: str) -> list[int]:
    """The keys of ticked rows under `name`, each in a field of its own or with commas between; nonsense is ignored."""
    given = ",".join(request.POST.getlist(name) or request.GET.getlist(name)).split(",")
    return [number for text in given if (number := number_of(text)) is not None]


def number_of(text: str) -> int | None:
    """The row's key that somebody sent, or None: digits of another script or thousands of them are no key."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
    return int(text) if is_number else None


class FilterForm(forms.Form):
    """What a list can be narrowed by, read from the address. Nothing is required, nonsense is ignored.

    `lookups` says which field narrows by which lookup ({"q": "name__startswith"}); a form with more to say
    overrides `narrow`. Views read single values with `wanted`.
    """

    lookups: ClassVar[Mapping[str, str]] = {}

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__({} if data is None else data, **kwargs)
        for field in self.fields.values():
            field.required = False
        self.full_clean()

    def wanted(self, name: str) -> Any:
        """The value of a filter, or None where it is empty or makes no sense."""
        value = self.cleaned_data.get(name)
        return None if value in ("", None, False) else value

    def narrow(self, rows: Rows) -> Rows:
        """The rows that fit every filter in force."""
        for name, lookup in self.lookups.items():
            if (value := self.wanted(name)) is not None:
                rows = rows.filter(**{lookup: value})
        return rows

    @property
    def is_narrowed(self) -> bool:
        """Whether any filter is in force: "no match" and "nothing yet" are told apart by it."""
        return any(self.wanted(name) is not None for name in self.fields)

    def chips(self, request: HttpRequest) -> list[Chip]:
        """The filters in force, for the toolbar."""
        chips = []
        for name, field in self.fields.items():
            value = self.wanted(name)
            if value is None:
                continue
            query = request.GET.copy()
            for gone in (name, "page"):
                query.pop(gone, None)
            address = f"{request.path}?{query.urlencode()}" if query else request.path
            chips.append(Chip(str(field.label), self._words(field, value), address))
        return chips

    def _words(self, field: forms.Field, value: Any) -> str:
        if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
            return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]
        if isinstance(field, forms.BooleanField):
            return str(_("是"))
        return str(value)
