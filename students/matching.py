"""Who of a list is which child of the rosters: the search itself, without a database.

Rules, in the order in which they are tried:

exact           the same right number and the same name
near-core       the same 15 digits (an old number; a slip in century or check digit) and the same name
near-sound      the same right number, a name that sounds the same
near-digit      a number that is one slip away and wrong on one side, the same name
near-cut        a number cut off by a spreadsheet, the same name
near-household  the number of another member of the household, the same name

All but the first two also ask for the guardian, the phone or the village (near-household for two of these), and all
but the first for being alone: one child for this person, one person for this child. Everything else is a suspicion
with a score, at most three for a person, best first. No rule ever confirms one of two children of one name in a
household. Same records, same answer: ties are broken by the records' own keys.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.resident_ids import IdKind
from students.suspicion import THRESHOLD, UNUSABLE, Household, Judgement, Record, judge

EXACT = "exact"
CANDIDATES_KEPT = 3


@dataclass(slots=True)
class Found:
    """A child and a listed person who are, or may be, one. `tier` is the rule that makes it certain, else ""."""

    child: Record
    person: Record
    tier: str
    score: float
    reasons: list[str]
    rank: int = 1


Decided = Mapping[tuple[str, str], bool]
"""(the child's key, the person's key) → whether a person said that they are one."""


def search(children: Sequence[Record], people: Sequence[Record], *, decided: Decided | None = None) -> list[Found]:
    """Every certain pair and every suspicion between all children of a county and one list.

    People are all lines of the list: adults are evidence for their households, whom the rules look for are
    those who may be children. A pair that a person decided comes with its reasons but decides itself no more:
    a child or person said to be found is not offered to others.
    """
    decided = decided or {}
    exact = _exact(children, people)
    exact = [pair for pair in exact if decided.get((pair.child.key, pair.person.key)) is not False]
    found_people = {pair.person.record for pair in exact}
    found_children = {pair.child.record for pair in exact}
    wanted = [person for person in people if not person.is_adult and person.record not in found_people]
    if not wanted:
        return exact
    members: dict[str, list[Record]] = defaultdict(list)
    for person in people:
        if person.household:
            members[person.household].append(person)
    candidates = _candidates(children, wanted, members, found_children)
    names = Counter(child.name for child in children)
    sounds = Counter(child.sound for child in children)
    rosters_of = _rosters_of_siblings(exact)
    judged: dict[int, list[tuple[Judgement, Record]]] = {}
    for person in wanted:
        household = _household(person, members.get(person.household, ()), found_people, rosters_of)
        kept = []
        for child in candidates.get(person.record, ()):
            judgement = judge(person, child, household, names, sounds)
            if judgement.is_compulsory or judgement.score >= THRESHOLD or (child.key, person.key) in decided:
                kept.append((judgement, child))
        judged[person.record] = kept
    return exact + _settle(wanted, judged, decided)


def _exact(children: Sequence[Record], people: Sequence[Record]) -> list[Found]:
    """By number and name, of children and of who looks like an adult alike: nothing but a person's word undoes it."""
    by_number: dict[str, list[Record]] = defaultdict(list)
    for person in people:
        if person.kind is IdKind.RESIDENT:
            by_number[person.number].append(person)
    namesakes = Counter((person.household, person.name) for person in _once(people) if person.household)
    pairs = [
        (person, child)
        for child in children
        if child.kind is IdKind.RESIDENT
        for person in by_number.get(child.number, ())
        if person.name == child.name and namesakes[person.household, person.name] < 2
    ]
    pairs.sort(key=lambda pair: (pair[0].record, pair[1].key, pair[1].record))
    return [Found(child, person, EXACT, 100.0, ["id-same", "name-same"]) for person, child in pairs]


def _once(people: Iterable[Record]) -> Iterator[Record]:
    """Children of the list; a child written down twice is one child."""
    seen: set[tuple[str, str, str]] = set()
    for person in people:
        mark = (person.household, person.name, person.number)
        if not person.is_adult and mark not in seen:
            seen.add(mark)
            yield person


def _candidates(
    children: Sequence[Record],
    wanted: Sequence[Record],
    members: Mapping[str, Sequence[Record]],
    found: Collection[int],
) -> dict[int, list[Record]]:
    """person → the children who share a mark with it. Children who were found already belong to somebody else."""
    marked: dict[tuple[str, str], list[int]] = defaultdict(list)
    for person in wanted:
        for mark in set(_marks_of_person(person, members.get(person.household, ()))):
            marked[mark].append(person.record)
    pairs: dict[int, list[Record]] = defaultdict(list)
    for child in children:
        if child.record in found:
            continue
        hits: set[int] = set()
        for mark in _marks_of_child(child):
            if mark in marked:
                hits.update(marked[mark])
        for person_record in hits:
            pairs[person_record].append(child)
    return pairs


def _marks_of_both(record: Record) -> Iterator[tuple[str, str]]:
    """Under which marks a row lies, and may be looked for, whatever it is."""
    number, surname = record.number, record.name[:1]
    yield "sound", record.sound
    if number:
        yield "number", number
    if record.core:
        yield "core", record.core
    if len(number) == 18:
        yield "tail", number[6:]
        yield "sequence", number[14:] + surname
    if record.birth:
        yield "birth", record.birth + surname
    if record.phone:
        yield "phone", record.phone


