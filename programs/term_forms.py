"""What county staff fill in when they open or change a term. Forms clean; they never save."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import DayField, TidyCharField
from programs import terms
from schools.models import School, Term


class TermForm(forms.Form):
    """A term's days and the documents that are due in it."""

    starts_on = DayField(label=_("开学日"))
    ends_on = DayField(label=_("结束日"))
    roster_due_on = DayField(label=_("花名册上报截止"))
    recognition_due_on = DayField(label=_("认定名单上报截止"), required=False)
    lists_due_on = DayField(label=_("资助名单确认截止"), required=False)
    publicity_due_on = DayField(label=_("公示完成截止"), required=False)
    payments_due_on = DayField(label=_("发放核对截止"), required=False)
    other_documents = TidyCharField(
        label=_("其他应交材料"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("一行一项，写明截止日期，例如：资助政策宣传照片（10月20日前）"),
    )
    unusual_share = forms.IntegerField(
        label=_("大量变动的界线（%）"),
        min_value=1,
        max_value=100,
        help_text=_("花名册里离校或变动的学生超过这个比例时，要求写明原因。"),
    )

    def __init__(self, *args: Any, code: str, before: Term | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code = code
        self.before = before

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"starts_on", "ends_on", "roster_due_on"} <= cleaned.keys():
            for name, words in terms.disorder(cleaned, code=self.code, before=self.before).items():
                self.add_error(name, forms.ValidationError(words, code="days-out-of-order"))
        return cleaned

    @property
    def facts(self) -> dict[str, Any]:
        """The fields of the term among what was filled in."""
        return {name: self.cleaned_data[name] for name in terms.FACTS}


class OpenTermForm(TermForm):
    """The next term."""

    close_before = forms.BooleanField(
        label=_("同时结束以前的学期"),
        required=False,
        initial=True,
        help_text=_("结束后学校不能再补报，需要时可以重新开放。"),
    )


class RollOverForm(OpenTermForm):
    """The turn of the school year: the autumn term, and the schools that stop."""

    closing = forms.ModelMultipleChoiceField(
        School.objects.none(),
        label=_("本年停办的学校"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("只列出上学期没有学生的学校；还有学生的学校请到学校页面办理停办。"),
    )
    reason = TidyCharField(label=_("停办原因"), max_length=200, required=False)

    def __init__(self, *args: Any, empty: Iterable[School], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schools = School.objects.filter(pk__in=[school.pk for school in empty]).order_by("code")
        self.fields["closing"].queryset = schools  # type: ignore[attr-defined]
        if not empty:
            del self.fields["closing"], self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("closing") and not cleaned.get("reason"):
            self.add_error("reason", forms.ValidationError(_("请写明停办的原因。"), code="reason-missing"))
        return cleaned
