"""What people say about sources of lists and categories of hardship. Forms clean; they never save."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DayField, TidyCharField
from students import headings
from students.choices import WhenEntering, WhenLeaving
from students.models import HardshipCategory, RegisterSource
from students.register_columns import FIELDS, REQUIRED

_PREFIX = "words_"


class NewSourceForm(forms.Form):
    """Another office's list."""

    code = forms.SlugField(
        label=_("代码"),
        max_length=30,
        help_text=_("小写字母、数字和短横线，例如 union-staff，以后不能改。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = TidyCharField(label=_("名单名称"), max_length=50)
    office = TidyCharField(label=_("提供部门"), max_length=50)
    category = forms.ModelChoiceField(
        HardshipCategory.objects.all(),
        label=_("默认困难类型"),
        help_text=_("名单里没有写明类型，或写法认不出时，按这一类。"),
    )

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).lower()


class SourceForm(forms.Form):
    """How a source's files write their headings, what its list means, and what holds within a term."""

    category = forms.ModelChoiceField(
        HardshipCategory.objects.all(),
        label=_("默认困难类型"),
        empty_label=None,
        help_text=_("名单里没有写明类型，或写法认不出时，按这一类。"),
    )
    when_entering = forms.ChoiceField(
        label=_("学期中新进入名单"),
        choices=WhenEntering.choices,
        help_text=_("花名册截止日以前的名单算学期初的情况，不受这一条影响。"),
    )
    when_leaving = forms.ChoiceField(label=_("学期中离开名单"), choices=WhenLeaving.choices)

    def __init__(self, data: Any = None, *, source: RegisterSource) -> None:
        initial = {
            "category": source.category_id,
            "when_entering": source.when_entering,
            "when_leaving": source.when_leaving,
            **{_PREFIX + name: "\n".join(source.headings.get(name, [])) for name in FIELDS},
        }
        super().__init__(data, initial=initial)
        for name, column in FIELDS.items():
            lines = len(source.headings.get(name, []))
            self.fields[_PREFIX + name] = forms.CharField(
                label=column.name,
                required=name in REQUIRED,
                help_text=column.about,
                widget=forms.Textarea(attrs={"rows": max(3, min(lines + 1, 9)), "spellcheck": "false"}),
            )

    @property
    def settings(self) -> list[forms.BoundField]:
        return [self[name] for name in ("category", "when_entering", "when_leaving")]

    @property
    def layout(self) -> list[forms.BoundField]:
        return [self[_PREFIX + name] for name in FIELDS]

    def clean(self) -> None:
        for name in FIELDS:
            lines = [headings.tidy(line) for line in str(self.cleaned_data.get(_PREFIX + name, "")).splitlines()]
            for number, text in enumerate(lines, start=1):
                if text and not headings.fits(text):
                    words = _("第 %(number)s 行不能作为表头写法：超过 100 个字、没有文字，或者含有号码。")
                    self.add_error(_PREFIX + name, forms.ValidationError(words, params={"number": number}))
            self.cleaned_data[_PREFIX + name] = headings.once(filter(None, lines))

    @property
    def kept(self) -> dict[str, Any]:
        """What `register_sources.keep` takes."""
        cleaned = self.cleaned_data
        return {
            "words": {name: cleaned[_PREFIX + name] for name in FIELDS},
            **{name: cleaned[name] for name in ("category", "when_entering", "when_leaving")},
        }


class LabelForm(forms.Form):
    """Another word for a category."""

    label = TidyCharField(label=_("写法"), max_length=40, help_text=_("与名单里的文字完全一样，例如：低保户。"))
    official_from = DayField(label=_("正式使用自"), required=False, help_text=_("只是平常的叫法就不用填。"))
    official_to = DayField(label=_("正式使用至"), required=False)
