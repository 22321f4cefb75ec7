"""Who works here, and what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.roles import COUNTY, READERS
from common.roles import Role as _Role

if TYPE_CHECKING:
    from common.roles import Person


class User(AbstractUser):
    """One person's account. A school officer belongs to one school; the others to the county."""

    Role = _Role

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("姓名"), max_length=50)
    role = models.CharField(_("岗位"), max_length=10, choices=_Role)
    school = models.ForeignKey(
        "schools.School",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="officers",
        verbose_name=_("学校"),
    )
    is_principal = models.BooleanField(_("学校负责人"), default=False, help_text=_("确认本校经办人核对过的名单"))
    first_password_until = models.DateTimeField(_("初始密码有效期"), null=True, blank=True)
    """Set while the password is a first one (accounts.first_passwords)."""
    first_password_used_at = models.DateTimeField(_("初始密码使用时间"), null=True, blank=True)
    """When its one sign-in was made."""

    objects = UserManager()  # type: ignore[misc]  # named anew for the migrations and the types

    REQUIRED_FIELDS = ["name", "role"]

    class Meta:
        verbose_name = _("账号")
        verbose_name_plural = _("账号")
        ordering = ("username",)
        constraints = [
            models.CheckConstraint(
                name="user_school_goes_with_role",
                condition=Q(role=_Role.SCHOOL, school__isnull=False) | (~Q(role=_Role.SCHOOL) & Q(school=None)),
                violation_error_message=_("学校资助专干必须选择学校，其他岗位不能选择学校。"),
            ),
            models.CheckConstraint(
                name="user_principal_is_of_a_school",
                condition=Q(is_principal=False) | Q(school__isnull=False),
                violation_error_message=_("只有学校账号可以是学校负责人。"),
            ),
            models.CheckConstraint(
                name="user_first_password_used_only_if_given",
                condition=Q(first_password_used_at=None) | Q(first_password_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def has_first_password(self) -> bool:
        """Whether the password in force is one that somebody else knew, to be changed before anything else."""
        return self.first_password_until is not None

    @property
    def is_county(self) -> bool:
        return self.role in COUNTY

    @property
    def reads_all(self) -> bool:
        return self.role in READERS


class ActionQuerySet(models.QuerySet["Action"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("actor").order_by("-pk")


class Action(models.Model):
    """One act of one person (操作日志). Rows are only ever added; a trigger refuses the rest."""

    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="actions", verbose_name=_("操作人")
    )
    verb = models.CharField(_("操作"), max_length=50)
    target_type = models.CharField(_("对象类型"), max_length=50)
    target_id = models.CharField(_("对象编号"), max_length=50)
    target_label = models.CharField(_("对象"), max_length=200)
    at = models.DateTimeField(_("时间"))
    details = models.JSONField(_("详情"), default=dict)

    objects = ActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("操作记录")
        verbose_name_plural = _("操作日志")
        ordering = ("-pk",)
        indexes = [
            models.Index(fields=["target_type", "target_id"], name="action_by_target"),
            models.Index(fields=["verb", "-id"], name="action_by_verb"),
            models.Index(fields=["at"], name="action_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target_label}"


class Allowance(models.Model):
    """How often something was done by one address in one window of time; gone when the window is over."""

    mark = models.CharField(max_length=32, primary_key=True)
    """Keyed, of what is limited, the address and the window: nothing leads back to the address."""
    used = models.PositiveIntegerField(_("次数"), default=1)
    ends_at = models.DateTimeField(_("至"))

    class Meta:
        verbose_name = _("访问次数")
        verbose_name_plural = _("访问次数")
        ordering = ("mark",)
        indexes = [models.Index(fields=["ends_at"], name="allowance_by_end")]

    def __str__(self) -> str:
        return self.mark
