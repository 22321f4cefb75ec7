"""The term's hardship facts follow the pairs that hold, from and to the days that each source's rule says.

A run, one person's word and a whole kind at once renew them alike: of several lists that name a child in one category
the oldest counts, and what no pair supports any more ends.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Min
from django.utils import timezone

from common.bulk import in_parts, upsert
from schools.models import Term
from students import dating
from students.choices import HOLDING, SnapshotState
from students.models import Crosscheck, Enrollment, Hardship, Match, MatchQuerySet, RegisterPerson, RegisterSnapshot

_FACT = ("student", "category", "term", "label", "match", "snapshot", "from_on", "to_on", "known_on")

_Held = tuple[int, str]
"""(student, category): what a child holds once in a term, however many lists say so."""


class _Pair(NamedTuple):
    """A pair that holds, as far as its fact asks for it."""

    student: int
    category: str
    label: str
    match: int
    snapshot: int
    key: str


_PAIR = ("enrollment__student", "person__category", "person__label", "pk", "person__snapshot", "person__key")


def renew(run: Crosscheck, *, at: datetime, students: Collection[int] | None = None) -> None:
    """Let the facts of the term follow the run's pairs that hold: everybody's, or those of some children."""
    if students is None:
        _renew(run, at, None)
    for some in in_parts(students or ()):
        _renew(run, at, some)


def _renew(run: Crosscheck, at: datetime, students: Collection[int] | None) -> None:
    term, today = run.term, timezone.localdate(at)
    pairs = [_Pair(*row) for row in _holding(run, students).values_list(*_PAIR)]
    named = run.snapshots.filter(pk__in={pair.snapshot for pair in pairs}).select_related("source")
    beginning = Beginning(term, named, keys=None if students is None else {pair.key for pair in pairs})
    facts: dict[_Held, tuple[Any, ...]] = {}
    for pair in pairs:
        if (from_on := beginning.of(pair.snapshot, pair.key)) is not None:
            which = (pair.student, pair.category)
            what = (pair.label, pair.match, pair.snapshot, from_on, term.ends_on, today)
            facts.setdefault(which, (*which, term.pk, *what))
    _end(run, at, facts, students)
    upsert(Hardship, _FACT, facts.values(), unique=_FACT[:3], update=_FACT[3:8])


def _holding(run: Crosscheck, students: Collection[int] | None) -> MatchQuerySet:
    """The oldest list first. Of some children by their enrollments, or SQLite reads the whole run for each."""
    pairs: MatchQuerySet = Match.objects.holding().filter(crosscheck=run)
    if students is not None:
        theirs = Enrollment.objects.filter(term=run.term, student__in=students).order_by()
        pairs = pairs.filter(enrollment__in=list(theirs.values_list("pk", flat=True)))
    return pairs.order_by("person__snapshot__as_of", "pk")


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


class _Unsupported(NamedTuple):
    """A fact that holds to the end of the term and rests on no pair of the run any more."""

    pk: int
    student: int
    category: str
    source: str
    as_of: date
    list_state: str
    pair_state: str
    key: str
    known_on: date

    @property
    def was_true(self) -> bool:
        """Neither its list nor its pair was taken back."""
        return self.list_state == SnapshotState.FROZEN and self.pair_state in HOLDING


_UNSUPPORTED = (
    "pk", "student", "category", "snapshot__source", "snapshot__as_of", "snapshot__state", "match__state",
    "match__person__key", "known_on",
)  # fmt: skip


def _end(run: Crosscheck, at: datetime, facts: Collection[_Held], students: Collection[int] | None) -> None:
    """What no pair supports any more ends: by the source's rule where its next list left the person out, else now.

    What was found out today and taken back today never held; anything older did, and ended.
    """
    term, today = run.term, timezone.localdate(at)
    held = Hardship.objects.in_force(term)
    if students is not None:
        held = held.filter(student__in=students)
    rows = (_Unsupported(*row) for row in held.order_by("pk").values_list(*_UNSUPPORTED))
    gone = [fact for fact in rows if (fact.student, fact.category) not in facts]
    lists = {snapshot.source_id: snapshot for snapshot in run.snapshots.select_related("source").order_by("as_of")}
    still_named = _named(lists, {fact.key for fact in gone})
    never: list[int] = []
    ends: dict[date, list[int]] = defaultdict(list)
    for fact in gone:
        if not fact.was_true and fact.known_on == today:
            never.append(fact.pk)
            continue
        ended_on = _end_within(term, at)
        newer = lists.get(fact.source)
        if fact.was_true and newer is not None and newer.as_of > fact.as_of and fact.key not in still_named:
            ended_on = dating.ends_on(newer.source, newer.as_of, term) or ended_on
        if ended_on < term.ends_on:
            ends[ended_on].append(fact.pk)
    for pks in in_parts(never):
        Hardship.objects.filter(pk__in=pks).delete()
    for ended_on, ended in ends.items():
        for pks in in_parts(ended):
            Hardship.objects.filter(pk__in=pks).update(to_on=ended_on)


def _named(lists: Mapping[str, RegisterSnapshot], keys: Collection[str]) -> set[str]:
    """Which of these people the run's own lists still name: they are gone from a school, not from a list."""
    found: set[str] = set()
    for some in in_parts(sorted(keys)):
        named = RegisterPerson.objects.filter(snapshot__in=list(lists.values()), key__in=some)
        found.update(named.values_list("key", flat=True))
    return found


def _end_within(term: Term, at: datetime) -> date:
    """The day on which a fact of the term ends: today, or the term's last day but one when that is over."""
    return max(term.starts_on, min(timezone.localdate(at), term.ends_on - timedelta(days=1)))
