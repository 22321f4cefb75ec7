"""Money on its way: batches and their payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from common.roles import READERS, Role
from common.sealed import SealedField
from disbursements.choices import BankFormat, BatchState, Encoding, FailureReason, PaymentState, Way
from programs.choices import Payer

if TYPE_CHECKING:
    from accounts.models import User
    from common.roles import Person
    from disbursements.models.returns import Bounce


class Bank(models.Model):
    """A bank that pays for the county. Cards name it in many ways; the one of all other cards is the default."""

    code = models.CharField(_("代码"), max_length=20, primary_key=True)
    name = models.CharField(_("银行"), max_length=50, unique=True)
    aliases = models.JSONField(_("别名"), default=list, blank=True)
    """Words in a card's 开户行 that mean this bank."""
    is_default = models.BooleanField(_("其他卡也由它代发"), default=False)

    class Meta:
        verbose_name = _("代发银行")
        verbose_name_plural = _("代发银行")
        ordering = ("code",)
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="bank_one_default"),
        ]

    def __str__(self) -> str:
        return self.name


class BankTemplate(models.Model):
    """The layout a bank wants its file in, and the headings of its answer; the newest one holds."""

    bank = models.ForeignKey(Bank, on_delete=models.PROTECT, related_name="templates", verbose_name=_("银行"))
    format = models.CharField(_("格式"), max_length=10, choices=BankFormat, default=BankFormat.XLSX)
    encoding = models.CharField(_("编码"), max_length=20, choices=Encoding, default=Encoding.GB18030)
    """Of text formats; workbooks have their own."""
    columns = models.JSONField(_("列"), default=list)
    """Each {"heading", "field"}, in the order of the file; fields are named in disbursements.bank_files."""
    has_heading = models.BooleanField(_("有表头"), default=True)
    has_total = models.BooleanField(_("有合计行"), default=True)
    return_columns = models.JSONField(_("回盘列"), default=dict)
    """field → headings that the bank's answer uses, beside those known to all."""
    made_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("设定人")
    )
    made_at = models.DateTimeField(_("设定时间"), null=True)

    class Meta:
        verbose_name = _("银行文件格式")
        verbose_name_plural = _("银行文件格式")
        ordering = ("bank", "-pk")

    def __str__(self) -> str:
        return f"{self.bank_id} {self.format}"


