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
    CAPPED_FEE = "capped-fee", _("学校核定收费，不超过限额")


class Way(TextChoices):
    """Who puts children forward for a program."""

    AUTO = "auto", _("按情况自动提出")
    SCHOOL = "school", _("由学校提名")


class Scope(TextChoices):
    """How close in time two programs may not meet."""

    TERM = "term", _("同一学期")
    MONTH = "month", _("同一月份")


class Pays(TextChoices):
    """Which school pays a child that moves within a term."""

    NEW_SCHOOL = "new-school", _("转入学校")
    OLD_SCHOOL = "old-school", _("转出学校")


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
    SCHOOL = "school", _("学校")
    DONATION = "donation", _("社会捐助")


class ListState(TextChoices):
    DRAFT = "draft", _("待学校核对")
    SCHOOL_PREPARED = "school_prepared", _("待校长确认")
    SCHOOL_APPROVED = "school_approved", _("学校已确认")
    PUBLISHED = "published", _("公示中")
    CLOSED = "closed", _("公示期满")
    CONFIRMED = "confirmed", _("县级已审定")


IN_PREPARATION = (ListState.DRAFT, ListState.SCHOOL_PREPARED, ListState.SCHOOL_APPROVED)
"""A school has one list in these states at a time; children can still come on it."""

