"""Who and what: children, where they are each term, what other offices say of them, and who is who."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common import resident_ids
from common.roles import READERS, Role
from common.sealed import IndexField, SealedField
from students.choices import (
    CategoryGroup,
    CrosscheckState,
    EnrollmentState,
    MatchState,
    RosterState,
    Severity,
    Sex,
    SnapshotState,
)

if TYPE_CHECKING:
    from common.roles import Person
    from schools.models import Term


class StudentQuerySet(models.QuerySet["Student"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            own = Enrollment.objects.filter(school=user.school_id).values("student")
            return self.filter(pk__in=own)
        return self if user.role in READERS else self.none()

    def in_care_of(self, user: Person) -> Self:
        """Children whose data this person may change or see whole: a school's only as long as it was the last
        to have them; a former school still reads what it did, and no more.
        """
        if user.role != Role.SCHOOL:
            return self.visible_to(user)
        last = Enrollment.objects.studying().filter(student=OuterRef("pk")).order_by("-term__starts_on", "-pk")
        return self.alias(last_school=Subquery(last.values("school")[:1])).filter(last_school=user.school_id)


class Student(models.Model):
    """One child. Facts that change with the term (school, grade, boarding) are on the enrollment.

    `key` recognizes the child in the next file: the index of a valid id, or a mark of school, name
    and household where there is none (students.identity).
    """

    key = models.CharField(max_length=32, unique=True, editable=False)
    name = models.CharField(_("姓名"), max_length=100)
    name_key = models.CharField(max_length=100, editable=False)
    sex = models.CharField(_("性别"), max_length=10, choices=Sex, default=Sex.UNKNOWN)
    born_on = models.DateField(_("出生日期"), null=True, blank=True)
    id_kind = models.CharField(_("证件号情况"), max_length=10, choices=[(k.value, k.name) for k in resident_ids.IdKind])
    id_number = SealedField(_("证件号"))
    id_number_index = IndexField()
    guardian_name = models.CharField(_("监护人"), max_length=100, blank=True)
    guardian_phone = SealedField(_("监护人电话"))
    guardian_phone_index = IndexField()
    town_name = models.CharField(_("户籍乡镇"), max_length=50, blank=True)
    village = models.CharField(_("户籍村"), max_length=100, blank=True)

    objects = StudentQuerySet.as_manager()

    class Meta:
        verbose_name = _("学生")
        verbose_name_plural = _("学生")
        ordering = ("name", "pk")
        indexes = [
            models.Index(fields=["id_number_index"], name="student_by_id_number"),
            models.Index(fields=["name_key"], name="student_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("student", args=[self.pk])

    @property
    def masked_id(self) -> str:
        return resident_ids.mask(self.id_number)


class Card(models.Model):
    """A bank or social-security card that money can go to. A changed card is a new row."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="cards", verbose_name=_("学生"))
    number = SealedField(_("卡号"))
    number_index = IndexField(null=False)
    holder = models.CharField(_("户名"), max_length=100)
    relation = models.CharField(_("与学生关系"), max_length=20)
    bank = models.CharField(_("开户行"), max_length=100, blank=True)
    since = models.DateField(_("启用日期"))
    is_current = models.BooleanField(_("现用"), default=True)

    class Meta:
        verbose_name = _("银行卡")
        verbose_name_plural = _("银行卡")
        ordering = ("student", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["student", "number_index", "holder"], name="card_once_per_student"),
            models.UniqueConstraint(
                fields=["student"], condition=Q(is_current=True), name="card_one_current_per_student"
            ),
        ]
        indexes = [models.Index(fields=["number_index"], name="card_by_number")]

    def __str__(self) -> str:
        return f"****{self.number[-4:]}"


