"""Background runs and stored files. A run is a row first; the broker only carries its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import COUNTY, READERS, Role
from jobs.choices import FileKind, JobState

if TYPE_CHECKING:
    from common.roles import Person


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def visible_to(self, user: Person) -> Self:
        """Files hold whole numbers: an auditor, who sees masked ones only, gets what is meant for auditors.

        A policy is for everybody: a school reads what its children's aid rests on.
        """
        if user.role == Role.SCHOOL:
            return self.filter(Q(school=user.school_id) | Q(kind=FileKind.POLICY))
        if user.role == Role.AUDITOR:
            return self.filter(kind__in=FileKind.for_auditors())
        return self if user.role in COUNTY else self.none()


class StoredFile(models.Model):
    """A file as it came in or went out, whole and sealed on disk, known by its SHA-256."""

    kind = models.CharField(_("类别"), max_length=20, choices=FileKind)
    name = models.CharField(_("文件名"), max_length=200)
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    size = models.PositiveIntegerField(_("大小（字节）"))
    school = models.ForeignKey(
        "schools.School",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("学校"),
    )
    stored_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="files", verbose_name=_("存入人")
    )
    stored_at = models.DateTimeField(_("存入时间"))

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("文件")
        verbose_name_plural = _("文件")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.name


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("started_by", "school", "term").order_by("-pk")

    def waiting(self) -> Self:
        return self.filter(state__in=[JobState.PENDING, JobState.RUNNING])

    def under_way(self) -> Job | None:
        """The oldest that waits or is at work: whoever orders the same again is given it."""
        return self.waiting().order_by("pk").first()


class Job(models.Model):
    """One background run: its parameters (ids only), its place, its owner and its end.

    `token` is the fence: whoever holds the newest one may commit. `cursor` moves in the same
    transaction as the rows of a chunk, so a killed run goes on where its last commit was.
    """

    kind = models.CharField(_("任务"), max_length=40)
    params = models.JSONField(_("参数"), default=dict)
    key = models.CharField(_("幂等键"), max_length=100, unique=True)
    state = models.CharField(_("状态"), max_length=10, choices=JobState, default=JobState.PENDING)
    cursor = models.PositiveBigIntegerField(_("已处理"), default=0)
    total = models.PositiveBigIntegerField(_("总数"), null=True)
    token = models.UUIDField(null=True, editable=False)
    owner = models.CharField(max_length=120, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveIntegerField(_("启动次数"), default=0)
    stalls = models.PositiveIntegerField(_("无进展次数"), default=0)
    result = models.JSONField(_("结果"), default=dict)
    error_code = models.CharField(_("错误代码"), max_length=50, blank=True)
    error_params = models.JSONField(_("错误参数"), default=dict)
    school = models.ForeignKey(
        "schools.School",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("学校"),
    )
    term = models.ForeignKey(
        "schools.Term",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("学期"),
    )
    started_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="jobs", verbose_name=_("发起人")
    )
    created_at = models.DateTimeField(_("发起时间"))
    finished_at = models.DateTimeField(_("结束时间"), null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("后台任务")
        verbose_name_plural = _("后台任务")
        ordering = ("-pk",)
        indexes = [models.Index(fields=["id"], name="job_waiting", condition=Q(state__in=["pending", "running"]))]
        constraints = [
            models.CheckConstraint(
                name="job_running_has_an_owner",
                condition=Q(state="running", token__isnull=False, lease_until__isnull=False) | ~Q(state="running"),
            ),
            models.CheckConstraint(name="job_failed_has_a_reason", condition=~Q(state="failed") | ~Q(error_code="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("jobs:job", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.state in {JobState.DONE, JobState.FAILED}

    @property
    def percent(self) -> int:
        if self.state == JobState.DONE:
            return 100
        return min(99, self.cursor * 100 // self.total) if self.total else 0
