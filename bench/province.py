"""Many counties at once: `python -m bench.province [--counties 10] [--workers 2] [--scale 1.0]`.

Each county is an installation of its own: its database on one PostgreSQL server. One is filled from
`bench/crosscheck_county.py`; the others are copies of it (CREATE DATABASE … TEMPLATE), so that ten take no longer to
make than one. Their cross-checks, read from and written to the database, are done alone first, then as Celery tasks
over one Redis by one worker process and by --workers. Every county must end in the very rows of the one alone.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.growth import ROOT, made
from bench.measure import measured
from bench.own_database import sql
from tests import services

PATIENCE_SECONDS = 3_600
START_SECONDS = 60
JOBS_RUN = (sys.executable, "manage.py", "jobs", "run")


@dataclass
class Place:
    """Where the province lives: its files, its servers."""

    folder: Path
    data: Path
    server: str
    redis: str

    @property
    def counties(self) -> Path:
        return self.folder / "counties"

    def environment(self, database: str) -> dict[str, str]:
        """What a county's own process is started with. Copies of one database have one key ring."""
        return {
            "DJANGO_SETTINGS_MODULE": "aidcenter.settings",
            "DATABASE_URL": self.database_url(database),
            "AIDCENTER_VAR": str(self.folder / "var"),
            "AIDCENTER_KEYRING": str(self.folder / "keyring.json"),
            "SECRET_KEY": "only-for-this-run",
            "REDIS_URL": "",
        }

    def database_url(self, database: str) -> str:
        if database == SQLITE:
            return f"sqlite:///{self.folder}/county.sqlite3"
        return f"{self.server.rpartition('/')[0]}/{self.database(database)}"

    def database(self, name: str) -> str:
        """A name that no database of a server in use has."""
        return f"bench_{os.getpid()}_{name}"


SQLITE = "sqlite"
TEMPLATE = "template"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counties", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--data", type=Path, help="the three files of a county (default: seed 1 is made)")
    options = parser.parse_args()
    postgres, redis = services.postgres(), services.redis()
    print(f"{postgres.words}; {redis.words}")
    with TemporaryDirectory(prefix="province-") as folder:
        data = options.data or made(Path(folder) / "data", options.scale)
        with province(Place(Path(folder), data, postgres.url, redis.url)) as place:
            fill(place, SQLITE)
            mark = alone(place, SQLITE)["mark"]
            wrong = int(alone(place, "alone")["mark"] != mark)
            seconds = {}
            for workers in sorted({1, options.workers}):
                seconds[workers], failed = together(place, options.counties, workers, mark)
                wrong += failed
    if len(seconds) > 1:
        print(f"{options.workers} workers ÷ 1: {seconds[1] / seconds[options.workers]:.2f} times as fast")
    print(f"{wrong} counties with other results than alone" if wrong else "every county: the very result of alone")
    return 1 if wrong else 0


@contextmanager
def province(place: Place) -> Iterator[Place]:
    """With a filled county to copy from, which is gone afterwards."""
    place.counties.mkdir()
    _python(place.environment(SQLITE), "manage.py", "keys", "init")
    sql(place.server, f"CREATE DATABASE {place.database(TEMPLATE)}")
    try:
        fill(place, TEMPLATE)
        yield place
    finally:
        sql(place.server, f"DROP DATABASE {place.database(TEMPLATE)}")


def fill(place: Place, database: str) -> None:
    environment = place.environment(database)
    _python(environment, "manage.py", "migrate", "--verbosity", "0")
    filled = _county(place, database, "fill")
    print(
        f"{_kind(database)}: {filled['children']:,} children and {filled['people']:,} listed people written"
        f" in {filled['seconds']} s",
        flush=True,
    )


def alone(place: Place, database: str) -> dict[str, Any]:
    """One county's cross-check in a process of its own, nobody else at work."""
    with _copied(place, [] if database == SQLITE else [database]):
        cost = measured(JOBS_RUN, cwd=ROOT, env={**os.environ, **place.environment(database)})
        found = _county(place, database, "outcome")
    print(
        f"{_kind(database)}, one county alone, read, searched and written: {cost.seconds} s"
        f" ({cost.cpu} s of processor), {cost.peak_mb} MB; {found}",
        flush=True,
    )
    return found


