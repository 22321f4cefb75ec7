"""What can be wrong in a roster's cell: how grave it is, what is wrong, how to mend it.

An issue is stored as (row, column, code, params) and worded when it is shown.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from students.choices import Severity


@dataclass(frozen=True)
class Kind:
    severity: Severity
    what: Any
    mend: Any


KINDS: dict[str, Kind] = {
    "name-missing": Kind(Severity.ERROR, _("没有填写学生姓名。"), _("请补填姓名；如果是空行，请删除。")),
    "name-odd": Kind(
        Severity.DOUBT,
        _("姓名里有数字、括号或不常见的符号。"),
        _("请核对户口簿上的姓名，去掉备注性文字；少数民族姓名中间用“·”。"),
    ),
    "id-digits-lost": Kind(
        Severity.ERROR,
        _("证件号以数字保存，末尾几位已经丢失。"),
        _("请把该列设为“文本”格式，再照户口簿重新录入 18 位号码。"),
    ),
    "id-missing": Kind(
        Severity.DOUBT, _("没有填写证件号。"), _("已上户口的请补填；暂无户口的请在备注说明，以后补录。")
    ),
    "id-wrong": Kind(
        Severity.DOUBT, _("身份证号的出生日期或校验码不对，可能录错了一位。"), _("请照户口簿逐位核对 18 位号码。")
    ),
    "id-old": Kind(Severity.DOUBT, _("这是 15 位旧身份证号。"), _("请改填 18 位公民身份号码。")),
    "id-other": Kind(Severity.DOUBT, _("不是身份证号的样子。"), _("护照、通行证请在证件类型中注明；否则请核对号码。")),
    "id-adult": Kind(
        Severity.DOUBT, _("按证件号推算是成年人，可能填成了家长的号码。"), _("请改填学生本人的身份证号。")
    ),
    "id-birth-differs": Kind(Severity.NOTE, _("出生日期与身份证号不一致。"), _("请核对，以户口簿为准。")),
    "id-sex-differs": Kind(Severity.NOTE, _("性别与身份证号不一致。"), _("请核对，以户口簿为准。")),
    "id-twice": Kind(
        Severity.ERROR, _("与第 %(other)s 行是同一个学生（证件号相同）。"), _("请删除重复的一行，或改正录错的证件号。")
    ),
    "child-twice": Kind(
        Severity.ERROR, _("与第 %(other)s 行的姓名、证件号、出生日期都相同。"), _("请删除重复的一行。")
    ),
    "stage-missing": Kind(
        Severity.ERROR, _("学段没有填写或看不懂。"), _("请填：学前教育、小学、初中、普通高中、中职。")
    ),
    "stage-not-here": Kind(
        Severity.ERROR, _("本校没有“%(stage)s”学段。"), _("请核对学段，或请县资助中心修改学校类型。")
    ),
    "grade-unknown": Kind(
        Severity.ERROR, _("年级没有填写或看不懂。"), _("请照样填写，例如：大班、三年级、七年级、高一、中职二年级。")
    ),
    "class-missing": Kind(Severity.ERROR, _("没有填写班级。"), _("请填写班级，例如：2班。")),
    "boarding-unknown": Kind(Severity.ERROR, _("就读方式没有填写或看不懂。"), _("请填：走读、住校。")),
    "boarding-impossible": Kind(
        Severity.DOUBT, _("本校登记为不寄宿，这名学生却填了住校。"), _("请核对；学校有寄宿的请告知县资助中心。")
    ),
    "age-odd": Kind(Severity.NOTE, _("%(age)s 岁读%(grade)s，与一般年龄相差较大。"), _("请核对出生日期和年级。")),
    "phone-odd": Kind(Severity.NOTE, _("监护人电话不是 11 位手机号。"), _("请核对电话号码。")),
    "card-odd": Kind(
        Severity.DOUBT, _("卡号不是 16 到 19 位数字，或以数字保存丢了末位。"), _("请照卡面重新录入，设为文本格式。")
    ),
    "card-holder-missing": Kind(Severity.DOUBT, _("填了卡号，没有填持卡人。"), _("请补填持卡人和与学生关系。")),
}


def wording(issue: Any) -> tuple[str, str]:
    """(what is wrong, how to mend it) of a stored issue, in the reader's language."""
    kind = KINDS[issue.code]
    return str(kind.what) % issue.params, str(kind.mend)
