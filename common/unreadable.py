"""What can be wrong with a sheet that somebody sends, in words that say how to mend it, and what one file may cost."""

from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from common.moves import Refused


class UnreadableSheet(Refused):
    """A file that can't be taken as a sheet. Each cause says in its own words how to mend the file."""

    code = "unreadable-sheet"
    message = _("这个文件读不出来，请另存为 .xlsx 后重新上传。")


class TooLarge(UnreadableSheet):
    code = "file-too-large"
    message = _("文件超过 %(megabytes)s MB。请删去图片和无关的工作表，或者分成几个文件上传。")


class Encrypted(UnreadableSheet):
    code = "encrypted"
    message = _("文件设有打开密码，系统读不了。请在 Excel 或 WPS 里取消密码，保存后重新上传。")


class UnpacksTooLarge(UnreadableSheet):
    code = "unpacks-too-large"
    message = _("文件解开后大得不正常，已停止读取。请把数据复制到一个新建的工作簿里，保存后重新上传。")


class FarCell(UnreadableSheet):
    code = "far-cell"
    message = _("单元格 %(cell)s 里有内容，离数据太远。请删去数据右侧和下方多余的行和列，保存后重新上传。")


class TooManyRows(UnreadableSheet):
    code = "too-many-rows"
    message = _("表格超过 %(rows)s 行。请检查是否上传了别的表，或者删去数据下方多余的行。")


class TooManyColumns(UnreadableSheet):
    code = "too-many-columns"
    message = _("表格超过 %(columns)s 列。请检查是否上传了别的表，或者删去数据右侧多余的列。")


class CellTooLong(UnreadableSheet):
    code = "cell-too-long"
    message = _("有的单元格文字超过 %(cell)s 个字。请删去多余的文字；如果是 CSV 文件，请检查引号是否成对。")


class WebPage(UnreadableSheet):
    code = "web-page"
    message = _("这是网页另存成的 .xls，不是真正的表格。请用 Excel 或 WPS 打开它，另存为 .xlsx 后重新上传。")


class Macros(UnreadableSheet):
    code = "macros"
    message = _("文件里有宏，系统不接收。请另存为不带宏的 .xlsx 后重新上传。")


class ForbiddenXml(UnreadableSheet):
    code = "dtd"
    message = _("文件里有表格不该有的内容（DTD），已停止读取。请把数据复制到一个新建的工作簿里，保存后重新上传。")


class Damaged(UnreadableSheet):
    code = "damaged"
    message = _("文件已经损坏或者没有传完整。请在 Excel 或 WPS 里打开检查，另存为 .xlsx 后重新上传。")


class NotASheet(UnreadableSheet):
    code = "not-a-sheet"
    message = _("这不是能读的表格文件。请上传 .xlsx、.xls 或者 .csv 文件。")


class EmptySheet(UnreadableSheet):
    code = "empty-sheet"
    message = _("表格里没有数据。请检查是否选错了文件，数据所在的工作表是否被隐藏。")


class SeveralSheets(UnreadableSheet):
    code = "several-sheets"
    message = _("文件里有几个工作表都有数据：%(names)s。请只留下要上传的一个，其余的删去后重新上传。")


class UnknownEncoding(UnreadableSheet):
    code = "unknown-encoding"
    message = _("看不出文本文件的编码。请在 Excel 或 WPS 里打开，另存为 .xlsx 后重新上传。")


class ParserDied(UnreadableSheet):
    code = "parser-died"
    message = _("读这个文件时程序中断，文件可能太大或者已经损坏。请把数据复制到一个新建的工作簿里，保存后重新上传。")


class TooSlow(UnreadableSheet):
    code = "too-slow"
    message = _("读这个文件用的时间太长，已停止读取。请把数据复制到一个新建的工作簿里，保存后重新上传。")


CAUSES: dict[str, type[UnreadableSheet]] = {cause.code: cause for cause in UnreadableSheet.__subclasses__()}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one file may cost. Sizes in bytes, times in seconds."""

    file: int = 40_000_000
    unpacked: int = 400_000_000
    parts: int = 2_000
    ratio: int = 400
    rows: int = 320_000
    columns: int = 200  # the poverty registry's own export has 110
    strings: int = 4_000_000
    cell: int = 32_767
    memory: int = 3 << 29
    cpu: int = 60
    wall: int = 120


LIMITS = Limits()
SMALL = replace(LIMITS, file=20_000_000, unpacked=200_000_000, rows=60_000, cpu=30, wall=60)


def refusal(code: str, limits: Limits = LIMITS, **params: object) -> UnreadableSheet:
    """The refusal a stored code stands for."""
    known = {
        TooLarge.code: {"megabytes": limits.file // 1_000_000},
        TooManyRows.code: {"rows": limits.rows},
        TooManyColumns.code: {"columns": limits.columns},
        CellTooLong.code: {"cell": limits.cell},
    }
    return CAUSES.get(code, UnreadableSheet)(**(known.get(code, {}) | params))
