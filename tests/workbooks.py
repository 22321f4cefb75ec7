"""Workbooks as offices send them, built for tests."""

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

ROSTER_HEAD = (
    "序号", "学生姓名★", "性别", "证件类型", "身份证件号码", "出生日期", "学段", "年级", "班级", "就读方式",
    "户口性质", "专业", "困难类型", "监护人姓名", "监护人电话", "户籍乡镇", "户籍村", "卡号", "持卡人", "与学生关系",
    "备注",
)  # fmt: skip
RECOGNITION_HEAD = ("序号", "姓名", "身份证件号码", "年级", "班级", "认定等级", "备注")
REGISTER_HEAD = (
    "乡",
    "村",
    "户编号",
    "人口编号",
    "姓名",
    "证件号码",
    "与户主关系",
    "户类型",
    "监测对象类别",
    "户主姓名",
)


def xlsx(
    head: Sequence[str], rows: Sequence[Sequence[Any]], *, above: Sequence[str] = (), below: Sequence[str] = ()
) -> bytes:
    """One sheet: lines of text, the head, the rows, lines of text."""
    book = Workbook()
    sheet = book.active
    for line in above:
        sheet.append([line])
    sheet.append(list(head))
    for row in rows:
        sheet.append(list(row))
    for line in below:
        sheet.append([line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def roster_row(number: int, **facts: Any) -> list[Any]:
    """A child of a roster, right in every cell; `facts` change single cells by field."""
    cells = {
        "name": f"王小{chr(0x4E00 + number)}", "sex": "男", "id_type": "居民身份证", "id_number": "",
        "born_on": "", "stage": "小学", "grade": "三年级", "class_name": "1班", "boarding": "住校",
        "residence": "农业户口", "major": "", "claim": "", "guardian_name": "王建国",
        "guardian_phone": "19900001234", "town_name": "城关镇", "village": "东关村", "card_number": "",
        "card_holder": "", "card_relation": "", "note": "", **facts,
    }  # fmt: skip
    return [number, *cells.values()]


def roster(rows: Sequence[Sequence[Any]], *, school: str = "", code: str = "", term: str = "") -> bytes:
    """A school's roster with title, unit row, total row and foot."""
    return xlsx(
        ROSTER_HEAD,
        rows,
        above=(f"{school}学生花名册", f"填报单位：{school}  学校标识码：{code}  学期：{term}") if code else (),
        below=(f"合计：{len(rows)}人", "单位负责人：        审核人：        填表人："),
    )
