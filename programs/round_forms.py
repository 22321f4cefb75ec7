"""What people fill in on the pages of recognition and of re-checks. Forms clean; they never save."""

import re
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from common import names
from common.forms import DayField, FilterForm, Rows, SearchField, TidyCharField
from jobs.forms import PaperField
from programs.choices import Level, RecheckResult, RecheckWay, RoundKind
from programs.forms import ListFilter
from schools.models import School, SchoolQuerySet
from students.forms import SchoolFileForm

POOR = [(level.value, level.label) for level in Level if level != Level.NOT_POOR]


class BeginForm(SchoolFileForm):
    """How the families were told, and whether the school recognizes for the year or takes changes."""

    kind = forms.ChoiceField(
        label=_("类别"),
        choices=RoundKind.choices,
        help_text=_("每学年做一次学年认定；学年中家庭情况有变化的，用学期调整，只办有变化的学生。"),
    )
    told_on = DayField(label=_("告知日期"))
    told_how = TidyCharField(
        label=_("告知方式"), max_length=200, help_text=_("例：发放告知书、召开家长会、校园公告栏。")
    )

    def __init__(self, *args: Any, schools: QuerySet[School], own: School | None, **kwargs: Any) -> None:
        super().__init__(*args, schools=schools, own=own, **kwargs)
        self.order_fields(["school", "kind", "told_on", "told_how"])


class RoundFilter(ListFilter):
    """What narrows the rounds of a term, and the schools that have not begun one."""

    def narrow_schools(self, schools: SchoolQuerySet) -> SchoolQuerySet:
        if text := self.wanted("q"):
            schools = schools.filter(Q(name__startswith=text) | Q(code=text))
        if town := self.wanted("town"):
            schools = schools.filter(town=town)
        return schools


class ChildFilter(FilterForm):
    """What narrows the children of a round: a name, a class."""

    q = SearchField(label=_("学生姓名"), placeholder=_("从姓开始输入"))
    place = forms.ChoiceField(label=_("班级"))

    def __init__(self, data: Any, *, places: list[tuple[str, str]], way: str = "") -> None:
        """`places` are the (grade, class) of the round; `way` leads from the rows to their enrollments."""
        self._way = way
        self._places = {f"{grade}{class_name}": (grade, class_name) for grade, class_name in places}
        super().__init__(data)
        self.fields["place"].choices = [("", _("全部")), *((key, key) for key in self._places)]  # type: ignore[attr-defined]
        self.full_clean()

    def narrow(self, rows: Rows) -> Rows:
        if name := names.key(self.wanted("q")):
            rows = rows.filter(student__name_key__startswith=name)
        if place := self.wanted("place"):
            grade, class_name = self._places[place]
            rows = rows.filter(**{f"{self._way}grade": grade, f"{self._way}class_name": class_name})
        return rows


class EnterForm(forms.Form):
    """What holds for all the paper applications that are entered at once."""

    applied_on = DayField(label=_("申请日期"))
    promise_signed = forms.BooleanField(label=_("家长已在申请表上签好个人承诺"))


class ApplicationForm(forms.Form):
    """What the family writes of itself."""

    words = forms.CharField(
        label=_("家庭情况"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("照申请表摘要填写：人口、收入、疾病、灾害、欠债等。加密保存，不进入公示。"),
    )
    wished_level = forms.ChoiceField(label=_("申请等级"), required=False, choices=[("", _("未写明")), *POOR])


class AttachForm(forms.Form):
    """A paper that the family adds of its own accord."""

    title = TidyCharField(label=_("材料名称"), max_length=100, help_text=_("例：诊断证明、低保证。"))
    file = PaperField(label=_("文件"), accept=".pdf,.jpg,.jpeg,.png", help_text=_("PDF、JPG 或 PNG。"))


class PanelForm(forms.Form):
    """When the school's panel met, who was there, what was said."""

    held_on = DayField(label=_("评议日期"))
    present = forms.CharField(
        label=_("到会人员"),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("一行一人，姓名和职务之间空一格。例：张建国 校长"),
    )
    minutes = forms.CharField(
        label=_("会议记录"), required=False, max_length=12_000, widget=forms.Textarea(attrs={"rows": 8})
    )
    file = PaperField(label=_("会议记录原件"), required=False, help_text=_("可以只上传原件，也可以只写会议记录。"))

    def clean_present(self) -> list[dict[str, str]]:
        present = []
        for line in self.cleaned_data["present"].splitlines():
            name, _space, duty = re.sub(r"[\s　,，、]+", " ", line).strip().partition(" ")
            if name and not duty:
                raise forms.ValidationError(_("“%(name)s”后面没有写职务。"), code="duty", params={"name": name})
            if name:
                present.append({"name": name[:50], "duty": duty[:50]})
        return present


class ProposalForm(forms.Form):
    """The class's word on one child: a line of a table. Without a level the child is left for later."""

    level = forms.ChoiceField(label=_("班级评议等级"), required=False, choices=[("", "—"), *Level.choices])
    words = TidyCharField(label=_("评议意见"), required=False, max_length=200)


class VoteForm(forms.Form):
    """The panel's word on one child: a line of a table. Without a level the child is left for later."""

    votes_for = forms.IntegerField(label=_("同意票"), required=False, min_value=0, max_value=500)
    votes_against = forms.IntegerField(label=_("不同意票"), required=False, min_value=0, max_value=500)
    level = forms.ChoiceField(label=_("评定等级"), required=False, choices=[("", "—"), *Level.choices])
    words = TidyCharField(label=_("评定说明"), required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("level"):
            for name in ("votes_for", "votes_against"):
                if said.get(name) is None and name not in self.errors:
                    self.add_error(name, _("请填写票数，没有就填 0。"))
        return said


class CloseForm(forms.Form):
    """What came of the publicity, in the school's words."""

    result = forms.CharField(
        label=_("公示结果"),
        max_length=200,
        initial=_("公示期间未收到异议。"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RoundObjectionForm(forms.Form):
    """A word against one child of the board."""

    words = forms.CharField(
        label=_("异议内容"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("只记录反映的情况，不要写反映人的姓名和电话。"),
    )


class DrawForm(forms.Form):
    """How large a part of the recognized children is looked up again."""

    percent = forms.IntegerField(
        label=_("抽取比例（%）"), min_value=1, max_value=100, help_text=_("占本学期现行认定名单中困难学生的百分之几。")
    )


class NoteForm(forms.Form):
    """What was found at one family."""

    way = forms.ChoiceField(label=_("复查方式"), choices=RecheckWay.choices)
    done_on = DayField(label=_("复查日期"))
    result = forms.ChoiceField(label=_("复查结果"), choices=RecheckResult.choices)
    words = forms.CharField(
        label=_("了解到的情况"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("结果不是“情况属实”的必须写明。不要写身份证号、电话等。"),
    )
