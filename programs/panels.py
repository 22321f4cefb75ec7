"""The school's panel (评议组, 教财〔2018〕16号): each meeting on record, with who was there and what was said.

What a meeting decided may hang out in public. From then on its record stands: whatever is put right afterwards is
another meeting, with minutes of its own.
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, WrongState
from jobs import documents
from jobs.choices import FileKind
from jobs.documents import Brought
from programs import recognitions
from programs.choices import RoundState
from programs.models import PanelMeeting, RecognitionRound


class PanelDay(Refused):
    code = "round-panel-day"
    message = _("评议日期不能早于告知日期，也不能晚于今天。")


class PanelMissing(Refused):
    code = "round-panel-missing"
    message = _("请先登记评议会议：日期和到会人员。")


class PanelAgain(Refused):
    code = "round-panel-again"
    message = _("上一次评议的结果已经公示过，会议记录不再改动。请先登记这一次的评议会议：日期、到会人员和会议记录。")


class MinutesMissing(Refused):
    code = "round-minutes-missing"
    message = _("请填写会议记录，或上传会议记录原件。")


@transaction.atomic
def seat(
    round: RecognitionRound,
    *,
    held_on: date,
    present: list[dict[str, str]],
    minutes: str,
    scan: Brought | None = None,
    by: User,
    at: datetime,
) -> PanelMeeting:
    """Say when the panel met, who was there, and what was said; said again before its result is public, it is mended.

    In a public round the panel meets again over an objection.
    """
    recognitions.at_work(round, RoundState.OPEN, RoundState.PUBLISHED)
    if round.state == RoundState.PUBLISHED and not round.public_result:
        raise WrongState()
    before = round.meetings.exclude(published_at=None).last()
    if not (before.held_on if before else round.told_on) <= held_on <= timezone.localdate(at):
        raise PanelDay()
    if not present:
        raise PanelMissing()
    meeting = round.panel
    if not minutes.strip() and scan is None and (meeting is None or meeting.minutes_file_id is None):
        raise MinutesMissing()
    said: dict[str, Any] = {"held_on": held_on, "present": present, "minutes": minutes.strip()}
    if scan is not None:
        said["minutes_file"] = documents.store(scan, kind=FileKind.MINUTES, school=round.school, by=by, at=at)
    seated, _is_new = PanelMeeting.objects.update_or_create(
        round=round, published_at=None, defaults={**said, "noted_by": by, "noted_at": at}
    )
    number = round.meetings.count()
    actions.record(by, "round.panel-seated", round, at=at, on=held_on.isoformat(), present=len(present), meeting=number)
    return seated


def at_work(round: RecognitionRound) -> PanelMeeting:
    """The meeting whose word is being taken down, or a refusal."""
    if (meeting := round.panel) is not None:
        return meeting
    raise PanelAgain() if round.meetings.exists() else PanelMissing()
