"""The columns of a roster: what each is called, whether it has to be there, what it means and an example.

Which headings in people's files stand for a column is data (students.headings); the name here is always one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from students.choices import OWN


@dataclass(frozen=True)
class Column:
    """One column as the school's own workbook has it. `name` is part of the file and stays Chinese."""

    name: str
    about: Any
    example: str
    width: int = 10
    is_required: bool = False
    is_ours: bool = True
    """Whether the workbook that we hand out has it; the others are only read where a file brings them."""


COLUMNS: Mapping[str, Column] = {
    "stage": Column("学段", _("从下拉列表里选。"), "小学", 10, is_required=True),
    "grade": Column("年级", _("从下拉列表里选；也认识“3年级”“小三”“初一”等写法。"), "三年级", 10, is_required=True),
    "class_name": Column("班级", _("写班级名称，不必带年级。"), "2班", 8, is_required=True),
    "name": Column("姓名", _("照户口簿填写，不带备注；少数民族姓名中间用“·”。"), "王小明", 12, is_required=True),
    "sex": Column("性别", _("男或女；留空则按身份证号推算。"), "男", 6),
    "id_type": Column(
        "证件类型", _("留空表示居民身份证；没有证件的选“无证件”，港澳台和外籍学生选所持证件。"), "居民身份证", 14
    ),
    "id_number": Column(
        "证件号码",
        _("学生本人的 18 位号码，不是家长的。本列已设为文本，请直接录入，不要粘贴成数字。"),
        "99010120120304003X",
        22,
        is_required=True,
    ),
    "born_on": Column("出生日期", _("留空则按身份证号推算；没有身份证号的必须填写。"), "2012-03-04", 12),
    "status": Column("在校状态", _("留空表示在读；休学、转出、退学的从下拉列表里选。"), "在读", 10),
    "registered": Column("是否有学籍", _("有或无，也可以写学籍号；留空表示没有填报。"), "有", 10),
    "boarding": Column("就读方式", _("住校或走读。"), "走读", 10, is_required=True),
    "residence": Column("户口性质", _("农业户口或非农业户口。"), "农业户口", 10),
    "claim": Column(
        "困难类型", _("学生或家长自己申报的困难类型，没有的留空；几种并存的用“、”隔开。"), "低保家庭学生", 16
    ),
    "major": Column("专业", _("只有中职填写。"), "护理", 12),
    "fee": Column("本学期收费（元）", _("学费或保教费，每生每学期，没有的留空。"), "1200.00", 12),
    "guardian_name": Column("监护人姓名", _("父母或其他监护人。"), "王建国", 12),
    "guardian_phone": Column("监护人电话", _("11 位手机号。"), "19900001234", 14),
    "guardian_id": Column(
        "监护人证件号", _("选填；用来检查是否错填成了学生的号码，也是名单比对的旁证。"), "", 22, is_ours=False
    ),
    "town_name": Column("户籍乡镇", _("户口簿上的乡镇。"), "城关镇", 12),
    "village": Column("户籍村", _("户口簿上的村或社区。"), "东关村", 14),
    "card_number": Column("卡号", _("发放用的社保卡或银行卡号，本列已设为文本。"), "6200000000000000009", 22),
    "card_holder": Column("持卡人", _("卡面上的户名。"), "王小明", 12),
    "card_relation": Column("与学生关系", _("持卡人是学生的什么人，从下拉列表里选。"), OWN, 10),
    "is_orphan": Column("是否孤儿", _("是或否。"), "否", is_ours=False),
    "is_martyr_child": Column("是否烈士或优抚子女", _("是或否。"), "否", is_ours=False),
    "is_disabled": Column("是否残疾", _("是或否，也可以写残疾类型。"), "否", is_ours=False),
    "is_registered_poor": Column("是否建档立卡", _("是或否。"), "否", is_ours=False),
    "note": Column("备注", _("系统提示“需说明”的内容在这里写一句原因，例如：户口正在办理。"), "", 24),
}

REQUIRED = tuple(field for field, column in COLUMNS.items() if column.is_required and field != "stage")
"""What a file must have a column for. The national 学籍 export has none for the stage: there the grade tells it."""

MARKS = "错误原因"
"""The last column of a school's own file when it comes back marked; read by nobody, and no unknown heading."""
