"""What people fill in about the bank's word on lines without an answer. Forms clean; they never save."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.forms import DayField
from disbursements.choices import BANK_REASONS
from jobs.forms import PaperField


class InquiryForm(forms.Form):
    """What the bank said: that it arrived, or why it did not."""

    said = forms.ChoiceField(
        label=_("银行答复"),
        choices=[("paid", _("已经到账")), ("failed", _("没有到账"))],
        widget=forms.RadioSelect,
    )
    paid_on = DayField(label=_("到账日期"), required=False, help_text=_("已经到账的填写。"))
    failure = forms.ChoiceField(
        label=_("没有到账的原因"),
        choices=[("", _("请选择")), *((reason.value, reason.label) for reason in BANK_REASONS)],
        required=False,
        help_text=_("没有到账的选择。“银行没有办理”的可以按原卡再次发放，其他原因先更正银行卡。"),
    )
    words = forms.CharField(
        label=_("怎样问到的"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("例：10 月 28 日电话询问营业部，答复当天已入账。不要写完整卡号。"),
    )
    scan = PaperField(
        label=_("书面答复"),
        required=False,
        help_text=_("可以不传；支持 PDF、JPG、PNG、Word（.docx）和 Excel（.xlsx）。"),
    )

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data.get("said")
        if said == "paid" and not self.cleaned_data.get("paid_on") and "paid_on" not in self.errors:
            self.add_error("paid_on", _now("请填写到账日期。"))
        if said == "failed" and not self.cleaned_data.get("failure") and "failure" not in self.errors:
            self.add_error("failure", _now("请选择没有到账的原因。"))
        return self.cleaned_data

    def facts(self) -> dict[str, Any]:
        """What was said, without what was filled in for the other answer."""
        is_paid = self.cleaned_data["said"] == "paid"
        day: date | None = self.cleaned_data["paid_on"] if is_paid else None
        failure = "" if is_paid else self.cleaned_data["failure"]
        return {"paid_on": day, "failure": failure} | {name: self.cleaned_data[name] for name in ("words", "scan")}


class DismissForm(forms.Form):
    """Why a note falls."""

    words = forms.CharField(label=_("作废原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))
