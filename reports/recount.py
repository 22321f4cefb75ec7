"""The awards of a term or year once more, one by one: as each says of itself, and as what it rests on says.

What it rests on is its enrollment (child, term, school, stage), its list (whether the county signed it), and its
standard (program, tier, amount). An award that was changed behind the product's back no longer agrees with them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from programs.choices import AwardState, Basis, ListState
from programs.models import Award
from reports.counting import READ_ROWS
from reports.scopes import terms_of


class Facts(NamedTuple):
    """What is said of an award: by itself, or by what it rests on."""

    counts: bool
    student: int
    term: str
    program: str
    stage: str
    school: int
    tier: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Astray:
    """A row on which two figures differ, in words, with where it opens."""

    words: str
    url: str
    detail: str = ""


class Twice(NamedTuple):
    """An award as it says of itself and as what it rests on says."""

    pk: int
    town: str
    category: str | None
    is_poor: bool
    own: Facts
    rests_on: Facts

    def astray(self, *names: str) -> Astray | None:
        """The award, if the two differ in one of these."""
        found = [name for name in names if getattr(self.own, name) != getattr(self.rests_on, name)]
        return of_award(self.pk, self.own.student, "、".join(str(_words()[name]) for name in found)) if found else None


def of_award(pk: int, student: int, detail: str = "") -> Astray:
    """An award by its number; it opens the page of its child."""
    return Astray(_("资助 %(number)s 号") % {"number": pk}, reverse("student", args=[student]), detail)


def _words() -> dict[str, str]:
    return {
        "counts": _("是否审定"),
        "student": _("学生"),
        "term": _("学期"),
        "program": _("项目"),
        "stage": _("学段"),
        "school": _("学校"),
        "tier": _("档次"),
        "amount_fen": _("金额与标准不符"),
    }


_COLUMNS = (
    "pk", "school__town", "category", "is_registered_poor", "state", "list__state",
    "student", "term", "program", "stage", "school", "tier", "amount_fen",
    "enrollment__student", "enrollment__term", "standard__program", "enrollment__stage", "enrollment__school",
    "standard__tier", "standard__basis", "standard__amount_fen", "school_fee__amount_fen",
)  # fmt: skip


def awards_of(scope: str) -> Iterator[Twice]:
    """Every award that one of the two puts into the scope."""
    terms = [term.pk for term in terms_of(scope)]
    rows = Award.objects.filter(
        Q(term__in=terms) | Q(enrollment__term__in=terms),
        Q(state=AwardState.CONFIRMED) | Q(list__state=ListState.CONFIRMED) & ~Q(state=AwardState.DROPPED),
    ).order_by()
    for row in rows.values_list(*_COLUMNS).iterator(READ_ROWS):
        pk, town, category, is_poor, state, list_state, *facts = row
        own, rests = facts[:7], facts[7:]
        *same, basis, rate, fee = rests
        signed, is_signed = state == AwardState.CONFIRMED, list_state == ListState.CONFIRMED
        yield Twice(
            pk,
            town,
            category,
            is_poor,
            Facts._make([signed and own[1] in terms, *own]),
            Facts._make([is_signed and same[1] in terms, *same, _amount(basis, rate, fee, own[-1])]),
        )


def _amount(basis: str, rate: int | None, fee: int | None, own: int) -> int:
    """What the standard is worth: a flat rate, or the school's fee as far as the standard goes."""
    if fee is None:
        return own if rate is None else rate
    return min(fee, rate) if basis == Basis.CAPPED_FEE and rate is not None else fee


class Sums:
    """Awards, fen and children by any key."""

    def __init__(self) -> None:
        self.awards: Counter[Any] = Counter()
        self.fen: Counter[Any] = Counter()
        self.children: dict[Any, set[int]] = defaultdict(set)

    def add(self, key: Any, facts: Facts) -> None:
        self.awards[key] += 1
        self.fen[key] += facts.amount_fen
        self.children[key].add(facts.student)

    def people(self, key: Any) -> int:
        return len(self.children.get(key, ()))


def by(key: Callable[[Facts], Any], facts: Iterator[Facts]) -> Sums:
    """The sums of what counts."""
    found = Sums()
    for each in facts:
        if each.counts:
            found.add(key(each), each)
    return found
