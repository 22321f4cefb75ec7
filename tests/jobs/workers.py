"""Real worker processes on the test's database, and their deaths."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from jobs import run
from jobs.choices import JobState
from jobs.models import Job
from tests.jobs import rows
from tests.jobs.orders import reset_numbers

PAUSE_SECONDS = 0.03
"""As in tests.jobs.slowly, which only workers may import: it changes the product."""

PATIENCE_SECONDS = 60


def database_url() -> str:
    """The address of the database that this test works on."""
    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{facts['NAME']}"
    login = quote(facts["USER"]) + (f":{quote(facts['PASSWORD'])}" if facts["PASSWORD"] else "")
    port = f":{facts['PORT']}" if facts["PORT"] else ""
    return f"postgres://{login}@{quote(facts['HOST'], safe='')}{port}/{facts['NAME']}"


def environment(**more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.jobs.worker_settings",
        "DATABASE_URL": database_url(),
        "AIDCENTER_FILES": str(settings.FILES_DIR),
        "CELERY_SKIP_CHECKS": "1",  # many short lives: what the system checks say, other tests say
        **more,
    }


def start_worker(*, redis_url: str = "", log: Path | None = None) -> subprocess.Popen[bytes]:
    """What `manage.py serve` starts, with small and slow chunks."""
    pool = ["--pool", "prefork", "--concurrency", "1"] if redis_url else ["--pool", "solo"]
    with (log or Path(os.devnull)).open("ab") as output:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--quiet", "-A", "aidcenter", "worker", *pool),
                *("--include", "tests.jobs.slowly", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
            ],
            cwd=settings.BASE_DIR,
            env=environment(REDIS_URL=redis_url),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def kill(worker: subprocess.Popen[bytes]) -> None:
    """kill -9 of the process and all that it started."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


@contextmanager
def worker(*, redis_url: str = "", log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = start_worker(redis_url=redis_url, log=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            kill(process)


def wait_until(is_so: Callable[[], bool], *, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"Waited {seconds} s in vain for {what}."
        time.sleep(0.002)


def wait_for_end(job: Job, *, seconds: float = PATIENCE_SECONDS) -> Job:
    def is_over() -> bool:
        job.refresh_from_db()
        return job.is_over

    wait_until(is_over, what=f"the end of {job}", seconds=seconds)
    return job


def run_with_kills(order: Callable[[], Job], *, seed: int, kills: int = 10) -> Job:
    """A run that is killed `kills` times ends in the rows of one that nobody disturbed.

    `order` makes everything that the job needs, the same in every detail each time. A worker is killed when the
    cursor has passed a random point, and a random moment later, within a chunk or between two; then the next
    one is started. The run to compare with has other chunks, so their borders are found out, too.
    """
    chance = random.Random(seed)
    undisturbed, expected = run_undisturbed(order)
    job = order()
    points = sorted(chance.uniform(0, 0.85) * undisturbed.cursor for _ in range(kills))
    deaths = []
    for point in points:
        with worker() as process:
            wait_until(partial(is_past, job, point, process), what=f"{job} to pass {point:.0f}")
            time.sleep(chance.uniform(0, 2 * PAUSE_SECONDS))
            kill(process)
            job.refresh_from_db()
            deaths.append(job.cursor)
            assert job.state == JobState.RUNNING, f"{job} was over before the last kill, seed {seed}: {deaths}"
    print(f"seed {seed}: killed at {deaths} of {undisturbed.cursor}")
    with worker():
        wait_for_end(job)

    assert job.state == JobState.DONE, job.error_code
    assert job.attempts > kills
    assert list(rows.lines()) == expected
    return job


def run_undisturbed(order: Callable[[], Job]) -> tuple[Job, list[str]]:
    """The run to compare with and its rows. Then all is as before, and the same order makes the same rows again."""
    call_command("flush", interactive=False, verbosity=0)  # keys count from one in both runs
    reset_numbers()
    job = run.execute(order().pk)
    assert job.state == JobState.DONE, job.error_code
    found = list(rows.lines())
    call_command("flush", interactive=False, verbosity=0)
    reset_numbers()
    return job, found


def is_past(job: Job, point: float, process: subprocess.Popen[bytes]) -> bool:
    """Whether this worker has the job and has come as far as that."""
    job.refresh_from_db()
    return job.owner.split("/")[-2:-1] == [str(process.pid)] and job.cursor >= point
