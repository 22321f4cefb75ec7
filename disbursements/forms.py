"""What people fill in on the pages of batches and cards. Forms clean; they never save."""

import unicodedata
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common import names
from common.forms import DayField, FilterForm, Rows, SearchField
from common.money import parse_fen
from disbursements import sending
from disbursements.choices import FailureReason, Way
from disbursements.models import Bank, Batch, Payment, PaymentQuerySet
from programs.blockers import Blocker
from programs.models import Program
from schools.models import Term


class PaymentFilter(FilterForm):
    """What narrows the payments of a batch; the state is a tab."""

    q = SearchField(label=_("学生姓名"), placeholder=_("从姓开始输入"))
    failure = forms.ChoiceField(label=_("失败原因"), choices=[("", _("全部")), *FailureReason.choices])

    lookups = {"failure": "failure"}

    def narrow(self, rows: Rows) -> Rows:
        if name := names.key(self.wanted("q")):
            rows = rows.filter(award__student__name_key__startswith=name)
        return super().narrow(rows)


class PrepareForm(forms.Form):
    """Which of the term's programs is to be paid, and how."""

    program = forms.ModelChoiceField(Program.objects.all(), label=_("资助项目"), empty_label=_("请选择"))
    bank = forms.ModelChoiceField(
        Bank.objects.all(),
        label=_("代发银行"),
        empty_label=_("请选择"),
        required=False,
        help_text=_("只编入卡片属于这家银行的学生；发放现金时不用选。"),
    )
    way = forms.ChoiceField(
        label=_("发放方式"), choices=Way.choices, widget=forms.RadioSelect, required=False, initial=Way.BANK
    )
    cash_reason = forms.CharField(
        label=_("发放现金的原因"),
        max_length=200,
        required=False,
        help_text=_("只有发放现金时填写。现金只发给没有银行卡、或者现用的卡被银行退回的学生。"),
    )

    def __init__(self, term: Term, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Program]", self.fields["program"])
        field.queryset = Program.objects.filter(terms__term=term)
        if not Bank.objects.exists():
            del self.fields["bank"]

    def clean_way(self) -> Way:
        return Way(self.cleaned_data["way"] or Way.BANK)

    def clean(self) -> dict[str, Any]:
        is_cash = self.cleaned_data.get("way") == Way.CASH
        if is_cash and not self.cleaned_data.get("cash_reason"):
            self.add_error("cash_reason", _now("请写明为什么不通过银行发放。"))
        if not is_cash and "bank" in self.fields and not self.cleaned_data.get("bank"):
            self.add_error("bank", _now("请选择由哪家银行代发。"))
        return self.cleaned_data