def _marks_of_person(person: Record, members: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """Under which marks the person's own row may lie in a roster."""
    yield from _marks_of_both(person)
    if person.village:
        # Whose own number is no use is looked for in the whole village; the others among those without a number.
        of_whom = "village" if person.kind in UNUSABLE else "village-of-numberless"
        for place in _village(person):
            yield of_whom, place
    if len(person.number) >= 15:
        yield "cut" if person.kind is IdKind.LOST else "cut-of-others", person.number[:15]
    for member in members:
        if member is person:
            continue
        if member.number:
            yield "number", member.number
        if member.is_adult:
            yield "guardian", f"{member.sound}|{member.town}"


def _marks_of_child(child: Record) -> Iterator[tuple[str, str]]:
    yield from _marks_of_both(child)
    if child.village:
        for place in _village(child):
            yield "village", place
            if child.kind in UNUSABLE:
                yield "village-of-numberless", place
    if len(child.number) == 18:
        yield "cut", child.number[:15]
        if child.kind is IdKind.LOST:
            yield "cut-of-others", child.number[:15]
    if child.guardian_sound:
        yield "guardian", f"{child.guardian_sound}|{child.town}"
    if child.guardian_number:
        yield "number", child.guardian_number


def _village(record: Record) -> Iterator[str]:
    """The village with the surname, and with the given name for a surname that is written wrong."""
    yield f"{record.town}|{record.village}|{record.name[:1]}"
    yield f"{record.town}|{record.village}||{record.name[1:]}"


_Seen = dict[int, list[tuple[str, str, str]]]
"""A listed child found for certain → (phone, guardian, town) of its rows in rosters."""


def _rosters_of_siblings(exact: Iterable[Found]) -> _Seen:
    seen: _Seen = defaultdict(list)
    for pair in exact:
        seen[pair.person.record].append((pair.child.phone, pair.child.guardian_sound, pair.child.town))
    return seen


def _household(person: Record, members: Sequence[Record], found: Collection[int], rosters_of: _Seen) -> Household:
    others = [member for member in members if member is not person]
    # A child written down twice is no sibling of itself.
    children = [m for m in others if not m.is_adult and (m.number, m.name) != (person.number, person.name)]
    rows = [row for child in children for row in rosters_of.get(child.record, ())]
    return Household(
        numbers=frozenset(m.number for m in others if m.number),
        unclaimed_numbers=frozenset(m.number for m in children if m.record not in found),
        bearers=frozenset((m.number, m.name) for m in others if m.number),
        names=frozenset(m.name for m in others),
        child_names=frozenset(m.name for m in children),
        child_sounds=frozenset(m.sound for m in children),
        adult_sounds=frozenset(m.sound for m in others if m.is_adult),
        adult_numbers=frozenset(m.number for m in others if m.is_adult and m.number),
        sibling_phones=frozenset(phone for phone, _guardian, _town in rows if phone),
        sibling_guardians=frozenset((guardian, town) for _phone, guardian, town in rows if guardian),
    )


def _settle(
    wanted: Sequence[Record], judged: Mapping[int, list[tuple[Judgement, Record]]], decided: Decided
) -> list[Found]:
    """What is certain among the judged pairs, then the best of the rest for each person."""
    certain = _certain(wanted, judged, decided)
    confirmed = {
        (person.record, child.record): child
        for person in wanted
        for _judgement, child in judged[person.record]
        if decided.get((child.key, person.key))
    }
    people_found = {person for person, _child in certain} | {person for person, _child in confirmed}
    children_found = {child for _person, child in certain} | {child for _person, child in confirmed}
    found: list[Found] = []
    for person in wanted:
        ordered = sorted(judged[person.record], key=lambda pair: (-pair[0].score, pair[1].key, pair[1].record))
        rank = 0
        for judgement, child in ordered:
            pair = (person.record, child.record)
            is_decided = (child.key, person.key) in decided
            if pair in certain:
                found.append(Found(child, person, judgement.tier, judgement.score, judgement.reasons))
            elif is_decided:
                found.append(Found(child, person, "", judgement.score, judgement.reasons))
            elif person.record not in people_found and child.record not in children_found and rank < CANDIDATES_KEPT:
                rank += 1
                found.append(Found(child, person, "", judgement.score, judgement.reasons, rank))
    return found


def _certain(
    wanted: Sequence[Record], judged: Mapping[int, list[tuple[Judgement, Record]]], decided: Decided
) -> set[tuple[int, int]]:
    """(person, child) of the pairs that a rule makes certain: one child for the person, one person for the child.

    One child enrolled twice is one child, and one person written down twice is one person.
    """
    pairs = [
        (person, child)
        for person in wanted
        for judgement, child in judged[person.record]
        if judgement.tier and (child.key, person.key) not in decided
    ]
    children_of: dict[int, set[str]] = defaultdict(set)
    people_of: dict[str, set[str]] = defaultdict(set)
    for person, child in pairs:
        children_of[person.record].add(child.key)
        people_of[child.key].add(_self(person))
    said = {person for (_child, person), is_same in decided.items() if is_same}
    return {
        (person.record, child.record)
        for person, child in pairs
        if len(children_of[person.record]) == 1 and len(people_of[child.key]) == 1 and person.key not in said
    }


def _self(person: Record) -> str:
    return f"{person.number}|{person.name}" if person.kind is IdKind.RESIDENT else person.key
