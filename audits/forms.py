"""What narrows the action log."""

from datetime import date
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from audits import trail
from audits.trail import Wanted
from audits.wording import VERBS
from common.forms import DayField, FilterForm, SearchField
from disbursements.models import Batch
from schools.models import School
from students.models import Student

_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
"""No log reaches further; days beyond can be no moment in some zone."""

NOBODY = 0
"""No row has this key: what names nothing finds nothing."""


class ActionFilter(FilterForm):
    """By person, by act, by day, and by what it was done to. A child comes by its number, from its own page."""

    q = SearchField(label=_("操作人"), placeholder=_("姓名或账号，从开头输入"))
    school = SearchField(label=_("学校"), placeholder=_("学校名称或标识码"))
    batch = SearchField(label=_("发放批次"), placeholder=_("批次号"))
    verb = forms.ChoiceField(label=_("操作"), choices=[("", _("全部")), *VERBS.items()])
    since = DayField(label=_("从"))
    until = DayField(label=_("到"))
    student = forms.ModelChoiceField(Student.objects.all(), label=_("学生"), widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("since", "until"):
            if day := cleaned.get(name):
                cleaned[name] = min(max(day, _FIRST_DAY), _LAST_DAY)
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            cleaned["since"], cleaned["until"] = cleaned["until"], cleaned["since"]
        return cleaned

    @cached_property
    def asked(self) -> Wanted:
        """The filters as ids, codes and days: no name goes further than this form."""
        student, since, until = (self.wanted(name) for name in ("student", "since", "until"))
        return Wanted(
            actors=trail.people(who) if (who := self.wanted("q")) else None,
            verb=self.wanted("verb"),
            student=student.pk if student else None,
            schools=[school.pk for school in self._schools] or [NOBODY] if self.wanted("school") else None,
            batch=self._batch(),
            since=since.isoformat() if since else None,
            until=until.isoformat() if until else None,
        )

    @cached_property
    def _schools(self) -> list[School]:
        """The school with this code, or all with these words in their names."""
        said, schools = self.wanted("school"), School.objects.order_by("code")
        return list(schools.filter(code=said)) or list(schools.filter(name__contains=said))

    def _words(self, field: forms.Field, value: Any) -> str:
        if field is not self.fields["school"]:
            return super()._words(field, value)
        if len(self._schools) == 1:
            return str(self._schools[0])
        return _now("名称含“%(said)s”的 %(n)s 所学校") % {"said": value, "n": len(self._schools)}

    def _batch(self) -> int | None:
        if not (said := self.wanted("batch")):
            return None
        return Batch.objects.filter(number=said).values_list("pk", flat=True).first() or NOBODY
