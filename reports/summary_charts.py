"""Bar charts for a Word document, as charts of the document itself: an office program draws them and can change them.

A chart is a part of DrawingML with its figures written out, and behind it the small workbook that they come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

import xlsxwriter
from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.parser import parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length

_COLORS = ("1F5FA8", "D98E04", "4C8C4A")
_SHEET = "Sheet1"
_NAMES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_WORDPROCESSING = (
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
)


@dataclass(frozen=True)
class Chart:
    """Bars for each category: one of each series. Values are exact and never rounded here.

    The title stands above the chart in the document; in the chart it is what readers of screens are told.
    """

    title: str
    unit: str
    categories: Sequence[str]
    series: Sequence[tuple[str, Sequence[Decimal]]]
    lies: bool = False
    """Bars go across, so that long names have room."""


def drawing(document: Document, chart: Chart, *, number: int, width: Length, height: Length) -> BaseOxmlElement:
    """The chart as something that a run of the document can hold; its parts are added to the document's package."""
    package = document.part.package
    book = Part(
        PackURI(f"/word/embeddings/Microsoft_Excel_Sheet{number}.xlsx"),
        CONTENT_TYPE.SML_SHEET,
        workbook(chart),
        package,
    )
    part = Part(PackURI(f"/word/charts/chart{number}.xml"), CONTENT_TYPE.DML_CHART, b"", package)
    book_id = part.relate_to(book, RELATIONSHIP_TYPE.PACKAGE)
    part._blob = xml(chart, book_id).encode()
    chart_id = document.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
    return parse_xml(
        f"<w:drawing {_WORDPROCESSING} {_NAMES}>"
        '<wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{int(width)}" cy="{int(height)}"/><wp:effectExtent l="0" t="0" r="0" b="0"/>'
        f'<wp:docPr id="{1000 + number}" name={quoteattr(f"Chart {number}")} descr={quoteattr(chart.title)}/>'
        "<wp:cNvGraphicFramePr/>"
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        f'<c:chart r:id="{chart_id}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )


def workbook(chart: Chart) -> bytes:
    """The figures as a sheet: categories down, series across."""
    content = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(content, options)
    sheet = book.add_worksheet(_SHEET)
    sheet.write_string(0, 0, chart.unit)
    for row, category in enumerate(chart.categories, start=1):
        sheet.write_string(row, 0, category)
    for column, (name, values) in enumerate(chart.series, start=1):
        sheet.write_string(0, column, name)
        for row, value in enumerate(values, start=1):
            sheet.write_number(row, column, value)
    book.close()
    return content.getvalue()


def xml(chart: Chart, book_id: str) -> str:
    """The part's content; elements stand in the order of the schema (ECMA-376, dml-chart)."""
    bars = "".join(_series(chart, place) for place in range(len(chart.series)))
    legend = '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend>' if len(chart.series) > 1 else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><c:chartSpace {_NAMES}>'
        '<c:date1904 val="0"/><c:roundedCorners val="0"/><c:chart>'
        '<c:autoTitleDeleted val="1"/><c:plotArea><c:layout/>'
        f'<c:barChart><c:barDir val="{"bar" if chart.lies else "col"}"/><c:grouping val="clustered"/>'
        f'<c:varyColors val="0"/>{bars}<c:gapWidth val="60"/><c:axId val="111"/><c:axId val="222"/></c:barChart>'
        f"{_axes(chart)}</c:plotArea>{legend}"
        '<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart>'
        f'{_text(1000)}<c:externalData r:id="{book_id}"><c:autoUpdate val="0"/></c:externalData></c:chartSpace>'
    )


def _title(words: str, size: int) -> str:
    return (
        f'<c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr sz="{size}" b="0"/></a:pPr>'
        f'<a:r><a:rPr lang="zh-CN" sz="{size}" b="0"/><a:t>{escape(words)}</a:t></a:r></a:p></c:rich></c:tx>'
        '<c:overlay val="0"/></c:title>'
    )


def _text(size: int) -> str:
    return f'<c:txPr><a:bodyPr/><a:p><a:pPr><a:defRPr sz="{size}"/></a:pPr><a:endParaRPr lang="zh-CN"/></a:p></c:txPr>'


def _series(chart: Chart, place: int) -> str:
    name, values = chart.series[place]
    column, last = chr(ord("B") + place), len(chart.categories) + 1
    points = "".join(f'<c:pt idx="{at}"><c:v>{value:f}</c:v></c:pt>' for at, value in enumerate(values))
    return (
        f'<c:ser><c:idx val="{place}"/><c:order val="{place}"/>'
        f"<c:tx>{_strings(f'${column}$1', [name])}</c:tx>"
        f'<c:spPr><a:solidFill><a:srgbClr val="{_COLORS[place % len(_COLORS)]}"/></a:solidFill></c:spPr>'
        '<c:invertIfNegative val="0"/>'
        f'<c:dLbls><c:numFmt formatCode="General" sourceLinked="0"/><c:spPr><a:noFill/></c:spPr>{_text(800)}'
        '<c:dLblPos val="outEnd"/><c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/>'
        '<c:showSerName val="0"/><c:showPercent val="0"/><c:showBubbleSize val="0"/></c:dLbls>'
        f"<c:cat>{_strings(f'$A$2:$A${last}', chart.categories)}</c:cat>"
        f"<c:val><c:numRef><c:f>{_SHEET}!${column}$2:${column}${last}</c:f><c:numCache>"
        f'<c:formatCode>General</c:formatCode><c:ptCount val="{len(values)}"/>{points}'
        "</c:numCache></c:numRef></c:val></c:ser>"
    )


def _strings(cells: str, words: Sequence[str]) -> str:
    points = "".join(f'<c:pt idx="{at}"><c:v>{escape(word)}</c:v></c:pt>' for at, word in enumerate(words))
    cache = f'<c:strCache><c:ptCount val="{len(words)}"/>{points}</c:strCache>'
    return f"<c:strRef><c:f>{_SHEET}!{cells}</c:f>{cache}</c:strRef>"


def _axes(chart: Chart) -> str:
    """Categories in the order of the table: of bars that lie, the first is on top."""
    orientation, at, beside = ("maxMin", "l", "t") if chart.lies else ("minMax", "b", "l")
    line = '<c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="808080"/></a:solidFill></a:ln></c:spPr>'
    grid = f"<c:majorGridlines>{line.replace('808080', 'D9D9D9')}</c:majorGridlines>"
    return (
        f'<c:catAx><c:axId val="111"/><c:scaling><c:orientation val="{orientation}"/></c:scaling><c:delete val="0"/>'
        f'<c:axPos val="{at}"/><c:numFmt formatCode="General" sourceLinked="0"/><c:majorTickMark val="none"/>'
        f'<c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>{line}{_text(900)}<c:crossAx val="222"/>'
        '<c:crosses val="autoZero"/><c:auto val="1"/><c:lblAlgn val="ctr"/><c:lblOffset val="100"/>'
        '<c:noMultiLvlLbl val="0"/></c:catAx>'
        '<c:valAx><c:axId val="222"/><c:scaling><c:orientation val="minMax"/><c:min val="0"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{beside}"/>{grid}{_title(chart.unit, 900)}'
        '<c:numFmt formatCode="General" sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="{"high" if chart.lies else "nextTo"}"/>{line}{_text(900)}<c:crossAx val="111"/>'
        '<c:crosses val="autoZero"/><c:crossBetween val="between"/></c:valAx>'
    )
