"""The cross-check of a term: rosters against the lists of other offices.

Only what cannot be wrong confirms itself: the same valid resident number and the same name (tier
"exact"). Whoever of school age is on a list and was not found that way is looked for by other marks
(students.suspicion), and a person decides. Decisions are kept by the two records' own keys and
survive the next run. Same input, same answer: nothing here is random.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common import names
from common.bulk import insert, upsert
from common.moves import Refused, move
from common.resident_ids import IdKind
from jobs.run import Running
from schools.models import Term
from students import suspicion
from students.choices import CROSSCHECK_MOVES, CrosscheckState, MatchState, SnapshotState
from students.models import Crosscheck, Enrollment, Hardship, Match, MatchDecision, RegisterPerson, RegisterSnapshot

EXACT = "exact"
SCHOOL_AGES = range(2, 22)
CANDIDATES_KEPT = 3
WRITE_ROWS = 2_000
_KEYS_A_QUERY = 800


class NoLists(Refused):
    code = "no-lists"
    message = _("请至少选择一份已定版的名单。")


class AlreadyRunning(Refused):
    code = "already-running"
    message = _("本学期的比对正在进行，请等它结束。")


@transaction.atomic
def begin(*, term: Term, snapshots: Sequence[RegisterSnapshot], by: User, at: datetime) -> Crosscheck:
    """Open a run for chosen frozen lists; the background run `crosscheck` does the work."""
    if not snapshots or any(snapshot.state != SnapshotState.FROZEN for snapshot in snapshots):
        raise NoLists()
    if Crosscheck.objects.filter(term=term, state=CrosscheckState.RUNNING).exists():
        raise AlreadyRunning()
    run = Crosscheck.objects.create(term=term, made_by=by, made_at=at)
    run.snapshots.set(snapshots)
    actions.record(by, "crosscheck.started", run, at=at, snapshots=[snapshot.pk for snapshot in snapshots])
    return run


def compare(run: Crosscheck, *, running: Running) -> dict[str, Any]:
    """Find the matches and write them in chunks; the last step puts the run in force and its facts with it."""
    if run.state != CrosscheckState.RUNNING:
        return dict(run.counts)
    found = _find(run)
    running.report_total(len(found))
    if running.cursor:
        # Rosters may have changed since the run was killed, so its first half cannot be trusted to fit the second.
        with running.chunk(to=running.cursor):
            run.matches.all().delete()
    for start in range(0, len(found), WRITE_ROWS):
        part = found[start : start + WRITE_ROWS]
        with running.chunk(to=max(running.cursor, start + len(part))):
            insert(Match, _MATCH, part)
    with running.chunk(to=max(running.cursor, len(found))):
        _apply_decisions(run)
        for before in Crosscheck.objects.filter(term=run.term, state=CrosscheckState.DONE):
            move(before, CrosscheckState.SUPERSEDED, moves=CROSSCHECK_MOVES)
        counted = {"lines": counts(run), "suspected": _people_suspected(run)}
        move(run, CrosscheckState.DONE, moves=CROSSCHECK_MOVES, counts=counted)
        _renew_facts(run)
        actions.record(run.made_by, "crosscheck.done", run, at=run.made_at, suspected=counted["suspected"])
    return dict(run.counts)


_MATCH = (
    "crosscheck", "enrollment", "person", "tier", "state", "score", "rank", "is_new", "reasons", "decided_by",
    "decided_at", "note",
)  # fmt: skip


@dataclass(slots=True)
class _Roster:
    """What the search needs of the term's rosters: indexes over wanted marks only."""

    by_mark: dict[tuple[str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    sounds: Counter[str] = field(default_factory=Counter)


def _find(run: Crosscheck) -> list[tuple[Any, ...]]:
    exact, residue, sure = _find_exact(run)
    return exact + _find_suspected(run, residue, sure)


_Sure = set[tuple[int, str]]
"""(enrollment, source): children already found on that source's list. Another list may still have them mistyped."""


def _find_exact(run: Crosscheck) -> tuple[list[tuple[Any, ...]], list[int], _Sure]:
    """Matches by equal valid number and equal name; the listed people of school age who were not found; who was."""
    children: dict[str, list[tuple[int, str]]] = defaultdict(list)
    rows = Enrollment.objects.studying().filter(term=run.term, student__id_kind=IdKind.RESIDENT)
    for pk, number, name in (
        rows.order_by("pk")
        .values_list("pk", "student__id_number_index", "student__name_key")
        .iterator(chunk_size=5_000)
    ):
        children[number].append((pk, name))
    matches: list[tuple[Any, ...]] = []
    residue: list[int] = []
    sure: _Sure = set()
    people = RegisterPerson.objects.filter(snapshot__in=run.snapshots.all()).order_by("snapshot", "row")
    for pk, number, kind, name, born_on, source in people.values_list(
        "pk", "id_number_index", "id_kind", "name_key", "born_on", "snapshot__source"
    ).iterator(chunk_size=5_000):
        same = [child for child, child_name in children.get(number, ()) if child_name == name]
        if same and kind == IdKind.RESIDENT:
            matches += [
                (run.pk, child, pk, EXACT, MatchState.SURE, 100, 1, False, [], None, None, "") for child in same
            ]
            sure |= {(child, source) for child in same}
        elif _is_of_school_age(run.term, born_on):
            residue.append(pk)
    return matches, residue, sure


def _is_of_school_age(term: Term, born_on: date | None) -> bool:
    return born_on is None or term.age_on_start(born_on) in SCHOOL_AGES


def _find_suspected(run: Crosscheck, residue: list[int], sure: _Sure) -> list[tuple[Any, ...]]:
    listed = _in_parts(RegisterPerson.objects.select_related("snapshot"), "pk", residue)
    households = _households(listed)
    wanted = {mark for person in listed for mark in _marks_of_person(person, households[person.pk])}
    roster = _roster_by_marks(run.term, wanted)
    pairs = {
        person.pk: {
            child
            for mark in _marks_of_person(person, households[person.pk])
            for child in roster.by_mark.get(mark, ())
            if (child, person.snapshot.source_id) not in sure
        }
        for person in listed
    }
    children = _sides_of_children(run.term, set().union(*pairs.values()) if pairs else set())
    decisions = _decisions()
    matches: list[tuple[Any, ...]] = []
    for person in listed:
        matches += _best(run, person, households[person.pk], pairs[person.pk], children, roster.sounds, decisions)
    return matches


def _best(
    run: Crosscheck,
    person: RegisterPerson,
    members: list[RegisterPerson],
    candidates: set[int],
    children: dict[int, tuple[str, suspicion.Side]],
    frequency: Counter[str],
    decisions: dict[tuple[str, str], MatchDecision],
) -> list[tuple[Any, ...]]:
    side = _side_of_person(person, run.term)
    household = suspicion.Household(
        numbers=frozenset(m.id_number for m in members if m.id_number),
        names=frozenset(m.name_key for m in members),
        adult_sounds=frozenset(
            names.sound(m.name_key) for m in members if m.born_on and run.term.age_on_start(m.born_on) >= 18
        ),
    )
    judged = []
    for child in candidates:
        student_key, child_side = children[child]
        score, reasons, must = suspicion.judge(side, child_side, household, frequency)
        decision = decisions.get((student_key, person.key))
        if must or score >= suspicion.THRESHOLD or decision is not None:
            judged.append((decision is None, -score, child, reasons, decision))
    judged.sort(key=lambda pair: pair[:3])
    return [
        (
            run.pk,
            child,
            person.pk,
            reasons[0],
            _state(decision),
            -score,
            rank,
            True,
            reasons,
            decision and decision.decided_by_id,
            decision and decision.decided_at,
            decision.note if decision else "",
        )
        for rank, (_undecided, score, child, reasons, decision) in enumerate(judged[:CANDIDATES_KEPT], start=1)
    ]


def _apply_decisions(run: Crosscheck) -> None:
    """What people decided while the run was computing counts as well."""
    decisions = _decisions()
    waiting = run.matches.filter(state=MatchState.SUSPECTED)
    for pk, *keys in waiting.values_list("pk", "enrollment__student__key", "person__key"):
        if decision := decisions.get((keys[0], keys[1])):
            Match.objects.filter(pk=pk).update(
                state=_state(decision),
                decided_by=decision.decided_by_id,
                decided_at=decision.decided_at,
                note=decision.note,
            )


def _decisions() -> dict[tuple[str, str], MatchDecision]:
    return {
        (decision.student_key, decision.person_key): decision
        for decision in MatchDecision.objects.filter(is_current=True)
    }


def _state(decision: MatchDecision | None) -> MatchState:
    if decision is None:
        return MatchState.SUSPECTED
    return MatchState.CONFIRMED if decision.is_same else MatchState.REJECTED


def _marks_of_person(person: RegisterPerson, members: list[RegisterPerson]) -> Iterator[tuple[str, str]]:
    """Under which marks the person's own row may lie in a roster: the keys of the search."""
    yield "sound", names.sound(person.name_key)
    for index in {person.id_number_index, *(member.id_number_index for member in members)}:
        if index:
            yield "number", index
    if person.phone_index:
        yield "phone", person.phone_index
    if person.born_on:
        yield "birth", f"{person.born_on}{person.name_key[:1]}"
    if village := names.village_key(person.village):
        yield "village", f"{village}{person.name_key[:1]}"


def _roster_by_marks(term: Term, wanted: set[tuple[str, str]]) -> _Roster:
    roster = _Roster()
    rows = Enrollment.objects.studying().filter(term=term).order_by("pk")
    for pk, name, number, kind, phone, born_on, village in rows.values_list(
        "pk", "student__name_key", "student__id_number_index", "student__id_kind",
        "student__guardian_phone_index", "student__born_on", "student__village",
    ).iterator(chunk_size=5_000):  # fmt: skip
        sound = names.sound(name)
        roster.sounds[sound] += 1
        marks = [("sound", sound), ("number", number), ("phone", phone), ("birth", f"{born_on}{name[:1]}")]
        if kind != IdKind.RESIDENT:
            marks.append(("village", f"{names.village_key(village)}{name[:1]}"))
        for mark in marks:
            if mark in wanted:
                roster.by_mark[mark].append(pk)
    return roster


def _households(listed: list[RegisterPerson]) -> dict[int, list[RegisterPerson]]:
    """For each listed person the other members of the household, from the same list."""
    by_household: dict[tuple[int, str], list[RegisterPerson]] = defaultdict(list)
    wanted: dict[int, set[str]] = defaultdict(set)
    for person in listed:
        if person.household_no:
            wanted[person.snapshot_id].add(person.household_no)
    for snapshot, numbers in wanted.items():
        members = RegisterPerson.objects.filter(snapshot=snapshot).defer("phone")
        for member in _in_parts(members, "household_no", sorted(numbers)):
            by_household[snapshot, member.household_no].append(member)
    return {
        person.pk: [m for m in by_household[person.snapshot_id, person.household_no] if m.pk != person.pk]
        if person.household_no
        else []
        for person in listed
    }


def _in_parts(rows: Any, name: str, keys: Sequence[Any]) -> list[Any]:
    """The rows whose `name` is among the keys, in as many queries as the databases' limits ask for."""
    found: list[Any] = []
    for start in range(0, len(keys), _KEYS_A_QUERY):
        found += rows.filter(**{f"{name}__in": keys[start : start + _KEYS_A_QUERY]}).order_by("pk")
    return found


def _side_of_person(person: RegisterPerson, term: Term) -> suspicion.Side:
    return suspicion.Side(
        number=person.id_number,
        kind=IdKind(person.id_kind),
        name=person.name_key,
        sound=names.sound(person.name_key),
        sex=person.sex,
        birth=_birth(person.id_number, person.born_on),
        phone=person.phone_index,
        town=names.key(person.town_name),
        village=names.village_key(person.village),
        is_adult=_is_adult(term, person.born_on),
    )


def _sides_of_children(term: Term, enrollments: Iterable[int]) -> dict[int, tuple[str, suspicion.Side]]:
    """enrollment → (student key, the record as it is compared)."""
    sides = {}
    rows = Enrollment.objects.select_related("student").defer("student__guardian_phone")
    for enrollment in _in_parts(rows, "pk", sorted(enrollments)):
        child = enrollment.student
        sides[enrollment.pk] = (
            child.key,
            suspicion.Side(
                number=child.id_number,
                kind=IdKind(child.id_kind),
                name=child.name_key,
                sound=names.sound(child.name_key),
                sex=child.sex,
                birth=_birth(child.id_number, child.born_on),
                phone=child.guardian_phone_index,
                town=names.key(child.town_name),
                village=names.village_key(child.village),
                guardian_sound=names.sound(names.key(child.guardian_name)) if child.guardian_name else "",
                is_adult=_is_adult(term, child.born_on),
            ),
        )
    return sides


def _birth(number: str, born_on: date | None) -> str:
    return f"{born_on:%Y%m%d}" if born_on else number[6:14] if len(number) == 18 else ""


def _is_adult(term: Term, born_on: date | None) -> bool:
    return born_on is not None and term.age_on_start(born_on) >= SCHOOL_AGES.stop


def counts(run: Crosscheck) -> list[dict[str, Any]]:
    """Children by source, state, tier and stage: the run's figures, on pages and from the command alike."""
    rows = (
        run.matches.values("person__snapshot__source", "state", "tier", "enrollment__stage")
        .annotate(children=Count("enrollment__student", distinct=True))
        .order_by("person__snapshot__source__position", "state", "tier", "enrollment__stage__position")
    )
    return [
        {
            "source": row["person__snapshot__source"],
            "state": row["state"],
            "tier": row["tier"],
            "stage": row["enrollment__stage"],
            "children": row["children"],
        }
        for row in rows
    ]


def _people_suspected(run: Crosscheck) -> int:
    """Listed people who wait for a person's word."""
    return run.matches.filter(state=MatchState.SUSPECTED).values("person").distinct().count()


def _renew_facts(run: Crosscheck) -> None:
    """The term's facts follow the matches that hold; a fact that no list supports any more ends today."""
    holding = run.matches.holding().select_related("person__snapshot").order_by("person__snapshot__as_of", "pk")
    facts: dict[tuple[int, str], tuple[Any, ...]] = {}
    today = timezone.localdate(run.made_at)
    for student, category, label, match, snapshot in holding.values_list(
        "enrollment__student", "person__category", "person__label", "pk", "person__snapshot"
    ):
        facts.setdefault(
            (student, category),
            (student, category, run.term_id, label, match, snapshot, run.term.starts_on, run.term.ends_on, today),
        )
    gone = [
        pk
        for pk, student, category in Hardship.objects.filter(term=run.term, to_on=run.term.ends_on).values_list(
            "pk", "student", "category"
        )
        if (student, category) not in facts
    ]
    ended_on = end_within(run.term, run.made_at)
    for start in range(0, len(gone), _KEYS_A_QUERY):
        Hardship.objects.filter(pk__in=gone[start : start + _KEYS_A_QUERY]).update(to_on=ended_on)
    upsert(Hardship, _FACT, facts.values(), unique=_FACT[:3], update=_FACT[3:8])


def end_within(term: Term, at: datetime) -> date:
    """The day on which a fact of the term ends: today, or the term's last day but one when that is over."""
    return max(term.starts_on, min(timezone.localdate(at), term.ends_on - timedelta(days=1)))


_FACT = ("student", "category", "term", "label", "match", "snapshot", "from_on", "to_on", "known_on")
