"""What county staff choose and fill in about schools' fees. Forms clean; they never save."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.forms import DayField, FilterForm, Rows, SearchField, TidyCharField
from common.money import parse_fen, yuan
from programs.models import Program, SchoolFee
from schools.models import Town


class SchoolProgramFilter(FilterForm):
    """What narrows what is said of schools and programs in a term: fees, rooms, nominations, and who has none."""

    q = SearchField(label=_("学校名称或标识码"), placeholder=_("例：东关小学"), max_length=100)
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), empty_label=_("全部"))
    program = forms.ModelChoiceField(Program.objects.none(), label=_("资助项目"), empty_label=_("全部"))

    def __init__(self, data: Any, *, programs: list[Program]) -> None:
        self._programs = [program.pk for program in programs]
        super().__init__(data)

    def full_clean(self) -> None:
        self.fields["program"].queryset = Program.objects.filter(pk__in=self._programs)  # type: ignore[attr-defined]
        super().full_clean()

    def narrow_schools(self, rows: Rows, way: str = "") -> Rows:
        """`way` leads from the rows to their school."""
        if text := self.wanted("q"):
            rows = rows.filter(Q(**{f"{way}code__startswith": text}) | Q(**{f"{way}name__contains": text}))
        if town := self.wanted("town"):
            rows = rows.filter(**{f"{way}town": town})
        return rows


class FeeForm(forms.Form):
    """What a school may charge from a day on, by which document."""

    valid_from = DayField(
        label=_("执行日期"), help_text=_("写已有的日期是更正那一条；写新的日期是另立一条，原来的到前一天为止。")
    )
    amount = TidyCharField(
        label=_("每生每学期（元）"), max_length=30, help_text=_("例：1,000.00，也可以写 1000元、0.1万")
    )
    document_no = TidyCharField(label=_("文号"), max_length=60)
    valid_to = DayField(label=_("截止日期"), required=False, help_text=_("一直执行就不填。"))

    def __init__(self, *args: Any, fee: SchoolFee | None = None, **kwargs: Any) -> None:
        if fee is not None:
            kwargs["initial"] = {
                "valid_from": fee.valid_from,
                "amount": yuan(fee.amount_fen),
                "document_no": fee.document_no,
                "valid_to": fee.valid_to,
            }
        super().__init__(*args, **kwargs)

    def clean_amount(self) -> int:
        """The amount in fen."""
        try:
            fen = parse_fen(self.cleaned_data["amount"])
        except ValueError as error:
            raise forms.ValidationError(_("看不懂这个金额，请写成 1,000.00 的样子。"), code="amount") from error
        if fen <= 0:
            raise forms.ValidationError(_("金额必须大于零。"), code="amount")
        return fen
