"""One child's aid from one program in one term, and the lists it goes its way on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from programs.choices import (
    AwardState,
    Level,
    ListState,
)
from programs.models.standards import Program, Rule, SchoolFee, Standard

if TYPE_CHECKING:
    from common.roles import Person


class AwardListQuerySet(models.QuerySet["AwardList"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def with_people(self) -> Self:
        """Lists that somebody is still on: one whose children were all taken out waits for nobody."""
        return self.filter(Exists(Award.objects.live().filter(list=OuterRef("pk"))))

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
    number = models.PositiveSmallIntegerField(_("第几份"), default=1)
    """1 is the term's list; who is added after it was signed goes on a supplementary one (补充名单)."""
    state = models.CharField(_("状态"), max_length=20, choices=ListState, default=ListState.DRAFT)
    prepared_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("县级经办人")
    )
    prepared_at = models.DateTimeField(_("提出时间"))
    school_prepared_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("学校经办人")
    )
    school_prepared_at = models.DateTimeField(_("学校核对时间"), null=True)
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
        ordering = ("school", "term", "number")
        constraints = [
            models.UniqueConstraint(fields=["school", "term", "number"], name="awardlist_once_per_number"),
            models.UniqueConstraint(
                fields=["school", "term"],
                condition=Q(state__in=["draft", "school_prepared", "school_approved"]),
                name="awardlist_one_in_preparation",
            ),
            models.CheckConstraint(
                name="awardlist_school_two_people",
                condition=Q(school_approved_by=None)
                | Q(school_prepared_by=None)
                | ~Q(school_approved_by=F("school_prepared_by")),
                violation_error_message=_("学校经办人不能再作为负责人确认同一份名单。"),
            ),
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
        return f"{self.school} {self.term}{f' {self.title}' if self.is_supplementary else ''}"

    def get_absolute_url(self) -> str:
        return reverse("programs:list", args=[self.pk])

    @property
    def is_supplementary(self) -> bool:
        return self.number > 1

    @property
    def title(self) -> str:
        """What people call it: the term's list, or the first, second … one that adds to it."""
        return _now("补充名单第 %(n)s 份") % {"n": self.number - 1} if self.is_supplementary else _now("资助名单")


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
    tier_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("档次设定人")
    )
    tier_at = models.DateTimeField(_("档次设定时间"), null=True)
    tier_reason = models.CharField(_("档次设定原因"), max_length=200, blank=True)
    """Set where a person chose the tier against the rule; a new run of the proposals keeps it."""
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
                name="award_tier_by_hand_has_a_reason",
                condition=Q(tier_by=None, tier_at=None, tier_reason="")
                | Q(tier_by__isnull=False, tier_at__isnull=False) & ~Q(tier_reason=""),
            ),
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


class NominationQuerySet(models.QuerySet["Nomination"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("student", "school", "program").order_by("school__code", "program__position", "pk")


class Nomination(models.Model):
    """A school puts a child forward for a program that schools decide on, with the tier it thinks right."""

    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="nominations", verbose_name=_("学校")
    )
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="+", verbose_name=_("学期"))
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="nominations", verbose_name=_("项目"))
    student = models.ForeignKey(
        "students.Student", on_delete=models.PROTECT, related_name="nominations", verbose_name=_("学生")
    )
    tier = models.CharField(_("档次"), max_length=20, blank=True)
    file = models.ForeignKey(
        "jobs.StoredFile", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("文件")
    )
    row = models.PositiveIntegerField(_("行"), null=True)
    set_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("提名人"))
    set_at = models.DateTimeField(_("提名时间"))
    is_current = models.BooleanField(_("现行"), default=True)
    """The newest word about a child holds; the words before it, and those taken back, stay on record."""
    withdrawn_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("撤回人")
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True)
    withdrawn_reason = models.CharField(_("撤回原因"), max_length=200, blank=True)

    objects = NominationQuerySet.as_manager()

    class Meta:
        verbose_name = _("提名")
        verbose_name_plural = _("提名")
        ordering = ("term", "school", "program__position", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["term", "program", "student"], condition=Q(is_current=True), name="nomination_one_current"
            ),
            models.CheckConstraint(
                name="nomination_withdrawn_with_a_reason",
                condition=Q(withdrawn_by=None, withdrawn_at=None, withdrawn_reason="")
                | Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False, is_current=False) & ~Q(withdrawn_reason=""),
            ),
        ]
        indexes = [models.Index(fields=["term", "school", "program"], name="nomination_by_school")]

    def __str__(self) -> str:
        return f"{self.student} {self.program_id} {self.term_id}"
