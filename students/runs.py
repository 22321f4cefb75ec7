"""What people hand in and start, together with the background run that does the work.

The row and its run are written in one transaction, so nothing waits for a run that was never ordered.
The key of a run names what it works on, so that a page finds its run and a second press finds the first.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from jobs import run
from jobs.models import Job
from schools.models import School, Term
from students import crosscheck, registers, rosters
from students.choices import CrosscheckState, RosterState, SnapshotState
from students.models import Crosscheck, RegisterSnapshot, RegisterSource, Roster

_AT_WORK = {
    RosterState.UPLOADED: "roster-check",
    RosterState.COMMITTING: "roster-commit",
}


@transaction.atomic
def upload_roster(*, school: School, term: Term, content: bytes, name: str, by: User, at: datetime) -> Roster:
    roster = rosters.upload(school=school, term=term, content=content, name=name, by=by, at=at)
    run.start(
        "roster-check",
        by=by,
        at=at,
        key=f"roster-check:{roster.pk}",
        school=school,
        term=term,
        roster_id=roster.pk,
    )
    return roster


@transaction.atomic
def confirm_roster(roster: Roster, *, by: User, at: datetime, reason: str = "") -> None:
    rosters.confirm(roster, by=by, at=at, reason=reason)
    run.start(
        "roster-commit",
        by=by,
        at=at,
        key=f"roster-commit:{roster.pk}",
        school=roster.school,
        term=roster.term,
        roster_id=roster.pk,
    )


@transaction.atomic
def upload_register(
    *, source: RegisterSource, as_of: date, content: bytes, name: str, by: User, at: datetime
) -> RegisterSnapshot:
    snapshot = registers.upload(source=source, as_of=as_of, content=content, name=name, by=by, at=at)
    run.start("register-freeze", by=by, at=at, key=f"register-freeze:{snapshot.pk}", snapshot_id=snapshot.pk)
    return snapshot


@transaction.atomic
def begin_crosscheck(*, term: Term, snapshots: Sequence[RegisterSnapshot], by: User, at: datetime) -> Crosscheck:
    check = crosscheck.begin(term=term, snapshots=snapshots, by=by, at=at)
    run.start("crosscheck", by=by, at=at, key=f"crosscheck:{check.pk}", term=term, crosscheck_id=check.pk)
    return check


def is_at_work(thing: Roster | RegisterSnapshot | Crosscheck) -> bool:
    """Whether a background run still has to finish before people can go on."""
    return thing.state in {*_AT_WORK, SnapshotState.UPLOADED, CrosscheckState.RUNNING}


def job_of(thing: Roster | RegisterSnapshot | Crosscheck) -> Job | None:
    """The run that works, or worked last, on a roster, a list or a cross-check."""
    match thing:
        case Roster():
            kind = _AT_WORK.get(RosterState(thing.state), "roster-commit")
        case RegisterSnapshot():
            kind = "register-freeze"
        case Crosscheck():
            kind = "crosscheck"
    return Job.objects.filter(kind=kind, key=f"{kind}:{thing.pk}").first()
