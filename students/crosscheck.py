"""The cross-check of a term: rosters against the lists of other offices.

What is certain confirms itself (`students.matching` says which rules; a run may ask for the strictest one only).
Whoever of school age is on a list and was not found that way is a suspicion, and a person decides. Decisions are
kept by the two records' own keys and survive the next run. Same input, same answer: nothing here is random.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import insert, upsert
from common.moves import Refused, move
from jobs.run import Running
from schools.models import Term
from students import absences, dating, matching, records, registers
from students.choices import CROSSCHECK_MOVES, HOLDING, Confirms, CrosscheckState, MatchState, SnapshotState
from students.matching import EXACT, Found
from students.models import Crosscheck, Hardship, Match, MatchDecision, RegisterPerson, RegisterSnapshot

WRITE_ROWS = 2_000
_KEYS_A_QUERY = 800


class NoLists(Refused):
    code = "no-lists"
    message = _("请至少选择一份已定版的名单。")


class AlreadyRunning(Refused):
    code = "already-running"
    message = _("本学期的比对正在进行，请等它结束。")


@transaction.atomic
def begin(
    *,
    term: Term,
    snapshots: Sequence[RegisterSnapshot],
    by: User,
    at: datetime,
    confirms: Confirms = Confirms.NEAR,
) -> Crosscheck:
    """Open a run for chosen frozen lists; the background run `crosscheck` does the work."""
    if not snapshots or any(snapshot.state != SnapshotState.FROZEN for snapshot in snapshots):
        raise NoLists()
    try:
        with transaction.atomic():
            run = Crosscheck.objects.create(term=term, made_by=by, made_at=at, confirms=confirms)
    except IntegrityError as error:
        raise AlreadyRunning() from error
    run.snapshots.set(snapshots)
    actions.record(by, "crosscheck.started", run, at=at, snapshots=[snapshot.pk for snapshot in snapshots])
    return run


def compare(run: Crosscheck, *, running: Running) -> dict[str, Any]:
    """Find the matches and write them in chunks; the last step puts the run in force and its facts with it."""
    if run.state != CrosscheckState.RUNNING:
        return dict(run.counts)
    try:
        return _compare(run, running)
    except registers.ListWithdrawn as refusal:
        with running.chunk(to=running.cursor, refusal=refusal):
            run.matches.all().delete()
            move(run, CrosscheckState.REFUSED, moves=CROSSCHECK_MOVES, counts={"refused": refusal.params})
        raise


def _compare(run: Crosscheck, running: Running) -> dict[str, Any]:
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
        registers.refuse_withdrawn(run)
        # From here on nobody decides in the run before: what was decided there until now is taken along.
        for before in Crosscheck.objects.filter(term=run.term, state=CrosscheckState.DONE):
            move(before, CrosscheckState.SUPERSEDED, moves=CROSSCHECK_MOVES)
        _apply_decisions(run)
        absences.renew(run)
        counted = {"lines": counts(run), "suspected": _people_suspected(run)}
        move(run, CrosscheckState.DONE, moves=CROSSCHECK_MOVES, counts=counted)
        _renew_facts(run)
        actions.record(run.made_by, "crosscheck.done", run, at=run.made_at, suspected=counted["suspected"])
    return dict(run.counts)


_MATCH = (
    "crosscheck", "enrollment", "person", "tier", "state", "score", "rank", "is_new", "reasons", "decided_by",
    "decided_at", "note",
)  # fmt: skip

_Decisions = dict[tuple[str, str], MatchDecision]


def _find(run: Crosscheck) -> list[tuple[Any, ...]]:
    """The rows of Match: each list by itself, for a child that one list has right may stand mistyped in another."""
    decisions = _decisions()
    decided = {keys: decision.is_same for keys, decision in decisions.items()}
    seen = _pairs_before(run)
    children = records.children_of(run.term)
    rows: list[tuple[Any, ...]] = []
    for snapshot in run.snapshots.order_by("pk"):
        people = records.people_of(snapshot, run.term)
        found = matching.search(children, people, decided=decided)
        rows += [_row(run, one, decisions.get((one.child.key, one.person.key)), seen) for one in found]
    return rows


def _row(run: Crosscheck, one: Found, decision: MatchDecision | None, seen: set[tuple[str, str]]) -> tuple[Any, ...]:
    is_sure = one.tier == EXACT or (bool(one.tier) and run.confirms == Confirms.NEAR)
    state = _state(decision) if decision else MatchState.SURE if is_sure else MatchState.SUSPECTED
    return (
        run.pk,
        one.child.record,
        one.person.record,
        one.tier if state == MatchState.SURE else one.reasons[0],
        state,
        round(one.score),
        one.rank,
        not is_sure and (one.child.key, one.person.key) not in seen,
        one.reasons,
        decision and decision.decided_by_id,
        decision and decision.decided_at,
        decision.note if decision else "",
    )


def _pairs_before(run: Crosscheck) -> set[tuple[str, str]]:
    """(child, person) of all that the term's run in force put before people, so that this one says what is new."""
    before = Match.objects.filter(crosscheck__term=run.term, crosscheck__state=CrosscheckState.DONE)
    pairs = before.exclude(state=MatchState.SURE).values_list("enrollment__student__key", "person__key")
    return set(pairs.iterator(chunk_size=5_000))


