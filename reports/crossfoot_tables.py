"""Rules 1 to 6 and 10: the tables beside each other and beside the awards one by one."""

from collections import Counter

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from programs.choices import AwardState, ListState
from programs.models import Award, AwardList
from reports import handed_in, layouts
from reports.choices import Layout
from reports.counting import Column
from reports.crossfoot_rules import AWARDS, FEN, LAYOUTS, PEOPLE, Found, Work, rule, three
from reports.grids import Cell, Grid, Line
from reports.models import HandedIn
from reports.recount import Astray, Sums, Twice, of_award
from reports.selections import ALL, NONE, REGISTERED_POOR, Selection, count
from schools.models import School
from students.choices import CategoryGroup
from students.models import HardshipCategory

SCHOOLS_OPENED = 10
"""Schools whose names rule 10 opens: each costs queries, and a county has hundreds."""


def cell_of(line: Line, scope: str, who: str = ALL) -> Cell:
    """The figure of a row under a term or the year."""
    return next(cell for cell in line.cells if cell.column == Column(scope, who))


def _rows(table: Grid, *names: str) -> list[Line]:
    return [line for line in table.lines if line.row.words.keys() == set(names)]


def _parts_and_whole(found: Found, table: Grid, parts: list[Line], whole: Cell, extra: int, what: str) -> None:
    """Rows that share the awards out: awards and money add up; people do, less whoever is in several rows."""
    cells = [cell_of(line, table.scope).count for line in parts]
    told, url = whole.count, whole.selection.url
    found.equal(what, told.awards, sum(cell.awards for cell in cells), AWARDS, url)
    found.equal(what, told.amount_fen, sum(cell.amount_fen for cell in cells), FEN, url)
    people = sum(cell.people for cell in cells) - extra
    found.equal(
        _now("%(what)s（减去在几行都有的学生）") % {"what": what}, told.people, people, PEOPLE, f"{url}&tab=people"
    )


def _counted_again(sums: Sums) -> int:
    """How often children are counted again who are under several keys."""
    places: Counter[int] = Counter(child for children in sums.children.values() for child in children)
    return sum(n - 1 for n in places.values())


@rule(1, title=_("各学段之和等于合计"), words=_("分学段统计表与在读记录的学段比较；人数按学生去重。"))
def stages(work: Work, found: Found) -> None:
    table = work.grid(Layout.STAGES)
    sums = work.rests_on(lambda award: award.stage)
    rows = _rows(table, "stage")
    for line in rows:
        three(found, line.label, cell_of(line, work.scope), sums, line.row.words["stage"])
    missing = set(sums.awards) - {line.row.words["stage"] for line in rows}
    found.equal(_now("表中没有的学段"), 0, sum(sums.awards[stage] for stage in missing), AWARDS)
    _parts_and_whole(found, table, rows, table.whole, _counted_again(sums), _now("合计"))
    found.name(work.astray("stage", "student", "term", "amount_fen"))


@rule(
    2,
    title=_("学段内各项目之和等于学段"),
    words=_("人次和金额相加；人数不能相加。项目按每条资助所依据的标准重新归类。"),
)
def programs(work: Work, found: Found) -> None:
    table = work.grid(Layout.STAGES)
    sums = work.rests_on(lambda award: (award.stage, award.program))
    of_stage: Counter[str] = Counter()
    money: Counter[str] = Counter()
    seen = set()
    for line in _rows(table, "stage", "program"):
        words, cell = line.row.words, cell_of(line, work.scope)
        key = words["stage"], words["program"]
        seen.add(key)
        of_stage[key[0]] += cell.count.awards
        money[key[0]] += cell.count.amount_fen
        three(found, line.label, cell, sums, key, people=False)
    found.equal(_now("表中没有的项目"), 0, sum(n for key, n in sums.awards.items() if key not in seen), AWARDS)
    for line in _rows(table, "stage"):
        stage, cell = line.row.words["stage"], cell_of(line, work.scope)
        found.equal(line.label, cell.count.awards, of_stage[stage], AWARDS, cell.selection.url)
        found.equal(line.label, cell.count.amount_fen, money[stage], FEN, cell.selection.url)
    found.name(work.astray("stage", "program", "term", "amount_fen"))


