"""The official letters to schools outside the county: their numbers, when they went out, what came back."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, TextChoices
from django.utils import timezone, translation
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, WrongState
from jobs import files
from jobs.choices import FileKind
from students import absence_outcomes
from students.choices import AbsenceState, Outcome
from students.models import Absence, OutsideLetter, OutsideLetterQuerySet

_TRIES = 5
_RUNNING = re.compile(r"〔\d{4}〕(\d+)号$")
_SCANS = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}
"""How the files begin that a scanner makes."""


class LetterState(TextChoices):
    """How far a letter is."""

    MADE = "made", _("待发出")
    SENT = "sent", _("已发出，等回执")
    BACK = "back", _("已收到回执")


class NobodyToAskFor(Refused):
    code = "nobody-to-ask-for"
    message = _("所选的孩子都不需要制函：已有其他结论，或给这所学校的函还没有发出。")


class DayOutOfOrder(Refused):
    code = "letter-day-out-of-order"
    message = _("日期不对：发出不早于制函，回执不早于发出，都不晚于今天。")


class NotSent(Refused):
    code = "letter-not-sent"
    message = _("请先登记发出日期，再登记回执。")


class NotAScan(Refused):
    code = "not-a-scan"
    message = _("扫描件请用 PDF、JPG 或 PNG 格式。")


class Scan(NamedTuple):
    """A file as it was brought."""

    content: bytes
    name: str


def in_state(letters: OutsideLetterQuerySet, state: str) -> OutsideLetterQuerySet:
    """Those that are so far; without a state all of them."""
    return letters.filter(_STATES[state]) if state else letters


def counts(letters: OutsideLetterQuerySet) -> dict[str, int]:
    """Letters by how far they are, in one query."""
    found: dict[str, int] = letters.aggregate(**{state: Count("pk", filter=q) for state, q in _STATES.items()})
    return found


_STATES = {
    LetterState.MADE.value: Q(sent_on=None),
    LetterState.SENT.value: Q(sent_on__isnull=False, receipt_on=None),
    LetterState.BACK.value: Q(receipt_on__isnull=False),
}


def state_of(letter: OutsideLetter) -> LetterState:
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
        waiting = absence.letters.filter(school_name=school_name, school_place=school_place, sent_on=None)
        if absence.outcome not in {"", Outcome.DROPPED_OUT, Outcome.OUTSIDE} or waiting.exists():
            continue
        if absence.state == AbsenceState.OPEN:
            with translation.override(settings.LANGUAGE_CODE):
                words = _now("在%(place)s%(school)s就读，已制函核实。") % {"place": school_place, "school": school_name}
            absence_outcomes.settle(absence, outcome=Outcome.OUTSIDE, words=words, by=by, at=at)
        letters.append(_make_one(absence, school_name, school_place, by, at))
    if not letters:
        raise NobodyToAskFor()
    return letters


def _make_one(absence: Absence, school_name: str, school_place: str, by: User, at: datetime) -> OutsideLetter:
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
                )
        except IntegrityError:  # somebody else took the number a moment ago
            if not left:
                raise
        else:
            actions.record(by, "letter.made", letter, at=at)
            return letter
    raise WrongState()


def _next_number(year: int) -> str:
    """〔2021〕0001号 and so on: one sequence for each year, whatever stands before the year."""
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
        if OutsideLetter.objects.filter(pk=letter.pk, sent_on=None).update(sent_on=on):
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
    scan: Scan | None,
    by: User,
    at: datetime,
) -> None:
    """Keep what the other school answered. A child whom it does not have is looked for again."""
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
    OutsideLetter.objects.filter(pk=letter.pk).update(**said)
    letter.refresh_from_db()
    actions.record(by, "letter.receipt-kept", letter, at=at, on=on.isoformat(), is_there=is_there)
    if not is_there and letter.absence.outcome == Outcome.OUTSIDE:
        absence_outcomes.undo(letter.absence, by=by, at=at)


def _store(scan: Scan, by: User, at: datetime) -> object:
    if not any(scan.content.startswith(mark) for mark in _SCANS):
        raise NotAScan()
    return files.store(scan.content, name=scan.name, kind=FileKind.RECEIPT, by=by, at=at)
