from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class JobState(TextChoices):
    PENDING = "pending", _("排队中")
    RUNNING = "running", _("运行中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("未完成")


class FileKind(TextChoices):
    ROSTER = "roster", _("学生花名册")
    REGISTER = "register", _("困难群体名单")
    RECOGNITION = "recognition", _("认定名单")
    BANK = "bank", _("银行代发文件")
    RETURN = "return", _("银行回盘文件")
    MARKED = "marked", _("标出问题的原表")
    RECEIPT = "receipt", _("外地就读回执")
    EXPORT = "export", _("导出文件")
    DOCUMENT = "document", _("指标文件或答复")
    POLICY = "policy", _("政策文件")
    PHOTO = "photo", _("公示照片")
    MINUTES = "minutes", _("会议记录")
    ATTACHMENT = "attachment", _("申请附件")
    NOMINATION = "nomination", _("提名名单")
    FROZEN = "frozen", _("冻结的明细")
    ANSWER = "answer", _("审计答复附件")

    @classmethod
    def for_auditors(cls) -> list["FileKind"]:
        """What holds no whole numbers, and what was given to them in answer."""
        return [cls.EXPORT, cls.DOCUMENT, cls.POLICY, cls.FROZEN, cls.ANSWER]
