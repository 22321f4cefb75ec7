"""Schools' approved fees as a file: what a waiver is worth in each school (SchoolFee)."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.bulk import upsert
from common.columns import read_date
from common.money import parse_fen
from common.moves import Refused
from common.sheets import SMALL, Cell
from common.tables import Table
from programs.models import Program, SchoolFee
from schools.models import School, Term

SYNONYMS = {
    "school": ("学校标识码", "学校代码"),
    "program": ("项目", "项目代码", "资助项目"),
    "amount": ("每生每学期(元)", "每生每学期", "收费标准", "金额(元)"),
    "document_no": ("文号", "批准文号"),
    "valid_from": ("自", "执行日期", "起始日期"),
}
REQUIRED = tuple(SYNONYMS)
_FEE = ("school", "program", "valid_from", "amount_fen", "document_no", "valid_to")


class BadFee(Refused):
    code = "bad-fee"
    message = _("第 %(row)s 行的“%(field)s”看不懂：%(value)s。请改正后重新上传，本次没有写入任何数据。")


@transaction.atomic
def take(content: bytes, *, by: User, at: datetime) -> int:
    """Take a whole file of fees, or refuse it at the first line that is wrong; how many lines it had."""
    schools = dict(School.objects.values_list("code", "pk"))
    programs = {name: code for code, name in Program.objects.values_list("code", "name")}
    programs |= {code: code for code in programs.values()}
    table = Table(content, SYNONYMS, REQUIRED, limits=SMALL)
    rows = [_line(table, number, cells, schools, programs) for number, cells in table.lines()]
    upsert(SchoolFee, _FEE, rows, unique=_FEE[:3], update=_FEE[3:])
    if rows:
        actions.record(by, "fees.taken", Term.objects.latest("starts_on"), at=at, lines=len(rows))
    return len(rows)


def _line(
    table: Table, number: int, cells: list[Cell], schools: dict[str, int], programs: dict[str, str]
) -> tuple[Any, ...]:
    text = table.text(cells)

    def refuse(field: str) -> BadFee:
        return BadFee(row=number, field=SYNONYMS[field][0], value=text[field] or "—")

    if text["school"] not in schools:
        raise refuse("school")
    if text["program"] not in programs:
        raise refuse("program")
    try:
        amount_fen = parse_fen(text["amount"])
    except ValueError as error:
        raise refuse("amount") from error
    valid_from: date | None = read_date(table.cell(cells, "valid_from"))
    if valid_from is None:
        raise refuse("valid_from")
    if amount_fen <= 0:
        raise refuse("amount")
    if not text["document_no"]:
        raise refuse("document_no")
    return schools[text["school"]], programs[text["program"]], valid_from, amount_fen, text["document_no"], None
