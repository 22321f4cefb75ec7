"""What county staff fill in about towns and schools. Forms clean; they never save."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from common import masking
from common.forms import FilterForm, Rows, SearchField, TidyCharField
from schools.choices import Ownership
from schools.models import School, SchoolKind, Stage, Town


class TownFilter(FilterForm):
    """What narrows the list of towns."""

    q = SearchField(label=_("乡镇名称"), placeholder=_("例：白云镇"))

    def narrow(self, rows: Rows) -> Rows:
        return rows.filter(name__contains=text) if (text := self.wanted("q")) else rows


class TownForm(forms.Form):
    """A town. Its code stays what it was given."""

    code = TidyCharField(
        label=_("代码"),
        max_length=12,
        validators=[RegexValidator(r"^\d{6,12}$", _("乡镇代码是 6 到 12 位数字。"))],
        help_text=_("统计用区划代码，6 到 12 位数字，以后不能修改。"),
    )
    name = TidyCharField(label=_("名称"), max_length=50)
    is_county_town = forms.BooleanField(
        label=_("是县城"), required=False, help_text=_("新学校默认跟随所在乡镇；已有学校以各校自己的设置为准。")
    )
    position = forms.IntegerField(
        label=_("排序"), min_value=0, max_value=32_767, initial=0, help_text=_("数字小的排在前面。")
    )

    def __init__(self, *args: Any, town: Town | None = None, **kwargs: Any) -> None:
        if town is not None:
            kwargs["initial"] = {name: getattr(town, name) for name in ("name", "is_county_town", "position")}
        super().__init__(*args, **kwargs)
        if town is not None:
            del self.fields["code"]


class SchoolForm(forms.Form):
    """A school's facts. An account number is shown masked, and a masked one that comes back changes nothing."""

    code = TidyCharField(
        label=_("学校标识码"),
        max_length=10,
        validators=[RegexValidator(r"^\d{10}$", _("学校标识码是 10 位数字。"))],
        help_text=_("10 位数字，以后不能修改。"),
    )
    name = TidyCharField(label=_("学校名称"), max_length=100)
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"))
    kind = forms.ModelChoiceField(SchoolKind.objects.all(), label=_("学校类型"))
    stages = forms.ModelMultipleChoiceField(
        Stage.objects.all(),
        label=_("学段"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("不选表示与学校类型的学段相同。"),
    )
    ownership = forms.ChoiceField(label=_("办别"), choices=Ownership.choices)
    is_county_town = forms.BooleanField(label=_("是县城学校"), required=False)
    has_boarding = forms.BooleanField(label=_("有寄宿"), required=False)
    account_holder = TidyCharField(label=_("学校账户户名"), max_length=100, required=False)
    account_bank = TidyCharField(label=_("学校账户开户行"), max_length=100, required=False)
    account_number = TidyCharField(
        label=_("学校账号"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("已有账号遮蔽显示，不改动就保持原值；要更换请写完整账号。"),
    )

    def __init__(self, *args: Any, school: School | None = None, **kwargs: Any) -> None:
        self.school = school
        if school is not None:
            kwargs["initial"] = {name: getattr(school, name) for name in self.base_fields if name != "stages"} | {
                "stages": list(school.stages.all()),
                "account_number": masking.card(school.account_number),
            }
        super().__init__(*args, **kwargs)
        if school is not None:
            del self.fields["code"]

    def clean_account_number(self) -> str:
        number: str = self.cleaned_data["account_number"]
        if self.school is not None and "*" in number:
            return self.school.account_number
        if "*" in number or (number and not number.replace(" ", "").replace("-", "").isalnum()):
            raise forms.ValidationError(_("请写完整账号，只用数字和字母。"), code="account-number")
        return number.replace(" ", "")


class CloseForm(forms.Form):
    """Why a school stops. It stays on record."""

    reason = TidyCharField(
        label=_("停办原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("例如：撤并到东关小学（县教文〔2021〕8号）。"),
    )
