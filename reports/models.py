"""Reports that were handed in, and what people wrote into the annual summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS
from reports.choices import Layout
from schools.models import term_name

if TYPE_CHECKING:
    from common.roles import Person


class HandedInQuerySet(models.QuerySet["HandedIn"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def in_force(self) -> Self:
        """The newest version of each table."""
        newer = HandedIn.objects.filter(
            layout=OuterRef("layout"), scope=OuterRef("scope"), version__gt=OuterRef("version")
        )
        return self.filter(~Exists(newer))

    def for_list(self) -> Self:
        return self.select_related("frozen_by", "workbook").order_by("-frozen_at", "-pk")


class HandedIn(models.Model):
    """A report as it was handed in: its figures, the rows behind them, the definition, the file. Never changed.

    What is to be said otherwise afterwards is another version.
    """

    layout = models.CharField(_("表式"), max_length=20, choices=Layout)
    scope = models.CharField(_("学期或年度"), max_length=9)
    """"2021A", the finance year "2021", or the school year "2020-2021"."""
    version = models.PositiveSmallIntegerField(_("版次"))
    definition = models.TextField(_("统计口径"))
    figures = models.JSONField(_("数据"))
    """The table as it stood: rows, columns, figures."""
    people = models.PositiveIntegerField(_("人数"))
    awards = models.PositiveIntegerField(_("人次"))
    amount_fen = models.PositiveBigIntegerField(_("金额（分）"))
    rows = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("明细"))
    """Every award behind the figures, by number, with what it counted as; nothing personal."""
    rows_sha256 = models.CharField(_("明细摘要"), max_length=64)
    workbook = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("表格"))
    why = models.CharField(_("说明"), max_length=200, blank=True)
    frozen_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("填表人"))
    frozen_at = models.DateTimeField(_("数据截至"))

    objects = HandedInQuerySet.as_manager()

    class Meta:
        verbose_name = _("上报报表")
        verbose_name_plural = _("上报报表")
        ordering = ("-frozen_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["layout", "scope", "version"], name="handedin_once_per_version"),
            models.CheckConstraint(name="handedin_later_version_says_why", condition=Q(version=1) | ~Q(why="")),
        ]

    def __str__(self) -> str:
        return f"{term_name(self.scope)} {self.get_layout_display()} v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("reports:handed-in", args=[self.pk])


class SummaryTextQuerySet(models.QuerySet["SummaryText"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()


class SummaryText(models.Model):
    """What people wrote for one section of a year's summary. The file is made anew around it."""

    year = models.PositiveSmallIntegerField(_("年度"))
    section = models.CharField(_("章节"), max_length=40)
    text = models.TextField(_("内容"), blank=True)
    written_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("填写人")
    )
    written_at = models.DateTimeField(_("填写时间"))

    objects = SummaryTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("总结内容")
        verbose_name_plural = _("总结内容")
        ordering = ("year", "section")
        constraints = [models.UniqueConstraint(fields=["year", "section"], name="summarytext_once_per_section")]

    def __str__(self) -> str:
        return f"{self.year} {self.section}"
