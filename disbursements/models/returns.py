"""What the bank answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS
from disbursements.choices import FailureReason, InquiryState, LineOutcome, RecoveryCause, RecoveryState
from disbursements.models.batches import Batch, Payment

if TYPE_CHECKING:
    from common.roles import Person


class ReturnFile(models.Model):
    """The bank's answer to a batch, as a file; read once, however often it is handed in."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="returns", verbose_name=_("批次"))
    file = models.ForeignKey("jobs.StoredFile", on_delete=models.PROTECT, related_name="+", verbose_name=_("文件"))
    sha256 = models.CharField(max_length=64)
    is_read = models.BooleanField(_("已处理"), default=False)
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal_params = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("上传人")
    )
    uploaded_at = models.DateTimeField(_("上传时间"))

    class Meta:
        verbose_name = _("银行回盘")
        verbose_name_plural = _("银行回盘")
        ordering = ("-pk",)
        constraints = [models.UniqueConstraint(fields=["batch", "sha256"], name="returnfile_once_per_batch")]

    def __str__(self) -> str:
        return f"{self.batch} {self.uploaded_at:%Y-%m-%d}"


class ReturnLine(models.Model):
    """One line of the bank's answer, also where it fits no payment."""

    file = models.ForeignKey(ReturnFile, on_delete=models.PROTECT, related_name="lines", verbose_name=_("回盘文件"))
    row = models.PositiveIntegerField(_("行"))
    line_no = models.PositiveIntegerField(_("文件行号"), null=True)
    amount_fen = models.BigIntegerField(_("金额（分）"), null=True)
    words = models.CharField(_("银行说明"), max_length=100, blank=True)
    outcome = models.CharField(_("结果"), max_length=10, choices=LineOutcome)

    class Meta:
        verbose_name = _("回盘行")
        verbose_name_plural = _("回盘行")
        ordering = ("file", "row")
        constraints = [models.UniqueConstraint(fields=["file", "row"], name="returnline_once")]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.row}"


class ReturnReason(models.Model):
    """Words of a bank and the reason they stand for; the longest words that fit hold."""

    words = models.CharField(_("银行说明"), max_length=50, unique=True)
    reason = models.CharField(_("失败原因"), max_length=20, choices=FailureReason)

    class Meta:
        verbose_name = _("回盘说明对照")
        verbose_name_plural = _("回盘说明对照")
        ordering = ("reason", "words")

    def __str__(self) -> str:
        return f"{self.words} → {self.reason}"


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("batch__program", "batch__term", "file", "entered_by", "closed_by").order_by("-pk")


