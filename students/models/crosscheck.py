"""The cross-check: which child of a roster is which line of a list, and the dated facts that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from students.choices import HOLDING, Confirms, CrosscheckState, MatchState, Verdict
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
    confirms = models.CharField(_("自动确认"), max_length=10, choices=Confirms, default=Confirms.NEAR)
    counts = models.JSONField(_("结果"), default=dict)

    objects = CrosscheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("比对")
        verbose_name_plural = _("名单比对")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["term"], condition=Q(state="done"), name="crosscheck_one_in_force"),
            models.UniqueConstraint(fields=["term"], condition=Q(state="running"), name="crosscheck_one_running"),
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
        return self.filter(state__in=HOLDING)

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
    rank = models.PositiveSmallIntegerField(_("名次"), default=1, help_text=_("名单人员的第几个候选"))
    is_new = models.BooleanField(_("新出现"), default=True, help_text=_("上次比对没有这一对"))
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
    """What a person decided about two records, kept by their own stable keys so that it survives the next run.

    One decision of a pair is current; those before it, and one that was taken back, stay on record.
    """

    student_key = models.CharField(max_length=32)
    person_key = models.CharField(max_length=32)
    is_same = models.BooleanField(_("同一人"))
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("核实人")
    )
    decided_at = models.DateTimeField(_("核实时间"))
    note = models.CharField(_("核实说明"), max_length=200, blank=True)
    is_current = models.BooleanField(_("有效"), default=True)
    sample = models.ForeignKey(
        "students.TierSample",
        on_delete=models.PROTECT,
        null=True,
        related_name="decisions",
        verbose_name=_("抽样核对"),
    )

    class Meta:
        verbose_name = _("核实结论")
        verbose_name_plural = _("核实结论")
        constraints = [
            models.UniqueConstraint(
                fields=["student_key", "person_key"],
                condition=Q(is_current=True),
                name="matchdecision_one_current_per_pair",
            ),
        ]
        indexes = [
            models.Index(fields=["student_key"], name="matchdecision_by_student"),
            models.Index(fields=["person_key"], name="matchdecision_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.student_key[:6]}~{self.person_key[:6]}"


class SchoolQuestionQuerySet(models.QuerySet["SchoolQuestion"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def waiting(self) -> Self:
        return self.filter(answered_at=None, withdrawn_at=None)


class SchoolQuestion(models.Model):
    """A suspicion put before the child's school: are these two one child? The answer goes back to the desk."""

    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="+", verbose_name=_("学期"))
    school = models.ForeignKey("schools.School", on_delete=models.PROTECT, related_name="+", verbose_name=_("学校"))
    student_key = models.CharField(max_length=32)
    person_key = models.CharField(max_length=32)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="+", verbose_name=_("学生"))
    person = models.ForeignKey(RegisterPerson, on_delete=models.PROTECT, related_name="+", verbose_name=_("名单人员"))
    words = models.CharField(_("问题"), max_length=200, blank=True)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("提问人"))
    asked_at = models.DateTimeField(_("提问时间"))
    due_on = models.DateField(_("答复截止"))
    answer = models.CharField(_("答复"), max_length=10, choices=Verdict, blank=True)
    answer_words = models.CharField(_("答复说明"), max_length=200, blank=True)
    answered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("答复人")
    )
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True)

    objects = SchoolQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("向学校核实")
        verbose_name_plural = _("向学校核实")
        ordering = ("due_on", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["term", "student_key", "person_key"],
                condition=Q(answered_at=None, withdrawn_at=None),
                name="schoolquestion_one_waiting_per_pair",
            ),
            models.CheckConstraint(
                name="schoolquestion_answer_is_signed",
                condition=Q(answer="", answered_at=None, answered_by=None)
                | (~Q(answer="") & Q(answered_at__isnull=False, answered_by__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["school", "term"], name="schoolquestion_by_school")]

    def __str__(self) -> str:
        return f"{self.school} {self.asked_at:%Y-%m-%d}"


class TierSample(models.Model):
    """A draw from one kind of suspicion of a run, by a stored seed: an empty sample of errors allows the whole kind.

    The population is what waited when it was drawn; anybody draws the same lines from the same seed.
    """

    crosscheck = models.ForeignKey(Crosscheck, on_delete=models.PROTECT, related_name="samples", verbose_name=_("比对"))
    tier = models.CharField(_("依据"), max_length=20)
    seed = models.CharField(_("随机种子"), max_length=32)
    population = models.PositiveIntegerField(_("总数"))
    drawn_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("抽样人"))
    drawn_at = models.DateTimeField(_("抽样时间"))
    confirmed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("批量确认人")
    )
    confirmed_at = models.DateTimeField(_("批量确认时间"), null=True)
    confirmed = models.PositiveIntegerField(_("批量确认人数"), default=0)

    class Meta:
        verbose_name = _("抽样核对")
        verbose_name_plural = _("抽样核对")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.crosscheck} {self.tier}"

    def get_absolute_url(self) -> str:
        return reverse("students:sample", args=[self.pk])


class TierSampleLine(models.Model):
    """One drawn suspicion and what a person found."""

    sample = models.ForeignKey(TierSample, on_delete=models.PROTECT, related_name="lines", verbose_name=_("抽样核对"))
    match = models.ForeignKey(Match, on_delete=models.PROTECT, related_name="+", verbose_name=_("比对结果"))
    finding = models.CharField(_("核对结果"), max_length=10, choices=Verdict, blank=True)
    found_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("核对人")
    )
    found_at = models.DateTimeField(_("核对时间"), null=True)

    class Meta:
        verbose_name = _("抽样核对明细")
        verbose_name_plural = _("抽样核对明细")
        ordering = ("sample", "pk")
        constraints = [models.UniqueConstraint(fields=["sample", "match"], name="tiersampleline_once")]

    def __str__(self) -> str:
        return f"{self.sample_id}/{self.match_id}"


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
    known_on = models.DateField(_("查明日期"))

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

    @property
    def has_ended(self) -> bool:
        """The fact did not hold to the end of its term."""
        return self.to_on is not None and self.to_on < self.term.ends_on
