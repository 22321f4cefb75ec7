"""Money on its way: batches, payments, what the bank answered, and the fund it comes from."""

from disbursements.models.batches import (
    Batch,
    BatchQuerySet,
    BatchShare,
    Payment,
    PaymentQuerySet,
)
from disbursements.models.funds import (
    LedgerEntry,
    Quota,
)
from disbursements.models.returns import (
    Bounce,
    Recovery,
    RecoveryReceipt,
    ReturnFile,
    ReturnLine,
    ReturnReason,
)

__all__ = [
    "Batch",
    "BatchQuerySet",
    "BatchShare",
    "Bounce",
    "LedgerEntry",
    "Payment",
    "PaymentQuerySet",
    "Quota",
    "Recovery",
    "RecoveryReceipt",
    "ReturnFile",
    "ReturnLine",
    "ReturnReason",
]
