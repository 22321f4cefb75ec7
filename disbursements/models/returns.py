"""What the bank answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from disbursements.choices import LineOutcome
from disbursements.models.batches import Batch

if TYPE_CHECKING:
    pass


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
