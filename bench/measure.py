"""Time and memory of one piece of work."""

import os
import resource
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """(seconds, what the work gave)."""
    started = perf_counter()
    result = work()
    return perf_counter() - started, result


def best(work: Callable[[], Any], times: int = 5) -> float:
    """The shortest of several runs, in seconds: the one least disturbed by the rest of the machine."""
    return min(timed(work)[0] for _ in range(times))


def peak_mb() -> int:
    """The most memory this process or one of its children has needed."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return max(own.ru_maxrss, children.ru_maxrss) // 1024


def own_peak_mb(pid: int | str = "self") -> int:
    """The most memory a process has needed since it became the program it is; what started it does not count."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


class Cost(NamedTuple):
    """What a process needed: seconds by the clock, seconds of a processor (the same on a busy machine), memory."""

    seconds: float
    cpu: float
    peak_mb: int


def measured(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Cost:
    """The cost of a process of its own; what it prints is left out, a failure is raised."""
    started = perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    cpu = used.ru_utime + used.ru_stime
    return Cost(round(perf_counter() - started, 1), round(cpu, 1), used.ru_maxrss // 1024)
