from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class BatchState(TextChoices):
    DRAFT = "draft", _("待审核")
    APPROVED = "approved", _("已审核")
    SENT = "sent", _("已送银行")
    SETTLED = "settled", _("已核销")
    DISCARDED = "discarded", _("已作废")


BATCH_MOVES = {
    BatchState.DRAFT: {BatchState.APPROVED, BatchState.DISCARDED},
    BatchState.APPROVED: {BatchState.SENT},
    BatchState.SENT: {BatchState.SETTLED},
}


class PaymentState(TextChoices):
    PENDING = "pending", _("待发放")
    SENT = "sent", _("已送银行")
    PAID = "paid", _("发放成功")
    FAILED = "failed", _("发放失败")
    DISCARDED = "discarded", _("已作废")


class FailureReason(TextChoices):
    """The bank's words, coded. `unknown` keeps the words and asks a person."""

    NAME_MISMATCH = "name-mismatch", _("户名不符")
    NO_SUCH_ACCOUNT = "no-such-account", _("账号不存在")
    CLOSED = "closed", _("已销户、挂失或冻结")
    NOT_ACTIVE = "not-active", _("未激活金融功能")
    NO_CARD = "no-card", _("没有银行卡信息")
    UNKNOWN = "unknown", _("其他原因")


class LineOutcome(TextChoices):
    PAID = "paid", _("成功")
    FAILED = "failed", _("失败")
    UNMATCHED = "unmatched", _("对不上的行")


class EntryKind(TextChoices):
    ARRIVED = "arrived", _("指标到账")
    RESERVED = "reserved", _("审核占用")
    SPENT = "spent", _("发放支出")
    RELEASED = "released", _("失败退回")
