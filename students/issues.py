"""What can be wrong in a roster's cell: how grave it is, what is wrong, how to mend it.

An issue is stored as (row, column, code, params) and worded when it is shown.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from students.choices import Severity

_ERROR, _DOUBT, _NOTE = Severity.ERROR, Severity.DOUBT, Severity.NOTE


@dataclass(frozen=True)
class Kind:
    severity: Severity
    what: Any
    mend: Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in one cell. A doubt that the school has explained in words is only a note."""

    code: str
    field: str
    params: dict[str, Any] = dataclasses.field(default_factory=dict)
    repair: str = ""
    """What the cell should probably hold: proposed and shown, never taken by itself."""
    is_explained: bool = False

    @property
    def severity(self) -> Severity:
        return Severity.NOTE if self.is_explained else KINDS[self.code].severity


KINDS: dict[str, Kind] = {
    # The headings.
    "heading-unknown": Kind(
        _NOTE,
        _("系统不认识表头“%(heading)s”，这一列没有读取。"),
        _("这一列用得上的，请照模板改列名后重新上传；用不上的不用管。"),
    ),
    "heading-guessed": Kind(
        _NOTE,
        _("表头“%(heading)s”像是写错了字，按“%(column)s”读取。"),
        _("读对了的不用管；读错了的请改正列名后重新上传。"),
    ),
    "heading-doubled": Kind(
        _DOUBT,
        _("有几列都像是“%(column)s”，系统只读了最左边的一列，这一列没有读取。"),
        _("请只留下一列，或者改清楚各列的名称后重新上传。"),
    ),
    "workbook-outdated": Kind(
        _NOTE,
        _("这张表是照第 %(made_from)s 版生成的，现行花名册已经是第 %(in_force)s 版。"),
        _("请看清下面的增减；不放心的，请重新下载后再填。"),
    ),
    # Rows that are no children.
    "blank-rows": Kind(
        _NOTE,
        _("从这一行起有 %(rows)s 行空行（或者只有序号），没有读取。"),
        _("确实没有学生的不用管；漏填的请补上。"),
    ),
    "total-row": Kind(
        _NOTE, _("这一行是合计行，没有当作学生。"), _("不用管；这一行其实是学生的，请改正这一行的文字。")
    ),
    "total-differs": Kind(
        _NOTE,
        _("合计行写的是 %(stated)s 人，读到的学生是 %(read)s 行。"),
        _("请核对是漏了学生、多了学生，还是合计没有更新。"),
    ),
    "foot-row": Kind(
        _NOTE, _("这一行是签字、说明等表外文字，没有当作学生。"), _("不用管；这一行其实是学生的，请改正这一行的文字。")
    ),
    "head-row": Kind(_NOTE, _("这一行重复了表头，没有当作学生。"), _("不用管。")),
    # The name.
    "name-missing": Kind(_ERROR, _("没有填写学生姓名。"), _("请补填姓名；这一行没有学生的，请删除或者标为不要。")),
    "name-too-long": Kind(_ERROR, _("姓名超过 %(most)s 个字。"), _("请只填姓名，其他说明写到“备注”列。")),
    "name-odd": Kind(
        _DOUBT,
        _("姓名里有数字、字母、括号或不常见的符号。"),
        _("请核对户口簿上的姓名，去掉备注性文字；少数民族姓名中间用“·”。"),
    ),
    "name-private-use": Kind(
        _DOUBT,
        _("姓名里有别的电脑显示不出来的字（造字）。"),
        _("请用支持生僻字的输入法重新输入这个字；打不出来的，请在备注说明部首和读音。"),
    ),
    "name-short": Kind(_DOUBT, _("姓名只有一个字。"), _("请核对是否漏了字；户口簿上确实只有一个字的，请说明。")),
    "name-interpunct": Kind(
        _NOTE, _("姓名中间的点不是规定的间隔号“·”。"), _("可以采用系统的建议，避免发放时户名对不上。")
    ),
    "name-blank": Kind(_NOTE, _("姓名中间有空格或引号。"), _("可以采用系统的建议，去掉空格。")),
    "name-twice": Kind(
        _NOTE,
        _("与第 %(other)s 行的姓名、出生日期都相同，证件号不同。"),
        _("请核对是两名学生，还是一名学生填了两次、有一行录错了证件号。"),
    ),
    # The document and its number.
    "id-type-unknown": Kind(
        _NOTE,
        _("看不懂证件类型“%(type)s”，按没有填写处理。"),
        _("请照模板下拉列表里的写法填写，例如：居民身份证、护照、无证件。"),
    ),
    "id-type-differs": Kind(
        _DOUBT, _("证件号不是“%(type)s”的样子。"), _("请核对证件类型和号码；类型填错的请改类型，号码录错的请改号码。")
    ),
    "id-digits-lost": Kind(
        _ERROR,
        _("证件号以数字保存，末尾几位已经丢失。"),
        _("请把该列设为“文本”格式，再照户口簿重新录入 18 位号码。"),
    ),
    "id-end-lost": Kind(
        _DOUBT,
        _("证件号的末尾几位像是丢了（以 000 结尾，或者写成了“E+17”）。"),
        _("请把该列设为“文本”格式，再照户口簿重新录入 18 位号码。"),
    ),
    "id-missing": Kind(
        _DOUBT, _("没有填写证件号。"), _("已上户口的请补填；没有证件的，证件类型选“无证件”并填写出生日期，以后补录。")
    ),
    "id-length": Kind(
        _DOUBT, _("证件号有 %(length)s 位，身份证号应当是 18 位。"), _("请照户口簿逐位核对，看是漏了还是多了一位。")
    ),
    "id-letters": Kind(
        _DOUBT,
        _("证件号里有字母，像是把 0 录成了 O，或者把 1 录成了 I。"),
        _("请照户口簿核对；系统的建议对的可以直接采用。"),
    ),
    "id-wrong": Kind(
        _DOUBT,
        _("身份证号的校验码（最后一位）对不上，号码里至少录错了一位。"),
        _("请照户口簿逐位核对 18 位号码；系统有建议的，也要核对后再采用。"),
    ),
    "id-birth-impossible": Kind(
        _DOUBT, _("身份证号里的出生日期（第 7 到 14 位）不存在。"), _("请照户口簿逐位核对 18 位号码。")
    ),
    "id-old": Kind(
        _DOUBT, _("这是 15 位旧身份证号。"), _("请改填户口簿上的 18 位公民身份号码；系统有建议的，也要核对后再采用。")
    ),
    "id-register-number": Kind(
        _DOUBT, _("这里填的是学籍号，不是证件号。"), _("请改填学生本人的身份证号；系统有建议的，核对后再采用。")
    ),
    "id-other": Kind(
        _DOUBT, _("不是身份证号的样子。"), _("护照、通行证请在“证件类型”列注明；否则请照户口簿核对号码。")
    ),
    "id-guardian": Kind(_DOUBT, _("填的是监护人的证件号（与监护人证件号相同）。"), _("请改填学生本人的身份证号。")),
    "id-adult": Kind(_DOUBT, _("按证件号推算是成年人，可能填成了家长的号码。"), _("请改填学生本人的身份证号。")),
    "id-blanks": Kind(
        _NOTE,
        _("证件号里有空格、引号或看不见的字符，已按去掉以后的号码读取。"),
        _("不用管；采用系统的建议后不再提示。"),
    ),
    "id-full-width": Kind(_NOTE, _("证件号里有全角字符，已按半角号码读取。"), _("不用管；采用系统的建议后不再提示。")),
    "id-small-x": Kind(_NOTE, _("证件号末位是小写的 x，已按大写读取。"), _("不用管；采用系统的建议后不再提示。")),
    "id-birth-differs": Kind(_NOTE, _("出生日期与身份证号不一致。"), _("请核对，以户口簿为准。")),
    "id-sex-differs": Kind(_NOTE, _("性别与身份证号不一致。"), _("请核对，以户口簿为准。")),
    "id-twice": Kind(
        _ERROR, _("与第 %(other)s 行是同一个学生（证件号相同）。"), _("请删除重复的一行，或改正录错的证件号。")
    ),
    "child-twice": Kind(_ERROR, _("与第 %(other)s 行的姓名、证件号、出生日期都相同。"), _("请删除重复的一行。")),
    "child-twice-perhaps": Kind(
        _DOUBT,
        _("与第 %(other)s 行的姓名、出生日期都相同，其中一行没有可用的证件号，可能是同一个学生。"),
        _("是同一个学生的，请删除一行；确实是两名学生的，请补填证件号或者说明。"),
    ),
    "child-elsewhere": Kind(
        _DOUBT,
        _("这名学生本学期已经在“%(school)s”的花名册里。"),
        _("已经转来本校的，请说明转入时间，并请原学校办理转出；还在原学校的，请从本表删除。"),
    ),
    # Birth date and sex.
    "birth-unreadable": Kind(
        _NOTE,
        _("看不懂出生日期，已按身份证号里的日期读取。"),
        _("请按“2012-03-04”的样子填写；采用系统的建议后不再提示。"),
    ),
    "birth-unknown": Kind(
        _DOUBT,
        _("看不懂出生日期，也没有正确的身份证号可以推算。"),
        _("请按“2012-03-04”的样子填写年月日。"),
    ),
    "birth-missing": Kind(_DOUBT, _("没有证件的学生没有填写出生日期。"), _("请按“2012-03-04”的样子补填出生日期。")),
    "age-odd": Kind(_NOTE, _("%(age)s 岁读%(grade)s，与一般年龄相差较大。"), _("请核对出生日期和年级。")),
    "age-impossible": Kind(_DOUBT, _("按出生日期推算是 %(age)s 岁，不可能在读。"), _("请照户口簿核对出生日期。")),
    "sex-unknown": Kind(_NOTE, _("看不懂性别“%(said)s”。"), _("请填：男、女；有正确身份证号的也可以留空。")),
    # Stage, grade, class, boarding, status.
    "stage-missing": Kind(_ERROR, _("学段没有填写或看不懂。"), _("请填：学前教育、小学、初中、普通高中、中职。")),
    "stage-not-here": Kind(_ERROR, _("本校没有“%(stage)s”学段。"), _("请核对学段，或请县资助中心修改学校的学段。")),
    "grade-unknown": Kind(
        _ERROR, _("年级没有填写或看不懂。"), _("请照样填写，例如：大班、三年级、七年级、高一、中职二年级。")
    ),
    "grade-of-other-stage": Kind(
        _ERROR,
        _("“%(grade)s”不是“%(stage)s”的年级，是“%(right)s”的年级。"),
        _("请核对学段和年级，改正填错的一个。"),
    ),
    "class-missing": Kind(_ERROR, _("没有填写班级。"), _("请填写班级，例如：2班。")),
    "boarding-unknown": Kind(_ERROR, _("就读方式没有填写或看不懂。"), _("请填：走读、住校。")),
    "boarding-impossible": Kind(
        _DOUBT, _("本校登记为不寄宿，这名学生却填了住校。"), _("请核对；学校有寄宿的请告知县资助中心。")
    ),
    "status-unknown": Kind(
        _DOUBT, _("看不懂在校状态“%(said)s”，按在读处理。"), _("请填：在读、休学、转出、退学；在读的可以留空。")
    ),
    "status-left": Kind(
        _NOTE, _("填的是“%(said)s”，这名学生不计入在读。"), _("确实已经离校的不用管；还在读的请改为“在读”。")
    ),
    # Money and claims.
    "fee-unreadable": Kind(
        _DOUBT, _("看不懂收费金额，按没有填写处理。"), _("请只填数字，单位是元，例如：1200.00；没有收费的留空。")
    ),
    "yes-no-unreadable": Kind(_NOTE, _("看不懂“%(said)s”，按没有填写处理。"), _("请填：是、否。")),
    # The guardian and the card.
    "phone-odd": Kind(_NOTE, _("监护人电话不是 11 位手机号。"), _("请核对电话号码。")),
    "guardian-id-odd": Kind(_NOTE, _("监护人证件号不是有效的 18 位身份证号。"), _("请核对；外籍等其他证件的不用管。")),
    "card-odd": Kind(_DOUBT, _("卡号不是 16 到 19 位数字，没有读取。"), _("请照卡面重新录入，该列设为“文本”格式。")),
    "card-digits-lost": Kind(
        _DOUBT, _("卡号以数字保存，末尾几位已经丢失，没有读取。"), _("请把该列设为“文本”格式，再照卡面重新录入。")
    ),
    "card-is-id": Kind(_DOUBT, _("卡号填成了学生的身份证号，没有读取。"), _("请照卡面重新录入卡号。")),
    "card-blanks": Kind(
        _NOTE, _("卡号里有空格、引号或全角字符，已按去掉以后的卡号读取。"), _("不用管；采用系统的建议后不再提示。")
    ),
    "card-holder-missing": Kind(_DOUBT, _("填了卡号，没有填持卡人，卡号没有读取。"), _("请补填持卡人和与学生关系。")),
    "card-shared": Kind(
        _NOTE,
        _("第 %(other)s 行用的是同一张卡，持卡人却不是同一个名字。"),
        _("请照卡面核对两行的卡号和持卡人；一家几个孩子共用家长的卡时，持卡人应当相同。"),
    ),
    "text-cut": Kind(_NOTE, _("文字超过 %(most)s 个字，只保留前面的部分。"), _("请写短一些；多余的说明可以不写。")),
}


def wording(issue: Any) -> tuple[str, str]:
    """(what is wrong, how to mend it) of a stored issue, in the reader's language."""
    kind = KINDS[issue.code]
    what = str(kind.what) % issue.params
    if kind.severity is Severity.DOUBT and issue.severity == Severity.NOTE:
        what += _now("（已说明：%(word)s）") % issue.params
    return what, str(kind.mend)