LIST_MOVES = {
    ListState.DRAFT: {ListState.SCHOOL_PREPARED, ListState.SCHOOL_APPROVED},
    ListState.SCHOOL_PREPARED: {ListState.SCHOOL_APPROVED, ListState.DRAFT},
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


class Channel(TextChoices):
    """The way an objection came."""

    VISIT = "visit", _("来访")
    PHONE = "phone", _("电话")
    LETTER = "letter", _("来信")
    PAGE = "page", _("网页")


class ObjectionState(TextChoices):
    """Where an objection stands: what came by the page waits for an officer's look."""

    UNSEEN = "unseen", _("待受理")
    OPEN = "open", _("核查中")
    UPHELD = "upheld", _("成立，已移出")
    REFUTED = "refuted", _("不成立")
    DISMISSED = "dismissed", _("不予受理")


class ContactPurpose(TextChoices):
    """What an officer wants to see for who raised an objection."""

    REPLY = "reply", _("告知核查结果")
    ASK = "ask", _("进一步了解情况")


class TrialState(TextChoices):
    WAITING = "waiting", _("计算中")
    DONE = "done", _("已完成")
    FAILED = "failed", _("未完成")


TRIAL_MOVES = {TrialState.WAITING: {TrialState.DONE, TrialState.FAILED}}


class RoundKind(TextChoices):
    """When a school recognizes: once a school year, and on change within it."""

    YEARLY = "yearly", _("学年认定")
    CHANGE = "change", _("学期调整")


class RoundState(TextChoices):
    """Where a school's recognition stands (教财〔2018〕16号): told, applied, reviewed, public, on record."""

    OPEN = "open", _("告知和申请")
    REVIEWED = "reviewed", _("评议已完成，待公示")
    PUBLISHED = "published", _("公示中")
    CLOSED = "closed", _("公示期满，待县级备案")
    RECORDED = "recorded", _("县级已备案")
    ABANDONED = "abandoned", _("已终止")


ROUND_MOVES = {
    RoundState.OPEN: {RoundState.REVIEWED, RoundState.ABANDONED},
    RoundState.REVIEWED: {RoundState.PUBLISHED, RoundState.OPEN, RoundState.ABANDONED},
    RoundState.PUBLISHED: {RoundState.CLOSED, RoundState.REVIEWED, RoundState.OPEN, RoundState.ABANDONED},
    RoundState.CLOSED: {RoundState.RECORDED, RoundState.OPEN, RoundState.ABANDONED},
}
ROUND_ENDS = (RoundState.RECORDED, RoundState.ABANDONED)
"""Nothing more is done in a round that came here."""


class ApplicationState(TextChoices):
    CARRIED = "carried", _("上学年结转，待确认")
    APPLIED = "applied", _("已申请")
    CLASS_REVIEWED = "class_reviewed", _("班级已评议")
    DECIDED = "decided", _("学校已评定")
    WITHDRAWN = "withdrawn", _("已撤回")


APPLICATION_MOVES = {
    ApplicationState.CARRIED: {ApplicationState.APPLIED, ApplicationState.WITHDRAWN},
    ApplicationState.APPLIED: {ApplicationState.CLASS_REVIEWED, ApplicationState.WITHDRAWN},
    ApplicationState.CLASS_REVIEWED: {
        ApplicationState.CLASS_REVIEWED,
        ApplicationState.DECIDED,
        ApplicationState.WITHDRAWN,
    },
    ApplicationState.DECIDED: {
        ApplicationState.DECIDED,
        ApplicationState.CLASS_REVIEWED,
        ApplicationState.WITHDRAWN,
    },
    ApplicationState.WITHDRAWN: {ApplicationState.APPLIED},
}


class RecheckWay(TextChoices):
    """How a family was looked up again."""

    VISIT = "visit", _("实地走访")
    PHONE = "phone", _("电话核实")
    LETTER = "letter", _("信件核实")


class RecheckResult(TextChoices):
    HOLDS = "holds", _("情况属实")
    OTHER_LEVEL = "other-level", _("应调整等级")
    NOT_POOR = "not-poor", _("不再困难")
    NOT_FOUND = "not-found", _("未能核实")


class RecognitionListState(TextChoices):
    UPLOADED = "uploaded", _("已上传，等待读取")
    IN_FORCE = "in_force", _("现行名单")
    SUPERSEDED = "superseded", _("已被新名单取代")
    REFUSED = "refused", _("文件无法读取")


RECOGNITION_LIST_MOVES = {
    RecognitionListState.UPLOADED: {RecognitionListState.IN_FORCE, RecognitionListState.REFUSED},
    RecognitionListState.IN_FORCE: {RecognitionListState.SUPERSEDED},
}


class Gap(TextChoices):
    """The two lists of children whose aid and facts do not agree."""

    MISSED = "missed", _("应助未助")
    MISTAKEN = "mistaken", _("不应助已助")


class GapReason(TextChoices):
    """Why an entitled child has no aid, in the school's answer."""

    DECLINED = "declined", _("书面放弃")
    LEFT = "left", _("已离校")
    WRONG_SCHOOL = "wrong-school", _("不在本校")
    OTHER_PROGRAM = "other-program", _("已享受其他项目")
    TO_ADD = "to-add", _("应补报")
    FACT_WRONG = "fact-wrong", _("情况不实")
    OTHER = "other", _("其他原因")


class GapAnswerState(TextChoices):
    WAITING = "waiting", _("待县级审核")
    ACCEPTED = "accepted", _("县级已认可")
    SENT_BACK = "sent_back", _("已退回，待重新答复")


GAP_ANSWER_MOVES = {
    GapAnswerState.WAITING: {GapAnswerState.ACCEPTED, GapAnswerState.SENT_BACK},
    GapAnswerState.ACCEPTED: {GapAnswerState.SENT_BACK},
}


class GapState(TextChoices):
    """Where a line of the first list stands."""

    UNANSWERED = "unanswered", _("待学校答复")
    WAITING = "waiting", _("待县级审核")
    SENT_BACK = "sent-back", _("已退回，待重新答复")
    TO_ADD = "to-add", _("同意补报，待资助")
    TO_PROPOSE = "to-propose", _("已提名，待提出")
    CLOSED = "closed", _("已认可，不再追问")


NOT_MISSED = frozenset({GapState.TO_PROPOSE, GapState.CLOSED})
"""Nobody is asked about these: the next run of proposals takes the one, the county accepted the other."""


class Mistake(TextChoices):
    """Why an award should not stand."""

    LEFT = "left", _("学生已离校")
    SUSPENDED = "suspended", _("学生休学")
    LAPSED = "lapsed", _("困难情形或认定已失效")
    NOT_BOARDING = "not-boarding", _("现在不寄宿")
    UNFIT = "unfit", _("不再符合享受条件")
    EXCLUDED = "excluded", _("与另一项目不能同时享受")
    TWICE = "twice", _("同一证件号重复享受")
    TWO_SCHOOLS = "two-schools", _("同时在两所学校就读")
