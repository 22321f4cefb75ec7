"""What an auditor looks for: the named rules, and what people say to what they find.

A rule looks through a term's rows and yields what it found; a run (audits.finding_runs) keeps it as findings. Apps
above this one add theirs in a module of the same name, the auditor's own stand in `audits.rules`. A finding is never
more than a question: people explain it, mend it or confirm it, in words that stay.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from audits.choices import FINDING_MOVES, FindingState, Severity
from audits.models import Finding, FindingWord
from common.moves import Refused, move
from common.redaction import redact
from common.roles import COUNTY, Role
from schools.models import Term

Evidence = tuple[str, int | str, Mapping[str, Any]]
"""Which table ("programs.award"), which row, and what it said: numbers and codes."""

SEVERITY_ORDER = {Severity.GRAVE: 0, Severity.SERIOUS: 1, Severity.NOTABLE: 2}


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a rule found. The same thing has the same key in every run, made of numbers of rows.

    `facts` fill the rule's sentence: numbers and codes, never a name or an id. Amounts are in fen.
    """

    key: str
    school_id: int | None = None
    student_id: int | None = None
    amount_fen: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    evidence: Iterable[Evidence] = ()


Look = Callable[[Term, date], Iterable[Found]]
"""What a rule does: it looks through a term as on a day, in a fixed number of queries."""


@dataclass(frozen=True)
class Rule:
    """A named rule, in the office's words."""

    code: str
    title: Any
    severity: Severity
    basis: Any
    """The document that it rests on, by its number, and what that asks."""
    sentence: Any
    """Filled with the facts of a finding: `%(paid_fen)s` is shown in yuan, `%(program)s` by the program's name."""
    advice: Any
    """What to look at, and what is harmless."""
    look: Look
    choices: Mapping[str, type[TextChoices]] = field(default_factory=dict)
    """Facts that are codes of choices, to be shown by their labels."""


RULES: dict[str, Rule] = {}
"""By code, in the order in which they were registered."""


def rule(
    code: str,
    *,
    title: Any,
    severity: Severity,
    basis: Any,
    sentence: Any,
    advice: Any,
    choices: Mapping[str, type[TextChoices]] | None = None,
) -> Callable[[Look], Look]:
    """Register a function that looks for one kind of thing."""

    def register(look: Look) -> Look:
        RULES[code] = Rule(code, title, severity, basis, sentence, advice, look, choices or {})
        return look

    return register


class WordsMissing(Refused):
    code = "finding-words-missing"
    message = _("请写明情况。")


class NotTheCounty(Refused):
    code = "finding-not-the-county"
    message = _("说明和整改由县级经办、审核人员填写。")


class NotAnAuditor(Refused):
    code = "finding-not-an-auditor"
    message = _("确认问题和重新打开只能由审计人员办理。")


@transaction.atomic
def explain(finding: Finding, words: str, *, by: User, at: datetime) -> FindingWord:
    """County staff say why it is as it is and nothing is wrong."""
    if by.role not in COUNTY:
        raise NotTheCounty()
    return _say(finding, FindingState.EXPLAINED, words, by=by, at=at)


@transaction.atomic
def mend(finding: Finding, words: str, *, by: User, at: datetime) -> FindingWord:
    """County staff say what they did about it. A later run that still finds it opens it again."""
    if by.role not in COUNTY:
        raise NotTheCounty()
    return _say(finding, FindingState.MENDED, words, by=by, at=at)


@transaction.atomic
def confirm(finding: Finding, words: str, *, by: User, at: datetime) -> FindingWord:
    """An auditor says that something is wrong indeed."""
    if by.role != Role.AUDITOR:
        raise NotAnAuditor()
    return _say(finding, FindingState.CONFIRMED, words, by=by, at=at)


@transaction.atomic
def reopen(finding: Finding, words: str, *, by: User, at: datetime) -> FindingWord:
    """An auditor is not content with what was said, or takes back a word."""
    if by.role != Role.AUDITOR:
        raise NotAnAuditor()
    return _say(finding, FindingState.OPEN, words, by=by, at=at)


def _say(finding: Finding, state: FindingState, words: str, *, by: User, at: datetime) -> FindingWord:
    said = redact(words).strip()[:500]
    if not said:
        raise WordsMissing()
    move(finding, state, moves=FINDING_MOVES)
    word = FindingWord.objects.create(finding=finding, state=state, words=said, by=by, at=at)
    actions.record(by, f"finding.{_VERBS[state]}", finding, at=at)
    return word


_VERBS = {
    FindingState.EXPLAINED: "explained",
    FindingState.MENDED: "mended",
    FindingState.CONFIRMED: "confirmed",
    FindingState.OPEN: "reopened",
}
