"""The message: the number of a job. Everything else stands in its row."""

import logging
import traceback

from celery import shared_task

from jobs import run

logger = logging.getLogger(__name__)


@shared_task(name=run.TASK, ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def execute(job_id: int) -> None:
    try:
        run.execute(job_id)
    except Exception as error:
        # Where and what, never the message: databases quote the row that they refuse.
        where = "".join(traceback.format_tb(error.__traceback__))
        logger.error("Job %s stopped with %s and will be tried again:\n%s", job_id, type(error).__qualname__, where)
