"""Fixtures for every test."""

import fcntl
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import django
import pytest
from django.apps import apps
from django.conf import settings as product
from django.db import connection, transaction
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import Client
from hypothesis import settings

from accounts.models import User
from schools.models import School
from tests.factories import UserFactory

settings.register_profile("steady", deadline=None)  # a busy machine is no reason to fail
settings.load_profile("steady")


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """SQLite's test database may begin as a copy; the folder that it is in goes away with the run."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def migrated(pytestconfig: pytest.Config) -> Iterator[tuple[Path, IO[str]] | None]:
    """Where an empty SQLite database with these very migrations is kept between runs, and the lock on it.

    All migrations take a worker half a minute; a file is copied at once. Whoever comes first makes it, the others wait.
    """
    if connection.vendor != "sqlite":
        yield None
        return
    digest = hashlib.sha256(f"{django.__version__} {sqlite3.sqlite_version}".encode())
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        for file in sorted(Path(app.path).glob("migrations/*.py")):
            digest.update(app.label.encode() + file.read_bytes())
    for file in sorted(Path(product.BASE_DIR, "common").glob("*.py")):  # what migrations import
        digest.update(file.read_bytes())
    kept = pytestconfig.cache.mkdir("databases") / f"{digest.hexdigest()[:16]}.sqlite3"
    with kept.with_suffix(".lock").open("w") as lock:
        yield kept, lock


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, migrated: tuple[Path, IO[str]] | None
) -> None:
    if migrated:
        kept, lock = migrated
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            fcntl.flock(lock, fcntl.LOCK_UN)
            shutil.copyfile(kept, connection.settings_dict["TEST"]["NAME"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: object, migrated: tuple[Path, IO[str]] | None) -> None:
    if migrated:
        kept, lock = migrated
        if not kept.exists():
            for older in kept.parent.glob("*.sqlite3"):
                older.unlink()
            made = kept.with_suffix(".new")
            with django_db_blocker.unblock(), sqlite3.connect(made) as copy:
                connection.ensure_connection()
                connection.connection.backup(copy)
            copy.close()
            made.rename(kept)
        fcntl.flock(lock, fcntl.LOCK_UN)


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
