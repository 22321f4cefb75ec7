"""A school's roster as a workbook to fill in: the children already in it, every cell text, lists to choose from.

What is handed out can be handed in again unchanged: it then says exactly what is known, and nothing is wrong with it.
"""

import hmac
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from accounts import actions
from accounts.models import User
from common.keyring import ring
from common.moves import Refused
from schools.models import Grade, School, Stage, Term
from students.choices import OWN, EnrollmentState, IdType, Sex
from students.expected import Expected, expected
from students.models import Card, Enrollment, HardshipCategory
from students.roster_columns import COLUMNS

SPARE_ROWS = 500
RELATIONS = (OWN, "父亲", "母亲", "祖父", "祖母", "外祖父", "外祖母", "兄弟姐妹", "其他监护人")
BOARDING = {True: "住校", False: "走读"}
RESIDENCE = {True: "农业户口", False: "非农业户口"}
REGISTERED = {True: "有", False: "无", None: ""}
STATUSES = ("在读", "休学", "转出", "退学")
SHEET, NOTES, OPTIONS = "花名册", "填写说明", "选项"
NUMBER = "序号"
STAR = "★"

_OURS = {field: column for field, column in COLUMNS.items() if column.is_ours}
_FREE = {"class_name", "claim", "registered"}
"""Columns whose list only helps: another class, several claims at once, or a register number may be typed."""
_MARK_ROW, _TITLE_ROW, _UNIT_ROW, _HEAD_ROW = 1, 2, 3, 4
_MARK = re.compile(
    r"aidcenter-roster;school=(?P<school>\d{10});term=(?P<term>20\d\d[SA]);version=(?P<version>\d{1,6});check=(?P<check>\w+)"
)
_SIGNATURE = "aidcenter-roster"
_A4 = 9
_FONT = "宋体"
_LINE = Side(style="thin", color="FFBFBFBF")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_HEAD_FILL = PatternFill("solid", start_color="FFF2F2F2", end_color="FFF2F2F2")
_MUST_FILL = PatternFill("solid", start_color="FFD9D9D9", end_color="FFD9D9D9")
_RED = "FFC00000"


class MarkChanged(Refused):
    code = "mark-changed"
    message = _("模板第一行的隐藏标记被改动过，看不出是哪所学校、哪个学期的。请重新下载模板，把内容复制进去再上传。")


@dataclass(frozen=True)
class Mark:
    """Where a workbook of ours comes from: school code, term and the version it was made from (0 = none)."""

    school: str
    term: str
    version: int

    def __str__(self) -> str:
        facts = f"school={self.school};term={self.term};version={self.version}"
        return f"{_SIGNATURE};{facts};check={self.check}"

    @property
    def check(self) -> str:
        return ring().fingerprint("workbook", f"{self.school}|{self.term}|{self.version}")[:8]


def read_mark(text: str) -> Mark | None:
    """The mark in the text above a sheet's head; None where the file is not ours, refused where it was changed."""
    if _SIGNATURE not in text:
        return None
    if found := _MARK.search(text):
        mark = Mark(found["school"], found["term"], int(found["version"]))
        if hmac.compare_digest(mark.check.encode(), found["check"].encode()):
            return mark
    raise MarkChanged()


def file_name(school: School, term: Term, *, is_empty: bool = False) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        text = _now("%(school)s%(term)s花名册（空表）") if is_empty else _now("%(school)s%(term)s花名册")
        return text % {"school": school.name, "term": str(term)}


def write(school: School, term: Term, *, is_empty: bool = False) -> bytes:
    """The workbook of a school and term, with the children that it should have or, `is_empty`, without them."""
    return _write(school, term, *_children(expected(school, term), is_empty=is_empty))


def hand_out(school: School, term: Term, *, by: User, at: datetime, is_empty: bool = False) -> bytes:
    """The workbook for somebody who takes it along: whole numbers leave the house, so the log keeps it."""
    version, rows = _children(expected(school, term), is_empty=is_empty)
    actions.record(by, "roster.downloaded", school, at=at, term=term.pk, children=len(rows))
    return _write(school, term, version, rows)


