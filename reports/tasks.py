"""The background runs of this stage."""

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from jobs import files
from jobs.choices import FileKind
from jobs.run import Running, handler
from programs.models import AwardQuerySet
from reports import exports, tables, totals


@handler("names-export", title=_("导出名单"))
def export_names(running: Running) -> dict[str, Any]:
    """Write the names behind one figure as a workbook and keep it for download; who took it is recorded."""
    key: dict[str, str] = running.params["figure"]
    by, table = running.job.started_by, tables.table(key["scope"])
    figure = table.figure(key["program"], key["stage"], key["who"])
    awards: AwardQuerySet = totals.names(**key)
    title = _now("%(scope)s资助名单") % {"scope": table.title}
    content = exports.names(awards, figure, title=title, by=by, at=running.at)
    result = {"rows": figure.persons}
    with running.chunk(to=1, result=result):
        file = files.store(content, name=f"{title}.xlsx", kind=FileKind.EXPORT, by=by, at=running.at)
        actions.record(by, "names.exported", file, at=running.at, sha256=file.sha256, persons=figure.persons, **key)
        result["file_id"] = file.pk
    return result
