"""What narrows the review of publicity and payment; what a school lacks is a tab."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.forms import FilterForm, Rows, SearchField
from schools.models import Stage, Town


class ReviewFilter(FilterForm):
    """By school, town and stage."""

    q = SearchField(label=_("学校名称或标识码"), placeholder=_("从开头输入"))
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), empty_label=_("全部"))
    stage = forms.ModelChoiceField(Stage.objects.all(), label=_("学段"), empty_label=_("全部"))
    lookups = {"town": "town"}

    def narrow(self, rows: Rows) -> Rows:
        if school := self.wanted("q"):
            rows = rows.filter(Q(name__startswith=school) | Q(code=school))
        if stage := self.wanted("stage"):
            taught = Q(stages=stage) | Q(stages=None, kind__stages=stage)
            rows = rows.filter(pk__in=rows.model._default_manager.filter(taught).values("pk"))
        return super().narrow(rows)
