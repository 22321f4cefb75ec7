"""The annual summary's document read back: its headings with what stands under them, its tables, its charts."""

import io
import re
import zipfile
from dataclasses import dataclass, field
from decimal import Decimal

from docx import Document
from docx.enum.text import WD_COLOR_INDEX
from lxml import etree

CHART = {"c": "http://schemas.openxmlformats.org/drawingml/2006/chart"}


@dataclass
class Paper:
    """What a reader sees."""

    title: str = ""
    parts: list[str] = field(default_factory=list)
    sections: dict[str, list[str]] = field(default_factory=dict)
    """heading → paragraphs; "" for those before the first heading."""
    marked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)

    def text(self, heading: str) -> str:
        return "\n".join(self.sections[heading])


def read(content: bytes) -> Paper:
    document = Document(io.BytesIO(content))
    paper, here = Paper(), ""
    for paragraph in document.paragraphs:
        style, words = paragraph.style.name, paragraph.text
        if style == "Title":
            paper.title = words
        elif style.startswith("Heading"):
            here = re.sub(r"^[一二三四五六七八九十\d]+、", "", words)
            if style == "Heading 1":
                paper.parts.append(words)
        elif style == "Summary Body":
            paper.sections.setdefault(here, []).append(words)
        else:
            paper.notes.append(words)
        paper.marked += [run.text for run in paragraph.runs if run.font.highlight_color == WD_COLOR_INDEX.YELLOW]
    paper.tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    return paper


def fen(wan: str) -> int:
    """Fen of an amount in ten thousands, which has to be whole."""
    amount = Decimal(wan) * 1_000_000
    assert amount == amount.to_integral_value(), wan
    return int(amount)


def figures_said(content: bytes) -> dict[tuple[str, str, str, str], tuple[int, int]]:
    """(who, stage, program, column) → (persons, fen), of both tables; the names are those of the tables.

    `who` is "all" or "registered-poor", `column` the name of a term or "全年"; sums are the programs "小计" and "合计".
    """
    found = {}
    for who, table in zip(("all", "registered-poor"), read(content).tables, strict=True):
        heads, below, *rows = table
        assert below[2:] == ["人次", "金额"] * ((len(heads) - 2) // 2)
        for stage, program, *cells in rows:
            for place in range(0, len(cells), 2):
                key = (who, "" if program == "合计" else stage, program, heads[2 + place])
                assert key not in found, key
                found[key] = (int(cells[place]), fen(cells[place + 1]))
    return found


def charts(content: bytes) -> list[dict[str, dict[str, Decimal]]]:
    """For each chart: series → category → value, from the part itself."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = sorted(name for name in package.namelist() if re.match(r"word/charts/\w+\.xml$", name))
        return [_series(etree.fromstring(package.read(part))) for part in parts]


def _series(chart: etree._Element) -> dict[str, dict[str, Decimal]]:
    found = {}
    for series in chart.iterfind(".//c:ser", CHART):
        name = series.findtext("c:tx//c:v", namespaces=CHART)
        categories = [point.text for point in series.iterfind("c:cat//c:v", CHART)]
        values = [Decimal(point.text) for point in series.iterfind("c:val//c:v", CHART)]
        found[name] = dict(zip(categories, values, strict=True))
    return found
