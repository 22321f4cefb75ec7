"""Where the money comes from: quotas and the ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from disbursements.choices import EntryKind, QuotaKind
from disbursements.models.batches import Batch
from disbursements.models.returns import Bounce, RecoveryReceipt, ReturnFile
from programs.choices import Payer


class Quota(models.Model):
    """Money allotted to a program by a document (指标文), or carried over from an earlier term; it arrives in parts."""

    document_no = models.CharField(_("指标文号"), max_length=60)
    issued_on = models.DateField(_("发文日期"))
    program = models.ForeignKey(
        "programs.Program", on_delete=models.PROTECT, related_name="quotas", verbose_name=_("项目")
    )
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="quotas", verbose_name=_("学期"))
    payer = models.CharField(_("来源级次"), max_length=10, choices=Payer)
    amount_fen = models.PositiveBigIntegerField(_("金额（分）"))
    kind = models.CharField(_("类别"), max_length=10, choices=QuotaKind, default=QuotaKind.NEW)
    carried_from = models.ForeignKey(
        "schools.Term", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("结转自")
    )
    file = models.ForeignKey(
        "jobs.StoredFile", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("文件")
    )
    entered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("录入人")
    )
    entered_at = models.DateTimeField(_("录入时间"))

    class Meta:
        verbose_name = _("资金指标")
        verbose_name_plural = _("资金指标")
        ordering = ("-issued_on", "-pk")
        constraints = [
            models.UniqueConstraint(fields=["document_no", "program", "term", "payer"], name="quota_once_per_document"),
            models.CheckConstraint(name="quota_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="quota_carried_from_a_term",
                condition=Q(kind="new", carried_from=None) | Q(kind="carried", carried_from__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.document_no


class Arrival(models.Model):
    """Money of a quota that is on the county's account; a quota may arrive in parts."""

    quota = models.ForeignKey(Quota, on_delete=models.PROTECT, related_name="arrivals", verbose_name=_("指标"))
    amount_fen = models.PositiveBigIntegerField(_("金额（分）"))
    arrived_on = models.DateField(_("到账日期"))
    voucher = models.CharField(_("凭证号"), max_length=60, blank=True)
    entered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("录入人")
    )
    entered_at = models.DateTimeField(_("录入时间"))

    class Meta:
        verbose_name = _("到账")
        verbose_name_plural = _("到账")
        ordering = ("arrived_on", "pk")
        constraints = [models.CheckConstraint(name="arrival_positive", condition=Q(amount_fen__gt=0))]

    def __str__(self) -> str:
        return f"{self.quota} {self.arrived_on}"


class LedgerEntry(models.Model):
    """One movement of a program's fund by payer. Only ever added to; a balance is a sum.

    Amounts are positive and the kind says which way they go: available = arrived + carried in - carried out
    - reserved + released + returned + recovered, still on its way = reserved - spent - released (disbursements.funds).
    """

    program = models.ForeignKey("programs.Program", on_delete=models.PROTECT, related_name="+", verbose_name=_("项目"))
    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="+", verbose_name=_("学期"))
    payer = models.CharField(_("来源级次"), max_length=10, choices=Payer)
    kind = models.CharField(_("类别"), max_length=12, choices=EntryKind)
    amount_fen = models.PositiveBigIntegerField(_("金额（分）"))
    quota = models.ForeignKey(
        Quota, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name=_("指标")
    )
    arrival = models.ForeignKey(
        Arrival, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name=_("到账")
    )
    bounce = models.ForeignKey(
        Bounce, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name=_("退票")
    )
    receipt = models.ForeignKey(
        RecoveryReceipt, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name=_("追缴收款")
    )
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name=_("批次")
    )
    return_file = models.ForeignKey(
        ReturnFile, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name=_("回盘文件")
    )
    entered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("经办人")
    )
    entered_at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("资金流水")
        verbose_name_plural = _("资金流水")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(name="ledgerentry_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="ledgerentry_has_its_cause",
                condition=Q(kind__in=["arrived", "carried-in", "carried-out"], quota__isnull=False)
                | Q(kind__in=["reserved", "spent", "released"], batch__isnull=False)
                | Q(kind="returned", bounce__isnull=False)
                | Q(kind="recovered", receipt__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["program", "term", "kind"], name="ledgerentry_by_program")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_fen}"
