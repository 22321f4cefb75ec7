"""Who is entitled to what, how much, and why: one rulebook for the award run and for the explanation.

Everything it knows is data: rules, standards, fees and exclusions, each with its document. What holds on
the first day of the term holds for the term.

Whoever asks it about children reads what is `Known` of them first, for all at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.money import yuan
from programs.choices import Basis, Level, Way
from programs.exclusions import Exclusions, warning
from programs.models import Nomination, Program, Recognition, Rule, SchoolFee, Standard
from schools.models import School, Term
from students.choices import CategoryGroup
from students.models import Enrollment, Hardship, HardshipCategory


@dataclass(frozen=True, slots=True)
class Place:
    """What rules and standards ask of a school."""

    kind: str
    ownership: str
    is_county_town: bool

    @classmethod
    def of(cls, school: School) -> "Place":
        return cls(school.kind_id, school.ownership, school.is_county_town)


def places() -> dict[int, Place]:
    """Every school's, by its key."""
    rows = School.objects.order_by().values_list("pk", "kind", "ownership", "is_county_town")
    return {pk: Place(kind, ownership, in_county_town) for pk, kind, ownership, in_county_town in rows}


Nominations = tuple[tuple[str, str], ...]
"""(program, tier) for which a school put a child forward; the empty tier leaves it to the rule."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one child in one term, as far as rules ask for it."""

    school: int
    stage: str
    grade: str
    school_kind: str
    ownership: str
    is_county_town: bool
    is_boarding: bool
    is_rural: bool
    is_registered: bool | None = None
    categories: frozenset[str] = frozenset()
    level: str = ""
    nominations: Nominations = ()

    def nominated_tier(self, program: str) -> str | None:
        """The tier that a school named for the child, or None where no school put it forward."""
        for code, tier in self.nominations:
            if code == program:
                return tier
        return None

    def as_nominated(self, program: str, tier: str = "") -> "Facts":
        """The same child if its school puts it forward: what would follow from that."""
        others = tuple(each for each in self.nominations if each[0] != program)
        return replace(self, nominations=(*others, (program, tier)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """One program's answer for one child: entitled or not, by which rule, from which standard.

    The rule is also there where a child fits it and still gets nothing: no standard, no fee, another program before.
    `beside` are programs that the child gets too and that should be looked at together with this one.
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
    beside: tuple[Program, ...] = ()

    @property
    def warnings(self) -> list[str]:
        return [warning(other) for other in self.beside]


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule as it is asked of facts: only what the rule sets, each with the values that fulfil it."""

    rule: Rule
    categories: frozenset[str]
    levels: frozenset[str]
    stages: frozenset[str]
    asks: tuple[tuple[str, frozenset[Any]], ...]
    """(name of a fact, values that fulfil it); the categories come apart, of them one will do."""

    @classmethod
    def of(cls, rule: Rule) -> "Condition":
        asked = {
            "level": rule.levels,
            "stage": [stage.code for stage in rule.stages.all()],
            "grade": rule.grades,
            "school_kind": [kind.code for kind in rule.school_kinds.all()],
            "ownership": rule.ownerships,
            **{name: [] if getattr(rule, name) is None else [getattr(rule, name)] for name in _YES_OR_NO},
        }
        return cls(
            rule=rule,
            categories=frozenset(category.code for category in rule.categories.all()),
            levels=frozenset(asked["level"]),
            stages=frozenset(asked["stage"]),
            asks=tuple((name, frozenset(values)) for name, values in asked.items() if values),
        )

    def asks_for_hardship(self) -> bool:
        return bool(self.categories or self.levels)

    def fits(self, facts: Facts) -> bool:
        if self.categories and self.categories.isdisjoint(facts.categories):
            return False
        for name, values in self.asks:  # noqa: SIM110 — a county is judged here: a generator takes twice as long
            if getattr(facts, name) not in values:
                return False
        return True

    def misses(self, facts: Facts) -> list[str]:
        """The names of the facts that do not fulfil the rule."""
        lacks_category = self.categories and self.categories.isdisjoint(facts.categories)
        names = [name for name, values in self.asks if getattr(facts, name) not in values]
        return ["categories", *names] if lacks_category else names

    def words(self, facts: Facts) -> list[str]:
        """What of the rule the child does not fulfil, in words."""
        return [str(_MISSED[name, getattr(self.rule, name, None) is not False]) for name in self.misses(facts)]


_YES_OR_NO = ("is_boarding", "is_rural", "is_county_town", "is_registered")
_MISSED = {
    ("categories", True): _("没有规定的困难类型"),
    ("level", True): _("没有被认定为家庭经济困难学生，或认定等级不符"),
    ("stage", True): _("不在规定的学段"),
    ("grade", True): _("不在规定的年级"),
    ("school_kind", True): _("学校不是规定的类型"),
    ("ownership", True): _("学校不是规定的办别"),
    ("is_boarding", True): _("不是寄宿生"),
    ("is_boarding", False): _("是寄宿生"),
    ("is_rural", True): _("不是农村户口"),
    ("is_rural", False): _("是农村户口"),
    ("is_county_town", True): _("不在县城学校就读"),
    ("is_county_town", False): _("在县城学校就读"),
    ("is_registered", True): _("没有学籍，或学校没有填报学籍情况"),
    ("is_registered", False): _("有学籍，或学校没有填报学籍情况"),
}
"""(fact, whether the rule asks for it or against it) → what is said of a child that does not fulfil it."""


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
        self.conditions: dict[str, list[Condition]] = defaultdict(list)
        for rule in (
            Rule.objects.on(day).prefetch_related("categories", "stages", "school_kinds").order_by("position", "pk")
        ):
            self.conditions[rule.program_id].append(Condition.of(rule))
        self.standards: dict[str, list[Standard]] = defaultdict(list)
        for standard in Standard.objects.on(day).order_by("pk"):
            self.standards[standard.program_id].append(standard)
        self.fees: dict[tuple[int, str], SchoolFee] = {
            (fee.school_id, fee.program_id): fee for fee in SchoolFee.objects.on(day).order_by("valid_from", "pk")
        }
        exclusions = Exclusions(self.term)
        self.excluded, self.warned = exclusions.blocked, exclusions.warned

    def open_stages(self) -> set[str]:
        """Stages in which a child may be entitled of whom nothing is known (rural vocational pupils)."""
        return {
            stage
            for program in self.programs
            if program.way == Way.AUTO
            for condition in self.conditions[program.code]
            if not condition.asks_for_hardship()
            for stage in (condition.stages or self.stages[program.code])
        }

    def judge(self, facts: Facts, *, in_words: bool = True) -> list[Verdict]:
        """Every program's verdict; of two that exclude each other the first by position holds, and of two that are
        only warned of the child keeps both: the second carries the warning.

        Reasons in words are most of the work: whoever judges a county goes without.
        """
        verdicts: list[Verdict] = []
        held: list[Program] = []
        for program in self.programs:
            verdict = self._judge_program(program, facts, in_words)
            if verdict.entitled:
                if held:
                    verdict = self._beside(held, verdict, in_words)
                if verdict.entitled:
                    held.append(program)
            verdicts.append(verdict)
        return verdicts

    def _beside(self, held: list[Program], verdict: Verdict, in_words: bool) -> Verdict:
        """An entitled child's verdict beside the programs that it gets before."""
        program, excluded = verdict.program, self.excluded.get(verdict.program.code)
        if excluded and (clash := next((other for other in held if other.code in excluded), None)):
            words = [_now("与“%(program)s”不能同时享受。") % {"program": clash}] if in_words else []
            return Verdict(program, False, words, rule=verdict.rule)
        warned = self.warned.get(program.code)
        if warned and (beside := tuple(other for other in held if other.code in warned)):
            return replace(verdict, beside=beside)
        return verdict

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
        tier = None
        if program.way == Way.SCHOOL:
            tier = facts.nominated_tier(program.code)
            if tier is None:
                return Verdict(program, False, [_now("本项目由学校提名，学校没有提名该生。")] if in_words else [])
        conditions = self.conditions[program.code]
        for condition in conditions:
            if condition.fits(facts):
                return self._price(program, condition.rule, facts, in_words, tier=tier or None)
        if not in_words:
            return Verdict(program, False, [])
        nominated = [_now("学校提名了该生，但该生不符合享受条件。")] if program.way == Way.SCHOOL else []
        reasons = [
            _now("条件“%(rule)s”不符合：%(misses)s。")
            % {"rule": condition.rule.description, "misses": _now("、").join(condition.words(facts))}
            for condition in conditions
        ]
        return Verdict(program, False, nominated + (reasons or [_now("本学期没有适用的享受条件。")]))

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
        if standard.basis != Basis.FIXED:
            fee = self.fees.get((facts.school, program.code))
            if fee is None:
                return Verdict(program, False, [_now("符合条件，但学校没有核定收费标准，请先录入。")], rule=rule)
        amount_fen = _amount(standard, fee)
        return Verdict(
            program=program,
            entitled=True,
            reasons=_grounds(rule, standard, fee) if in_words else [],
            rule=rule,
            standard=standard,
            school_fee=fee,
            tier=tier,
            amount_fen=amount_fen,
            category=self.report_category(facts.categories),
        )

    def _standard(self, program: Program, tier: str, facts: Facts) -> Standard | None:
        """The most specific standard in force.

        What is said of the child goes before what is said of its school: a standard for a category before any without
        one (of two categories the first by priority), then one for this kind of school, then for this ownership, then
        for this stage; the first of these that tells two standards apart decides.
        """
        fitting = [
            standard for standard in self.standards[program.code] if standard.tier == tier and _is_for(standard, facts)
        ]
        return fitting[0] if len(fitting) == 1 else max(fitting, key=self._how_specific, default=None)

    def _how_specific(self, standard: Standard) -> tuple[bool, int, bool, bool, bool]:
        category = self.categories.get(standard.category_id or "")
        return (
            category is not None,
            -category.priority if category else 0,
            standard.school_kind_id is not None,
            standard.ownership != "",
            standard.stage_id is not None,
        )


def _is_for(standard: Standard, facts: Facts) -> bool:
    return (
        standard.stage_id in (None, facts.stage)
        and standard.school_kind_id in (None, facts.school_kind)
        and standard.ownership in ("", facts.ownership)
        and (standard.category_id is None or standard.category_id in facts.categories)
    )


def _amount(standard: Standard, fee: SchoolFee | None) -> int:
    """What a standard is worth in a school: its amount, the school's fee, or the fee as far as the amount goes."""
    if fee is None:
        return standard.amount_fen or 0
    if standard.basis == Basis.CAPPED_FEE and standard.amount_fen is not None:
        return min(fee.amount_fen, standard.amount_fen)
    return fee.amount_fen


def _grounds(rule: Rule, standard: Standard, fee: SchoolFee | None) -> list[str]:
    words = [_now("符合条件“%(rule)s”（%(document)s）。") % {"rule": rule.description, "document": rule.document_no}]
    if fee is not None and standard.basis == Basis.CAPPED_FEE:
        amounts = {"fee": yuan(fee.amount_fen), "limit": yuan(standard.amount_fen or 0)}
        documents = {"fee_document": fee.document_no, "document": standard.document_no}
        return [
            *words,
            _now("学校核定收费每学期 %(fee)s 元（%(fee_document)s）。") % (amounts | documents),
            _now("限额每学期 %(limit)s 元（%(document)s），两者取低，每学期 %(yuan)s 元。")
            % (amounts | documents | {"yuan": yuan(_amount(standard, fee))}),
        ]
    return [
        *words,
        _now("标准每学期 %(yuan)s 元（%(document)s）。")
        % {"yuan": yuan(_amount(standard, fee)), "document": (fee or standard).document_no},
    ]


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
    """student → the level of recognition in the term, from the lists in force: that of the school where the child
    studies before that of a school that it left."""
    rows = Recognition.objects.in_force(term)
    if students is not None:
        rows = rows.filter(student__in=list(students))
    return dict(rows.last_holds().values_list("student", "level").iterator())


def nominations(term: Term, students: Iterable[int] | None = None) -> dict[int, Nominations]:
    """student → the programs of the term for which a school put it forward, each with its tier."""
    rows = Nomination.objects.filter(term=term, is_current=True)
    if students is not None:
        rows = rows.filter(student__in=list(students))
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for student, program, tier in rows.order_by("program").values_list("student", "program", "tier").iterator():
        found[student].append((program, tier))
    return {student: tuple(of_child) for student, of_child in found.items()}


class Known:
    """What lists, recognition and nominations say of the children of a term: of all of them, or of some."""

    def __init__(self, term: Term, students: Iterable[int] | None = None) -> None:
        students = None if students is None else list(students)
        self.categories = hardships(term, students)
        self.levels = levels(term, students)
        self.nominations = nominations(term, students)

    def with_categories(self, categories: dict[int, frozenset[str]]) -> "Known":
        """The same children, if lists said something else of them."""
        other = copy(self)
        other.categories = categories
        return other

    def names(self, student: int) -> bool:
        """Whether anything at all is known of a child."""
        return student in self.categories or student in self.levels or student in self.nominations

    def facts(self, enrollment: Mapping[str, Any] | Enrollment, place: Place) -> Facts:
        student = enrollment["student_id"] if isinstance(enrollment, Mapping) else enrollment.student_id
        return facts_of(
            enrollment,
            place,
            categories=self.categories.get(student, frozenset()),
            level=self.levels.get(student, ""),
            nominations=self.nominations.get(student, ()),
        )


COLUMNS = ("pk", "student_id", "school_id", "stage_id", "grade", "is_boarding", "is_rural", "is_registered")
"""What is read of an enrollment to know its facts."""


def facts_of(
    enrollment: Mapping[str, Any] | Enrollment,
    place: Place,
    *,
    categories: frozenset[str] = frozenset(),
    level: str = "",
    nominations: Nominations = (),
) -> Facts:
    read = enrollment.__getitem__ if isinstance(enrollment, Mapping) else partial(getattr, enrollment)
    return Facts(
        school=read("school_id"),
        stage=read("stage_id"),
        grade=read("grade"),
        school_kind=place.kind,
        ownership=place.ownership,
        is_county_town=place.is_county_town,
        is_boarding=read("is_boarding"),
        is_rural=read("is_rural"),
        is_registered=read("is_registered"),
        categories=categories,
        level="" if level == Level.NOT_POOR else level,
        nominations=nominations,
    )


def facts_now(enrollment: Enrollment) -> Facts:
    """What is known of one child in its term."""
    return Known(enrollment.term, [enrollment.student_id]).facts(enrollment, Place.of(enrollment.school))


def explain(enrollment: Enrollment) -> list[Verdict]:
    """Each program's verdict for one child in its term, by the same rulebook as the award run."""
    return Rulebook(enrollment.term).judge(facts_now(enrollment))
