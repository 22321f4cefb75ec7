"""What a text's own terms contradict, and the reading that fits: proposals, never corrections.

Of all figures in a term that fails, the one is sought whose change mends the most terms and breaks none, and whose
printed form is best explained as a misprint of it. Where two fit equally well both are named; where nothing is sure
enough, nothing is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from common.moves import Refused
from reports.published import headlines, structure
from reports.published.entries import entries
from reports.published.figures import Figure
from reports.published.misprints import Explanation, Slip, explain
from reports.published.periods import years
from reports.published.terms import Rule, Term

MOST_LINES = 600
"""A year's summary has some two hundred figures."""
MOST_DOUBT = 0.05
"""Above this the text is left in peace."""
_BROKEN, _SOFTLY_BROKEN, _MENDED_TOO, _SOFTLY_MENDED = 1000.0, 30.0, 0.01, 0.3
_WELL_EXPLAINED, _EXPLAINED = 0.03, 0.25
"""Between explanations, how good they are decides little: an easy one may be the true one."""
_MOST_READINGS = 4
"""With more readings than these none is of help."""
_AS_GOOD = 10.0
"""Readings whose doubts differ by less than this factor are equally good."""


class TooManyFigures(Refused):
    code = "too-many-figures"
    message = _("数字太多，不像是一份总结。请分几次核对。")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a figure may have been, in its own unit, and why."""

    figure: Figure
    text: str
    value: Decimal
    slip: Slip
    confirmed_by: tuple[Rule, ...]
    fails: tuple[Rule, ...] = ()
    """What would no longer hold with it: only of readings that are offered beside others."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A contradiction: the rules that fail, the figures marked, those they contradict, and the readings that fit.

    One reading is a proposal; several are equally good; none means that nothing in the text tells what was meant.
    `sum_of_lines` is what a whole's parts add up to; `no_choice_fits` where no selection of them gives it.
    """

    rules: tuple[Rule, ...]
    figures: tuple[Figure, ...]
    against: tuple[Figure, ...]
    readings: tuple[Reading, ...] = ()
    sum_of_lines: str = ""
    no_choice_fits: bool = False

    @property
    def is_sure(self) -> bool:
        return len(self.readings) == 1


@dataclass(frozen=True, slots=True)
class Answer:
    """The contradictions of a text in the order of their places, and how much there was to hold against each other."""

    findings: list[Finding]
    figures: int
    relations: int


def read(text: str) -> Answer:
    """What a text's own terms contradict, or TooManyFigures. Nothing is kept."""
    lines = entries(text)
    if len(lines) > MOST_LINES:
        raise TooManyFigures()
    values: dict[Figure, Decimal] = {}
    for line in lines:
        for figure in (line.heads, line.money, *line.rates):
            if figure:
                values[figure] = figure.value
    rates = structure.rate_terms(lines)
    exact = structure.exact_money(rates, values)
    found_years = years(lines, values, exact)
    terms = [*rates, *structure.all_terms(lines, values, exact, found_years)]
    totals = headlines.totals(lines, values)
    terms += [term for given in totals for term in given.terms]
    relations = sum(not term.is_soft for term in terms)
    bench = _Bench(terms, values)
    findings = bench.findings()
    for contradiction in headlines.contradictions(totals, found_years, bench.values):
        words = contradiction.figure.written(contradiction.sum_of_lines)
        findings.append(Finding((Rule.HEADLINE,), (contradiction.figure,), contradiction.lines, (), words, True))
        relations += 1
    return Answer(sorted(findings, key=lambda finding: finding.figures[0].start), len(values), relations)


@dataclass(slots=True)
class _Candidate:
    figure: Figure
    value: Decimal
    explanation: Explanation
    mended: list[Term] = field(default_factory=list)
    softly_mended: list[Term] = field(default_factory=list)
    broken: list[Term] = field(default_factory=list)
    doubt: float = 1.0
    rank: float = 1.0

    def reading(self) -> Reading:
        rules = tuple(dict.fromkeys(term.rule for term in [*self.mended, *self.softly_mended]))
        fails = tuple(dict.fromkeys(term.rule for term in self.broken))
        return Reading(self.figure, self.explanation.reading, self.value, self.explanation.slip, rules, fails)


