"""What people fill in about answers of banks: what their words mean, and what came back after it had arrived."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common import names
from common.forms import DayField, FilterForm, Rows, SearchField, TidyCharField
from disbursements.choices import BANK_REASONS, FailureReason
from programs.models import Program

_OF_BANKS = [(reason.value, reason.label) for reason in BANK_REASONS]
_CLEAR = [(value, label) for value, label in _OF_BANKS if value != FailureReason.UNKNOWN]


class TeachForm(forms.Form):
    """Words of a bank and the reason that they stand for."""

    words = TidyCharField(
        label=_("银行说明"),
        max_length=50,
        help_text=_("只写说明里不变的几个字，例：久悬。长的说法优先于短的。"),
    )
    reason = forms.ChoiceField(label=_("失败原因"), choices=[("", _("请选择")), *_CLEAR])


class BounceForm(forms.Form):
    """The bank's notice that money which had arrived came back."""

    bounced_on = DayField(label=_("退票日期"))
    failure = forms.ChoiceField(label=_("退票原因"), choices=[("", _("请选择")), *_OF_BANKS])
    words = forms.CharField(label=_("银行说明"), max_length=100, help_text=_("照银行退票通知填写，不要写完整卡号。"))

    def __init__(self, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_bounced_on(self) -> date:
        day: date = self.cleaned_data["bounced_on"]
        if day > self.today:
            raise forms.ValidationError(_now("退票日期不能晚于今天。"))
        return day


class BounceFilter(FilterForm):
    """What narrows the late returns of a term."""

    q = SearchField(label=_("学生姓名"), placeholder=_("从姓开始输入"))
    program = forms.ModelChoiceField(Program.objects.all(), label=_("资助项目"), empty_label=_("全部"))

    lookups = {"program": "payment__batch__program"}

    def narrow(self, rows: Rows) -> Rows:
        if name := names.key(self.wanted("q")):
            rows = rows.filter(payment__award__student__name_key__startswith=name)
        return super().narrow(rows)
