"""Lists of towns and of schools as sheets: one row each, known by its code, added or brought up to date."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from import_export import fields, resources, widgets
from import_export.instance_loaders import BaseInstanceLoader

from common import masking
from schools.cells import Choice, Count, Named, Words, YesNo, text_of
from schools.choices import Ownership
from schools.models import School, SchoolKind, SchoolQuerySet, Stage, Town

_SCHOOL_CODE = re.compile(r"^\d{10}$")
_TOWN_CODE = re.compile(r"^\d{6,12}$")
_AND = re.compile(r"[、，,；;/\s]+")


class KnownRows(BaseInstanceLoader):  # type: ignore[misc]
    """Every row of the table by the resource's key, read once for a file."""

    def __init__(self, resource: "ListResource", dataset: Any = None) -> None:
        super().__init__(resource, dataset)
        self._known = {resource.key_of(known): known for known in resource.get_queryset()}

    def get_instance(self, row: dict[str, Any]) -> Any:
        return self._known.get(self.resource.key_in(row))


class ListMeta:
    """How every list is taken: in bulk, as a whole or not at all, with what each row was before."""

    instance_loader_class = KnownRows
    use_bulk = True
    use_transactions = True
    skip_unchanged = True
    skip_html_diff = True
    store_instance = True


class ListResource(resources.ModelResource):  # type: ignore[misc]
    """A list that people bring as a sheet: unknown keys are added, known ones changed, none is removed.

    A column that the file leaves out stays as it is. What would break the whole batch in the database is said
    of its row.
    """

    repeated: str | Promise

    def key_of(self, known: Any) -> Any:
        """What tells one row of the table from the others."""
        return known.code

    def key_in(self, row: dict[str, Any]) -> Any:
        """The same, as the sheet writes it."""
        raise NotImplementedError

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self._first_rows: dict[Any, int] = {}

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        first = self._first_rows.setdefault(self.key_in(row), kwargs["row_number"])
        if first != kwargs["row_number"]:
            raise ValidationError({self.get_import_id_fields()[0]: str(self.repeated) % {"other": first}})

    def get_bulk_update_fields(self) -> list[str]:
        concrete = {field.name for field in self._meta.model._meta.concrete_fields}
        return [name for name in super().get_bulk_update_fields() if name in concrete]

    def changed_columns(self, original: Any, changed: Any) -> list[str]:
        """The columns in which two states of one row differ, by the sheet's own names."""
        return [
            str(field.column_name)
            for field in self.get_import_fields()
            if field.get_value(original) != field.get_value(changed)
        ]


class TownResource(ListResource):
    """Towns by code."""

    repeated = _("与第 %(other)s 个乡镇的代码相同。")

    code = fields.Field(attribute="code", column_name="代码", widget=Words(longest=12, missing=_("没有填写代码。")))
    name = fields.Field(attribute="name", column_name="名称", widget=Words(longest=50, missing=_("没有填写名称。")))
    is_county_town = fields.Field(attribute="is_county_town", column_name="县城", widget=YesNo())
    position = fields.Field(attribute="position", column_name="排序", widget=Count())

    class Meta(ListMeta):
        model = Town
        fields = ("code", "name", "is_county_town", "position")
        import_id_fields = ("code",)

    def key_in(self, row: dict[str, Any]) -> str:
        return text_of(row.get("代码"))

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        super().before_import(dataset, **kwargs)
        self._named = dict(Town.objects.values_list("name", "code"))

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        super().before_import_row(row, **kwargs)
        code, name = self.key_in(row), text_of(row.get("名称"))
        if code and not _TOWN_CODE.match(code):
            raise ValidationError({"code": _now("乡镇代码是 6 到 12 位数字。")})
        if self._named.setdefault(name, code) != code:
            raise ValidationError({"name": _now("已经有名为“%(name)s”的乡镇。") % {"name": name}})


class _StageNames(widgets.Widget):  # type: ignore[misc]
    """Stages by name or code, several in one cell."""

    def __init__(self) -> None:
        super().__init__()
        self._stages: list[Stage] | None = None

    def _all(self) -> list[Stage]:
        if self._stages is None:
            self._stages = list(Stage.objects.all())
        return self._stages

    def clean(self, value: object, row: Any = None, **kwargs: Any) -> tuple[str, ...]:
        wanted = {word for word in _AND.split(text_of(value)) if word}
        known = {word: stage.code for stage in self._all() for word in (stage.code, stage.name)}
        for word in sorted(wanted - known.keys()):
            raise ValueError(_now("没有名为“%(text)s”的学段。") % {"text": word})
        codes = {known[word] for word in wanted}
        return tuple(stage.code for stage in self._all() if stage.code in codes)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "、".join(stage.name for stage in self._all() if stage.code in value)


