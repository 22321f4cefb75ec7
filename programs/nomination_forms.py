"""What people choose and fill in where schools put children forward. Forms clean; they never save."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common import names
from common.forms import FilterForm, Rows, SearchField
from students.forms import sheet_field


class NominationFilter(FilterForm):
    """What narrows the children that a school put forward."""

    q = SearchField(label=_("学生姓名"), placeholder=_("从姓开始输入"))
    tier = forms.ChoiceField(label=_("档次"), choices=[("", _("全部"))])

    lookups = {"tier": "tier"}

    def __init__(self, data: Any, *, tiers: Iterable[str]) -> None:
        self._tiers = list(tiers)
        super().__init__(data)

    def full_clean(self) -> None:
        self.fields["tier"].choices = [("", _("全部")), *((tier, tier) for tier in self._tiers)]  # type: ignore[attr-defined]
        super().full_clean()

    def narrow(self, rows: Rows) -> Rows:
        if name := names.key(self.wanted("q")):
            rows = rows.filter(student__name_key__startswith=name)
        return super().narrow(rows)


class ChildFilter(FilterForm):
    """What narrows the children that a school may put forward: a class, a name."""

    q = SearchField(label=_("学生姓名"), placeholder=_("从姓开始输入"))
    place = forms.ChoiceField(label=_("年级班级"), choices=[("", _("全部"))])

    def __init__(self, data: Any, *, classes: Iterable[tuple[str, str]]) -> None:
        self._classes = list(classes)
        super().__init__(data)

    def full_clean(self) -> None:
        named = [(f"{grade}|{class_name}", f"{grade}{class_name}") for grade, class_name in self._classes]
        self.fields["place"].choices = [("", _("全部")), *named]  # type: ignore[attr-defined]
        super().full_clean()

    def narrow(self, rows: Rows) -> Rows:
        if name := names.key(self.wanted("q")):
            rows = rows.filter(student__name_key__startswith=name)
        if place := self.wanted("place"):
            grade, class_name = place.split("|", 1)
            rows = rows.filter(grade=grade, class_name=class_name)
        return rows


class NominationFileForm(forms.Form):
    """A workbook in which a school chose tiers for its children."""

    file = sheet_field(_("提名表"))


class TakeBackForm(forms.Form):
    """Why a child is taken out again."""

    reason = forms.CharField(
        label=_("撤回原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("例：家长书面放弃。县级可见，不要写身份证号等个人信息。"),
    )
