"""The background runs of this stage: thin, they load and call the rule."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from common import sheets
from jobs.run import Running, handler
from students import crosscheck, registers, rosters
from students.models import Crosscheck, RegisterSnapshot, Roster


@handler("roster-check", title=_("校验花名册"))
def check_roster(running: Running) -> dict[str, Any]:
    roster = Roster.objects.select_related("school", "term", "file").get(pk=running.params["roster_id"])
    return rosters.check(roster, running=running, reader=sheets.of_this_thread())


@handler("roster-commit", title=_("花名册入库"))
def commit_roster(running: Running) -> dict[str, Any]:
    roster = Roster.objects.select_related("school", "term", "file", "committed_by").get(pk=running.params["roster_id"])
    return rosters.commit(roster, running=running, reader=sheets.of_this_thread())


@handler("register-freeze", title=_("读取困难群体名单"))
def freeze_register(running: Running) -> dict[str, Any]:
    snapshot = RegisterSnapshot.objects.select_related("source__category", "file", "uploaded_by").get(
        pk=running.params["snapshot_id"]
    )
    return registers.freeze(snapshot, running=running, reader=sheets.of_this_thread())


@handler("crosscheck", title=_("名单比对"))
def run_crosscheck(running: Running) -> dict[str, Any]:
    run = Crosscheck.objects.select_related("term", "made_by").get(pk=running.params["crosscheck_id"])
    return crosscheck.compare(run, running=running)
