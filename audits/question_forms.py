"""What people fill in about the auditor's questions. Forms clean; they never save."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audits import questions
from common.forms import DayField, FilterForm, ProseField, Rows, SearchField, TidyCharField
from jobs import documents
from jobs.documents import Brought
from schools.models import School, Term

DAYS_TO_ANSWER = 7
"""What the form proposes; the auditor says another day where that fits better."""

_WORDS = forms.Textarea(attrs={"rows": 5})


class QuestionFilter(FilterForm):
    """What narrows the questions; the state is a tab and not among these."""

    q = SearchField(label=_("事项或学校"), placeholder=_("事项里的字，或学校名称的开头"))
    term = forms.ModelChoiceField(Term.objects.order_by("-starts_on"), label=_("学期"), empty_label=_("全部"))
    overdue = forms.BooleanField(label=_("只看逾期未答复"))

    lookups = {"term": "term"}

    def narrow(self, rows: Rows) -> Rows:
        if said := self.wanted("q"):
            rows = rows.filter(Q(title__contains=said) | Q(school__name__startswith=said))
        if self.wanted("overdue"):
            rows = rows.overdue(timezone.localdate())  # type: ignore[attr-defined]
        return super().narrow(rows)


class _Papers(forms.FileInput):
    allow_multiple_selected = True


class _PapersField(forms.FileField):
    """No paper, one, or several; none is read where they are too many, or one is too large."""

    widget = _Papers(attrs={"accept": documents.ACCEPT})

    def clean(self, data: Any, initial: Any = None) -> list[Brought]:
        brought = [one for one in (data if isinstance(data, list | tuple) else [data]) if one]
        if len(brought) > questions.MOST_FILES:
            raise forms.ValidationError(str(questions.TooManyFiles(limit=questions.MOST_FILES)))
        found = [super(_PapersField, self).clean(one, initial) for one in brought]
        if any(one.size > documents.LARGEST_BYTES for one in found):
            raise forms.ValidationError(str(documents.DocumentTooLarge(limit=documents.LARGEST_BYTES // 2**20)))
        return [Brought(one.read(), one.name) for one in found]


class _DueForm(forms.Form):
    """Words, and the day by which they are to be answered."""

    words = ProseField(label=_("问询内容"), max_length=2_000, widget=_WORDS)
    due_on = DayField(label=_("答复期限"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].initial = timezone.localdate() + timedelta(days=DAYS_TO_ANSWER)


class AskForm(_DueForm):
    """Whom the auditor asks, and what."""

    school = forms.ModelChoiceField(
        School.objects.order_by("code"),
        label=_("问谁"),
        required=False,
        empty_label=_("县学生资助管理中心"),
        help_text=_("选学校，由学校答复；不选，由县资助中心答复。"),
    )
    title = TidyCharField(label=_("事项"), max_length=100, help_text=_("一句话写清楚问什么，不要写学生姓名和证件号。"))
    field_order = ("school", "title", "words", "due_on")


class AskAgainForm(_DueForm):
    """What the answer leaves open."""


class AnswerForm(forms.Form):
    """The answer, and the papers that prove it."""

    words = ProseField(label=_("答复内容"), max_length=2_000, widget=_WORDS)
    papers = _PapersField(
        label=_("附件"),
        required=False,
        max_length=200,
        help_text=_("可以一次选择多个，最多 5 个，每个不超过 20 MB。提交后不能撤回，审计人员可以打开。"),
    )


class CloseForm(forms.Form):
    """What came of the question."""

    words = ProseField(
        label=_("办结说明"),
        max_length=2_000,
        widget=_WORDS,
        help_text=_("写明核实的结果。办结后不能再答复和追问。"),
    )
