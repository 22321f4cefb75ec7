"""A whole kind of suspicion at once, but only after people looked at a sample of it and found no mistake.

The draw is random and can be repeated: the seed is kept, and it draws from the pairs in the order of their own keys.
One pair that is not one child forbids the whole kind for this run; there is no second draw to get rid of it.
"""

import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import in_parts, insert
from common.moves import Refused, WrongState, hold
from students import decisions, facts
from students.choices import CrosscheckState, MatchState, Verdict
from students.models import (
    Crosscheck,
    Match,
    MatchDecision,
    MatchQuerySet,
    SchoolQuestion,
    TierSample,
    TierSampleLine,
)

SIZE = 30
ROWS_AT_ONCE = 500


class NothingToDraw(Refused):
    code = "nothing-to-draw"
    message = _("这一类里没有待核实的记录，不需要抽样。")


class StillOpen(Refused):
    code = "sample-still-open"
    message = _("这一类已有一份抽样还没有核对完，请先核对完。")


class MistakeFound(Refused):
    code = "mistake-found"
    message = _("这一类的抽样里有不是同一人的记录，本次比对不能批量确认，请逐条核实。")


class NotYetJudged(Refused):
    code = "not-yet-judged"
    message = _("抽样还有 %(open)s 条没有核对出结果，核对完并且全部是同一人，才能批量确认。")


@dataclass(frozen=True)
class Result:
    """What people found in a sample."""

    drawn: int
    same: int
    not_same: int
    unclear: int

    @property
    def open(self) -> int:
        return self.drawn - self.same - self.not_same

    @property
    def is_faultless(self) -> bool:
        return self.drawn > 0 and self.same == self.drawn


def population(check: Crosscheck, tier: str) -> MatchQuerySet:
    """The first candidates of a kind that still wait."""
    found: MatchQuerySet = Match.objects.filter(crosscheck=check, tier=tier, state=MatchState.SUSPECTED, rank=1)
    return found


@transaction.atomic
def draw(check: Crosscheck, *, tier: str, by: User, at: datetime, size: int = SIZE, seed: str = "") -> TierSample:
    """Draw some thirty pairs of a kind, or all where there are fewer. Anybody draws the same by the same seed."""
    hold(check, CrosscheckState.DONE)
    for earlier in check.samples.filter(tier=tier):
        found = result(earlier)
        if found.not_same:
            raise MistakeFound()
        if earlier.confirmed_at is None:
            raise StillOpen()
    waiting = population(check, tier).order_by("pk").values_list("enrollment__student__key", "person__key", "pk")
    first: dict[tuple[str, str], int] = {}
    for student, person, pk in waiting:
        first.setdefault((student, person), pk)  # a list may write a line twice
    pairs = sorted(first.items())
    if not pairs:
        raise NothingToDraw()
    seed = seed or secrets.token_hex(8)
    drawn = random.Random(seed).sample(pairs, min(size, len(pairs)))  # noqa: S311 -- to be repeated, not to be secret
    sample = TierSample.objects.create(
        crosscheck=check, tier=tier, seed=seed, population=len(pairs), drawn_by=by, drawn_at=at
    )
    TierSampleLine.objects.bulk_create(TierSampleLine(sample=sample, match_id=pk) for _keys, pk in drawn)
    actions.record(by, "sample.drawn", sample, at=at, tier=tier, seed=seed, population=len(pairs), drawn=len(drawn))
    return sample


def result(sample: TierSample) -> Result:
    """How far the sample is judged."""
    counted = sample.lines.aggregate(
        drawn=Count("pk"),
        same=Count("pk", filter=Q(finding=Verdict.SAME)),
        not_same=Count("pk", filter=Q(finding=Verdict.NOT_SAME)),
        unclear=Count("pk", filter=Q(finding=Verdict.UNCLEAR)),
    )
    return Result(**counted)


@transaction.atomic
def judge(line: TierSampleLine, *, finding: str, by: User, at: datetime, note: str = "") -> None:
    """Say what one drawn pair is. One child or two is a decision like any other; unclear only stands in the sample."""
    hold(line.sample.crosscheck, CrosscheckState.DONE)
    if line.sample.confirmed_at is not None:
        raise WrongState()
    if finding == Verdict.UNCLEAR:
        unclear = TierSampleLine.objects.filter(pk=line.pk).exclude(finding__in=[Verdict.SAME, Verdict.NOT_SAME])
        if not unclear.update(finding=finding, found_by=by, found_at=at):
            raise WrongState()
        actions.record(by, "sample.unclear", line.sample, at=at, match=line.match_id)
    else:
        decisions.decide(line.match, is_same=finding == Verdict.SAME, by=by, at=at, note=note)
    line.refresh_from_db()


