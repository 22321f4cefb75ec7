"""What is given, to whom, how much, by which document: programs, rules, standards, awards, publicity."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models
from django.db.models import Count, F, Q, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from programs.choices import (
    AwardState,
    Basis,
    GapAnswerState,
    GapReason,
    Level,
    ListState,
    NoticeState,
    Payee,
    Payer,
    ProgramKind,
    RecognitionListState,
    Severity,
)

if TYPE_CHECKING:
    from common.roles import Person


class Program(models.Model):
    """An aid program (资助项目). Amounts and conditions are dated rows of their own."""

    code = models.CharField(_("代码"), max_length=30, primary_key=True)
    name = models.CharField(_("项目名称"), max_length=50, unique=True)
    short_name = models.CharField(_("简称"), max_length=20)
    kind = models.CharField(_("形式"), max_length=10, choices=ProgramKind)
    payee = models.CharField(_("收款方"), max_length=10, choices=Payee)
    stages = models.ManyToManyField("schools.Stage", related_name="programs", verbose_name=_("学段"))
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("资助项目")
        verbose_name_plural = _("资助项目")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return _now(self.name)


Row = TypeVar("Row", bound=models.Model)


class DatedQuerySet(models.QuerySet[Row]):
    """Rows that hold from a day to a day, or on without an end."""

    def on(self, day: date) -> Self:
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day)


class DatedManager(models.Manager[Row]):
    def get_queryset(self) -> DatedQuerySet[Row]:
        return DatedQuerySet(self.model, using=self._db)

    def on(self, day: date) -> DatedQuerySet[Row]:
        return self.get_queryset().on(day)


class Standard(models.Model):
    """An amount: program × stage × kind of school × tier, per child and term, from a document.

    Quoted a year and paid a term, so the amount is half the annual one and may end in 50 fen.
    Basis `school-fee` takes the school's own approved fee (SchoolFee). The most specific row holds.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="standards", verbose_name=_("项目"))
    stage = models.ForeignKey("schools.Stage", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("学段"))
    school_kind = models.ForeignKey(
        "schools.SchoolKind", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("学校类型")
    )
    tier = models.CharField(_("档次"), max_length=20, blank=True)
    basis = models.CharField(_("计算方式"), max_length=10, choices=Basis, default=Basis.FIXED)
    amount_fen = models.PositiveBigIntegerField(_("每生每学期（分）"), null=True, blank=True)
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至"), null=True, blank=True)
    document_no = models.CharField(_("文号"), max_length=60)
    note = models.CharField(_("说明"), max_length=200, blank=True)

    objects = DatedManager()

    class Meta:
        verbose_name = _("资助标准")
        verbose_name_plural = _("资助标准")
        ordering = ("program__position", "valid_from", "pk")
        constraints = [
            models.UniqueConstraint(
                "program",
                Coalesce("stage", Value("")),
                Coalesce("school_kind", Value("")),
                "tier",
                "valid_from",
                name="standard_once_per_day",
            ),
            models.CheckConstraint(
                name="standard_amount_goes_with_basis",
                condition=Q(basis="fixed", amount_fen__isnull=False, amount_fen__gt=0)
                | Q(basis="school-fee", amount_fen=None),
            ),
            models.CheckConstraint(
                name="standard_days_in_order", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.program} {self.document_no}"


class Rule(models.Model):
    """One way to be entitled to a program. Every condition that is set must hold; an empty one asks nothing.

    A child is entitled who fits any rule of the program; the first by position is the one on record,
    and gives the tier.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="rules", verbose_name=_("项目"))
    position = models.PositiveSmallIntegerField(_("顺序"), default=0)
    description = models.CharField(_("条件"), max_length=200)
    categories = models.ManyToManyField(
        "students.HardshipCategory", blank=True, related_name="+", verbose_name=_("困难类型")
    )
    levels = models.JSONField(_("认定等级"), default=list, blank=True)
    grades = models.JSONField(_("年级"), default=list, blank=True)
    stages = models.ManyToManyField("schools.Stage", blank=True, related_name="+", verbose_name=_("学段"))
    is_boarding = models.BooleanField(_("寄宿"), null=True, blank=True)
    is_rural = models.BooleanField(_("农村户口"), null=True, blank=True)
    is_county_town = models.BooleanField(_("县城学校"), null=True, blank=True)
    tier = models.CharField(_("档次"), max_length=20, blank=True)
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至"), null=True, blank=True)
    document_no = models.CharField(_("文号"), max_length=60)

    objects = DatedManager()

    class Meta:
        verbose_name = _("享受条件")
        verbose_name_plural = _("享受条件")
        ordering = ("program__position", "position", "pk")

    def __str__(self) -> str:
        return self.description


class Share(models.Model):
    """Which part of a program a payer bears, in thousandths; the parts of a program add up to 1000."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="shares", verbose_name=_("项目"))
    payer = models.CharField(_("分担级次"), max_length=10, choices=Payer)
    per_mille = models.PositiveSmallIntegerField(_("千分比"))
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至"), null=True, blank=True)
    document_no = models.CharField(_("文号"), max_length=60)

    objects = DatedManager()

    class Meta:
        verbose_name = _("经费分担")
        verbose_name_plural = _("经费分担")
        ordering = ("program__position", "valid_from", "pk")
        constraints = [
            models.UniqueConstraint(fields=["program", "payer", "valid_from"], name="share_once_per_day"),
            models.CheckConstraint(name="share_within_a_thousand", condition=Q(per_mille__lte=1000)),
        ]

    def __str__(self) -> str:
        return f"{self.program} {self.payer}"


class Exclusion(models.Model):
    """Two programs that do not go together in one term (重复享受)."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="exclusions", verbose_name=_("项目"))
    other = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("另一项目"))
    severity = models.CharField(_("处理"), max_length=10, choices=Severity)
    document_no = models.CharField(_("文号"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("互斥规则")
        verbose_name_plural = _("互斥规则")
        constraints = [models.UniqueConstraint(fields=["program", "other"], name="exclusion_once_per_pair")]

    def __str__(self) -> str:
        return f"{self.program_id} / {self.other_id}"


class TermProgram(models.Model):
    """A program that the county carries out in a term (本学期开展项目)."""

    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="programs", verbose_name=_("学期"))
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="terms", verbose_name=_("项目"))

    class Meta:
        verbose_name = _("学期开展项目")
        verbose_name_plural = _("学期开展项目")
        constraints = [models.UniqueConstraint(fields=["term", "program"], name="termprogram_once")]

    def __str__(self) -> str:
        return f"{self.term_id} {self.program_id}"


class SchoolFee(models.Model):
    """A school's approved fee for a term: what a waiver of basis `school-fee` is worth there."""

    school = models.ForeignKey("schools.School", on_delete=models.PROTECT, related_name="fees", verbose_name=_("学校"))
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("项目"))
    amount_fen = models.PositiveBigIntegerField(_("每生每学期（分）"))
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至"), null=True, blank=True)
    document_no = models.CharField(_("文号"), max_length=60)

    objects = DatedManager()

    class Meta:
        verbose_name = _("学校收费标准")
        verbose_name_plural = _("学校收费标准")
        constraints = [
            models.UniqueConstraint(fields=["school", "program", "valid_from"], name="schoolfee_once_per_day"),
            models.CheckConstraint(name="schoolfee_positive", condition=Q(amount_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.program_id}"


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


class AwardListQuerySet(models.QuerySet["AwardList"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return (
            self.select_related("school__town", "term")
            .annotate(
                people=Count("awards", filter=~Q(awards__state=AwardState.DROPPED)),
                amount_fen=Sum("awards__amount_fen", filter=~Q(awards__state=AwardState.DROPPED)),
            )
            .order_by("school__code", "pk")
        )


class AwardList(models.Model):
    """A school's awards of a term on their way: school's word → publicity → the county's second signature."""

    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="award_lists", verbose_name=_("学校")
    )
    term = models.ForeignKey(
        "schools.Term", on_delete=models.PROTECT, related_name="award_lists", verbose_name=_("学期")
    )
    state = models.CharField(_("状态"), max_length=20, choices=ListState, default=ListState.DRAFT)
    prepared_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("县级经办人")
    )
    prepared_at = models.DateTimeField(_("提出时间"))
    school_approved_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("学校确认人")
    )
    school_approved_at = models.DateTimeField(_("学校确认时间"), null=True)
    confirmed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("县级审定人")
    )
    confirmed_at = models.DateTimeField(_("县级审定时间"), null=True)
    sent_back_reason = models.CharField(_("退回原因"), max_length=200, blank=True)

    objects = AwardListQuerySet.as_manager()

    class Meta:
        verbose_name = _("资助名单")
        verbose_name_plural = _("资助名单")
        ordering = ("school", "term")
        constraints = [
            models.UniqueConstraint(fields=["school", "term"], name="awardlist_once_per_school"),
            models.CheckConstraint(
                name="awardlist_two_people",
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("prepared_by")),
                violation_error_message=_("经办人不能审定自己提出的名单。"),
            ),
            models.CheckConstraint(
                name="awardlist_confirmed_is_signed",
                condition=~Q(state="confirmed")
                | Q(
                    confirmed_by__isnull=False,
                    confirmed_at__isnull=False,
                    school_approved_by__isnull=False,
                    school_approved_at__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.term}"

    def get_absolute_url(self) -> str:
        return reverse("programs:list", args=[self.pk])


class AwardQuerySet(models.QuerySet["Award"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def live(self) -> Self:
        return self.exclude(state=AwardState.DROPPED)

    def confirmed(self) -> Self:
        return self.filter(state=AwardState.CONFIRMED)

    def for_list(self) -> Self:
        return self.select_related("student", "school", "program", "stage", "category", "list").order_by(
            "school__code", "grade_no", "class_name", "pk"
        )


class Award(models.Model):
    """One child's aid from one program in one term, with the facts and the standard it rests on, frozen."""

    student = models.ForeignKey(
        "students.Student", on_delete=models.PROTECT, related_name="awards", verbose_name=_("学生")
    )
    enrollment = models.ForeignKey(
        "students.Enrollment", on_delete=models.PROTECT, related_name="awards", verbose_name=_("在读记录")
    )
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="awards", verbose_name=_("项目"))
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="awards", verbose_name=_("学期"))
    list = models.ForeignKey(AwardList, on_delete=models.PROTECT, related_name="awards", verbose_name=_("名单"))
    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="awards", verbose_name=_("学校")
    )
    stage = models.ForeignKey("schools.Stage", on_delete=models.PROTECT, related_name="+", verbose_name=_("学段"))
    grade = models.CharField(_("年级"), max_length=20)
    grade_no = models.PositiveSmallIntegerField(_("年级序号"), default=0, help_text=_("按学段和年级排序用"))
    class_name = models.CharField(_("班级"), max_length=30)
    is_boarding = models.BooleanField(_("寄宿"))
    category = models.ForeignKey(
        "students.HardshipCategory",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("统计困难类型"),
    )
    is_registered_poor = models.BooleanField(_("原建档立卡"))
    level = models.CharField(_("认定等级"), max_length=10, choices=Level, blank=True)
    tier = models.CharField(_("档次"), max_length=20, blank=True)
    amount_fen = models.PositiveBigIntegerField(_("金额（分）"))
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="+", verbose_name=_("享受条件"))
    standard = models.ForeignKey(Standard, on_delete=models.PROTECT, related_name="+", verbose_name=_("标准"))
    school_fee = models.ForeignKey(
        SchoolFee, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("学校收费标准")
    )
    state = models.CharField(_("状态"), max_length=10, choices=AwardState, default=AwardState.PROPOSED)
    dropped_reason = models.CharField(_("移出原因"), max_length=200, blank=True)

    objects = AwardQuerySet.as_manager()

    class Meta:
        verbose_name = _("资助")
        verbose_name_plural = _("资助")
        ordering = ("-term__starts_on", "program__position", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["student", "program", "term"], condition=~Q(state="dropped"), name="award_one_live"
            ),
            models.CheckConstraint(name="award_amount_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="award_dropped_has_a_reason", condition=~Q(state="dropped") | ~Q(dropped_reason="")
            ),
        ]
        indexes = [
            models.Index(
                fields=["term", "program", "stage", "is_registered_poor", "state", "amount_fen", "student"],
                name="award_figures",
            ),
            models.Index(fields=["list", "state"], name="award_by_list"),
        ]

    def __str__(self) -> str:
        return f"{self.student} {self.program_id} {self.term_id}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(list__school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("list__school", "list__term").order_by("-starts_on", "pk")