class SignForm(forms.Form):
    """The typed name of the term: money that leaves is not signed for by one careless press."""

    term = forms.CharField(label=_("输入学期名称"), max_length=30)

    def __init__(self, batch: Batch, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = str(batch.term)
        self.fields["term"].help_text = _now("请输入“%(term)s”，确认审核的就是这个学期。") % {"term": self.wanted}

    def clean_term(self) -> str:
        typed = unicodedata.normalize("NFKC", self.cleaned_data["term"]).replace(" ", "")
        if typed != self.wanted.replace(" ", ""):
            raise forms.ValidationError(_now("学期名称不一致，请核对批次后重新输入。"))
        return typed


class ApproveForm(SignForm):
    """The second signature: each warning is ticked as seen."""

    seen = forms.MultipleChoiceField(
        label=_("提醒，请逐条看过并勾选"), widget=forms.CheckboxSelectMultiple, required=False
    )

    field_order = ("seen", "term")

    def __init__(self, batch: Batch, warned: Sequence[Blocker], *args: Any, **kwargs: Any) -> None:
        super().__init__(batch, *args, **kwargs)
        self.warnings = len(warned)
        field = cast(forms.MultipleChoiceField, self.fields["seen"])
        field.choices = [(warning.code, warning.words) for warning in warned]
        if not warned:
            del self.fields["seen"]

    def clean_seen(self) -> list[str]:
        ticked: list[str] = self.cleaned_data["seen"]
        if len(ticked) < self.warnings:
            raise forms.ValidationError(_now("还有提醒没有勾选；看过以后再审核。"))
        return ticked


class TakeBackForm(forms.Form):
    """Why an approval is undone, and that nothing of it has left the house."""

    reason = forms.CharField(label=_("原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))
    is_in_house = forms.BooleanField(label=_("已确认：代发文件没有交给银行，现金没有发出"), required=False)

    def __init__(self, batch: Batch, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not sending.may_be_out(batch):
            del self.fields["is_in_house"]


class BackForm(forms.Form):
    """Why a batch goes back."""

    reason = forms.CharField(
        label=_("原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("经办人会看到。不要写身份证号、银行卡号等个人信息。"),
    )


class DecisionForm(forms.Form):
    """A person's word on a child that left: paid all the same, or not."""

    is_to_pay = forms.TypedChoiceField(
        label=_("决定"),
        choices=[("yes", _("仍然发放")), ("no", _("不发放"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label=_("理由"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("例：10 月 20 日转学，9 月已在本校就读满一个月，按规定仍由本校发放。"),
    )


class BandForm(forms.Form):
    """From which amount on a third person signs."""

    from_fen = forms.CharField(
        label=_("自（元）"), max_length=30, help_text=_("批次合计达到这个金额就要加签。例：500,000，也可以写 50万")
    )
    program = forms.ModelChoiceField(
        Program.objects.all(), label=_("资助项目"), required=False, empty_label=_("全部项目")
    )
    valid_from = DayField(label=_("自哪天起"))

    def clean_from_fen(self) -> int:
        return _fen(self.cleaned_data["from_fen"])


class BandEndForm(forms.Form):
    """Its last day."""

    on = DayField(label=_("最后一天"))


class BandConfirmForm(forms.Form):
    """The last day that the page showed: one that was asked for meanwhile is not confirmed with it."""

    on = DayField(widget=forms.HiddenInput)


class CashForm(forms.Form):
    """A part of a school's signed roll: the day, and beside whoever did not sign the reason.

    It names the payments that it shows. Whatever another person enters meanwhile, it is not said of other children.
    """

    MOST = 200
    """Payments on one form: a browser may not send more than a thousand fields."""

    paid_on = DayField(label=_("签领日期"))
    sheets = forms.RegexField(
        r"^\d{1,18}(,\d{1,18})*$", label=_("签字表"), max_length=MOST * 19, widget=forms.HiddenInput
    )

    def __init__(self, waiting: PaymentQuerySet, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting = waiting.count()
        named = [
            int(pk) for pk in self.data.get("sheets", "").split(",")[: self.MOST] if pk.isdecimal() and len(pk) < 19
        ]
        self.payments = list(waiting.filter(pk__in=named) if self.is_bound else waiting[: self.MOST])
        self.initial["sheets"] = ",".join(str(payment.pk) for payment in self.payments)
        for payment in self.payments:
            label = _now("%(name)s未签领的原因") % {"name": payment.award.student.name}
            attrs = {"aria-label": label, "placeholder": _now("已签领的不填")}
            self.fields[f"why_{payment.pk}"] = forms.CharField(
                label=label, max_length=100, required=False, widget=forms.TextInput(attrs=attrs)
            )

    def clean_sheets(self) -> list[int]:
        named = [int(pk) for pk in self.cleaned_data["sheets"].split(",")]
        if len(named) > self.MOST:
            raise forms.ValidationError(_now("一次最多登记 %(most)s 名学生。") % {"most": self.MOST})
        return named

    def rows(self) -> list[tuple[Payment, forms.BoundField]]:
        return [(payment, self[f"why_{payment.pk}"]) for payment in self.payments]

    def unsigned(self) -> dict[int, str]:
        """payment → why it was not signed for."""
        found = {payment.pk: self.cleaned_data[f"why_{payment.pk}"] for payment in self.payments}
        return {payment: words for payment, words in found.items() if words}


def _fen(written: str) -> int:
    try:
        fen = parse_fen(written)
    except ValueError as error:
        raise forms.ValidationError(_now("看不懂这个金额，请写成 1250000.00 或 125万。")) from error
    if fen <= 0:
        raise forms.ValidationError(_now("金额要大于 0。"))
    return fen


class ReturnForm(forms.Form):
    """The bank's answer, as the file that it sent."""

    file = forms.FileField(
        label=_("银行回盘文件"),
        help_text=_("支持 .xlsx、.xls、.csv、.txt，也可以是只装一个文件的 .zip。同一个文件重复上传不会重复记账。"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv,.txt,.zip"}),
    )
    password = forms.CharField(
        label=_("压缩包口令"),
        max_length=64,
        required=False,
        help_text=_("只有加密的压缩包要填。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class CardForm(forms.Form):
    """A card that money can go to. The number is typed in full once and never shown again."""

    number = forms.CharField(
        label=_("银行卡号"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("可以带空格；保存后页面只显示后四位。"),
    )
    holder = forms.CharField(label=_("户名"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    relation = forms.CharField(label=_("与学生关系"), max_length=20, help_text=_("例：本人、父亲、母亲、祖父"))
    bank = forms.CharField(label=_("开户行"), max_length=100)

    def clean_number(self) -> str:
        digits = "".join(unicodedata.normalize("NFKC", self.cleaned_data["number"]).replace("-", "").split())
        if not digits.isascii() or not digits.isdigit() or not 16 <= len(digits) <= 19:
            raise forms.ValidationError(_now("银行卡号应为 16 至 19 位数字，请对照银行卡重新输入。"))
        return digits
