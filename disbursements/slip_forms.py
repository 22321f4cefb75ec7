"""What narrows the classes whose families are told."""

from django.utils.translation import gettext_lazy as _

from common.forms import FilterForm, SearchField


class SlipFilter(FilterForm):
    q = SearchField(label=_("学校"), placeholder=_("学校名称"))

    lookups = {"q": "school__name__contains"}
