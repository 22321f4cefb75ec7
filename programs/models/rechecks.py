"""Recognized families that are looked up again, drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from programs.choices import RecheckResult, RecheckWay
from programs.models.recognitions import Recognition

if TYPE_CHECKING:
    from common.roles import Person


class RecheckDraw(models.Model):
    """A random part of a term's recognized children, to be looked up again; anyone can draw it again by its seed."""

    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="+", verbose_name=_("学期"))
    seed = models.CharField(_("随机种子"), max_length=32)
    percent = models.PositiveSmallIntegerField(_("抽取比例（%）"))
    population = models.PositiveIntegerField(_("总数"))
    population_digest = models.CharField(max_length=64, editable=False)
    """Of the ids drawn from, in order: proves that a drawing again starts from the same children."""
    drawn_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("抽取人"))
    drawn_at = models.DateTimeField(_("抽取时间"))

    class Meta:
        verbose_name = _("随机复查")
        verbose_name_plural = _("随机复查")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(name="recheckdraw_percent", condition=Q(percent__gte=1, percent__lte=100)),
        ]

    def __str__(self) -> str:
        return f"{self.term} {self.drawn_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("programs:recheck-draw", args=[self.pk])


class RecheckQuerySet(models.QuerySet["Recheck"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("recognition__student", "school", "done_by", "draw__term").order_by(
            "school__code", "pk"
        )


class Recheck(models.Model):
    """One recognized child that was drawn, and what was found at its family."""

    draw = models.ForeignKey(RecheckDraw, on_delete=models.PROTECT, related_name="lines", verbose_name=_("复查"))
    recognition = models.ForeignKey(
        Recognition, on_delete=models.PROTECT, related_name="rechecks", verbose_name=_("困难认定")
    )
    school = models.ForeignKey("schools.School", on_delete=models.PROTECT, related_name="+", verbose_name=_("学校"))
    way = models.CharField(_("方式"), max_length=10, choices=RecheckWay, blank=True)
    result = models.CharField(_("结果"), max_length=12, choices=RecheckResult, blank=True)
    words = models.CharField(_("说明"), max_length=200, blank=True)
    done_on = models.DateField(_("复查日期"), null=True)
    done_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("登记人")
    )
    done_at = models.DateTimeField(_("登记时间"), null=True)

    objects = RecheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("复查记录")
        verbose_name_plural = _("复查记录")
        ordering = ("draw", "pk")
        constraints = [
            models.UniqueConstraint(fields=["draw", "recognition"], name="recheck_once_per_draw"),
            models.CheckConstraint(
                name="recheck_done_as_a_whole",
                condition=Q(result="", way="", done_on=None, done_by=None, done_at=None)
                | Q(done_on__isnull=False, done_by__isnull=False, done_at__isnull=False) & ~Q(result="") & ~Q(way=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.draw_id} {self.recognition_id}"
