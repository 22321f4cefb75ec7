"""A child of the roster and a line of a list side by side: what agrees, and which characters differ.

Numbers stay masked here. Where two numbers differ by a slip, its places are marked; the characters at these places
are shown to whoever may see whole numbers, because nobody can judge a slip of the pen without seeing it. Where they
differ throughout, nothing more is shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from rapidfuzz.distance import Levenshtein

from common import masking, names, resident_ids
from students.choices import HOLDING
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
    note: str = ""
    """What the eye misses: which place of a number, that one side is an old number."""


@dataclass(frozen=True)
class Member:
    """Somebody of the same household on the list, and the child of the rosters who was found to be the same."""

    person: RegisterPerson
    found: Match | None


def lines(match: Match, *, may_reveal: bool) -> list[Line]:
    """The facts that can be compared, the most telling first.

    Who may see no number sees the year of birth only, and of a slip of the pen its place.
    """
    child, person = match.enrollment.student, match.person
    return [
        _words(_("姓名"), child.name, person.name, is_same=child.name_key == person.name_key),
        _numbers(child.id_number, person.id_number, may_reveal=may_reveal),
        _births(child.born_on, person.born_on, may_reveal=may_reveal),
        _plain(_("性别"), _known(child, "sex"), _known(person, "sex")),
        _words(_("监护人 / 户主"), child.guardian_name, person.head_name),
        _phones(child.guardian_phone, person.phone),
        _words(_("乡镇"), child.town_name, person.town_name),
        _words(
            _("村"),
            child.village,
            person.village,
            is_same=names.village_key(child.village) == names.village_key(person.village),
        ),
    ]


def household(match: Match) -> list[Member]:
    """The others whom the list names in the same household, and who of them was found where in the run."""
    person = match.person
    if not person.household_no:
        return []
    same = RegisterPerson.objects.filter(snapshot=person.snapshot_id, household_no=person.household_no)
    # Put in order here: asked for an order, SQLite walks through the whole list or the whole queue.
    members = sorted(same.exclude(pk=person.pk).defer("phone").order_by(), key=lambda member: member.row)
    pairs = Match.objects.filter(person__in=members).order_by()
    pairs = pairs.select_related("enrollment__student", "enrollment__school").defer(
        "enrollment__student__guardian_phone"
    )
    found = {
        pair.person_id: pair for pair in pairs if pair.crosscheck_id == match.crosscheck_id and pair.state in HOLDING
    }
    return [Member(member, found.get(member.pk)) for member in members]


def newest(snapshots: Iterable[RegisterSnapshot]) -> list[RegisterSnapshot]:
    """The newest list of each source, from lists ordered by their day, newest first."""
    by_source: dict[str, RegisterSnapshot] = {}
    for snapshot in snapshots:
        by_source.setdefault(snapshot.source_id, snapshot)
    return list(by_source.values())


def slips(child: str, person: str) -> tuple[list[int], list[int]]:
    """The places (from 0) in which two numbers or names differ, on the one side and on the other.

    A character that one side has more of shifts the rest and is one place; two swapped ones are two.
    """
    if len(child) == len(person):
        places = [place for place, (a, b) in enumerate(zip(child, person, strict=True)) if a != b]
        if len(places) <= _SLIPS:
            return places, places
    ours: list[int] = []
    theirs: list[int] = []
    for step in Levenshtein.opcodes(child, person):
        if step.tag != "equal":
            ours += range(step.src_start, step.src_end)
            theirs += range(step.dest_start, step.dest_end)
    return ours, theirs


def is_slip(child: str, person: str) -> bool:
    """Whether two numbers differ so little that a hand may have slipped."""
    if not child or not person or child == person:
        return False
    return max(map(len, slips(child, person))) <= _SLIPS


def is_swap(child: str, person: str) -> bool:
    """Whether two neighbouring characters have changed places, and nothing else differs."""
    ours, _theirs = slips(child, person)
    if len(child) != len(person) or len(ours) != 2 or ours[1] - ours[0] != 1:
        return False
    return child[ours[0]] == person[ours[1]] and child[ours[1]] == person[ours[0]]


def places_in_words(places: Iterable[int]) -> str:
    """Places as people count them, from 1: "14、15"."""
    return _("、").join(str(place + 1) for place in places)


def _words(label: str, child: str, person: str, *, is_same: bool | None = None) -> Line:
    if not child or not person:
        return Line(label, [Piece(child)], [Piece(person)], None)
    if is_same is None:
        is_same = names.key(child) == names.key(person)
    if is_same:
        return Line(label, [Piece(child)], [Piece(person)], True)
    ours, theirs = slips(child, person)
    return Line(label, _pieces(child, ours), _pieces(person, theirs), False)


def _plain(label: str, child: str, person: str) -> Line:
    is_same = child == person if child and person else None
    return Line(label, [Piece(child, is_same is False)], [Piece(person, is_same is False)], is_same)


def _numbers(child: str, person: str, *, may_reveal: bool) -> Line:
    label = _("证件号")
    is_same = child == person if child and person else None
    masked = resident_ids.mask(child), resident_ids.mask(person)
    if is_same is False and _is_old_and_new(child, person):
        note = _("一方是 15 位旧号，与另一方的 18 位号相符")
        return Line(label, [Piece(masked[0])], [Piece(masked[1])], True, is_number=True, note=note)
    if not is_slip(child, person):
        differs = is_same is False
        return Line(label, [Piece(masked[0], differs)], [Piece(masked[1], differs)], is_same, is_number=True)
    sides = [
        _pieces(_with_signs(number, mask, places) if may_reveal else mask, places)
        for number, mask, places in zip((child, person), masked, slips(child, person), strict=True)
    ]
    return Line(label, sides[0], sides[1], False, is_number=True, note=_places_note(child, person))


def _is_old_and_new(child: str, person: str) -> bool:
    old, new = sorted((child, person), key=len)
    return len(old) == 15 and len(new) == 18 and resident_ids.core(new) == old


def _places_note(child: str, person: str) -> str:
    ours, theirs = slips(child, person)
    if is_swap(child, person):
        return _("第 %(places)s 位对调") % {"places": places_in_words(ours)}
    if len(child) == len(person):
        return _("第 %(places)s 位不同") % {"places": places_in_words(ours)}
    if len(child) < len(person):
        return _("花名册少了名单的第 %(places)s 位") % {"places": places_in_words(theirs)}
    return _("名单少了花名册的第 %(places)s 位") % {"places": places_in_words(ours)}


def _with_signs(number: str, mask: str, places: Iterable[int]) -> str:
    """The masked number with the differing characters in clear."""
    shown = set(places)
    return "".join(number[place] if place in shown else sign for place, sign in enumerate(mask))


def _phones(child: str, person: str) -> Line:
    label = _("联系电话")
    is_same = child == person if child and person else None
    masked = masking.phone(child), masking.phone(person)
    if is_slip(child, person) and len(child) == len(person):
        places, _places = slips(child, person)
        sides = [_pieces(mask, places) for mask in masked]
        return Line(label, sides[0], sides[1], False, is_number=True, note=_places_note(child, person))
    differs = is_same is False
    return Line(label, [Piece(masked[0], differs)], [Piece(masked[1], differs)], is_same, is_number=True)


def _pieces(text: str, places: Iterable[int]) -> list[Piece]:
    marked = set(places)
    pieces: list[Piece] = []
    for place, sign in enumerate(text):
        differs = place in marked
        if pieces and pieces[-1].differs == differs:
            pieces[-1] = Piece(pieces[-1].text + sign, differs)
        else:
            pieces.append(Piece(sign, differs))
    return pieces


def _births(child: date | None, person: date | None, *, may_reveal: bool) -> Line:
    """Two days of birth, compared as days however little of them is shown."""
    label = _("出生日期")
    is_same = child == person if child and person else None
    ours, theirs = (masking.birth(day, whole=may_reveal) for day in (child, person))
    if is_same is False and ours != theirs:
        places, _places = slips(ours, theirs)
        return Line(label, _pieces(ours, places), _pieces(theirs, _places), False)
    return Line(label, [Piece(ours, is_same is False)], [Piece(theirs, is_same is False)], is_same)


def _known(record: object, field: str) -> str:
    """The words of a choice, or nothing for "unknown"."""
    if getattr(record, field) == "unknown":
        return ""
    return str(getattr(record, f"get_{field}_display")())
