"""Figures of a report in its unit, each opening the names behind it."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from common import money
from reports.grids import Line
from reports.models import HandedIn
from reports.selections import ALL

register = template.Library()

WAN = "wan"


@register.filter
def in_unit(fen: int | None, unit: str) -> str:
    """Fen in yuan, or in ten thousands of yuan; nothing is a dash."""
    if fen is None:
        return "—"
    return money.wan(fen) if unit == WAN else money.yuan(fen)


@register.simple_tag
def figure_cells(line: Line, unit: str, is_open: bool = True) -> SafeString:
    """The cells of a row; on paper nothing opens.

    There may be tens of thousands of them, so they are put together here, not in a template.
    """
    names, allotted = reverse("reports:names"), reverse("reports:allotted", args=["scope"]).replace("scope", "{}")
    row = escape(f"&{urlencode(line.row.words)}") if line.row.words else ""
    cells: list[str] = []
    for cell, has_allotted, fen in line.columns:
        column, count = cell.column, cell.count
        first = " first" if column.who == ALL else ""
        if has_allotted:
            address = f"{allotted.format(column.scope)}?{row[5:]}" if fen and is_open else ""
            cells.append(_cell(first, in_unit(fen, unit), address))
            first = ""
        address = people = ""
        if count.awards and is_open:
            part = escape(f"&{urlencode(column.words)}") if column.is_part else ""
            address = f"{names}?scope={column.scope}{row}{part}"
            people = f"{address}&amp;tab=people"
        cells.append(_cell(first, f"{count.people:,}", people))
        cells.append(_cell("", f"{count.awards:,}", address))
        cells.append(_cell("", in_unit(count.amount_fen, unit), address))
    return mark_safe("".join(cells))  # noqa: S308 -- numbers of ours, and addresses that were escaped


@register.simple_tag
def kept_cells(report: HandedIn, number: int) -> SafeString:
    """The cells of a row of a report that was handed in; each opens the awards that it counted then."""
    address = reverse("reports:handed-in-names", args=[report.pk])
    cells: list[str] = []
    for column, (people, awards, fen) in enumerate(report.figures["lines"][number]["figures"]):
        names = f"{address}?line={number}&amp;column={column}" if awards else ""
        for first, words in ((" first", f"{people:,}"), ("", f"{awards:,}"), ("", money.yuan(fen))):
            cells.append(_cell(first, words, names))
    return mark_safe("".join(cells))  # noqa: S308 -- numbers of ours


def _cell(first: str, words: str, address: str) -> str:
    inside = f'<a href="{address}">{words}</a>' if address else words
    return f'<td class="num{first}">{inside}</td>'
