"""What proves that nobody changed the action log past its triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.roles import READERS

if TYPE_CHECKING:
    from common.roles import Person


class LogSealQuerySet(models.QuerySet["LogSeal"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()


class LogSeal(models.Model):
    """A stretch of the action log as it was when it was sealed. Rows are only ever added.

    The digest is keyed (the key lies outside the database) and reaches over the digest before it, so whoever changes,
    adds or takes away a row of a sealed stretch, or a seal, is found out.
    """

    number = models.PositiveIntegerField(_("序号"), unique=True)
    after_id = models.PositiveBigIntegerField(_("自（不含）"))
    upto_id = models.PositiveBigIntegerField(_("至"))
    count = models.PositiveIntegerField(_("记录数"))
    """Numbers that an undone act used up are in no row: a stretch may hold fewer rows than numbers."""
    since = models.DateTimeField(_("最早时间"))
    until = models.DateTimeField(_("最晚时间"))
    previous = models.CharField(_("上一段摘要"), max_length=32, blank=True)
    digest = models.CharField(_("摘要"), max_length=32)
    made_at = models.DateTimeField(_("封存时间"))

    objects = LogSealQuerySet.as_manager()

    class Meta:
        verbose_name = _("日志封存")
        verbose_name_plural = _("日志封存")
        ordering = ("number",)
        constraints = [
            models.CheckConstraint(
                name="logseal_of_some_rows", condition=Q(count__gt=0, upto_id__gt=F("after_id"), until__gte=F("since"))
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.digest}"
