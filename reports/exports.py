"""Workbooks with the layout of official sheets: title, unit and date, head, rows, total, definition, signatures.

Text is always written as text, so that no cell can begin a formula.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from programs.models import AwardQuerySet
from reports import totals
from reports.resources import AwardResource
from reports.tables import Table, who_name
from reports.totals import Figure
from schools.models import term_name

_HEAD_ROW = 2
_FIRST_FIGURE = 3
_TEXT_ONLY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class _Sheet:
    """One official sheet on A4 across; rows are written from the top down."""

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
        self.sheet.set_paper(9)
        self.sheet.set_landscape()
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


def report(table: Table, *, by: User, at: datetime) -> bytes:
    """The report of a term or year as the page shows it."""
    width = _FIRST_FIGURE + 2 * len(table.columns)
    title = _("%(county)s%(scope)s学生资助情况统计表") % {"county": settings.COUNTY_NAME, "scope": table.title}
    out = _Sheet(title=title, width=width, unit=_("人次、元"), at=at)
    _report_head(out, table)
    row = _HEAD_ROW + 3
    number = 0
    for line in table.rows:
        number += not line.is_part and not line.is_total
        out.sheet.write(row, 0, number if not line.is_part and not line.is_total else "", out.text)
        out.sheet.write(row, 1, "" if line.is_part else line.label, out.text)
        out.sheet.write(row, 2, line.label if line.is_part else _("小计"), out.text)
        for place, figure in enumerate(line.figures):
            out.sheet.write_number(row, _FIRST_FIGURE + 2 * place, figure.persons, out.count)
            yuan = Decimal(figure.amount_fen) / 100
            out.sheet.write_number(row, _FIRST_FIGURE + 2 * place + 1, yuan, out.money)
        row += 1
    return out.foot(row, [str(totals.DEFINITION), _taken(by, at)])


def _report_head(out: _Sheet, table: Table) -> None:
    sheet, top = out.sheet, _HEAD_ROW
    for at, label in enumerate((_("序号"), _("资助项目"), _("学段"))):
        sheet.merge_range(top, at, top + 2, at, label, out.head)
    for place, term in enumerate(table.terms):
        first = _FIRST_FIGURE + 4 * place
        sheet.merge_range(top, first, top, first + 3, term_name(term), out.head)
    for place, column in enumerate(table.columns):
        first = _FIRST_FIGURE + 2 * place
        label = _("其中：%(who)s") % {"who": who_name(column.who)} if column.is_part else _("合计")
        sheet.merge_range(top + 1, first, top + 1, first + 1, label, out.head)
        sheet.write(top + 2, first, _("人次"), out.head)
        sheet.write(top + 2, first + 1, _("金额"), out.head)
    sheet.set_row(top + 1, 30)
    sheet.set_column(0, 0, 5)
    sheet.set_column(1, 1, 32)
    sheet.set_column(2, 2, 10)
    sheet.set_column(_FIRST_FIGURE, out.last, 14)
    sheet.freeze_panes(top + 3, _FIRST_FIGURE)
    sheet.repeat_rows(0, top + 2)


def names(awards: AwardQuerySet, figure: Figure, *, title: str, by: User, at: datetime) -> bytes:
    """The names behind a figure, and the figure itself below them."""
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
    out.sheet.write(row + 1, 1, _("%(persons)s 人次") % {"persons": figure.persons}, out.text)
    out.sheet.write_number(row + 1, out.last, Decimal(figure.amount_fen) / 100, out.money)
    return out.foot(row + 2, [str(totals.DEFINITION), _taken(by, at)])


def _write_line(out: _Sheet, row: int, line: Sequence[Any]) -> None:
    *words, yuan = line
    for column, word in enumerate(words, start=1):
        out.sheet.write_string(row, column, str(word or ""), out.text)
    out.sheet.write_number(row, out.last, Decimal(str(yuan).replace(",", "")), out.money)


def _taken(by: User, at: datetime) -> str:
    """Who took the file, when: a sheet that turns up somewhere says where it came from."""
    moment = timezone.localtime(at)
    return _("导出人：%(name)s　　数据截至：%(moment)s") % {"name": by, "moment": f"{moment:%Y-%m-%d %H:%M}"}