class _Bench:
    """Weighs readings against all terms at once, the surest first."""

    def __init__(self, terms: Sequence[Term], values: dict[Figure, Decimal]) -> None:
        self.values = dict(values)
        self._terms = list(terms)
        self._of: dict[Figure, list[Term]] = {}
        for term in terms:
            for figure in term.figures:
                self._of.setdefault(figure, []).append(term)
        self._answered: set[Term] = set()

    def findings(self) -> list[Finding]:
        found = []
        while best := self._best():
            term, candidates = best
            found.append(self._finding(term, candidates))
        return found

    def _open(self) -> list[Term]:
        return [
            term
            for term in self._terms
            if not term.is_soft and term not in self._answered and not term.holds(self.values)
        ]

    def _best(self) -> tuple[Term, list[_Candidate]] | None:
        """The failing term whose best reading is the surest, with the readings that are as good."""
        best: tuple[float, Term, list[_Candidate]] | None = None
        for term in self._open():
            candidates = sorted(self._candidates(term), key=lambda candidate: candidate.rank)
            rank = candidates[0].rank if candidates else 1.0
            as_good = [candidate for candidate in candidates if candidate.rank <= rank * _AS_GOOD]
            doubt = min((c.doubt * (5 if c.broken else 1) for c in as_good), default=term.doubt)
            if doubt > MOST_DOUBT or (not candidates and term.residuals):
                continue
            if best is None or rank < best[0]:
                best = rank, term, as_good
        if best is None:
            return None
        _rank, term, as_good = best
        explained = [candidate for candidate in as_good if candidate.explanation.slip]
        return term, explained or as_good

    def _candidates(self, term: Term) -> list[_Candidate]:
        found = []
        for figure in term.figures:
            for value in term.solved(figure, self.values):
                candidate = self._weighed(figure, value, term)
                if candidate:
                    found.append(candidate)
        return found

    def _weighed(self, figure: Figure, value: Decimal, cause: Term) -> _Candidate | None:
        explanation = explain(figure, value, slack=cause.slack)
        is_cut_off = any(other.is_incomplete for other in cause.figures)
        if is_cut_off and not (figure.is_incomplete and explanation.reading.startswith(figure.printed)):
            return None
        candidate = _Candidate(figure, value, explanation)
        after = {**self.values, figure: value}
        softly_broken = 0
        for term in self._of[figure]:
            held, holds = term.holds(self.values), term.holds(after)
            if holds and not held:
                (candidate.softly_mended if term.is_soft else candidate.mended).append(term)
            elif held and not holds:
                softly_broken += term.is_soft
                candidate.broken += [] if term.is_soft else [term]
        if cause not in candidate.mended:
            return None
        others = len(candidate.mended) - 1
        candidate.doubt = cause.doubt * explanation.chance * _MENDED_TOO**others
        candidate.doubt *= _SOFTLY_MENDED ** len(candidate.softly_mended)
        chance = min(max(explanation.chance, _WELL_EXPLAINED), _EXPLAINED) if explanation.slip else 1.0
        candidate.rank = candidate.doubt / explanation.chance * chance
        candidate.rank *= _BROKEN ** len(candidate.broken) * _SOFTLY_BROKEN**softly_broken
        return candidate

    def _finding(self, term: Term, candidates: list[_Candidate]) -> Finding:
        self._answered.add(term)
        if not candidates:
            return Finding((term.rule,), term.figures, ())
        best = candidates[0]
        if len(candidates) > _MOST_READINGS:
            whole = term.figures[0]
            words = whole.written(next(iter(term.solved(whole, self.values)), best.value))
            return Finding((term.rule,), (whole,), term.figures[1:], (), words)
        terms = [*best.mended, *best.softly_mended] if len(candidates) == 1 else [term]
        self._answered |= set(best.mended)
        if len(candidates) == 1:
            self.values[best.figure] = best.value
        marked = tuple(dict.fromkeys(candidate.figure for candidate in candidates))
        against = dict.fromkeys(figure for one in terms for figure in one.figures if figure not in marked)
        return Finding(
            rules=tuple(dict.fromkeys(one.rule for one in terms)),
            figures=marked,
            against=tuple(against),
            readings=tuple(candidate.reading() for candidate in candidates),
        )
