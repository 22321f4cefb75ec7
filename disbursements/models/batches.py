"""Money on its way: batches and their payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, F, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from disbursements.choices import BatchState, FailureReason, PaymentState
from programs.choices import Payer

if TYPE_CHECKING:
    from common.roles import Person
    from disbursements.models.returns import Bounce


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("term", "program", "prepared_by", "approved_by").order_by("-pk")


class Batch(models.Model):
    """One program's payments of a term that go to the bank together. Approved by someone other than its maker."""

    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="batches", verbose_name=_("学期"))
    program = models.ForeignKey(
        "programs.Program", on_delete=models.PROTECT, related_name="batches", verbose_name=_("项目")
    )
    number = models.CharField(_("批次号"), max_length=40, unique=True)
    state = models.CharField(_("状态"), max_length=10, choices=BatchState, default=BatchState.DRAFT)
    people = models.PositiveIntegerField(_("人数"), default=0)
    amount_fen = models.PositiveBigIntegerField(_("金额（分）"), default=0)
    prepared_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("经办人")
    )
    prepared_at = models.DateTimeField(_("编制时间"))
    approved_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("审核人")
    )
    approved_at = models.DateTimeField(_("审核时间"), null=True)
    bank_file = models.ForeignKey(
        "jobs.StoredFile",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("银行代发文件"),
    )
    sent_at = models.DateTimeField(_("送出时间"), null=True)
    settled_at = models.DateTimeField(_("核销时间"), null=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("发放批次")
        verbose_name_plural = _("发放批次")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                name="batch_two_people",
                condition=Q(approved_by=None) | ~Q(approved_by=F("prepared_by")),
                violation_error_message=_("经办人不能审核自己编制的批次。"),
            ),
            models.CheckConstraint(
                name="batch_approved_is_signed",
                condition=Q(state__in=["draft", "discarded"]) | Q(approved_by__isnull=False, approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="batch_sent_has_its_file",
                condition=~Q(state__in=["sent", "settled"]) | Q(bank_file__isnull=False, sent_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["term", "program"], name="batch_by_program")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("disbursements:batch", args=[self.pk])


class BatchShare(models.Model):
    """How a batch's money is borne, as it was on the day of its approval: what comes later is shared alike."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="shares", verbose_name=_("批次"))
    payer = models.CharField(_("分担级次"), max_length=10, choices=Payer)
    per_mille = models.PositiveSmallIntegerField(_("千分比"))

    class Meta:
        verbose_name = _("批次经费分担")
        verbose_name_plural = _("批次经费分担")
        ordering = ("batch", "pk")
        constraints = [models.UniqueConstraint(fields=["batch", "payer"], name="batchshare_once_per_payer")]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.payer}"


class PaymentQuerySet(models.QuerySet["Payment"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(award__school=user.school_id)
        return self if user.role in READERS else self.none()

    def live(self) -> Self:
        """On its way, or arrived and still there: an award with such a payment is not paid again."""
        return self.filter(state__in=[PaymentState.PENDING, PaymentState.SENT, PaymentState.PAID], bounce=None)

    def totals(self) -> dict[str, int]:
        """{"people", "amount_fen"} of these payments."""
        sums = self.aggregate(people=Count("pk"), amount_fen=Sum("amount_fen"))
        return {"people": sums["people"], "amount_fen": sums["amount_fen"] or 0}

    def for_list(self) -> Self:
        return self.select_related("award__student", "award__school", "card", "bounce").order_by("line_no", "pk")


class Payment(models.Model):
    """One transfer for one award. A payment that fails stays as it is; the next try is a new row.

    Payments to one school's account (waivers) share a line of the bank file.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="payments", verbose_name=_("批次"))
    award = models.ForeignKey(
        "programs.Award", on_delete=models.PROTECT, related_name="payments", verbose_name=_("资助")
    )
    attempt = models.PositiveSmallIntegerField(_("第几次"), default=1)
    bounces = models.PositiveSmallIntegerField(_("此前退票次数"), default=0)
    """How many payments of the award arrived and came back before this one: those stand as they were posted."""
    line_no = models.PositiveIntegerField(_("文件行号"))
    card = models.ForeignKey(
        "students.Card",
        on_delete=models.PROTECT,
        null=True,
        related_name="payments",
        verbose_name=_("银行卡"),
    )
    amount_fen = models.PositiveBigIntegerField(_("金额（分）"))
    state = models.CharField(_("状态"), max_length=10, choices=PaymentState, default=PaymentState.PENDING)
    failure = models.CharField(_("失败原因"), max_length=20, choices=FailureReason, blank=True)
    bank_words = models.CharField(_("银行说明"), max_length=100, blank=True)
    paid_on = models.DateField(_("到账日期"), null=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("发放")
        verbose_name_plural = _("发放")
        ordering = ("batch", "line_no", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["award", "bounces"],
                condition=Q(state__in=["pending", "sent", "paid"]),
                name="payment_one_live_per_award",
            ),
            models.UniqueConstraint(fields=["award", "attempt"], name="payment_attempt_once"),
            models.CheckConstraint(name="payment_amount_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="payment_paid_has_a_day",
                condition=Q(state="paid", paid_on__isnull=False) | (~Q(state="paid") & Q(paid_on=None)),
            ),
            models.CheckConstraint(
                name="payment_failed_has_a_reason",
                condition=(Q(state="failed") & ~Q(failure="")) | (~Q(state="failed") & Q(failure="")),
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "line_no"], name="payment_by_line"),
            models.Index(fields=["batch", "state"], name="payment_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.line_no}"

    @property
    def late_return(self) -> Bounce | None:
        """How it came back after it had arrived, if it did."""
        return getattr(self, "bounce", None)
