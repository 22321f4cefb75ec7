"""The official letters to schools outside the county: their numbers, when they went out, what came back."""

import re
from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, TextChoices
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, WrongState
from jobs import documents, files
from jobs.choices import FileKind
from jobs.documents import Brought
from students import absence_outcomes
from students.absence_outcomes import Said
from students.choices import AbsenceState, Outcome
from students.models import Absence, OutsideLetter, OutsideLetterQuerySet

LONGEST_REASON = 200
_TRIES = 5
_RUNNING = re.compile(r"〔\d{4}〕(\d+)号$")


class LetterState(TextChoices):
    """How far a letter is."""

    MADE = "made", _("待发出")
    SENT = "sent", _("已发出，等回执")
    BACK = "back", _("已收到回执")
    WITHDRAWN = "withdrawn", _("已作废")


class NobodyToAskFor(Refused):
    code = "nobody-to-ask-for"
    message = _("所选的孩子都不需要制函：已有其他结论，或给这所学校的函还没有发出。")


class DayOutOfOrder(Refused):
    code = "letter-day-out-of-order"
    message = _("日期不对：发出不早于制函，回执不早于发出，都不晚于今天。")


class NotSent(Refused):
    code = "letter-not-sent"
    message = _("请先登记发出日期，再登记回执。")


class Withdrawn(Refused):
    code = "letter-withdrawn"
    message = _("这份函已经作废。")


class HasReceipt(Refused):
    code = "letter-has-receipt"
    message = _("已收到回执的函不能作废。")


class ReasonMissing(Refused):
    code = "letter-reason-missing"
    message = _("请写明为什么作废。")


class NotAScan(Refused):
    code = "not-a-scan"
    message = _("扫描件请用 PDF、JPG 或 PNG 格式。")


def in_state(letters: OutsideLetterQuerySet, state: str) -> OutsideLetterQuerySet:
    """Those that are so far; without a state all of them."""
    return letters.filter(_STATES[state]) if state else letters


def counts(letters: OutsideLetterQuerySet) -> dict[str, int]:
    """Letters by how far they are, in one query."""
    found: dict[str, int] = letters.aggregate(**{state: Count("pk", filter=q) for state, q in _STATES.items()})
    return found


_STATES = {
    LetterState.MADE.value: Q(sent_on=None, withdrawn_at=None),
    LetterState.SENT.value: Q(sent_on__isnull=False, receipt_on=None, withdrawn_at=None),
    LetterState.BACK.value: Q(receipt_on__isnull=False),
    LetterState.WITHDRAWN.value: Q(withdrawn_at__isnull=False),
}


def state_of(letter: OutsideLetter) -> LetterState:
    if letter.withdrawn_at:
        return LetterState.WITHDRAWN
    if letter.receipt_on:
        return LetterState.BACK
    return LetterState.SENT if letter.sent_on else LetterState.MADE


@transaction.atomic
def make(
    absences: Iterable[Absence], *, school_name: str, school_place: str, by: User, at: datetime
) -> list[OutsideLetter]:
    """A letter for each child to one school, with the next numbers of the year. A child still open studies there.

    Passed over is who has another outcome, and who has a letter to this school that did not go out yet.
    """
    letters = []
    for absence in absences:
        waiting = absence.letters.live().filter(school_name=school_name, school_place=school_place, sent_on=None)
        if absence.outcome not in {"", Outcome.DROPPED_OUT, Outcome.OUTSIDE} or waiting.exists():
            continue
        before = None
        if absence.state == AbsenceState.OPEN:
            before = absence_outcomes.said_of(absence)
            with translation.override(settings.LANGUAGE_CODE):
                words = _now("在%(place)s%(school)s就读，已制函核实。") % {"place": school_place, "school": school_name}
            absence_outcomes.settle(absence, outcome=Outcome.OUTSIDE, words=words, by=by, at=at)
        letters.append(_make_one(absence, school_name, school_place, by, at, before))
    if not letters:
        raise NobodyToAskFor()
    return letters


