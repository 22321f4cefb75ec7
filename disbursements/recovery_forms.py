"""What people fill in about money that has to come back. Forms clean; they never save."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common import names
from common.forms import DayField, FilterForm, Rows, SearchField, TidyCharField
from common.money import parse_fen
from disbursements.choices import RecoveryCause


class YuanField(TidyCharField):
    """An amount as people write it, in fen."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            fen = parse_fen(text)
        except ValueError as error:
            raise forms.ValidationError(_now("看不懂这个金额，请写成 500.00 或 1,250。")) from error
        if fen <= 0:
            raise forms.ValidationError(_now("金额要大于 0。"))
        return fen


class RecoveryFilter(FilterForm):
    """What narrows the recoveries of a term; the state is a tab."""

    q = SearchField(label=_("学生姓名"), placeholder=_("从姓开始输入"))
    cause = forms.ChoiceField(label=_("原因"), choices=[("", _("全部")), *RecoveryCause.choices])

    lookups = {"cause": "cause"}

    def narrow(self, rows: Rows) -> Rows:
        if name := names.key(self.wanted("q")):
            rows = rows.filter(award__student__name_key__startswith=name)
        return super().narrow(rows)


class OpenForm(forms.Form):
    """What is asked back, and why."""

    cause = forms.ChoiceField(label=_("原因"), choices=[("", _("请选择")), *RecoveryCause.choices])
    due_fen = YuanField(
        label=_("应追缴金额（元）"), max_length=30, help_text=_("可以少于已发放的金额，例：离校以后的月份。")
    )
    words = forms.CharField(label=_("说明"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


class ReceiptForm(forms.Form):
    """A part that came in."""

    amount_fen = YuanField(label=_("收到金额（元）"), max_length=30)
    received_on = DayField(label=_("收到日期"))
    voucher = TidyCharField(label=_("凭证号"), max_length=60)

    def __init__(self, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if day > self.today:
            raise forms.ValidationError(_now("收到日期不能晚于今天。"))
        return day


class WaiveForm(forms.Form):
    """Why the rest is let go."""

    words = forms.CharField(
        label=_("批准免于追缴的原因和依据"), max_length=200, widget=forms.Textarea(attrs={"rows": 3})
    )
