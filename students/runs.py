"""What people hand in and start, together with the background run that does the work.

The row and its run are written in one transaction, so nothing waits for a run that was never ordered.
The key of a run names what it works on, so that a page finds its run and a second press finds the first.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from jobs import run
from jobs.models import Job
from schools.models import School, Term
from students import county_files, crosscheck, registers, rosters
from students.choices import Confirms, CountyFileState, CrosscheckState, RosterState, SnapshotState
from students.models import CountyFile, Crosscheck, RegisterSnapshot, RegisterSource, Roster

ROWS_AT_ONCE = 1_000
"""A file of so many rows is checked in about half a second: whoever mended a cell may wait for it."""

_AT_WORK = {
    RosterState.UPLOADED: "roster-check",
    RosterState.COMMITTING: "roster-commit",
}
_COUNTY_FILE_AT_WORK = {
    CountyFileState.UPLOADED: "county-file-check",
    CountyFileState.COMMITTING: "county-file-commit",
}


@transaction.atomic
def upload_roster(*, school: School, term: Term, content: bytes, name: str, by: User, at: datetime) -> Roster:
    roster = rosters.upload(school=school, term=term, content=content, name=name, by=by, at=at)
    _begin_check(roster, by=by, at=at)
    return roster


def _begin_check(roster: Roster, *, by: User, at: datetime) -> Job:
    return run.start(
        "roster-check",
        by=by,
        at=at,
        key=_key("roster-check", roster),
        school=roster.school,
        term=roster.term,
        roster_id=roster.pk,
    )


def _key(kind: str, roster: Roster) -> str:
    """A roster is committed once, but checked again whenever cells were mended."""
    return f"{kind}:{roster.pk}:{roster.checks}" if kind == "roster-check" else f"{kind}:{roster.pk}"


@transaction.atomic
def correct_roster(roster: Roster, cells: Mapping[tuple[int, str], str | None], *, by: User, at: datetime) -> Job:
    """Mend cells and check the file again."""
    rosters.correct(roster, cells, by=by, at=at)
    return _begin_check(roster, by=by, at=at)


@transaction.atomic
def accept_repairs(roster: Roster, code: str, *, by: User, at: datetime) -> Job:
    """Take the proposals for one kind of problem and check the file again."""
    rosters.accept(roster, code, by=by, at=at)
    return _begin_check(roster, by=by, at=at)


@transaction.atomic
def check_again(roster: Roster, *, by: User, at: datetime) -> Job:
    """Check a file once more: its headings are understood now, or another version has come into force."""
    rosters.begin_again(roster)
    return _begin_check(roster, by=by, at=at)


@transaction.atomic
def continue_with_rest(roster: Roster, *, by: User, at: datetime) -> Roster:
    """Another version from the same file for the rows that stayed out."""
    following = rosters.continue_with_rest(roster, by=by, at=at)
    _begin_check(following, by=by, at=at)
    return following


def at_once(job: Job, rows: int) -> None:
    """Do a small run here and now, so that the next page shows its end; a large one is the worker's."""
    if rows <= ROWS_AT_ONCE:
        run.execute(job.pk)


@transaction.atomic
def confirm_roster(roster: Roster, *, by: User, at: datetime, reason: str = "", word: str = "") -> None:
    rosters.confirm(roster, by=by, at=at, reason=reason, word=word)
    run.start(
        "roster-commit",
        by=by,
        at=at,
        key=_key("roster-commit", roster),
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
def read_register_again(snapshot: RegisterSnapshot, *, by: User, at: datetime) -> Job:
    """Read the file of a refused list once more, now that its source's headings are mended."""
    registers.begin_again(snapshot, by=by, at=at)
    return run.start(
        "register-freeze",
        by=by,
        at=at,
        key=_key_of_reading(snapshot),
        snapshot_id=snapshot.pk,
        reading=snapshot.readings,
    )


def _key_of_reading(snapshot: RegisterSnapshot) -> str:
    """A list is read once, and again whenever it was refused and somebody mended what it asks for."""
    return f"register-freeze:{snapshot.pk}" + (f":{snapshot.readings}" if snapshot.readings else "")


@transaction.atomic
def begin_crosscheck(
    *,
    term: Term,
    snapshots: Sequence[RegisterSnapshot],
    by: User,
    at: datetime,
    confirms: Confirms = Confirms.NEAR,
) -> Crosscheck:
    check = crosscheck.begin(term=term, snapshots=snapshots, by=by, at=at, confirms=confirms)
    run.start("crosscheck", by=by, at=at, key=f"crosscheck:{check.pk}", term=term, crosscheck_id=check.pk)
    return check


@transaction.atomic
def upload_county_file(*, term: Term, content: bytes, name: str, by: User, at: datetime) -> CountyFile:
    county_file = county_files.upload(term=term, content=content, name=name, by=by, at=at)
    key = f"county-file-check:{county_file.pk}"
    run.start("county-file-check", by=by, at=at, key=key, term=term, county_file_id=county_file.pk)
    return county_file


@transaction.atomic
def confirm_county_file(county_file: CountyFile, *, by: User, at: datetime, reason: str = "", word: str = "") -> None:
    county_files.confirm(county_file, by=by, at=at, reason=reason, word=word)
    key = f"county-file-commit:{county_file.pk}"
    run.start("county-file-commit", by=by, at=at, key=key, term=county_file.term, county_file_id=county_file.pk)


def is_at_work(thing: Roster | RegisterSnapshot | Crosscheck | CountyFile) -> bool:
    """Whether a background run still has to finish before people can go on."""
    return thing.state in {*_AT_WORK, *_COUNTY_FILE_AT_WORK, SnapshotState.UPLOADED, CrosscheckState.RUNNING}


def job_of(thing: Roster | RegisterSnapshot | Crosscheck | CountyFile) -> Job | None:
    """The run that works, or worked last, on a roster, a list or a cross-check."""
    match thing:
        case Roster():
            kind = _AT_WORK.get(RosterState(thing.state), "roster-commit")
            return Job.objects.filter(kind=kind, key=_key(kind, thing)).first()
        case RegisterSnapshot():
            return Job.objects.filter(kind="register-freeze", key=_key_of_reading(thing)).first()
        case Crosscheck():
            kind = "crosscheck"
        case CountyFile():
            kind = _COUNTY_FILE_AT_WORK.get(CountyFileState(thing.state), "county-file-commit")
    return Job.objects.filter(kind=kind, key=f"{kind}:{thing.pk}").first()