class Inquiry(models.Model):
    """What the bank said, asked on the telephone or by letter, of a line that its files leave without an answer.

    One person notes it, another one confirms it; then it settles the line as an answer would.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="inquiries", verbose_name=_("批次"))
    line_no = models.PositiveIntegerField(_("文件行号"))
    paid_on = models.DateField(_("到账日期"), null=True)
    """The day on which it arrived; none where the bank says that it did not."""
    failure = models.CharField(_("失败原因"), max_length=20, choices=FailureReason, blank=True)
    words = models.CharField(_("银行答复"), max_length=200)
    file = models.ForeignKey(
        "jobs.StoredFile", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("书面答复")
    )
    state = models.CharField(_("状态"), max_length=10, choices=InquiryState, default=InquiryState.OPEN)
    entered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    entered_at = models.DateTimeField(_("登记时间"))
    closed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("确认人")
    )
    closed_at = models.DateTimeField(_("确认时间"), null=True)
    closing_words = models.CharField(_("作废原因"), max_length=200, blank=True)

    objects = InquiryQuerySet.as_manager()

    class Meta:
        verbose_name = _("银行答复登记")
        verbose_name_plural = _("银行答复登记")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "line_no"], condition=Q(state="open"), name="inquiry_one_open_per_line"
            ),
            models.CheckConstraint(
                name="inquiry_arrived_or_failed",
                condition=Q(paid_on__isnull=False, failure="") | Q(paid_on=None) & ~Q(failure=""),
            ),
            models.CheckConstraint(
                name="inquiry_confirmed_by_another",
                condition=~Q(state="confirmed") | Q(closed_by__isnull=False) & ~Q(closed_by=F("entered_by")),
                violation_error_message=_("银行答复由谁登记，就不能由谁确认。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.line_no}"

    def get_absolute_url(self) -> str:
        return reverse("disbursements:inquiry", args=[self.pk])


class BounceQuerySet(models.QuerySet["Bounce"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related(
            "payment__award__student",
            "payment__award__school",
            "payment__batch__program",
            "payment__card",
            "entered_by",
        ).order_by("-pk")


class Bounce(models.Model):
    """A payment that had arrived came back (退票). The payment stays as it was posted; this is the other half."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="bounce", verbose_name=_("发放"))
    bounced_on = models.DateField(_("退票日期"))
    failure = models.CharField(_("失败原因"), max_length=20, choices=FailureReason)
    words = models.CharField(_("银行说明"), max_length=100, blank=True)
    file = models.ForeignKey(
        ReturnFile, on_delete=models.PROTECT, null=True, related_name="bounces", verbose_name=_("回盘文件")
    )
    entered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("录入人")
    )
    entered_at = models.DateTimeField(_("录入时间"))

    objects = BounceQuerySet.as_manager()

    class Meta:
        verbose_name = _("退票")
        verbose_name_plural = _("退票")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.payment_id} {self.bounced_on}"


class RecoveryQuerySet(models.QuerySet["Recovery"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        return self.select_related("award__student", "award__school", "award__program", "opened_by").order_by("-pk")


class Recovery(models.Model):
    """Money that was paid and has to come back from a family or a school (追缴)."""

    award = models.ForeignKey(
        "programs.Award", on_delete=models.PROTECT, related_name="recoveries", verbose_name=_("资助")
    )
    cause = models.CharField(_("原因"), max_length=10, choices=RecoveryCause)
    due_fen = models.PositiveBigIntegerField(_("应追缴（分）"))
    words = models.CharField(_("说明"), max_length=200)
    state = models.CharField(_("状态"), max_length=10, choices=RecoveryState, default=RecoveryState.OPEN)
    opened_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("提出人"))
    opened_at = models.DateTimeField(_("提出时间"))
    closed_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("办结人")
    )
    closed_at = models.DateTimeField(_("办结时间"), null=True)
    closing_words = models.CharField(_("办结说明"), max_length=200, blank=True)

    objects = RecoveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("追缴")
        verbose_name_plural = _("追缴")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["award"], condition=Q(state="open"), name="recovery_one_open_per_award"),
            models.CheckConstraint(name="recovery_positive", condition=Q(due_fen__gt=0)),
            models.CheckConstraint(
                name="recovery_waived_by_another",
                condition=~Q(state="waived") | (Q(closed_by__isnull=False) & ~Q(closed_by=F("opened_by"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.award_id} {self.due_fen}"


class RecoveryReceipt(models.Model):
    """A part of a recovery that came in."""

    recovery = models.ForeignKey(Recovery, on_delete=models.PROTECT, related_name="receipts", verbose_name=_("追缴"))
    amount_fen = models.PositiveBigIntegerField(_("金额（分）"))
    received_on = models.DateField(_("收到日期"))
    voucher = models.CharField(_("凭证号"), max_length=60)
    entered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("录入人")
    )
    entered_at = models.DateTimeField(_("录入时间"))

    class Meta:
        verbose_name = _("追缴收款")
        verbose_name_plural = _("追缴收款")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(fields=["recovery", "voucher"], name="recoveryreceipt_once_per_voucher"),
            models.CheckConstraint(name="recoveryreceipt_positive", condition=Q(amount_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.recovery_id} {self.voucher}"
