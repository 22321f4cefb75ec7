"""Which figure's names are wanted. The address of a figure in the report fills this form."""

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.forms import FilterForm, TidyCharField
from common.redaction import redact
from programs.models import AwardQuerySet, Program
from reports.choices import Layout
from reports.layouts import PAYERS
from reports.scopes import scopes, terms_of
from reports.selections import ALL, NONE, REGISTERED_POOR, Bearing, Count, Selection, count
from schools.models import School, Stage, Term, Town
from students.choices import CategoryGroup
from students.models import HardshipCategory


def _categories() -> list[tuple[str, Any]]:
    known = HardshipCategory.objects.values_list("code", "name")
    return [("", _("全部")), *known, (NONE, _("没有困难类型"))]


class NamesFilter(FilterForm):
    """Scope, program, stage, who and whatever else narrows: exactly what one figure is made of."""

    scope = forms.ChoiceField(label=_("学期或年度"), choices=scopes)
    program = forms.ModelChoiceField(Program.objects.all(), label=_("资助项目"), empty_label=_("全部"))
    stage = forms.ModelChoiceField(Stage.objects.all(), label=_("学段"), empty_label=_("全部"))
    who = forms.ChoiceField(
        label=_("对象"), choices=[("", _("全部")), (REGISTERED_POOR, CategoryGroup.REGISTERED_POOR.label)]
    )
    category = forms.ChoiceField(label=_("困难类型"), choices=_categories)
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), empty_label=_("全部"))
    group = forms.ChoiceField(
        label=_("统计归类"),
        choices=[*CategoryGroup.choices, (NONE, _("没有困难类型"))],
        widget=forms.HiddenInput,
    )
    school = forms.ModelChoiceField(
        School.objects.all(), label=_("学校"), to_field_name="code", widget=forms.HiddenInput
    )
    payer = forms.ChoiceField(
        label=_("资金来源"),
        choices=PAYERS,
        widget=forms.HiddenInput,
    )
    tier = forms.CharField(label=_("档次"), max_length=20, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, default: Term | None) -> None:
        """`default` is the term of an address that names none."""
        self.default = default
        super().__init__(data)

    def is_meant(self) -> bool:
        """Whether every word of the address is known: a figure is never more than what was asked for.

        The scope is the one given, else the chosen term; never one for the other.
        """
        return not self.errors and bool(self.selection.scope)

    @cached_property
    def selection(self) -> Selection:
        """What the figure counts."""
        program, stage, school, town = (self.wanted(name) for name in ("program", "stage", "school", "town"))
        return Selection(
            scope=self.wanted("scope") or (self.default.pk if self.default else ""),
            program=program.pk if program else ALL,
            stage=stage.pk if stage else "",
            who=self.wanted("who") or ALL,
            town=town.pk if town else "",
            school=school.code if school else "",
            **{name: self.wanted(name) or "" for name in ("category", "group", "payer", "tier")},
        )

    def awards(self, user: User) -> AwardQuerySet:
        """The awards behind the figure."""
        return self.selection.awards().visible_to(user)

    def count(self) -> Count:
        """The figure itself, as the report shows it."""
        return count(self.selection)

    def bearing(self) -> Bearing:
        """Who bears how much of each award on the page."""
        return Bearing(terms_of(self.selection.scope))


class LayoutForm(FilterForm):
    """Which table is meant, and in which unit it is shown."""

    layout = forms.ChoiceField(label=_("表式"), choices=Layout.choices)
    unit = forms.ChoiceField(label=_("单位"), choices=[("yuan", _("元")), ("wan", _("万元"))])
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"))

    @property
    def chosen(self) -> str:
        return self.wanted("layout") or Layout.PROGRAMS

    @property
    def unit_chosen(self) -> str:
        return self.wanted("unit") or "yuan"


class CompareForm(FilterForm):
    """Two terms or years, side by side: rows only, so the groups of hardship have their own table."""

    layout = forms.ChoiceField(
        label=_("表式"), choices=[choice for choice in Layout.choices if choice[0] != Layout.GROUPS]
    )
    earlier = forms.ChoiceField(label=_("从"), choices=scopes)
    later = forms.ChoiceField(label=_("到"), choices=scopes)
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), widget=forms.HiddenInput)

    def is_meant(self) -> bool:
        """Whether both scopes are there, as far as they are given."""
        return not {"earlier", "later"} & self.errors.keys()


class FreezeForm(forms.Form):
    """Which table is handed in, and why again."""

    layout = forms.ChoiceField(choices=Layout.choices)
    scope = forms.ChoiceField(choices=scopes)
    why = TidyCharField(max_length=200, required=False)

    def clean_why(self) -> str:
        """Nobody's number goes into the log or into a run."""
        return redact(self.cleaned_data["why"])
