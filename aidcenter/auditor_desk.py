"""The auditor's first page: what was found, what is being looked up, what was asked, and what each school is short of.

A fixed number of queries, however large the county is.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from accounts.models import User
from audits import finding_words, log_checks, reviews
from audits.choices import FindingState, Lack, QuestionState, SampleState, Severity
from audits.finding_words import Shown
from audits.log_checks import Verdict
from audits.models import Finding, Question, Sample
from common.pages import counts_by
from schools.models import Term

_LINES = 5


@dataclass(frozen=True)
class Weight:
    """Open findings of one severity."""

    severity: str
    label: str
    n: int


@dataclass(frozen=True)
class Short:
    """How many schools are short of one thing."""

    code: str
    label: str
    schools: int


@dataclass(frozen=True)
class Schools:
    """Publicity and payment of all schools of a term."""

    count: int
    shorts: list[Short]


@dataclass(frozen=True)
class Desk:
    weights: list[Weight]
    gravest: list[Shown]
    samples: list[Sample]
    """Those that are not closed, with `waiting`, `sound` and `faulty` items."""
    answered: list[Question]
    overdue: list[Question]
    answered_count: int
    overdue_count: int
    verdict: Verdict | None

    @property
    def open_findings(self) -> int:
        return sum(weight.n for weight in self.weights)

    @property
    def grave(self) -> int:
        return sum(weight.n for weight in self.weights if weight.severity == Severity.GRAVE)

    @property
    def waiting_items(self) -> int:
        return sum(sample.waiting for sample in self.samples)  # type: ignore[attr-defined]


def of(user: User, term: Term, *, today: date) -> Desk:
    """Where the audit of a term stands. Questions and samples count whatever their term: they are work under way."""
    findings = Finding.objects.visible_to(user).standing().filter(term=term, state=FindingState.OPEN)
    by_severity = counts_by(findings, "severity")
    known = finding_words.programs()
    questions = Question.objects.visible_to(user)
    answered = questions.filter(state=QuestionState.ANSWERED)
    overdue = questions.overdue(today)
    return Desk(
        weights=[Weight(value, str(label), by_severity.get(value, 0)) for value, label in Severity.choices],
        gravest=[finding_words.shown(finding, known) for finding in findings.for_list()[:_LINES]],
        samples=list(Sample.objects.visible_to(user).filter(state=SampleState.OPEN).for_list()),
        answered=_first(answered),
        overdue=_first(overdue),
        answered_count=answered.count(),
        overdue_count=overdue.count(),
        verdict=log_checks.newest(),
    )


def schools_of(term: Term) -> Schools:
    """What the schools are short of. It looks at every award of the term: the page does not wait for it."""
    schools = reviews.schools_of(term)
    lacks = reviews.lacks(schools, term)
    return Schools(schools.count(), [Short(value, str(label), lacks[value]) for value, label in Lack.choices])


def _first(questions: QuerySet[Question]) -> list[Question]:
    return list(questions.select_related("school", "term").order_by("due_on", "pk")[:_LINES])
