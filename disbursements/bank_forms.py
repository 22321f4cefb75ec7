"""What people fill in about banks: who they are, how they want their file, and how it went to them. Forms clean; they
never save.
"""

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.forms import TidyCharField
from disbursements.bank_layouts import AnswerField, BankField, Layout
from disbursements.choices import BankFormat, Encoding
from disbursements.models import Bank

_BETWEEN = re.compile(r"[、,，;；\n]+")


class WordsField(TidyCharField):
    """Several words in one line, with a mark between them."""

    def to_python(self, value: Any) -> Any:
        return [word.strip() for word in _BETWEEN.split(super().to_python(value) or "") if word.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "、".join(value) if isinstance(value, list) else value


class BankForm(forms.Form):
    """A bank that pays for the county."""

    code = TidyCharField(
        label=_("代码"),
        max_length=20,
        validators=[RegexValidator(r"^[a-z0-9-]+$", _("代码只用小写字母、数字和短横线。"))],
        help_text=_("例：rcb。以后不能修改。"),
    )
    name = TidyCharField(label=_("银行"), max_length=50, help_text=_("例：示范县农村商业银行"))
    aliases = WordsField(
        label=_("别名"),
        max_length=400,
        required=False,
        help_text=_("银行卡“开户行”里出现哪些词就是这家银行，用顿号隔开。例：农商行、农村信用社"),
    )
    is_default = forms.BooleanField(
        label=_("其他卡也由它代发"),
        required=False,
        help_text=_("开户行对不上任何银行的卡，都编入这家银行的批次。只能有一家。"),
    )

    def __init__(self, *args: Any, bank: Bank | None = None, **kwargs: Any) -> None:
        if bank is not None:
            kwargs["initial"] = {"name": bank.name, "aliases": bank.aliases, "is_default": bank.is_default}
        super().__init__(*args, **kwargs)
        if bank is not None:
            del self.fields["code"]

    def clean_aliases(self) -> list[str]:
        words: list[str] = self.cleaned_data["aliases"]
        if short := next((word for word in words if len(word) < 2), None):
            raise forms.ValidationError(_now("“%(word)s”太短，会认错银行。每个词至少两个字。") % {"word": short})
        return words


class LayoutForm(forms.Form):
    """How a bank wants its file: a place and a heading for each column that it has, and what its answer calls them."""

    format = forms.ChoiceField(label=_("格式"), choices=BankFormat.choices)
    encoding = forms.ChoiceField(
        label=_("文字编码"),
        choices=Encoding.choices,
        help_text=_("只用于文本格式。不清楚就选 GB18030。"),
    )
    has_heading = forms.BooleanField(
        label=_("第一行是表头"),
        required=False,
        help_text=_("没有表头的文件，回盘按同样的列读取，后面两列是处理结果和失败原因。"),
    )
    has_total = forms.BooleanField(label=_("最后一行是合计"), required=False)

    def __init__(self, *args: Any, layout: Layout, **kwargs: Any) -> None:
        places = {name: (place, heading) for place, (heading, name) in enumerate(layout.columns, start=1)}
        initial: dict[str, Any] = {
            "format": layout.format,
            "encoding": layout.encoding,
            "has_heading": layout.has_heading,
            "has_total": layout.has_total,
        }
        for name in BankField:
            initial[f"place_{name}"], initial[f"heading_{name}"] = places.get(name, (None, ""))
        initial |= {f"answer_{name}": list(layout.answers.get(name, [])) for name in AnswerField}
        super().__init__(*args, **kwargs | {"initial": initial})
        for name in BankField:
            label = {"label": name.label}
            self.fields[f"place_{name}"] = forms.IntegerField(
                label=_now("%(label)s：第几列") % label,
                required=False,
                min_value=1,
                max_value=len(BankField),
                widget=forms.NumberInput(attrs={"class": "narrow-number"}),
            )
            self.fields[f"heading_{name}"] = TidyCharField(
                label=_now("%(label)s：表头") % label, required=False, max_length=30
            )
        for answer in AnswerField:
            self.fields[f"answer_{answer}"] = WordsField(label=answer.label, required=False, max_length=200)

    def columns(self) -> Iterator[tuple[str, BoundField, BoundField]]:
        """(what it holds, its place, its heading), for the page."""
        for name in BankField:
            yield str(name.label), self[f"place_{name}"], self[f"heading_{name}"]

    def answers(self) -> Iterator[BoundField]:
        for name in AnswerField:
            yield self[f"answer_{name}"]

    def clean(self) -> dict[str, Any]:
        taken: dict[int, str] = {}
        for name in BankField:
            place = self.cleaned_data.get(f"place_{name}")
            if place is None:
                continue
            if place in taken:
                self.add_error(f"place_{name}", _now("这一列已经放了%(other)s。") % {"other": taken[place]})
            taken[place] = str(name.label)
            if not self.cleaned_data.get(f"heading_{name}"):
                self.cleaned_data[f"heading_{name}"] = str(name.label)
        return self.cleaned_data

    def layout(self) -> Layout:
        """The layout that was filled in; of a form that is valid."""
        given = self.cleaned_data
        chosen = sorted((given[f"place_{name}"], name) for name in BankField if given[f"place_{name}"])
        return Layout(
            columns=tuple((given[f"heading_{name}"], str(name)) for _place, name in chosen),
            format=given["format"],
            encoding=given["encoding"],
            has_heading=given["has_heading"],
            has_total=given["has_total"],
            answers={str(name): given[f"answer_{name}"] for name in AnswerField if given[f"answer_{name}"]},
        )


class SendForm(forms.Form):
    """How the file came to the bank, where somebody wants to say it."""

    words = TidyCharField(label=_("送交方式"), max_length=100, required=False)
