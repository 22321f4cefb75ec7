"""Before Django looks at its settings: a place of our own for keys and files, and the database to test on.

`pytest` works on SQLite; `pytest --database=postgres` on a real PostgreSQL that tests.services finds or starts.
With xdist this happens once; workers inherit the environment.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from tests import services

WORKER = os.environ.get("PYTEST_XDIST_WORKER")
USED = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgres"],
        default="sqlite",
        help="the database under test (postgres: TEST_POSTGRES_URL, the machine's own, or the wheel's)",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """A wrapper runs before every plain hook, so before pytest-django imports the settings."""
    early_config.stash[USED] = {}
    if WORKER:
        os.environ["AIDCENTER_FILES"] = str(Path(os.environ["AIDCENTER_VAR"]) / f"files-{WORKER}")
    else:
        _prepare(early_config)
    return (yield)


def _prepare(config: pytest.Config) -> None:
    var = Path(tempfile.mkdtemp(prefix="aidcenter-test-"))
    atexit.register(shutil.rmtree, var, ignore_errors=True)
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "AIDCENTER_FILES", "AIDCENTER_DEBUG", "AIDCENTER_HTTPS"):
        os.environ.pop(name, None)
    (var / "static").mkdir()  # WhiteNoise warns where there is none
    os.environ["AIDCENTER_VAR"] = str(var)
    os.environ["AIDCENTER_KEYRING"] = str(var / "keyring.json")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's sync API runs an event loop in the tests' thread

    used = config.stash[USED]
    if config.known_args_namespace.database == "postgres":
        try:
            postgres = services.postgres()
        except services.Missing as reason:
            raise pytest.UsageError(f"No PostgreSQL to test on: {reason}") from None
        os.environ["DATABASE_URL"] = postgres.url
        used["database"] = postgres.words
    else:
        used["database"] = services.sqlite_words()
    for name, find in (("redis", services.redis), ("chromium", services.chromium)):
        variable = f"TEST_{name.upper()}_FOUND"
        try:
            service = find()
        except services.Missing as reason:
            used[name] = f"MISSING: {reason}"
            os.environ[variable] = ""
        else:
            used[name] = service.words
            os.environ[variable] = service.url


def pytest_configure(config: pytest.Config) -> None:
    """The key ring is made by the product's own code, once."""
    if not WORKER:
        from common import keyring

        keyring.write_new(Path(os.environ["AIDCENTER_KEYRING"]))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What asks no database answers the same on the second one: there only the others run again."""
    if config.getoption("database") == "sqlite":
        return
    without = [item for item in items if not _asks_the_database(item)]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if _asks_the_database(item)]


def _asks_the_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & {"db", "transactional_db"})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say aloud what the tests ran on."""
    terminalreporter.section("tested on")
    for name, words in config.stash[USED].items():
        terminalreporter.write_line(f"{name:>9}: {words}")
    skipped = len(terminalreporter.stats.get("skipped", []))
    terminalreporter.write_line(f"  skipped: {skipped or 'nothing'}")
