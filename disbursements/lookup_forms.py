"""What a family fills in to look up its child's aid."""

import re

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.forms import TidyCharField

_DIGITS = re.compile(r"^\d{5}[\dX]$", re.ASCII)


class LookUpForm(forms.Form):
    """The child's name and how its resident number ends. Nothing of it is kept by the browser."""

    name = TidyCharField(label=_("学生姓名"), max_length=50, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    digits = TidyCharField(
        label=_("学生身份证号后六位"),
        max_length=12,
        help_text=_("最后一位是字母的写 X。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"}),
    )

    def clean_digits(self) -> str:
        digits = "".join(self.cleaned_data["digits"].split()).upper()
        if not _DIGITS.match(digits):
            raise forms.ValidationError(_now("请写身份证号的最后六位，例如 04123X。"))
        return digits
