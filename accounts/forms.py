"""Signing in, and the forms for accounts and officers. Forms clean; they never save."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.forms import DayField, FilterForm, Rows, SearchField, TidyCharField
from common.roles import Role
from schools.models import School, Town


class SignInForm(AuthenticationForm):
    """Name and password, in the office's words."""

    error_messages = {
        "invalid_login": _("账号或密码不正确。请检查大小写，忘记密码请联系系统管理员。"),
        "inactive": _("这个账号已停用，请联系系统管理员。"),
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = _("账号")
        self.fields["password"].label = _("密码")


class UserFilter(FilterForm):
    """What narrows the list of accounts."""

    q = SearchField(label=_("账号或姓名"), placeholder=_("从开头输入"))


class UserForm(forms.Form):
    """Who the person is and what they may do; a school officer needs a school, nobody else has one."""

    name = TidyCharField(label=_("姓名"), max_length=50)
    role = forms.ChoiceField(label=_("岗位"), choices=Role.choices)
    school = forms.CharField(
        label=_("学校标识码"), max_length=10, required=False, help_text=_("只有学校资助专干填写，10 位数字。")
    )
    is_active = forms.BooleanField(label=_("可以登录"), required=False, initial=True)

    def clean_school(self) -> School | None:
        code = self.cleaned_data["school"].strip()
        if not code:
            return None
        school = School.objects.filter(code=code).first()
        if school is None:
            raise forms.ValidationError(_("没有这个标识码的学校，请核对。"), code="no-such-school")
        return school

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        belongs_to_a_school = cleaned.get("role") == Role.SCHOOL
        if "school" in cleaned and belongs_to_a_school != bool(cleaned["school"]):
            words = (
                _("学校资助专干必须填写学校标识码。")
                if belongs_to_a_school
                else _("只有学校资助专干填写学校，请清空。")
            )
            self.add_error("school", forms.ValidationError(words, code="school-and-role"))
        return cleaned


def username_field(**kwargs: Any) -> forms.CharField:
    return forms.CharField(label=_("账号"), max_length=150, validators=[UnicodeUsernameValidator()], **kwargs)


def free_username(typed: str) -> str:
    """A user name that nobody has, in any case of letters."""
    username: str = User.normalize_username(typed)
    if User.objects.filter(username__iexact=username).exists():
        raise forms.ValidationError(_("这个账号已经有了，请换一个。"), code="taken")
    return username


class NewUserForm(UserForm):
    """An account to be opened. Its first password is made by the system."""

    username = username_field()
    field_order = ("username", "name", "role", "school", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["is_active"]

    def clean_username(self) -> str:
        return free_username(self.cleaned_data["username"])


class OfficerFilter(FilterForm):
    """What narrows the list of officers, and of the schools that have none."""

    q = SearchField(label=_("学校名称或标识码"), placeholder=_("例：东关小学"), max_length=100)
    town = forms.ModelChoiceField(Town.objects.all(), label=_("乡镇"), empty_label=_("全部"))
    name = SearchField(label=_("姓名或账号"), placeholder=_("从开头输入"))

    def narrow(self, rows: Rows) -> Rows:
        if text := self.wanted("name"):
            rows = rows.filter(Q(name__startswith=text) | Q(username__startswith=text))
        return rows.filter(school__in=self.schools) if self.wanted("q") or self.wanted("town") else rows

    @property
    def schools(self) -> QuerySet[School]:
        schools = School.objects.all()
        if text := self.wanted("q"):
            schools = schools.filter(Q(code__startswith=text) | Q(name__contains=text))
        if town := self.wanted("town"):
            schools = schools.filter(town=town)
        return schools


def principal_field() -> forms.BooleanField:
    return forms.BooleanField(
        label=_("学校负责人（校长）"),
        required=False,
        help_text=_("确认本校经办人核对过的资助名单。学校有了负责人账号，名单就要两个人经手。"),
    )


class NewOfficerForm(forms.Form):
    """An officer to be appointed at a school."""

    school = forms.CharField(label=_("学校标识码"), max_length=10, help_text=_("10 位数字。"))
    name = TidyCharField(label=_("姓名"), max_length=50)
    username = username_field(required=False, help_text=_("不填则用学校标识码加序号。"))
    is_principal = principal_field()

    def clean_school(self) -> School:
        school = School.objects.filter(code=self.cleaned_data["school"].strip()).first()
        if school is None:
            raise forms.ValidationError(_("没有这个标识码的学校，请核对。"), code="no-such-school")
        return school

    def clean_username(self) -> str:
        return free_username(self.cleaned_data["username"])


class OfficerForm(forms.Form):
    """What an officer is called, whether it is the principal, and whether the account is open."""

    name = TidyCharField(label=_("姓名"), max_length=50)
    is_principal = principal_field()
    is_active = forms.BooleanField(
        label=_("可以登录"), required=False, help_text=_("停用后立即退出登录；重新启用时发给新的初始密码。")
    )


class HandOverForm(forms.Form):
    """Who comes next at the school, from which day, and why."""

    successor = forms.ModelChoiceField(
        User.objects.none(), label=_("接任账号"), required=False, empty_label=_("新开账号")
    )
    name = TidyCharField(label=_("接任人姓名"), max_length=50, required=False, help_text=_("新开账号时填写。"))
    username = username_field(required=False, help_text=_("新开账号时可以填写，不填则用学校标识码加序号。"))
    on = DayField(label=_("交接日期"))
    reason = TidyCharField(label=_("交接原因"), max_length=200)

    def __init__(self, *args: Any, closed: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if closed.exists():
            self.fields["successor"].queryset = closed  # type: ignore[attr-defined]
        else:
            del self.fields["successor"]

    def clean_username(self) -> str:
        return free_username(self.cleaned_data["username"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("successor") and "name" in cleaned and not cleaned["name"]:
            self.add_error("name", forms.ValidationError(_("请填写接任人的姓名。"), code="required"))
        return cleaned


class OfficerListForm(forms.Form):
    """A sheet of officers to be added or brought up to date."""

    file = forms.FileField(
        label=_("专干名单文件"), max_length=200, widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"})
    )


class NewPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """A password of one's own in place of the first one, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("新密码")
        self.fields["new_password1"].help_text = _("至少 10 个字符，不要与账号、姓名相近，不要用常见密码。")
        self.fields["new_password2"].label = _("再输入一次")

    def clean_new_password1(self) -> str:
        password: str = self.cleaned_data["new_password1"]
        if self.user.check_password(password):
            raise forms.ValidationError(_("新密码不能与原密码相同。"), code="same-password")
        return password


class OwnPasswordForm(NewPasswordForm):
    """One's own new password, after the old one."""

    old_password = forms.CharField(
        label=_("原密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    field_order = ("old_password", "new_password1", "new_password2")

    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("原密码不正确。"), code="wrong-password")
        return password
