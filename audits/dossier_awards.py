"""A school's awards of a term as an annex of its dossier."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _
from import_export import fields, resources

from common.workbooks import Column, write_table
from disbursements.models import Payment
from programs.models import Award, AwardQuerySet

_COLUMNS = (
    "student__name", "student__id_number", "stage__name", "grade", "class_name", "is_boarding", "program__name",
    "category__name", "level", "tier", "amount_fen", "state", "dropped_reason", "student", "program", "category",
    "stage", "list__number", "list",
)  # fmt: skip


class DossierAwardResource(resources.ModelResource):  # type: ignore[misc]
    """One line for each award, with those that were taken out. Ids are masked; phones, cards and births stay away."""

    name = fields.Field("student__name", _("姓名"))
    masked_id = fields.Field("student__masked_id", _("证件号（已遮蔽）"))
    stage = fields.Field("stage", _("学段"))
    grade = fields.Field("grade", _("年级"))
    class_name = fields.Field("class_name", _("班级"))
    boarding = fields.Field("is_boarding", _("寄宿"))
    program = fields.Field("program", _("资助项目"))
    category = fields.Field("category__name", _("困难类型"))
    level = fields.Field("level", _("认定等级"))
    tier = fields.Field("tier", _("档次"))
    amount = fields.Field("amount_fen", _("金额（元）"))
    state = fields.Field("state", _("状态"))
    payment = fields.Field(None, _("发放"))
    paid_on = fields.Field(None, _("到账日期"))
    dropped = fields.Field("dropped_reason", _("移出原因"))

    class Meta:
        model = Award
        fields = (
            "name", "masked_id", "stage", "grade", "class_name", "boarding", "program", "category", "level", "tier",
            "amount", "state", "payment", "paid_on", "dropped",
        )  # fmt: skip

    def filter_export(self, queryset: AwardQuerySet, **kwargs: Any) -> AwardQuerySet:
        """Only what the columns need, with the newest try of each payment."""
        tries = Payment.objects.select_related("bounce").order_by("attempt")
        related = queryset.select_related(None).select_related("student", "stage", "program", "category", "list")
        return related.only(*_COLUMNS).prefetch_related(Prefetch("payments", tries))

    def dehydrate_stage(self, award: Award) -> str:
        return str(award.stage)

    def dehydrate_boarding(self, award: Award) -> str:
        return str(_("是") if award.is_boarding else _("否"))

    def dehydrate_program(self, award: Award) -> str:
        return str(award.program)

    def dehydrate_level(self, award: Award) -> str:
        return award.get_level_display()

    def dehydrate_amount(self, award: Award) -> int:
        return award.amount_fen

    def dehydrate_state(self, award: Award) -> str:
        return award.get_state_display()

    def dehydrate_payment(self, award: Award) -> str:
        if (last := _last(award)) is None:
            return str(_("未发放"))
        return str(_("到账后退票")) if last.late_return else last.get_state_display()

    def dehydrate_paid_on(self, award: Award) -> str:
        last = _last(award)
        return f"{last.paid_on:%Y-%m-%d}" if last and last.paid_on else ""


def _last(award: Award) -> Payment | None:
    tries = list(award.payments.all())
    return tries[-1] if tries else None


_WIDTHS = {"name": 14, "masked_id": 22, "program": 30, "category": 22, "dropped": 30}


def write(awards: AwardQuerySet, *, title: str, taken: str) -> bytes:
    """The workbook; rows are read and written one by one."""
    resource = DossierAwardResource()
    exported = resource.get_export_fields()
    kinds = {"amount": "money"}
    columns = [
        Column(str(field.column_name), _WIDTHS.get(name, 12), kinds.get(name, "text"))  # type: ignore[arg-type]
        for name, field in zip(DossierAwardResource.Meta.fields, exported, strict=True)
    ]
    return write_table(title, columns, _rows(resource, awards), preamble=[taken], sheet_name=str(_("资助名单")))


def _rows(resource: DossierAwardResource, awards: AwardQuerySet) -> Iterator[list[Any]]:
    rows = resource.filter_export(awards).order_by("list__number", "grade_no", "class_name", "pk")
    for award in rows.iterator(chunk_size=500):
        yield resource.export_resource(award)
