"""Background runs: the row is the message, the lease says who works, the cursor says how far.

A handler does its work in chunks. Each chunk is one transaction in which the rows and the cursor are
written together, behind a fence: whoever lost the lease can commit nothing any more. So a run that was
killed anywhere goes on after its last chunk and ends in the same rows as an undisturbed one.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from time import monotonic
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connection, transaction
from django.db import Error as DatabaseTrouble
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, move
from jobs.choices import JobState
from jobs.models import Job
from schools.models import School, Term

TASK = "jobs.execute"
"""The one Celery task; its only argument is the number of a job."""

STALLS_ALLOWED = 5
LONGEST_STEP_SECONDS = 900
"""Between two chunks a living process keeps its lease at most this long; then it counts as hung."""

LOOKED_AT = 100
"""Jobs looked at in one go; there are never as many workers."""

logger = logging.getLogger(__name__)


class Lost(Exception):
    """Somebody else holds the job now: whatever this run was about to write is rolled back."""


class NoProgress(Refused):
    code = "no-progress"
    message = _("任务多次中断，一直没有进展。已经写入的部分是完整的，可以重新运行；仍不成功请联系系统管理员。")


class UnknownKind(Refused):
    code = "unknown-kind"
    message = _("当前版本没有“%(kind)s”这类任务，请联系系统管理员。")


class Interrupted(Exception):
    """The worker shuts down: the run stops between two chunks and goes on at the next start."""


@dataclass(frozen=True)
class Kind:
    """What a job of this kind is called and who does it."""

    title: Any
    handle: Callable[[Running], dict[str, Any]]


KINDS: dict[str, Kind] = {}

_Handle = Callable[["Running"], dict[str, Any]]


def handler(kind: str, *, title: Any) -> Callable[[_Handle], _Handle]:
    """Register the function that does jobs of this kind; it belongs into the tasks.py of its app.

    What it returns (codes and numbers) is kept as the job's result. It raises Refused for what no second try
    can mend; after any other error the job is tried again from its cursor, a few times.
    """

    def register(handle: _Handle) -> _Handle:
        KINDS[kind] = Kind(title, handle)
        return handle

    return register


def start(
    kind: str,
    *,
    by: User,
    at: datetime,
    key: str | None = None,
    school: School | None = None,
    term: Term | None = None,
    **params: Any,
) -> Job:
    """Order a run within the caller's transaction. The same key gives the same job, never a second one.

    `params` hold ids and codes. A broker, if there is one, is only told on commit that the row is there.
    """
    if kind not in KINDS:
        raise LookupError(f"No handler is registered for jobs of kind {kind!r}.")
    job, is_new = Job.objects.get_or_create(
        key=key or uuid.uuid4().hex,
        defaults={
            "kind": kind,
            "params": params,
            "school": school,
            "term": term,
            "started_by": by,
            "created_at": at,
        },
    )
    if is_new:
        _wake_on_commit(job)
    return job


@transaction.atomic
def retry(job: Job, *, by: User, at: datetime) -> None:
    """Let a failed job run again from where it stood."""
    move(
        job,
        JobState.PENDING,
        moves={JobState.FAILED: {JobState.PENDING}},
        stalls=0,
        token=None,
        owner="",
        lease_until=None,
        error_code="",
        error_params={},
        finished_at=None,
    )
    actions.record(by, "job.retried", job, at=at, kind=job.kind)
    _wake_on_commit(job)


def execute(job_id: int, *, at: datetime | None = None) -> Job:
    """Claim a job and do it here and now; a job that is over or in other hands is left alone.

    A refusal ends the job as failed. An unexpected error is noted on the job, which stays to be tried again,
    and raised. `at` replaces the clock for the moment of the end.
    """
    running = _claim(job_id, at)
    if running is not None:
        _carry_out(running)
    return Job.objects.get(pk=job_id)


def waiting() -> list[Job]:
    """The oldest jobs that can be claimed at this moment: new ones, and those whose worker died or gave up."""
    now = timezone.now()
    return [job for job in Job.objects.waiting().order_by("pk")[:LOOKED_AT] if _is_free(job, now)]


def stop() -> None:
    """Ask the runs of this process to end at their next chunk."""
    _stopping.set()


class Running:
    """A claimed job in the hands of its handler."""

    def __init__(self, job: Job, token: uuid.UUID, *, ends_at: datetime | None) -> None:
        self.job = job
        self.token = token
        self._ends_at = ends_at
        self._last_step = monotonic()
        self._is_over = False

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.job.params)

    @property
    def cursor(self) -> int:
        """How far the committed chunks reach; what it counts (rows, the last pk) is the handler's business."""
        return self.job.cursor

    @property
    def at(self) -> datetime:
        """When the run was ordered: the same in every try, so that a resumed run writes the same rows."""
        return self.job.created_at

    @property
    def now(self) -> datetime:
        """This moment, for what has to say when it came to hold; unlike `at` it is another one in every try."""
        return self._ends_at or timezone.now()

    def report_total(self, total: int) -> None:
        """Tell the page how far the cursor will go."""
        self._write(total=total, lease_until=_lease_end())
        self.job.total = total

    @contextmanager
    def chunk(self, *, to: int, result: dict[str, Any] | None = None, refusal: Refused | None = None) -> Iterator[None]:
        """One transaction that writes rows and moves the cursor to `to`, or does neither.

        Keep it short: on SQLite everybody else who writes waits for it.

        A last step that cannot be done twice gives its `result`, which the block may still fill, or its
        `refusal`: the same transaction then ends the job. Without either the job ends after the handler, and
        a run that dies in between comes back to the handler with all its chunks done.
        """
        outcome = result if refusal is None else refusal
        if to < self.cursor:
            raise ValueError(f"The cursor stands at {self.cursor} and cannot go back to {to}.")
        if _stopping.is_set():
            raise Interrupted
        progress = {"stalls": 0} if to > self.cursor else {}
        with transaction.atomic():
            self._write(cursor=to, lease_until=_lease_end(), **progress)
            yield
            if outcome is not None:
                Job.objects.filter(pk=self.job.pk).update(**self._end(outcome))
        self.job.cursor = to
        self.job.stalls = progress.get("stalls", self.job.stalls)
        self._last_step = monotonic()
        self._is_over = outcome is not None

    def _write(self, **fields: Any) -> None:
        """The fence: change the job only as long as it is ours and stands where we think it stands."""
        mine = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, token=self.token, cursor=self.job.cursor)
        if not mine.update(**fields):
            raise Lost

    def _finish(self, outcome: dict[str, Any] | Refused) -> None:
        if not self._is_over:
            self._write(**self._end(outcome))

    def _end(self, outcome: dict[str, Any] | Refused) -> dict[str, Any]:
        at = {"finished_at": self._ends_at or timezone.now(), "lease_until": None}
        if isinstance(outcome, Refused):
            params = json.loads(json.dumps(outcome.params, cls=_Plain))
            return {"state": JobState.FAILED, "error_code": outcome.code, "error_params": params, **at}
        return {"state": JobState.DONE, "result": outcome, **at}

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Renew the lease while the handler reads or computes for longer than a lease lasts."""
        is_over = threading.Event()

        def beat() -> None:
            while not is_over.wait(settings.JOB_LEASE_SECONDS / 3):
                if monotonic() - self._last_step > LONGEST_STEP_SECONDS:
                    logger.error("Job %s hangs at %s: its lease is given up.", self.job.pk, self.cursor)
                    break
                try:
                    ours = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, token=self.token)
                    ours.update(lease_until=_lease_end())
                except DatabaseTrouble as error:
                    # A database that is away for a moment: the next beat, or the next chunk, tries again.
                    logger.warning("The lease of job %s was not renewed: %s.", self.job.pk, type(error).__name__)
                    connection.close()
            connection.close()

        thread = threading.Thread(target=beat, name=f"lease of job {self.job.pk}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()


class _Plain(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)


_stopping = threading.Event()
_held: set[uuid.UUID] = set()
"""Tokens of the jobs that threads of this process are doing right now."""


def _wake_on_commit(job: Job) -> None:
    if settings.REDIS_URL:
        transaction.on_commit(partial(_wake, job.pk), robust=True)


def _wake(job_id: int) -> None:
    """A hint and no more: without a broker, or if it is down, the workers find the row by themselves."""
    try:
        current_app.send_task(TASK, args=[job_id], retry=False)
    except Exception as error:
        logger.warning("Job %s waits for a worker to find it: %s.", job_id, type(error).__name__)


def _claim(job_id: int, at: datetime | None) -> Running | None:
    """Make a free job ours. One conditional UPDATE decides, so of two claimants one wins."""
    job = Job.objects.get(pk=job_id)
    now = timezone.now()
    if job.is_over or not _is_free(job, now):
        return None
    as_seen = Job.objects.filter(pk=job.pk, state=job.state, token=job.token, lease_until=job.lease_until)
    if job.stalls >= STALLS_ALLOWED:
        as_seen.update(
            state=JobState.FAILED, error_code=NoProgress.code, error_params={}, finished_at=now, lease_until=None
        )
        return None
    token = uuid.uuid4()
    won = 0
    _held.add(token)
    try:
        won = as_seen.update(
            state=JobState.RUNNING,
            token=token,
            owner=_this_process(),
            lease_until=_lease_end(),
            attempts=F("attempts") + 1,
            stalls=F("stalls") + 1,
        )
    finally:
        if not won:
            _held.discard(token)
    if not won:
        return None
    job.state, job.stalls = JobState.RUNNING, job.stalls + 1  # the rest is as it was seen
    return Running(job, token, ends_at=at)


def _carry_out(running: Running) -> None:
    try:
        _do(running)
    except Lost:
        logger.warning("Job %s is in other hands now; this run wrote nothing more.", running.job.pk)
    finally:
        _held.discard(running.token)


def _do(running: Running) -> None:
    job = running.job
    try:
        kind = KINDS.get(job.kind)
        if kind is None:
            raise UnknownKind(kind=job.kind)
        with running._kept():
            result = kind.handle(running)
    except Lost:
        raise
    except Interrupted:
        running._write(state=JobState.PENDING, stalls=max(0, job.stalls - 1), owner="", lease_until=None)
    except Refused as refusal:
        running._finish(refusal)
    except Exception:
        _give_back(running)
        raise
    else:
        running._finish(result)


def _give_back(running: Running) -> None:
    """After an error nobody holds the job and nobody takes it until a short pause is over, or it was the last try.

    If the database is away this cannot be written; then the lease of a process that does nothing counts as free.
    """
    stalls = running.job.stalls
    with suppress(Lost, DatabaseError):
        if stalls >= STALLS_ALLOWED:
            running._finish(NoProgress())
        else:
            running._write(owner="", lease_until=timezone.now() + timedelta(seconds=2**stalls / 8))


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def _is_free(job: Job, now: datetime) -> bool:
    """New, or its lease ran out, or its owner is known to be gone; a dead owner need not be waited for."""
    if job.lease_until is None or job.lease_until <= now:
        return True
    if job.owner == _this_process():
        # Claimed by us, but no thread of ours does it: the end of that run could not be written.
        return job.token not in _held
    return _is_dead(job.owner)


def _this_process() -> str:
    return f"{_machine()}/{os.getpid()}/{_started(os.getpid())}"


def _is_dead(owner: str) -> bool:
    """Whether a process of this machine is gone. Of other machines nothing is known."""
    if not owner:
        return False
    machine, process, started = owner.rsplit("/", 2)
    return machine == _machine() and started != "" and _started(int(process)) != started


@cache
def _machine() -> str:
    """Host name and process-number space: two containers may share the one, never the other."""
    try:
        numbers = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        numbers = ""
    return f"{socket.gethostname()[:60]}/{numbers}"


def _started(pid: int) -> str:
    """When a process started, in ticks: a number used again is another process. Empty if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    state, started = fields[0], fields[19]
    return "" if state in {"Z", "X"} else started
