from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ProgramKind(TextChoices):
    MONEY = "money", _("发给个人")
    WAIVER = "waiver", _("减免学费")
    IN_KIND = "in-kind", _("实物或供餐")


class Payee(TextChoices):
    STUDENT = "student", _("学生本人银行卡")
    GUARDIAN = "guardian", _("监护人银行卡")
    SCHOOL = "school", _("学校账户")


class Basis(TextChoices):
    FIXED = "fixed", _("固定标准")
    SCHOOL_FEE = "school-fee", _("学校核定收费")


class Level(TextChoices):
    """Levels of recognition (认定等级) of the national aid system."""

    SPECIAL = "special", _("特别困难")
    HARD = "hard", _("困难")
    GENERAL = "general", _("一般困难")
    NOT_POOR = "not-poor", _("不困难")


class Severity(TextChoices):
    BLOCK = "block", _("不得同时享受")
    WARN = "warn", _("提醒")


class Payer(TextChoices):
    CENTRAL = "central", _("中央")
    PROVINCE = "province", _("省级")
    CITY = "city", _("市级")
    COUNTY = "county", _("县级")


class ListState(TextChoices):
    DRAFT = "draft", _("待学校确认")
    SCHOOL_APPROVED = "school_approved", _("学校已确认")
    PUBLISHED = "published", _("公示中")
    CLOSED = "closed", _("公示期满")
    CONFIRMED = "confirmed", _("县级已审定")


LIST_MOVES = {
    ListState.DRAFT: {ListState.SCHOOL_APPROVED},
    ListState.SCHOOL_APPROVED: {ListState.PUBLISHED, ListState.DRAFT},
    ListState.PUBLISHED: {ListState.CLOSED},
    ListState.CLOSED: {ListState.CONFIRMED, ListState.DRAFT},
}


class AwardState(TextChoices):
    PROPOSED = "proposed", _("拟资助")
    CONFIRMED = "confirmed", _("已审定")
    SUSPENDED = "suspended", _("异议核查中")
    DROPPED = "dropped", _("已移出")


AWARD_MOVES = {
    AwardState.PROPOSED: {AwardState.CONFIRMED, AwardState.SUSPENDED, AwardState.DROPPED},
    AwardState.SUSPENDED: {AwardState.PROPOSED, AwardState.DROPPED},
}


class NoticeState(TextChoices):
    UP = "up", _("公示中")
    DOWN = "down", _("已撤下")


NOTICE_MOVES = {NoticeState.UP: {NoticeState.DOWN}}


class RecognitionListState(TextChoices):
    UPLOADED = "uploaded", _("已上传，等待读取")
    IN_FORCE = "in_force", _("现行名单")
    SUPERSEDED = "superseded", _("已被新名单取代")
    REFUSED = "refused", _("文件无法读取")


RECOGNITION_LIST_MOVES = {
    RecognitionListState.UPLOADED: {RecognitionListState.IN_FORCE, RecognitionListState.REFUSED},
    RecognitionListState.IN_FORCE: {RecognitionListState.SUPERSEDED},
}
