"""Everything that decides about one program, in words and in order: what holds on a day first, then what comes, then
what is over; and what is missing before the program can be carried out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import F, Prefetch, Q, TextChoices
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from common.money import yuan
from programs import documents, share_sets
from programs.choices import Basis, Level
from programs.models import Exclusion, PolicyDocument, Program, Rule, Standard, TermProgram
from programs.share_sets import ShareSet
from schools.choices import Ownership
from students.choices import CategoryGroup
from students.models import HardshipCategory


class Standing(TextChoices):
    """How a dated row stands to a day."""

    NOW = "now", _("执行中")
    AHEAD = "ahead", _("尚未开始")
    OVER = "over", _("已停止")


_IN_ORDER = (
    F("stage__position").asc(nulls_first=True),
    F("school_kind__position").asc(nulls_first=True),
    "ownership",
    F("category__priority").asc(nulls_first=True),
    F("amount_fen").desc(nulls_last=True),
    "pk",
)
"""Standards as people read them: by stage and kind of school, the highest tier first."""

_TONES = {Standing.NOW: "green", Standing.AHEAD: "blue", Standing.OVER: "neutral"}


@dataclass(frozen=True)
class Line:
    """A dated row as the page shows it."""

    row: Any
    standing: Standing
    document: PolicyDocument | None
    words: list[str] = field(default_factory=list)

    @property
    def tone(self) -> str:
        return _TONES[self.standing]

    @property
    def worth(self) -> str:
        return worth(self.row)


@dataclass(frozen=True)
class Pair:
    """Another program that this one does not go together with."""

    exclusion: Exclusion
    other: Program
    document: PolicyDocument | None


@dataclass(frozen=True)
class Sheet:
    standards: list[Line]
    rules: list[Line]
    shares: list[Line]
    exclusions: list[Pair]
    terms: list[TermProgram]
    lacking: list[str]


def standing(row: Any, day: date) -> Standing:
    if row.valid_from > day:
        return Standing.AHEAD
    return Standing.OVER if row.valid_to and row.valid_to < day else Standing.NOW


def of(program: Program, day: date) -> Sheet:
    """What a program's page shows to somebody who looks at a day (a term's first)."""
    known = documents.by_number()
    groups = _groups()
    standards = list(
        Standard.objects.filter(program=program).select_related("stage", "school_kind", "category").order_by(*_IN_ORDER)
    )
    rules = list(
        Rule.objects.filter(program=program)
        .prefetch_related("categories", "stages", "school_kinds")
        .order_by("position", "pk")
    )
    return Sheet(
        standards=_lines(standards, day, known),
        rules=_lines(rules, day, known, groups),
        shares=_lines(share_sets.of(program), day, known),
        exclusions=[
            Pair(each, each.other if each.program_id == program.pk else each.program, known.get(each.document_no))
            for each in Exclusion.objects.filter(Q(program=program) | Q(other=program))
            .select_related("program", "other")
            .order_by("pk")
        ],
        terms=list(program.terms.select_related("term").order_by("-term__starts_on")),
        lacking=lacking(program, day),
    )


def _lines(
    rows: Iterable[Any], day: date, known: dict[str, PolicyDocument], groups: dict[str, set[str]] | None = None
) -> list[Line]:
    lines = [
        Line(
            row,
            standing(row, day),
            known.get(row.document_no),
            [] if groups is None else conditions(row, groups),
        )
        for row in rows
    ]
    in_order = list(Standing)
    return sorted(lines, key=lambda line: (in_order.index(line.standing), _latest_first(line)))


def _latest_first(line: Line) -> int:
    """What holds stands in the order of the rows; what is over or to come, by its first day."""
    first: int = line.row.valid_from.toordinal()
    return {Standing.NOW: 0, Standing.AHEAD: first, Standing.OVER: -first}[line.standing]


def of_all(day: date) -> list[Program]:
    """All programs with the standards that hold on a day as `standards_now`."""
    now = Standard.objects.on(day).select_related("stage", "school_kind", "category").order_by(*_IN_ORDER)
    return list(Program.objects.prefetch_related("stages", Prefetch("standards", now, to_attr="standards_now")))


# --- A rule in words


def _groups() -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for code, group in HardshipCategory.objects.values_list("code", "group"):
        groups.setdefault(group, set()).add(code)
    return groups


def conditions(rule: Rule, groups: dict[str, set[str]] | None = None) -> list[str]:
    """Every condition that a rule asks for, each in words; nothing where it asks for nothing."""
    words = []
    if named := _categories(list(rule.categories.all()), _groups() if groups is None else groups):
        words.append(_now("困难类型：%(which)s") % {"which": _or(named)})
    if rule.levels:
        words.append(_now("认定等级：%(which)s") % {"which": _or(Level(level).label for level in rule.levels)})
    if stages := list(rule.stages.all()):
        words.append(_now("学段：%(which)s") % {"which": _or(stages)})
    if rule.grades:
        words.append(_now("年级：%(which)s") % {"which": _or(rule.grades)})
    if kinds := list(rule.school_kinds.all()):
        words.append(_now("学校类型：%(which)s") % {"which": _or(kinds)})
    if rule.ownerships:
        words.append(_now("办别：%(which)s") % {"which": _or(Ownership(each).label for each in rule.ownerships)})
    for asked, yes, no in (
        (rule.is_boarding, _now("寄宿生"), _now("走读生")),
        (rule.is_rural, _now("农村户口"), _now("非农村户口")),
        (rule.is_county_town, _now("县城学校"), _now("县城以外的学校")),
        (rule.is_registered, _now("有学籍"), _now("没有学籍")),
    ):
        if asked is not None:
            words.append(yes if asked else no)
    return words


def _categories(categories: list[HardshipCategory], groups: dict[str, set[str]]) -> list[object]:
    """Whole groups by their own name, the rest one by one."""
    codes = {category.code for category in categories}
    whole = {group for group, members in groups.items() if len(members) > 1 and members <= codes}
    named: dict[object, None] = {}
    for category in categories:
        named[CategoryGroup(category.group).label if category.group in whole else category] = None
    return list(named)


def _or(names: Iterable[object]) -> str:
    return _now("、").join(str(name) for name in names)


def facts(row: Standard | Rule | ShareSet) -> list[tuple[str, str]]:
    """What one row says, in pairs of a label and words."""
    days = f"{row.valid_from} ～ {row.valid_to or ''}".strip()
    around = [(_now("执行时间"), days), (_now("文号"), row.document_no)]
    if isinstance(row, ShareSet):
        return [(payer, f"{percent:g}%") for payer, percent in row.shown] + around
    if isinstance(row, Rule):
        asked = _now("；").join(conditions(row)) or _now("没有条件：项目学段的学生都可以享受")
        said = [(_now("条件"), row.description), (_now("要求"), asked)]
    else:
        ownership = row.get_ownership_display() if row.ownership else None
        whom = [part for part in (row.stage, row.school_kind, ownership, row.category) if part]
        said = [(_now("对象"), _or(whom) or _now("全部学段")), (_now("每生每学期（元）"), worth(row))]
    return [*said, *([(_now("档次"), row.tier)] if row.tier else []), *around]


def worth(standard: Standard) -> str:
    """What a standard gives: an amount, or a school's fee, or that up to an amount."""
    if standard.amount_fen is None:
        return _now("按学校收费")
    amount = yuan(standard.amount_fen)
    return amount if standard.basis == Basis.FIXED else _now("按学校收费，不超过 %(limit)s") % {"limit": amount}


# --- What is missing


def lacking(program: Program, day: date) -> list[str]:
    """What a term that begins on this day lacks, so that children get something from the program and it can be paid."""
    rules = list(Rule.objects.on(day).filter(program=program).order_by("position"))
    tiers = set(Standard.objects.on(day).filter(program=program).values_list("tier", flat=True))
    words = []
    if not rules:
        words.append(_now("没有享受条件，不会有学生被提出。"))
    if not tiers:
        words.append(_now("没有资助标准，算不出金额。"))
    for tier in dict.fromkeys(rule.tier for rule in rules if tiers and rule.tier not in tiers):
        words.append(
            _now("条件里有“%(tier)s”，标准里没有这一档。") % {"tier": tier}
            if tier
            else _now("有的条件没有写档次，标准却都是分档的。")
        )
    if share_sets.lacks(program, day):
        words.append(_now("没有经费分担比例，不能编制发放批次。"))
    return words
