"""Acts in words. The log keeps verbs as codes; a test looks that every verb written anywhere has its words here."""

from typing import Any

from django.utils.translation import gettext_lazy as _

VERBS: dict[str, Any] = {
    "account.created": _("开通账号"),
    "account.changed": _("修改账号"),
    "account.password-set": _("重设密码"),
    "school.added": _("新增学校"),
    "school.changed": _("修改学校"),
    "roster.uploaded": _("上传花名册"),
    "roster.confirmed": _("确认花名册入库"),
    "roster.in-force": _("花名册成为现行版本"),
    "roster.discarded": _("放弃花名册"),
    "heading.changed": _("修改表头写法"),
    "heading.learned": _("指定表头对应的列"),
    "heading.taken-over": _("表头写法改为全县有效"),
    "heading.forgotten": _("删除学校自己的表头写法"),
    "register.uploaded": _("上传困难群体名单"),
    "register.frozen": _("困难群体名单定版"),
    "register.withdrawn": _("撤回困难群体名单"),
    "crosscheck.started": _("发起名单比对"),
    "crosscheck.done": _("完成名单比对"),
    "match.confirmed": _("确认为同一人"),
    "match.rejected": _("确认不是同一人"),
    "student.id-revealed": _("查看完整证件号"),
    "recognition.uploaded": _("上传认定名单"),
    "recognition.in-force": _("认定名单成为现行名单"),
    "awards.proposed": _("提出资助名单"),
    "award.dropped": _("移出资助名单"),
    "award.suspended": _("暂停资助"),
    "award.restored": _("恢复资助"),
    "list.school-approved": _("学校确认名单"),
    "list.sent-back": _("退回名单"),
    "list.confirmed": _("县级审定名单"),
    "notice.put-up": _("张贴公示"),
    "notice.taken-down": _("撤下公示"),
    "objection.received": _("受理异议"),
    "objection.answered": _("办结异议"),
    "batch.prepared": _("编制发放批次"),
    "batch.approved": _("审核发放批次"),
    "batch.bank-file-written": _("生成银行代发文件"),
    "batch.sent": _("送出银行文件"),
    "batch.discarded": _("作废发放批次"),
    "batch.settled": _("核销发放批次"),
    "return.uploaded": _("上传银行回盘"),
    "card.corrected": _("更正银行卡"),
    "fund.allotted": _("录入资金指标"),
    "names.exported": _("导出名单"),
    "report.exported": _("导出报表"),
    "file.downloaded": _("下载文件"),
    "job.retried": _("再次运行任务"),
}


def act(verb: str) -> str:
    """ "确认花名册入库" for roster.confirmed; the code itself where it has no words yet."""
    return str(VERBS.get(verb, verb))
