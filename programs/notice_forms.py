"""What people fill in about notices, their photos and what is said against them. Forms clean; they never save."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.forms import DayField, FilterForm, Rows, TidyCharField
from programs import photos
from programs.choices import Channel
from programs.forms import ListFilter

_no_links = RegexValidator(r"(?i)https?:|www\.|://", message=_("请用文字说明情况，不要填写网址。"), inverse_match=True)


class NoticeFilter(ListFilter):
    """What narrows the notices of a term."""

    photo = forms.ChoiceField(
        label=_("公示照片"), choices=[("", _("全部")), ("missing", _("缺公示照片")), ("kept", _("已有照片"))]
    )

    def narrow(self, rows: Rows) -> Rows:
        rows = super().narrow(rows)
        if photo := self.wanted("photo"):
            rows = rows.without_photo() if photo == "missing" else rows.with_photo()  # type: ignore[attr-defined]
        return rows


class ObjectionFilter(ListFilter):
    """What narrows the objections of a term."""

    due = forms.ChoiceField(label=_("期限"), choices=[("", _("全部")), ("overdue", _("超期未办结"))])
    channel = forms.ChoiceField(label=_("方式"), choices=[("", _("全部")), *Channel.choices])

    lookups = {"channel": "channel"}

    def narrow(self, rows: Rows) -> Rows:
        rows = FilterForm.narrow(self, super().narrow(rows))
        if self.wanted("due"):
            rows = rows.overdue(timezone.localdate())  # type: ignore[attr-defined]
        return rows


class TakeDownForm(forms.Form):
    """What came of a notice, in the office's words."""

    result = forms.CharField(
        label=_("公示结果"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("不要写学生和反映人的姓名。"),
    )


class _Photos(forms.FileInput):
    allow_multiple_selected = True


class _PhotosField(forms.FileField):
    """One photo or several."""

    widget = _Photos(attrs={"accept": photos.ACCEPT})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        brought = data if isinstance(data, list | tuple) else [data]
        return [super(_PhotosField, self).clean(one, initial) for one in brought or [None]]


class PhotosForm(forms.Form):
    """Photos of the board, taken on one day."""

    photos = _PhotosField(
        label=_("公示栏照片"),
        max_length=200,
        help_text=_("可以一次选择多张，JPG 或 PNG，每张不超过 10 MB。要能看清公示栏和名单。"),
    )
    taken_on = DayField(label=_("拍摄日期"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["taken_on"].initial = timezone.localdate


class ObjectionForm(forms.Form):
    """A word against one child of the notice, as an officer of the school or the county heard it."""

    channel = forms.ChoiceField(
        label=_("反映方式"), choices=[choice for choice in Channel.choices if choice[0] != Channel.PAGE]
    )
    words = forms.CharField(
        label=_("异议内容"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("只记录反映的情况，不要写反映人的姓名和电话。"),
    )
    person = TidyCharField(
        label=_("反映人姓名"),
        max_length=50,
        required=False,
        help_text=_("留空就是匿名。姓名和联系方式加密保存，查看时记入操作日志。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    contact = TidyCharField(
        label=_("联系方式"),
        max_length=100,
        required=False,
        help_text=_("电话或地址，用来告知核查结果。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PublicObjectionForm(forms.Form):
    """The same from anybody, by the open page."""

    words = TidyCharField(
        label=_("反映的情况"),
        min_length=5,
        max_length=500,
        validators=[_no_links],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("请写清楚知道的事实。5 到 500 个字，不要写身份证号。"),
    )
    person = TidyCharField(
        label=_("您的姓名"),
        max_length=50,
        required=False,
        validators=[_no_links],
        help_text=_("可以不填。"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact = TidyCharField(
        label=_("您的联系方式"),
        max_length=100,
        required=False,
        validators=[_no_links],
        help_text=_("可以不填。填了电话，核查后可以告诉您结果。"),
        widget=forms.TextInput(attrs={"autocomplete": "tel"}),
    )


class WordsForm(forms.Form):
    """One step of looking into an objection."""

    words = forms.CharField(
        label=_("核查情况"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("问了谁、看了什么、查到什么。"),
    )


class DismissForm(forms.Form):
    """Why something that came by the page is no objection."""

    words = forms.CharField(
        label=_("不予受理的原因"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("例：广告，与资助无关。原因永久保留；件数写进公示结果说明。"),
    )


class ProposeDismissalForm(forms.Form):
    """Why a school would not take up what came by the page."""

    words = forms.CharField(
        label=_("建议不予受理的理由"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("例：广告，与资助无关。由县资助中心决定是否受理。"),
    )


class AnswerForm(forms.Form):
    """The end of an objection: does it hold, and what was found."""

    is_upheld = forms.TypedChoiceField(
        label=_("核查结论"),
        choices=[("no", _("异议不成立，恢复资助")), ("yes", _("异议成立，移出名单"))],
        coerce=lambda value: value == "yes",
    )
    answer = forms.CharField(label=_("核查说明"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
