"""Money on its way: batches, payments, what the bank answered, and the fund it comes from."""

from disbursements.models.batches import (
    ARRIVED,
    ApprovalBand,
    Bank,
    BankTemplate,
    Batch,
    BatchAccount,
    BatchQuerySet,
    BatchShare,
    PayDecision,
    Payment,
    PaymentQuerySet,
)
from disbursements.models.funds import (
    Arrival,
    LedgerEntry,
    LedgerEntryQuerySet,
    Quota,
)
from disbursements.models.returns import (
    Bounce,
    Inquiry,
    InquiryQuerySet,
    Recovery,
    RecoveryReceipt,
    ReturnFile,
    ReturnLine,
    ReturnReason,
)

__all__ = [
    "ARRIVED",
    "ApprovalBand",
    "Arrival",
    "Bank",
    "BankTemplate",
    "Batch",
    "BatchAccount",
    "BatchQuerySet",
    "BatchShare",
    "Bounce",
    "Inquiry",
    "InquiryQuerySet",
    "LedgerEntry",
    "LedgerEntryQuerySet",
    "PayDecision",
    "Payment",
    "PaymentQuerySet",
    "Quota",
    "Recovery",
    "RecoveryReceipt",
    "ReturnFile",
    "ReturnLine",
    "ReturnReason",
]
