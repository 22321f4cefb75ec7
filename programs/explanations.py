"""Why a child gets what it gets: the facts, every rule asked of them, the price, and what an award froze.

The verdicts are the award run's own: the same rulebook, the same facts, the same school that pays.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from common.money import yuan
from programs.choices import Level, Way
from programs.eligibility import Condition, Facts, Rulebook, Verdict, facts_now
from programs.models import Award, AwardQuerySet, Nomination, PolicyDocument, Program, Recognition, Rule
from programs.transfers import Transfers
from schools.choices import Ownership
from schools.models import School
from students import crosscheck_figures
from students.choices import MatchState
from students.models import Enrollment, Hardship


@dataclass(frozen=True)
class Asked:
    """One condition of a rule beside what is known of the child."""

    name: str
    asks: str
    child: str
    holds: bool


@dataclass(frozen=True)
class RuleAnswer:
    rule: Rule
    asked: list[Asked]
    document: PolicyDocument | None

    @property
    def fits(self) -> bool:
        return all(each.holds for each in self.asked)


@dataclass(frozen=True)
class Frozen:
    """One thing that an award rests on: as it was when the award was proposed or signed, and as it is today."""

    name: str
    then: str
    now: str

    @property
    def differs(self) -> bool:
        return self.then != self.now


@dataclass(frozen=True)
class Standing:
    """An award of the child and what has changed since."""

    award: Award
    frozen: list[Frozen]
    is_lost: bool
    """Today the child would not get it."""

    @property
    def differs(self) -> bool:
        return self.is_lost or any(each.differs for each in self.frozen)


@dataclass(frozen=True)
class HardshipLine:
    """A category with the line of a list that it rests on, and why that line is this child."""

    fact: Hardship
    why: str


@dataclass(frozen=True)
class Answer:
    """What one program says of the child."""

    program: Program
    verdict: Verdict
    rules: list[RuleAnswer]
    nomination: Nomination | None
    standing: Standing | None
    dropped: Award | None
    paid_by: School | None
    """The child's other school of the term, where that one pays."""
    held_back_by: list[Program]
    """Programs of awards that stand and with which this one does not go together: no run proposes it beside them."""
    price_document: PolicyDocument | None

    @property
    def is_given(self) -> bool:
        return self.verdict.entitled and self.paid_by is None and not self.held_back_by

    @property
    def must_be_nominated(self) -> bool:
        return self.program.way == Way.SCHOOL


@dataclass(frozen=True)
class Explanation:
    enrollment: Enrollment
    facts: Facts
    hardships: list[HardshipLine]
    recognition: Recognition | None
    answers: list[Answer]
    not_for_the_stage: list[Program] = field(default_factory=list)

    @property
    def given(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.is_given]

    @property
    def others(self) -> list[Answer]:
        return [answer for answer in self.answers if not answer.is_given]


def explain(enrollment: Enrollment, *, awards: AwardQuerySet) -> Explanation:
    """Everything that decides about one child in one term; a fixed number of queries.

    Of the child's awards only those are laid open that are among `awards`, as far as the reader may see them.
    """
    return _Explainer(enrollment, awards).explanation()


