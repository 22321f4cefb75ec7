"""`manage.py serve`: one command, two children, neither missed for long, both gone at the end."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings

from jobs.choices import JobState
from tests import services
from tests.jobs import orders
from tests.jobs.workers import environment, wait_for_end, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


@pytest.fixture
def serve(tmp_path):
    log = tmp_path / "log"
    port = services._free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=settings.BASE_DIR,
            env=environment(REDIS_URL=""),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
        )
    process.address = f"http://127.0.0.1:{port}/"
    wait_until(lambda: process.address in log.read_text(), what=f"an address in {log}")
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


def children(parent):
    return {int(number) for number in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


def test_restarts_whichever_child_dies(serve):
    first = children(serve.pid)
    assert len(first) == 2
    for pid in first:
        os.killpg(pid, signal.SIGKILL)

    wait_until(lambda: len(children(serve.pid) - first) == 2, what="two new children")
    job = orders.roster_check(3)

    assert wait_for_end(job).state == JobState.DONE
    wait_until(lambda: answers(serve.address), what="pages")


def answers(address):
    try:
        with urlopen(address, timeout=5) as response:  # noqa: S310  # our own address
            return response.status == 200
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_with_all_it_started(serve, number):
    family = children(serve.pid)
    family |= {grandchild for child in family for grandchild in children(child)}
    assert len(family) > 2

    serve.send_signal(number)

    assert serve.wait(timeout=10) == 0
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in family), what="the family to go", seconds=5)


def test_says_so_if_the_port_is_taken(serve):
    port = serve.address.rpartition(":")[2].strip("/")
    second = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", port],
        cwd=settings.BASE_DIR,
        env=environment(REDIS_URL=""),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert second.returncode == 1
    assert f"127.0.0.1:{port}" in second.stderr
