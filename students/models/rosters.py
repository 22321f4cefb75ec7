"""What schools hand in: rosters, their problems and mended cells, and what the county says to a school of a term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from students.choices import RosterState, Severity

if TYPE_CHECKING:
    from common.roles import Person


class RosterQuerySet(models.QuerySet["Roster"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("school__town", "term", "file").order_by(
            "-term__starts_on", "school__code", "-version"
        )


class Roster(models.Model):
    """One school's statement of all its children in a term: an uploaded file, checked, then in force.

    Later changes are another version; the version in force is the term's truth for that school.
    """

    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="rosters", verbose_name=_("学校")
    )
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="rosters", verbose_name=_("学期"))
    version = models.PositiveIntegerField(_("版本"))
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("文件"))
    state = models.CharField(_("状态"), max_length=12, choices=RosterState, default=RosterState.UPLOADED)
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传时间"))
    committed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("确认人")
    )
    committed_at = models.DateTimeField(_("确认时间"), null=True)
    reason = models.CharField(_("大量变动的说明"), max_length=200, blank=True)
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_params = models.JSONField(default=dict)
    rows_read = models.PositiveIntegerField(_("数据行"), default=0)
    rows_good = models.PositiveIntegerField(_("可入库行"), default=0)
    rows_refused = models.PositiveIntegerField(_("错误行"), default=0)
    rows_doubtful = models.PositiveIntegerField(_("需说明行"), default=0)
    came = models.PositiveIntegerField(_("新增"), default=0)
    left = models.PositiveIntegerField(_("离校"), default=0)
    changed = models.PositiveIntegerField(_("变动"), default=0)

    objects = RosterQuerySet.as_manager()

    class Meta:
        verbose_name = _("花名册")
        verbose_name_plural = _("花名册")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["school", "term", "version"], name="roster_version_once"),
            models.UniqueConstraint(
                fields=["school", "term"], condition=Q(state="in_force"), name="roster_one_in_force"
            ),
            models.UniqueConstraint(
                fields=["school", "term"], condition=Q(state="committing"), name="roster_one_committing"
            ),
            models.CheckConstraint(
                name="roster_in_force_was_committed",
                condition=~Q(state__in=["in_force", "superseded"])
                | Q(committed_by__isnull=False, committed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.term} v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("students:roster", args=[self.pk])


class RosterIssue(models.Model):
    """One problem in one cell of an uploaded roster, worded when shown (students.issues)."""

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="issues")
    row = models.PositiveIntegerField(_("行"))
    column = models.PositiveSmallIntegerField(_("列"), null=True)
    field = models.CharField(_("字段"), max_length=30, blank=True)
    code = models.CharField(_("代码"), max_length=40)
    severity = models.CharField(_("级别"), max_length=10, choices=Severity)
    params = models.JSONField(default=dict)
    value = models.CharField(_("原值（遮蔽）"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("花名册问题")
        verbose_name_plural = _("花名册问题")
        ordering = ("row", "column", "pk")
        indexes = [models.Index(fields=["roster", "severity", "row"], name="rosterissue_by_severity")]

    def __str__(self) -> str:
        return f"{self.row}:{self.code}"
