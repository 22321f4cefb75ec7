"""Children, their cards, and where each of them is in a term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common import resident_ids
from common.roles import READERS, Role
from common.sealed import IndexField, SealedField
from students.choices import EnrollmentState, IdType, Sex
from students.models.rosters import Roster

if TYPE_CHECKING:
    from common.roles import Person


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
    id_type = models.CharField(_("证件类型"), max_length=20, choices=IdType, blank=True, default="")
    id_kind = models.CharField(_("证件号情况"), max_length=10, choices=[(k.value, k.name) for k in resident_ids.IdKind])
    id_number = SealedField(_("证件号"))
    id_number_index = IndexField()
    guardian_name = models.CharField(_("监护人"), max_length=100, blank=True)
    guardian_phone = SealedField(_("监护人电话"))
    guardian_phone_index = IndexField()
    guardian_id = SealedField(_("监护人证件号"))
    guardian_id_index = IndexField()
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

    @property
    def masked_guardian_id(self) -> str:
        return resident_ids.mask(self.guardian_id)


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


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def studying(self) -> Self:
        return self.filter(state=EnrollmentState.STUDYING)

    def here(self) -> Self:
        """Whoever the school counts as its own: studying or suspended."""
        return self.exclude(state=EnrollmentState.LEFT)

    def for_list(self) -> Self:
        return self.select_related("student", "school", "stage").order_by(
            "school__code", "grade_no", "class_name", "pk"
        )


class Enrollment(models.Model):
    """A child in a school in a term, as the roster in force says. Whoever left stays on record.

    Only who is studying counts: a suspended child (休学) keeps its place and gets nothing.
    """

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
    is_registered = models.BooleanField(_("有学籍"), null=True, blank=True)
    """Whether the national system knows the child at this school (学籍); None where its school does not say."""
    major = models.CharField(_("专业"), max_length=50, blank=True)
    claim = models.CharField(_("自报困难类型"), max_length=50, blank=True)
    fee_fen = models.PositiveBigIntegerField(_("本学期收费（分）"), null=True, blank=True)
    note = models.CharField(
        _("备注"), max_length=200, blank=True, default="", help_text=_("学校对存疑内容的说明也写在这里")
    )
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
            models.Index(fields=["term", "school", "state"], name="enrollment_by_school"),
            models.Index(fields=["term", "school", "grade_no", "class_name", "id"], name="enrollment_by_class"),
        ]

    def __str__(self) -> str:
        return f"{self.student} {self.term_id}"
