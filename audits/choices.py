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


class SampleState(TextChoices):
    OPEN = "open", _("核查中")
    CLOSED = "closed", _("已结束")


class ItemState(TextChoices):
    WAITING = "waiting", _("未核查")
    SOUND = "sound", _("属实")
    FAULTY = "faulty", _("有问题")


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
