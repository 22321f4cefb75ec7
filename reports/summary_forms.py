"""What people write into a section of the annual summary. Forms clean; they never save."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.papers import tidy
from reports import summary
from reports.summary import Told


class WrittenField(forms.CharField):
    """Words as people paste them, without the characters that no paper can hold."""

    widget = forms.Textarea(attrs={"rows": 4})

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return tidy(value) if isinstance(value, str) else value


class TextForm(forms.Form):
    """A section's own words, and when the words were written that this person had in view."""

    text = WrittenField(label=_("本节内容"), required=False, max_length=summary.LONGEST, strip=False)
    before = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, told: Told, data: Any = None) -> None:
        super().__init__(data, auto_id=f"{told.section.key}-%s", initial={"text": told.words, "before": seen(told)})
        self.fields["text"].widget.attrs["aria-label"] = f"{told.name} {box(told)}"

    def clean_before(self) -> datetime | None:
        """Whatever is no moment is the first time."""
        try:
            moment = parse_datetime(self.cleaned_data["before"])
        except ValueError:
            return None
        return moment if moment is not None and moment.tzinfo is not None else None


def box(told: Told) -> str:
    """What a section's box asks for."""
    if told.section.wants:
        return _now("请填写：%(what)s") % {"what": told.section.wants}
    return _now("补充内容")


def seen(told: Told) -> str:
    """The mark of the words in view, as the form carries it."""
    return told.text.written_at.isoformat() if told.text else ""
