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

from jobs.choices import JobState
from jobs.models import Job

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
        **more,
    }


def start_worker(*, redis_url: str = "", log: Path | None = None) -> subprocess.Popen[bytes]:
    """What `manage.py serve` starts, and the handlers of the tests."""
    pool = ["--pool", "prefork", "--concurrency", "1"] if redis_url else ["--pool", "solo"]
    with (log or Path(os.devnull)).open("ab") as output:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--quiet", "-A", "aidcenter", "worker", *pool),
                *("--include", "tests.jobs.handlers", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
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


def run_with_kills(prepare: Callable[[], Job], digest: Callable[[], str], *, seed: int, kills: int = 10) -> Job:
    """A run that is killed `kills` times ends in the rows of one that nobody disturbed.

    `prepare` makes everything that the job needs and orders it, the same in every detail each time. A worker is
    killed when the cursor has passed a random point, and a random moment later; the next one is started.
    """
    print(f"seed {seed}")
    chance = random.Random(seed)
    job = prepare()
    with worker():
        wait_for_end(job)
    assert job.state == JobState.DONE, job.error_code
    undisturbed, total = digest(), job.cursor
    call_command("flush", interactive=False, verbosity=0)

    job = prepare()
    points = sorted(chance.uniform(0, 0.9) for _ in range(kills))
    deaths = []
    for share in points:
        with worker() as process:
            wait_until(partial(is_past, job, share * total, process), what=f"{job} to pass {share:.0%}")
            time.sleep(chance.uniform(0, 0.02))
            kill(process)
            job.refresh_from_db()
            deaths.append(f"{share:.0%} at {job.cursor}/{total}")
            assert job.state == JobState.RUNNING, f"{job} was over before the last kill: {deaths}"
    print("killed:", ", ".join(deaths))
    with worker():
        wait_for_end(job)

    assert job.state == JobState.DONE, job.error_code
    assert job.attempts >= kills + 1
    assert digest() == undisturbed
    return job


def is_past(job: Job, point: float, process: subprocess.Popen[bytes]) -> bool:
    """Whether this worker has the job and has come as far as that."""
    job.refresh_from_db()
    return job.owner.split("/")[-2:-1] == [str(process.pid)] and job.cursor >= point
