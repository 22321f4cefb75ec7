"""Fixtures for every test."""

import os
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import Client
from hypothesis import settings

from accounts.models import User
from schools.models import School
from tests.factories import UserFactory

settings.register_profile("steady", deadline=None)  # a busy machine is no reason to fail
settings.load_profile("steady")


@pytest.fixture
def as_role(db: None) -> Callable[..., Client]:
    """A client signed in as somebody of that role; `client.user` is the account.

    `as_role("school", school=…)` belongs to that school, without one to a school of its own.
    """

    def sign_in(role: str, *, school: School | None = None, user: User | None = None) -> Client:
        client = Client()
        client.user = user or UserFactory(role=role, **({"school": school} if school else {}))
        client.force_login(client.user)
        return client

    return sign_in


@pytest.fixture
def redis_url() -> str:
    """The address of a real Redis or Valkey, shared by all tests: use keys of your own."""
    return _found("redis")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    return _found("chromium")


def _found(name: str) -> str:
    if url := os.environ.get(f"TEST_{name.upper()}_FOUND"):
        return url
    pytest.fail(f"This test needs {name}; the summary at the end says why there is none.", pytrace=False)


@pytest.fixture(autouse=True)
def _on_commit_callbacks_run(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, _django_db_marker: None
) -> Iterator[None]:
    """Run callbacks when a test's own outermost `atomic` ends, as in life.

    Without this they wait for the commit of the transaction around the test, which never comes.
    """
    if "db" in request.fixturenames:
        request.getfixturevalue("db")
    if not connection.in_atomic_block:  # no database in this test, or one with transactions of its own
        yield
        return
    around_the_test = len(connection.savepoint_ids)
    leave = transaction.Atomic.__exit__

    def leave_and_run(block: transaction.Atomic, kind: object, error: object, trace: object) -> None:
        leave(block, kind, error, trace)
        if error is None and connection.in_atomic_block and len(connection.savepoint_ids) == around_the_test:
            waiting, connection.run_on_commit = connection.run_on_commit, []
            for _savepoints, callback, _robust in waiting:
                callback()

    monkeypatch.setattr(transaction.Atomic, "__exit__", leave_and_run)
    yield


@pytest.fixture(autouse=True, scope="session")
def _flush_spares_no_table() -> Iterator[None]:
    """After a transactional test the tables are emptied; SQLite's append-only triggers step aside for that."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_without_triggers(operations: BaseDatabaseOperations, statements: list[str]) -> None:
        if operations.connection.vendor != "sqlite":
            return flush(operations, statements)
        with operations.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            flush(operations, statements)
            for _name, sql in triggers:
                cursor.execute(sql)

    BaseDatabaseOperations.execute_sql_flush = flush_without_triggers
    yield
    BaseDatabaseOperations.execute_sql_flush = flush
