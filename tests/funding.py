"""Money on the account, as the office enters it: a quota, and all of it arrived on the day of its document."""

from typing import Any

from disbursements import funds
from disbursements.models import Quota
from programs.choices import Payer


def fund(*payers: str, **facts: Any) -> list[Quota]:
    """A quota of each payer (central and county, where none is named), with its money on the account."""
    facts = {"document_no": "示财教〔2021〕1号", **facts}
    quotas = [funds.allot(payer=payer, **facts) for payer in payers or (Payer.CENTRAL, Payer.COUNTY)]
    for quota in quotas:
        funds.arrive(quota, amount_fen=quota.amount_fen, arrived_on=quota.issued_on, by=facts["by"], at=facts["at"])
    return quotas
