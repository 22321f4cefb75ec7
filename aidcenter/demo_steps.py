"""What a step of the demonstration costs, and a background run that is one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs import run
from jobs.choices import JobState
from jobs.models import Job


class StepFailed(Exception):
    """A background run of the demonstration did not end well."""


@dataclass(frozen=True)
class Step:
    """What one kind of work cost: seconds, rows, and the most memory the process had needed by then (MB)."""

    name: str
    seconds: float
    rows: int
    peak_mb: int

    def __str__(self) -> str:
        speed = f"{self.rows:>9,} rows {self.rows / self.seconds:>10,.0f}/s" if self.rows and self.seconds else ""
        return f"{self.name:<26}{self.seconds:>8.1f} s  {speed:<32}{self.peak_mb:>7,} MB"


@dataclass
class Work:
    """Counts the rows of a step while it goes on."""

    rows: int = 0


def finish(job: Job | None, at: datetime) -> dict[str, Any]:
    """Do a background run here and now; its result, or StepFailed."""
    if job is None:
        raise StepFailed("no job")
    done = run.execute(job.pk, at=at)
    if done.state != JobState.DONE:
        raise StepFailed(f"{done.kind}: {done.error_code} {done.error_params}")
    return dict(done.result)
