"""What people fill in on the pages of the fund, and what narrows its lists. Forms clean; they never save."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.forms import DayField, FilterForm, Rows, SearchField, TidyCharField
from common.money import yuan
from disbursements.fund_figures import Period, terms_in
from disbursements.recovery_forms import YuanField
from jobs.forms import PaperField
from programs.choices import Payer
from programs.models import Program
from schools.models import Term


class FundFilter(FilterForm):
    """What narrows rows of the fund: the terms that are added up, a program, a payer."""

    period = forms.ChoiceField(
        label=_("时间范围"), choices=[("", Period.TERM.label), *(c for c in Period.choices if c[0] != Period.TERM)]
    )
    program = forms.ModelChoiceField(Program.objects.all(), label=_("资助项目"), empty_label=_("全部"))
    payer = forms.ChoiceField(label=_("级次"), choices=[("", _("全部")), *Payer.choices])

    lookups = {"program": "program", "payer": "payer"}

    def terms(self, term: Term | None) -> list[Term]:
        """The terms that are meant, with the chosen one."""
        return terms_in(self.wanted("period") or Period.TERM, term) if term else []


class PeriodFilter(FundFilter):
    """The terms that are added up, and nothing else."""

    program = None  # type: ignore[assignment]
    payer = None  # type: ignore[assignment]
    lookups = {}


class LedgerFilter(FundFilter):
    """Entries of the ledger, by the day on which they were made too; the kind is a tab."""

    since = DayField(label=_("从"))
    until = DayField(label=_("到"))

    lookups = {**FundFilter.lookups, "since": "entered_at__date__gte", "until": "entered_at__date__lte"}


class QuotaFilter(FundFilter):
    """Quota documents, by a part of their number too."""

    q = SearchField(label=_("指标文号"), placeholder=_("文号的一部分，如 8号"))

    field_order = ("q", "period", "program", "payer")

    def narrow(self, rows: Rows) -> Rows:
        if part := self.wanted("q"):
            rows = rows.filter(document_no__contains=part)
        return super().narrow(rows)


class AllotForm(forms.Form):
    """What a document allots to a program of the chosen term (指标文)."""

    document_no = TidyCharField(label=_("指标文号"), max_length=60, help_text=_("例：财教〔2021〕12号"))
    issued_on = DayField(label=_("发文日期"))
    program = forms.ModelChoiceField(Program.objects.all(), label=_("资助项目"), empty_label=_("请选择"))
    payer = forms.ChoiceField(label=_("来源级次"), choices=Payer.choices)
    amount_fen = YuanField(label=_("金额（元）"), max_length=30, help_text=_("例：1,250,000.00，也可以写 125万"))
    scan = PaperField(
        label=_("指标文扫描件"),
        required=False,
        help_text=_("可以不传；支持 PDF、JPG、PNG、Word（.docx）和 Excel（.xlsx）。"),
    )


class ArriveForm(forms.Form):
    """Money of a quota that is on the account."""

    amount_fen = YuanField(label=_("到账金额（元）"), max_length=30)
    arrived_on = DayField(label=_("到账日期"), help_text=_("以银行入账通知或国库拨款凭证上的日期为准。"))
    voucher = TidyCharField(label=_("凭证号"), max_length=60, required=False)

    def __init__(self, rest_fen: int, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_fen"].initial = yuan(rest_fen) if rest_fen > 0 else ""
        self.fields["amount_fen"].help_text = _now("分几次到账就分几次登记；还有 %(rest)s 元没有到账。") % {
            "rest": yuan(rest_fen)
        }
        self.fields["arrived_on"].initial = today


class WhyForm(forms.Form):
    """Why something that was entered is taken back."""

    why = forms.CharField(label=_("原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))
