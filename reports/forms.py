"""Which figure's names are wanted. The address of a figure in the report fills this form."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import FilterForm
from programs.models import AwardQuerySet, Program
from reports import tables, totals
from reports.totals import ALL, EVERY_PROGRAM, REGISTERED_POOR, Figure
from schools.models import Stage, Term, term_name
from students.choices import CategoryGroup


def scopes() -> list[tuple[str, str]]:
    """Every finance year and its terms, the newest first."""
    codes: dict[str, None] = {}
    for term in Term.objects.order_by("-starts_on"):
        codes[str(term.year)] = None
        codes[term.pk] = None
    return [(code, term_name(code)) for code in codes]


class NamesFilter(FilterForm):
    """Scope, program, stage and who: exactly what one figure is made of."""

    scope = forms.ChoiceField(label=_("学期或年度"), choices=scopes)
    program = forms.ModelChoiceField(Program.objects.all(), label=_("资助项目"), empty_label=_("全部"))
    stage = forms.ModelChoiceField(Stage.objects.all(), label=_("学段"), empty_label=_("全部"))
    who = forms.ChoiceField(
        label=_("对象"), choices=[("", _("全部")), (REGISTERED_POOR, CategoryGroup.REGISTERED_POOR.label)]
    )

    def __init__(self, data: Any, *, default: Term | None) -> None:
        """`default` is the term of an address that names none."""
        self.default = default
        super().__init__(data)

    def is_meant(self) -> bool:
        """Whether there is a term at all to show figures of."""
        return bool(self.key["scope"])

    @property
    def key(self) -> dict[str, str]:
        """The figure's place, as `reports.totals` and the export's job take it."""
        program, stage = self.wanted("program"), self.wanted("stage")
        return {
            "scope": self.wanted("scope") or (self.default.pk if self.default else ""),
            "program": program.pk if program else EVERY_PROGRAM,
            "stage": stage.pk if stage else "",
            "who": self.wanted("who") or ALL,
        }

    def names(self) -> AwardQuerySet:
        """The awards behind the figure."""
        rows: AwardQuerySet = totals.names(**self.key).select_related("term")
        return rows

    def figure(self) -> Figure:
        """The figure itself, as the report shows it."""
        key = self.key
        return tables.table(key["scope"]).figure(key["program"], key["stage"], key["who"])
