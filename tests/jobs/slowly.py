"""For worker processes under test: small chunks with a pause after each, so that a kill finds the run at work."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from disbursements import batches
from jobs.run import Running
from tests.jobs import handlers  # noqa: F401  # the kinds of job that exist for tests only

PAUSE_SECONDS = 0.03

batches.BUILD_ROWS = 5
_chunk = Running.chunk


@contextmanager
def _chunk_and_pause(running: Running, **facts: Any) -> Iterator[None]:
    with _chunk(running, **facts):
        yield
        time.sleep(PAUSE_SECONDS / 2)  # the transaction is open
    time.sleep(PAUSE_SECONDS / 2)


Running.chunk = _chunk_and_pause