def _make_one(
    absence: Absence, school_name: str, school_place: str, by: User, at: datetime, before: Said | None
) -> OutsideLetter:
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                letter = OutsideLetter.objects.create(
                    absence=absence,
                    number=_next_number(timezone.localdate(at).year),
                    school_name=school_name,
                    school_place=school_place,
                    made_by=by,
                    made_at=at,
                    before=before,
                )
        except IntegrityError:  # somebody else took the number a moment ago
            if not left:
                raise
        else:
            actions.record(by, "letter.made", letter, at=at)
            return letter
    raise WrongState()


def _next_number(year: int) -> str:
    """〔2021〕0001号 and so on: one sequence for each year, whatever stands before the year or was withdrawn."""
    last = OutsideLetter.objects.filter(number__contains=f"〔{year}〕").order_by("-pk").first()
    found = _RUNNING.search(last.number) if last else None
    return f"{settings.LETTER_PREFIX}〔{year}〕{int(found[1]) + 1 if found else 1:04d}号"


@transaction.atomic
def send(letters: Iterable[OutsideLetter], *, on: date, by: User, at: datetime) -> int:
    """Note the day on which letters went out, and of how many. Those that went out before keep their day."""
    done = 0
    for letter in letters:
        if not timezone.localdate(letter.made_at) <= on <= timezone.localdate(at):
            raise DayOutOfOrder()
        if OutsideLetter.objects.live().filter(pk=letter.pk, sent_on=None).update(sent_on=on):
            actions.record(by, "letter.sent", letter, at=at, on=on.isoformat())
            done += 1
    return done


@transaction.atomic
def receive(
    letter: OutsideLetter,
    *,
    on: date,
    is_there: bool,
    receives: str,
    amount_fen: int | None,
    scan: Brought | None,
    by: User,
    at: datetime,
) -> None:
    """Keep what the other school answered. A child whom it does not have is looked for again."""
    if letter.withdrawn_at is not None:
        raise Withdrawn()
    if letter.sent_on is None:
        raise NotSent()
    if not letter.sent_on <= on <= timezone.localdate(at):
        raise DayOutOfOrder()
    if not is_there:
        with translation.override(settings.LANGUAGE_CODE):
            receives, amount_fen = _now("该校没有这名学生"), None
    said: dict[str, object] = {"receipt_on": on, "receives": receives.strip(), "amount_fen": amount_fen}
    if scan is not None:
        said["receipt_file"] = _store(scan, by, at)
    if not OutsideLetter.objects.live().filter(pk=letter.pk).update(**said):
        raise Withdrawn()
    letter.refresh_from_db()
    actions.record(by, "letter.receipt-kept", letter, at=at, on=on.isoformat(), is_there=is_there)
    if not is_there and letter.absence.outcome == Outcome.OUTSIDE:
        absence_outcomes.undo(letter.absence, by=by, at=at)


@transaction.atomic
def withdraw(letter: OutsideLetter, *, reason: str, by: User, at: datetime) -> None:
    """Take a letter back that was made by mistake. Its number stays with it and goes to no other.

    With the child's last letter goes the outcome that letters brought: the case stands as it did before them, unless
    somebody said something else of it meanwhile.
    """
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise ReasonMissing()
    said = {"withdrawn_by": by, "withdrawn_at": at, "withdrawn_reason": reason}
    if not OutsideLetter.objects.live().filter(pk=letter.pk, receipt_on=None).update(**said):
        letter.refresh_from_db()
        raise Withdrawn() if letter.withdrawn_at else HasReceipt()
    letter.refresh_from_db()
    actions.record(by, "letter.withdrawn", letter, at=at, reason=reason)
    absence = letter.absence
    if absence.decided_at is None or absence.letters.live().exists():
        return
    settling = absence.letters.filter(made_at=absence.decided_at).exclude(before=None).order_by("pk").first()
    if settling is None or settling.before is None:
        return
    with translation.override(settings.LANGUAGE_CODE):
        words = _now("%(number)s函作废，恢复制函前的状态。%(reason)s") % {"number": letter.number, "reason": reason}
    absence_outcomes.restore(absence, settling.before, outcome=Outcome.OUTSIDE, words=words, by=by, at=at)


def _store(scan: Brought, by: User, at: datetime) -> object:
    if not documents.is_one_of(scan.content, "pdf", "jpg", "png"):
        raise NotAScan()
    return files.store(scan.content, name=scan.name, kind=FileKind.RECEIPT, by=by, at=at)
