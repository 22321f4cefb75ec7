"""What narrows the findings, and what people say to one. Forms clean; they never save."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audits.choices import FINDING_MOVES, FindingState, Severity
from audits.findings import RULES
from audits.models import Finding
from common.forms import FilterForm, ProseField, Rows, SearchField
from common.roles import COUNTY, Role

GONE, EVER = "gone", "all"


class FindingFilter(FilterForm):
    """By rule, weight, school or child; what is gone only where one asks for it."""

    q = SearchField(label=_("学校或学生"), placeholder=_("学校名称、标识码或学生姓名，从开头输入"))
    rule = forms.ChoiceField(label=_("规则"))
    severity = forms.ChoiceField(label=_("程度"), choices=[("", _("全部")), *Severity.choices])
    standing = forms.ChoiceField(
        label=_("是否存在"), choices=[("", _("最近核查仍存在")), (GONE, _("已不再存在")), (EVER, _("全部"))]
    )
    lookups = {"rule": "rule", "severity": "severity"}

    def full_clean(self) -> None:
        choices = [("", _("全部")), *((code, rule.title) for code, rule in RULES.items())]
        self.fields["rule"].choices = choices  # type: ignore[attr-defined]
        super().full_clean()

    def narrow(self, rows: Rows) -> Rows:
        rows = super().narrow(rows)
        standing = self.wanted("standing")
        if standing != EVER:
            rows = rows.filter(gone_at__isnull=standing != GONE)
        if text := self.wanted("q"):
            named = Q(school__name__startswith=text) | Q(school__code=text) | Q(student__name__startswith=text)
            rows = rows.filter(named)
        return rows


_SAYS = {
    FindingState.EXPLAINED: (_("说明"), _("没有问题，写明原因和依据")),
    FindingState.MENDED: (_("已整改"), _("写明做了什么；下次核查仍发现的，自动重新打开")),
    FindingState.CONFIRMED: (_("确认为问题"), _("确有问题，写明结论")),
    FindingState.OPEN: (_("重新打开"), _("说明不充分或者结论要改，写明原因")),
}
OF_COUNTY = (FindingState.EXPLAINED, FindingState.MENDED)
OF_AUDITOR = (FindingState.CONFIRMED, FindingState.OPEN)


class WordForm(forms.Form):
    """What somebody says, and what the finding is from then on: what the person's role and its state allow."""

    state = forms.ChoiceField(label=_("结论"))
    words = ProseField(label=_("说明"), max_length=500, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, data: Any = None, *, finding: Finding, by: User) -> None:
        super().__init__(data)
        self.allowed = [state for state in _of(by) if state in FINDING_MOVES[FindingState(finding.state)]]
        self.fields["state"].choices = [(state.value, _SAYS[state][0]) for state in self.allowed]  # type: ignore[attr-defined]

    @property
    def options(self) -> list[tuple[str, Any, Any]]:
        """Value, label and hint of each."""
        return [(state.value, *_SAYS[state]) for state in self.allowed]


def _of(by: User) -> tuple[FindingState, ...]:
    if by.role in COUNTY:
        return OF_COUNTY
    return OF_AUDITOR if by.role == Role.AUDITOR else ()
