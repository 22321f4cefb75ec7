"""What people choose, search and bring on the pages of this stage. Forms clean; they never save."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from common import names, resident_ids
from common.forms import DayField, FilterForm, Rows, SearchField, TidyCharField
from schools.models import School, SchoolKind, Term, Town
from students.choices import Confirms, EnrollmentState
from students.disclosure import Purpose
from students.models import (
    Hardship,
    HardshipCategory,
    RegisterSnapshot,
    RegisterSource,
    Student,
)

SHEETS = ".xlsx,.xls,.csv"


def schools_like(text: str) -> Q:
    """Schools by the beginning of their code or a part of their name, as people type either."""
    return Q(code__startswith=text) | Q(name__contains=text)


def sheet_field(label: Any) -> forms.FileField:
    """A file from somebody's computer; what is inside is judged by common.sheets."""
    return forms.FileField(label=label, max_length=200, widget=forms.FileInput(attrs={"accept": SHEETS}))


class SchoolFilter(FilterForm):
    """What narrows the list of schools."""

    q = SearchField(label=_("学校名称或标识码"), placeholder=_("例：东关小学"), max_length=100)
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), empty_label=_("全部"))
    kind = forms.ModelChoiceField(SchoolKind.objects.all(), label=_("学校类型"), empty_label=_("全部"))

    def narrow(self, rows: Rows) -> Rows:
        if text := self.wanted("q"):
            rows = rows.filter(schools_like(text))
        if town := self.wanted("town"):
            rows = rows.filter(town=town)
        if kind := self.wanted("kind"):
            rows = rows.filter(kind=kind)
        return rows


class SchoolListForm(forms.Form):
    """A sheet of schools to be added or brought up to date."""

    file = sheet_field(_("学校名单文件"))


class EnrollmentFilter(FilterForm):
    """What narrows a term's children. The stage is a tab of its own and not among these."""

    q = SearchField(label=_("姓名"), placeholder=_("从姓氏开始输入"))
    school = SearchField(label=_("学校名称或标识码"), max_length=100)
    category = forms.ModelChoiceField(HardshipCategory.objects.all(), label=_("困难类型"), empty_label=_("全部"))
    boarding = forms.ChoiceField(label=_("就读方式"), choices=[("", _("全部")), ("1", _("寄宿")), ("0", _("走读"))])
    state = forms.ChoiceField(label=_("状态"), choices=[("", _("在读")), (EnrollmentState.LEFT, _("已离校"))])

    def __init__(self, data: Any, *, term: Term | None, is_school: bool) -> None:
        super().__init__(data)
        self.term = term
        if is_school:
            del self.fields["school"]

    def narrow(self, rows: Rows) -> Rows:
        rows = rows.filter(state=self.wanted("state") or EnrollmentState.STUDYING)
        if name := names.key(self.wanted("q")):
            rows = rows.filter(student__in=Student.objects.filter(name_key__startswith=name))
        if "school" in self.fields and (text := self.wanted("school")):
            rows = rows.filter(school__in=School.objects.filter(schools_like(text)))
        if category := self.wanted("category"):
            facts = Hardship.objects.in_force(self.term) if self.term else Hardship.objects.none()
            rows = rows.filter(student__in=facts.filter(category=category).values("student"))
        if boarding := self.wanted("boarding"):
            rows = rows.filter(is_boarding=boarding == "1")
        return rows


class FindForm(forms.Form):
    """A whole resident number, exactly. It travels in the body of a POST and in no address or log."""

    number = TidyCharField(
        label=_("身份证号"),
        max_length=40,
        help_text=_("输入完整号码。查询不会写进网址和日志，结果仍然遮蔽显示。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"}),
    )

    def clean_number(self) -> str:
        return resident_ids.normalize(self.cleaned_data["number"])


class PurposeForm(forms.Form):
    """Why somebody wants to see a whole resident number."""

    purpose = forms.ChoiceField(label=_("用途"), choices=Purpose.choices)


