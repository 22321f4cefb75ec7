"""Workbooks with the layout of official sheets: title, unit and date, head, rows, total, definition, signatures.

Text is always written as text, so that no cell can begin a formula.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common.workbooks import taken_by, write_csv
from programs.models import AwardQuerySet
from reports import layouts
from reports.choices import Layout
from reports.grids import Grid, Line
from reports.resources import AwardResource
from reports.selections import ALL, Count
from reports.templatetags.figures import WAN
from schools.models import term_name

_A3, _A4, _WIDE = 8, 9, 16
"""Sizes of paper by their numbers, and from how many columns on the larger is needed to be read."""
_HEAD_ROW = 2
_FIRST_FIGURE = 3
_TEXT_ONLY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class _Sheet:
    """One official sheet across, on A4 or, where there are many columns, on A3; rows are written from the top down."""

    def __init__(self, *, title: str, width: int, unit: str, at: datetime, in_chunks: bool = False) -> None:
        self.content = BytesIO()
        self.book = xlsxwriter.Workbook(self.content, {**_TEXT_ONLY, "constant_memory": in_chunks})
        self.sheet = self.book.add_worksheet(_("统计表"))
        self.last = width - 1
        base = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
        boxed = {**base, "border": 1, "text_wrap": True}
        self.plain = self.book.add_format(base)
        self.right = self.book.add_format({**base, "align": "right"})
        self.head = self.book.add_format({**boxed, "bold": True, "align": "center"})
        self.text = self.book.add_format(boxed)
        self.count = self.book.add_format({**boxed, "num_format": "#,##0"})
        self.money = self.book.add_format({**boxed, "num_format": "#,##0.00"})
        self.wan = self.book.add_format({**boxed, "num_format": "#,##0.0000"})
        self._paper()
        title_format = self.book.add_format({"font_name": "黑体", "font_size": 16, "align": "center", "bold": True})
        self.sheet.merge_range(0, 0, 0, self.last, title, title_format)
        county = _("%(county)s学生资助中心") % {"county": settings.COUNTY_NAME}
        day = timezone.localdate(at)
        words = _("填报单位（盖章）：%(unit)s　　单位：%(measure)s　　填报日期：%(year)s年%(month)s月%(day)s日") % {
            "unit": county,
            "measure": unit,
            "year": day.year,
            "month": day.month,
            "day": day.day,
        }
        self.sheet.merge_range(1, 0, 1, self.last, words, self.plain)

    def _paper(self) -> None:
        self.sheet.set_paper(_A4 if self.last < _WIDE else _A3)
        self.sheet.set_landscape()
        self.sheet.set_margins(left=0.4, right=0.4)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer(_("&C第 &P 页 共 &N 页"))
        self.sheet.set_row(0, 30)

    def foot(self, row: int, words: Sequence[str]) -> bytes:
        """The definition and who answers for it; then the file is whole."""
        signatures = _("单位负责人：　　　　　审核人：　　　　　填表人：　　　　　联系电话：")
        for place, line in enumerate([*words, signatures]):
            self.sheet.merge_range(row + place, 0, row + place, self.last, line, self.plain)
        self.book.close()
        return self.content.getvalue()


def title(table: Grid) -> str:
    """What the file is called: "2021年度学生资助情况分学校统计表"."""
    name = _("统计表") if table.layout == Layout.PROGRAMS else table.name
    return _("%(scope)s学生资助情况%(layout)s") % {"scope": table.title, "layout": name}


def report(table: Grid, *, unit: str = "yuan", by: User, at: datetime, version: str = "") -> bytes:
    """A table in the official form: as the page shows it, to the fen, or in ten thousands of yuan as they are.

    `version` is said at its foot of one that is handed in.
    """
    in_wan = unit == WAN
    width = _FIRST_FIGURE + table.width * len(table.terms)
    measure = _("人、人次、万元") if in_wan else _("人、人次、元")
    words = settings.COUNTY_NAME + title(table)
    out = _Sheet(title=words, width=width, unit=measure, at=at)
    _report_head(out, table)
    money_format = out.wan if in_wan else out.money
    row, number = _HEAD_ROW + 3, 0
    for line in table.lines:
        is_counted = not line.is_part and not line.is_total
        number += is_counted
        out.sheet.write(row, 0, number if is_counted else "", out.text)
        out.sheet.write_string(row, 1, "" if line.is_part else line.label, out.text)
        out.sheet.write_string(row, 2, line.label if line.is_part else "", out.text)
        for column, (value, is_money) in enumerate(_values(line), start=_FIRST_FIGURE):
            if value is None:
                out.sheet.write_string(row, column, "—", out.text)
            elif is_money:
                out.sheet.write_number(row, column, Decimal(value) / (1_000_000 if in_wan else 100), money_format)
            else:
                out.sheet.write_number(row, column, value, out.count)
        row += 1
    return out.foot(row, [layouts.definition(table.layout), taken_by(str(by), at), *([version] if version else [])])


def _values(line: Line) -> Iterator[tuple[int | None, bool]]:
    """The figures of a row from left to right, each with whether it is money in fen."""
    for cell, has_allotted, fen in line.columns:
        if has_allotted:
            yield fen, True
        yield cell.count.people, False
        yield cell.count.awards, False
        yield cell.count.amount_fen, True


def _report_head(out: _Sheet, table: Grid) -> None:
    sheet, top = out.sheet, _HEAD_ROW
    outer, _stroke, inner = table.head.partition(" / ")
    for at, label in enumerate((_("序号"), outer, inner)):
        sheet.merge_range(top, at, top + 2, at, label, out.head)
    for place, term in enumerate(table.terms):
        first = _FIRST_FIGURE + table.width * place
        sheet.merge_range(top, first, top, first + table.width - 1, term_name(term), out.head)
    column, (narrow, wide) = _FIRST_FIGURE, (7, 13) if table.has_groups else (8, 14)
    for each in table.columns:
        if table.has_allotted and not each.is_part:
            sheet.merge_range(top + 1, column, top + 2, column, _("财政下达"), out.head)
            sheet.set_column(column, column, wide)
            column += 1
        label = each.name if each.who == ALL else _("其中：%(who)s") % {"who": each.name}
        sheet.merge_range(top + 1, column, top + 1, column + 2, label, out.head)
        for words, width in ((_("人数"), narrow), (_("人次"), narrow), (_("金额"), wide)):
            sheet.write(top + 2, column, words, out.head)
            sheet.set_column(column, column, width)
            column += 1
    sheet.set_row(top + 1, 30)
    sheet.set_column(0, 0, 5)
    sheet.set_column(1, 1, 12 if table.has_groups else 24)
    sheet.set_column(2, 2, 24)
    sheet.freeze_panes(top + 3, _FIRST_FIGURE)
    sheet.repeat_rows(0, top + 2)


def csv(table: Grid, *, by: User, at: datetime) -> bytes:
    """A table as text with commas: one head line, money in yuan to the fen, at last what it counts and as of when."""
    heads = [*table.head.split(" / "), ""][:2]
    for each in table.columns:
        when = term_name(each.scope)
        if table.has_allotted and not each.is_part:
            heads.append(" ".join([when, _("财政下达")]))
        who = f" {each.name}" if each.is_part else ""
        heads += [f"{when}{who} {words}" for words in (_("人数"), _("人次"), _("金额（元）"))]
    rows: list[list[str | int | None]] = [[*heads]]
    outer = ""
    for line in table.lines:
        outer = outer if line.is_part else line.label
        values = [
            f"{Decimal(value) / 100:.2f}" if is_money and value is not None else value
            for value, is_money in _values(line)
        ]
        rows.append([outer, line.label if line.is_part else "", *values])
    rows += [[layouts.definition(table.layout)], [taken_by(str(by), at)]]
    return write_csv(rows)


def names(
    awards: AwardQuerySet, figure: Count, *, title: str, definition: str, borne: str = "", by: User, at: datetime
) -> bytes:
    """The names behind a figure, and the figure itself below them.

    `figure` is the sum of the lines, `definition` what it counts; `borne` says what of it a payer bears, where it was
    a payer's.
    """
    dataset = AwardResource().export(awards)
    headers = [_("序号"), *(str(header) for header in dataset.headers)]
    out = _Sheet(title=title, width=len(headers), unit=_("元"), at=at, in_chunks=True)
    widths = (6, 16, 12, 22, 26, 8, 8, 10, 28, 22, 8, 14)
    for column, (header, width) in enumerate(zip(headers, widths, strict=True)):
        out.sheet.set_column(column, column, width)
        out.sheet.write(_HEAD_ROW, column, header, out.head)
    out.sheet.freeze_panes(_HEAD_ROW + 1, 0)
    out.sheet.repeat_rows(0, _HEAD_ROW)
    row = _HEAD_ROW
    for row, line in enumerate(dataset, start=_HEAD_ROW + 1):
        out.sheet.write_number(row, 0, row - _HEAD_ROW, out.count)
        _write_line(out, row, line)
    out.sheet.write(row + 1, 0, _("合计"), out.head)
    out.sheet.write(
        row + 1, 1, _("%(awards)s 人次、%(people)s 人") % {"awards": figure.awards, "people": figure.people}, out.text
    )
    out.sheet.write_number(row + 1, out.last, Decimal(figure.amount_fen) / 100, out.money)
    return out.foot(row + 2, [*([borne] if borne else []), definition, taken_by(str(by), at)])


def _write_line(out: _Sheet, row: int, line: Sequence[Any]) -> None:
    *words, yuan = line
    for column, word in enumerate(words, start=1):
        out.sheet.write_string(row, column, str(word or ""), out.text)
    out.sheet.write_number(row, out.last, Decimal(str(yuan).replace(",", "")), out.money)
