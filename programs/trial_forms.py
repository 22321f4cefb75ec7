"""What county staff try in a trial. Forms clean; they never save."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.forms import TidyCharField
from common.money import parse_fen
from programs import trials
from programs.choices import Basis
from programs.models import Program, Rule, Standard
from schools.models import Term
from students.models import RegisterSnapshot


class YuanField(TidyCharField):
    """An amount as offices write it; cleaned it is fen, or None where nothing was written."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": 12})
        super().__init__(required=False, max_length=30, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            fen = parse_fen(text)
        except ValueError as error:
            raise forms.ValidationError(_("看不懂这个金额，请写成 1,000.00 的样子。"), code="amount") from error
        if fen <= 0:
            raise forms.ValidationError(_("金额必须大于零。"), code="amount")
        return fen


class TrialForm(forms.Form):
    """Every standard of the term with a new amount beside it, every rule that can fall away, and other lists."""

    title = TidyCharField(
        label=pgettext_lazy("of a trial", "名称"), max_length=100, help_text=_("例：寄宿生生活费每学期提高 100 元")
    )

    def __init__(self, *args: Any, term: Term, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.standards, self.rules = trials.standards(term), trials.rules(term)
        for standard in self.standards:
            if standard.basis != Basis.SCHOOL_FEE:
                self.fields[_amount(standard)] = YuanField(label=_("试改为（元）"))
        for rule in self.rules:
            self.fields[_off(rule)] = forms.BooleanField(label=_("停用"), required=False)
        self.lists: dict[str, list[RegisterSnapshot]] = {}
        for source, snapshots in groupby(trials.lists_to_try(), key=lambda snapshot: snapshot.source):
            name = f"list:{source.pk}"
            self.lists[name] = list(snapshots)
            self.fields[name] = forms.ChoiceField(
                label=str(source),
                required=False,
                choices=[("", _("照现在的")), *((str(one.pk), f"{one.as_of:%Y-%m-%d}") for one in self.lists[name])],
            )

    @property
    def groups(self) -> Iterator[tuple[Program, list[tuple[Standard, Any]], list[tuple[Rule, Any]]]]:
        """What can be tried, program by program, each with its field."""
        for program, of_program in groupby(self.standards, key=lambda standard: standard.program):
            amounts = [(row, self[name] if (name := _amount(row)) in self.fields else None) for row in of_program]
            offs = [(row, self[_off(row)]) for row in self.rules if row.program_id == program.pk]
            yield program, amounts, offs

    @property
    def list_fields(self) -> list[BoundField]:
        return [self[name] for name in self.lists]

    @property
    def tried(self) -> dict[str, Any]:
        """What `programs.trials.begin` takes."""
        given = self.cleaned_data
        amounts = {row.pk: given.get(_amount(row)) for row in self.standards}
        chosen = {given[name] for name in self.lists if given.get(name)}
        return {
            "title": given["title"],
            "amounts": {pk: fen for pk, fen in amounts.items() if fen is not None},
            "rules_off": [row.pk for row in self.rules if given.get(_off(row))],
            "snapshots": [one for lists in self.lists.values() for one in lists if str(one.pk) in chosen],
        }


def _amount(standard: Standard) -> str:
    return f"amount:{standard.pk}"


def _off(rule: Rule) -> str:
    return f"off:{rule.pk}"
