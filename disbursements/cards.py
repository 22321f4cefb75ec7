"""Whose a card is, and cards that the bank refused: the school gives another, and the award can be tried again."""

import re
from datetime import datetime

from django.db import transaction
from django.db.models import CharField, F, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Replace
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import masking, resident_ids
from common.moves import Refused
from students.choices import OWN
from students.models import Card, Student
from students.roster_rows import card_index

_NUMBER = re.compile(r"^\d{16,19}$")
_WRITTEN = {" ": "", "\u3000": "", "\u00a0": "", **dict.fromkeys("•‧・．。.●", "·")}
"""Signs that are met in names and what `common.names.key` makes of them: those that nobody types would be too deep a
query for SQLite, and an account that has one waits until a person has looked."""


def _as_key(text: Combinable) -> Combinable:
    for sign, instead in _WRITTEN.items():
        text = Replace(text, Value(sign), Value(instead), output_field=CharField())
    return text


IN_STUDENTS_NAME = Q(holder=F("student__name")) | Q(Exact(_as_key(F("holder")), F("student__name_key")))
"""Cards whose holder is called as the student is, however blanks and interpuncts are written."""

OWN_CARD = Q(relation=OWN) & IN_STUDENTS_NAME
"""Cards of the students themselves: the file says so, and the account is in their name."""


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
    Student.objects.filter(pk=student.pk).update(name=F("name"))  # two who correct one child's card queue here
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