def _children(base: Expected, *, is_empty: bool = False) -> tuple[int, list[dict[str, str]]]:
    """The version they come from, and for each child what its cells say, by stage, grade and class."""
    if is_empty:
        return base.version, []
    cards = {
        card.student_id: card
        for card in Card.objects.filter(is_current=True, student__in=base.enrollments.values("student"))
    }
    grades = {(grade.stage_id, grade.name): grade for grade in Grade.objects.select_related("stage")}
    stages = {stage.code: stage for stage in Stage.objects.all()}
    lines = []
    for enrollment in base.enrollments.select_related("student").order_by("row", "pk"):
        if place := base.place(enrollment.stage_id, enrollment.grade):
            known = grades.get(place)
            order = (stages[place[0]].position, known.position if known else 0, _natural(enrollment.class_name))
            cells = _cells(enrollment, cards.get(enrollment.student_id), stages[place[0]].name, place[1])
            lines.append((order, cells))
    lines.sort(key=lambda line: line[0])
    return base.version, [cells for _order, cells in lines]


def _natural(class_name: str) -> list[tuple[int, str]]:
    """2班 before 10班."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.findall(r"\d+|\D+", class_name)]


def _cells(enrollment: Enrollment, card: Card | None, stage: str, grade: str) -> dict[str, str]:
    child = enrollment.student
    return {
        "stage": stage,
        "grade": grade,
        "class_name": enrollment.class_name,
        "name": child.name,
        "sex": "" if child.sex == Sex.UNKNOWN else str(Sex(child.sex).label),
        "id_type": str(IdType(child.id_type).label) if child.id_type else "",
        "id_number": child.id_number,
        "born_on": child.born_on.isoformat() if child.born_on else "",
        "status": str(EnrollmentState(enrollment.state).label),
        "registered": REGISTERED[enrollment.is_registered],
        "boarding": BOARDING[enrollment.is_boarding],
        "residence": RESIDENCE[enrollment.is_rural],
        "claim": enrollment.claim,
        "major": enrollment.major,
        "fee": "" if enrollment.fee_fen is None else f"{enrollment.fee_fen // 100}.{enrollment.fee_fen % 100:02d}",
        "guardian_name": child.guardian_name,
        "guardian_phone": child.guardian_phone,
        "town_name": child.town_name,
        "village": child.village,
        "card_number": card.number if card else "",
        "card_holder": card.holder if card else "",
        "card_relation": card.relation if card else "",
        "note": enrollment.note,
    }


def _write(school: School, term: Term, version: int, rows: Sequence[Mapping[str, str]]) -> bytes:
    last = _HEAD_ROW + len(rows) + SPARE_ROWS
    with translation.override(settings.LANGUAGE_CODE):
        book = Workbook()
        sheet = book.worksheets[0]
        sheet.title = SHEET
        _write_head(sheet, school, term, Mark(school.code, term.pk, version))
        _write_rows(sheet, rows)
        _lay_out(sheet)
        _write_notes(book.create_sheet(NOTES))
        _write_options(book.create_sheet(OPTIONS), sheet, _options(school, term), last=last)
        out = io.BytesIO()
        book.save(out)
    return out.getvalue()


def _put(cell: Any, text: str) -> None:
    """Text and nothing else: whatever it begins with, it is never computed."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    cell.number_format = "@"


def _write_head(sheet: Worksheet, school: School, term: Term, mark: Mark) -> None:
    last = len(_OURS) + 1
    _put(sheet.cell(_MARK_ROW, 1), str(mark))
    sheet.row_dimensions[_MARK_ROW].hidden = True
    title = sheet.cell(_TITLE_ROW, 1)
    _put(title, _now("%(school)s%(term)s学生花名册") % {"school": school.name, "term": str(term)})
    title.font = Font(name=_FONT, size=16, bold=True)
    title.alignment = Alignment(horizontal="center", vertical="center")
    sheet.merge_cells(start_row=_TITLE_ROW, start_column=1, end_row=_TITLE_ROW, end_column=last)
    sheet.row_dimensions[_TITLE_ROW].height = 30
    unit = sheet.cell(_UNIT_ROW, 1)
    _put(
        unit,
        _now("学校标识码：%(code)s　　学期：%(term)s　　单位：元　　灰底红字带★的列必须填写，各列怎么填见“填写说明”")
        % {"code": school.code, "term": str(term)},
    )
    unit.font = Font(name=_FONT, size=11)
    for place, (heading, is_required, width) in enumerate(_headings(), start=1):
        cell = sheet.cell(_HEAD_ROW, place)
        _put(cell, heading)
        cell.font = Font(name=_FONT, size=11, bold=True, color=_RED if is_required else None)
        cell.fill = _MUST_FILL if is_required else _HEAD_FILL
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        cell.border = _BORDER
        column = sheet.column_dimensions[get_column_letter(place)]
        column.width = width + 2
        column.number_format = "@"  # the rows that are still empty are text as well
    sheet.row_dimensions[_HEAD_ROW].height = 34


