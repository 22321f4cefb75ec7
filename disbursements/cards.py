"""Cards that the bank refused: the school gives another, and the award can be tried again."""

import re
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import masking, resident_ids
from common.moves import Refused
from students.models import Card, Student
from students.roster_rows import card_index

_NUMBER = re.compile(r"^\d{16,19}$")


class CardOdd(Refused):
    code = "card-odd"
    message = _("卡号应为 16 到 19 位数字，请照卡面重新录入。")


class HolderMissing(Refused):
    code = "card-holder-missing"
    message = _("请填写持卡人和与学生关系。")


@transaction.atomic
def correct(
    student: Student, *, number: str, holder: str, relation: str, bank: str = "", by: User, at: datetime
) -> Card:
    """Put another card on record as the one that money goes to. The old one stays, with what was paid to it.

    The same number again with another holder's name is a correction too: then it is a card of its own,
    because the bank refused the old pair of name and number.
    """
    number = resident_ids.normalize(number)
    if not _NUMBER.match(number):
        raise CardOdd()
    if not holder.strip() or not relation.strip():
        raise HolderMissing()
    student.cards.filter(is_current=True).update(is_current=False)
    index = card_index(number)
    card, is_new = Card.objects.get_or_create(
        student=student,
        number_index=index,
        holder=holder.strip(),
        defaults={
            "number": number,
            "relation": relation.strip(),
            "bank": bank.strip(),
            "since": timezone.localdate(at),
        },
    )
    if not is_new:
        Card.objects.filter(pk=card.pk).update(is_current=True, relation=relation.strip(), bank=bank.strip())
        card.refresh_from_db()
    actions.record(by, "card.corrected", student, at=at, card=masking.card(number))
    return card
