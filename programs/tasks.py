"""The background runs of this stage."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from common import sheets
from jobs.run import Running, handler
from programs import awards, recognitions
from programs.models import RecognitionList
from schools.models import Term


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
