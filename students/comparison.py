"""A child of the roster and a line of a list side by side: what agrees, and which characters differ.

Numbers stay masked here. Only the characters in which two numbers differ are shown, because a person
cannot judge a slip of the pen without seeing it; where they differ throughout, nothing more is shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from common import masking, names, resident_ids
from students.models import Match, RegisterPerson, RegisterSnapshot

_SLIPS = 3
"""Two numbers that differ in more places than this are two numbers, not a slip."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a value that agrees with the other side, or does not."""

    text: str
    differs: bool = False


@dataclass(frozen=True)
class Line:
    """One fact as both sides state it; `is_same` is None where one of them says nothing."""

    label: str
    child: list[Piece]
    person: list[Piece]
    is_same: bool | None
    is_number: bool = False


def lines(match: Match, *, may_reveal: bool) -> list[Line]:
    """The facts that can be compared, the most telling first.

    Who may see no number sees the year of birth only, and no slip of the pen.
    """
    child, person = match.enrollment.student, match.person
    return [
        _words(_("姓名"), child.name, person.name, is_same=child.name_key == person.name_key),
        _numbers(child.id_number, person.id_number, may_reveal=may_reveal),
        _births(child.born_on, person.born_on, may_reveal=may_reveal),
        _plain(_("性别"), _known(child, "sex"), _known(person, "sex")),
        _words(_("监护人 / 户主"), child.guardian_name, person.head_name),
        _phones(match),
        _words(_("乡镇"), child.town_name, person.town_name),
        _words(
            _("村"),
            child.village,
            person.village,
            is_same=names.village_key(child.village) == names.village_key(person.village),
        ),
    ]


def household(person: RegisterPerson) -> Iterable[RegisterPerson]:
    """The others whom the list names in the same household."""
    if not person.household_no:
        return RegisterPerson.objects.none()
    same = RegisterPerson.objects.filter(snapshot=person.snapshot_id, household_no=person.household_no)
    return same.exclude(pk=person.pk).defer("phone").order_by("row")


def newest(snapshots: Iterable[RegisterSnapshot]) -> list[RegisterSnapshot]:
    """The newest list of each source, from lists ordered by their day, newest first."""
    by_source: dict[str, RegisterSnapshot] = {}
    for snapshot in snapshots:
        by_source.setdefault(snapshot.source_id, snapshot)
    return list(by_source.values())


def _words(label: str, child: str, person: str, *, is_same: bool | None = None) -> Line:
    if not child or not person:
        return Line(label, [Piece(child)], [Piece(person)], None)
    if is_same is None:
        is_same = names.key(child) == names.key(person)
    if is_same:
        return Line(label, [Piece(child)], [Piece(person)], True)
    places = _places(child, person)
    return Line(label, _pieces(child, places), _pieces(person, places), False)


def _plain(label: str, child: str, person: str) -> Line:
    is_same = child == person if child and person else None
    return Line(label, [Piece(child, is_same is False)], [Piece(person, is_same is False)], is_same)


def _numbers(child: str, person: str, *, may_reveal: bool) -> Line:
    label = _("证件号")
    is_same = child == person if child and person else None
    places = _places(child, person) if is_same is False and len(child) == len(person) else set()
    if not may_reveal or not 0 < len(places) <= _SLIPS:
        differs = is_same is False
        sides = [Piece(resident_ids.mask(child), differs)], [Piece(resident_ids.mask(person), differs)]
        return Line(label, *sides, is_same, is_number=True)
    return Line(label, _slips(child, places), _slips(person, places), False, is_number=True)


def _phones(match: Match) -> Line:
    child, person = match.enrollment.student.guardian_phone, match.person.phone
    is_same = child == person if child and person else None
    differs = is_same is False
    return Line(
        _("联系电话"),
        [Piece(masking.phone(child), differs)],
        [Piece(masking.phone(person), differs)],
        is_same,
        is_number=True,
    )


def _places(child: str, person: str) -> set[int]:
    """Where two texts differ, counted in characters; what one has more of differs too."""
    longest = max(len(child), len(person))
    return {place for place in range(longest) if child[place : place + 1] != person[place : place + 1]}


def _slips(number: str, places: set[int]) -> list[Piece]:
    """The masked number with the differing characters in clear."""
    masked = resident_ids.mask(number)
    shown = "".join(number[place] if place in places else sign for place, sign in enumerate(masked))
    return _pieces(shown, places)


def _pieces(text: str, places: set[int]) -> list[Piece]:
    pieces: list[Piece] = []
    for place, sign in enumerate(text):
        differs = place in places
        if pieces and pieces[-1].differs == differs:
            pieces[-1] = Piece(pieces[-1].text + sign, differs)
        else:
            pieces.append(Piece(sign, differs))
    return pieces


def _births(child: date | None, person: date | None, *, may_reveal: bool) -> Line:
    """Two days of birth, compared as days however little of them is shown."""
    is_same = child == person if child and person else None
    ours, theirs = ([Piece(masking.birth(day, whole=may_reveal), is_same is False)] for day in (child, person))
    return Line(_("出生日期"), ours, theirs, is_same)


def _known(record: object, field: str) -> str:
    """The words of a choice, or nothing for "unknown"."""
    if getattr(record, field) == "unknown":
        return ""
    return str(getattr(record, f"get_{field}_display")())
