"""Every component of the house on one page, itself under test."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from accounts.access import EVERYONE, SignedInRequest, needs
from aidcenter import overview
from common import resident_ids
from common.forms import DayField, FilterForm, SearchField, TidyCharField
from common.pages import page_of, tabs_of

_CATEGORIES = [("registered-poor", _("脱贫户")), ("low-income", _("城乡低保")), ("destitute", _("特困供养"))]
_STATES = [("draft", _("待学校确认")), ("published", _("公示中")), ("confirmed", _("县级已审定"))]


class SampleFilter(FilterForm):
    q = SearchField(label=_("姓名或身份证号"), placeholder=_("从姓开始输入"))
    category = forms.ChoiceField(label=_("困难类型"), choices=[("", _("全部")), *_CATEGORIES])
    since = DayField(label=_("更新于此日之后"))


class SampleForm(forms.Form):
    name = TidyCharField(label=_("姓名"), max_length=20, help_text=_("与户口簿一致。"))
    category = forms.ChoiceField(label=_("困难类型"), choices=_CATEGORIES)
    level = forms.ChoiceField(
        label=_("认定等级"), choices=[("special", _("特别困难")), ("hard", _("困难"))], widget=forms.RadioSelect
    )
    note = TidyCharField(label=_("说明"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    is_boarding = forms.BooleanField(label=_("寄宿"), required=False)


class SampleUpload(forms.Form):
    file = forms.FileField(label=_("花名册文件"))


@needs(*EVERYONE)
@require_GET
def styleguide(request: SignedInRequest) -> HttpResponse:
    """Invented people in every component; `?errors=1` shows the form refused."""
    rows = [
        {
            "name": name,
            "number": _number(at),
            "school": school,
            "class_name": class_name,
            "category": category,
            "amount_fen": amount_fen,
            "text": text,
            "tone": tone,
        }
        for at, (name, school, class_name, category, amount_fen, text, tone) in enumerate(_PEOPLE)
    ]
    return render(
        request,
        "styleguide.html",
        {
            "rows": rows,
            "filter_form": SampleFilter(request.GET),
            "sample_form": SampleForm({} if "errors" in request.GET else None),
            "upload_form": SampleUpload(),
            "phases": overview.phases(
                [
                    (gettext("花名册上报"), ["2021-09-20"], True),
                    (gettext("名单比对"), [gettext("17 条疑似待核实")], False),
                    (gettext("名单公示"), [gettext("5 个工作日")], False),
                    (gettext("资金发放"), [], False),
                ]
            ),
            "tabs": tabs_of(request, _STATES, {"draft": 310, "published": 702, "confirmed": 192}),
            "page": page_of(request, range(1204)),
            "tones": [
                ("neutral", _("待提交")),
                ("blue", _("校级评审")),
                ("amber", _("待核实")),
                ("violet", _("公示中")),
                ("green", _("已审定")),
                ("teal", _("已发放")),
                ("red", _("发放失败")),
            ],
            "composition": [
                (_("脱贫户"), 18_892, 1),
                (_("城乡低保"), 10_104, 2),
                (_("残疾学生"), 5_380, 3),
                (_("监测对象"), 4_528, 4),
                (_("特困供养"), 2_004, 5),
                (_("孤儿"), 947, 6),
            ],
            "course": [
                ("2019秋", 2357.1, False),
                ("2020春", 2551.0, False),
                ("2020秋", 2590.4, False),
                ("2021春", 2811.9, True),
            ],
            "line": [21, 24, 23, 28, 31],
        },
    )


def _number(at: int) -> str:
    """An id of an area that never was one, with a right check digit."""
    first = f"99010120120304{at:03d}"
    return first + resident_ids.check_digit(first)


_PEOPLE = [
    ("向小萱", _("白云镇第二小学"), _("六年级（4）班"), _("城乡低保"), 31_250, _("已审定"), "green"),
    ("董梓诗", _("罗塘镇中学"), _("七年级（6）班"), _("脱贫户"), 78_125, _("公示中"), "violet"),
    ("廖博馨", _("平安镇完全小学"), _("六年级（3）班"), _("特困供养"), 62_500, _("校级评审"), "blue"),
    ("冯娟可", _("马家镇第二小学"), _("六年级（4）班"), _("脱贫户"), 62_550, _("发放失败"), "red"),
]