@rule(3, title=_("各困难类型之和等于合计"), words=_("每条资助只统计一个困难类型；人数减去资助分属几类的学生。"))
def categories(work: Work, found: Found) -> None:
    table = work.grid(Layout.CATEGORIES)
    groups = dict(HardshipCategory.objects.values_list("code", "group"))
    sums = Sums()
    for award in work.awards:
        if award.own.counts:
            sums.add(groups.get(award.category or "", "none"), award.own)
    rows = _rows(table, "group")
    for line in rows:
        three(found, line.label, cell_of(line, work.scope), sums, line.row.words["group"])
    _parts_and_whole(found, table, rows, table.whole, _counted_again(sums), _now("合计"))
    _side_by_side(found, work.grid(Layout.GROUPS), sums)
    total = work.rests_on(lambda award: None)
    three(found, _now("按在读记录重新数"), table.whole, total, None)
    found.name(work.astray("student", "term", "amount_fen"))


def _side_by_side(found: Found, table: Grid, sums: Sums) -> None:
    """The groups as columns: those of the total counted again, those of every row beside what stands before them."""
    for cell in table.total.cells[1:]:
        three(found, f"{table.name} · {cell.column.name}", cell, sums, cell.column.group)
    for line in table.lines:
        whole, *parts = (cell.count for cell in line.cells)
        added = sum(part.awards for part in parts), sum(part.amount_fen for part in parts)
        if line is table.total or added != (whole.awards, whole.amount_fen):
            what, url = f"{table.name} · {line.label}", line.cells[0].selection.url
            found.equal(what, whole.awards, added[0], AWARDS, url)
            found.equal(what, whole.amount_fen, added[1], FEN, url)
            found.at_most(what, whole.people, sum(part.people for part in parts), PEOPLE, url)


@rule(
    4,
    title=_("各学校之和等于全县，各档次之和等于项目，人次乘标准等于金额"),
    words=_("学校按在读记录，档次和金额按标准，人次按各校名单审定时的记录。"),
)
def schools(work: Work, found: Found) -> None:
    table = work.grid(Layout.SCHOOLS)
    codes = dict(School.objects.values_list("pk", "code"))
    sums = work.rests_on(lambda award: codes.get(award.school, ""))
    seen = set()
    for line in _rows(table, "school"):
        seen.add(line.row.words["school"])
        three(found, line.label, cell_of(line, work.scope), sums, line.row.words["school"])
    found.equal(_now("表中没有的学校"), 0, sum(n for key, n in sums.awards.items() if key not in seen), AWARDS)
    schools, towns = _rows(table, "school"), _rows(table, "town")
    _parts_and_whole(found, table, schools, table.whole, _counted_again(sums), _now("各学校"))
    for unit, of in ((AWARDS, "awards"), (FEN, "amount_fen")):
        added = sum(getattr(cell_of(line, work.scope).count, of) for line in towns)
        found.equal(_now("各乡镇"), getattr(table.whole.count, of), added, unit)
    _signed(work, found, table)
    _tiers(work, found)
    found.name(work.astray("school", "tier", "program", "amount_fen", "term"))


def _signed(work: Work, found: Found, table: Grid) -> None:
    """What was on each list when the county signed it, by the log that nobody can change."""
    lists = AwardList.objects.filter(term__in=work.terms, state=ListState.CONFIRMED)
    signed = {
        int(pk): int(details.get("awards", 0))
        for pk, details in actions.on(list(lists), "list.confirmed").values_list("target_id", "details")
    }
    found.equal(_now("各校名单审定时的人次"), table.whole.count.awards, sum(signed.values()), AWARDS)
    there = Counter(
        Award.objects.filter(list__in=list(lists), state=AwardState.CONFIRMED).order_by().values_list("list", flat=True)
    )
    for each in lists.select_related("school", "term"):
        if there[each.pk] != signed.get(each.pk, 0):
            detail = _now("审定时 %(then)s 人次，现在 %(now)s 人次") % {
                "then": signed.get(each.pk, 0),
                "now": there[each.pk],
            }
            found.name([Astray(str(each), each.get_absolute_url(), detail)])


