"""What the county asks of the board of rosters, and says to a school. Forms clean; they never save."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from common.forms import DayField, Rows, TidyCharField
from schools.models import School
from students.choices import RosterState
from students.forms import SchoolFilter


class RosterFilter(SchoolFilter):
    """What narrows the board of a term's rosters: the schools, and how far their newest version is."""

    state = forms.ChoiceField(
        label=_("最新版本"),
        choices=[
            ("", _("全部")),
            *((state.value, state.label) for state in RosterState if state not in ("superseded", "discarded")),
        ],
    )

    def narrow(self, rows: Rows) -> Rows:
        rows = super().narrow(rows)
        return rows.filter(roster_state=state) if (state := self.wanted("state")) else rows


class SendBackForm(forms.Form):
    """Why a roster goes back. The school reads it."""

    reason = TidyCharField(
        label=_("退回原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写明哪里不对、怎样改，学校会看到。不要写证件号码。"),
    )


class ReopenForm(forms.Form):
    """Which school may hand in a roster of a term that is over, until when and why."""

    school = forms.ModelChoiceField(
        School.objects.none(),
        label=_("学校"),
        to_field_name="code",
        widget=forms.TextInput(attrs={"list": "schools", "autocomplete": "off"}),
        help_text=_("输入学校标识码，或按名称从列表里选。"),
        error_messages={"invalid_choice": _("没有这个标识码的学校，请从列表里选。")},
    )
    until = DayField(label=_("开放至"), help_text=_("这一天结束前学校都可以上传。"))
    reason = TidyCharField(label=_("重新开放的原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, schools: QuerySet[School], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["school"].queryset = schools  # type: ignore[attr-defined]
        self.fields["until"].widget.attrs["min"] = today.isoformat()
