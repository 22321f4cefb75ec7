"""What the named rules find in a term, and what people say to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audits.choices import FindingState, Severity
from common.roles import READERS

if TYPE_CHECKING:
    from common.roles import Person


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def standing(self) -> Self:
        """What the newest run still found."""
        return self.filter(gone_at=None)

    def for_list(self) -> Self:
        return self.select_related("term", "school", "student").order_by("severity_order", "-amount_fen", "pk")


class Finding(models.Model):
    """One thing that a rule found in a term: about a child, a school, or the county.

    A run finds it again by rule and key, so that what people said of it stays. What is not found any more is gone,
    and stays on record with its words.
    """

    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="findings", verbose_name=_("学期"))
    rule = models.CharField(_("规则"), max_length=40)
    key = models.CharField(max_length=100, editable=False)
    """What it is about within its rule, by numbers of rows: the same thing has the same key in every run."""
    severity = models.CharField(_("程度"), max_length=10, choices=Severity)
    severity_order = models.PositiveSmallIntegerField(editable=False)
    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, null=True, related_name="findings", verbose_name=_("学校")
    )
    student = models.ForeignKey(
        "students.Student", on_delete=models.PROTECT, null=True, related_name="findings", verbose_name=_("学生")
    )
    amount_fen = models.PositiveBigIntegerField(_("涉及金额（分）"), default=0)
    facts = models.JSONField(_("情况"), default=dict)
    """Numbers and codes that the rule's sentence is filled with; nothing personal."""
    state = models.CharField(_("状态"), max_length=10, choices=FindingState, default=FindingState.OPEN)
    first_found_at = models.DateTimeField(_("首次发现"))
    last_found_at = models.DateTimeField(_("最近发现"))
    gone_at = models.DateTimeField(_("不再存在"), null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("疑点")
        verbose_name_plural = _("疑点")
        ordering = ("severity_order", "-amount_fen", "pk")
        constraints = [
            models.UniqueConstraint(fields=["term", "rule", "key"], name="finding_once_per_rule"),
            models.CheckConstraint(
                name="finding_moments_in_order", condition=Q(last_found_at__gte=F("first_found_at"))
            ),
        ]
        indexes = [
            models.Index(fields=["term", "severity_order", "-amount_fen", "id"], name="finding_by_weight"),
            models.Index(fields=["school", "term"], name="finding_by_school"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("audits:finding", args=[self.pk])


class FindingEvidence(models.Model):
    """One row that a finding rests on, with what it said when it was found."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="evidence", verbose_name=_("疑点"))
    position = models.PositiveIntegerField(_("序号"))
    row_type = models.CharField(_("来源"), max_length=50)
    """Which table ("programs.award"), as the action log names it."""
    row_id = models.CharField(_("编号"), max_length=50)
    facts = models.JSONField(_("内容"), default=dict)

    class Meta:
        verbose_name = _("疑点依据")
        verbose_name_plural = _("疑点依据")
        ordering = ("finding", "position")
        constraints = [models.UniqueConstraint(fields=["finding", "position"], name="findingevidence_in_order")]

    def __str__(self) -> str:
        return f"{self.row_type} {self.row_id}"


class FindingWord(models.Model):
    """What somebody said to a finding, and what it is since then. Rows are only ever added."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="words", verbose_name=_("疑点"))
    state = models.CharField(_("结论"), max_length=10, choices=FindingState)
    words = models.CharField(_("说明"), max_length=500)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("填写人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("疑点说明")
        verbose_name_plural = _("疑点说明")
        ordering = ("finding", "pk")
        constraints = [models.CheckConstraint(name="findingword_says_something", condition=~Q(words=""))]

    def __str__(self) -> str:
        return f"{self.finding} {self.get_state_display()}"
