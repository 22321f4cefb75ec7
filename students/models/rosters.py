"""What schools hand in: rosters, their problems and mended cells, and what the county says to a school of a term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from common.sealed import SealedField
from students.choices import CountyFileState, RosterState, Severity

if TYPE_CHECKING:
    from common.roles import Person


class RosterQuerySet(models.QuerySet["Roster"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("school__town", "term", "file", "uploaded_by", "sent_back_by").order_by(
            "-term__starts_on", "school__code", "-version"
        )

    def versions_beside(self, roster: Roster) -> Self:
        """All versions of the same school and term, the newest first."""
        return self.filter(school=roster.school_id, term=roster.term_id).order_by("-version")


class Roster(models.Model):
    """One school's statement of all its children in a term: an uploaded file, checked, then in force.

    Later changes are another version; the version in force is the term's truth for that school.
    The file stays as it came: cells that people mend lie beside it (RosterCorrection).
    """

    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="rosters", verbose_name=_("学校")
    )
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="rosters", verbose_name=_("学期"))
    version = models.PositiveIntegerField(_("版本"))
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("文件"))
    county_file = models.ForeignKey(
        "students.CountyFile",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rosters",
        verbose_name=_("全县汇总表"),
    )
    state = models.CharField(_("状态"), max_length=12, choices=RosterState, default=RosterState.UPLOADED)
    checks = models.PositiveIntegerField(_("校验次数"), default=1, help_text=_("改正单元格后会再校验一次"))
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传时间"))
    committed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("确认人")
    )
    committed_at = models.DateTimeField(_("确认时间"), null=True)
    reason = models.CharField(_("大量变动的说明"), max_length=200, blank=True)
    word = models.CharField(
        _("存疑行的统一说明"), max_length=200, blank=True, default="", help_text=_("没有逐行说明的存疑行都用它")
    )
    sent_back_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("退回人")
    )
    sent_back_at = models.DateTimeField(_("退回时间"), null=True)
    sent_back_reason = models.CharField(_("退回原因"), max_length=200, blank=True, default="")
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_params = models.JSONField(default=dict)
    rows_read = models.PositiveIntegerField(_("数据行"), default=0)
    rows_good = models.PositiveIntegerField(_("可入库行"), default=0)
    rows_refused = models.PositiveIntegerField(_("错误行"), default=0)
    rows_doubtful = models.PositiveIntegerField(_("需说明行"), default=0)
    came = models.PositiveIntegerField(_("新增"), default=0)
    left = models.PositiveIntegerField(_("离校"), default=0)
    changed = models.PositiveIntegerField(_("变动"), default=0)
    compared_with = models.PositiveIntegerField(
        _("对照版本"), default=0, help_text=_("校验时的现行版本；0 表示与上学期的名单相比")
    )
    compared_children = models.PositiveIntegerField(_("对照人数"), default=0)

    objects = RosterQuerySet.as_manager()

    class Meta:
        verbose_name = _("花名册")
        verbose_name_plural = _("花名册")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["school", "term", "version"], name="roster_version_once"),
            models.UniqueConstraint(
                fields=["school", "term"], condition=Q(state="in_force"), name="roster_one_in_force"
            ),
            models.UniqueConstraint(
                fields=["school", "term"], condition=Q(state="committing"), name="roster_one_committing"
            ),
            models.CheckConstraint(
                name="roster_sent_back_with_a_reason",
                condition=Q(sent_back_at=None, sent_back_by=None, sent_back_reason="")
                | (Q(sent_back_at__isnull=False, sent_back_by__isnull=False) & ~Q(sent_back_reason="")),
            ),
            models.CheckConstraint(
                name="roster_in_force_was_committed",
                condition=~Q(state__in=["in_force", "superseded"])
                | Q(committed_by__isnull=False, committed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.term} v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("students:roster", args=[self.pk])


class RosterIssue(models.Model):
    """One problem in one cell of an uploaded roster, worded when shown (students.issues)."""

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="issues")
    row = models.PositiveIntegerField(_("行"))
    column = models.PositiveSmallIntegerField(_("列"), null=True)
    field = models.CharField(_("字段"), max_length=30, blank=True)
    code = models.CharField(_("代码"), max_length=40)
    severity = models.CharField(_("级别"), max_length=10, choices=Severity)
    params = models.JSONField(default=dict)
    value = models.CharField(_("原值（遮蔽）"), max_length=100, blank=True)
    repair = SealedField(_("建议改为"), null=True, default=None)  # type: ignore[misc]  # null: nothing is proposed

    class Meta:
        verbose_name = _("花名册问题")
        verbose_name_plural = _("花名册问题")
        ordering = ("row", "column", "pk")
        indexes = [models.Index(fields=["roster", "severity", "row"], name="rosterissue_by_severity")]

    def __str__(self) -> str:
        return f"{self.row}:{self.code}"


class RosterCorrection(models.Model):
    """What people say a cell of an uploaded roster should hold, without touching the file.

    Without a field the whole row is left out (a line twice, a line that is no child). A word on a doubtful row is a
    correction of its field `note`.
    """

    roster = models.ForeignKey(Roster, on_delete=models.CASCADE, related_name="corrections", verbose_name=_("花名册"))
    row = models.PositiveIntegerField(_("行"))
    field = models.CharField(_("字段"), max_length=30, blank=True)
    value = SealedField(_("改为"))
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("改正人"))
    made_at = models.DateTimeField(_("改正时间"))

    class Meta:
        verbose_name = _("花名册改正")
        verbose_name_plural = _("花名册改正")
        ordering = ("row", "field", "pk")
        constraints = [
            models.UniqueConstraint(fields=["roster", "row", "field"], name="rostercorrection_once_per_cell"),
        ]

    def __str__(self) -> str:
        return f"{self.row}:{self.field}"


class RosterHeading(models.Model):
    """A heading as files write it, and the column of ours it stands for; no field means "not read".

    Without a school it holds for all. County staff keep them; what a school maps for its own files is its own.
    """

    field = models.CharField(_("字段"), max_length=30, blank=True)
    text = models.CharField(_("表头写法"), max_length=100)
    school = models.ForeignKey(
        "schools.School",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="roster_headings",
        verbose_name=_("学校"),
    )
    position = models.PositiveSmallIntegerField(_("优先顺序"), default=0)

    class Meta:
        verbose_name = _("花名册表头写法")
        verbose_name_plural = _("花名册表头写法")
        ordering = ("field", "position", "pk")
        constraints = [
            models.UniqueConstraint(fields=["school", "text"], name="rosterheading_once_per_school"),
            models.UniqueConstraint(fields=["text"], condition=Q(school=None), name="rosterheading_once_for_all"),
        ]

    def __str__(self) -> str:
        return self.text


class CountyFileQuerySet(models.QuerySet["CountyFile"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("term", "file", "uploaded_by").order_by("-pk")


class CountyFile(models.Model):
    """One workbook with the rosters of many schools, routed by school code: each school gets a version of its own."""

    term = models.ForeignKey(
        "schools.Term", on_delete=models.PROTECT, related_name="county_files", verbose_name=_("学期")
    )
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("文件"))
    state = models.CharField(_("状态"), max_length=12, choices=CountyFileState, default=CountyFileState.UPLOADED)
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传时间"))
    confirmed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("确认人")
    )
    confirmed_at = models.DateTimeField(_("确认时间"), null=True)
    reason = models.CharField(_("大量变动的说明"), max_length=200, blank=True, default="")
    word = models.CharField(_("存疑行的统一说明"), max_length=200, blank=True, default="")
    refusal_code = models.CharField(max_length=40, blank=True, default="")
    refusal_params = models.JSONField(default=dict)
    rows_read = models.PositiveIntegerField(_("数据行"), default=0)
    rows_unrouted = models.PositiveIntegerField(_("找不到学校的行"), default=0)
    unrouted = models.JSONField(_("找不到学校的行号和代码"), default=list)

    objects = CountyFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("全县汇总表")
        verbose_name_plural = _("全县汇总表")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                name="countyfile_confirmed_by_a_person",
                condition=~Q(state__in=["committing", "done"])
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term} #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("students:county-file", args=[self.pk])


class SchoolTermQuerySet(models.QuerySet["SchoolTerm"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()


class SchoolTerm(models.Model):
    """One school's desk in a term: what the county said to it.

    Whoever gives out the next version of its roster, or decides which one counts, holds this row
    (students.rosters.at_desk): of two officers one is first.
    """

    school = models.ForeignKey("schools.School", on_delete=models.PROTECT, related_name="terms", verbose_name=_("学校"))
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="schools", verbose_name=_("学期"))
    reminders = models.PositiveIntegerField(_("催报次数"), default=0)
    reminded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("催报人")
    )
    reminded_at = models.DateTimeField(_("催报时间"), null=True)
    reopened_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("重新开放人")
    )
    reopened_until = models.DateField(_("重新开放至"), null=True)
    reopened_reason = models.CharField(_("重新开放的原因"), max_length=200, blank=True, default="")

    objects = SchoolTermQuerySet.as_manager()

    class Meta:
        verbose_name = _("学校学期")
        verbose_name_plural = _("学校学期")
        ordering = ("school", "term")
        constraints = [
            models.UniqueConstraint(fields=["school", "term"], name="schoolterm_once"),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.term}"