class Notice(models.Model):
    """A public list: up for at least five Chinese working days, gone when it ends (教财厅函〔2017〕28号)."""

    list = models.ForeignKey(AwardList, on_delete=models.PROTECT, related_name="notices", verbose_name=_("名单"))
    token = models.CharField(max_length=32, unique=True, editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=NoticeState, default=NoticeState.UP)
    starts_on = models.DateField(_("公示开始"))
    ends_on = models.DateField(_("公示结束"))
    working_days = models.PositiveSmallIntegerField(_("工作日"))
    result = models.CharField(_("公示结果"), max_length=200, blank=True)
    put_up_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("公示人"))
    put_up_at = models.DateTimeField(_("张贴时间"))
    taken_down_at = models.DateTimeField(_("撤下时间"), null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("公示")
        verbose_name_plural = _("公示")
        ordering = ("-starts_on", "-pk")
        constraints = [
            models.CheckConstraint(name="notice_at_least_five_days", condition=Q(working_days__gte=5)),
            models.CheckConstraint(name="notice_days_in_order", condition=Q(ends_on__gt=F("starts_on"))),
            models.UniqueConstraint(fields=["list"], condition=Q(state="up"), name="notice_one_up_per_list"),
            models.CheckConstraint(
                name="notice_down_has_a_result",
                condition=~Q(state="down") | (~Q(result="") & Q(taken_down_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.list} {self.starts_on}"

    def get_absolute_url(self) -> str:
        return reverse("programs:notice", args=[self.pk])


class Objection(models.Model):
    """A word against one child's award during publicity. It holds that award, not the school."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="objections", verbose_name=_("公示"))
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="objections", verbose_name=_("资助"))
    words = models.CharField(_("异议内容"), max_length=500)
    received_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("受理人")
    )
    received_at = models.DateTimeField(_("受理时间"))
    is_upheld = models.BooleanField(_("异议成立"), null=True)
    answer = models.CharField(_("核查结论"), max_length=500, blank=True)
    answered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("办结人")
    )
    answered_at = models.DateTimeField(_("办结时间"), null=True)

    class Meta:
        verbose_name = _("异议")
        verbose_name_plural = _("异议")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                name="objection_answered_as_a_whole",
                condition=Q(is_upheld=None, answered_at=None, answered_by=None)
                | (Q(is_upheld__isnull=False, answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.award} {self.received_at:%Y-%m-%d}"


class GapAnswerQuerySet(models.QuerySet["GapAnswer"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def to_add(self) -> Self:
        """The school says that the child is to be added, and the county agrees."""
        return self.filter(reason=GapReason.TO_ADD, state=GapAnswerState.ACCEPTED)


class GapAnswer(models.Model):
    """What a school says to an entitled child without an award (应助未助), and what the county says to that.

    It counts at the school that gave it: where the child studies next, the question is asked anew.
    """

    student = models.ForeignKey("students.Student", on_delete=models.PROTECT, related_name="+", verbose_name=_("学生"))
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("项目"))
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="+", verbose_name=_("学期"))
    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="gap_answers", verbose_name=_("学校")
    )
    reason = models.CharField(_("未享受的原因"), max_length=20, choices=GapReason)
    words = models.CharField(_("说明"), max_length=200, blank=True)
    answered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("答复人")
    )
    answered_at = models.DateTimeField(_("答复时间"))
    state = models.CharField(_("状态"), max_length=10, choices=GapAnswerState, default=GapAnswerState.WAITING)
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("审核人")
    )
    decided_at = models.DateTimeField(_("审核时间"), null=True)
    sent_back_words = models.CharField(_("退回原因"), max_length=200, blank=True)

    objects = GapAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("应助未助答复")
        verbose_name_plural = _("应助未助答复")
        ordering = ("term", "school", "pk")
        constraints = [
            models.UniqueConstraint(fields=["student", "program", "term"], name="gapanswer_once_per_program"),
            models.CheckConstraint(name="gapanswer_other_has_words", condition=~Q(reason="other") | ~Q(words="")),
            models.CheckConstraint(
                name="gapanswer_decided_by_a_person",
                condition=Q(state="waiting", decided_by=None, decided_at=None)
                | (~Q(state="waiting") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="gapanswer_sent_back_with_words",
                condition=Q(state="sent_back") & ~Q(sent_back_words="") | ~Q(state="sent_back") & Q(sent_back_words=""),
            ),
            models.CheckConstraint(
                name="gapanswer_two_people", condition=Q(decided_by=None) | ~Q(decided_by=F("answered_by"))
            ),
        ]
        indexes = [models.Index(fields=["term", "school"], name="gapanswer_by_school")]

    def __str__(self) -> str:
        return f"{self.student} {self.program_id} {self.term_id}"
