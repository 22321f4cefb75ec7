"""With Redis a message wakes a worker; without it, or if it is lost, the row is enough."""

import signal
import subprocess
import sys

import pytest
from django.conf import settings
from redis import Redis

from jobs.choices import JobState
from jobs.models import Job
from tests import services
from tests.factories import UserFactory
from tests.jobs.workers import environment, wait_for_end, wait_until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

PAGE_SECONDS = 6
"""A broker that is away may cost whoever orders a job this much, and not more."""


@pytest.fixture
def broker(tmp_path):
    """A Redis of this test's own, to be frozen and killed."""
    binary, _origin = services._redis_binary()
    port = services._free_port()
    server = subprocess.Popen(
        [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", tmp_path, "--save", ""],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: services._answers(port), what="the broker")
    server.url = f"redis://127.0.0.1:{port}/0"
    yield server
    server.send_signal(signal.SIGCONT)
    server.kill()
    server.wait()


@pytest.fixture(autouse=True)
def _somebody(transactional_db):
    UserFactory()


def order(url):
    """From another process, as a page does: the job, and how long it took to order it."""
    ordered = subprocess.run(
        [sys.executable, "-m", "tests.jobs.order_towns"],
        cwd=settings.BASE_DIR,
        env=environment(REDIS_URL=url),
        capture_output=True,
        text=True,
        check=True,
    )
    number, seconds = ordered.stdout.split()
    return Job.objects.get(pk=number), float(seconds)


def test_a_job_is_done_once_however_many_messages_there_are(broker):
    with worker(redis_url=broker.url):
        jobs = [order(broker.url)[0] for _ in range(3)]

        assert [(wait_for_end(job).state, job.attempts) for job in jobs] == [(JobState.DONE, 1)] * 3


def test_messages_lost_in_the_broker_are_not_missed(broker):
    job, _seconds = order(broker.url)
    with Redis.from_url(broker.url) as client:
        client.flushall()

    with worker(redis_url=broker.url):
        assert wait_for_end(job).state == JobState.DONE


def test_without_the_broker_pages_go_on_and_jobs_are_done(broker):
    with worker(redis_url=broker.url):
        wait_for_end(order(broker.url)[0])
        broker.kill()
        broker.wait()

        job, seconds = order(broker.url)

        assert seconds < PAGE_SECONDS
        assert wait_for_end(job).state == JobState.DONE


def test_a_broker_that_hangs_holds_nobody_up(broker):
    with worker(redis_url=broker.url):
        wait_for_end(order(broker.url)[0])
        broker.send_signal(signal.SIGSTOP)

        job, seconds = order(broker.url)

        assert seconds < PAGE_SECONDS
        assert wait_for_end(job).state == JobState.DONE


def test_a_worker_that_finds_no_broker_works(broker):
    broker.kill()
    broker.wait()

    with worker(redis_url=broker.url):
        assert wait_for_end(order(broker.url)[0]).state == JobState.DONE
