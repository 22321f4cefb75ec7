"""Where and when: towns, stages, schools, terms. Codes are keys, so that files and figures read by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from common.sealed import SealedField
from schools.choices import Ownership, Season, TermState

if TYPE_CHECKING:
    from common.roles import Person

TERM_CODE = re.compile(r"^(?P<year>20\d\d)(?P<season>[SA])$")
SCHOOL_YEAR = re.compile(r"^(?P<first>20\d\d)-(?P<second>20\d\d)$")


class Town(models.Model):
    """A town or township with its central school (乡镇中心校), or the county seat."""

    code = models.CharField(_("代码"), max_length=12, primary_key=True)
    name = models.CharField(_("名称"), max_length=50, unique=True)
    is_county_town = models.BooleanField(_("县城"), default=False)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("乡镇")
        verbose_name_plural = _("乡镇")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A stage of schooling (学段). One school can hold several."""

    code = models.CharField(_("代码"), max_length=20, primary_key=True)
    name = models.CharField(_("名称"), max_length=20, unique=True)
    position = models.PositiveSmallIntegerField(_("排序"), default=0)
    is_compulsory = models.BooleanField(_("义务教育"), default=False)

    class Meta:
        verbose_name = _("学段")
        verbose_name_plural = _("学段")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return _now(self.name)


class Grade(models.Model):
    """A grade of a stage; `spellings` are the other ways files write it (1年级, 小一, 一)."""

    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="grades", verbose_name=_("学段"))
    name = models.CharField(_("名称"), max_length=20)
    position = models.PositiveSmallIntegerField(_("排序"))
    spellings = models.JSONField(_("其他写法"), default=list, blank=True)
    youngest = models.PositiveSmallIntegerField(_("最小年龄"))
    oldest = models.PositiveSmallIntegerField(_("最大年龄"))

    class Meta:
        verbose_name = _("年级")
        verbose_name_plural = _("年级")
        ordering = ("stage__position", "position", "pk")
        constraints = [models.UniqueConstraint(fields=["stage", "name"], name="grade_name_once_per_stage")]

    def __str__(self) -> str:
        return self.name


class SchoolKind(models.Model):
    """A kind of school (办学类型): kindergarten, primary, nine-year, 普通中专, 职业中专, …"""

    code = models.CharField(_("代码"), max_length=30, primary_key=True)
    name = models.CharField(_("名称"), max_length=30, unique=True)
    stages = models.ManyToManyField(Stage, related_name="kinds", verbose_name=_("学段"))
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("学校类型")
        verbose_name_plural = _("学校类型")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return _now(self.name)


class SchoolQuerySet(models.QuerySet["School"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(pk=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("town", "kind").order_by("town__position", "code", "pk")

    def teaching(self, stages: Iterable[str]) -> Self:
        """Schools that teach one of these stages: as their own, or as their kind where none are set."""
        codes = list(stages)
        return self.filter(Q(stages__in=codes) | Q(stages=None, kind__stages__in=codes)).distinct()


class School(models.Model):
    """A school or kindergarten of the county, or a teaching point with a code of its own."""

    code = models.CharField(
        _("学校标识码"),
        max_length=10,
        unique=True,
        validators=[RegexValidator(r"^\d{10}$", _("学校标识码是 10 位数字。"))],
    )
    name = models.CharField(_("学校名称"), max_length=100)
    town = models.ForeignKey(Town, on_delete=models.PROTECT, related_name="schools", verbose_name=_("乡镇"))
    kind = models.ForeignKey(SchoolKind, on_delete=models.PROTECT, related_name="schools", verbose_name=_("学校类型"))
    stages = models.ManyToManyField(
        Stage,
        blank=True,
        related_name="schools",
        verbose_name=_("学段"),
        help_text=_("不选表示与学校类型的学段相同"),
    )
    ownership = models.CharField(_("办别"), max_length=20, choices=Ownership, default=Ownership.PUBLIC)
    is_county_town = models.BooleanField(_("县城学校"), default=False)
    has_boarding = models.BooleanField(_("有寄宿"), default=False)
    is_active = models.BooleanField(_("在办"), default=True)
    account_holder = models.CharField(_("学校账户户名"), max_length=100, blank=True)
    account_bank = models.CharField(_("学校账户开户行"), max_length=100, blank=True)
    account_number = SealedField(_("学校账号"))

    objects = SchoolQuerySet.as_manager()

    class Meta:
        verbose_name = _("学校")
        verbose_name_plural = _("学校")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("schools:school", args=[self.code])

    def stage_codes(self) -> frozenset[str]:
        """The stages that this school teaches: its own, or those of its kind where none are set."""
        own = {stage.code for stage in self.stages.all()}
        return frozenset(own or {stage.code for stage in self.kind.stages.all()})


class Term(models.Model):
    """A school term. Terms are ordered by their first day: codes do not sort (2021A comes after 2021S).

    School year 2020-2021 is 2020A + 2021S; finance year 2021 is 2021S + 2021A.
    """

    code = models.CharField(
        _("代码"),
        max_length=5,
        primary_key=True,
        validators=[RegexValidator(TERM_CODE, _("学期代码形如 2021S、2021A。"))],
    )
    starts_on = models.DateField(_("开学日"))
    ends_on = models.DateField(_("结束日"))
    roster_due_on = models.DateField(_("花名册上报截止"))
    recognition_due_on = models.DateField(_("认定名单上报截止"), null=True, blank=True)
    lists_due_on = models.DateField(_("资助名单确认截止"), null=True, blank=True)
    publicity_due_on = models.DateField(_("公示完成截止"), null=True, blank=True)
    payments_due_on = models.DateField(_("发放核对截止"), null=True, blank=True)
    other_documents = models.TextField(_("其他应交材料"), blank=True, default="", help_text=_("一行一项，写明截止日期"))
    unusual_share = models.PositiveSmallIntegerField(
        _("大量变动的界线（%）"), default=20, help_text=_("花名册里离校或变动的学生超过这个比例时，要求写明原因")
    )
    state = models.CharField(_("状态"), max_length=10, choices=TermState, default=TermState.OPEN)

    class Meta:
        verbose_name = _("学期")
        verbose_name_plural = _("学期")
        ordering = ("starts_on",)
        constraints = [
            models.CheckConstraint(
                name="term_days_in_order",
                condition=Q(
                    starts_on__lt=F("ends_on"),
                    roster_due_on__gte=F("starts_on"),
                    roster_due_on__lte=F("ends_on"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return term_name(self.code)

    @property
    def year(self) -> int:
        return int(self.code[:4])

    @property
    def season(self) -> Season:
        return Season(self.code[4])

    @cached_property
    def school_year(self) -> str:
        """The school year as its first calendar year: "2020" for 2020A and 2021S."""
        return str(self.year if self.season is Season.AUTUMN else self.year - 1)

    def age_on_start(self, born: date) -> int:
        """Full years on the first day of September of the school year, as entry ages are counted."""
        return int(self.school_year) - born.year - ((born.month, born.day) > (8, 31))


def term_name(code: str) -> str:
    """ "2021年秋季学期" for 2021A; "2021" is the finance year, "2020-2021" the school year."""
    if years := SCHOOL_YEAR.match(code):
        return _now("%(first)s—%(second)s学年") % years.groupdict()
    if not (found := TERM_CODE.match(code)):
        return _now("%(year)s年度") % {"year": code}
    if found["season"] == Season.AUTUMN:
        return _now("%(year)s年秋季学期") % {"year": found["year"]}
    return _now("%(year)s年春季学期") % {"year": found["year"]}
