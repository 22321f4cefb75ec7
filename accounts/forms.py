"""Signing in, and the administrator's forms for accounts. Forms clean; they never save."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.forms import FilterForm, SearchField, TidyCharField
from common.roles import Role
from schools.models import School


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


class NewUserForm(UserForm):
    """An account to be opened, with its first password."""

    username = forms.CharField(label=_("账号"), max_length=150, validators=[UnicodeUsernameValidator()])
    password = forms.CharField(
        label=_("初始密码"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("至少 10 个字符，当面交给本人，请本人登录后修改。"),
    )
    field_order = ("username", "name", "role", "school", "password", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["is_active"]

    def clean_username(self) -> str:
        username: str = User.normalize_username(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("这个账号已经有了，请换一个。"), code="taken")
        return username

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(
            password, User(username=self.cleaned_data.get("username", ""), name=self.cleaned_data.get("name", ""))
        )
        return password


class ResetPasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """A new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("新密码")
        self.fields["new_password1"].help_text = _("至少 10 个字符，不要与账号、姓名相近，不要用常见密码。")
        self.fields["new_password2"].label = _("再输入一次")


class OwnPasswordForm(ResetPasswordForm):
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
