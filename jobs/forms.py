"""What narrows the list of runs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import FilterForm
from jobs import run


def _kinds() -> list[tuple[str, Any]]:
    """Asked for when a form is made: handlers register while the apps are loaded."""
    return [("", _("全部")), *((kind, found.title) for kind, found in run.KINDS.items())]


class JobFilter(FilterForm):
    kind = forms.ChoiceField(label=_("任务"), choices=_kinds)
    lookups = {"kind": "kind"}
