"""A database that a measurement makes for itself, and steps that run on it in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2

from bench.county_database import ROOT


@contextmanager
def database_of_its_own() -> Iterator[dict[str, str]]:
    """What the steps have to know of it: SQLite, or on the server of DATABASE_URL. The keys are its own too."""
    server = os.environ.get("DATABASE_URL", "")
    with TemporaryDirectory(prefix="bench-") as var:
        environment = {**os.environ, "AIDCENTER_VAR": var, "SECRET_KEY": "only-for-this-run"}
        subprocess.run(
            [sys.executable, "manage.py", "keys", "init"], cwd=ROOT, env=environment, check=True, stdout=sys.stderr
        )
        if not server:
            yield environment
            return
        name = f"bench_{os.getpid()}"
        sql(server, f"CREATE DATABASE {name}")
        try:
            yield {**environment, "DATABASE_URL": f"{server.rpartition('/')[0]}/{name}"}
        finally:
            sql(server, f"DROP DATABASE {name}")


def sql(server: str, statement: str) -> None:
    """On the server, outside any transaction."""
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)


def step(environment: Mapping[str, str], module: str, name: str, *arguments: str) -> Any:
    """One step in a process of its own, so that its peak of memory is its own; its last line is what it found."""
    command = [sys.executable, "-m", module, "--step", name, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])
