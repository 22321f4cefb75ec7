"""An uploaded roster read row by row: the stored bytes, with the cells that people mended laid over them.

Checking, showing and committing read the same bytes through the same functions, so what was shown is what is taken.
"""

import re
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from common import sheets
from common.moves import Refused
from common.tables import Table
from jobs import files
from schools.models import term_name
from students import headings
from students.county_parts import PartTable
from students.models import Roster
from students.roster_columns import REQUIRED
from students.roster_rows import Row, RowReader
from students.roster_workbook import Mark, read_mark

_SCHOOL_CODE = re.compile(r"(?<!\d)\d{10}(?!\d)")
_TERM_IN_TEXT = re.compile(r"(?P<code>20\d\d[SA])(?![A-Za-z0-9])|(?P<year>20\d\d)年(?P<season>[春秋])季")
_SEASONS = {"春": "S", "秋": "A"}


class OtherSchool(Refused):
    code = "other-school"
    message = _("这是另一所学校的花名册（文件中的学校标识码是 %(found)s，本校是 %(expected)s）。请选对文件后重新上传。")


class OtherTerm(Refused):
    code = "other-term"
    message = _("这是另一个学期的花名册（文件中写的是 %(found)s，当前学期是 %(expected)s）。请选对文件后重新上传。")


Corrections = dict[int, dict[str, str]]
"""Row number → field → what the cell should hold; the field "" leaves the row out."""


def corrections(roster: Roster) -> Corrections:
    found: Corrections = {}
    for row, field, value in roster.corrections.values_list("row", "field", "value"):
        found.setdefault(row, {})[field] = value
    return found


def table_of(roster: Roster, *, reader: sheets.Reader | None = None) -> Table:
    """The sheet as it was uploaded, its head found; Refused where it is another school's or another term's."""
    if roster.county_file_id is not None:
        return PartTable(files.content(roster.file))
    words = headings.synonyms(roster.school)
    table = Table(files.content(roster.file), words, REQUIRED, limits=sheets.SMALL, reader=reader)
    _compare_preamble(roster, table.head.preamble)
    return table


def read(roster: Roster, table: Table) -> Iterator[tuple[Row, sheets.Row]]:
    """The children of the file, each with the cells it comes from; rows that somebody left out do not come."""
    row_reader = RowReader(table, school=roster.school, term=roster.term, corrections=corrections(roster))
    for number, cells in table.lines():
        row = row_reader.read(number, cells)
        if not row.is_dropped:
            yield row, cells


def rows(roster: Roster, *, reader: sheets.Reader | None = None) -> list[Row]:
    """All children of the file."""
    return [row for row, _cells in read(roster, table_of(roster, reader=reader))]


def mark_of(table: Table) -> Mark | None:
    """Where our own workbook was handed out, if it is one."""
    return read_mark(table.head.preamble)


def _compare_preamble(roster: Roster, preamble: str) -> None:
    """A file that names another school or another term is the wrong file."""
    if mark := read_mark(preamble):
        if mark.school != roster.school.code:
            raise OtherSchool(found=mark.school, expected=roster.school.code)
        if mark.term != roster.term_id:
            raise OtherTerm(found=term_name(mark.term), expected=term_name(roster.term_id))
    school = _SCHOOL_CODE.search(preamble)
    if school and school[0] != roster.school.code:
        raise OtherSchool(found=school[0], expected=roster.school.code)
    if found := _TERM_IN_TEXT.search(preamble):
        term = found["code"] or f"{found['year']}{_SEASONS[found['season']]}"
        if term != roster.term_id:
            raise OtherTerm(found=term_name(term), expected=term_name(roster.term_id))
