"""What an auditor looks for in reports that were handed in: figures that no longer hold, rows that were exchanged."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext_lazy as _

from audits.choices import Severity
from audits.findings import Evidence, Found, rule
from reports import figure_changes, handed_in
from reports.choices import Layout
from reports.models import HandedIn
from reports.scopes import NoSuchScope, terms_of
from schools.models import Term

EVIDENCE = 20
"""Changed awards that a finding rests on; the page of the report has them all."""


def _newest(term: Term) -> Iterator[HandedIn]:
    """The newest version of every table whose last term this is: a year's report is looked at once."""
    for report in HandedIn.objects.in_force().select_related("rows").order_by("scope", "layout", "pk"):
        try:
            last = terms_of(report.scope)[-1]
        except NoSuchScope:
            continue
        if last == term:
            yield report


@rule(
    "handed-in-no-longer-holds",
    title=_("上报的数字与现在不符"),
    severity=Severity.SERIOUS,
    basis=_("财教〔2021〕310号（普通高中、中职）、财教〔2021〕56号（义务教育）：如实申报学生人数，不得弄虚作假"),
    sentence=_(
        "%(scope)s %(layout)s第 %(version)s 版上报 %(was_fen)s 元、%(was)s 人次，现在是 %(now_fen)s 元、%(now)s 人次；"
        "不再计入 %(gone)s 条、新增 %(new)s 条、变动 %(changed)s 条；"
        "表中与上报时不同的数字 %(figures)s 处。"
    ),
    advice=_("在“已上报”里逐条看变动的资助。补充名单审定后数字会增加，属于正常，按规定交新版并写明原因即可。"),
    choices={"layout": Layout},
)
def no_longer_holds(term: Term, today: date) -> Iterator[Found]:
    """A table whose figures, counted now, are other than those that were handed in; a newer version settles it."""
    for report in _newest(term):
        if not handed_in.fault(report).is_whole or not (figures := figure_changes.changes(report)):
            continue
        now = list(handed_in.rows_now(report.scope))
        found = handed_in.differences(report, rows=now)
        changes = [*found.gone, *found.changed, *found.new]
        rows: list[Evidence] = [("reports.handedin", report.pk, {"sha256": report.rows_sha256})]
        for change in [each for each in changes if each.now is not None][:EVIDENCE]:
            rows.append(("programs.award", change.row.award, {"was_fen": change.was.amount_fen if change.was else 0}))
        now_fen = sum(row.amount_fen for row in now)
        yield Found(
            key=f"report:{report.pk}",
            amount_fen=abs(now_fen - report.amount_fen),
            facts={
                "scope": report.scope,
                "layout": report.layout,
                "version": report.version,
                "was_fen": report.amount_fen,
                "was": report.awards,
                "now_fen": now_fen,
                "now": len(now),
                "gone": len(found.gone),
                "new": len(found.new),
                "changed": len(found.changed),
                "figures": len(figures),
            },
            evidence=rows,
        )


@rule(
    "handed-in-rows-exchanged",
    title=_("上报报表的明细被改动"),
    severity=Severity.GRAVE,
    basis=_("《会计档案管理办法》（财政部、国家档案局令第79号）：保证电子会计档案真实、完整、可用、安全"),
    sentence=_(
        "%(scope)s %(layout)s第 %(version)s 版保存的明细缺失、被改动，或者与上报的 %(was_fen)s 元、%(was)s 人次对不上。"
    ),
    advice=_("系统不提供修改的功能；一旦出现，请保留现场，从备份恢复明细文件，并查服务器的登录记录。"),
    choices={"layout": Layout},
)
def rows_exchanged(term: Term, today: date) -> Iterator[Found]:
    """The kept rows have another digest, or no longer add up to the kept figures."""
    for report in _newest(term):
        if not handed_in.fault(report).is_whole:
            yield Found(
                key=f"report:{report.pk}",
                amount_fen=report.amount_fen,
                facts={
                    "scope": report.scope,
                    "layout": report.layout,
                    "version": report.version,
                    "was_fen": report.amount_fen,
                    "was": report.awards,
                },
                evidence=[("reports.handedin", report.pk, {"sha256": report.rows_sha256})],
            )
