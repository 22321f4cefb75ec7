"""The background runs of this stage."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from audits import dossier, finding_runs, log_checks, samples, trail_export
from jobs.run import Running, handler
from schools.models import Term


@handler("findings-run", title=_("核查疑点"))
def run_findings(running: Running) -> dict[str, Any]:
    return finding_runs.run(Term.objects.get(pk=running.params["term_id"]), running=running)


@handler("sample-draw", title=_("抽取抽查对象"))
def draw_sample(running: Running) -> dict[str, Any]:
    params = dict(running.params)
    term = Term.objects.get(pk=params.pop("term_id"))
    return samples.draw_in_background(term, samples.Order(**params), running=running)


@handler("log-check", title=_("核验操作日志"))
def check_log(running: Running) -> dict[str, Any]:
    return log_checks.run(running)


@handler("actions-export", title=_("导出操作日志"))
def export_actions(running: Running) -> dict[str, Any]:
    return trail_export.run(running)


@handler("dossier", title=_("制作审计案卷"))
def make_dossier(running: Running) -> dict[str, Any]:
    return dossier.make(running)
