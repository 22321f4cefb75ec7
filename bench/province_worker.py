"""The shared pool of a province: a Celery task does all that waits in one county.

A message names a county and nothing else. Its environment (DATABASE_URL, keys, files) lies in a file on the worker's
machine, and its jobs are done as `manage.py jobs run` does them, in a process of that county's own: no connection,
key or setting of one county is ever in the memory of another's, and the memory is free again after each part.
"""

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from celery import Celery

from bench.measure import measured, own_peak_mb

ROOT = Path(__file__).resolve().parent.parent
JOBS_RUN = (sys.executable, "manage.py", "jobs", "run")

app = Celery("province", broker=os.environ["PROVINCE_REDIS_URL"], backend=os.environ["PROVINCE_REDIS_URL"])
app.conf.update(
    task_default_queue="province",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
)
warnings.filterwarnings("ignore", module="celery.platforms")  # of workers that run as root; messages are JSON


@app.task(name="province.county")  # type: ignore[untyped-decorator]  # celery has no types
def county(name: str) -> dict[str, Any]:
    """Do the county's waiting jobs; whoever had them before and died, they go on where its last chunk ended."""
    if not name.isidentifier():
        raise ValueError(name)
    environment = json.loads((Path(os.environ["PROVINCE_COUNTIES"]) / f"{name}.json").read_text(encoding="utf-8"))
    cost = measured(JOBS_RUN, cwd=ROOT, env={**os.environ, **environment})
    return {**cost._asdict(), "worker": os.getpid(), "worker_mb": own_peak_mb()}
