"""What schools say to entitled children without an award."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from programs.choices import (
    GapAnswerState,
    GapReason,
)
from programs.models.standards import Program

if TYPE_CHECKING:
    from common.roles import Person


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