class RosterQuerySet(models.QuerySet["Roster"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("school__town", "term", "file").order_by(
            "-term__starts_on", "school__code", "-version"
        )


class Roster(models.Model):
    """One school's statement of all its children in a term: an uploaded file, checked, then in force.

    Later changes are another version; the version in force is the term's truth for that school.
    """

    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="rosters", verbose_name=_("学校")
    )
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="rosters", verbose_name=_("学期"))
    version = models.PositiveIntegerField(_("版本"))
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("文件"))
    state = models.CharField(_("状态"), max_length=12, choices=RosterState, default=RosterState.UPLOADED)
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传时间"))
    committed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("确认人")
    )
    committed_at = models.DateTimeField(_("确认时间"), null=True)
    reason = models.CharField(_("大量变动的说明"), max_length=200, blank=True)
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_params = models.JSONField(default=dict)
    rows_read = models.PositiveIntegerField(_("数据行"), default=0)
    rows_good = models.PositiveIntegerField(_("可入库行"), default=0)
    rows_refused = models.PositiveIntegerField(_("错误行"), default=0)
    rows_doubtful = models.PositiveIntegerField(_("需说明行"), default=0)
    came = models.PositiveIntegerField(_("新增"), default=0)
    left = models.PositiveIntegerField(_("离校"), default=0)
    changed = models.PositiveIntegerField(_("变动"), default=0)

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

    class Meta:
        verbose_name = _("花名册问题")
        verbose_name_plural = _("花名册问题")
        ordering = ("row", "column", "pk")
        indexes = [models.Index(fields=["roster", "severity", "row"], name="rosterissue_by_severity")]

    def __str__(self) -> str:
        return f"{self.row}:{self.code}"


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def studying(self) -> Self:
        return self.filter(state=EnrollmentState.STUDYING)

    def for_list(self) -> Self:
        return self.select_related("student", "school", "stage").order_by(
            "school__code", "grade_no", "class_name", "pk"
        )


