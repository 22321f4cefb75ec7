"""Registered children of school age whom no roster of the county has: the case, its steps, its letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS
from students.choices import AbsenceState, Outcome
from students.models.registers import RegisterPerson

if TYPE_CHECKING:
    from common.roles import Person


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()


class Absence(models.Model):
    """The search for one registered child in one term. What was found out goes along into the next term as a proposal.

    `key` is the child's own over all lists: its index of a valid number, else the key of its line.
    """

    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="absences", verbose_name=_("学期"))
    key = models.CharField(max_length=32, editable=False)
    person = models.ForeignKey(RegisterPerson, on_delete=models.PROTECT, related_name="+", verbose_name=_("名单人员"))
    state = models.CharField(_("状态"), max_length=10, choices=AbsenceState, default=AbsenceState.OPEN)
    outcome = models.CharField(_("查找结果"), max_length=20, choices=Outcome, blank=True)
    words = models.CharField(_("说明"), max_length=500, blank=True)
    found_at = models.DateTimeField(_("发现时间"))
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("经办人")
    )
    decided_at = models.DateTimeField(_("查明时间"), null=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("未找到的学生")
        verbose_name_plural = _("未找到的学生")
        ordering = ("term", "pk")
        constraints = [
            models.UniqueConstraint(fields=["term", "key"], name="absence_once_per_term"),
            models.CheckConstraint(
                name="absence_settled_is_signed",
                condition=Q(state="open") | (~Q(outcome="") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="absence_of_a_drop_out_stays_open", condition=~Q(outcome="dropped-out") | Q(state="open")
            ),
        ]
        indexes = [models.Index(fields=["term", "state"], name="absence_by_state")]

    def __str__(self) -> str:
        return f"{self.person} {self.term_id}"

    def get_absolute_url(self) -> str:
        return reverse("students:absence", args=[self.pk])


class AbsenceStep(models.Model):
    """What somebody did to find a child: a call, a visit, a letter. Only ever added to."""

    absence = models.ForeignKey(Absence, on_delete=models.PROTECT, related_name="steps", verbose_name=_("未找到的学生"))
    words = models.CharField(_("经过"), max_length=500)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("经办人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("查找经过")
        verbose_name_plural = _("查找经过")
        ordering = ("absence", "pk")

    def __str__(self) -> str:
        return f"{self.absence_id} {self.at:%Y-%m-%d}"


class OutsideLetterQuerySet(models.QuerySet["OutsideLetter"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def live(self) -> Self:
        """Without those made by mistake."""
        return self.filter(withdrawn_at=None)

    def for_list(self) -> Self:
        return self.select_related("absence__person", "absence__term", "made_by").order_by("-pk")


class OutsideLetter(models.Model):
    """The official letter to a school outside the county (在外地就读学生公函告知书), and its return slip (回执).

    One made by mistake is withdrawn and keeps its number. `before` is how the case stood that the letter settled.
    """

    absence = models.ForeignKey(
        Absence, on_delete=models.PROTECT, related_name="letters", verbose_name=_("未找到的学生")
    )
    number = models.CharField(_("函号"), max_length=40, unique=True)
    school_name = models.CharField(_("就读学校"), max_length=100)
    school_place = models.CharField(_("学校所在地"), max_length=100)
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("制函人"))
    made_at = models.DateTimeField(_("制函时间"))
    sent_on = models.DateField(_("发出日期"), null=True)
    receipt_on = models.DateField(_("回执日期"), null=True)
    receives = models.CharField(_("当地享受的资助"), max_length=200, blank=True)
    amount_fen = models.PositiveBigIntegerField(_("每学期金额（分）"), null=True)
    receipt_file = models.ForeignKey(
        "jobs.StoredFile", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("回执扫描件")
    )

    before = models.JSONField(_("制函前的结论"), null=True)
    withdrawn_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("作废人")
    )
    withdrawn_at = models.DateTimeField(_("作废时间"), null=True)
    withdrawn_reason = models.CharField(_("作废原因"), max_length=200, blank=True)

    objects = OutsideLetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("外地就读函")
        verbose_name_plural = _("外地就读函")
        ordering = ("absence", "pk")
        constraints = [
            models.CheckConstraint(
                name="outsideletter_receipt_after_sending",
                condition=Q(receipt_on=None) | Q(sent_on__isnull=False, receipt_on__gte=models.F("sent_on")),
            ),
            models.CheckConstraint(
                name="outsideletter_withdrawal_is_signed",
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")
                | (
                    Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, receipt_on=None) & ~Q(withdrawn_reason="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("students:letter", args=[self.pk])
