"""The list of schools as a sheet: one row a school, known by its code, added or brought up to date."""

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export import fields, resources, widgets
from import_export.instance_loaders import CachedInstanceLoader

from common import masking
from schools.choices import Ownership
from schools.models import School, SchoolKind, SchoolQuerySet, Town

_CODE = re.compile(r"^\d{10}$")
_YES = {"是", "有", "√", "1", "Y", "YES", "TRUE"}
_NO = {"否", "无", "没有", "0", "N", "NO", "FALSE", ""}


def _text(value: object) -> str:
    """What a cell says; a code that a sheet kept as a number loses the ".0" it got there."""
    text = str(value if value is not None else "").strip()
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text


class _Words(widgets.Widget):  # type: ignore[misc]
    """A text of limited length, which may have to be there."""

    def __init__(self, *, longest: int, missing: str | Promise = "") -> None:
        super().__init__()
        self.longest = longest
        self.missing = missing

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> str:
        text = _text(value)
        if not text and self.missing:
            raise ValueError(str(self.missing))
        if len(text) > self.longest:
            raise ValueError(_now("最多 %(longest)s 个字。") % {"longest": self.longest})
        return text


class _Named(widgets.Widget):  # type: ignore[misc]
    """A row of a small reference table by its name or code. The table is read once for a file."""

    def __init__(self, model: type[models.Model], refusal: str | Promise) -> None:
        super().__init__()
        self.model = model
        self.refusal = refusal
        self._rows: dict[str, models.Model] | None = None

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> models.Model:
        if self._rows is None:
            self._rows = {}
            for known in self.model._default_manager.all():
                self._rows[str(known.pk)] = self._rows[getattr(known, "name")] = known  # noqa: B009
        text = _text(value)
        if text not in self._rows:
            raise ValueError(str(self.refusal) % {"text": text})
        return self._rows[text]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.name if value else ""


class _Choice(widgets.Widget):  # type: ignore[misc]
    """One of a few words, written as the pages say them."""

    def __init__(self, choices: Iterable[tuple[str, Any]], refusal: str | Promise) -> None:
        super().__init__()
        self.choices = list(choices)
        self.refusal = refusal

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> str:
        text = _text(value)
        for code, label in self.choices:
            if text in {code, str(label)}:
                return code
        raise ValueError(str(self.refusal) % {"text": text})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(dict(self.choices).get(value, value or ""))


class _YesNo(widgets.Widget):  # type: ignore[misc]
    def clean(self, value: object, row: Any = None, **kwargs: Any) -> bool:
        text = _text(value).upper()
        if text in _YES or text in _NO:
            return text in _YES
        raise ValueError(_now("“%(text)s”看不懂，请填“是”或“否”。") % {"text": _text(value)})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "是" if value else "否"


class SchoolResource(resources.ModelResource):  # type: ignore[misc]
    """Schools by code: unknown codes are added, known ones changed where something differs, none is removed.

    A column that the file leaves out stays as it is. Account numbers leave masked, and a masked number that
    comes back changes nothing, so that an exported sheet can be mended and brought back.
    """

    code = fields.Field(
        attribute="code", column_name="学校标识码", widget=_Words(longest=10, missing=_("没有填写学校标识码。"))
    )
    name = fields.Field(
        attribute="name", column_name="学校名称", widget=_Words(longest=100, missing=_("没有填写学校名称。"))
    )
    town = fields.Field(attribute="town", column_name="乡镇", widget=_Named(Town, _("没有名为“%(text)s”的乡镇。")))
    kind = fields.Field(
        attribute="kind", column_name="学校类型", widget=_Named(SchoolKind, _("没有名为“%(text)s”的学校类型。"))
    )
    ownership = fields.Field(
        attribute="ownership",
        column_name="办别",
        widget=_Choice(Ownership.choices, _("“%(text)s”看不懂，请填“公办”“普惠性民办”或“民办”。")),
    )
    has_boarding = fields.Field(attribute="has_boarding", column_name="寄宿", widget=_YesNo())
    account_holder = fields.Field(attribute="account_holder", column_name="户名", widget=_Words(longest=100))
    account_bank = fields.Field(attribute="account_bank", column_name="开户行", widget=_Words(longest=100))
    account_number = fields.Field(attribute="account_number", column_name="账号", widget=_Words(longest=40))

    class Meta:
        model = School
        fields = (
            "code", "name", "town", "kind", "ownership", "has_boarding",
            "account_holder", "account_bank", "account_number",
        )  # fmt: skip
        import_id_fields = ("code",)
        instance_loader_class = CachedInstanceLoader
        use_bulk = True
        use_transactions = True
        skip_unchanged = True
        skip_html_diff = True
        store_instance = True

    def get_queryset(self) -> SchoolQuerySet:
        return School.objects.for_list()

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self._first_rows: dict[str, int] = {}

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """What would break the whole batch in the database is said of its row."""
        code = row["学校标识码"] = _text(row.get("学校标识码"))
        if code and not _CODE.match(code):
            raise ValidationError({"code": _now("学校标识码是 10 位数字。")})
        first = self._first_rows.setdefault(code, kwargs["row_number"])
        if first != kwargs["row_number"]:
            raise ValidationError({"code": _now("与第 %(other)s 所学校的标识码相同。") % {"other": first}})

    def import_field(self, field: Any, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        if field.attribute == "account_number" and "*" in _text(row.get(field.column_name)):
            return
        super().import_field(field, instance, row, is_m2m, **kwargs)

    def dehydrate_account_number(self, school: School) -> str:
        return masking.card(school.account_number)


def changed_columns(original: School, changed: School) -> list[str]:
    """The columns in which two states of one school differ, by the sheet's own names."""
    return [
        str(field.column_name)
        for field in SchoolResource().get_import_fields()
        if field.get_value(original) != field.get_value(changed)
    ]