class _Explainer:
    """One child's facts, awards and names, read once."""

    def __init__(self, enrollment: Enrollment, awards: AwardQuerySet) -> None:
        self.enrollment, self.term = enrollment, enrollment.term
        self.rulebook, self.facts = Rulebook(self.term), facts_now(enrollment)
        self.transfers = Transfers(self.term, students=[enrollment.student_id])
        mine: dict[str, Any] = {"student": enrollment.student_id, "term": self.term}
        self.documents = {document.number: document for document in PolicyDocument.objects.order_by("pk")}
        named = Nomination.objects.filter(**mine, is_current=True).select_related("school", "set_by")
        self.nominations = {each.program_id: each for each in named.order_by("pk")}
        self.standing: dict[str, Award] = {}
        self.dropped: dict[str, Award] = {}
        self.open_to_reader = set(awards.filter(**mine).values_list("pk", flat=True))
        for award in self._awards(mine):
            (self.dropped if award.state == "dropped" else self.standing)[award.program_id] = award

    def _awards(self, mine: dict[str, Any]) -> Iterable[Award]:
        shown = ("program", "school", "stage", "category", "rule", "standard", "school_fee", "list", "tier_by")
        return Award.objects.filter(**mine).select_related(*shown).order_by("pk")

    def explanation(self) -> Explanation:
        verdicts = self.rulebook.judge(self.facts)
        for_stage = [each for each in verdicts if self.facts.stage in self.rulebook.stages[each.program.code]]
        given = {verdict.program.code for verdict in verdicts if verdict.entitled}
        return Explanation(
            enrollment=self.enrollment,
            facts=self.facts,
            hardships=[HardshipLine(fact, _why(fact)) for fact in self._hardships()],
            recognition=self._recognition,
            answers=[self._answer(verdict, given) for verdict in for_stage],
            not_for_the_stage=[each.program for each in verdicts if each not in for_stage],
        )

    def _hardships(self) -> Iterable[Hardship]:
        facts = Hardship.objects.in_force(self.term).filter(student=self.enrollment.student_id)
        shown = ("category", "snapshot__source", "match__person", "match__enrollment__student", "match__decided_by")
        return facts.select_related(*shown).order_by("category__priority", "pk")

    @cached_property
    def _recognition(self) -> Recognition | None:
        found = Recognition.objects.in_force(self.term).filter(student=self.enrollment.student_id)
        return found.select_related("list__school", "list__file", "list__carried_from").last_holds().last()

    def _answer(self, verdict: Verdict, given: set[str]) -> Answer:
        program = verdict.program
        priced_by = verdict.school_fee or verdict.standard
        held = [each.program for code, each in self.standing.items() if code not in given]
        return Answer(
            program=program,
            verdict=verdict,
            rules=[self._rule(condition) for condition in self.rulebook.conditions[program.code]],
            nomination=self.nominations.get(program.code),
            standing=self._standing(verdict),
            dropped=self._dropped(program),
            paid_by=self._paid_by(verdict),
            held_back_by=self._held_back_by(verdict, held),
            price_document=self.documents.get(priced_by.document_no) if priced_by else None,
        )

    def _dropped(self, program: Program) -> Award | None:
        award = None if program.code in self.standing else self.dropped.get(program.code)
        return award if award is not None and award.pk in self.open_to_reader else None

    def _paid_by(self, verdict: Verdict) -> School | None:
        paying = self.transfers.paying(self.enrollment.student_id, verdict.program.code)
        if not verdict.entitled or paying in (None, self.enrollment.pk):
            return None
        return Enrollment.objects.select_related("school").get(pk=paying).school

    def _held_back_by(self, verdict: Verdict, held: list[Program]) -> list[Program]:
        if not verdict.entitled or verdict.program.code in self.standing:
            return []
        excluded = self.rulebook.excluded.get(verdict.program.code, set())
        return [other for other in held if other.code in excluded]

    def _rule(self, condition: Condition) -> RuleAnswer:
        misses = set(condition.misses(self.facts))
        asked = [
            Asked(name=name, asks=asks, child=self._of_child(fact), holds=fact not in misses)
            for fact, name, asks in _asks(condition)
        ]
        return RuleAnswer(condition.rule, asked, self.documents.get(condition.rule.document_no))

    def _of_child(self, fact: str) -> str:
        facts, enrollment = self.facts, self.enrollment
        if fact == "categories":
            names = [_(self.rulebook.categories[code].name) for code in sorted(facts.categories, key=self._priority)]
            return _("、").join(names) or _("名单比对没有记录")
        if fact == "level":
            return str(Level(facts.level).label) if facts.level else _("没有认定为困难")
        if fact == "stage":
            return str(enrollment.stage)
        if fact == "school_kind":
            return str(enrollment.school.kind)
        if fact == "ownership":
            return str(enrollment.school.get_ownership_display())
        value = getattr(facts, fact)
        return str(value) if fact == "grade" else _yes_or_no(fact, value)

    def _priority(self, category: str) -> int:
        return self.rulebook.categories[category].priority

    def _standing(self, verdict: Verdict) -> Standing | None:
        award = self.standing.get(verdict.program.code)
        if award is None or award.pk not in self.open_to_reader:
            return None
        if award.tier_by_id is not None and verdict.entitled:
            at_tier = self.rulebook.at_tier(verdict, self.facts, award.tier)
            verdict = at_tier if at_tier.entitled else verdict
        return Standing(award, list(self._frozen(award, verdict)), is_lost=not verdict.entitled)

    def _frozen(self, award: Award, verdict: Verdict) -> Iterator[Frozen]:
        enrollment = self.enrollment
        category = self.rulebook.report_category(self.facts.categories)
        yield Frozen(_("学校"), award.school.name, enrollment.school.name)
        yield Frozen(
            _("年级班级"),
            f"{award.stage} {award.grade}{award.class_name}",
            f"{enrollment.stage} {enrollment.grade}{enrollment.class_name}",
        )
        yield Frozen(
            _("就读方式"),
            _yes_or_no("is_boarding", award.is_boarding),
            _yes_or_no("is_boarding", enrollment.is_boarding),
        )
        yield Frozen(_("统计困难类型"), str(award.category or "—"), str(category or "—"))
        yield Frozen(_("认定等级"), _level(award.level), _level(self._recognition.level if self._recognition else ""))
        if not verdict.entitled:
            return
        yield Frozen(_("享受条件"), award.rule.description, verdict.rule.description if verdict.rule else "—")
        yield Frozen(_("档次"), award.tier or "—", verdict.tier or "—")
        yield Frozen(
            _("标准依据"),
            (award.school_fee or award.standard).document_no,
            priced_by.document_no if (priced_by := verdict.school_fee or verdict.standard) else "—",
        )
        yield Frozen(_("金额（元）"), yuan(award.amount_fen), yuan(verdict.amount_fen))


