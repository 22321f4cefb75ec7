"""For worker processes under test: small chunks with a pause after each, so that a kill finds the run at work."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from disbursements import bank_layouts, batches, returns
from jobs.run import Running
from students import crosscheck, facts
from tests.jobs import handlers  # noqa: F401  # the kinds of job that exist for tests only

PAUSE_SECONDS = 0.03
LONG_PAUSE_SECONDS = 0.5

batches.BUILD_ROWS = 5
returns.CHUNK_LINES = 5
crosscheck.WRITE_ROWS = 10
_chunk = Running.chunk


@contextmanager
def _chunk_and_pause(running: Running, **facts: Any) -> Iterator[None]:
    with _chunk(running, **facts):
        yield
        time.sleep(PAUSE_SECONDS / 2)  # the transaction is open
    time.sleep(PAUSE_SECONDS / 2)


Running.chunk = _chunk_and_pause


def _and_pause(step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    def slow(*arguments: Any, **named: Any) -> Any:
        result = step(*arguments, **named)
        time.sleep(LONG_PAUSE_SECONDS)
        return result

    return slow


bank_layouts.write = _and_pause(bank_layouts.write)
crosscheck._find = _and_pause(crosscheck._find)
facts.renew = _and_pause(facts.renew)
