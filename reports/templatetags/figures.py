"""Figures of a report in its unit, each opening the names behind it."""

from django import template
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from common import money
from reports.grids import Line
from reports.selections import Selection

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
    cells: list[str] = []
    for cell, has_allotted, fen in line.columns:
        words = cell.selection
        first = "" if cell.is_part else " first"
        if has_allotted:
            address = allotted.format(words.scope) + _rest(words)
            cells.append(_cell(first, in_unit(fen, unit), address if fen and is_open else ""))
            first = ""
        address = escape(f"{names}?{words.query}") if cell.count.awards and is_open else ""
        people = f"{address}&amp;tab=people" if address else ""
        cells.append(_cell(first, number_format(cell.count.people, force_grouping=True), people))
        cells.append(_cell("", number_format(cell.count.awards, force_grouping=True), address))
        cells.append(_cell("", in_unit(cell.count.amount_fen, unit), address))
    return mark_safe("".join(cells))  # noqa: S308 -- numbers of ours, and addresses that were escaped


def _cell(first: str, words: str, address: str) -> str:
    inside = f'<a href="{address}">{words}</a>' if address else words
    return f'<td class="num{first}">{inside}</td>'


def _rest(words: Selection) -> str:
    return escape(f"?program={words.program}&stage={words.stage}")
