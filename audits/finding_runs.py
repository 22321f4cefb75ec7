"""A run of the rules over a term: what they find is kept, what they find no more is gone and stays on record.

Findings are known again by rule and key, so what people said of them stays. One that was gone and is found again
stands again with its state; one that was called mended and is found all the same is open again, and says so.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts import actions
from accounts.models import User
from audits.choices import FindingState
from audits.findings import RULES, SEVERITY_ORDER, Found, Rule
from audits.models import Finding, FindingEvidence, FindingQuerySet, FindingWord
from common.bulk import in_parts, insert, upsert
from common.moves import Refused
from jobs import run as jobs
from jobs.models import Job
from jobs.run import Running
from schools.models import Term

KIND = "findings-run"
CAME_BACK = gettext_noop("已登记整改，之后的核查仍然发现，自动重新打开。")

_FINDING = (
    "term", "rule", "key", "severity", "severity_order", "school", "student", "amount_fen", "facts", "state",
    "first_found_at", "last_found_at", "gone_at",
)  # fmt: skip
_RENEWED = ("severity", "severity_order", "school", "student", "amount_fen", "facts", "last_found_at", "gone_at")
_EVIDENCE = ("finding", "position", "row_type", "row_id", "facts")


class Overtaken(Refused):
    code = "findings-overtaken"
    message = _("这次核查发起以后，已经有更新的核查结果，不再继续。")


@transaction.atomic
def begin(term: Term, *, by: User, at: datetime) -> Job:
    """Order a run. One that waits or is at work already is this one too, whoever pressed the button."""
    mine = Job.objects.filter(kind=KIND, term=term)
    if (under_way := mine.under_way()) is not None:
        return under_way
    job = jobs.start(KIND, by=by, at=at, key=f"{KIND}:{term.pk}:{mine.count()}", term=term, term_id=term.pk)
    if job.started_by_id == by.pk and job.created_at == at:
        actions.record(by, "findings.run-begun", term, at=at)
    return job


def last_job(term: Term) -> Job | None:
    """The newest run of a term, however it stands."""
    return Job.objects.filter(kind=KIND, term=term).order_by("-pk").first()


def run(term: Term, *, running: Running) -> dict[str, Any]:
    """Every rule over a term, one chunk for each."""
    if Finding.objects.filter(term=term, last_found_at__gt=running.at).exists():
        raise Overtaken()
    rules = list(RULES.values())
    running.report_total(len(rules))
    for number, rule in enumerate(rules, start=1):
        if number > running.cursor:
            # Looked for before the chunk: while one writes, on SQLite everybody else waits.
            found = {each.key: each for each in rule.look(term, timezone.localdate(running.at))}
            with running.chunk(to=number):
                _keep(rule, term, found.values(), by=running.job.started_by, at=running.at)
    findings = Finding.objects.filter(term=term)
    result: dict[str, Any] = {}
    with running.chunk(to=running.cursor, result=result):
        # Of a rule that is no more.
        findings.filter(gone_at=None).exclude(rule__in=RULES).update(gone_at=running.at)
        result |= {
            "findings": findings.standing().count(),
            "new": findings.filter(first_found_at=running.at).count(),
            "gone": findings.filter(gone_at=running.at).count(),
        }
        actions.record(running.job.started_by, "findings.run-done", term, at=running.at, **result)
    return result


def _keep(rule: Rule, term: Term, found: Iterable[Found], *, by: User, at: datetime) -> None:
    mine = Finding.objects.filter(term=term, rule=rule.code)
    for part in in_parts(found, 5_000):
        rows = [_row(rule, term, each, at) for each in part]
        upsert(Finding, _FINDING, rows, unique=_FINDING[:3], update=_RENEWED)
    mine.filter(gone_at=None, last_found_at__lt=at).update(gone_at=at)
    _keep_evidence(mine, found, at)
    _open_again(mine, by=by, at=at)


def _row(rule: Rule, term: Term, each: Found, at: datetime) -> tuple[Any, ...]:
    return (
        term.pk, rule.code, each.key, rule.severity.value, SEVERITY_ORDER[rule.severity], each.school_id,
        each.student_id, each.amount_fen, dict(each.facts), FindingState.OPEN.value, at, at, None,
    )  # fmt: skip


def _keep_evidence(mine: FindingQuerySet, found: Iterable[Found], at: datetime) -> None:
    """What is found again rests on the rows of today; what is gone keeps those that it had."""
    standing = mine.filter(last_found_at=at)
    FindingEvidence.objects.filter(finding__in=standing.order_by().values("pk")).delete()
    numbers = dict(standing.order_by().values_list("key", "pk"))
    for part in in_parts(found, 5_000):
        insert(
            FindingEvidence,
            _EVIDENCE,
            [
                (numbers[each.key], position, row_type, str(row_id), dict(facts))
                for each in part
                for position, (row_type, row_id, facts) in enumerate(each.evidence, start=1)
            ],
        )


def _open_again(mine: FindingQuerySet, *, by: User, at: datetime) -> None:
    """Whatever was called mended before this run was ordered, and is there."""
    said_since = FindingWord.objects.filter(finding=OuterRef("pk"), state=FindingState.MENDED, at__gte=at)
    mended = mine.filter(last_found_at=at, state=FindingState.MENDED).exclude(Exists(said_since))
    numbers = list(mended.order_by("pk").values_list("pk", flat=True))
    for part in in_parts(numbers):
        Finding.objects.filter(pk__in=part, state=FindingState.MENDED).update(state=FindingState.OPEN)
        FindingWord.objects.bulk_create(
            [FindingWord(finding_id=pk, state=FindingState.OPEN, words=CAME_BACK, by=by, at=at) for pk in part]
        )
