"""What schools hand in on the pages of this stage, together with the background run that reads it.

The row and its run are written in one transaction, so nothing waits for a run that was never ordered. The key
of a run names what it works on, so that a page finds its run.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from jobs import run
from jobs.models import Job
from programs import nomination_files, recognitions, trials
from programs.models import Program, RecognitionList, Trial
from schools.models import School, Term

_READ = "recognition-read"
NOMINATIONS = "nominations-read"
_TRIAL = "trial"


@transaction.atomic
def upload_recognition_list(
    *, school: School, term: Term, content: bytes, name: str, by: User, at: datetime
) -> RecognitionList:
    uploaded = recognitions.upload(school=school, term=term, content=content, name=name, by=by, at=at)
    run.start(_READ, by=by, at=at, key=_key(uploaded), school=school, term=term, list_id=uploaded.pk)
    return uploaded


def job_of(recognition_list: RecognitionList) -> Job | None:
    """The run that reads a list, or has read it."""
    return Job.objects.filter(kind=_READ, key=_key(recognition_list)).first()


def _key(recognition_list: RecognitionList) -> str:
    return f"{_READ}:{recognition_list.pk}"


@transaction.atomic
def upload_nominations(
    *, school: School, program: Program, term: Term, content: bytes, name: str, by: User, at: datetime
) -> Job:
    file = nomination_files.keep(school=school, program=program, term=term, content=content, name=name, by=by, at=at)
    facts = {"file_id": file.pk, "school_id": school.pk, "program": program.pk, "term_id": term.pk}
    return run.start(NOMINATIONS, by=by, at=at, key=f"{NOMINATIONS}:{file.pk}", school=school, term=term, **facts)


def nomination_files_read(*, school: School, program: Program, term: Term) -> QuerySet[Job]:
    """The runs that read a school's workbooks for a program, the newest first."""
    return Job.objects.filter(kind=NOMINATIONS, school=school, term=term, params__program=program.pk).for_list()


@transaction.atomic
def begin_trial(*, term: Term, by: User, at: datetime, **tried: Any) -> Trial:
    """What is tried is what `programs.trials.begin` takes."""
    trial = trials.begin(term=term, by=by, at=at, **tried)
    run.start(_TRIAL, by=by, at=at, key=_trial_key(trial), term=term, trial_id=trial.pk)
    return trial


def job_of_trial(trial: Trial) -> Job | None:
    """The run that calculates a trial, or has calculated it."""
    return Job.objects.filter(kind=_TRIAL, key=_trial_key(trial)).first()


def _trial_key(trial: Trial) -> str:
    return f"{_TRIAL}:{trial.pk}"
