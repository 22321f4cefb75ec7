"""What is given, to whom, how much, by which document: programs, rules, standards, shares, fees."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.roles import READERS
from programs.choices import (
    Basis,
    Payee,
    Payer,
    Pays,
    ProgramKind,
    Scope,
    Severity,
    TrialState,
    Way,
)
from schools.choices import Ownership

if TYPE_CHECKING:
    from common.roles import Person


class PolicyDocument(models.Model):
    """A document that sets rules or amounts (政策文件), with its file; rules and standards name it by its number."""

    number = models.CharField(_("文号"), max_length=60, unique=True)
    title = models.CharField(_("标题"), max_length=200)
    issued_on = models.DateField(_("发文日期"), null=True, blank=True)
    file = models.ForeignKey(
        "jobs.StoredFile", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("文件")
    )
    added_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("录入人")
    )
    added_at = models.DateTimeField(_("录入时间"), null=True)
    """Nobody and never for a document that came with the reference data."""

    class Meta:
        verbose_name = _("政策文件")
        verbose_name_plural = _("政策文件")
        ordering = ("-issued_on", "number")
        constraints = [
            models.CheckConstraint(
                name="policydocument_added_by_somebody_some_day",
                condition=Q(added_by=None, added_at=None) | Q(added_by__isnull=False, added_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("programs:document", args=[self.pk])


class Program(models.Model):
    """An aid program (资助项目). Amounts and conditions are dated rows of their own."""

    code = models.CharField(_("代码"), max_length=30, primary_key=True)
    name = models.CharField(_("项目名称"), max_length=50, unique=True)
    short_name = models.CharField(_("简称"), max_length=20)
    kind = models.CharField(_("形式"), max_length=10, choices=ProgramKind)
    purpose = models.CharField(_("用途"), max_length=200, blank=True)
    way = models.CharField(_("提出方式"), max_length=10, choices=Way, default=Way.AUTO)
    payee = models.CharField(_("收款方"), max_length=10, choices=Payee)
    stages = models.ManyToManyField("schools.Stage", related_name="programs", verbose_name=_("学段"))
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("资助项目")
        verbose_name_plural = _("资助项目")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return _now(self.name)

    def get_absolute_url(self) -> str:
        return reverse("programs:program", args=[self.code])


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
    """An amount: program × stage × kind and ownership of school × category × tier, per child and term, from a document.

    Quoted a year and paid a term, so the amount is half the annual one and may end in 50 fen.
    Basis `school-fee` takes the school's own approved fee (SchoolFee), `capped-fee` the same up to the amount.
    The most specific row holds.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="standards", verbose_name=_("项目"))
    stage = models.ForeignKey("schools.Stage", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("学段"))
    school_kind = models.ForeignKey(
        "schools.SchoolKind", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("学校类型")
    )
    ownership = models.CharField(_("办别"), max_length=20, choices=Ownership, blank=True)
    category = models.ForeignKey(
        "students.HardshipCategory",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("困难类型"),
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
                "ownership",
                Coalesce("category", Value("")),
                "tier",
                "valid_from",
                name="standard_once_per_day",
            ),
            models.CheckConstraint(
                name="standard_amount_goes_with_basis",
                condition=Q(basis__in=["fixed", "capped-fee"], amount_fen__isnull=False, amount_fen__gt=0)
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
    school_kinds = models.ManyToManyField(
        "schools.SchoolKind", blank=True, related_name="+", verbose_name=_("学校类型")
    )
    ownerships = models.JSONField(_("办别"), default=list, blank=True)
    is_boarding = models.BooleanField(_("寄宿"), null=True, blank=True)
    is_rural = models.BooleanField(_("农村户口"), null=True, blank=True)
    is_county_town = models.BooleanField(_("县城学校"), null=True, blank=True)
    is_registered = models.BooleanField(_("有学籍"), null=True, blank=True)
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
    scope = models.CharField(_("范围"), max_length=10, choices=Scope, default=Scope.TERM)
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
    pays = models.CharField(_("学期内转学由谁发放"), max_length=10, choices=Pays, default=Pays.NEW_SCHOOL)
    first_month = models.DateField(_("起始月份"), null=True, blank=True)
    last_month = models.DateField(_("截止月份"), null=True, blank=True)

    class Meta:
        verbose_name = _("学期开展项目")
        verbose_name_plural = _("学期开展项目")
        constraints = [models.UniqueConstraint(fields=["term", "program"], name="termprogram_once")]

    def __str__(self) -> str:
        return f"{self.term_id} {self.program_id}"


class SchoolCap(models.Model):
    """How many children of a school a program has room for in a term (名额): a list beyond it is warned of."""

    school = models.ForeignKey("schools.School", on_delete=models.PROTECT, related_name="caps", verbose_name=_("学校"))
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", verbose_name=_("项目"))
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="+", verbose_name=_("学期"))
    tier = models.CharField(_("档次"), max_length=20, blank=True)
    people = models.PositiveIntegerField(_("人数"))
    document_no = models.CharField(_("文号"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("学校名额")
        verbose_name_plural = _("学校名额")
        ordering = ("school__code", "program__position", "tier", "pk")
        constraints = [
            models.UniqueConstraint(fields=["school", "program", "term", "tier"], name="schoolcap_once_per_tier"),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.program_id} {self.people}"


class TrialQuerySet(models.QuerySet["Trial"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("term", "made_by").order_by("-pk")


class Trial(models.Model):
    """What if: changed standards and other lists tried on a term's children; nothing but its result is kept."""

    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="+", verbose_name=_("学期"))
    title = models.CharField(_("名称"), max_length=100)
    changes = models.JSONField(_("试改的标准"), default=list)
    snapshots = models.ManyToManyField(
        "students.RegisterSnapshot", blank=True, related_name="+", verbose_name=_("试用的名单")
    )
    state = models.CharField(_("状态"), max_length=10, choices=TrialState, default=TrialState.WAITING)
    result = models.JSONField(_("结果"), default=list)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("测算人"))
    made_at = models.DateTimeField(_("测算时间"))

    objects = TrialQuerySet.as_manager()

    class Meta:
        verbose_name = _("政策测算")
        verbose_name_plural = _("政策测算")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("programs:trial", args=[self.pk])


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
