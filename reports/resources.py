"""The names behind a figure as a table to take along."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from import_export import fields, resources

from common import money
from programs.models import Award, AwardQuerySet

_COLUMNS = (
    "term__code", "student__name", "student__id_number", "school__name", "grade", "class_name", "program__name",
    "tier", "amount_fen", "category__name", "stage__name", "term", "student", "school", "program", "category", "stage",
)  # fmt: skip


class AwardResource(resources.ModelResource):  # type: ignore[misc]
    """One line for each award. Ids leave the office masked; phones, cards and birth dates not at all."""

    term = fields.Field("term", _("学期"))
    name = fields.Field("student__name", _("姓名"))
    masked_id = fields.Field("student__masked_id", _("证件号（已遮蔽）"))
    school = fields.Field("school__name", _("学校"))
    stage = fields.Field("stage", _("学段"))
    grade = fields.Field("grade", _("年级"))
    class_name = fields.Field("class_name", _("班级"))
    program = fields.Field("program", _("资助项目"))
    category = fields.Field("category__name", _("困难类型"))
    tier = fields.Field("tier", _("档次"))
    amount = fields.Field("amount_fen", _("金额（元）"))

    class Meta:
        model = Award
        fields = (
            "term", "name", "masked_id", "school", "stage", "grade", "class_name", "program", "category", "tier",
            "amount",
        )  # fmt: skip

    def filter_export(self, queryset: AwardQuerySet, **kwargs: Any) -> AwardQuerySet:
        """Only what the columns need: a sealed number that is not shown is not opened either."""
        related = queryset.select_related(None).select_related(
            "term", "student", "school", "stage", "program", "category"
        )
        return related.only(*_COLUMNS)

    def dehydrate_term(self, award: Award) -> str:
        return str(award.term)

    def dehydrate_stage(self, award: Award) -> str:
        return str(award.stage)

    def dehydrate_program(self, award: Award) -> str:
        return str(award.program)

    def dehydrate_amount(self, award: Award) -> str:
        return money.yuan(award.amount_fen)