def together(place: Place, counties: int, workers: int, mark: str) -> tuple[float, int]:
    """(seconds, counties with another result) for all counties by so many worker processes."""
    names = [f"county_{n}" for n in range(1, counties + 1)]
    with _copied(place, names):
        for name in names:
            environment = json.dumps(place.environment(name))
            (place.counties / f"{name}.json").write_text(environment, encoding="utf-8")
        with _pool(place, workers) as send:
            began = time.perf_counter()
            waiting = {name: send(name) for name in names}
            results = {name: task.get(timeout=PATIENCE_SECONDS) for name, task in waiting.items()}
            seconds = time.perf_counter() - began
        wrong = {name for name in names if _county(place, name, "outcome")["mark"] != mark}
    _show(results, wrong, children=_children(place.data), seconds=seconds, workers=workers)
    return seconds, len(wrong)


def _show(
    results: Mapping[str, dict[str, Any]], wrong: Collection[str], *, children: int, seconds: float, workers: int
) -> None:
    numbers = {pid: n for n, pid in enumerate(sorted({result["worker"] for result in results.values()}), start=1)}
    print(f"{'county':<12}{'seconds':>9}{'cpu':>7}{'MB':>7}{'children/s':>12}{'worker':>8}")
    for name, result in results.items():
        remark = "  other result than alone" if name in wrong else ""
        print(
            f"{name:<12}{result['seconds']:>9.1f}{result['cpu']:>7.1f}{result['peak_mb']:>7}"
            f"{children / result['seconds']:>12,.0f}{numbers[result['worker']]:>8}{remark}"
        )
    for pid, n in numbers.items():
        own = [result for result in results.values() if result["worker"] == pid]
        print(
            f"worker {n}: {len(own)} counties, at most {max(one['peak_mb'] for one in own)} MB for a county"
            f" and {max(one['worker_mb'] for one in own)} MB of its own"
        )
    print(
        f"{len(results)} counties, {workers} worker processes: {seconds:.1f} s,"
        f" {children * len(results) / seconds:,.0f} children/s\n",
        flush=True,
    )


@contextmanager
def _pool(place: Place, workers: int) -> Iterator[Any]:
    """Real Celery workers over one Redis; gives what sends a county to them."""
    os.environ |= {"PROVINCE_REDIS_URL": place.redis, "PROVINCE_COUNTIES": str(place.counties)}
    from bench import province_worker

    command = [sys.executable, "-m", "celery", "--quiet", "-A", "bench.province_worker", "worker"]
    options = ["--pool", "solo", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    names = [f"worker{n}@province-{os.getpid()}" for n in range(workers)]
    running = [
        subprocess.Popen(
            [*command, *options, "-n", name],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        for name in names
    ]
    try:
        deadline = time.monotonic() + START_SECONDS
        while len(province_worker.app.control.ping(destination=names, timeout=1)) < workers:
            if time.monotonic() > deadline:
                raise TimeoutError("The workers do not answer.")
        yield province_worker.county.delay
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=START_SECONDS)


@contextmanager
def _copied(place: Place, names: Sequence[str]) -> Iterator[None]:
    """Databases like the template, gone afterwards."""
    began = time.perf_counter()
    for name in names:
        sql(place.server, f"CREATE DATABASE {place.database(name)} TEMPLATE {place.database(TEMPLATE)}")
    if names:
        print(f"databases copied: {len(names)} in {time.perf_counter() - began:.1f} s", flush=True)
    try:
        yield
    finally:
        for name in names:
            sql(place.server, f"DROP DATABASE {place.database(name)}")


def _python(environment: Mapping[str, str], *arguments: str) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _county(place: Place, database: str, act: str) -> dict[str, Any]:
    printed = _python(place.environment(database), "-m", "bench.county_database", act, "--data", str(place.data))
    found: dict[str, Any] = json.loads(printed)
    return found


def _kind(database: str) -> str:
    return "SQLite" if database == SQLITE else "PostgreSQL"


def _children(data: Path) -> int:
    with (data / "roster.csv").open(encoding="utf-8") as file:
        return sum(1 for _line in file) - 1


if __name__ == "__main__":
    sys.exit(main())
