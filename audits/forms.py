"""What narrows the action log."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audits.wording import VERBS
from common.forms import DayField, FilterForm, SearchField


class ActionFilter(FilterForm):
    """By person, by act, by day, and by the thing it was done to."""

    q = SearchField(label=_("操作人"), placeholder=_("姓名或账号，从开头输入"))
    verb = forms.ChoiceField(label=_("操作"), choices=[("", _("全部")), *VERBS.items()])
    since = DayField(label=_("从"))
    until = DayField(label=_("到"))
    lookups = {"verb": "verb", "since": "at__date__gte", "until": "at__date__lte"}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            cleaned["since"], cleaned["until"] = cleaned["until"], cleaned["since"]
        return cleaned
