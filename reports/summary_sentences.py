"""The sentences of the annual summary, as the county writes them: 人次 and 万元 of each stage, spring, autumn, year.

They are words of an official paper and in Chinese for every reader. Programs, stages, kinds of school and categories
come by their names in the data; nothing here knows a program or an amount.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from programs.choices import Basis, ProgramKind
from programs.models import Program
from reports.summary_figures import Cell, Group, Year, amounts_by, fen_by, persons_by
from reports.totals import REGISTERED_POOR, Figure
from schools.models import Stage, Term, term_name
from students.choices import CategoryGroup

POOR = "脱贫家庭及监测对象学生"
_MOST_AMOUNTS = 4
"""Up to so many amounts for one child are named; of more only the lowest and the highest."""
_OTHERS = "其他家庭经济困难学生"


def wan(fen: int) -> str:
    """Ten thousands of yuan to the fen, without zeros at the end: "1305.0375"."""
    return _plain(Decimal(fen) / 1_000_000)


def yuan(fen: int) -> str:
    """Yuan to the fen, without zeros at the end: "312.5"."""
    return _plain(Decimal(fen) / 100)


def _plain(number: Decimal) -> str:
    words = f"{number:f}"
    return words.rstrip("0").rstrip(".") if "." in words else words


def _list(parts: Iterable[str]) -> str:
    return "，".join(parts)


# 一、常规资助工作落实情况


def total(year: Year) -> list[str]:
    """The year in one paragraph: all, of these the registered poor, by term, by stage."""
    whole, poor = year.figure(), year.figure(who=REGISTERED_POOR)
    if not whole.persons:
        return [f"{year.year}年度还没有经县级审定的资助。"]
    said = [
        f"{year.year}年全县共资助家庭经济困难学生{whole.persons}人次，资助金额{wan(whole.amount_fen)}万元"
        + (
            f"；其中{POOR}（原建档立卡）{poor.persons}人次，资助金额{wan(poor.amount_fen)}万元。"
            if poor.persons
            else "。"
        )
    ]
    if len(year.terms) > 1:
        said.append(_each((term_name(term.pk), year.figure(term.pk)) for term in year.terms))
    stages = [(stage.name, year.figure(stage=stage.code)) for group in year.groups for stage in group.stages]
    if len([figure for _name, figure in stages if figure.persons]) > 1:
        said.append("按学段分：" + _each((name, figure) for name, figure in stages if figure.persons))
    return ["".join(said)]


def _each(figures: Iterable[tuple[str, Figure]]) -> str:
    return "；".join(f"{name}{figure.persons}人次、{wan(figure.amount_fen)}万元" for name, figure in figures) + "。"


def stages(year: Year, group: Group) -> list[str]:
    """A group of stages: a paragraph for each term, and one for the year."""
    programs = year.programs_of(group)
    if not programs:
        return [f"{year.year}年没有安排{group.name}教育阶段的资助项目。"]
    said = [_term(year, group, programs, term) for term in year.terms]
    if len(year.terms) > 1:
        said.append(_whole_year(year, group, programs))
    return [words for words in said if words]


def _term(year: Year, group: Group, programs: Sequence[Program], term: Term) -> str:
    sentences = []
    if children := year.children(term.pk, group):
        sentences.append(f"全县{group.name}教育阶段在校学生{children}人")
    if schools := year.schools(group, term.pk):
        sentences.append(f"有{schools}所学校（园）的学生受到资助")
    lead = _list(sentences)
    told = [_program(year, group, program, term) for program in programs]
    rest = "".join(f"{words}。" for words in told if words)
    if not rest:
        return ""
    return f"{term_name(term.pk)}，" + (f"{lead}。{rest}" if lead else rest)


def _program(year: Year, group: Group, program: Program, term: Term) -> str:
    """One program in one term; nothing where the term does not carry it out."""
    whole = year.figure_of(program, group, term.pk)
    if not whole.persons:
        return f"{program.name}还没有经县级审定的资助" if year.is_carried_out(program, term.pk) else ""
    cells = year.cells(program, group, term.pk)
    said = f"{_standard(year, cells)}{_given(program, whole, f'{whole.persons}名学生')}"
    if parts := _parts(year, program, group, term.pk, cells):
        said += f"（{'；'.join(parts)}）"
    return said + _poor_part(year, program, group, term.pk) + _categories(cells)


def _given(program: Program, figure: Figure, whom: str) -> str:
    """What happened to the money: paid, waived, or given in kind."""
    amount = f"{wan(figure.amount_fen)}万元"
    if program.kind == ProgramKind.WAIVER:
        return f"为{whom}落实{program.name}，免除金额{amount}"
    if program.kind == ProgramKind.IN_KIND:
        return f"为{whom}落实{program.name}，资金{amount}"
    return f"为{whom}发放{program.name}{amount}"


def _standard(year: Year, cells: Sequence[Cell]) -> str:
    """By which amounts a child gets it, as far as they can be told in a line: "按每生每学期200元的标准，"."""
    amounts = {cell.each_fen for cell in cells}
    if any(cell.basis != Basis.FIXED for cell in cells):
        return f"按学校核定的收费标准（{_range(amounts)}），"
    if len(amounts) == 1:
        return f"按{_range(amounts)}的标准，"
    if tiers := {cell.tier for cell in cells if cell.tier}:
        return f"分{len(tiers)}个档次" if len(tiers) > 1 else ""
    names = {stage.code: stage.name for group in year.groups for stage in group.stages}
    kinds = {kind.code: kind.name for kind in year.school_kinds}
    for by, known in ((_stage_of, names), (_kind_of, kinds)):
        found = amounts_by(cells, by)
        if all(len(each) == 1 for each in found.values()):
            return f"按{'、'.join(known[key] + _range(found[key]) for key in known if key in found)}的标准，"
    return f"按{_range(amounts)}的标准，"


def _stage_of(cell: Cell) -> str:
    return cell.stage


def _kind_of(cell: Cell) -> str:
    return cell.school_kind


def _tier_of(cell: Cell) -> str:
    return cell.tier


def _range(amounts: set[int]) -> str:
    ordered = sorted(amounts)
    if len(ordered) <= _MOST_AMOUNTS:
        return f"每生每学期{'、'.join(f'{yuan(each)}元' for each in ordered)}"
    return f"每生每学期{yuan(ordered[0])}元至{yuan(ordered[-1])}元"


def _parts(year: Year, program: Program, group: Group, term: str, cells: Sequence[Cell]) -> list[str]:
    """How the figure parts: by tier where there are tiers, else by stage, else by kind of school."""
    if any(cell.tier for cell in cells):
        return _tiers(cells)
    within = year.stages_of(program, group)
    if len(within) > 1:
        figures = [(stage.name, year.figure(term, program=program.code, stage=stage.code)) for stage in within]
        return [f"{name}{figure.persons}人、{wan(figure.amount_fen)}万元" for name, figure in figures if figure.persons]
    if len(amounts_by(cells, _kind_of)) > 1 and len({cell.each_fen for cell in cells}) > 1:
        persons, money = persons_by(cells, _kind_of), fen_by(cells, _kind_of)
        return [
            f"{kind.name}{persons[kind.code]}人、{wan(money[kind.code])}万元"
            for kind in year.school_kinds
            if persons[kind.code]
        ]
    return []


def _tiers(cells: Sequence[Cell]) -> list[str]:
    """The highest tier first, each with what a child gets."""
    persons, money, amounts = persons_by(cells, _tier_of), fen_by(cells, _tier_of), amounts_by(cells, _tier_of)
    ordered = sorted(persons, key=lambda tier: (-max(amounts[tier]), tier))
    return [f"{tier or '未分档'}{_range(amounts[tier])}，{persons[tier]}人、{wan(money[tier])}万元" for tier in ordered]


def _poor_part(year: Year, program: Program, group: Group, term: str = "") -> str:
    """Of these the registered poor, by stage where there are several."""
    unit = "人" if term else "人次"
    whole = year.figure_of(program, group, term)
    poor = year.figure_of(program, group, term, who=REGISTERED_POOR)
    if not poor.persons:
        return ""
    if poor.persons == whole.persons:
        return f"，均为{POOR}"
    within = year.stages_of(program, group)
    parts = _of_stages(year, program, within, term, unit) if len(within) > 1 else ""
    return f"，其中{POOR}{poor.persons}{unit}{parts}、{wan(poor.amount_fen)}万元"


def _of_stages(year: Year, program: Program, within: Sequence[Stage], term: str, unit: str) -> str:
    figures = [
        (stage.name, year.figure(term, program=program.code, stage=stage.code, who=REGISTERED_POOR)) for stage in within
    ]
    return f"（{_list(f'{name}{figure.persons}{unit}' for name, figure in figures if figure.persons)}）"


def _categories(cells: Sequence[Cell]) -> str:
    """By category of hardship, where every award names one and there are several."""
    persons = persons_by(cells, lambda cell: cell.category_group)
    if None in persons or len(persons) < 2:
        return ""
    named = [
        f"{CategoryGroup(code).label if code != CategoryGroup.OTHER else _OTHERS}{persons[code]}人"
        for code in CategoryGroup.values
        if persons[code]
    ]
    return f"；按困难类型分为{'、'.join(named)}"


def _whole_year(year: Year, group: Group, programs: Sequence[Program]) -> str:
    told = []
    for program in programs:
        whole = year.figure_of(program, group)
        if whole.persons:
            told.append(_given(program, whole, f"{whole.persons}人次") + _poor_part(year, program, group))
    return f"{year.year}年全年共{'；'.join(told)}。" if told else ""
