"""Who is entitled to what, how much, and why: one rulebook for the award run and for the explanation.

Everything it knows is data: rules, standards, fees and exclusions, each with its document. What holds on
the first day of the term holds for the term.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.utils.translation import gettext as _now

from common.money import yuan
from programs.choices import Basis, Level, RecognitionListState, Severity
from programs.models import Exclusion, Program, Recognition, Rule, SchoolFee, Standard
from schools.models import Term
from students.choices import CategoryGroup
from students.models import Enrollment, Hardship, HardshipCategory


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one child in one term, as far as rules ask for it."""

    school: int
    stage: str
    grade: str
    school_kind: str
    is_county_town: bool
    is_boarding: bool
    is_rural: bool
    categories: frozenset[str] = frozenset()
    level: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One program's answer for one child: entitled or not, by which rule, from which standard.

    The rule is also there where a child fits it and still gets nothing: no standard, no fee, another program before.
    """

    program: Program
    entitled: bool
    reasons: list[str]
    rule: Rule | None = None
    standard: Standard | None = None
    school_fee: SchoolFee | None = None
    tier: str = ""
    amount_fen: int = 0
    category: HardshipCategory | None = None


@dataclass(slots=True)
class _Condition:
    rule: Rule
    categories: frozenset[str]
    stages: frozenset[str]
    levels: frozenset[str]
    grades: frozenset[str]

    def asks_for_hardship(self) -> bool:
        return bool(self.categories or self.levels)

    def fits(self, facts: Facts) -> bool:
        rule = self.rule
        return (
            (not self.categories or bool(self.categories & facts.categories))
            and (not self.levels or facts.level in self.levels)
            and (not self.stages or facts.stage in self.stages)
            and (not self.grades or facts.grade in self.grades)
            and (rule.is_boarding is None or rule.is_boarding == facts.is_boarding)
            and (rule.is_rural is None or rule.is_rural == facts.is_rural)
            and (rule.is_county_town is None or rule.is_county_town == facts.is_county_town)
        )

    def misses(self, facts: Facts) -> list[str]:
        """What of the rule the child does not fulfil, in sentences."""
        rule = self.rule
        words: list[str] = []
        if self.categories and not self.categories & facts.categories:
            words.append(_now("没有规定的困难类型"))
        if self.levels and facts.level not in self.levels:
            words.append(_now("没有被认定为家庭经济困难学生，或认定等级不符"))
        if self.stages and facts.stage not in self.stages:
            words.append(_now("不在规定的学段"))
        if self.grades and facts.grade not in self.grades:
            words.append(_now("不在规定的年级"))
        if rule.is_boarding is not None and rule.is_boarding != facts.is_boarding:
            words.append(_now("不是寄宿生") if rule.is_boarding else _now("是寄宿生"))
        if rule.is_rural is not None and rule.is_rural != facts.is_rural:
            words.append(_now("不是农村户口") if rule.is_rural else _now("是农村户口"))
        if rule.is_county_town is not None and rule.is_county_town != facts.is_county_town:
            words.append(_now("不在县城学校就读") if rule.is_county_town else _now("在县城学校就读"))
        return words


@dataclass
class Rulebook:
    """All that decides awards in one term, read once."""

    term: Term
    programs: list[Program] = field(default_factory=list)

    def __post_init__(self) -> None:
        day = self.term.starts_on
        self.programs = list(
            Program.objects.filter(terms__term=self.term).prefetch_related("stages").order_by("position", "code")
        )
        self.stages = {program.code: {stage.code for stage in program.stages.all()} for program in self.programs}
        self.categories = {category.code: category for category in HardshipCategory.objects.all()}
        self.conditions: dict[str, list[_Condition]] = defaultdict(list)
        for rule in Rule.objects.on(day).prefetch_related("categories", "stages").order_by("position", "pk"):
            self.conditions[rule.program_id].append(
                _Condition(
                    rule=rule,
                    categories=frozenset(category.code for category in rule.categories.all()),
                    stages=frozenset(stage.code for stage in rule.stages.all()),
                    levels=frozenset(rule.levels),
                    grades=frozenset(rule.grades),
                )
            )
        self.standards: dict[str, list[Standard]] = defaultdict(list)
        for standard in Standard.objects.on(day).order_by("pk"):
            self.standards[standard.program_id].append(standard)
        self.fees: dict[tuple[int, str], SchoolFee] = {
            (fee.school_id, fee.program_id): fee for fee in SchoolFee.objects.on(day).order_by("valid_from", "pk")
        }
        self.excluded: dict[str, set[str]] = defaultdict(set)
        for exclusion in Exclusion.objects.filter(severity=Severity.BLOCK):
            self.excluded[exclusion.program_id].add(exclusion.other_id)
            self.excluded[exclusion.other_id].add(exclusion.program_id)

    def open_stages(self) -> set[str]:
        """Stages in which a child may be entitled without any hardship on record (rural vocational pupils)."""
        return {
            stage
            for program in self.programs
            for condition in self.conditions[program.code]
            if not condition.asks_for_hardship()
            for stage in (condition.stages or self.stages[program.code])
        }

    def judge(self, facts: Facts, *, in_words: bool = True) -> list[Verdict]:
        """Every program's verdict; of two that exclude each other the first by position holds.

        Reasons in words are most of the work: whoever judges a county goes without.
        """
        verdicts: list[Verdict] = []
        held: list[Program] = []
        for program in self.programs:
            verdict = self._judge_program(program, facts, in_words)
            clash = [other for other in held if other.code in self.excluded[program.code]]
            if verdict.entitled and clash:
                words = [_now("与“%(program)s”不能同时享受。") % {"program": clash[0]}] if in_words else []
                verdict = Verdict(program, False, words, rule=verdict.rule)
            if verdict.entitled:
                held.append(program)
            verdicts.append(verdict)
        return verdicts

    def entitled(self, facts: Facts) -> list[Verdict]:
        """What the child gets, without words."""
        return [verdict for verdict in self.judge(facts, in_words=False) if verdict.entitled]

    def report_category(self, categories: Iterable[str]) -> HardshipCategory | None:
        """The one category reports count a child under: the first by priority."""
        known = [self.categories[code] for code in categories if code in self.categories]
        return min(known, key=lambda category: category.priority, default=None)

    def is_registered_poor(self, categories: Iterable[str]) -> bool:
        return any(self.categories[code].group == CategoryGroup.REGISTERED_POOR for code in categories)

    def _judge_program(self, program: Program, facts: Facts, in_words: bool) -> Verdict:
        if facts.stage not in self.stages[program.code]:
            return Verdict(program, False, [_now("本项目不面向这个学段。")] if in_words else [])
        conditions = self.conditions[program.code]
        for condition in conditions:
            if condition.fits(facts):
                return self._price(program, condition.rule, facts, in_words)
        if not in_words:
            return Verdict(program, False, [])
        reasons = [
            _now("条件“%(rule)s”不符合：%(misses)s。")
            % {"rule": condition.rule.description, "misses": _now("、").join(condition.misses(facts))}
            for condition in conditions
        ]
        return Verdict(program, False, reasons or [_now("本学期没有适用的享受条件。")])

    def tiers(self, program: Program, facts: Facts) -> list[str]:
        """The tiers of a program that have a standard for a child, in the order of the standards."""
        of_child = (standard.tier for standard in self.standards[program.code] if _is_for(standard, facts))
        return [tier for tier in dict.fromkeys(of_child) if tier]

    def at_tier(self, verdict: Verdict, facts: Facts, tier: str) -> Verdict:
        """The verdict of an entitled child if it gets another tier than its rule gives."""
        if verdict.rule is None:
            return verdict
        return self._price(verdict.program, verdict.rule, facts, in_words=False, tier=tier)

    def _price(self, program: Program, rule: Rule, facts: Facts, in_words: bool, *, tier: str | None = None) -> Verdict:
        tier = rule.tier if tier is None else tier
        standard = self._standard(program, tier, facts)
        if standard is None:
            return Verdict(program, False, [_now("符合条件，但没有适用的资助标准，请先录入标准。")], rule=rule)
        fee = None
        if standard.basis == Basis.SCHOOL_FEE:
            fee = self.fees.get((facts.school, program.code))
            if fee is None:
                return Verdict(program, False, [_now("符合条件，但学校没有核定收费标准，请先录入。")], rule=rule)
        amount_fen = fee.amount_fen if fee else standard.amount_fen or 0
        return Verdict(
            program=program,
            entitled=True,
            reasons=self._grounds(rule, amount_fen, fee or standard) if in_words else [],
            rule=rule,
            standard=standard,
            school_fee=fee,
            tier=tier,
            amount_fen=amount_fen,
            category=self.report_category(facts.categories),
        )

    def _grounds(self, rule: Rule, amount_fen: int, priced_by: Standard | SchoolFee) -> list[str]:
        return [
            _now("符合条件“%(rule)s”（%(document)s）。") % {"rule": rule.description, "document": rule.document_no},
            _now("标准每学期 %(yuan)s 元（%(document)s）。")
            % {"yuan": yuan(amount_fen), "document": priced_by.document_no},
        ]

    def _standard(self, program: Program, tier: str, facts: Facts) -> Standard | None:
        """The most specific standard in force: for this kind of school before any kind, this stage before any."""
        fitting = [
            standard for standard in self.standards[program.code] if standard.tier == tier and _is_for(standard, facts)
        ]
        return max(fitting, key=lambda s: (s.school_kind_id is not None, s.stage_id is not None), default=None)


def _is_for(standard: Standard, facts: Facts) -> bool:
    return standard.stage_id in (None, facts.stage) and standard.school_kind_id in (None, facts.school_kind)


def hardships(term: Term, students: Iterable[int] | None = None) -> dict[int, frozenset[str]]:
    """student → the categories that hold in the term."""
    facts = Hardship.objects.in_force(term)
    if students is not None:
        facts = facts.filter(student__in=list(students))
    found: dict[int, set[str]] = defaultdict(set)
    for student, category in facts.values_list("student", "category").iterator():
        found[student].add(category)
    return {student: frozenset(codes) for student, codes in found.items()}


def levels(term: Term, students: Iterable[int] | None = None) -> dict[int, str]:
    """student → the level of recognition in the term, from the lists in force."""
    rows = Recognition.objects.filter(term=term, list__state=RecognitionListState.IN_FORCE)
    if students is not None:
        rows = rows.filter(student__in=list(students))
    return dict(rows.order_by("pk").values_list("student", "level").iterator())


def facts_of(
    enrollment: Mapping[str, Any] | Enrollment,
    categories: frozenset[str],
    level: str,
    *,
    kind: str,
    in_county_town: bool,
) -> Facts:
    read = enrollment.__getitem__ if isinstance(enrollment, Mapping) else partial(getattr, enrollment)
    return Facts(
        school=read("school_id"),
        stage=read("stage_id"),
        grade=read("grade"),
        school_kind=kind,
        is_county_town=in_county_town,
        is_boarding=read("is_boarding"),
        is_rural=read("is_rural"),
        categories=categories,
        level="" if level == Level.NOT_POOR else level,
    )


def facts_now(enrollment: Enrollment) -> Facts:
    """What is known of one child in its term."""
    term, student = enrollment.term, enrollment.student_id
    return facts_of(
        enrollment,
        hardships(term, [student]).get(student, frozenset()),
        levels(term, [student]).get(student, ""),
        kind=enrollment.school.kind_id,
        in_county_town=enrollment.school.is_county_town,
    )


def explain(enrollment: Enrollment) -> list[Verdict]:
    """Each program's verdict for one child in its term, by the same rulebook as the award run."""
    return Rulebook(enrollment.term).judge(facts_now(enrollment))
