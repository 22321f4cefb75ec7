"""What people fill in and choose on the pages of programs, awards and notices. Forms clean; they never save."""

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common import names
from common.forms import FilterForm, Rows, SearchField
from programs.models import Program
from schools.models import Stage, Town
from students.choices import CategoryGroup
from students.forms import SchoolFileForm, sheet_field


class AwardFilter(FilterForm):
    """What narrows the list of awards; the state is a tab and not among these."""

    q = SearchField(label=_("学生姓名"), placeholder=_("从姓开始输入"))
    school = SearchField(label=_("学校名称或标识码"), placeholder=_("从开头输入"))
    program = forms.ModelChoiceField(Program.objects.all(), label=_("资助项目"), empty_label=_("全部"))
    stage = forms.ModelChoiceField(Stage.objects.all(), label=_("学段"), empty_label=_("全部"))
    group = forms.ChoiceField(label=_("困难类型"), choices=[("", _("全部")), *CategoryGroup.choices])

    lookups = {"program": "program", "stage": "stage", "group": "category__group"}

    def narrow(self, rows: Rows) -> Rows:
        if name := names.key(self.wanted("q")):
            rows = rows.filter(student__name_key__startswith=name)
        if school := self.wanted("school"):
            rows = rows.filter(Q(school__name__startswith=school) | Q(school__code=school))
        return super().narrow(rows)


class ListFilter(FilterForm):
    """What narrows the award lists and the notices of a term."""

    q = SearchField(label=_("学校名称或标识码"), placeholder=_("从开头输入"))
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), empty_label=_("全部"))

    def __init__(self, data: Any = None, *, school: str = "school", **kwargs: Any) -> None:
        """`school` is the way from the rows to their school."""
        self._school = school
        super().__init__(data, **kwargs)

    def narrow(self, rows: Rows) -> Rows:
        if school := self.wanted("q"):
            rows = rows.filter(
                Q(**{f"{self._school}__name__startswith": school}) | Q(**{f"{self._school}__code": school})
            )
        if town := self.wanted("town"):
            rows = rows.filter(**{f"{self._school}__town": town})
        return rows


class RecognitionForm(SchoolFileForm):
    """A school's list of the children it recognizes as poor this term."""

    file = sheet_field(_("认定名单文件"))


class ReasonForm(forms.Form):
    """Why something is taken out or sent back. The school reads it."""

    reason = forms.CharField(
        label=_("原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("学校端可见，不要写身份证号等个人信息。"),
    )


class TierForm(forms.Form):
    """Another tier for one child, and why."""

    tier = forms.ChoiceField(label=_("档次"))
    reason = forms.CharField(
        label=_("改档原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("例：班级评议意见。不要写身份证号等个人信息。"),
    )

    def __init__(self, *args: Any, tiers: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].choices = [(tier, tier) for tier in tiers]  # type: ignore[attr-defined]


class PaperForm(forms.Form):
    """What the county confirms for a school by."""

    paper = forms.CharField(
        label=_("依据的纸质名单"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写明签字人和日期，例：校长签字、盖章的名单，10月8日收到。记入操作日志。"),
    )


class PutUpForm(forms.Form):
    """How long a list stays up. The office may ask for more than five working days, never for less."""

    working_days = forms.IntegerField(
        label=_("公示工作日"),
        min_value=5,
        max_value=60,
        help_text=_("不少于 5 个工作日；法定节假日不计，调休上班的周末计入。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"working_days": settings.PUBLICITY_WORKING_DAYS, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
