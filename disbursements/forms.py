"""What people fill in on the pages of batches, cards and the fund. Forms clean; they never save."""

import unicodedata
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common import names
from common.forms import DayField, FilterForm, Rows, SearchField, TidyCharField
from common.money import parse_fen
from disbursements.choices import FailureReason
from disbursements.models import Batch, Quota
from programs.choices import Payer
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
    """Which of the term's programs is to be paid."""

    program = forms.ModelChoiceField(Program.objects.all(), label=_("资助项目"), empty_label=_("请选择"))

    def __init__(self, term: Term, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Program]", self.fields["program"])
        field.queryset = Program.objects.filter(terms__term=term)


class ApproveForm(forms.Form):
    """The typed name of the term: money that leaves is not approved by one careless press."""

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


class ReturnForm(forms.Form):
    """The bank's answer, as the file that it sent."""

    file = forms.FileField(
        label=_("银行回盘文件"),
        help_text=_("支持 .xlsx、.xls 和 .csv。同一个文件重复上传不会重复记账。"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
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


class AllotForm(forms.Form):
    """Money that a document allots to a program of the chosen term (指标文)."""

    document_no = TidyCharField(label=_("指标文号"), max_length=60, help_text=_("例：财教〔2021〕12号"))
    issued_on = DayField(label=_("发文日期"))
    program = forms.ModelChoiceField(Program.objects.all(), label=_("资助项目"), empty_label=_("请选择"))
    payer = forms.ChoiceField(label=_("来源级次"), choices=Payer.choices)
    amount = forms.CharField(label=_("金额（元）"), max_length=30, help_text=_("例：1,250,000.00，也可以写 125万"))

    def __init__(self, term: Term, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.term = term

    def clean_amount(self) -> int:
        """The amount in fen."""
        try:
            fen = parse_fen(self.cleaned_data["amount"])
        except ValueError as error:
            raise forms.ValidationError(_now("看不懂这个金额，请写成 1250000.00 或 125万。")) from error
        if fen <= 0:
            raise forms.ValidationError(_now("金额要大于 0。"))
        return fen

    def clean(self) -> dict[str, Any]:
        """A document is entered once for a program, term and payer."""
        wanted = {name: self.cleaned_data.get(name) for name in ("document_no", "program", "payer")}
        if all(wanted.values()) and Quota.objects.filter(term=self.term, **wanted).exists():
            self.add_error("document_no", _now("这个文号已经为该项目、该级次登记过指标。"))
        return self.cleaned_data
