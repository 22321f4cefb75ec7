"""The background runs of this stage."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from audits import finding_runs
from jobs.run import Running, handler
from schools.models import Term


@handler("findings-run", title=_("核查疑点"))
def run_findings(running: Running) -> dict[str, Any]:
    return finding_runs.run(Term.objects.get(pk=running.params["term_id"]), running=running)
