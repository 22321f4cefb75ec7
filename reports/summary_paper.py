"""An official paper's page in Word: sizes, fonts and spacing of GB/T 9704, as counties set their reports.

Fonts that a computer lacks are named with another one in the document's table of fonts.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from django.conf import settings
from django.utils import timezone
from docx.document import Document as Paper
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import OxmlElement, parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell, _Row

BODY, SIGNATURE = "Summary Body", "Summary Signature"
TABLE_TITLE, NOTE, CELL, DRAWING = "Summary Table Title", "Summary Note", "Summary Cell", "Summary Drawing"
_TITLE_FONT, _BODY_FONT, _HEAD_FONT, _SUBHEAD_FONT = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312"
_INSTEAD = {_TITLE_FONT: "黑体", _BODY_FONT: "仿宋", _HEAD_FONT: "SimHei", _SUBHEAD_FONT: "楷体"}
_LATIN_FONT = "Times New Roman"
_LINE = Pt(28)
_CELL_MARGIN = 45
"""Twentieths of a point: a whole county's sums in bold stand on one line."""
_TITLE_SIZE, _BODY_SIZE, _NOTE_SIZE, _CELL_SIZE = Pt(22), Pt(16), Pt(10.5), Pt(9)


def set_up(paper: Paper, *, title: str, at: datetime) -> None:
    """Page, styles, page numbers and properties of an empty document."""
    properties = paper.core_properties
    properties.author = properties.last_modified_by = f"{settings.COUNTY_NAME}学生资助管理中心"
    properties.title, properties.comments, properties.language = title, "", "zh-CN"
    properties.created = properties.modified = timezone.localtime(at).replace(tzinfo=None)
    _page(paper)
    _styles(paper)
    _fonts(paper)
    for language in paper.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    _page_number(paper)


def _page(paper: Paper) -> None:
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)


def _styles(paper: Paper) -> None:
    _style(paper, "Normal", font=_BODY_FONT, size=_BODY_SIZE)
    styles = (
        ("Title", _TITLE_FONT, _TITLE_SIZE, WD_ALIGN_PARAGRAPH.CENTER),
        ("Heading 1", _HEAD_FONT, _BODY_SIZE, None),
        ("Heading 2", _SUBHEAD_FONT, _BODY_SIZE, None),
        (BODY, _BODY_FONT, _BODY_SIZE, WD_ALIGN_PARAGRAPH.JUSTIFY),
        (SIGNATURE, _BODY_FONT, _BODY_SIZE, WD_ALIGN_PARAGRAPH.RIGHT),
        (TABLE_TITLE, _HEAD_FONT, _BODY_SIZE, WD_ALIGN_PARAGRAPH.CENTER),
        (NOTE, _BODY_FONT, _NOTE_SIZE, None),
        (CELL, _BODY_FONT, _CELL_SIZE, None),
        (DRAWING, _BODY_FONT, _NOTE_SIZE, WD_ALIGN_PARAGRAPH.CENTER),
    )
    for name, font, size, align in styles:
        spacing = _style(paper, name, font=font, size=size).paragraph_format
        spacing.alignment = align
        spacing.space_before = spacing.space_after = Pt(0)
        spacing.line_spacing = _LINE
        spacing.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        if name in {BODY, "Heading 1", "Heading 2"}:
            spacing.first_line_indent = _BODY_SIZE * 2
        if name in {NOTE, CELL, DRAWING}:
            # A line as high as what stands in it: exact lines would cut a chart off.
            spacing.line_spacing_rule = WD_LINE_SPACING.SINGLE
    paper.styles["Title"].paragraph_format.space_after = _LINE
    paper.styles["Title"].paragraph_format.line_spacing = Pt(36)
    paper.styles[SIGNATURE].paragraph_format.right_indent = _BODY_SIZE * 2
    paper.styles[TABLE_TITLE].paragraph_format.space_before = Pt(12)
    paper.styles[TABLE_TITLE].paragraph_format.keep_with_next = True
    paper.styles[NOTE].paragraph_format.space_before = Pt(4)


def _style(paper: Paper, name: str, *, font: str, size: Pt) -> ParagraphStyle:
    """A style of the template without what the template gives it: theme fonts, colours, borders."""
    known = name in paper.styles
    style = cast(ParagraphStyle, paper.styles[name] if known else paper.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH))
    element = style.element
    for gone in (element.find(qn("w:rPr")), element.find(f"{qn('w:pPr')}/{qn('w:pBdr')}")):
        if gone is not None:
            gone.getparent().remove(gone)
    style.font.name, style.font.size, style.font.bold = _LATIN_FONT, size, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), font)
    fonts.set(qn("w:cs"), _LATIN_FONT)
    return style


def _fonts(paper: Paper) -> None:
    """Each font's stand-in (altName), for computers that have the font under another name or not at all."""
    table = paper.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/><w:family w:val="auto"/></w:font>'
        for name, other in _INSTEAD.items()
    )
    words = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {nsdecls("w")}>{fonts}</w:fonts>'
    table._blob = words.encode()


def _page_number(paper: Paper) -> None:
    """— 1 — in the middle of the foot."""
    paragraph = paper.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run("— ")
    run.font.size = Pt(14)
    for element in (_field("begin"), _instruction("PAGE"), _field("separate"), _words("1"), _field("end")):
        part = paragraph.add_run()
        part.font.size = Pt(14)
        part._r.append(element)
    paragraph.add_run(" —").font.size = Pt(14)


def _field(kind: str) -> BaseOxmlElement:
    element = OxmlElement("w:fldChar")
    element.set(qn("w:fldCharType"), kind)
    return element


def _instruction(words: str) -> BaseOxmlElement:
    element = OxmlElement("w:instrText")
    element.set(qn("xml:space"), "preserve")
    element.text = f" {words} "
    return element


def _words(words: str) -> BaseOxmlElement:
    element = OxmlElement("w:t")
    element.text = words
    return element


# Tables


def fix_widths(table: Table, widths: Sequence[float]) -> None:
    """Columns of these millimetres, whatever stands in them."""
    table.autofit = False
    table._tblPr.find(qn("w:tblLook")).addprevious(
        parse_xml(
            f'<w:tblCellMar {nsdecls("w")}><w:left w:w="{_CELL_MARGIN}" w:type="dxa"/>'
            f'<w:right w:w="{_CELL_MARGIN}" w:type="dxa"/></w:tblCellMar>'
        )
    )
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)


def repeat(row: _Row) -> None:
    """The row is a head: every page of the table begins with it."""
    row._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
    keep_whole(row)


def center(table: Table) -> None:
    """Every cell's words stand in the middle of its height."""
    for element in table._tbl.iter(qn("w:tc")):
        _Cell(element, table).vertical_alignment = WD_ALIGN_VERTICAL.CENTER


def keep_whole(row: _Row) -> None:
    """No page ends within the row."""
    row._tr.get_or_add_trPr().insert(0, parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
