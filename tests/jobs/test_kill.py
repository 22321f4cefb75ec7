"""kill -9 of the worker at random points: the rows end as if nobody had disturbed the run."""

import os
import random
import signal
import time
from functools import partial

import pytest

from disbursements import returns
from jobs import run
from jobs.choices import JobState
from jobs.models import Job
from schools.models import Town
from tests.factories import NOW, UserFactory
from tests.jobs import handlers, orders, rows  # noqa: F401  # the kinds of job used here
from tests.jobs.workers import is_past, kill, run_undisturbed, run_with_kills, wait_for_end, wait_until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


@pytest.mark.parametrize(
    ("order", "size", "seed"),
    [(orders.roster_commit, 400, 20210901), (orders.batch_build, 100, 20211011)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_ten_kills_leave_no_trace_in_the_rows(order, size, seed):
    job = run_with_kills(partial(order, size), seed=seed)

    assert size in job.result.values()


def test_an_answer_of_the_bank_settles_each_line_once_however_often_its_reader_is_killed(monkeypatch):
    monkeypatch.setattr(returns, "CHUNK_LINES", 5)  # as in tests.jobs.slowly: the ledger has an entry for each chunk
    job = run_with_kills(partial(orders.return_read, 60), seed=20211020, kills=6)

    assert (job.result["paid"], job.result["failed"], job.result["repeated"]) == (45, 15, 0)


def test_a_bank_file_has_the_same_lines_however_often_its_writer_is_killed():
    """It is written in one step, so every death finds it before its end."""
    chance = random.Random(20211021)
    _undisturbed, expected = run_undisturbed(orders.bank_file)
    job = orders.bank_file()
    for _time in range(3):
        with worker() as process:
            wait_until(partial(is_past, job, 0, process), what="the worker to take the job")
            time.sleep(chance.uniform(0, 0.4))  # tests.jobs.slowly writes for half a second
            kill(process)
    with worker():
        wait_for_end(job)

    assert job.state == JobState.DONE, job.error_code
    assert job.attempts > 3
    assert list(rows.lines()) == expected  # the digest of the lines among them


def test_a_frozen_worker_that_wakes_up_writes_nothing_more(tmp_path):
    """Its lease runs out, another worker takes over, and the fence refuses what the sleeper still had in hand."""
    job = run.start("test-towns", by=UserFactory(), at=NOW, towns=200, rows=10, pause=0.2)
    log = tmp_path / "sleeper"

    with worker(log=log) as sleeper:
        wait_until(partial(is_past, job, 30, sleeper), what="a third chunk")
        time.sleep(0.05)
        os.killpg(sleeper.pid, signal.SIGSTOP)
        with worker():
            wait_for_end(job)
        finished = [list(Town.objects.values()), list(Job.objects.values())]
        os.killpg(sleeper.pid, signal.SIGCONT)
        wait_until(lambda: "is in other hands now" in log.read_text(), what="the sleeper to notice")

    assert (job.state, job.attempts) == (JobState.DONE, 2)
    assert Town.objects.count() == 200
    assert [list(Town.objects.values()), list(Job.objects.values())] == finished


def test_a_worker_asked_to_stop_hands_its_job_back_between_two_chunks():
    job = run.start("test-towns", by=UserFactory(), at=NOW, towns=1_000, rows=10, pause=0.05)

    with worker() as process:
        wait_until(partial(is_past, job, 10, process), what="a first chunk")
        process.terminate()
        assert process.wait(timeout=10) == 0

    job.refresh_from_db()
    assert (job.state, job.owner, job.stalls) == (JobState.PENDING, "", 0)
    assert 0 < job.cursor == Town.objects.count() < 1_000