class Enrollment(models.Model):
    """A child in a school in a term, as the roster in force says. Whoever left stays on record."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="enrollments", verbose_name=_("学生"))
    term = models.ForeignKey(
        "schools.Term", on_delete=models.PROTECT, related_name="enrollments", verbose_name=_("学期")
    )
    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, related_name="enrollments", verbose_name=_("学校")
    )
    stage = models.ForeignKey("schools.Stage", on_delete=models.PROTECT, related_name="+", verbose_name=_("学段"))
    grade = models.CharField(_("年级"), max_length=20)
    grade_no = models.PositiveSmallIntegerField(_("年级序号"), default=0, help_text=_("按学段和年级排序用"))
    class_name = models.CharField(_("班级"), max_length=30)
    is_boarding = models.BooleanField(_("寄宿"))
    is_rural = models.BooleanField(_("农村户口"))
    major = models.CharField(_("专业"), max_length=50, blank=True)
    claim = models.CharField(_("自报困难类型"), max_length=50, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=EnrollmentState, default=EnrollmentState.STUDYING)
    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="enrollments", verbose_name=_("花名册"))
    row = models.PositiveIntegerField(_("花名册行"))

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("在读记录")
        verbose_name_plural = _("在读记录")
        ordering = ("-term__starts_on", "pk")
        constraints = [
            models.UniqueConstraint(fields=["term", "school", "student"], name="enrollment_once_per_school"),
        ]
        indexes = [
            models.Index(fields=["term", "stage", "state"], name="enrollment_by_stage"),
            models.Index(fields=["term", "school", "grade_no", "class_name", "id"], name="enrollment_by_class"),
        ]

    def __str__(self) -> str:
        return f"{self.student} {self.term_id}"


class HardshipCategory(models.Model):
    """A category of special hardship (特殊困难类型) with its official label; old labels stay (CategoryLabel).

    A child may hold several. `priority` names the one that reports count (lowest first).
    """

    code = models.CharField(_("代码"), max_length=30, primary_key=True)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    group = models.CharField(_("统计归类"), max_length=20, choices=CategoryGroup)
    priority = models.PositiveSmallIntegerField(_("统计顺序"), unique=True)
    owner = models.CharField(_("主管部门"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("困难类型")
        verbose_name_plural = _("困难类型")
        ordering = ("priority",)

    def __str__(self) -> str:
        return _now(self.name)


class CategoryLabel(models.Model):
    """A label under which files name a category, and the years in which it was the official one."""

    category = models.ForeignKey(
        HardshipCategory, on_delete=models.PROTECT, related_name="labels", verbose_name=_("困难类型")
    )
    label = models.CharField(_("写法"), max_length=40, unique=True)
    official_from = models.DateField(_("正式使用自"), null=True, blank=True)
    official_to = models.DateField(_("正式使用至"), null=True, blank=True)

    class Meta:
        verbose_name = _("困难类型写法")
        verbose_name_plural = _("困难类型写法")
        ordering = ("category", "pk")

    def __str__(self) -> str:
        return self.label


class RegisterSource(models.Model):
    """An office that lists people in hardship, and the category its list means where it names none."""

    code = models.CharField(_("代码"), max_length=30, primary_key=True)
    name = models.CharField(_("名称"), max_length=50, unique=True)
    office = models.CharField(_("提供部门"), max_length=50)
    category = models.ForeignKey(
        HardshipCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("默认困难类型")
    )
    headings = models.JSONField(_("表头写法"), default=dict, help_text=_("字段 → 表头的各种写法"))
    position = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("名单来源")
        verbose_name_plural = _("名单来源")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return _now(self.name)


class SnapshotQuerySet(models.QuerySet["RegisterSnapshot"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("source", "file", "uploaded_by").order_by("-as_of", "source__position", "-pk")


class RegisterSnapshot(models.Model):
    """One list of another office as of a day, frozen. The next one supersedes it; none is edited."""

    source = models.ForeignKey(
        RegisterSource, on_delete=models.PROTECT, related_name="snapshots", verbose_name=_("来源")
    )
    as_of = models.DateField(_("名单日期"))
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("文件"))
    state = models.CharField(_("状态"), max_length=10, choices=SnapshotState, default=SnapshotState.UPLOADED)
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传时间"))
    rows_read = models.PositiveIntegerField(_("数据行"), default=0)
    people = models.PositiveIntegerField(_("人数"), default=0)
    rows_refused = models.PositiveIntegerField(_("未采用行"), default=0)
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_params = models.JSONField(default=dict)
    withdrawn_reason = models.CharField(_("撤回原因"), max_length=200, blank=True)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = _("名单")
        verbose_name_plural = _("困难群体名单")
        ordering = ("-as_of", "-pk")
        constraints = [
            models.CheckConstraint(
                name="snapshot_withdrawn_has_a_reason",
                condition=~Q(state="withdrawn") | ~Q(withdrawn_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.as_of:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("students:snapshot", args=[self.pk])


class RegisterPerson(models.Model):
    """One line of a frozen list. `key` recognizes the same person in the next list of that source."""

    snapshot = models.ForeignKey(
        RegisterSnapshot, on_delete=models.PROTECT, related_name="persons", verbose_name=_("名单")
    )
    row = models.PositiveIntegerField(_("行"))
    key = models.CharField(max_length=32, editable=False)
    household_no = models.CharField(_("户编号"), max_length=40, blank=True)
    relation = models.CharField(_("与户主关系"), max_length=20, blank=True)
    head_name = models.CharField(_("户主姓名"), max_length=100, blank=True)
    name = models.CharField(_("姓名"), max_length=100)
    name_key = models.CharField(max_length=100, editable=False)
    sex = models.CharField(_("性别"), max_length=10, choices=Sex, default=Sex.UNKNOWN)
    born_on = models.DateField(_("出生日期"), null=True)
    id_kind = models.CharField(_("证件号情况"), max_length=10, choices=[(k.value, k.name) for k in resident_ids.IdKind])
    id_number = SealedField(_("证件号"))
    id_number_index = IndexField()
    phone = SealedField(_("电话"))
    phone_index = IndexField()
    town_name = models.CharField(_("乡镇"), max_length=50, blank=True)
    village = models.CharField(_("村"), max_length=100, blank=True)
    category = models.ForeignKey(
        HardshipCategory, on_delete=models.PROTECT, related_name="+", verbose_name=_("困难类型")
    )
    label = models.CharField(_("名单原文"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("名单人员")
        verbose_name_plural = _("名单人员")
        ordering = ("snapshot", "row")
        constraints = [models.UniqueConstraint(fields=["snapshot", "row"], name="registerperson_once_per_row")]
        indexes = [
            models.Index(fields=["snapshot", "household_no"], name="registerperson_by_household"),
            models.Index(fields=["id_number_index"], name="registerperson_by_id_number"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def masked_id(self) -> str:
        return resident_ids.mask(self.id_number)


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
