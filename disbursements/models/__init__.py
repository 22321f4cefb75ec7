"""Money on its way: batches, payments, what the bank answered, and the fund it comes from."""

from disbursements.models.batches import (
    Batch,
    BatchQuerySet,
    Payment,
    PaymentQuerySet,
)
from disbursements.models.funds import (
    LedgerEntry,
    Quota,
)
from disbursements.models.returns import (
    ReturnFile,
    ReturnLine,
)

__all__ = [
    "Batch",
    "BatchQuerySet",
    "LedgerEntry",
    "Payment",
    "PaymentQuerySet",
    "Quota",
    "ReturnFile",
    "ReturnLine",
]
