"""Runs in words: what it is called, what came out, why it failed. Rows keep codes and numbers only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from common import money, moves
from jobs import run
from jobs.choices import JobState
from jobs.models import Job

_LABELS: dict[str, Any] = {
    "rows": _("数据行"),
    "good": _("可入库行"),
    "refused": _("未采用行"),
    "doubtful": _("需说明行"),
    "people": _("人数"),
    "came": _("新增"),
    "left": _("离校"),
    "changed": _("变动"),
    "unmatched": _("对不上的行"),
    "proposed": _("拟资助"),
    "awards": _("资助"),
    "answers": _("答复条数"),
    "findings": _("疑点"),
    "new": _("新发现"),
    "gone": _("不再存在"),
    "payments": _("发放笔数"),
    "paid": _("发放成功"),
    "failed": _("发放失败"),
    "sure": _("自动确认"),
    "suspected": _("疑似"),
    "was_fen": _("原金额（元）"),
    "amount_fen": _("金额（元）"),
    "total_fen": _("金额（元）"),
    "day": _("自"),
    "document_no": _("文号"),
    "files": _("文件数"),
    "left_out": _("未附文件"),
    "ranges": _("核验段数"),
    "broken_ranges": _("被改动的段数"),
}


@dataclass(frozen=True)
class Fact:
    """One number or word of a result, with its label."""

    label: str
    value: int | str


def title(job: Job) -> str:
    """ "校验花名册" for roster-check; the bare code of a kind that is gone."""
    return title_of(job.kind)


def title_of(kind: str) -> str:
    found = run.KINDS.get(kind)
    return str(found.title) if found else kind


def facts(values: Mapping[str, Any]) -> list[Fact]:
    """The numbers of a result that have a name in the office, in the order of the result."""
    return [
        Fact(str(_LABELS[key]), money.yuan(int(value)) if key.endswith("_fen") else value)
        for key, value in values.items()
        if key in _LABELS and isinstance(value, int | str)
    ]


def error(job: Job) -> str:
    """Why a run failed, as a sentence; nothing for one that did not."""
    return moves.worded(job.error_code, job.error_params) if job.state == JobState.FAILED else ""
