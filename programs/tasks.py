"""The background runs of this stage."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from common import sheets
from jobs.models import StoredFile
from jobs.run import Running, handler
from programs import awards, nomination_files, recognitions, trials
from programs.models import Program, RecognitionList, Trial
from schools.models import School, Term


@handler("recognition-read", title=_("读取认定名单"))
def read_recognition_list(running: Running) -> dict[str, Any]:
    recognition_list = RecognitionList.objects.select_related("school", "term", "file", "uploaded_by").get(
        pk=running.params["list_id"]
    )
    return recognitions.read(recognition_list, running=running, reader=sheets.of_this_thread())


@handler("awards-propose", title=_("提出资助名单"))
def propose_awards(running: Running) -> dict[str, Any]:
    term = Term.objects.get(pk=running.params["term_id"])
    return awards.propose(term, running=running, by=running.job.started_by)


@handler("nominations-read", title=_("读取提名名单"))
def read_nominations(running: Running) -> dict[str, Any]:
    params = running.params
    return nomination_files.read(
        StoredFile.objects.get(pk=params["file_id"]),
        school=School.objects.get(pk=params["school_id"]),
        program=Program.objects.get(pk=params["program"]),
        term=Term.objects.get(pk=params["term_id"]),
        running=running,
        reader=sheets.of_this_thread(),
    )


@handler("trial", title=_("政策测算"))
def calculate_trial(running: Running) -> dict[str, Any]:
    trial = Trial.objects.select_related("term", "made_by").get(pk=running.params["trial_id"])
    return trials.calculate(trial, running=running)
