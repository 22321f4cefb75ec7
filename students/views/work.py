"""The place on a page where a background run shows how far it is."""

from typing import Any

from jobs import wording
from students import runs
from students.models import CountyFile, Crosscheck, RegisterSnapshot, Roster


def context(thing: Roster | RegisterSnapshot | Crosscheck | CountyFile) -> dict[str, Any]:
    """What `students/_work.html` shows as long as a run has to finish before people can go on."""
    if not runs.is_at_work(thing):
        return {"is_at_work": False}
    job = runs.job_of(thing)
    return {"is_at_work": True, "job": job, "failure": wording.error(job) if job else ""}
