"""Where the money comes from: quotas and the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS
from disbursements.choices import EntryKind, QuotaKind, QuotaStage
from disbursements.models.batches import Batch
from disbursements.models.returns import Bounce, RecoveryReceipt, ReturnFile
from programs.choices import Payer

if TYPE_CHECKING:
    from common.roles import Person


class QuotaQuerySet(models.QuerySet["Quota"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def in_force(self) -> Self:
        """Without those that were entered wrongly and withdrawn."""
        return self.filter(withdrawn_at=None)

    def with_arrived(self) -> Self:
        """Each with `arrived_fen`, what is on the account of it, and with its `stage` (QuotaStage)."""
        live = Arrival.objects.filter(quota=OuterRef("pk"), withdrawn_at=None).order_by().values("quota")
        arrived = Coalesce(Subquery(live.annotate(fen=Sum("amount_fen")).values("fen")), 0)
        return self.annotate(arrived_fen=arrived).annotate(
            stage=Case(
                When(withdrawn_at__isnull=False, then=Value(QuotaStage.WITHDRAWN)),
                When(kind=QuotaKind.CARRIED, then=Value(QuotaStage.CARRIED)),
                When(arrived_fen__gte=F("amount_fen"), then=Value(QuotaStage.ARRIVED)),
                default=Value(QuotaStage.WAITING),
                output_field=models.CharField(),
            )
        )

    def for_list(self) -> Self:
        related = ("program", "term", "carried_from", "file", "entered_by", "withdrawn_by")
        return self.with_arrived().select_related(*related).order_by("-issued_on", "-pk")


class Quota(models.Model):
    """Money allotted to a program by a document (指标文), or carried over from an earlier term; it arrives in parts.

    One that was entered wrongly is withdrawn and stays on record.
    """

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
    withdrawn_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("撤销人")
    )
    withdrawn_at = models.DateTimeField(_("撤销时间"), null=True)
    withdrawn_why = models.CharField(_("撤销原因"), max_length=200, blank=True)

    objects = QuotaQuerySet.as_manager()

    class Meta:
        verbose_name = _("资金指标")
        verbose_name_plural = _("资金指标")
        ordering = ("-issued_on", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["document_no", "program", "term", "payer"],
                condition=Q(withdrawn_at=None),
                name="quota_once_per_document",
            ),
            models.CheckConstraint(
                name="quota_withdrawn_with_a_reason",
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_why=""),
            ),
            models.CheckConstraint(name="quota_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="quota_carried_from_a_term",
                condition=Q(kind="new", carried_from=None) | Q(kind="carried", carried_from__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.document_no

    def get_absolute_url(self) -> str:
        return reverse("disbursements:quota", args=[self.pk])

    def get_stage_display(self) -> str:
        """How far it is, of a row that was loaded `with_arrived`."""
        return str(QuotaStage(self.stage).label)  # type: ignore[attr-defined]


class Arrival(models.Model):
    """Money of a quota that is on the county's account; a quota may arrive in parts.

    A wrong one is withdrawn by another person; the ledger gets a second entry that takes it off the account.
    """

    quota = models.ForeignKey(Quota, on_delete=models.PROTECT, related_name="arrivals", verbose_name=_("指标"))
    amount_fen = models.PositiveBigIntegerField(_("金额（分）"))
    arrived_on = models.DateField(_("到账日期"))
    voucher = models.CharField(_("凭证号"), max_length=60, blank=True)
    entered_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("录入人")
    )
    entered_at = models.DateTimeField(_("录入时间"))
    withdrawn_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("冲销人")
    )
    withdrawn_at = models.DateTimeField(_("冲销时间"), null=True)
    withdrawn_why = models.CharField(_("冲销原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("到账")
        verbose_name_plural = _("到账")
        ordering = ("arrived_on", "pk")
        constraints = [
            models.CheckConstraint(name="arrival_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="arrival_withdrawn_with_a_reason",
                condition=Q(withdrawn_at=None, withdrawn_by=None)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_why=""),
            ),
            models.CheckConstraint(
                name="arrival_withdrawn_by_another",
                condition=Q(withdrawn_by=None) | ~Q(withdrawn_by=F("entered_by")),
                violation_error_message=_("到账由谁录入，就不能由谁冲销。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quota} {self.arrived_on}"


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def for_list(self) -> Self:
        related = ("program", "term", "quota", "arrival", "batch", "receipt", "entered_by")
        return self.select_related(*related).order_by("-pk")


class LedgerEntry(models.Model):
    """One movement of a program's fund by payer. Only ever added to; a balance is a sum.

    Amounts are positive and the kind says which way they go: available = arrived - withdrawn + carried in
    - carried out - reserved + released + returned + recovered, still on its way = reserved - spent - released
    (disbursements.funds).
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

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("资金流水")
        verbose_name_plural = _("资金流水")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(name="ledgerentry_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="ledgerentry_has_its_cause",
                condition=Q(kind__in=["arrived", "carried-in", "carried-out"], quota__isnull=False)
                | Q(kind="withdrawn", arrival__isnull=False)
                | Q(kind__in=["reserved", "spent", "released"], batch__isnull=False)
                | Q(kind="returned", bounce__isnull=False)
                | Q(kind="recovered", receipt__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["program", "term", "kind"], name="ledgerentry_by_program")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_fen}"

    @property
    def basis(self) -> str:
        """What it rests on: a batch, a receipt, or a document with the voucher of its arrival."""
        if self.batch is not None:
            return f"{self.batch.number} {self.receipt.voucher}" if self.receipt else self.batch.number
        voucher = self.arrival.voucher if self.arrival else ""
        return f"{self.quota} {voucher}".strip()
