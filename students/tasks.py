"""The background runs of this stage: thin, they load and call the rule."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from common import sheets
from jobs.run import Running, handler
from students import county_files, crosscheck, registers, roster_commit, roster_marks, rosters
from students.models import CountyFile, Crosscheck, RegisterSnapshot, Roster


@handler("roster-check", title=_("校验花名册"))
def check_roster(running: Running) -> dict[str, Any]:
    roster = Roster.objects.select_related("school", "term", "file").get(pk=running.params["roster_id"])
    return rosters.check(roster, running=running, reader=sheets.of_this_thread())


@handler("roster-commit", title=_("花名册入库"))
def commit_roster(running: Running) -> dict[str, Any]:
    roster = Roster.objects.select_related("school", "term", "file", "committed_by").get(pk=running.params["roster_id"])
    return roster_commit.commit(roster, running=running, reader=sheets.of_this_thread())


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


@handler("county-file-check", title=_("拆分和校验全县汇总表"))
def check_county_file(running: Running) -> dict[str, Any]:
    return county_files.check(_county_file(running), running=running, reader=sheets.of_this_thread())


@handler("county-file-commit", title=_("全县汇总表入库"))
def commit_county_file(running: Running) -> dict[str, Any]:
    return county_files.commit(_county_file(running), running=running, reader=sheets.of_this_thread())


def _county_file(running: Running) -> CountyFile:
    found = CountyFile.objects.select_related("term", "file", "uploaded_by", "confirmed_by")
    return found.get(pk=running.params["county_file_id"])


@handler("roster-mark", title=_("标出花名册的问题"))
def mark_roster(running: Running) -> dict[str, Any]:
    roster = Roster.objects.select_related("school", "term", "file").get(pk=running.params["roster_id"])
    return roster_marks.mark(roster, running=running, reader=sheets.of_this_thread())
