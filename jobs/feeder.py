"""What makes the table the queue: each worker looks for jobs that nobody has and sends itself a message.

So a message may be lost, come twice, or never have been sent, and a broker may be away: the row is enough.
"""

import logging
import threading
from time import monotonic
from typing import Any

from celery import bootsteps
from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import close_old_connections, connection

from jobs import run, tasks
from jobs.models import Job

LOOK_EVERY_SECONDS = 0.2
FIRST_MESSAGE_SECONDS = 1.0
"""With a broker, whoever ordered the run has sent a message too, and it gets this long to arrive."""

SEND_AGAIN_SECONDS = 5.0
SEND_AGAIN_AT_MOST_SECONDS = 300.0

logger = logging.getLogger(__name__)


class Feeder(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
    """Belongs to the worker and not to its consumer, which stops whenever the broker is away."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._is_over = threading.Event()

    def start(self, parent: Any) -> None:
        threading.Thread(target=self._feed, name="job feeder", daemon=True).start()

    def stop(self, parent: Any) -> None:
        self._is_over.set()

    def _feed(self) -> None:
        messages = Messages(grace=FIRST_MESSAGE_SECONDS if settings.REDIS_URL else 0)
        while not self._is_over.wait(LOOK_EVERY_SECONDS):
            try:
                close_old_connections()
                for job in messages.due(run.waiting(), now=monotonic()):
                    _send(job)
            except Exception as error:
                # A database that is away: look again until it is back.
                logger.warning("The job table could not be read: %s.", type(error).__name__)
                connection.close()
                self._is_over.wait(1)


class Messages:
    """When to send a message for a job that waits: soon, and then less and less often.

    A job that waits behind a long one needs no heap of messages; one that was tried since is news again.
    """

    def __init__(self, *, grace: float) -> None:
        self._grace = grace
        self._next: dict[tuple[int, int], tuple[float, float]] = {}

    def due(self, waiting: list[Job], *, now: float) -> list[Job]:
        seen = {self._try(job): job for job in waiting}
        self._next = {key: self._next.get(key, (now + self._grace, SEND_AGAIN_SECONDS)) for key in seen}
        due = [key for key, (at, _) in self._next.items() if at <= now]
        for key in due:
            pause = self._next[key][1]
            self._next[key] = (now + pause, min(pause * 2, SEND_AGAIN_AT_MOST_SECONDS))
        return [seen[key] for key in due]

    @staticmethod
    def _try(job: Job) -> tuple[int, int]:
        return job.pk, job.attempts


def _send(job: Job) -> None:
    try:
        tasks.execute.apply_async(args=[job.pk], retry=False)
    except Exception as error:
        logger.warning("Job %s is done without the broker: %s.", job.pk, type(error).__name__)
        tasks.execute(job.pk)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop_runs(**_signal: Any) -> None:
    run.stop()
