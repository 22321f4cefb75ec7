"""What an auditor fills in to draw, to note and to conclude, and what narrows samples and their items."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audits import samples
from audits.choices import Draw, FollowUp, ItemState, PaidState
from common import names
from common.forms import DayField, FilterForm, ProseField, Rows, SearchField, TidyCharField
from programs.models import Program
from schools.models import School, Stage, Term, Town

OVERDUE = "overdue"


class SampleFilter(FilterForm):
    """What narrows the samples of a term; those with something to mend are shown whatever their term."""

    q = SearchField(label=_("名称"), placeholder=_("从开头输入"))
    draw = forms.ChoiceField(label=_("抽取方法"), choices=[("", _("全部")), *Draw.choices])
    mend = forms.ChoiceField(
        label=_("整改"),
        choices=[("", _("全部")), (FollowUp.ASKED, _("各学期待整改的")), (OVERDUE, _("各学期逾期未整改的"))],
    )
    lookups = {"q": "title__startswith", "draw": "draw"}

    def narrow(self, rows: Rows) -> Rows:
        if mend := self.wanted("mend"):
            overdue_on = timezone.localdate() if mend == OVERDUE else None
            rows = rows.with_something_to_mend(overdue_on=overdue_on)  # type: ignore[attr-defined]
        return super().narrow(rows)


class ItemFilter(FilterForm):
    """What narrows the items of a sample; the state is a tab."""

    q = SearchField(label=_("学生姓名"), placeholder=_("从姓开始输入"))
    school = SearchField(label=_("学校名称或标识码"), placeholder=_("从开头输入"))
    mend = forms.ChoiceField(
        label=_("整改"),
        choices=[
            ("", _("全部")),
            (FollowUp.ASKED, _("待整改")),
            (OVERDUE, _("逾期未整改")),
            (FollowUp.DONE, FollowUp.DONE.label),
        ],
    )

    def narrow(self, rows: Rows) -> Rows:
        if name := names.key(self.wanted("q")):
            rows = rows.filter(award__student__name_key__startswith=name)
        if school := self.wanted("school"):
            rows = rows.filter(Q(award__school__name__startswith=school) | Q(award__school__code=school))
        if (mend := self.wanted("mend")) == OVERDUE:
            rows = rows.overdue(timezone.localdate())  # type: ignore[attr-defined]
        elif mend:
            rows = rows.filter(follow_up=mend)
        return rows


class DrawForm(forms.Form):
    """From whom is drawn, how, and how many."""

    title = TidyCharField(label=_("名称"), max_length=100, help_text=_("例如：秋季寄宿生补助抽查。不要写学生姓名。"))
    draw = forms.ChoiceField(
        label=_("抽取方法"),
        choices=Draw.choices,
        help_text=_(
            "按金额：金额越大越容易抽到，大额必定抽到；按疑点：学生或学校的疑点越多越容易抽到；按学校：先抽学校，再抽学生。"
        ),
    )
    size = forms.IntegerField(
        label=_("抽取人次"),
        min_value=1,
        max_value=samples.LARGEST_SAMPLE,
        help_text=_("按学校抽取时，是每所学校抽取的人次。"),
    )
    schools = forms.IntegerField(
        label=_("抽取学校数"),
        min_value=1,
        max_value=samples.LARGEST_SAMPLE,
        required=False,
        help_text=_("只用于按学校抽取；空着就是范围内的每所学校。"),
    )
    seed = TidyCharField(
        label=_("随机种子"),
        max_length=64,
        required=False,
        help_text=_("可以自己定，比如当众掷出的号码；空着由系统随机生成。种子会保存和显示。"),
    )
    program = forms.ModelChoiceField(Program.objects.none(), label=_("资助项目"), empty_label=_("全部"), required=False)
    stage = forms.ModelChoiceField(Stage.objects.all(), label=_("学段"), empty_label=_("全部"), required=False)
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), empty_label=_("全部"), required=False)
    school = TidyCharField(label=_("学校标识码"), max_length=20, required=False, help_text=_("只抽一所学校时填写。"))
    paid = forms.ChoiceField(label=_("发放情况"), choices=[("", _("全部")), *PaidState.choices], required=False)

    def __init__(self, data: Any = None, *, term: Term, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        programs: Any = self.fields["program"]
        programs.queryset = Program.objects.filter(awards__term=term).distinct()

    def clean_school(self) -> str:
        code: str = self.cleaned_data["school"]
        if code and not School.objects.filter(code=code).exists():
            raise forms.ValidationError(_("没有这个标识码的学校。"))
        return code

    @property
    def order(self) -> samples.Order:
        """What was asked for, with a seed."""
        said = self.cleaned_data
        return samples.order(
            title=said["title"],
            way=said["draw"],
            size=said["size"],
            seed=said["seed"],
            schools=said["schools"] or 0,
            program=said["program"].pk if said["program"] else "",
            stage=said["stage"].pk if said["stage"] else "",
            town=said["town"].pk if said["town"] else "",
            school=said["school"],
            paid=said["paid"],
        )


class NoteForm(forms.Form):
    """What the auditor found at one child."""

    state = forms.ChoiceField(
        label=_("核查结果"),
        choices=[(ItemState.SOUND, ItemState.SOUND.label), (ItemState.FAULTY, ItemState.FAULTY.label)],
        widget=forms.RadioSelect,
    )
    words = ProseField(
        label=_("核查情况"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("有问题的必须写明。不要写身份证号、电话等。"),
    )
    follow_up_due_on = DayField(
        label=_("整改期限"), required=False, help_text=_("要求整改的填写；空着就是不要求整改。")
    )


class FollowUpForm(forms.Form):
    """What the county mended."""

    words = ProseField(label=_("整改结果"), max_length=500, widget=forms.Textarea(attrs={"rows": 4}))


class CloseForm(forms.Form):
    """What the sample says as a whole."""

    conclusion = ProseField(
        label=_("抽查结论"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("结束以后，核查结果不能再改；要求整改的仍可以登记整改结果。"),
    )


class WithdrawForm(forms.Form):
    """Why a sample is given up."""

    reason = ProseField(
        label=_("撤销原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("抽错了才撤销。已撤销的抽查和已登记的核查情况都保留，不能恢复。"),
    )
