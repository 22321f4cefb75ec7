"""What narrows the list of runs, and the field of a paper that somebody brings."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import FilterForm
from jobs import run
from jobs.documents import ACCEPT, Brought


def _kinds() -> list[tuple[str, Any]]:
    """Asked for when a form is made: handlers register while the apps are loaded."""
    return [("", _("全部")), *((kind, found.title) for kind, found in run.KINDS.items())]


class JobFilter(FilterForm):
    kind = forms.ChoiceField(label=_("任务"), choices=_kinds)
    lookups = {"kind": "kind"}


class PaperField(forms.FileField):
    """A paper: cleaned, it is as the domain takes it, or None where it was left out."""

    def __init__(self, *, accept: str = ACCEPT, **kwargs: Any) -> None:
        super().__init__(max_length=200, widget=forms.FileInput(attrs={"accept": accept}), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Brought | None:
        found = super().clean(data, initial)
        return Brought(found.read(), found.name) if found else None