def _tiers(work: Work, found: Found) -> None:
    table = work.grid(Layout.PROGRAMS)
    by_rate = work.rests_on(lambda award: award.program)
    by_tier = work.rests_on(lambda award: (award.program, award.tier))
    said = work.own(lambda award: (award.program, award.tier))
    for key in sorted(by_tier.awards.keys() | said.awards.keys()):
        if said.awards[key] != by_tier.awards[key]:
            url = Selection(work.scope, program=key[0], tier=key[1]).url
            found.equal(" · ".join(key), said.awards[key], by_tier.awards[key], AWARDS, url)
    for line in _rows(table, "program"):
        program, cell = line.row.words["program"], cell_of(line, work.scope)
        tiers = sum(n for key, n in by_tier.awards.items() if key[0] == program)
        found.equal(
            _now("%(program)s：各档次") % {"program": line.label}, cell.count.awards, tiers, AWARDS, cell.selection.url
        )
        found.equal(
            _now("%(program)s：人次乘标准") % {"program": line.label},
            cell.count.amount_fen,
            by_rate.fen[program],
            FEN,
            cell.selection.url,
        )


@rule(5, title=_("各学期之和等于年度"), words=_("人次和金额相加；人数不能相加。学期按在读记录。"))
def terms(work: Work, found: Found) -> None:
    sums = work.rests_on(lambda award: award.term)
    for table in (work.grid(layout) for layout in LAYOUTS):
        if table.has_groups:
            continue
        for line in table.lines:
            whole = cell_of(line, work.scope).count
            parts = [cell_of(line, term.pk).count for term in work.terms]
            added = sum(part.awards for part in parts), sum(part.amount_fen for part in parts)
            if (line.is_total and not line.is_part) or added != (whole.awards, whole.amount_fen):
                what = f"{table.name} · {line.label}"
                found.equal(what, whole.awards, added[0], AWARDS)
                found.equal(what, whole.amount_fen, added[1], FEN)
                found.at_most(what, whole.people, sum(part.people for part in parts), PEOPLE)
    total = work.grid(Layout.PROGRAMS).total
    for term in work.terms:
        three(found, str(term), cell_of(total, term.pk), sums, term.pk)
    found.name(work.astray("term", "student", "amount_fen"))


@rule(6, title=_("“其中”不大于合计"), words=_("每张表逐格比较；统计在脱贫及监测各类的资助都应计入“其中”。"))
def parts(work: Work, found: Found) -> None:
    for layout in LAYOUTS:
        table = work.grid(layout)
        for line in table.lines:
            for part in (cell for cell in line.cells if cell.is_part):
                whole = cell_of(line, part.column.scope)
                for unit, name in ((PEOPLE, "people"), (AWARDS, "awards"), (FEN, "amount_fen")):
                    left, right = getattr(part.count, name), getattr(whole.count, name)
                    if (line is table.total and whole.selection.scope == work.scope) or left > right:
                        found.at_most(f"{table.name} · {line.label}", left, right, unit, part.selection.url)
    poor = set(HardshipCategory.objects.filter(group=CategoryGroup.REGISTERED_POOR).values_list("code", flat=True))
    listed = [award for award in work.awards if award.own.counts and award.category in poor]
    told, url = work.grid(Layout.PROGRAMS).poor.count, work.grid(Layout.PROGRAMS).poor.selection.url
    flagged = sum(award.own.counts and award.is_poor for award in work.awards)
    found.equal(_now("“其中”逐条重新数"), told.awards, flagged, AWARDS, url)
    unflagged = [award for award in listed if not award.is_poor]
    found.at_most(_now("统计在脱贫及监测各类、没有计入“其中”"), len(unflagged), 0, AWARDS)
    found.name(of_award(award.pk, award.own.student, _now("没有计入“其中”")) for award in unflagged)


