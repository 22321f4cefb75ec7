"""Samples: drawn by a stored seed from a frozen population, looked up child by child, followed up."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audits.choices import Draw, FollowUp, ItemState, SampleState
from common.roles import READERS

if TYPE_CHECKING:
    from common.roles import Person


class SampleQuerySet(models.QuerySet["Sample"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def with_something_to_mend(self, *, overdue_on: date | None = None) -> Self:
        """Those of which the county has not said yet what it mended; only what is overdue on a day, if one is given."""
        items = SampleItem.objects.to_mend()
        return self.filter(pk__in=(items.overdue(overdue_on) if overdue_on else items).values("sample"))

    def for_list(self) -> Self:
        """With `waiting`, `sound`, `faulty` and `to_mend` items of each."""
        return (
            self.select_related("term", "drawn_by")
            .annotate(
                waiting=Count("items", filter=Q(items__state=ItemState.WAITING)),
                sound=Count("items", filter=Q(items__state=ItemState.SOUND)),
                faulty=Count("items", filter=Q(items__state=ItemState.FAULTY)),
                to_mend=Count("items", filter=Q(items__follow_up=FollowUp.ASKED)),
            )
            .order_by("-pk")
        )


class Sample(models.Model):
    """Awards drawn from a term's confirmed ones. Seed, method and the frozen population give the same names again."""

    term = models.ForeignKey(
        "schools.Term", on_delete=models.PROTECT, related_name="audit_samples", verbose_name=_("学期")
    )
    title = models.CharField(_("名称"), max_length=100)
    draw = models.CharField(_("抽取方法"), max_length=10, choices=Draw)
    criteria = models.JSONField(_("总体范围"), default=dict)
    """What the population was narrowed by (program, stage, school), by codes."""
    seed = models.CharField(_("随机种子"), max_length=64)
    size = models.PositiveIntegerField(_("抽取数"))
    population = models.ForeignKey(
        "jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("总体清单")
    )
    """The frozen list: number of each award, its school and its money, in order; nothing personal."""
    population_count = models.PositiveIntegerField(_("总体人次"))
    population_fen = models.PositiveBigIntegerField(_("总体金额（分）"))
    population_sha256 = models.CharField(_("总体摘要"), max_length=64)
    state = models.CharField(_("状态"), max_length=10, choices=SampleState, default=SampleState.OPEN)
    drawn_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("抽取人"))
    drawn_at = models.DateTimeField(_("抽取时间"))
    conclusion = models.TextField(_("结论"), blank=True)
    """What the sample says as a whole; of one that was withdrawn, why."""
    closed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("结束人")
    )
    closed_at = models.DateTimeField(_("结束时间"), null=True)

    objects = SampleQuerySet.as_manager()

    class Meta:
        verbose_name = _("抽查")
        verbose_name_plural = _("抽查")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(name="sample_takes_someone", condition=Q(size__gt=0, population_count__gt=0)),
            models.CheckConstraint(
                name="sample_closed_has_a_conclusion",
                condition=Q(state="open", closed_by=None, closed_at=None)
                | (
                    Q(state__in=["closed", "withdrawn"], closed_by__isnull=False, closed_at__isnull=False)
                    & ~Q(conclusion="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("audits:sample", args=[self.pk])


class SampleItemQuerySet(models.QuerySet["SampleItem"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def to_mend(self) -> Self:
        """What the county was asked to mend and has not told of."""
        return self.filter(follow_up=FollowUp.ASKED)

    def overdue(self, on: date) -> Self:
        return self.to_mend().filter(follow_up_due_on__lt=on)

    def for_list(self) -> Self:
        return self.select_related(
            "award__student", "award__school", "award__program", "award__term", "checked_by"
        ).order_by("sample", "position")


class SampleItem(models.Model):
    """One drawn award: what the auditor found, and what came of it."""

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="items", verbose_name=_("抽查"))
    position = models.PositiveIntegerField(_("序号"))
    award = models.ForeignKey(
        "programs.Award", on_delete=models.PROTECT, related_name="audit_items", verbose_name=_("资助")
    )
    state = models.CharField(_("核查结果"), max_length=10, choices=ItemState, default=ItemState.WAITING)
    words = models.CharField(_("核查情况"), max_length=500, blank=True)
    checked_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("核查人")
    )
    checked_at = models.DateTimeField(_("核查时间"), null=True)
    follow_up = models.CharField(_("后续"), max_length=10, choices=FollowUp, blank=True, default=FollowUp.NONE)
    follow_up_due_on = models.DateField(_("整改期限"), null=True)
    followed_up_words = models.CharField(_("整改结果"), max_length=500, blank=True)
    followed_up_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("整改登记人")
    )
    followed_up_at = models.DateTimeField(_("整改登记时间"), null=True)

    objects = SampleItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("抽查对象")
        verbose_name_plural = _("抽查对象")
        ordering = ("sample", "position")
        constraints = [
            models.UniqueConstraint(fields=["sample", "position"], name="sampleitem_in_order"),
            models.UniqueConstraint(fields=["sample", "award"], name="sampleitem_once_per_sample"),
            models.CheckConstraint(
                name="sampleitem_checked_by_someone",
                condition=Q(state="waiting", checked_by=None, checked_at=None)
                | Q(state__in=["sound", "faulty"], checked_by__isnull=False, checked_at__isnull=False),
            ),
            models.CheckConstraint(name="sampleitem_fault_is_described", condition=~Q(state="faulty") | ~Q(words="")),
            models.CheckConstraint(
                name="sampleitem_follow_up_of_a_fault",
                condition=Q(follow_up="")
                | Q(state="faulty", follow_up="asked", follow_up_due_on__isnull=False, followed_up_at=None)
                | (
                    Q(
                        state="faulty",
                        follow_up="done",
                        followed_up_by__isnull=False,
                        followed_up_at__isnull=False,
                    )
                    & ~Q(followed_up_words="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sample} {self.position}"

    def get_absolute_url(self) -> str:
        return reverse("audits:sample-item", args=[self.pk])
