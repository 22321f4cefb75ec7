"""What the control totals of audits.checks compare with the reports."""

from django.utils.translation import gettext_lazy as _

from audits.checks import Fen, check, programs, sums
from programs.models import Award
from reports import totals
from schools.models import Term


@check(title=_("资助明细合计等于报表"), left=_("已审定资助"), right=_("统计报表"), places=programs)
def awards_and_report(term: Term) -> tuple[Fen, Fen]:
    figures = totals.figures(term.code)
    reported = {
        figure.program: figure.amount_fen
        for figure in figures
        if figure.who == totals.ALL and not figure.stage and figure.program != totals.EVERY_PROGRAM
    }
    return sums(Award.objects.confirmed().filter(term=term), "program"), reported