@rule(
    10,
    title=_("每个数字等于它背后的名单"),
    words=_(
        "每张表的每一格与资助逐条相加比较；合计和各大行（学校取每张表的前 10 所）再按点开的名单数一遍；"
        "已上报报表的明细重新计算摘要、重新相加。"
    ),
)
def names(work: Work, found: Found) -> None:
    for layout in LAYOUTS:
        _opened(work.grid(layout), found)
        table = work.grid(layout)
        sums = _one_by_one(work, layout)
        added: Counter[str] = Counter()
        for cell in table.cells():
            told, selection = cell.count, cell.selection
            there = {PEOPLE: told.people, AWARDS: told.awards, FEN: told.amount_fen}
            key = cell.row.key, cell.column
            again = {PEOPLE: sums.people(key), AWARDS: sums.awards[key], FEN: sums.fen[key]}
            for unit in (PEOPLE, AWARDS, FEN):
                added[f"{unit}-left"] += there[unit]
                added[f"{unit}-right"] += again[unit]
                if there[unit] != again[unit]:
                    found.equal(f"{table.name} · {selection.query}", there[unit], again[unit], unit, selection.url)
        for unit in (PEOPLE, AWARDS, FEN):
            found.equal(
                _now("%(layout)s，全部数字相加") % {"layout": table.name},
                added[f"{unit}-left"],
                added[f"{unit}-right"],
                unit,
            )
    for report in HandedIn.objects.filter(scope=work.scope).in_force():
        fault = handed_in.fault(report)
        found.equal(
            _now("已上报：%(report)s") % {"report": report},
            report.amount_fen,
            fault.amount_fen,
            FEN,
            report.get_absolute_url(),
        )
        found.at_most(_now("已上报明细被改动"), int(not fault.is_whole), 0, AWARDS)
        if not fault.is_whole:
            found.name([Astray(str(report), report.get_absolute_url())])


def _opened(table: Grid, found: Found) -> None:
    """Rows of the scope as the page of names counts them when they are opened: a query or two for each."""
    rows = [line for line in table.lines if line.is_total or not line.is_part]
    lines = [*rows, *_rows(table, "school")[:SCHOOLS_OPENED]]
    groups = [(table.total, cell) for cell in table.total.cells if cell.column.group]
    for line, cell in [*((line, cell_of(line, table.scope)) for line in lines), *groups]:
        opened, url = count(cell.selection), cell.selection.url
        what = _now("%(row)s：点开的名单") % {"row": f"{table.name} · {line.label}"}
        what = f"{what} · {cell.column.name}" if cell.is_part else what
        figures = zip((PEOPLE, AWARDS, FEN), cell.count, opened, strict=True)
        for unit, left, right in figures:
            if line is table.total or left != right:
                found.equal(what, left, right, unit, cell.selection.people_url if unit == PEOPLE else url)


def _one_by_one(work: Work, layout: str) -> Sums:
    """Each award by itself into every figure that it belongs to; of a payer its part."""
    shape = layouts.shape(layout, work.terms)
    groups = {"": NONE, **dict(HardshipCategory.objects.values_list("code", "group"))}
    sums = Sums()
    for award in work.awards:
        own = award.own
        if not own.counts:
            continue
        for key, part in shape.rows_of(own.term, _words(award, layout), own.amount_fen):
            facts = own if part is None else own._replace(amount_fen=part)
            for scope in {own.term, work.scope}:
                sums.add((key, Column(scope)), facts)
                if award.is_poor:
                    sums.add((key, Column(scope, REGISTERED_POOR)), facts)
                if shape.has_groups:
                    sums.add((key, Column(scope, group=groups[award.category or ""])), facts)
    return sums


def _words(award: Twice, layout: str) -> list[str]:
    """What the columns of a layout say of an award."""
    own = award.own
    words: dict[str, list[str]] = {
        Layout.PROGRAMS: [own.program, own.stage],
        Layout.STAGES: [own.stage, own.program],
        Layout.CATEGORIES: [award.category or ""],
        Layout.GROUPS: [own.stage, own.program, award.category or ""],
        Layout.SCHOOLS: [award.town, str(own.school)],
        Layout.PAYERS: [own.program],
    }
    return words[layout]
