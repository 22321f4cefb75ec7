"""A check of the action log as a background run, and what the newest one said."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts import actions
from accounts.models import User
from audits import seals
from audits.seals import Flaw, Last, Stretch
from jobs import run as runs
from jobs.choices import JobState
from jobs.models import Job
from jobs.run import Running

KIND = "log-check"
MOST_NAMED = 20
"""Damaged stretches that a check names; it counts them all."""


@dataclass(frozen=True)
class Verdict:
    """What the newest check found. `digest` is the end of the chain: kept on paper, it proves the log up to there."""

    at: datetime
    stretches: int
    rows: int
    open_rows: int
    number: int
    digest: str
    damaged: int
    named: list[Stretch]


def start(*, by: User, at: datetime) -> Job:
    """Order a check, or give the one that is under way."""
    return Job.objects.filter(kind=KIND).under_way() or runs.start(KIND, by=by, at=at)


def run(running: Running) -> dict[str, Any]:
    """Count every sealed stretch again, then seal what is new, and put on record what was found."""
    total = seals.rows_sealed() + seals.rows_open()
    running.report_total(total)
    found: dict[str, Any] = {"ranges": 0, "rows": 0, "broken_ranges": 0, "broken": []}
    for stretch in seals.check(last_seen=last_seen()):
        found["ranges"] += 1
        found["rows"] += stretch.rows
        if stretch.flaw:
            found["broken_ranges"] += 1
            found["broken"] = [*found["broken"], _kept(stretch)][:MOST_NAMED]
        with running.chunk(to=max(running.cursor, min(found["rows"], total))):
            pass
    while True:
        with running.chunk(to=running.cursor):
            seal = seals.seal_next(at=running.at)
        if seal is None:
            break
    end = seals.end_of_chain()
    found |= {"number": end.number, "digest": end.digest, "open": seals.rows_open()}
    with running.chunk(to=max(running.cursor, total), result=found):
        said = {name: found[name] for name in ("ranges", "rows", "broken_ranges", "number", "digest")}
        target = seals.newest() or running.job
        actions.record(running.job.started_by, "log.checked", target, at=running.at, **said)
    return found


def newest() -> Verdict | None:
    """What the last check that came to its end found; None before there was one."""
    job = _newest()
    if job is None:
        return None
    result = job.result
    return Verdict(
        at=job.finished_at or job.created_at,
        stretches=result["ranges"],
        rows=result["rows"],
        open_rows=result["open"],
        number=result["number"],
        digest=result["digest"],
        damaged=result["broken_ranges"],
        named=[_named(kept) for kept in result["broken"]],
    )


def _newest() -> Job | None:
    return Job.objects.filter(kind=KIND, state=JobState.DONE).order_by("-pk").first()


def last_seen() -> Last | None:
    """Where the chain of seals ended when the newest check came to its end."""
    job = _newest()
    return Last(job.result["number"], job.result["digest"]) if job else None


def _kept(stretch: Stretch) -> list[Any]:
    days = [moment.isoformat() if moment else None for moment in (stretch.since, stretch.until)]
    return [stretch.number, stretch.rows, *days, stretch.flaw]


def _named(kept: list[Any]) -> Stretch:
    number, rows, since, until, flaw = kept
    return Stretch(number, rows, _moment(since), _moment(until), Flaw(flaw))


def _moment(text: str | None) -> datetime | None:
    found = parse_datetime(text) if text else None
    return timezone.localtime(found) if found else None
