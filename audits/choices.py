from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Severity(TextChoices):
    """How much a finding weighs if it is true."""

    GRAVE = "grave", _("严重")
    SERIOUS = "serious", _("较重")
    NOTABLE = "notable", _("提示")


class FindingState(TextChoices):
    OPEN = "open", _("待核实")
    EXPLAINED = "explained", _("已说明")
    MENDED = "mended", _("已整改")
    CONFIRMED = "confirmed", _("确认问题")


FINDING_MOVES = {
    FindingState.OPEN: {FindingState.EXPLAINED, FindingState.MENDED, FindingState.CONFIRMED},
    FindingState.EXPLAINED: {
        FindingState.EXPLAINED,
        FindingState.MENDED,
        FindingState.CONFIRMED,
        FindingState.OPEN,
    },
    FindingState.MENDED: {FindingState.MENDED, FindingState.CONFIRMED, FindingState.OPEN},
    FindingState.CONFIRMED: {FindingState.MENDED, FindingState.OPEN},
}


class Draw(TextChoices):
    """How a sample is drawn from its population."""

    EQUAL = "equal", _("等概率抽取")
    BY_MONEY = "by-money", _("按金额抽取")
    BY_RISK = "by-risk", _("按疑点抽取")
    BY_SCHOOL = "by-school", _("按学校抽取")


class PaidState(TextChoices):
    """What a population can be narrowed by: where the money of its awards is."""

    PAID = "paid", _("已到账")
    UNPAID = "unpaid", _("没有到账")
    FAILED = "failed", _("发放失败过")
    BOUNCED = "bounced", _("到账后退过票")


class SampleState(TextChoices):
    OPEN = "open", _("核查中")
    CLOSED = "closed", _("已结束")
    WITHDRAWN = "withdrawn", _("已撤销")


SAMPLE_MOVES = {SampleState.OPEN: {SampleState.CLOSED, SampleState.WITHDRAWN}}


class ItemState(TextChoices):
    WAITING = "waiting", _("未核查")
    SOUND = "sound", _("属实")
    FAULTY = "faulty", _("有问题")


ITEM_MOVES = {
    ItemState.WAITING: {ItemState.SOUND, ItemState.FAULTY},
    ItemState.SOUND: {ItemState.SOUND, ItemState.FAULTY},
    ItemState.FAULTY: {ItemState.SOUND, ItemState.FAULTY},
}


class FollowUp(TextChoices):
    NONE = "", _("不需要")
    ASKED = "asked", _("要求整改")
    DONE = "done", _("整改完成")


class QuestionState(TextChoices):
    ASKED = "asked", _("待答复")
    ANSWERED = "answered", _("已答复")
    CLOSED = "closed", _("已办结")


QUESTION_MOVES = {
    QuestionState.ASKED: {QuestionState.ANSWERED, QuestionState.CLOSED},
    QuestionState.ANSWERED: {QuestionState.ASKED, QuestionState.CLOSED},
}


class EntryKind(TextChoices):
    """One step of a question."""

    ASKED = "asked", _("提问")
    ANSWERED = "answered", _("答复")
    ASKED_AGAIN = "asked-again", _("继续追问")
    CLOSED = "closed", _("办结")


class Lack(TextChoices):
    """What a school of a term can be short of, in publicity and payment."""

    NOTICE = "notice", _("没有公示")
    PHOTO = "photo", _("缺公示照片")
    OBJECTION = "objection", _("异议未办结")
    MONEY = "money", _("没有全部到账")
    RETRY = "retry", _("失败或退票未补发")
    RECOVERY = "recovery", _("追缴未办结")
    FINDING = "finding", _("有疑点")
    QUESTION = "question", _("问询未答复")
