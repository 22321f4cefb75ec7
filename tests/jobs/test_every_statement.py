"""Death before each single statement of each background run: the next try ends in the rows of an undisturbed one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction

from disbursements import batches, returns
from jobs import run
from jobs.models import Job
from programs import awards
from students import crosscheck, registers
from tests.jobs import orders, rows

pytestmark = pytest.mark.django_db


class Death(BaseException):
    """Not an Exception, so nothing that the run does about errors is done."""


@contextmanager
def death_before(statement: int) -> Iterator[None]:
    seen = count(1)
    is_dead = False

    def die(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal is_dead
        if not is_dead and next(seen) == statement:
            is_dead = True
            raise Death
        return execute(*arguments)  # the rollback, which in life the database does by itself

    with connection.execute_wrapper(die):
        yield


@pytest.fixture(autouse=True)
def _small_chunks(settings, monkeypatch):
    settings.JOB_CHUNK_ROWS = 10
    monkeypatch.setattr(batches, "BUILD_ROWS", 10)
    monkeypatch.setattr(registers, "CHUNK_ROWS", 10)
    monkeypatch.setattr(crosscheck, "WRITE_ROWS", 10)
    monkeypatch.setattr(returns, "CHUNK_LINES", 5)
    monkeypatch.setattr(awards, "READ_ROWS", 5)


@pytest.mark.parametrize(
    "order",
    [
        orders.roster_check,
        orders.wrong_roster_check,
        orders.roster_commit,
        orders.register_freeze,
        orders.empty_register_freeze,
        orders.crosscheck_run,
        orders.recognition_read,
        orders.foreign_recognition_read,
        orders.awards_propose,
        orders.batch_build,
        orders.bank_file,
        orders.return_read,
        orders.empty_return_read,
    ],
    ids=lambda order: order.__name__,
)
def test_death_before_any_statement_leaves_no_trace(order):
    job = order()
    with undone():
        run.execute(job.pk)
        undisturbed = list(rows.lines())

    for statement in count(1):
        with undone():
            has_died = dies(job, statement)
            if has_died:
                run.execute(job.pk)
            assert list(rows.lines()) == undisturbed, f"death before statement {statement}"
        if not has_died:
            break
    assert statement > 5


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def dies(job: Job, statement: int) -> bool:
    try:
        with death_before(statement):
            run.execute(job.pk)
    except Death:
        return True
    return False