def _why(fact: Hardship) -> str:
    if fact.match.state == MatchState.CONFIRMED:
        return _("人工核实为同一人")
    return crosscheck_figures.sentence(fact.match)


def _level(level: str) -> str:
    return str(Level(level).label) if level else "—"


def _asks(condition: Condition) -> Iterator[tuple[str, str, str]]:
    """(fact, what it is called, what the rule asks) of every condition that a rule sets, in the rule's own order."""
    rule, between = condition.rule, _(" 或 ")
    if condition.categories:
        categories = sorted(rule.categories.all(), key=lambda category: category.priority)
        yield "categories", _("困难类型"), between.join(str(category) for category in categories)
    words = {
        "level": (_("认定等级"), [str(level.label) for level in Level if level in rule.levels]),
        "stage": (_("学段"), [str(stage) for stage in rule.stages.all()]),
        "grade": (_("年级"), rule.grades),
        "school_kind": (_("学校类型"), [str(kind) for kind in rule.school_kinds.all()]),
        "ownership": (_("办别"), [str(each.label) for each in Ownership if each in rule.ownerships]),
        "is_boarding": (_("就读方式"), [_yes_or_no("is_boarding", rule.is_boarding)]),
        "is_rural": (_("户口"), [_yes_or_no("is_rural", rule.is_rural)]),
        "is_county_town": (_("学校所在地"), [_yes_or_no("is_county_town", rule.is_county_town)]),
        "is_registered": (_("学籍"), [_yes_or_no("is_registered", rule.is_registered)]),
    }
    for fact, _values in condition.asks:
        name, asked = words[fact]
        yield fact, name, between.join(asked)


def _yes_or_no(fact: str, value: bool | None) -> str:
    if value is None:
        return _("没有填报")
    yes, no = {
        "is_boarding": (_("寄宿"), _("走读")),
        "is_rural": (_("农村户口"), _("城镇户口")),
        "is_county_town": (_("在县城"), _("不在县城")),
        "is_registered": (_("有学籍"), _("没有学籍")),
    }[fact]
    return yes if value else no
