"""Questions of the auditor to the county or a school, answered with words and papers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audits.choices import EntryKind, QuestionState
from common.roles import READERS, Role

if TYPE_CHECKING:
    from common.roles import Person


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(school=user.school_id)
        return self if user.role in READERS else self.none()

    def overdue(self, on: date) -> Self:
        return self.filter(state=QuestionState.ASKED, due_on__lt=on)

    def for_list(self) -> Self:
        """What waits for an answer stands first, the nearest day before the others."""
        turn = Case(*(When(state=state, then=Value(at)) for at, state in enumerate(QuestionState.values)))
        return self.select_related("term", "school", "asked_by").order_by(turn, "due_on", "pk")


class Question(models.Model):
    """Asked of one school, or of the county where no school is named; about a finding, a drawn award, or freely."""

    term = models.ForeignKey(
        "schools.Term", on_delete=models.PROTECT, related_name="audit_questions", verbose_name=_("学期")
    )
    school = models.ForeignKey(
        "schools.School", on_delete=models.PROTECT, null=True, related_name="audit_questions", verbose_name=_("学校")
    )
    title = models.CharField(_("事项"), max_length=100)
    finding = models.ForeignKey(
        "audits.Finding", on_delete=models.PROTECT, null=True, related_name="questions", verbose_name=_("疑点")
    )
    item = models.ForeignKey(
        "audits.SampleItem", on_delete=models.PROTECT, null=True, related_name="questions", verbose_name=_("抽查对象")
    )
    state = models.CharField(_("状态"), max_length=10, choices=QuestionState, default=QuestionState.ASKED)
    due_on = models.DateField(_("答复期限"))
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("提问人"))
    asked_at = models.DateTimeField(_("提问时间"))
    closed_at = models.DateTimeField(_("办结时间"), null=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("审计问询")
        verbose_name_plural = _("审计问询")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                name="question_closed_at_its_end",
                condition=Q(state="closed", closed_at__isnull=False)
                | Q(state__in=["asked", "answered"], closed_at=None),
            ),
            models.CheckConstraint(name="question_about_one_thing", condition=Q(finding=None) | Q(item=None)),
        ]
        indexes = [models.Index(fields=["school", "state"], name="question_by_school")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("audits:question", args=[self.pk])

    def is_overdue(self, on: date) -> bool:
        return self.state == QuestionState.ASKED and self.due_on < on


class QuestionEntry(models.Model):
    """One step of a question: asked, answered, asked again, closed. Rows are only ever added."""

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="entries", verbose_name=_("问询"))
    kind = models.CharField(_("步骤"), max_length=15, choices=EntryKind)
    words = models.TextField(_("内容"))
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("填写人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("问询步骤")
        verbose_name_plural = _("问询步骤")
        ordering = ("question", "pk")
        constraints = [models.CheckConstraint(name="questionentry_says_something", condition=~Q(words=""))]

    def __str__(self) -> str:
        return f"{self.question} {self.get_kind_display()}"


class QuestionFile(models.Model):
    """A paper that came with a step of a question."""

    entry = models.ForeignKey(QuestionEntry, on_delete=models.PROTECT, related_name="files", verbose_name=_("步骤"))
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("附件"))

    class Meta:
        verbose_name = _("问询附件")
        verbose_name_plural = _("问询附件")
        ordering = ("entry", "pk")

    def __str__(self) -> str:
        return str(self.file)
