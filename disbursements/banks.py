"""The banks that pay for the county, and which cards each of them pays to."""

from collections.abc import Iterable

from django.db.models import Q

from disbursements.models import Bank


def cards_of(bank: Bank | None) -> Q:
    """The cards (students.Card) that a bank pays to; of None those that no bank takes, so all while there are none.

    Every card is one bank's: the longest name or alias that stands in its 开户行 decides, and where none does, the
    bank of all other cards.
    """
    banks = list(Bank.objects.all())
    words = _words(banks)
    mine = Q(pk__in=[])
    longer = Q(pk__in=[])
    for word, code in words:
        says_so = Q(bank__icontains=word)
        if bank is not None and code == bank.pk:
            mine |= says_so & ~longer
        else:
            longer |= says_so
    takes_the_rest = bank.is_default if bank is not None else not any(each.is_default for each in banks)
    return mine | ~_any(word for word, _code in words) if takes_the_rest else mine


def bank_of(words: str) -> Bank | None:
    """The bank that pays to a card with such a 开户行, by the same rule."""
    banks = {bank.pk: bank for bank in Bank.objects.all()}
    said = words.lower()
    code = next((code for word, code in _words(banks.values()) if word.lower() in said), None)
    return banks[code] if code is not None else next((bank for bank in banks.values() if bank.is_default), None)


def _words(banks: Iterable[Bank]) -> list[tuple[str, str]]:
    """(words that mean a bank, its code), the longest first."""
    said = {(word, bank.pk) for bank in banks for word in (bank.name, *bank.aliases)}
    return sorted(said, key=lambda pair: (-len(pair[0]), pair))


def _any(words: Iterable[str]) -> Q:
    found = Q(pk__in=[])
    for word in words:
        found |= Q(bank__icontains=word)
    return found
