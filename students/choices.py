"""States of rosters, snapshots, runs and matches, and the moves between them."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Sex(TextChoices):
    MALE = "male", _("男")
    FEMALE = "female", _("女")
    UNKNOWN = "unknown", _("未说明")


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
    RosterState.CHECKED: {RosterState.COMMITTING, RosterState.DISCARDED},
    RosterState.COMMITTING: {RosterState.IN_FORCE},
    RosterState.IN_FORCE: {RosterState.SUPERSEDED},
}


class EnrollmentState(TextChoices):
    STUDYING = "studying", _("在读")
    LEFT = "left", _("已离校")


class Severity(TextChoices):
    ERROR = "error", _("错误")
    DOUBT = "doubt", _("需说明")
    NOTE = "note", _("提示")


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
