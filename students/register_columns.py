"""The fields of a line in other offices' lists, each with its name and the headings that a new source begins with."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Field:
    """One column of a list, in the office's words."""

    name: Any
    about: Any
    headings: tuple[str, ...]


FIELDS: dict[str, Field] = {
    "name": Field(_("姓名"), _("名单上的人，没有姓名的行不采用"), ("姓名", "家庭成员姓名", "成员姓名")),
    "id_number": Field(
        _("证件号"),
        _("身份证号或 20 位残疾人证号，可以有空格；整列都没有的文件请补一个空列"),
        ("身份证号码", "身份证号", "证件号码", "公民身份号码"),
    ),
    "sex": Field(_("性别"), _("没有时按身份证号"), ("性别",)),
    "born_on": Field(_("出生日期"), _("没有时按身份证号"), ("出生日期", "出生年月日", "出生年月")),
    "household_no": Field(_("户编号"), _("同一户的人写同一个编号，只写在首行也可以"), ("户编号", "家庭编号", "户号")),
    "relation": Field(_("与户主关系"), _("户主、之子等"), ("与户主关系", "家庭关系")),
    "head_name": Field(_("户主姓名"), _("没有户编号时按户主姓名和村归户"), ("户主姓名", "户主")),
    "head_id": Field(
        _("户主证件号"), _("只用来区分同村同名的户主，不保存"), ("户主证件号码", "户主身份证号", "户主身份证号码")
    ),
    "phone": Field(_("联系电话"), _("本人或户主的电话"), ("联系电话", "电话", "手机号码")),
    "town": Field(_("乡镇"), _("住址所在乡镇或街道"), ("乡镇", "乡（镇）", "乡镇（街道）", "所在乡镇")),
    "village": Field(_("村"), _("行政村或社区"), ("行政村", "村", "村（社区）", "村名")),
    "schooling": Field(
        _("在校生状况"),
        _("就读的学段或年级，比对时作旁证"),
        ("在校生状况", "就读情况", "就学状况", "就学情况", "就读学段"),
    ),
    "monitored": Field(_("监测对象类别"), _("比困难类型更具体，先看这一列"), ("监测对象类别",)),
    "category": Field(_("困难类型"), _("没有或认不出时用来源的默认困难类型"), ("困难类型", "户类型", "类别")),
}
REQUIRED = ("name", "id_number")
