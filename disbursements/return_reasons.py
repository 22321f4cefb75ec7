"""Why a transfer failed: the words of banks as codes. The office teaches the words that nobody knew."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused
from disbursements.choices import BANK_REASONS, FailureReason, PaymentState
from disbursements.models import Payment, ReturnReason
from programs.reference_files import BadValue, ReferenceFile

WORDS: Path = settings.BASE_DIR / "fixtures" / "bank_words.toml"


class WordsKnown(Refused):
    code = "return-words-known"
    message = _("“%(words)s”已经有对应的原因：%(reason)s。")


class NoReason(Refused):
    code = "return-words-no-reason"
    message = _("请选择一个明确的原因，“其他原因”不用对照。")


class NotOfABank(Refused):
    code = "return-words-not-of-a-bank"
    message = _("“现金未签领”由签字表登记，不是银行的说法，请选择别的原因。")


class Reasons:
    """The reason that a bank's words stand for."""

    def __init__(self) -> None:
        known = ReturnReason.objects.filter(reason__in=BANK_REASONS).values_list("words", "reason")
        self._known = sorted(known, key=lambda row: (-len(row[0]), row[0]))

    def of(self, words: str) -> FailureReason:
        """The longest known words that are in these decide; else `unknown`, beside which the words are kept."""
        found = next((reason for known, reason in self._known if known in words), FailureReason.UNKNOWN)
        return FailureReason(found)


@transaction.atomic
def load(path: Path = WORDS) -> None:
    """Add the words of a file; what the office taught otherwise stays as it is."""
    for entry in ReferenceFile(path, tables=frozenset({"return_reason"})).entries("return_reason"):
        reason = entry.choice("reason", FailureReason)
        if reason not in BANK_REASONS:
            raise entry.refused(BadValue, field="reason", value=reason)
        for words in entry.value("words", list):
            if not isinstance(words, str) or not words.strip():
                raise entry.refused(BadValue, field="words", value=words)
            ReturnReason.objects.get_or_create(words=words.strip(), defaults={"reason": reason})


@transaction.atomic
def teach(*, words: str, reason: str, by: User, at: datetime) -> int:
    """Say what some words mean. Failed payments whose words nobody knew until now get their reason; so many did."""
    words = words.strip()
    if reason == FailureReason.UNKNOWN:
        raise NoReason()
    if reason not in BANK_REASONS:
        raise NotOfABank()
    taught, is_new = ReturnReason.objects.get_or_create(words=words, defaults={"reason": reason})
    if not is_new:
        raise WordsKnown(words=words, reason=FailureReason(taught.reason).label)
    unclear = Payment.objects.filter(
        state=PaymentState.FAILED, failure=FailureReason.UNKNOWN, bank_words__contains=words
    )
    count = unclear.update(failure=reason)
    actions.record(by, "return-reason.taught", taught, at=at, words=words, reason=reason, payments=count)
    return count


def not_known() -> QuerySet[Payment, Any]:
    """Words of failed payments that no reason fits: how often each was said, and of which payment last."""
    rows = Payment.objects.filter(state=PaymentState.FAILED, failure=FailureReason.UNKNOWN).exclude(bank_words="")
    return (
        rows.order_by()
        .values("bank_words")
        .annotate(times=Count("pk"), example=Max("pk"))
        .order_by("-times", "bank_words")
    )
