"""Which families a school finds poor, and how much (教财〔2018〕16号)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from programs.choices import (
    Level,
    RecognitionListState,
)

if TYPE_CHECKING:
    from common.roles import Person


class RecognitionListQuerySet(models.QuerySet["RecognitionList"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("school__town", "term", "file", "uploaded_by").order_by("-pk")


class RecognitionList(models.Model):
    """A school's list of recognized children for a term (认定名单), as a file; the newest one holds."""

    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="recognition_lists", verbose_name=_("学校")
    )
    term = models.ForeignKey(
        "schools.Term", on_delete=models.PROTECT, related_name="recognition_lists", verbose_name=_("学期")
    )
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("文件"))
    state = models.CharField(
        _("状态"), max_length=12, choices=RecognitionListState, default=RecognitionListState.UPLOADED
    )
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传时间"))
    people = models.PositiveIntegerField(_("人数"), default=0)
    unmatched = models.JSONField(_("未采用行"), default=list)
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_params = models.JSONField(default=dict)

    objects = RecognitionListQuerySet.as_manager()

    class Meta:
        verbose_name = _("认定名单")
        verbose_name_plural = _("认定名单")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["school", "term"], condition=Q(state="in_force"), name="recognitionlist_one_in_force"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.term}"

    def get_absolute_url(self) -> str:
        return reverse("programs:recognition", args=[self.pk])


class Recognition(models.Model):
    """A school's finding that a child's family is poor, and how much (教财〔2018〕16号)."""

    list = models.ForeignKey(
        RecognitionList, on_delete=models.PROTECT, related_name="recognitions", verbose_name=_("名单")
    )
    student = models.ForeignKey(
        "students.Student", on_delete=models.PROTECT, related_name="recognitions", verbose_name=_("学生")
    )
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="+", verbose_name=_("学期"))
    level = models.CharField(_("认定等级"), max_length=10, choices=Level)
    row = models.PositiveIntegerField(_("行"))

    class Meta:
        verbose_name = _("困难认定")
        verbose_name_plural = _("困难认定")
        constraints = [models.UniqueConstraint(fields=["list", "student"], name="recognition_once_per_list")]
        indexes = [models.Index(fields=["term", "student"], name="recognition_by_term")]

    def __str__(self) -> str:
        return f"{self.student} {self.level}"