class SchoolFileForm(forms.Form):
    """A school's file. The county may hand one in for any school, an officer only for the own one."""

    school = forms.ModelChoiceField(
        School.objects.none(),
        label=_("学校"),
        to_field_name="code",
        widget=forms.TextInput(attrs={"list": "schools", "autocomplete": "off"}),
        help_text=_("输入学校标识码，或按名称从列表里选。"),
        error_messages={"invalid_choice": _("没有这个标识码的学校，请从列表里选。")},
    )

    def __init__(self, *args: Any, schools: QuerySet[School], own: School | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        if own is not None:
            del self.fields["school"]
        else:
            self.fields["school"].queryset = schools  # type: ignore[attr-defined]

    @property
    def whose(self) -> School:
        """The school that the file is for."""
        chosen: School = self.own or self.cleaned_data["school"]
        return chosen


class RosterForm(SchoolFileForm):
    """A school's roster of the term."""

    file = sheet_field(_("花名册文件"))


class ConfirmRosterForm(forms.Form):
    """The last word before a file becomes the term's roster: only what this file asks for."""

    reason = TidyCharField(label=_("大量离校或变动的原因"), max_length=200)
    word = TidyCharField(
        label=_("存疑行的统一说明"),
        max_length=200,
        help_text=_("没有逐行说明的存疑行都用这一句，例如：已电话核对户口簿。不要写证件号码。"),
    )
    term_name = TidyCharField(label=_("学期名称"), max_length=40)

    def __init__(self, *args: Any, term: Term, is_unusual: bool, needs_word: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.term = term
        self.fields["term_name"].label = _("请输入学期名称以确认：%(term)s") % {"term": term}
        if not is_unusual:
            del self.fields["reason"], self.fields["term_name"]
        if not needs_word:
            del self.fields["word"]

    def clean_term_name(self) -> str:
        typed = str(self.cleaned_data["term_name"])
        if typed != str(self.term):
            raise forms.ValidationError(_("与学期名称不一致，请照样输入：%(term)s") % {"term": self.term})
        return typed


class RegisterFilter(FilterForm):
    """What narrows the lists of other offices."""

    source = forms.ModelChoiceField(RegisterSource.objects.all(), label=_("名单来源"), empty_label=_("全部"))

    def narrow(self, rows: Rows) -> Rows:
        return rows.filter(source=source) if (source := self.wanted("source")) else rows


class RegisterForm(forms.Form):
    """A list of another office and the day it speaks of."""

    source = forms.ModelChoiceField(RegisterSource.objects.all(), label=_("名单来源"))
    as_of = DayField(label=_("名单日期"), help_text=_("名单反映哪一天的情况，不是上传的日子。"))
    file = sheet_field(_("名单文件"))


class PersonFilter(FilterForm):
    """What narrows the people of one list."""

    q = SearchField(label=_("姓名"), placeholder=_("从姓氏开始输入"))
    household = SearchField(label=_("户编号"), max_length=40)
    village = SearchField(label=_("村"), max_length=100)

    def narrow(self, rows: Rows) -> Rows:
        if name := names.key(self.wanted("q")):
            rows = rows.filter(name_key__startswith=name)
        if household := self.wanted("household"):
            rows = rows.filter(household_no=household)
        if village := self.wanted("village"):
            rows = rows.filter(village__startswith=village)
        return rows


class ReasonForm(forms.Form):
    """Why something is taken back. It stays on record."""

    reason = TidyCharField(label=_("原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


class CrosscheckForm(forms.Form):
    """Which frozen lists a term's rosters are compared with; the newest of each source is proposed."""

    snapshots = forms.ModelMultipleChoiceField(
        RegisterSnapshot.objects.none(), label=_("名单"), widget=forms.CheckboxSelectMultiple
    )
    confirms = forms.ChoiceField(
        label=_("哪些结果不经人工、直接确认"),
        choices=Confirms.choices,
        initial=Confirms.NEAR,
        widget=forms.RadioSelect,
        help_text=_("“近乎确定”只包括证件号只差一处、15位旧号、末位丢失等有旁证且唯一的情形，其余一律由人核实。"),
    )

    def __init__(self, *args: Any, snapshots: QuerySet[RegisterSnapshot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["snapshots"].queryset = snapshots  # type: ignore[attr-defined]
