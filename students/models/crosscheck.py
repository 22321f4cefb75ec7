"""The cross-check: which child of a roster is which line of a list, and the dated facts that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from students.choices import CrosscheckState, MatchState
from students.models.people import Enrollment, Student
from students.models.registers import HardshipCategory, RegisterPerson, RegisterSnapshot

if TYPE_CHECKING:
    from common.roles import Person
    from schools.models import Term


class CrosscheckQuerySet(models.QuerySet["Crosscheck"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("term", "made_by").order_by("-pk")


class Crosscheck(models.Model):
    """One comparison of a term's rosters with chosen lists. Its counts stay as they were that day."""

    term = models.ForeignKey(
        "schools.Term", on_delete=models.PROTECT, related_name="crosschecks", verbose_name=_("学期")
    )
    snapshots = models.ManyToManyField(RegisterSnapshot, related_name="crosschecks", verbose_name=_("名单"))
    state = models.CharField(_("状态"), max_length=12, choices=CrosscheckState, default=CrosscheckState.RUNNING)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("发起人"))
    made_at = models.DateTimeField(_("发起时间"))
    counts = models.JSONField(_("结果"), default=dict)

    objects = CrosscheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("比对")
        verbose_name_plural = _("名单比对")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["term"], condition=Q(state="done"), name="crosscheck_one_in_force"),
        ]

    def __str__(self) -> str:
        return f"{self.term} #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("students:crosscheck", args=[self.pk])


class MatchQuerySet(models.QuerySet["Match"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(enrollment__school=user.school_id)
        return self if user.role in READERS else self.none()

    def holding(self) -> Self:
        """Matches that count: sure ones, and those a person confirmed."""
        return self.filter(state__in=[MatchState.SURE, MatchState.CONFIRMED])

    def for_list(self) -> Self:
        return self.select_related(
            "enrollment__student", "enrollment__school", "person__snapshot__source", "person__category"
        ).order_by("-score", "pk")


class Match(models.Model):
    """A child of the roster and a line of a list that are, or may be, the same person."""

    crosscheck = models.ForeignKey(Crosscheck, on_delete=models.CASCADE, related_name="matches", verbose_name=_("比对"))
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.PROTECT, related_name="matches", verbose_name=_("在读记录")
    )
    person = models.ForeignKey(
        RegisterPerson, on_delete=models.PROTECT, related_name="matches", verbose_name=_("名单人员")
    )
    tier = models.CharField(_("依据"), max_length=20)
    state = models.CharField(_("状态"), max_length=10, choices=MatchState)
    score = models.SmallIntegerField(_("分值"), default=0)
    reasons = models.JSONField(_("理由"), default=list)
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("核实人")
    )
    decided_at = models.DateTimeField(_("核实时间"), null=True)
    note = models.CharField(_("核实说明"), max_length=200, blank=True)

    objects = MatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("比对结果")
        verbose_name_plural = _("比对结果")
        ordering = ("-score", "pk")
        constraints = [
            models.UniqueConstraint(fields=["crosscheck", "enrollment", "person"], name="match_once_per_pair"),
            models.CheckConstraint(
                name="match_decided_by_a_person",
                condition=Q(state__in=["sure", "suspected"], decided_by=None)
                | Q(state__in=["confirmed", "rejected"], decided_by__isnull=False, decided_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["crosscheck", "state", "-score", "id"], name="match_queue")]

    def __str__(self) -> str:
        return f"{self.enrollment_id}~{self.person_id}"

    def get_absolute_url(self) -> str:
        return reverse("students:match", args=[self.pk])


class MatchDecision(models.Model):
    """What a person decided about two records, kept by their own stable keys so that it survives the next run."""

    student_key = models.CharField(max_length=32)
    person_key = models.CharField(max_length=32)
    is_same = models.BooleanField(_("同一人"))
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("核实人")
    )
    decided_at = models.DateTimeField(_("核实时间"))
    note = models.CharField(_("核实说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("核实结论")
        verbose_name_plural = _("核实结论")
        constraints = [
            models.UniqueConstraint(fields=["student_key", "person_key"], name="matchdecision_once_per_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.student_key[:6]}~{self.person_key[:6]}"


class HardshipQuerySet(models.QuerySet["Hardship"]):
    def in_force(self, term: Term) -> Self:
        """Facts that hold to the end of this term: one that ended within it was found wrong or lapsed."""
        return self.filter(Q(to_on=None) | Q(to_on__gte=term.ends_on), term=term)


class Hardship(models.Model):
    """A dated fact: this child is in this category, says that list or that school, from then to then.

    The label is kept as it was at the time: a child registered as 建档立卡 in 2020 stays so on paper.
    """

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="hardships", verbose_name=_("学生"))
    category = models.ForeignKey(
        HardshipCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("困难类型")
    )
    label = models.CharField(_("名单原文"), max_length=40)
    match = models.ForeignKey(Match, on_delete=models.PROTECT, related_name="facts", verbose_name=_("比对结果"))
    snapshot = models.ForeignKey(
        RegisterSnapshot, on_delete=models.PROTECT, related_name="facts", verbose_name=_("名单")
    )
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="+", verbose_name=_("学期"))
    from_on = models.DateField(_("自"))
    to_on = models.DateField(_("至"), null=True, blank=True)

    objects = HardshipQuerySet.as_manager()

    class Meta:
        verbose_name = _("困难情形")
        verbose_name_plural = _("困难情形")
        ordering = ("student", "category", "from_on")
        constraints = [
            models.UniqueConstraint(fields=["student", "category", "term"], name="hardship_once_per_term"),
            models.CheckConstraint(name="hardship_days_in_order", condition=Q(to_on=None) | Q(to_on__gte=F("from_on"))),
        ]
        indexes = [models.Index(fields=["term", "category"], name="hardship_by_term")]

    def __str__(self) -> str:
        return f"{self.student} {self.label}"