def _apply_decisions(run: Crosscheck) -> None:
    """What people decided while the run was computing counts as well."""
    decisions = _decisions()
    late = MatchDecision.objects.filter(is_current=True, decided_at__gte=run.made_at).values("person_key")
    waiting = run.matches.filter(state__in=[MatchState.SUSPECTED, MatchState.SURE], person__key__in=late)
    for pk, *keys in waiting.values_list("pk", "enrollment__student__key", "person__key"):
        if decision := decisions.get((keys[0], keys[1])):
            Match.objects.filter(pk=pk).update(
                state=_state(decision),
                decided_by=decision.decided_by_id,
                decided_at=decision.decided_at,
                note=decision.note,
            )


def _decisions() -> _Decisions:
    current = MatchDecision.objects.filter(is_current=True)
    return {(decision.student_key, decision.person_key): decision for decision in current}


def _state(decision: MatchDecision) -> MatchState:
    return MatchState.CONFIRMED if decision.is_same else MatchState.REJECTED


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


FACT = ("student", "category", "term", "label", "match", "snapshot", "from_on", "to_on", "known_on")
_Held = tuple[int, str]
"""(student, category): what a child holds once in a term, however many lists say so."""


def _renew_facts(run: Crosscheck) -> None:
    """The term's facts follow the matches that hold, from and to the days that each source's rule says."""
    term, today = run.term, timezone.localdate(run.made_at)
    holding = run.matches.holding().order_by("person__snapshot__as_of", "pk")
    beginning = Beginning(term, run.snapshots.select_related("source"))
    facts: dict[_Held, tuple[Any, ...]] = {}
    for student, category, label, match, snapshot, key in holding.values_list(
        "enrollment__student", "person__category", "person__label", "pk", "person__snapshot", "person__key"
    ):
        if (from_on := beginning.of(snapshot, key)) is not None:
            facts.setdefault(
                (student, category),
                (student, category, term.pk, label, match, snapshot, from_on, term.ends_on, today),
            )
    _end_facts(run, facts)
    upsert(Hardship, FACT, facts.values(), unique=FACT[:3], update=FACT[3:8])


class Beginning:
    """From when a person's category holds in the term: from its first day unless a later list was the first to say.

    A person whom an earlier list of the source names is no newcomer, however late the list at hand. `keys` are the
    people who will be asked about; without them it may be anybody.
    """

    def __init__(
        self, term: Term, snapshots: Iterable[RegisterSnapshot], *, keys: Collection[str] | None = None
    ) -> None:
        self.term = term
        self.snapshots = {snapshot.pk: snapshot for snapshot in snapshots}
        self.since: dict[int, dict[str, date]] = {}
        for snapshot in self.snapshots.values():
            earlier = RegisterSnapshot.objects.filter(
                source=snapshot.source, state=SnapshotState.FROZEN, as_of__lt=snapshot.as_of
            )
            is_late = dating.begins_on(snapshot.source, snapshot.as_of, term) != term.starts_on
            if is_late and earlier.exists():
                people = RegisterPerson.objects.filter(snapshot__in=earlier).order_by()
                if keys is not None:
                    people = people.filter(key__in=keys)
                first = people.values("key").annotate(first=Min("snapshot__as_of"))
                self.since[snapshot.pk] = dict(first.values_list("key", "first"))

    def of(self, snapshot_pk: int, key: str) -> date | None:
        """The day, or None where the category does not hold in this term."""
        snapshot = self.snapshots[snapshot_pk]
        since = self.since.get(snapshot_pk)
        first_named = (since or {}).get(key, snapshot.as_of)
        return dating.begins_on(snapshot.source, first_named, self.term, is_first=since is None)


def _end_facts(run: Crosscheck, facts: Collection[_Held]) -> None:
    """What no match supports any more ends: by the source's rule where its next list left the person out, else now."""
    term = run.term
    lists = {snapshot.source_id: snapshot for snapshot in run.snapshots.select_related("source").order_by("as_of")}
    gone = [
        fact
        for fact in Hardship.objects.filter(term=term, to_on=term.ends_on)
        .order_by("pk")
        .values_list(
            "pk",
            "student",
            "category",
            "snapshot__source",
            "snapshot__as_of",
            "snapshot__state",
            "match__state",
            "match__person__key",
        )
        if (fact[1], fact[2]) not in facts
    ]
    still_named = _named(lists, {fact[7] for fact in gone})
    ends: dict[date, list[int]] = defaultdict(list)
    for pk, _student, _category, source, as_of, state, match_state, key in gone:
        ended_on = end_within(term, run.made_at)
        newer = lists.get(source)
        was_true = state == SnapshotState.FROZEN and match_state in HOLDING
        if was_true and newer is not None and newer.as_of > as_of and key not in still_named:
            ended_on = dating.ends_on(newer.source, newer.as_of, term) or ended_on
        if ended_on < term.ends_on:
            ends[ended_on].append(pk)
    for ended_on, pks in ends.items():
        for start in range(0, len(pks), _KEYS_A_QUERY):
            Hardship.objects.filter(pk__in=pks[start : start + _KEYS_A_QUERY]).update(to_on=ended_on)


def _named(lists: Mapping[str, RegisterSnapshot], keys: Collection[str]) -> set[str]:
    """Which of these people the run's own lists still name: they are gone from a school, not from a list."""
    found: set[str] = set()
    ordered = sorted(keys)
    for start in range(0, len(ordered), _KEYS_A_QUERY):
        some = ordered[start : start + _KEYS_A_QUERY]
        found.update(
            RegisterPerson.objects.filter(snapshot__in=list(lists.values()), key__in=some).values_list("key", flat=True)
        )
    return found


def end_within(term: Term, at: datetime) -> date:
    """The day on which a fact of the term ends: today, or the term's last day but one when that is over."""
    return max(term.starts_on, min(timezone.localdate(at), term.ends_on - timedelta(days=1)))