class ApprovalBand(models.Model):
    """From this amount on a batch needs a third person's signature (加签)."""

    from_fen = models.PositiveBigIntegerField(_("自（分）"))
    program = models.ForeignKey(
        "programs.Program", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("项目")
    )
    valid_from = models.DateField(_("自"))
    valid_to = models.DateField(_("至"), null=True, blank=True)
    end_on = models.DateField(_("提出的最后一天"), null=True, blank=True)
    end_proposed_by = models.ForeignKey(
        "accounts.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("提出结束的人"),
    )
    end_proposed_at = models.DateTimeField(_("提出结束的时间"), null=True, blank=True)
    ended_by = models.ForeignKey(
        "accounts.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("确认结束的人"),
    )

    class Meta:
        verbose_name = _("加签金额")
        verbose_name_plural = _("加签金额")
        ordering = ("from_fen", "pk")
        constraints = [
            models.CheckConstraint(
                name="approvalband_ended_by_another",
                condition=Q(ended_by=None)
                | Q(end_proposed_by__isnull=False, valid_to__isnull=False) & ~Q(ended_by=F("end_proposed_by")),
                violation_error_message=_("加签金额由谁提出结束，就不能由谁确认。"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.from_fen)


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.role in READERS else self.none()

    def to_release(self, user: User) -> Self:
        """Batches that wait for a third signature, which this person may give."""
        waiting = self.filter(state=BatchState.APPROVED, needs_third=True, released_by=None)
        return waiting.exclude(prepared_by=user.pk).exclude(approved_by=user.pk)

    def to_pay(self) -> Self:
        """Approved by as many people as it takes: they can go to the bank, or cash be handed out."""
        return self.filter(Q(needs_third=False) | Q(released_by__isnull=False), state=BatchState.APPROVED)

    def sent_back(self) -> Self:
        """Batches that the approver sent back and nobody has made anew."""
        anew = Batch.objects.alias(of_bank=Coalesce("bank", Value(""))).filter(
            term=OuterRef("term"),
            program=OuterRef("program"),
            way=OuterRef("way"),
            of_bank=Coalesce(OuterRef("bank"), Value("")),
            pk__gt=OuterRef("pk"),
        )
        return self.filter(~Exists(anew), state=BatchState.SENT_BACK)

    def for_list(self) -> Self:
        people = ("prepared_by", "approved_by", "released_by")
        return self.select_related("term", "program", "bank", *people).order_by("-pk")


class Batch(models.Model):
    """One program's payments of a term that go to one bank together, or are paid in cash.

    Approved by someone other than its maker; from an amount on a third person signs too (ApprovalBand).
    `planned_*` are the control totals: what was to be paid when the batch was opened, before any payment was written.
    """

    term = models.ForeignKey("schools.Term", on_delete=models.PROTECT, related_name="batches", verbose_name=_("学期"))
    program = models.ForeignKey(
        "programs.Program", on_delete=models.PROTECT, related_name="batches", verbose_name=_("项目")
    )
    number = models.CharField(_("批次号"), max_length=40, unique=True)
    state = models.CharField(_("状态"), max_length=10, choices=BatchState, default=BatchState.DRAFT)
    bank = models.ForeignKey(
        Bank, on_delete=models.PROTECT, null=True, related_name="batches", verbose_name=_("代发银行")
    )
    way = models.CharField(_("发放方式"), max_length=10, choices=Way, default=Way.BANK)
    cash_reason = models.CharField(_("发放现金的原因"), max_length=200, blank=True)
    planned_people = models.PositiveIntegerField(_("控制人数"), default=0)
    planned_fen = models.PositiveBigIntegerField(_("控制金额（分）"), default=0)
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
    needs_third = models.BooleanField(_("须加签"), default=False)
    released_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("加签人")
    )
    released_at = models.DateTimeField(_("加签时间"), null=True)
    back_reason = models.CharField(_("退回或撤回原因"), max_length=200, blank=True)
    file_layout = models.JSONField(_("代发文件的格式"), default=dict, blank=True)
    """The layout that the bank file was written in (bank_layouts.kept); empty of files from before it was kept."""
    lines_digest = models.CharField(_("代发文件内容的摘要"), max_length=64, blank=True)
    zip_password = SealedField(_("压缩包口令"))
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
                condition=Q(state__in=["draft", "sent-back", "discarded"])
                | Q(approved_by__isnull=False, approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="batch_three_people",
                condition=Q(released_by=None) | (~Q(released_by=F("prepared_by")) & ~Q(released_by=F("approved_by"))),
                violation_error_message=_("加签人必须是经办人和审核人以外的第三个人。"),
            ),
            models.CheckConstraint(name="batch_cash_has_a_reason", condition=Q(way="bank") | ~Q(cash_reason="")),
            models.CheckConstraint(
                name="batch_sent_back_has_a_reason", condition=~Q(state="sent-back") | ~Q(back_reason="")
            ),
            models.CheckConstraint(
                name="batch_sent_is_signed_and_written",
                condition=~Q(state__in=["sent", "settled"])
                | Q(sent_at__isnull=False)
                & (Q(way="cash") | Q(bank_file__isnull=False))
                & (Q(needs_third=False) | Q(released_by__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["term", "program"], name="batch_by_program")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("disbursements:batch", args=[self.pk])

    def get_state_display(self) -> str:  # type: ignore[no-redef]
        """Cash goes to no bank: what is sent there is being handed out here."""
        if self.way == Way.CASH and self.state == BatchState.SENT:
            return str(_("现金发放中"))
        return str(BatchState(self.state).label)

    @property
    def planned(self) -> dict[str, int]:
        """The control totals, as counted before any payment was written."""
        return {"people": self.planned_people, "amount_fen": self.planned_fen}

    @property
    def totals(self) -> dict[str, int]:
        """What the finished run wrote."""
        return {"people": self.people, "amount_fen": self.amount_fen}

    @property
    def waits_for_third(self) -> bool:
        """Whether the third signature is still missing."""
        return self.needs_third and self.released_by_id is None


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


class BatchAccount(models.Model):
    """A school's account as the batch's file names it: to whom it was paid, whatever the school's account is later."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="accounts", verbose_name=_("批次"))
    line_no = models.PositiveIntegerField(_("文件行号"))
    holder = models.CharField(_("户名"), max_length=100)
    number = SealedField(_("账号"))

    class Meta:
        verbose_name = _("批次收款账户")
        verbose_name_plural = _("批次收款账户")
        ordering = ("batch", "line_no")
        constraints = [models.UniqueConstraint(fields=["batch", "line_no"], name="batchaccount_once_per_line")]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.line_no}"


class PayDecision(models.Model):
    """A person's word on a confirmed award whose child has left since: still to be paid, or not."""

    award = models.OneToOneField(
        "programs.Award", on_delete=models.PROTECT, related_name="pay_decision", verbose_name=_("资助")
    )
    is_to_pay = models.BooleanField(_("仍然发放"))
    words = models.CharField(_("理由"), max_length=200)
    decided_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("决定人")
    )
    decided_at = models.DateTimeField(_("决定时间"))

    class Meta:
        verbose_name = _("离校学生的发放决定")
        verbose_name_plural = _("离校学生的发放决定")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.award_id} {self.is_to_pay}"


ARRIVED = Q(state=PaymentState.PAID, bounce=None)
"""A payment that reached its card and did not come back."""


class PaymentQuerySet(models.QuerySet["Payment"]):
    def visible_to(self, user: Person) -> Self:
        if user.role == Role.SCHOOL:
            return self.filter(award__school=user.school_id)
        return self if user.role in READERS else self.none()

    def live(self) -> Self:
        """On its way, or arrived and still there: an award with such a payment is not paid again."""
        return self.filter(state__in=[PaymentState.PENDING, PaymentState.SENT, PaymentState.PAID], bounce=None)

    def arrived(self) -> Self:
        return self.filter(ARRIVED)

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
