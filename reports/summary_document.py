"""The annual summary as a Word document: the paper in the style of official papers, then its tables and charts.

Its words are the office's own and in Chinese for every reader. It is made anew each time around what people wrote.
"""

import io
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from django.conf import settings
from django.utils import timezone, translation
from docx import Document
from docx.document import Document as Paper
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_COLOR_INDEX
from docx.shared import Mm
from docx.table import Table
from docx.text.paragraph import Paragraph

from common.papers import tidy
from reports import summary as summaries
from reports import summary_paper as paper_of
from reports import totals
from reports.models import SummaryTextQuerySet
from reports.summary import Summary
from reports.summary_charts import Chart, drawing
from reports.summary_sentences import POOR, wan
from reports.summary_tables import Line, columns, lines
from reports.totals import ALL, REGISTERED_POOR

_NUMERALS = "一二三四五六七八九十"
_MARK = re.compile(r"(【待填写[^】]*】)")
UNIT = "单位：人次、万元"


def title(summary: Summary) -> str:
    return f"{summary.year.year}年学生资助管理中心工作总结"


def made(year: int, written: SummaryTextQuerySet, *, at: datetime) -> tuple[Summary, bytes]:
    """The summary of a year and its document; `at` is the moment at which its figures are counted."""
    with translation.override(settings.LANGUAGE_CODE):
        summary = summaries.of(year, written)
        return summary, word(summary, at=at)


def word(summary: Summary, *, at: datetime) -> bytes:
    """The document of a summary that was counted `at` this moment, in the office's language."""
    paper = Document()
    paper_of.set_up(paper, title=title(summary), at=at)
    paper.add_paragraph(title(summary), style="Title")
    _text(paper, summary)
    _signature(paper, at)
    _attachment(paper, summary, at)
    stream = io.BytesIO()
    paper.save(stream)
    return stream.getvalue()


def _text(paper: Paper, summary: Summary) -> None:
    for number, part in enumerate(summary.parts):
        if part.title:
            paper.add_paragraph(f"{_NUMERALS[number - 1]}、{part.title}", style="Heading 1")
        titled = 0
        for told in part.sections:
            if told.section.title:
                titled += 1
                paper.add_paragraph(f"{titled}、{told.section.title}", style="Heading 2")
            for words in told.paragraphs:
                _paragraph(paper, words)


def _paragraph(paper: Paper, words: str) -> None:
    """A paragraph of the paper. What still has to be written is marked yellow."""
    paragraph = paper.add_paragraph(style=paper_of.BODY)
    for piece in _MARK.split(tidy(words)):
        if piece:
            run = paragraph.add_run(piece)
            if _MARK.fullmatch(piece):
                run.font.highlight_color = WD_COLOR_INDEX.YELLOW


def _signature(paper: Paper, at: datetime) -> None:
    day = timezone.localdate(at)
    for words in (f"{settings.COUNTY_NAME}学生资助管理中心", f"{day.year}年{day.month}月{day.day}日"):
        paper.add_paragraph(words, style=paper_of.SIGNATURE)


# Tables and charts


def _attachment(paper: Paper, summary: Summary, at: datetime) -> None:
    """Every figure of the year by stage, program and term, what it counts, until when; and two charts of the money."""
    year = summary.year
    drawn = charts(summary)
    for number, (who, of) in enumerate(((ALL, "学生资助情况统计表"), (REGISTERED_POOR, f"{POOR}资助情况统计表")), 1):
        heading = paper.add_paragraph(f"附表{number}　{year.year}年{of}", style=paper_of.TABLE_TITLE)
        heading.paragraph_format.page_break_before = True
        _table(paper, columns(year), lines(year, who))
        if number == 1:
            _definition(paper, at)
        if drawn:
            _chart(paper, drawn[number - 1], number)


def _definition(paper: Paper, at: datetime) -> None:
    moment = timezone.localtime(at)
    until = f"数据截至：{moment.year}年{moment.month}月{moment.day}日{moment:%H:%M}。"
    for note in (str(totals.DEFINITION), until):
        paper.add_paragraph(note, style=paper_of.NOTE)


