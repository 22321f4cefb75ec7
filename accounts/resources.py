"""The list of school officers as a sheet: one row an account, known by its user name, added or brought up to date."""

from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export import fields, widgets

from accounts import officers
from accounts.models import User
from common.roles import Role
from schools.cells import Named, Words, text_of
from schools.models import School
from schools.resources import ListMeta, ListResource

IN_SERVICE, CLOSED = "在用", "停用"


class _Username(Words):
    def clean(self, value: object, row: Any = None, **kwargs: Any) -> str:
        username = super().clean(value, row, **kwargs)
        try:
            UnicodeUsernameValidator()(username)
        except ValidationError:
            raise ValueError(_now("账号只能有文字、数字和 @ . + - _。")) from None
        return username


class _InService(widgets.Widget):  # type: ignore[misc]
    def clean(self, value: object, row: Any = None, **kwargs: Any) -> bool:
        text = text_of(value)
        if text not in {IN_SERVICE, CLOSED}:
            raise ValueError(_now("“%(text)s”看不懂，请填“在用”或“停用”。") % {"text": text})
        return text == IN_SERVICE

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return IN_SERVICE if value else CLOSED


class OfficerResource(ListResource):
    """Officers by user name.

    A row without a user name is the officer of that name at that school, else a new account with the school's next
    user name, so that one sheet of schools and names does for a whole county and can be brought again. No row
    touches an account that is not an officer's, and none moves an officer to another school. Passwords neither
    come nor go.
    """

    repeated = _("与第 %(other)s 名专干的账号相同。")

    school = fields.Field(
        attribute="school",
        column_name="学校标识码",
        widget=Named(School, _("没有标识码为“%(text)s”的学校。"), by=("code",), shown="code"),
    )
    school_name = fields.Field(attribute="school__name", column_name="学校名称", readonly=True)
    name = fields.Field(attribute="name", column_name="姓名", widget=Words(longest=50, missing=_("没有填写姓名。")))
    username = fields.Field(attribute="username", column_name="账号", widget=_Username(longest=150))
    is_active = fields.Field(attribute="is_active", column_name="状态", widget=_InService())

    class Meta(ListMeta):
        model = User
        fields = ("school", "school_name", "name", "username", "is_active")
        import_id_fields = ("username",)

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.filter(role=Role.SCHOOL).select_related("school").defer("school__account_number")

    def key_of(self, known: User) -> str:
        return known.username.casefold()

    def key_in(self, row: dict[str, Any]) -> str:
        return text_of(row.get("账号")).casefold()

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        self._known: dict[str, tuple[str, str, str]] = {}
        self._by_name: dict[tuple[str, str], str] = {}
        self._of_school: dict[str, list[tuple[str]]] = {}
        known = User.objects.order_by("is_active", "pk").values_list("username", "role", "school__code", "name")
        for username, role, code, name in known:
            self._known[username.casefold()] = (username, role, code or "")
            self._by_name[code or "", name] = username
            self._of_school.setdefault(username.rpartition("-")[0], []).append((username,))

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        code = row["学校标识码"] = text_of(row.get("学校标识码"))
        username = text_of(row.get("账号")) or self._username_for(code, text_of(row.get("姓名")))
        row["账号"], role, its_code = self._known.get(username.casefold(), (username, Role.SCHOOL, code))
        if role != Role.SCHOOL:
            raise ValidationError({"username": _now("这个账号不是学校资助专干，不能在这里改动。")})
        if its_code != code:
            raise ValidationError({"username": _now("这个账号属于另一所学校。换学校的专干请在新学校另开账号。")})
        super().before_import_row(row, **kwargs)

    def _username_for(self, code: str, name: str) -> str:
        if username := self._by_name.get((code, name)):
            return username
        taken = self._of_school.setdefault(code, [])
        username = officers.next_username(code, taken)
        taken.append((username,))
        return username

    def init_instance(self, row: Any = None) -> User:
        return User(role=Role.SCHOOL, password=make_password(None))

    def import_field(self, field: Any, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        if field.attribute == "is_active" and not text_of(row.get(field.column_name)):
            return
        super().import_field(field, instance, row, is_m2m, **kwargs)
