"""What narrows the two lists, and what schools and the county say to a line. Forms clean; they never save."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.forms import FilterForm, SearchField
from programs.choices import NOT_MISSED, Gap, GapReason, GapState, Mistake
from programs.gap_answers import Answers
from programs.gaps import Line
from programs.models import Program
from schools.models import SchoolQuerySet, Town


class GapFilter(FilterForm):
    """What narrows the two lists. A school has only itself to look at."""

    q = SearchField(label=_("学校名称或标识码"), placeholder=_("从开头输入"))
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), empty_label=_("全部"))
    program = forms.ModelChoiceField(Program.objects.all(), label=_("资助项目"), empty_label=_("全部"))
    state = forms.ChoiceField(label=_("办理情况"), choices=[("", _("没有办结的")), *GapState.choices])
    reason = forms.ChoiceField(label=_("学校答复"), choices=[("", _("全部")), *GapReason.choices])
    mistake = forms.ChoiceField(label=_("原因"), choices=[("", _("全部")), *Mistake.choices])

    def __init__(self, data: Any, *, gap: Gap | None, is_school: bool) -> None:
        """Without a list it narrows the figures of both."""
        self._gap = gap
        self._is_school = is_school
        super().__init__(data)

    def full_clean(self) -> None:
        gone = {"q", "town"} if self._is_school else set()
        gone |= {"state", "reason"} if self._gap is not Gap.MISSED else set()
        gone |= {"mistake"} if self._gap is not Gap.MISTAKEN else set()
        for name in gone:
            self.fields.pop(name, None)
        super().full_clean()

    def schools(self, mine: SchoolQuerySet) -> list[int] | None:
        """The keys of the schools that are asked for; none where all of the county are."""
        text, town = self.wanted("q"), self.wanted("town")
        if not (text or town or self._is_school):
            return None
        rows = mine.filter(Q(name__startswith=text) | Q(code=text)) if text else mine
        rows = rows.filter(town=town) if town else rows
        return list(rows.order_by().values_list("pk", flat=True))

    def keeps(self, line: Line, answers: Answers) -> bool:
        """Whether a line is among those asked for; lines that are closed only where one asks for them."""
        program = self.wanted("program")
        if program and line.program != program.pk:
            return False
        if self._gap is None:
            return True
        if line.gap is Gap.MISTAKEN:
            mistake = self.wanted("mistake")
            return not mistake or mistake in line.mistakes
        state, reason = self.wanted("state"), self.wanted("reason")
        found = answers.state(line)
        is_wanted = found == state if state else found not in NOT_MISSED
        return is_wanted and (not reason or answers.reason(line) == reason)


class GapAnswerForm(forms.Form):
    """Why these children have no aid."""

    reason = forms.ChoiceField(label=_("未享受的原因"), choices=[("", _("请选择")), *GapReason.choices])
    words = forms.CharField(
        label=_("说明"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("选“其他原因”“情况不实”时必填；不要写身份证号等个人信息。"),
    )


class GapSendBackForm(forms.Form):
    """Why the county wants another answer. The school reads it."""

    words = forms.CharField(
        label=_("退回原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("学校端可见，不要写身份证号等个人信息。"),
    )
