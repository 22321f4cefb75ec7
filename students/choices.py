"""States of rosters, snapshots, runs and matches, and the moves between them."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Sex(TextChoices):
    MALE = "male", _("男")
    FEMALE = "female", _("女")
    UNKNOWN = "unknown", _("未说明")


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
    SnapshotState.FROZEN: {SnapshotState.WITHDRAWN},
}


class CrosscheckState(TextChoices):
    RUNNING = "running", _("比对中")
    DONE = "done", _("已完成")
    SUPERSEDED = "superseded", _("已被新比对取代")


CROSSCHECK_MOVES = {
    CrosscheckState.RUNNING: {CrosscheckState.DONE},
    CrosscheckState.DONE: {CrosscheckState.SUPERSEDED},
}


class MatchState(TextChoices):
    SURE = "sure", _("自动确认")
    SUSPECTED = "suspected", _("疑似，待人工核实")
    CONFIRMED = "confirmed", _("人工确认为同一人")
    REJECTED = "rejected", _("人工确认不是同一人")


MATCH_MOVES = {
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