@transaction.atomic
def confirm_rest(sample: TierSample, *, by: User, at: datetime) -> int:
    """Confirm what is left of the kind after a faultless sample, and say how many.

    Left out is whatever the sample cannot speak for: a person with a second candidate, a child claimed twice by one
    list, evidence that is thin or contradicts itself, and what a school is asked about or doubted. It stays in the
    queue.
    """
    check = sample.crosscheck
    hold(check, CrosscheckState.DONE)
    found = result(sample)
    if found.not_same:
        raise MistakeFound()
    if not found.is_faultless:
        raise NotYetJudged(open=found.open)
    mine = TierSample.objects.filter(pk=sample.pk, confirmed_at=None)
    if not mine.update(confirmed_by=by, confirmed_at=at):
        raise WrongState()
    pairs = list(_clear_ones(check, sample.tier))
    for some in in_parts(pairs, ROWS_AT_ONCE):
        _confirm(some, sample, by, at)
    TierSample.objects.filter(pk=sample.pk).update(confirmed=len(pairs))
    sample.refresh_from_db()
    actions.record(by, "sample.confirmed", sample, at=at, tier=sample.tier, confirmed=len(pairs), drawn=found.drawn)
    return len(pairs)


def left_to_confirm(sample: TierSample) -> int:
    """How many pairs a faultless sample would confirm at once."""
    return sum(1 for _pair in _clear_ones(sample.crosscheck, sample.tier))


def _clear_ones(check: Crosscheck, tier: str) -> Iterator[Match]:
    """The pairs of the kind for which a faultless sample speaks: alone on both sides, nothing against them."""
    waiting = list(
        population(check, tier)
        .select_related("enrollment__student", "person__snapshot__source")
        .defer(
            "enrollment__student__id_number",
            "enrollment__student__guardian_phone",
            "enrollment__student__guardian_id",
            "person__id_number",
            "person__phone",
        )
        .order_by("pk")
    )
    candidates, claims = _claims(check)
    asked = SchoolQuestion.objects.filter(term=check.term_id, withdrawn_at=None).exclude(answer=Verdict.SAME)
    said_not = MatchDecision.objects.filter(is_current=True, is_same=False)
    doubted = {pair for rows in (asked, said_not) for pair in rows.values_list("student_key", "person_key")}
    for pair in waiting:
        student, person = pair.enrollment.student, pair.person
        if (
            candidates.get(person.key) == 1
            and claims.get((student.pk, person.snapshot_id)) == 1
            and not decisions.is_weak(pair.score, pair.reasons)
            and (student.key, person.key) not in doubted
        ):
            yield pair


def _claims(check: Crosscheck) -> tuple[dict[str, int], dict[tuple[int, int], int]]:
    """How many children each person of the run may be, and how many persons of one list claim each child."""
    live = check.matches.exclude(state=MatchState.REJECTED).order_by()
    candidates = dict(live.values_list("person__key").annotate(n=Count("enrollment__student", distinct=True)))
    claims = live.values_list("enrollment__student", "person__snapshot").annotate(n=Count("person__key", distinct=True))
    return candidates, {(student, snapshot): n for student, snapshot, n in claims}


_DECISION = ("student_key", "person_key", "is_same", "decided_by", "decided_at", "note", "is_current", "sample")


def _confirm(pairs: Sequence[Match], sample: TierSample, by: User, at: datetime) -> None:
    """The same as so many single decisions, in a few statements."""
    waiting = Match.objects.filter(pk__in=[pair.pk for pair in pairs], state=MatchState.SUSPECTED)
    if waiting.update(state=MatchState.CONFIRMED, decided_by=by, decided_at=at) != len(pairs):
        raise WrongState()
    insert(
        MatchDecision,
        _DECISION,
        [(pair.enrollment.student.key, pair.person.key, True, by.pk, at, "", True, sample.pk) for pair in pairs],
    )
    facts.renew(sample.crosscheck, at=at, students={pair.enrollment.student_id for pair in pairs})
