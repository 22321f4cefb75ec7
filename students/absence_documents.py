"""The official letter itself, for paper and for Word. Its words are the office's own and in Chinese for every reader.

The other school has to recognize one child and no more: name, sex, year of birth and the masked number stand in it,
not the category of hardship, not the household, not the address.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils import timezone
from docx import Document
from docx.document import Document as Paper
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from students.models import OutsideLetter

TITLE = "在外地就读学生公函告知书"
RECEIPT_TITLE = "回　　执"
_SEXES = {"male": "男", "female": "女"}
_HEAD_FONT, _BODY_FONT = "黑体", "仿宋"


@dataclass(frozen=True)
class Letter:
    """The words of one letter, in the order in which they stand on the sheet."""

    number: str
    to: str
    paragraphs: tuple[str, ...]
    office: str
    day: str
    receipt_to: str
    receipt: str
    rows: tuple[tuple[str, str, str, str], ...]
    """The slip that comes back: label, value, label, value."""


def letter_of(letter: OutsideLetter) -> Letter:
    """What one letter says. The person of its absence has to be at hand."""
    person = letter.absence.person
    office = f"{settings.COUNTY_NAME}学生资助管理中心"
    who = [_SEXES.get(person.sex, ""), f"{person.born_on.year}年出生" if person.born_on else ""]
    number = f"公民身份号码{person.masked_id}" if person.id_number else ""
    child = f"{person.name}（{'，'.join(filter(None, [*who, number]))}）".replace("（）", "")
    return Letter(
        number=letter.number,
        to=f"{letter.school_name}：",
        paragraphs=(
            f"为落实国家学生资助政策，确保家庭经济困难学生不因在外地就读而漏助，现就我县户籍学生{child}"
            f"在贵校（{letter.school_place}）就读的有关情况函告如下：",
            "一、该生属于国家学生资助政策规定的资助对象，请贵校按照当地标准予以资助，避免漏助。",
            "二、请贵校核对该生在读和享受资助的情况，填写回执并加盖公章后寄回或传真至我中心。"
            "为避免重复资助，该生在贵校享受资助期间，我县不再发放同类资助。",
            f"三、该生信息仅用于落实学生资助，请注意保护学生隐私。联系电话：{settings.COMPLAINT_PHONE}。",
        ),
        office=office,
        day=_day(timezone.localdate(letter.made_at)),
        receipt_to=f"{office}：",
        receipt=f"贵中心{letter.number}函收悉，现将有关情况回复如下：",
        rows=(
            ("学生姓名", person.name, "是否在我校就读", "□是　　□否"),
            ("年级、班级", "", "是否寄宿", "□是　　□否"),
            ("享受的资助项目", "", "每学期金额（元）", ""),
            ("经办人", "", "联系电话", ""),
        ),
    )


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def word(letters: Sequence[OutsideLetter]) -> bytes:
    """A .docx with every letter on a page of its own, to be sealed and changed by hand where needed."""
    paper = Document()
    paper.core_properties.author = f"{settings.COUNTY_NAME}学生资助管理中心"
    paper.core_properties.title = TITLE
    paper.core_properties.comments = ""
    _set_up(paper)
    for place, letter in enumerate(map(letter_of, letters)):
        if place:
            paper.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)
        _write(paper, letter)
    stream = io.BytesIO()
    paper.save(stream)
    return stream.getvalue()


def _set_up(paper: Paper) -> None:
    """A4 with the margins of official papers (GB/T 9704 gives 37 mm above; a slip has to fit on the sheet as well)."""
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(25), Mm(20)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    style = paper.styles["Normal"]
    style.font.size = Pt(14)
    style.font.name = _BODY_FONT
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _BODY_FONT)


def _write(paper: Paper, letter: Letter) -> None:
    _line(paper, letter.office, size=18, font=_HEAD_FONT, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(paper, TITLE, size=18, font=_HEAD_FONT, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(paper, letter.number, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(paper, letter.to)
    for words in letter.paragraphs:
        _line(paper, words, indent=True)
    _line(paper, f"{letter.office}（盖章）", align=WD_ALIGN_PARAGRAPH.RIGHT)
    _line(paper, letter.day, align=WD_ALIGN_PARAGRAPH.RIGHT)
    _line(paper, "┄" * 30, size=10, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(paper, RECEIPT_TITLE, size=16, font=_HEAD_FONT, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(paper, letter.receipt_to)
    _line(paper, letter.receipt, indent=True)
    table = paper.add_table(rows=0, cols=4, style="Table Grid")
    for row in letter.rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            _font(cell.paragraphs[0].add_run(words), size=12)
    _line(paper, "学校（盖章）：　　　　　　　　　　年　　月　　日", align=WD_ALIGN_PARAGRAPH.RIGHT)


def _line(
    paper: Paper,
    words: str,
    *,
    size: float = 14,
    font: str = _BODY_FONT,
    align: WD_ALIGN_PARAGRAPH | None = None,
    indent: bool = False,
) -> Paragraph:
    line = paper.add_paragraph()
    if align is not None:
        line.alignment = align
    line.paragraph_format.space_after = Pt(3)
    line.paragraph_format.line_spacing = 1.25
    if indent:
        line.paragraph_format.first_line_indent = Pt(size * 2)
    _font(line.add_run(words), size=size, font=font)
    return line


def _font(run: Run, *, size: float, font: str = _BODY_FONT) -> None:
    run.font.size = Pt(size)
    run.font.name = font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