class _OwnStages(fields.Field):  # type: ignore[misc]
    """A school's own stages, which hang on it only when it is saved: until then they wait on the object."""

    def get_value(self, instance: Any) -> tuple[str, ...]:
        waiting: tuple[str, ...] | None = getattr(instance, "waiting_stages", None)
        if waiting is None:
            waiting = tuple(stage.code for stage in instance.stages.all()) if instance.pk else ()
            instance.waiting_stages = waiting
        return waiting

    def save(self, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        instance.waiting_stages = self.clean(row, **kwargs)


class SchoolResource(ListResource):
    """Schools by code.

    Account numbers leave masked, and a masked number that comes back changes nothing, so that an exported sheet can
    be mended and brought back. Where the sheet does not say whether a new school is in the county town, its town says.
    """

    repeated = _("与第 %(other)s 所学校的标识码相同。")

    code = fields.Field(
        attribute="code", column_name="学校标识码", widget=Words(longest=10, missing=_("没有填写学校标识码。"))
    )
    name = fields.Field(
        attribute="name", column_name="学校名称", widget=Words(longest=100, missing=_("没有填写学校名称。"))
    )
    town = fields.Field(attribute="town", column_name="乡镇", widget=Named(Town, _("没有名为“%(text)s”的乡镇。")))
    kind = fields.Field(
        attribute="kind", column_name="学校类型", widget=Named(SchoolKind, _("没有名为“%(text)s”的学校类型。"))
    )
    stages = _OwnStages(attribute="stages", column_name="学段", widget=_StageNames())
    ownership = fields.Field(
        attribute="ownership",
        column_name="办别",
        widget=Choice(Ownership.choices, _("“%(text)s”看不懂，请填“公办”“普惠性民办”或“民办”。")),
    )
    is_county_town = fields.Field(attribute="is_county_town", column_name="县城", widget=YesNo())
    has_boarding = fields.Field(attribute="has_boarding", column_name="寄宿", widget=YesNo())
    account_holder = fields.Field(attribute="account_holder", column_name="户名", widget=Words(longest=100))
    account_bank = fields.Field(attribute="account_bank", column_name="开户行", widget=Words(longest=100))
    account_number = fields.Field(attribute="account_number", column_name="账号", widget=Words(longest=40))

    class Meta(ListMeta):
        model = School
        fields = (
            "code", "name", "town", "kind", "stages", "ownership", "is_county_town", "has_boarding",
            "account_holder", "account_bank", "account_number",
        )  # fmt: skip
        import_id_fields = ("code",)

    def get_queryset(self) -> SchoolQuerySet:
        return School.objects.for_list().prefetch_related("stages")

    def key_of(self, known: School) -> str:
        self.fields["stages"].get_value(known)
        return known.code

    def key_in(self, row: dict[str, Any]) -> str:
        return text_of(row.get("学校标识码"))

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        code = row["学校标识码"] = self.key_in(row)
        if code and not _SCHOOL_CODE.match(code):
            raise ValidationError({"code": _now("学校标识码是 10 位数字。")})
        super().before_import_row(row, **kwargs)

    def import_field(self, field: Any, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any) -> None:
        text = text_of(row.get(field.column_name))
        if field.attribute == "account_number" and "*" in text:
            return
        if field.attribute == "is_county_town" and not text:
            return
        super().import_field(field, instance, row, is_m2m, **kwargs)

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        super().import_instance(instance, row, **kwargs)
        if instance._state.adding and not text_of(row.get("县城")):
            instance.is_county_town = instance.town.is_county_town

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        """The schools have keys now: hang their stages on them."""
        super().after_import(dataset, result, **kwargs)
        taken = [row.instance for row in result.rows if row.is_new() or row.is_update()]
        waiting = {school.pk: self.fields["stages"].get_value(school) for school in taken}
        if kwargs.get("dry_run") or not waiting:
            return
        links = School.stages.through.objects
        links.filter(school__in=waiting).delete()
        links.bulk_create(
            (links.model(school_id=pk, stage_id=code) for pk, codes in waiting.items() for code in codes),
            batch_size=500,
        )

    def dehydrate_account_number(self, school: School) -> str:
        return masking.card(school.account_number)
