"""States of rosters, snapshots, runs and matches, and the moves between them."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Sex(TextChoices):
    MALE = "male", _("男")
    FEMALE = "female", _("女")
    UNKNOWN = "unknown", _("未说明")


OWN = "本人"
"""The relation of a card's holder to the student where the card is the student's own."""


class IdType(TextChoices):
    """The document whose number stands in a roster (身份证件类型); blank where the file does not say."""

    RESIDENT = "resident", _("居民身份证")
    RESIDENCE_PERMIT = "residence-permit", _("港澳台居民居住证")
    HOME_RETURN_PERMIT = "home-return-permit", _("港澳居民来往内地通行证")
    TAIWAN_PERMIT = "taiwan-permit", _("台湾居民来往大陆通行证")
    FOREIGN_PERMIT = "foreign-permit", _("外国人永久居留身份证")
    PASSPORT = "passport", _("护照")
    OTHER = "other", _("其他证件")
    NONE = "none", _("无证件")


class RosterState(TextChoices):
    UPLOADED = "uploaded", _("已上传，等待校验")
    CHECKED = "checked", _("已校验，等待确认")
    COMMITTING = "committing", _("正在入库")
    IN_FORCE = "in_force", _("现行版本")
    SUPERSEDED = "superseded", _("已被新版本取代")
    REFUSED = "refused", _("文件无法读取")
    DISCARDED = "discarded", _("已放弃")


ROSTER_MOVES = {
    RosterState.UPLOADED: {RosterState.CHECKED, RosterState.REFUSED, RosterState.DISCARDED},
    RosterState.CHECKED: {RosterState.UPLOADED, RosterState.COMMITTING, RosterState.DISCARDED},
    RosterState.REFUSED: {RosterState.UPLOADED, RosterState.DISCARDED},
    RosterState.COMMITTING: {RosterState.IN_FORCE},
    RosterState.IN_FORCE: {RosterState.SUPERSEDED},
}


class EnrollmentState(TextChoices):
    STUDYING = "studying", _("在读")
    SUSPENDED = "suspended", _("休学")
    LEFT = "left", _("已离校")


class Severity(TextChoices):
    """What a problem does to its row: stop it, let it pass with a word, or nothing."""

    ERROR = "error", _("错误")
    DOUBT = "doubt", _("需说明")
    NOTE = "note", _("提示")


class CountyFileState(TextChoices):
    """One workbook with the rosters of many schools, on its way to becoming theirs."""

    UPLOADED = "uploaded", _("已上传，等待拆分和校验")
    CHECKED = "checked", _("已校验，等待确认")
    COMMITTING = "committing", _("正在入库")
    DONE = "done", _("已入库")
    REFUSED = "refused", _("文件无法读取")
    DISCARDED = "discarded", _("已放弃")


COUNTY_FILE_MOVES = {
    CountyFileState.UPLOADED: {CountyFileState.CHECKED, CountyFileState.REFUSED},
    CountyFileState.CHECKED: {CountyFileState.COMMITTING, CountyFileState.DISCARDED},
    CountyFileState.COMMITTING: {CountyFileState.DONE},
}


class SnapshotState(TextChoices):
    UPLOADED = "uploaded", _("已上传，等待读取")
    FROZEN = "frozen", _("已定版")
    REFUSED = "refused", _("文件无法读取")
    WITHDRAWN = "withdrawn", _("已撤回")


SNAPSHOT_MOVES = {
    SnapshotState.UPLOADED: {SnapshotState.FROZEN, SnapshotState.REFUSED},
    SnapshotState.REFUSED: {SnapshotState.UPLOADED},
    SnapshotState.FROZEN: {SnapshotState.WITHDRAWN},
}


class LineCode(TextChoices):
    """What is to say of one line of a list: why it was not taken, or with what remark it was."""

    NO_NAME = "no-name", _("没有姓名")
    TOTAL = "total", _("合计行")
    FOOT = "foot", _("签字或说明行")
    HEAD = "head", _("重复的表头")
    BLANK = "blank", _("空行")
    DUPLICATE = "duplicate", _("证件号与前面一行相同")
    LOST = "lost", _("证件号丢失末几位")
    WRONG = "wrong", _("证件号不合规则")
    NO_ID = "no-id", _("没有证件号")
    FILLED = "filled", _("户信息只写在首行，已按同户补齐")
    BY_HEAD = "by-head", _("没有户编号，按户主姓名和村归户")


NOT_TAKEN = (LineCode.NO_NAME, LineCode.TOTAL, LineCode.FOOT, LineCode.HEAD, LineCode.BLANK)
"""Lines that name nobody. All others are people, whatever is to say of them."""


class CrosscheckState(TextChoices):
    RUNNING = "running", _("比对中")
    DONE = "done", _("已完成")
    SUPERSEDED = "superseded", _("已被新比对取代")
    REFUSED = "refused", _("未生效")


CROSSCHECK_MOVES = {
    CrosscheckState.RUNNING: {CrosscheckState.DONE, CrosscheckState.REFUSED},
    CrosscheckState.DONE: {CrosscheckState.SUPERSEDED},
}


class Confirms(TextChoices):
    """Which tiers of a run confirm by themselves."""

    EXACT = "exact", _("仅证件号和姓名都一致")
    NEAR = "near", _("完全一致和近乎确定")


class Verdict(TextChoices):
    """What a school answers, or a person finds in a sample."""

    SAME = "same", _("是同一人")
    NOT_SAME = "not-same", _("不是同一人")
    UNCLEAR = "unclear", _("查不清")


class WhenEntering(TextChoices):
    """From when a category holds for a child whose household enters a list within the term."""

    AT_ONCE = "at-once", _("本学期起")
    NEXT_TERM = "next-term", _("下学期起")


class WhenLeaving(TextChoices):
    """Until when a category holds for a child whose household leaves a list within the term."""

    TERM_END = "term-end", _("到学期结束")
    AT_ONCE = "at-once", _("从离开名单之日起终止")


class AbsenceState(TextChoices):
    """A registered child in no roster of the county: still looked for, or accounted for."""

    OPEN = "open", _("正在查找")
    SETTLED = "settled", _("已查明")


class Outcome(TextChoices):
    """What was found out about a registered child in no roster of the county."""

    OUTSIDE = "outside", _("在县外就读")
    OTHER_RECORD = "other-record", _("在本县就读，登记信息不同")
    TOO_YOUNG = "too-young", _("未到入学年龄")
    KINDERGARTEN = "kindergarten", _("学前阶段，自愿不入园")
    FINISHED = "finished", _("已完成学业")
    ILL = "ill", _("因病、因残暂不能入学")
    MOVED_AWAY = "moved-away", _("户口迁出、死亡或名单有误")
    DROPPED_OUT = "dropped-out", _("失学辍学")


class MatchState(TextChoices):
    SURE = "sure", _("自动确认")
    SUSPECTED = "suspected", _("疑似，待人工核实")
    CONFIRMED = "confirmed", _("人工确认为同一人")
    REJECTED = "rejected", _("人工确认不是同一人")


HOLDING = (MatchState.SURE, MatchState.CONFIRMED)
"""Matches that count: sure ones, and those a person confirmed."""

MATCH_MOVES = {
    MatchState.SURE: {MatchState.REJECTED},
    MatchState.SUSPECTED: {MatchState.CONFIRMED, MatchState.REJECTED},
    MatchState.CONFIRMED: {MatchState.REJECTED},
    MatchState.REJECTED: {MatchState.CONFIRMED},
}


class CategoryGroup(TextChoices):
    """How reports group the categories; `registered-poor` is the reports' "of these"."""

    REGISTERED_POOR = "registered-poor", _("脱贫家庭及监测对象（原建档立卡）")
    LOW_INCOME = "low-income", _("低保")
    DESTITUTE = "destitute", _("特困供养")
    ORPHAN = "orphan", _("孤儿及事实无人抚养儿童")
    DISABLED = "disabled", _("残疾")
    MARTYR = "martyr", _("烈士及优抚")
    OTHER = "other", _("其他")
