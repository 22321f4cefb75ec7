"""What people say about headings: which hold for all, what those of a file stand for. Forms clean; they never save."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import FilterForm, Rows, SearchField
from schools.models import School
from students import headings
from students.forms import schools_like
from students.headings import NOT_READ
from students.layouts import Heading, Layout
from students.roster_columns import COLUMNS, REQUIRED

UNKNOWN_VALUE, NOT_READ_VALUE = "unknown", "not-read"
"""What stands in addresses and choices where a field is empty."""


def value_of(field: str | None) -> str:
    return UNKNOWN_VALUE if field is None else field or NOT_READ_VALUE


def field_of(value: str) -> str | None:
    return {UNKNOWN_VALUE: None, NOT_READ_VALUE: NOT_READ}.get(value, value)


class HeadingsForm(forms.Form):
    """The headings that stand for one column for all."""

    headings = forms.CharField(
        label=_("表头写法"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text=_("一行一个，最可靠的写在最前面。*、★、空格、换行和个别错字不用另写，系统会自动识别。"),
    )

    def clean_headings(self) -> list[str]:
        lines = [headings.tidy(line) for line in str(self.cleaned_data["headings"]).splitlines()]
        for number, line in enumerate(lines, start=1):
            if line and not headings.fits(line):
                words = _("第 %(number)s 行不能作为表头写法：超过 100 个字、没有文字，或者含有号码。")
                raise forms.ValidationError(words, params={"number": number})
        return headings.once(filter(None, lines))


class SchoolHeadingFilter(FilterForm):
    """What narrows the headings that schools mapped for themselves."""

    q = SearchField(label=_("学校名称或标识码"), placeholder=_("例：东关小学"), max_length=100)
    column = forms.ChoiceField(
        label=_("对应的列"),
        choices=lambda: [
            ("", _("全部")),
            *((field, column.name) for field, column in COLUMNS.items()),
            (NOT_READ_VALUE, headings.NOT_READ_WORDS),
        ],
    )

    def narrow(self, rows: Rows) -> Rows:
        if text := self.wanted("q"):
            rows = rows.filter(school__in=School.objects.filter(schools_like(text)))
        if column := self.wanted("column"):
            rows = rows.filter(field=field_of(column))
        return rows


class MappingForm(forms.Form):
    """For each heading of a file the column of ours that it stands for."""

    for_all = forms.BooleanField(
        label=_("对全县所有学校都这样识别"),
        required=False,
        help_text=_("不勾选时，只对这所学校记住。"),
    )

    def __init__(self, *args: Any, layout: Layout, may_teach_all: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.layout = layout
        if not may_teach_all:
            del self.fields["for_all"]
        for heading in layout.headings:
            self.fields[_name(heading)] = forms.ChoiceField(
                label=heading.text,
                choices=_choices(may_stay_unknown=heading.field is None),
                initial=value_of(heading.guess if heading.field is None else heading.field),
            )

    def lines(self) -> Iterator[tuple[Heading, forms.BoundField]]:
        """Each heading with its question."""
        for heading in self.layout.headings:
            yield heading, self[_name(heading)]

    def clean(self) -> None:
        chosen: dict[str, list[str]] = {}
        for heading in self.layout.headings:
            if field := self.fields_chosen.get(heading.places[0]):
                chosen.setdefault(field, []).append(heading.text)
        for field, texts in chosen.items():
            if len(texts) > 1:
                words = _("有 %(count)s 个表头都选了“%(column)s”：%(texts)s。一列只能对应一个表头。")
                params = {"count": len(texts), "column": COLUMNS[field].name, "texts": "、".join(texts)}
                self.add_error(None, forms.ValidationError(words, params=params))
        if missing := [COLUMNS[field].name for field in REQUIRED if field not in chosen]:
            words = _("还缺少必填的列：%(names)s。请为它们各选一个表头；文件里没有的，请补上这一列后重新上传。")
            self.add_error(None, forms.ValidationError(words, params={"names": "、".join(missing)}))

    @property
    def fields_chosen(self) -> dict[int, str | None]:
        """The first place of a heading → the field that was chosen for it."""
        return {
            heading.places[0]: field_of(self.cleaned_data[_name(heading)])
            for heading in self.layout.headings
            if _name(heading) in self.cleaned_data
        }

    @property
    def for_everybody(self) -> bool:
        return bool(self.cleaned_data.get("for_all"))


def _name(heading: Heading) -> str:
    return f"column_{heading.places[0]}"


def _choices(*, may_stay_unknown: bool) -> list[tuple[str, Any]]:
    columns = [(field, f"{column.name} ★" if column.is_required else column.name) for field, column in COLUMNS.items()]
    first = [(UNKNOWN_VALUE, _("— 暂不认识 —"))] if may_stay_unknown else []
    return [*first, (NOT_READ_VALUE, _("— 不读取 —")), *columns]
