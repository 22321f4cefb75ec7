"""Which families a school finds poor, and how much (教财〔2018〕16号)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from common.sealed import SealedField
from programs.choices import (
    ROUND_ENDS,
    ApplicationState,
    Level,
    RecognitionListState,
    RoundKind,
    RoundState,
)
from students.models import Enrollment

if TYPE_CHECKING:
    from common.roles import Person
    from schools.models import Term


class RecognitionRoundQuerySet(models.QuerySet["RecognitionRound"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def under_way(self) -> Self:
        return self.exclude(state__in=ROUND_ENDS)

    def for_list(self) -> Self:
        return self.select_related("school__town", "term").order_by("school__code", "-pk")


class RecognitionRound(models.Model):
    """A school's recognition of poor families, from telling the families to the county's record (教财〔2018〕16号).

    Once a school year in the autumn; within the year a round of its own takes what has changed.
    """

    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="recognition_rounds", verbose_name=_("学校")
    )
    term = models.ForeignKey(
        "schools.Term", on_delete=models.PROTECT, related_name="recognition_rounds", verbose_name=_("学期")
    )
    kind = models.CharField(_("类别"), max_length=10, choices=RoundKind, default=RoundKind.YEARLY)
    state = models.CharField(_("状态"), max_length=10, choices=RoundState, default=RoundState.OPEN)
    told_on = models.DateField(_("告知日期"))
    told_how = models.CharField(_("告知方式"), max_length=200)
    begun_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("发起人"))
    begun_at = models.DateTimeField(_("发起时间"))
    reviewed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("评议登记人")
    )
    reviewed_at = models.DateTimeField(_("评议登记时间"), null=True)
    public_from = models.DateField(_("公示开始"), null=True)
    public_to = models.DateField(_("公示结束"), null=True)
    public_days = models.PositiveSmallIntegerField(_("工作日"), default=0)
    public_result = models.CharField(_("公示结果"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("备案人")
    )
    recorded_at = models.DateTimeField(_("备案时间"), null=True)
    sent_back_reason = models.CharField(_("退回原因"), max_length=200, blank=True)
    abandoned_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("终止人")
    )
    abandoned_at = models.DateTimeField(_("终止时间"), null=True)
    abandoned_reason = models.CharField(_("终止原因"), max_length=200, blank=True)

    objects = RecognitionRoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("困难认定工作")
        verbose_name_plural = _("困难认定工作")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["school", "term"],
                condition=~Q(state__in=["recorded", "abandoned"]),
                name="recognitionround_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["school", "term"],
                condition=Q(kind="yearly") & ~Q(state="abandoned"),
                name="recognitionround_one_yearly",
            ),
            models.CheckConstraint(
                name="recognitionround_public_five_days",
                condition=Q(public_from=None, public_to=None)
                | Q(public_from__isnull=False, public_to__gt=F("public_from"), public_days__gte=5),
            ),
            models.CheckConstraint(
                name="recognitionround_two_people", condition=Q(recorded_by=None) | ~Q(recorded_by=F("reviewed_by"))
            ),
            models.CheckConstraint(
                name="recognitionround_recorded_is_whole",
                condition=~Q(state="recorded")
                | Q(
                    recorded_by__isnull=False,
                    recorded_at__isnull=False,
                    reviewed_by__isnull=False,
                    public_from__isnull=False,
                )
                & ~Q(public_result=""),
            ),
            models.CheckConstraint(
                name="recognitionround_abandoned_is_whole",
                condition=~Q(state="abandoned") & Q(abandoned_by=None, abandoned_at=None, abandoned_reason="")
                | Q(state="abandoned", abandoned_by__isnull=False, abandoned_at__isnull=False)
                & ~Q(abandoned_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.term}"

    def get_absolute_url(self) -> str:
        return reverse("programs:round", args=[self.pk])

    @property
    def panel(self) -> PanelMeeting | None:
        """The meeting at work: nothing that it decided has been public yet."""
        return self.meetings.filter(published_at=None).first()

    def is_over(self, on: date) -> bool:
        """Whether its public days are behind us."""
        return self.public_to is not None and on > self.public_to


class PanelMeeting(models.Model):
    """A meeting of the school's panel (评议会议): who was there, what was said.

    Once its result is public it stays as it is; what is put right afterwards is another meeting.
    """

    round = models.ForeignKey(
        RecognitionRound, on_delete=models.PROTECT, related_name="meetings", verbose_name=_("认定")
    )
    held_on = models.DateField(_("评议日期"))
    present = models.JSONField(_("到会人员"), default=list)
    """Each {"name", "duty"}: who sat on the school's panel, as the minutes say."""
    minutes = models.TextField(_("会议记录"), blank=True)
    minutes_file = models.ForeignKey(
        "jobs.StoredFile", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("会议记录原件")
    )
    noted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("登记人"))
    noted_at = models.DateTimeField(_("登记时间"))
    published_at = models.DateTimeField(_("公示时间"), null=True)

    class Meta:
        verbose_name = _("评议会议")
        verbose_name_plural = _("评议会议")
        ordering = ("round", "pk")
        constraints = [
            models.UniqueConstraint(fields=["round"], condition=Q(published_at=None), name="panelmeeting_one_at_work"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.held_on}"


class ApplicationQuerySet(models.QuerySet["Application"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(round__school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("student", "enrollment__stage", "round").order_by(
            "enrollment__grade_no", "enrollment__class_name", "pk"
        )


class Application(models.Model):
    """One family's application in a round: a signed promise in place of a village's stamp, two reviews, a level.

    That a family is poor no longer is what a school puts forward itself, in a round of changes: nobody promises that.
    """

    round = models.ForeignKey(
        RecognitionRound, on_delete=models.PROTECT, related_name="applications", verbose_name=_("认定")
    )
    student = models.ForeignKey(
        "students.Student", on_delete=models.PROTECT, related_name="applications", verbose_name=_("学生")
    )
    enrollment = models.ForeignKey(
        "students.Enrollment", on_delete=models.PROTECT, related_name="+", verbose_name=_("在读记录")
    )
    state = models.CharField(_("状态"), max_length=16, choices=ApplicationState, default=ApplicationState.APPLIED)
    applied_on = models.DateField(_("申请日期"), null=True)
    promise_signed = models.BooleanField(_("已签个人承诺"), default=False)
    words = SealedField(_("家庭情况"))
    wished_level = models.CharField(_("申请等级"), max_length=10, choices=Level, blank=True)
    class_level = models.CharField(_("班级评议等级"), max_length=10, choices=Level, blank=True)
    class_words = models.CharField(_("班级评议意见"), max_length=200, blank=True)
    votes_for = models.PositiveSmallIntegerField(_("同意票"), null=True)
    votes_against = models.PositiveSmallIntegerField(_("不同意票"), null=True)
    level = models.CharField(_("评定等级"), max_length=10, choices=Level, blank=True)
    level_words = models.CharField(_("评定说明"), max_length=200, blank=True)
    meeting = models.ForeignKey(
        PanelMeeting, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("评议会议")
    )
    """The meeting that decided it."""
    entered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("录入人")
    )
    entered_at = models.DateTimeField(_("录入时间"))

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("认定申请")
        verbose_name_plural = _("认定申请")
        ordering = ("round", "pk")
        constraints = [
            models.UniqueConstraint(fields=["round", "student"], name="application_once_per_round"),
            models.CheckConstraint(
                name="application_applied_is_promised",
                condition=Q(state__in=["carried", "withdrawn"])
                | Q(promise_signed=True, applied_on__isnull=False)
                | Q(promise_signed=False, wished_level="not-poor", level__in=["", "not-poor"]),
            ),
            models.CheckConstraint(
                name="application_decided_by_votes",
                condition=~Q(state="decided") | Q(votes_for__isnull=False, votes_against__isnull=False) & ~Q(level=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student} {self.round_id}"


class Attachment(models.Model):
    """A paper that a family adds to its application of its own accord."""

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="attachments", verbose_name=_("申请")
    )
    title = models.CharField(_("材料名称"), max_length=100)
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("文件"))
    added_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人"))
    added_at = models.DateTimeField(_("上传时间"))

    class Meta:
        verbose_name = _("申请附件")
        verbose_name_plural = _("申请附件")
        ordering = ("application", "pk")

    def __str__(self) -> str:
        return self.title


class RecognitionListQuerySet(models.QuerySet["RecognitionList"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related(
            "school__town", "term", "file", "uploaded_by", "round", "carried_from__term"
        ).order_by("-pk")


class RecognitionList(models.Model):
    """A school's list of recognized children for a term (认定名单); the newest one holds.

    It comes from a file, from a recognition that the school carried out here, or from the term before of the same
    school year.
    """

    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="recognition_lists", verbose_name=_("学校")
    )
    term = models.ForeignKey(
        "schools.Term", on_delete=models.PROTECT, related_name="recognition_lists", verbose_name=_("学期")
    )
    file = models.ForeignKey(
        "jobs.StoredFile", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("文件")
    )
    round = models.OneToOneField(
        "programs.RecognitionRound", on_delete=models.PROTECT, null=True, related_name="list", verbose_name=_("认定")
    )
    carried_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("沿用自")
    )
    state = models.CharField(
        _("状态"), max_length=12, choices=RecognitionListState, default=RecognitionListState.UPLOADED
    )
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传时间"))
    in_force_at = models.DateTimeField(_("开始使用时间"), null=True)
    """A file that was handed in holds once it is read, which may be later."""
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
            models.CheckConstraint(
                name="recognitionlist_in_force_since",
                condition=Q(state__in=["uploaded", "refused"], in_force_at=None)
                | Q(state__in=["in_force", "superseded"], in_force_at__isnull=False),
            ),
            models.CheckConstraint(
                name="recognitionlist_has_one_source",
                condition=Q(file__isnull=False, round=None, carried_from=None)
                | Q(file=None, round__isnull=False, carried_from=None)
                | Q(file=None, round=None, carried_from__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.term}"

    def get_absolute_url(self) -> str:
        return reverse("programs:recognition", args=[self.pk])


class RecognitionQuerySet(models.QuerySet["Recognition"]):
    def in_force(self, term: Term) -> Self:
        """What the lists that hold say in a term."""
        return self.filter(term=term, list__state=RecognitionListState.IN_FORCE)

    def last_holds(self) -> Self:
        """In an order in which of one child the last word holds: that of the school where it studies before those of
        others, the newest of them last."""
        studying = Enrollment.objects.studying().filter(
            student=OuterRef("student"), term=OuterRef("term"), school=OuterRef("list__school")
        )
        return self.annotate(is_here=Exists(studying)).order_by("is_here", "pk")


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

    objects = RecognitionQuerySet.as_manager()

    class Meta:
        verbose_name = _("困难认定")
        verbose_name_plural = _("困难认定")
        constraints = [models.UniqueConstraint(fields=["list", "student"], name="recognition_once_per_list")]
        indexes = [models.Index(fields=["term", "student"], name="recognition_by_term")]

    def __str__(self) -> str:
        return f"{self.student} {self.level}"
