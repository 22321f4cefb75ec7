"""What narrows the queue of suspicions, and what people say of one. Forms clean; they never save."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.forms import FilterForm, Rows, SearchField, TidyCharField
from schools.models import School, Stage, Town
from students import crosscheck_figures, match_queue
from students.choices import Verdict
from students.decisions import LONGEST_NOTE
from students.forms import schools_like
from students.match_queue import Asked
from students.models import RegisterSource


class MatchFilter(FilterForm):
    """What narrows the queue of suspicions. It goes with a person from case to case."""

    school = SearchField(label=_("学校名称或标识码"), max_length=100)
    tier = forms.ChoiceField(label=_("依据"), choices=lambda: [("", _("全部")), *crosscheck_figures.kinds()])
    source = forms.ModelChoiceField(RegisterSource.objects.all(), label=_("名单来源"), empty_label=_("全部"))
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), empty_label=_("全部"))
    stage = forms.ModelChoiceField(Stage.objects.all(), label=_("学段"), empty_label=_("全部"))
    asked = forms.ChoiceField(label=_("向学校核实"), choices=[("", _("全部")), *Asked.choices])
    new = forms.ChoiceField(label=_("范围"), choices=[("", _("全部")), ("1", _("只看新出现的"))])

    def __init__(self, data: Any = None, *, today: date | None = None) -> None:
        super().__init__(data)
        self.today = today or timezone.localdate()

    def narrow(self, rows: Rows) -> Rows:
        if text := self.wanted("school"):
            rows = rows.filter(enrollment__school__in=School.objects.filter(schools_like(text)))
        if tier := self.wanted("tier"):
            rows = rows.filter(tier=tier)
        if source := self.wanted("source"):
            rows = rows.filter(person__snapshot__source=source)
        if town := self.wanted("town"):
            rows = rows.filter(enrollment__school__town=town)
        if stage := self.wanted("stage"):
            rows = rows.filter(enrollment__stage=stage)
        if self.wanted("new"):
            rows = rows.filter(is_new=True)
        if asked := self.wanted("asked"):
            rows = match_queue.asked(rows, asked, today=self.today)  # type: ignore[assignment, arg-type]
        return rows


def _note(label: Any, help_text: Any = "") -> TidyCharField:
    return TidyCharField(
        label=label,
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=help_text,
    )


class DecisionForm(forms.Form):
    """Whether two records are one child, and why one thinks so."""

    is_same = forms.TypedChoiceField(
        label=_("结论"),
        choices=[("yes", _("是同一人")), ("no", _("不是同一人"))],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择结论：是同一人，还是不是同一人。")},
    )
    note = _note(_("理由"), _("与依据不一致的结论必须写，例如：电话核实监护人。向学校核实时，这里写要问的话。"))


class QuestionForm(forms.Form):
    """What the school is asked in words; the two records speak for themselves."""

    note = _note(_("问题"))


class AnswerForm(forms.Form):
    """What the school knows."""

    verdict = forms.ChoiceField(label=_("答复"), choices=Verdict.choices)
    words = _note(_("说明"))


class DrawForm(forms.Form):
    """Which kind of doubt a sample is drawn from."""

    tier = forms.CharField(max_length=20)


class FindingForm(forms.Form):
    """What a drawn pair was found to be."""

    finding = forms.ChoiceField(label=_("核对结果"), choices=Verdict.choices)
    note = _note(_("理由"))