def _headings() -> Iterator[tuple[str, bool, int]]:
    yield NUMBER, False, 4
    for column in _OURS.values():
        yield column.name + (STAR if column.is_required else ""), column.is_required, column.width


def _write_rows(sheet: Worksheet, rows: Sequence[Mapping[str, str]]) -> None:
    font, middle = Font(name=_FONT, size=11), Alignment(vertical="center")
    for number, cells in enumerate(rows, start=1):
        row = _HEAD_ROW + number
        for place, text in enumerate([str(number), *(cells[field] for field in _OURS)], start=1):
            cell = sheet.cell(row, place)
            if text:
                _put(cell, text)
            cell.number_format = "@"
            cell.font, cell.alignment, cell.border = font, middle, _BORDER


def _lay_out(sheet: Worksheet) -> None:
    names = list(_OURS).index("name") + 3
    sheet.freeze_panes = f"{get_column_letter(names)}{_HEAD_ROW + 1}"
    sheet.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW}"
    _set_page(sheet)


def _set_page(sheet: Worksheet) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", _A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.oddFooter = HeaderFooterItem(center=_HeaderFooterPart(_now("第 &P 页，共 &N 页")))


def _write_notes(sheet: Worksheet) -> None:
    """Each column in words, whether it has to be filled in, and an example."""
    heads = (_now("列名"), _now("是否必填"), _now("怎么填"), _now("例子"))
    lines = [
        (column.name, _now("必填") if column.is_required else _now("选填"), str(column.about), column.example)
        for column in _OURS.values()
    ]
    for number, line in enumerate([heads, *lines], start=1):
        for place, text in enumerate(line, start=1):
            cell = sheet.cell(number, place)
            _put(cell, text)
            cell.border = _BORDER
            cell.alignment = Alignment(vertical="center", wrap_text=True)
            is_must = number > 1 and place == 2 and text == _now("必填")
            cell.font = Font(name=_FONT, size=11, bold=number == 1, color=_RED if is_must else None)
            if number == 1:
                cell.fill = _HEAD_FILL
    for letter, width in zip("ABCD", (18, 10, 70, 26), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    _set_page(sheet)


def _options(school: School, term: Term) -> dict[str, Sequence[str]]:
    """What may be chosen in a column, with what this school has first."""
    stages = Stage.objects.filter(kinds=school.kind_id).order_by("position", "code")
    grades = Grade.objects.filter(stage__kinds=school.kind_id).order_by("stage__position", "position", "pk")
    known = Enrollment.objects.filter(school=school, term__starts_on__lte=term.starts_on)
    classes = set(known.order_by().values_list("class_name", flat=True).distinct())
    return {
        "stage": [stage.name for stage in stages],
        "grade": list(dict.fromkeys(grade.name for grade in grades)),
        "class_name": sorted(classes, key=_natural),
        "sex": [str(Sex.MALE.label), str(Sex.FEMALE.label)],
        "id_type": [str(label) for label in IdType.labels],
        "status": STATUSES,
        "registered": list(filter(None, REGISTERED.values())),
        "boarding": list(BOARDING.values()) if school.has_boarding else [BOARDING[False]],
        "residence": list(RESIDENCE.values()),
        "claim": list(HardshipCategory.objects.order_by("priority").values_list("name", flat=True)),
        "card_relation": RELATIONS,
    }


def _write_options(sheet: Worksheet, roster: Worksheet, options: Mapping[str, Sequence[str]], *, last: int) -> None:
    """The lists in a hidden sheet, and the columns of the roster that choose from them, empty rows below as well."""
    sheet.sheet_state = "hidden"
    places = {field: place for place, field in enumerate(_OURS, start=2)}
    for place, (field, texts) in enumerate(((field, texts) for field, texts in options.items() if texts), start=1):
        letter, name = get_column_letter(place), _OURS[field].name
        for number, text in enumerate([name, *texts], start=1):
            _put(sheet.cell(number, place), text)
        choice = DataValidation(
            type="list",
            formula1=f"'{OPTIONS}'!${letter}$2:${letter}${len(texts) + 1}",
            allow_blank=True,
            showErrorMessage=field not in _FREE,
            showInputMessage=True,
            errorTitle=_now("不在列表里"),
            error=_now("“%(name)s”请从下拉列表里选，不要另写。") % {"name": name},
            promptTitle=name,
            prompt=str(_OURS[field].about),
        )
        target = get_column_letter(places[field])
        choice.add(f"{target}{_HEAD_ROW + 1}:{target}{last}")
        roster.add_data_validation(choice)
