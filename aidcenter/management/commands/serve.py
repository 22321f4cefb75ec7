"""manage.py serve: web server and worker together, started, watched and stopped as one."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

RESTART_AFTER_SECONDS = (0.2, 1, 5, 30)
STEADY_SECONDS = 60
"""A child that lived this long starts again at the shortest pause."""

FAREWELL_SECONDS = 5
"""Time to end in good order. A run that is cut off goes on at its last chunk after the next start."""

LOOK_EVERY_SECONDS = 0.05

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Serve pages and do background runs until SIGINT or SIGTERM. Restarts whichever of the two dies."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        _refuse_taken(host, port)
        if _static_files_changed():
            call_command("collectstatic", interactive=False, verbosity=0)
        supervisor = Supervisor([Child("web", _web(host, port)), Child("worker", _worker())])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, supervisor.stop)
        supervisor.start()
        announced = False
        try:
            while supervisor.watch():
                if not announced and _answers(host, port):
                    announced = True
                    self.stdout.write(f"http://{_shown(host)}:{port}/")
                    self.stdout.flush()
                time.sleep(LOOK_EVERY_SECONDS)
        finally:
            supervisor.end()


@dataclass
class Child:
    """One process that has to be there."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    deaths: int = 0
    start_at: float = 0

    def start(self) -> None:
        """In a group of its own, so that Ctrl-C reaches us alone and what it started ends with it."""
        self.process = subprocess.Popen(self.command, cwd=settings.BASE_DIR, start_new_session=True)  # noqa: S603
        self.started = time.monotonic()

    def watch(self) -> None:
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_at:
                self.start()
        elif self.process.poll() is not None:
            self.signal(signal.SIGKILL)
            self.deaths = 0 if now - self.started > STEADY_SECONDS else self.deaths
            pause = RESTART_AFTER_SECONDS[min(self.deaths, len(RESTART_AFTER_SECONDS) - 1)]
            logger.warning("The %s ended (%s), starts again in %s s.", self.name, self.process.returncode, pause)
            self.deaths += 1
            self.process, self.start_at = None, now + pause

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


@dataclass
class Supervisor:
    children: list[Child]
    is_over: bool = field(default=False, init=False)

    def start(self) -> None:
        for child in self.children:
            child.start()

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_over = True

    def watch(self) -> bool:
        if not self.is_over:
            for child in self.children:
                child.watch()
        return not self.is_over

    def end(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + FAREWELL_SECONDS
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0, deadline - time.monotonic()))
        for child in self.children:
            child.signal(signal.SIGKILL)
        for process in running:
            process.wait()


def _web(host: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "aidcenter.wsgi"),
        *("--bind", f"[{host}]:{port}" if ":" in host else f"{host}:{port}"),
        *("--workers", "2", "--threads", "4", "--keep-alive", "75"),
        *("--graceful-timeout", str(FAREWELL_SECONDS - 1), "--log-level", "warning"),
    ]


def _worker() -> list[str]:
    """Several processes where a broker is at hand; one, fed from the table, where not."""
    pool = ["--pool", "prefork", "--concurrency", "2"] if settings.REDIS_URL else ["--pool", "solo"]
    return [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "aidcenter", "worker", *pool),
        *("--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
    ]


def _static_files_changed() -> bool:
    """Whether what lies in STATIC_ROOT is not, or no longer, made from the present files."""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists():
        return True
    found = {
        name: storage for finder in get_finders() for name, storage in finder.list(ignore_patterns=["CVS", ".*", "*~"])
    }
    collected = getattr(staticfiles_storage, "hashed_files", {})
    made = manifest.stat().st_mtime
    return collected.keys() != found.keys() or any(
        Path(storage.path(name)).stat().st_mtime > made for name, storage in found.items()
    )


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port.") from error


def _answers(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((_shown(host).strip("[]"), port), timeout=0.2):
        return True
    return False


def _shown(host: str) -> str:
    """An address that a browser on this machine can open."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
