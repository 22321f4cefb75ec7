"""A family looks up where its child's aid is, without sign-in: by name and the last digits of the child's number.

Told is the term, where the money is and since when; never how much, from which program, why, or at which school.
A child that is not there and a child without aid get the same answer in the same time. There is no picture puzzle:
how often one address may ask, and how often one name may be asked for, keeps digits from being tried out.
"""

import hmac
import time
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

from accounts import limits
from common import names
from common.moves import Refused
from common.resident_ids import IdKind
from disbursements import slips
from disbursements.choices import Told
from programs.models import Award
from schools.models import Term
from students import identity
from students.models import Student

DIGITS = 6
MOST_NAMESAKES = 50
"""Numbers are unsealed to be compared: so many at most."""
MOST_TERMS = 4
SECONDS = 0.3
"""How long every answer takes at least, whatever was found."""
FROM_ONE_ADDRESS = {"limit": 30, "per_seconds": 600}
FOR_ONE_NAME = {"limit": 100, "per_seconds": 86_400}
"""Many families may share one address of a telephone company, and many children one name."""


class AskedTooOften(Refused):
    code = "look-up-too-often"
    message = _("查询次数太多，请过一会儿再试，或者向学校询问。")


@dataclass(frozen=True, slots=True)
class Line:
    """What is told of one term; two programs that stand alike are one line."""

    term: Term
    told: Told
    day: date | None


def ask(name: str, digits: str, *, address: str) -> list[Line]:
    """Where the child's aid is, the newest term first; nothing where there is no such child or no aid."""
    began, key = time.monotonic(), names.key(name)
    is_allowed = limits.allow(f"look-up from {address}", **FROM_ONE_ADDRESS)
    if not (is_allowed and limits.allow(f"look-up of {key}", **FOR_ONE_NAME)):
        raise AskedTooOften()
    lines = find(key, digits)
    time.sleep(max(began + SECONDS - time.monotonic(), 0))
    return lines


def find(name_key: str, digits: str) -> list[Line]:
    """The lines of the one child of that name whose number ends so; of two alike nothing is told."""
    alike = [child.pk for child in _namesakes(name_key, digits) if _ends_with(child, digits)]
    awards = Award.objects.confirmed().filter(student__in=alike if len(alike) == 1 else [0]).select_related("term")
    found = [
        Line(award.term, told, day) for award, told, day in slips.states(awards.order_by("-term__starts_on", "pk"))
    ]
    terms = list(dict.fromkeys(line.term for line in found))[:MOST_TERMS]
    return [line for line in dict.fromkeys(found) if line.term in terms]


def _namesakes(name_key: str, digits: str) -> list[Student]:
    """Children of that name. Where there are many, those whose number can end so: it says the day of birth."""
    children = Student.objects.filter(name_key=name_key).only("id_number", "id_kind").order_by("pk")
    found = list(children[: MOST_NAMESAKES + 1])
    if len(found) > MOST_NAMESAKES and digits[:2].isdecimal():
        found = list(children.filter(born_on__day=int(digits[:2]))[:MOST_NAMESAKES])
    return found


def _ends_with(child: Student, digits: str) -> bool:
    is_known = identity.is_usable(IdKind(child.id_kind)) and len(child.id_number) > DIGITS
    return is_known and hmac.compare_digest(child.id_number[-DIGITS:].encode(), digits.encode())
