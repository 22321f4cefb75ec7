"""What narrows the search for children in no roster, and what people say of it. Forms clean; they never save."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common import money, names
from common.forms import DayField, FilterForm, Rows, SearchField, TidyCharField
from jobs.forms import PaperField
from schools.models import Term, Town
from students.absence_outcomes import IN_BULK, LONGEST_WORDS, fits
from students.absences import AGES, Expectation, alarming, of_age
from students.choices import Outcome
from students.models import HardshipCategory, RegisterSource


class AbsenceFilter(FilterForm):
    """What narrows the list of children in no roster. Where the search stands is a tab and not among these."""

    q = SearchField(label=_("姓名"), placeholder=_("从姓氏开始输入"))
    expectation = forms.ChoiceField(label=_("就学要求"), choices=[("", _("全部")), *Expectation.choices])
    age = forms.TypedChoiceField(
        label=_("年龄"), choices=[("", _("全部")), *((age, str(age)) for age in AGES)], coerce=int, empty_value=None
    )
    outcome = forms.ChoiceField(label=_("查找结果"), choices=[("", _("全部")), *Outcome.choices])
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), empty_label=_("全部"))
    category = forms.ModelChoiceField(HardshipCategory.objects.all(), label=_("困难类型"), empty_label=_("全部"))
    source = forms.ModelChoiceField(RegisterSource.objects.all(), label=_("名单来源"), empty_label=_("全部"))
    red = forms.ChoiceField(label=_("范围"), choices=[("", _("全部")), ("1", _("只看失学告警"))])

    lookups = {
        "expectation": "expectation",
        "outcome": "outcome",
        "category": "person__category",
        "source": "person__snapshot__source",
    }

    def __init__(self, data: Any, *, term: Term) -> None:
        super().__init__(data)
        self.term = term

    def narrow(self, rows: Rows) -> Rows:
        """Of rows that were looked at (students.absences.looked_at)."""
        rows = super().narrow(rows)
        if name := names.key(self.wanted("q")):
            rows = rows.filter(person__name_key__startswith=name)
        if town := self.wanted("town"):
            rows = rows.filter(person__town_name=town.name)
        if (age := self.wanted("age")) is not None:
            rows = rows.filter(of_age(self.term, range(age, age + 1)))
        if self.wanted("red"):
            rows = alarming(rows)  # type: ignore[assignment, arg-type]
        return rows


def _words(label: Any, *, required: bool, help_text: Any = "", max_length: int = LONGEST_WORDS) -> TidyCharField:
    return TidyCharField(
        label=label,
        max_length=max_length,
        required=required,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=help_text,
    )


class StepForm(forms.Form):
    """What somebody did to find the child."""

    prefix = "step"
    words = _words(_("经过"), required=True, help_text=_("例：电话联系户主，孩子随母亲在外省。不要写证件号码。"))


class OutcomeForm(forms.Form):
    """What was found out. Of another record the student has to be chosen, so it is not among these."""

    prefix = "outcome"
    outcome = forms.ChoiceField(label=_("查找结果"), widget=forms.RadioSelect)
    words = _words(_("说明"), required=False, help_text=_("怎样查明的、依据什么。按年龄一看就明白的可以不写。"))

    def __init__(self, data: Any = None, *, age: int | None) -> None:
        super().__init__(data)
        self.fields["outcome"].choices = [  # type: ignore[attr-defined]
            choice for choice in Outcome.choices if choice[0] != Outcome.OTHER_RECORD and fits(choice[0], age)
        ]


class BulkOutcomeForm(forms.Form):
    """What was found out of several children alike."""

    outcome = forms.ChoiceField(
        label=_("查找结果"),
        widget=forms.RadioSelect,
        choices=[choice for choice in Outcome.choices if choice[0] in IN_BULK],
    )
    words = _words(
        _("说明"), required=False, help_text=_("对每个孩子都成立的话。按年龄一看就明白的可以不写。不要写证件号码。")
    )


class NameForm(forms.Form):
    """Another name under which the child may be in a school. It travels in the body of a POST and in no address."""

    prefix = "find"
    name = TidyCharField(
        label=_("按其他姓名查找"), max_length=50, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class SameForm(forms.Form):
    """Which student the child is, and how one knows."""

    prefix = "same"
    enrollment = forms.IntegerField(min_value=1)
    words = _words(_("怎样核实的"), required=True, max_length=200)


class LetterForm(forms.Form):
    """The school outside the county."""

    school_name = TidyCharField(label=_("就读学校"), max_length=100)
    school_place = TidyCharField(
        label=_("学校所在地"), max_length=100, help_text=_("写到县（市、区），例：某省某市某区。")
    )


class LetterFilter(FilterForm):
    """What narrows the letters of a term."""

    q = SearchField(label=_("函号、学校或所在地"), max_length=100)

    def narrow(self, rows: Rows) -> Rows:
        if text := self.wanted("q"):
            like = Q(number__contains=text) | Q(school_name__contains=text) | Q(school_place__contains=text)
            rows = rows.filter(like)
        return rows


class SentForm(forms.Form):
    """The day on which letters went out."""

    sent_on = DayField(label=_("发出日期"))


class ReceiptForm(forms.Form):
    """What the other school answered."""

    receipt_on = DayField(label=_("回执日期"))
    is_there = forms.TypedChoiceField(
        label=_("是否在该校就读"),
        choices=[("yes", _("在该校就读")), ("no", _("该校没有这名学生"))],
        coerce=lambda word: word == "yes",
        initial="yes",
        widget=forms.RadioSelect,
    )
    receives = TidyCharField(
        label=_("当地享受的资助"), max_length=200, required=False, help_text=_("没有享受就写“无”。")
    )
    amount = TidyCharField(label=_("每学期金额（元）"), max_length=20, required=False)
    scan = PaperField(label=_("回执扫描件"), required=False, accept=".pdf,.jpg,.jpeg,.png")

    def clean_amount(self) -> int | None:
        text = self.cleaned_data["amount"]
        if not text:
            return None
        try:
            return money.parse_fen(text)
        except ValueError as error:
            raise forms.ValidationError(_("金额写成元，例如 625 或 625.00。")) from error