def _chart(paper: Paper, chart: Chart, number: int) -> None:
    paper.add_paragraph(f"附图{number}　{chart.title}", style=paper_of.TABLE_TITLE)
    bars = len(chart.categories) * len(chart.series)
    height = Mm(min(22 + 6 * bars, 190) if chart.lies else 70)
    holder = paper.add_paragraph(style=paper_of.DRAWING)
    holder.paragraph_format.keep_with_next = True
    holder.add_run()._r.append(drawing(paper, chart, number=number, width=Mm(155), height=height))
    paper.add_paragraph(f"单位：{chart.unit}。数据与附表1相同。", style=paper_of.NOTE)


def charts(summary: Summary) -> list[Chart]:
    """Money of the year by stage, and of each term by program: two charts, or none while there is no money."""
    year = summary.year
    if not year.figure().amount_fen:
        return []
    stages = [stage for group in year.groups for stage in group.stages if year.figure(stage=stage.code).persons]
    programs = [program for program in year.programs if year.figure(program=program.code).persons]
    return [
        Chart(
            f"{year.year}年各学段资助金额",
            "万元",
            [tidy(stage.name) for stage in stages],
            [("全年", [_wan(year.figure(stage=stage.code).amount_fen) for stage in stages])],
        ),
        Chart(
            f"{year.year}年各资助项目分学期金额",
            "万元",
            [tidy(program.short_name) for program in programs],
            [
                (
                    f"{term.season.label}学期",
                    [_wan(year.figure(term.pk, program=program.code).amount_fen) for program in programs],
                )
                for term in year.terms
            ],
            lies=True,
        ),
    ]


def _wan(fen: int) -> Decimal:
    return Decimal(wan(fen))


def _table(paper: Paper, heads: Sequence[tuple[str, str]], rows: Sequence[Line]) -> None:
    """Unit row, two rows of heads that every page repeats, rows by stage, subtotals, the total."""
    unit = paper.add_paragraph(UNIT, style=paper_of.NOTE)
    unit.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    unit.paragraph_format.keep_with_next = True
    width = 2 + 2 * len(heads)
    table = paper.add_table(rows=2, cols=width, style="Table Grid")
    paper_of.fix_widths(table, [16, 27, *([15, 22.5] * 3 if len(heads) == 3 else [22, 34] * len(heads))])
    for row in table.rows:
        paper_of.repeat(row)
    top, below = table.rows[0].cells, table.rows[1].cells
    for at, words in enumerate(("学段", "资助项目")):
        _cell(top[at].merge(below[at]).paragraphs[0], words, is_bold=True)
    for place, (_term, name) in enumerate(heads):
        first = 2 + 2 * place
        _cell(top[first].merge(top[first + 1]).paragraphs[0], name, is_bold=True)
        _cell(below[first].paragraphs[0], "人次", is_bold=True)
        _cell(below[first + 1].paragraphs[0], "金额", is_bold=True)
    for stage, of_stage in groupby(rows, key=lambda line: line.stage):
        _rows(table, stage, list(of_stage))
    paper_of.center(table)


def _rows(table: Table, stage: str, rows: Sequence[Line]) -> None:
    """The rows of a stage, its name beside them all."""
    first = None
    for line in rows:
        row = table.add_row()  # type: ignore[no-untyped-call]
        paper_of.keep_whole(row)
        cells = row.cells
        if line.is_total:
            _cell(cells[0].merge(cells[1]).paragraphs[0], line.program, is_bold=True)
        else:
            _cell(cells[1].paragraphs[0], line.program, is_bold=line.is_sum)
            first = first.merge(cells[0]) if first is not None else cells[0]
        for place, figure in enumerate(line.figures):
            for at, words in ((0, str(figure.persons)), (1, wan(figure.amount_fen))):
                _cell(cells[2 + 2 * place + at].paragraphs[0], words, is_bold=line.is_sum, is_figure=True)
    if first is not None:
        for more in first.paragraphs[1:]:
            more._p.getparent().remove(more._p)
        _cell(first.paragraphs[0], stage)


def _cell(paragraph: Paragraph, words: str, *, is_bold: bool = False, is_figure: bool = False) -> None:
    paragraph.style = paper_of.CELL
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if is_figure else WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run(tidy(words)).bold = is_bold
