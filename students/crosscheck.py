"""The cross-check of a term: rosters against the lists of other offices.

What is certain confirms itself (`students.matching` says which rules; a run may ask for the strictest one only).
Whoever of school age is on a list and was not found that way is a suspicion, and a person decides. Decisions are
kept by the two records' own keys and survive the next run. Same input, same answer: nothing here is random.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import insert
from common.moves import Refused, move
from jobs.run import Running
from schools.models import Term
from students import absences, facts, matching, records, registers
from students.choices import CROSSCHECK_MOVES, Confirms, CrosscheckState, MatchState, SnapshotState
from students.matching import EXACT, Found
from students.models import Crosscheck, Match, MatchDecision, RegisterSnapshot

WRITE_ROWS = 2_000


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
        facts.renew(run, at=run.made_at)
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
