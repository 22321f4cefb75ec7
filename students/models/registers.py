"""Categories of hardship, and the lists of other offices that name people in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common import resident_ids
from common.roles import READERS
from common.sealed import IndexField, SealedField
from students.choices import CategoryGroup, LineCode, Sex, SnapshotState, WhenEntering, WhenLeaving

if TYPE_CHECKING:
    from common.roles import Person


class HardshipCategory(models.Model):
    """A category of special hardship (特殊困难类型) with its official label; old labels stay (CategoryLabel).

    A child may hold several. `priority` names the one that reports count (lowest first).
    """

    code = models.CharField(_("代码"), max_length=30, primary_key=True)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    group = models.CharField(_("统计归类"), max_length=20, choices=CategoryGroup)
    priority = models.PositiveSmallIntegerField(_("统计顺序"), unique=True)
    owner = models.CharField(_("主管部门"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("困难类型")
        verbose_name_plural = _("困难类型")
        ordering = ("priority",)

    def __str__(self) -> str:
        return _now(self.name)


class CategoryLabel(models.Model):
    """A label under which files name a category, and the years in which it was the official one."""

    category = models.ForeignKey(
        HardshipCategory, on_delete=models.PROTECT, related_name="labels", verbose_name=_("困难类型")
    )
    label = models.CharField(_("写法"), max_length=40, unique=True)
    official_from = models.DateField(_("正式使用自"), null=True, blank=True)
    official_to = models.DateField(_("正式使用至"), null=True, blank=True)

    class Meta:
        verbose_name = _("困难类型写法")
        verbose_name_plural = _("困难类型写法")
        ordering = ("category", "pk")

    def __str__(self) -> str:
        return self.label


class RegisterSource(models.Model):
    """An office that lists people in hardship, and the category its list means where it names none."""

    code = models.CharField(_("代码"), max_length=30, primary_key=True)
    name = models.CharField(_("名称"), max_length=50, unique=True)
    office = models.CharField(_("提供部门"), max_length=50)
    category = models.ForeignKey(
        HardshipCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("默认困难类型")
    )
    headings = models.JSONField(_("表头写法"), default=dict, help_text=_("字段 → 表头的各种写法"))
    position = models.PositiveSmallIntegerField(_("排序"), default=0)
    when_entering = models.CharField(
        _("学期中新进入名单"), max_length=10, choices=WhenEntering, default=WhenEntering.AT_ONCE
    )
    when_leaving = models.CharField(
        _("学期中离开名单"), max_length=10, choices=WhenLeaving, default=WhenLeaving.TERM_END
    )

    class Meta:
        verbose_name = _("名单来源")
        verbose_name_plural = _("名单来源")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return _now(self.name)

    def get_absolute_url(self) -> str:
        return reverse("students:source", args=[self.pk])


class SnapshotQuerySet(models.QuerySet["RegisterSnapshot"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("source", "file", "uploaded_by").order_by("-as_of", "source__position", "-pk")


class RegisterSnapshot(models.Model):
    """One list of another office as of a day, frozen. The next one supersedes it; none is edited."""

    source = models.ForeignKey(
        RegisterSource, on_delete=models.PROTECT, related_name="snapshots", verbose_name=_("来源")
    )
    as_of = models.DateField(_("名单日期"))
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("文件"))
    state = models.CharField(_("状态"), max_length=10, choices=SnapshotState, default=SnapshotState.UPLOADED)
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传时间"))
    rows_read = models.PositiveIntegerField(_("数据行"), default=0)
    people = models.PositiveIntegerField(_("人数"), default=0)
    rows_refused = models.PositiveIntegerField(_("未采用行"), default=0)
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_params = models.JSONField(default=dict)
    withdrawn_reason = models.CharField(_("撤回原因"), max_length=200, blank=True)
    compared_with = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("对照的上一份")
    )
    came = models.PositiveIntegerField(_("新进入"), default=0)
    left = models.PositiveIntegerField(_("离开"), default=0)
    changed = models.PositiveIntegerField(_("信息变动"), default=0)
    readings = models.PositiveSmallIntegerField(_("重读次数"), default=0)
    notes = models.JSONField(
        _("读取说明"), default=dict, help_text=_("没有认出的表头（headings）和困难类型写法（labels → 行数）")
    )

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = _("名单")
        verbose_name_plural = _("困难群体名单")
        ordering = ("-as_of", "-pk")
        constraints = [
            models.CheckConstraint(
                name="snapshot_withdrawn_has_a_reason",
                condition=~Q(state="withdrawn") | ~Q(withdrawn_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.as_of:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("students:snapshot", args=[self.pk])


class RegisterPerson(models.Model):
    """One line of a frozen list. `key` recognizes the same person in the next list of that source."""

    snapshot = models.ForeignKey(
        RegisterSnapshot, on_delete=models.PROTECT, related_name="persons", verbose_name=_("名单")
    )
    row = models.PositiveIntegerField(_("行"))
    key = models.CharField(max_length=32, editable=False)
    household_no = models.CharField(_("户编号"), max_length=40, blank=True)
    relation = models.CharField(_("与户主关系"), max_length=20, blank=True)
    head_name = models.CharField(_("户主姓名"), max_length=100, blank=True)
    name = models.CharField(_("姓名"), max_length=100)
    name_key = models.CharField(max_length=100, editable=False)
    sex = models.CharField(_("性别"), max_length=10, choices=Sex, default=Sex.UNKNOWN)
    born_on = models.DateField(_("出生日期"), null=True)
    id_kind = models.CharField(_("证件号情况"), max_length=10, choices=[(k.value, k.name) for k in resident_ids.IdKind])
    id_number = SealedField(_("证件号"))
    id_number_index = IndexField()
    phone = SealedField(_("电话"))
    phone_index = IndexField()
    town_name = models.CharField(_("乡镇"), max_length=50, blank=True)
    village = models.CharField(_("村"), max_length=100, blank=True)
    category = models.ForeignKey(
        HardshipCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("困难类型")
    )
    label = models.CharField(_("名单原文"), max_length=40, blank=True)
    schooling = models.CharField(_("在校生状况"), max_length=40, blank=True, default="")

    class Meta:
        verbose_name = _("名单人员")
        verbose_name_plural = _("名单人员")
        ordering = ("snapshot", "row")
        constraints = [models.UniqueConstraint(fields=["snapshot", "row"], name="registerperson_once_per_row")]
        indexes = [
            models.Index(fields=["snapshot", "household_no"], name="registerperson_by_household"),
            models.Index(fields=["id_number_index", "snapshot"], name="registerperson_by_number"),
            models.Index(fields=["snapshot", "key"], name="registerperson_by_key"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def masked_id(self) -> str:
        return resident_ids.mask(self.id_number)


class RegisterLine(models.Model):
    """What is to say of one line of a list: why it was not taken, or with what remark its person was."""

    snapshot = models.ForeignKey(
        RegisterSnapshot, on_delete=models.CASCADE, related_name="lines", verbose_name=_("名单")
    )
    row = models.PositiveIntegerField(_("行"))
    code = models.CharField(_("情况"), max_length=10, choices=LineCode)
    other_row = models.PositiveIntegerField(_("另一行"), null=True)

    class Meta:
        verbose_name = _("名单行说明")
        verbose_name_plural = _("名单行说明")
        ordering = ("snapshot", "row", "code")
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "row", "code"], name="registerline_once_per_code"),
        ]
        indexes = [models.Index(fields=["snapshot", "code", "row"], name="registerline_by_code")]

    def __str__(self) -> str:
        return f"{self.snapshot_id}/{self.row} {self.code}"
