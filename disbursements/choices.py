from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class BatchState(TextChoices):
    DRAFT = "draft", _("待审核")
    SENT_BACK = "sent-back", _("已退回")
    APPROVED = "approved", _("已审核")
    SENT = "sent", _("已送银行")
    SETTLED = "settled", _("已核销")
    DISCARDED = "discarded", _("已作废")


BATCH_MOVES = {
    BatchState.DRAFT: {BatchState.APPROVED, BatchState.SENT_BACK, BatchState.DISCARDED},
    BatchState.SENT_BACK: {BatchState.DISCARDED},
    BatchState.APPROVED: {BatchState.SENT, BatchState.DISCARDED},
    BatchState.SENT: {BatchState.SETTLED},
}


class PaymentState(TextChoices):
    PENDING = "pending", _("待发放")
    SENT = "sent", _("已送银行")
    PAID = "paid", _("发放成功")
    FAILED = "failed", _("发放失败")
    DISCARDED = "discarded", _("已作废")


class Way(TextChoices):
    """How a batch reaches its payees."""

    BANK = "bank", _("银行代发")
    CASH = "cash", _("现金")


class BankFormat(TextChoices):
    XLSX = "xlsx", _("Excel 工作簿（.xlsx）")
    XLS = "xls", _("Excel 97-2003 工作簿（.xls）")
    CSV = "csv", _("逗号分隔文本（.csv）")
    TXT = "txt", _("竖线分隔文本（.txt）")


class Encoding(TextChoices):
    """Encodings of text files that banks ask for."""

    GB18030 = "gb18030", "GB18030（GBK）"
    UTF_8 = "utf-8", "UTF-8"
    UTF_8_BOM = "utf-8-sig", "UTF-8 (BOM)"


class QuotaKind(TextChoices):
    NEW = "new", _("当年下达")
    CARRIED = "carried", _("上期结转")


class Waiting(TextChoices):
    """Why an award is not paid yet though it stands; the first that holds is said."""

    HELD = "held", _("异议核查中")
    GONE = "gone", _("已离校或休学，等待决定")
    NOT_TO_PAY = "not-to-pay", _("已决定不发放")
    SAID_PAID = "said-paid", _("登记为发放失败，后来的回盘与此不符，请向银行核实")
    NO_CARD = "no-card", _("没有银行卡")
    NOT_OWN = "not-own", _("卡不是学生本人的，请换成本人的卡")
    OTHER_NAME = "other-name", _("账户写的是本人，户名与学生姓名不一致")
    NO_BANK = "no-bank", _("没有哪家代发银行管这张卡，请设定其他卡由谁代发")
    CARD_REFUSED = "card-refused", _("银行退回了现用的卡")
    NO_ACCOUNT = "no-account", _("学校没有收款账户")


class QuotaStage(TextChoices):
    """How far a quota's money is."""

    WAITING = "waiting", _("待到账")
    ARRIVED = "arrived", _("已到齐")
    CARRIED = "carried-over", _("上期结转")
    WITHDRAWN = "withdrawn", _("已撤销")


class Told(TextChoices):
    """What a family is told of its child's aid."""

    ARRIVED = "arrived", _("已到账")
    WAIVED = "waived", _("已减免，资金已拨付学校")
    ON_ITS_WAY = "on-its-way", _("已送银行，等待到账")
    REFUSED = "refused", _("银行退回，请到学校核对银行卡")
    WAITING = "waiting", _("已审定，等待发放")


class FailureReason(TextChoices):
    """The bank's words, coded. `unknown` keeps the words and asks a person."""

    NAME_MISMATCH = "name-mismatch", _("户名不符")
    NO_SUCH_ACCOUNT = "no-such-account", _("账号不存在")
    CLOSED = "closed", _("已销户、挂失或冻结")
    NOT_ACTIVE = "not-active", _("未激活金融功能")
    NO_CARD = "no-card", _("没有银行卡信息")
    NOT_SIGNED = "not-signed", _("现金未签领")
    NOT_EXECUTED = "not-executed", _("银行没有办理")
    UNKNOWN = "unknown", _("其他原因")


BANK_REASONS = [reason for reason in FailureReason if reason != FailureReason.NOT_SIGNED]
"""What a bank can mean; that nobody signed for cash is said by a roll."""


NOT_OF_THE_CARD = (FailureReason.NOT_SIGNED, FailureReason.NOT_EXECUTED)
"""Failures after which the same card can be tried again."""


class InquiryState(TextChoices):
    """How far a word of the bank is that was given on the telephone or by letter."""

    OPEN = "open", _("待确认")
    CONFIRMED = "confirmed", _("已确认")
    DISMISSED = "dismissed", _("已作废")


INQUIRY_MOVES = {InquiryState.OPEN: {InquiryState.CONFIRMED, InquiryState.DISMISSED}}


class RecoveryCause(TextChoices):
    """Why money that was paid is asked back."""

    LEFT = "left", _("学期内离校")
    OVERPAID = "overpaid", _("多发")
    UPHELD = "upheld", _("异议成立")
    TWICE = "twice", _("重复发放")


class RecoveryState(TextChoices):
    OPEN = "open", _("追缴中")
    COLLECTED = "collected", _("已追回")
    WAIVED = "waived", _("经批准免于追缴")


RECOVERY_MOVES = {RecoveryState.OPEN: {RecoveryState.COLLECTED, RecoveryState.WAIVED}}


class LineOutcome(TextChoices):
    PAID = "paid", _("成功")
    FAILED = "failed", _("失败")
    BOUNCED = "bounced", _("到账后退票")
    REPEATED = "repeated", _("重复的行")
    UNMATCHED = "unmatched", _("对不上的行")


class EntryKind(TextChoices):
    ARRIVED = "arrived", _("指标到账")
    WITHDRAWN = "withdrawn", _("到账冲销")
    RESERVED = "reserved", _("审核占用")
    SPENT = "spent", _("发放支出")
    RELEASED = "released", _("失败退回")
    RETURNED = "returned", _("到账后退票")
    RECOVERED = "recovered", _("追缴收回")
    CARRIED_OUT = "carried-out", _("结转下期")
    CARRIED_IN = "carried-in", _("上期结转")
