"""What people start here, together with the background run that does the work: both rows in one transaction,
so that nothing waits for a run that was never ordered.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from disbursements import batches, returns
from disbursements.choices import Way
from disbursements.models import Bank, Batch
from jobs import run
from jobs.choices import JobState
from jobs.models import Job
from programs.models import Program
from schools.models import Term


@transaction.atomic
def prepare_batch(
    *,
    term: Term,
    program: Program,
    bank: Bank | None = None,
    way: Way = Way.BANK,
    cash_reason: str = "",
    by: User,
    at: datetime,
) -> Batch:
    """Open a batch and order the run that fills it."""
    batch = batches.prepare(term=term, program=program, bank=bank, way=way, cash_reason=cash_reason, by=by, at=at)
    run.start("batch-build", key=_build_key(batch), by=by, at=at, term=term, batch_id=batch.pk)
    return batch


def build_job(batch: Batch) -> Job | None:
    """The run that fills a batch, or has filled it."""
    return Job.objects.filter(key=_build_key(batch)).first()


def _build_key(batch: Batch) -> str:
    return f"batch-build:{batch.pk}"


@transaction.atomic
def write_bank_file(batch: Batch, *, by: User, at: datetime) -> Job:
    """Order the run that writes the file for the bank: the one that is under way, or another one."""
    key = f"batch-bank-file:{batch.pk}:"
    before = Job.objects.filter(key__startswith=key).exclude(state__in=[JobState.PENDING, JobState.RUNNING]).count()
    return run.start("batch-bank-file", key=f"{key}{before + 1}", by=by, at=at, term=batch.term, batch_id=batch.pk)


@transaction.atomic
def hand_in_return(batch: Batch, *, content: bytes, name: str, by: User, at: datetime, password: str = "") -> Job:
    """Keep the bank's answer and order the run that reads it. A file that was refused can be handed in again."""
    answer = returns.upload(batch, content=content, name=name, by=by, at=at, password=password)
    key = f"return-read:{answer.pk}:{answer.uploaded_at.isoformat()}"
    return run.start("return-read", key=key, by=by, at=at, term=batch.term, return_id=answer.pk)
