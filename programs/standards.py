"""Standards and rules as the county keeps them: entered from a document, succeeded by the next one from a day on.

What signed awards rest on stays as it was: another amount or condition is another row, from a day after the terms that
were decided by the old one. Proposals on draft lists follow a change with the next run, as they follow a fee.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F, Model, QuerySet
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts import actions
from accounts.models import User
from common.moves import Refused, WrongState
from programs.choices import Basis, ListState
from programs.models import Award, Program, Rule, Standard
from programs.terms import next_code
from schools.choices import Season
from schools.models import Term

Dated = TypeVar("Dated", bound=Standard | Rule)

WHOM = ("stage", "school_kind", "ownership", "category", "tier")
"""For whom a standard is: of one answer only one amount may hold on a day."""

SEVERAL = ("categories", "stages", "school_kinds")
"""The conditions of a rule that name rows of other tables."""

FREE = frozenset({"document_no", "note", "valid_to"})
"""What may be put right while awards rest on a row: where it is written, and its end after the last of their terms."""

_TERMS_AHEAD = 3
_FIRST_MONTH = {Season.SPRING: 2, Season.AUTUMN: 8}


class InUse(Refused):
    code = "standard-in-use"
    message = _(
        "%(term)s已有确认过的资助依据这一条，金额和条件不能改，请从以后的学期起接续新的一条。文号和说明可以更正。"
    )


class ReachesBack(Refused):
    code = "standard-reaches-back"
    message = _("%(term)s已有确认过的资助依据原来的一条，起止日期不能影响到这个学期。")


class Referenced(Refused):
    code = "standard-referenced"
    message = _("已有资助依据这一条（包括草稿名单上的和移出的），不能删除；可以填写截止日期。")


class OutsideDays(Refused):
    code = "standard-outside-days"
    message = _("新的一条要在原来一条执行期间开始，并且晚于它的起始日期。")


class DaysReversed(Refused):
    code = "standard-days-reversed"
    message = _("截止日期不能早于起始日期。")


class Overlaps(Refused):
    code = "standard-overlaps"
    message = _("同一对象已有一条自 %(first)s 起的规定，执行时间重叠。请接续那一条，或改动起止日期。")


class SamePlace(Refused):
    code = "rule-same-place"
    message = _("第 %(position)s 条条件已有一条自 %(first)s 起，执行时间重叠。请换一个顺序号，或接续那一条。")


class AmountMissing(Refused):
    code = "standard-amount-missing"
    message = _("请填写金额；只有按学校核定收费的标准没有金额。")


class Unchanged(Refused):
    code = "standard-unchanged"
    message = _("新的一条和原来的完全一样，没有需要接续的内容。")


# --- Days


def first_day(code: str) -> date:
    """From which day a document's "from this term on" holds: 1 February or 1 August, before any school begins."""
    return date(int(code[:4]), _FIRST_MONTH[Season(code[4])], 1)


def beginnings(*, after: date = date.min, until: date | None = None) -> list[tuple[date, Term]]:
    """The days from which something new may hold, each with its term: those on record and a few that come."""
    codes = list(Term.objects.order_by("starts_on").values_list("code", flat=True))
    ahead = 0
    while codes and ahead < _TERMS_AHEAD:
        codes.append(next_code(codes[-1]))
        ahead += first_day(codes[-1]) > after
    days = [(first_day(code), Term(code=code)) for code in codes]
    return [(day, term) for day, term in days if after < day <= (until or date.max)]


def terms_resting_on(row: Standard | Rule) -> list[Term]:
    """The terms in which a school or the county has signed awards by this row, the earliest first."""
    signed = Award.objects.live().exclude(list__state=ListState.DRAFT)
    signed = signed.filter(standard=row) if isinstance(row, Standard) else signed.filter(rule=row)
    return list(Term.objects.filter(pk__in=signed.values("term")).order_by("starts_on"))


def proposals_behind(program: Program) -> int:
    """Proposals on draft lists that still have the amount of before a standard was changed."""
    drafts = Award.objects.live().filter(program=program, list__state=ListState.DRAFT)
    return drafts.filter(standard__basis=Basis.FIXED).exclude(amount_fen=F("standard__amount_fen")).count()


# --- Rows


def add(row: Dated, *, by: User, at: datetime, **several: Iterable[Any]) -> Dated:
    """Enter a standard or a rule (not saved yet); `several` are the conditions of a rule that name other rows."""
    with transaction.atomic():
        hold(row.program)
        _save(row, several)
        actions.record(by, f"{_noun(row)}.added", row, at=at, keys=[key(row)], **_said(row))
    return row


@transaction.atomic
def change(row: Standard | Rule, *, by: User, at: datetime, **facts: Any) -> None:
    """Put a row right. While signed awards rest on it, only what is FREE. Nothing changed leaves no trace."""
    hold(row.program)
    row.refresh_from_db()
    changed = differing(row, facts)
    if not changed:
        return
    terms = terms_resting_on(row)
    if terms and set(changed) - FREE:
        raise InUse(term=terms[-1])
    before, was = key(row), _said(row)
    _save(row, facts)
    if terms and row.valid_to and row.valid_to < terms[-1].starts_on:
        raise ReachesBack(term=terms[-1])
    keys = [before] if key(row) == before else [before, key(row)]
    said = {**_was(was), **_said(row), "columns": columns(row, changed), "keys": keys}
    actions.record(by, f"{_noun(row)}.changed", row, at=at, **said)


@transaction.atomic
def succeed(row: Dated, *, valid_from: date, document_no: str, by: User, at: datetime, **facts: Any) -> Dated:
    """From a day on something else holds, by another document; the row that held ends on the day before.

    The new row ends when the old one was to end. It may not reach back to a term that was decided by the old one.
    """
    hold(row.program)
    row.refresh_from_db()
    if not row.valid_from < valid_from <= (row.valid_to or date.max):
        raise OutsideDays()
    for term in terms_resting_on(row):
        if term.starts_on >= valid_from:
            raise ReachesBack(term=term)
    if not differing(row, {**facts, "document_no": document_no}):
        raise Unchanged()
    following = copy(row)
    several = {name: list(getattr(row, name).all()) for name in _several(row)}
    following.pk, following._state.adding = None, True
    earlier = type(row).objects.filter(pk=row.pk, valid_to=row.valid_to)
    if not earlier.update(valid_to=valid_from - timedelta(days=1)):
        raise WrongState()
    row.refresh_from_db()
    _save(following, {**several, **facts, "valid_from": valid_from, "document_no": document_no})
    said = {**_was(_said(row)), **_said(following), "earlier": row.pk, "keys": [key(row), key(following)]}
    actions.record(by, f"{_noun(row)}.succeeded", following, at=at, **said)
    return following


@transaction.atomic
def remove(row: Standard | Rule, *, by: User, at: datetime) -> None:
    """Take out a row that was entered by mistake. What any award ever rested on stays."""
    hold(row.program)
    awards = Award.objects.filter(standard=row) if isinstance(row, Standard) else Award.objects.filter(rule=row)
    if awards.exists():
        raise Referenced()
    actions.record(by, f"{_noun(row)}.removed", row, at=at, keys=[key(row)], **_said(row))
    row.delete()


def hold(program: Program) -> None:
    """Of two people who change what holds for a program one comes after the other."""
    Program.objects.filter(pk=program.pk).update(position=F("position"))


def key(row: Standard | Rule) -> list[str]:
    """What tells a row from all others of its kind: a file of reference data leaves alone what was kept by hand."""
    if isinstance(row, Rule):
        return [row.program_id, str(row.position), str(row.valid_from)]
    whom = (row.stage_id, row.school_kind_id, row.ownership, row.category_id, row.tier)
    return [row.program_id, *(part or "" for part in whom), str(row.valid_from)]


def differing(row: Standard | Rule, facts: Mapping[str, Any]) -> list[str]:
    """The columns in which a row is other than these facts say."""
    return [name for name, value in facts.items() if not _is_same(row, name, value)]


def _said(row: Standard | Rule) -> dict[str, Any]:
    """What a row says, for whoever reads the log."""
    amount = {"amount_fen": row.amount_fen} if isinstance(row, Standard) and row.amount_fen else {}
    return {**amount, "day": str(row.valid_from), "document_no": row.document_no}


def _was(said: dict[str, Any]) -> dict[str, Any]:
    return {"was_fen": said["amount_fen"]} if "amount_fen" in said else {}


def _noun(row: Standard | Rule) -> str:
    return "rule" if isinstance(row, Rule) else "standard"


def _several(row: Standard | Rule) -> tuple[str, ...]:
    return SEVERAL if isinstance(row, Rule) else ()


def _is_same(row: Standard | Rule, name: str, value: Any) -> bool:
    if name in _several(row):
        return {other.pk for other in getattr(row, name).all()} == {other.pk for other in value}
    if isinstance(value, list):  # any of several, in whatever order they were written
        return set(getattr(row, name)) == set(value)
    return bool(getattr(row, name) == value)


def columns(row: Model, names: Iterable[str]) -> list[str]:
    """Columns as the log names them, in the office's language."""
    with translation.override(settings.LANGUAGE_CODE):
        return [str(row._meta.get_field(name).verbose_name) for name in names]  # type: ignore[union-attr]


def _save(row: Standard | Rule, facts: dict[str, Any]) -> None:
    """Write a row whose days and amount are in order, and that no other of the same object meets."""
    for name, value in facts.items():
        if name not in _several(row):
            setattr(row, name, value)
    if row.valid_to and row.valid_to < row.valid_from:
        raise DaysReversed()
    if isinstance(row, Standard):
        if row.basis == Basis.SCHOOL_FEE:
            row.amount_fen = None
        elif not row.amount_fen:
            raise AmountMissing()
    _refuse_overlap(row)
    row.save()
    for name in _several(row):
        if name in facts:
            getattr(row, name).set(facts[name])


def _refuse_overlap(row: Standard | Rule) -> None:
    """Of one object only one row may hold on a day."""
    others: QuerySet[Any]
    same: dict[str, Any]
    if isinstance(row, Rule):
        others, same = Rule.objects.get_queryset(), {"position": row.position}
    else:
        others, same = Standard.objects.get_queryset(), {name: getattr(row, name) for name in WHOM}
    others = others.filter(program=row.program_id, **same).exclude(pk=row.pk)
    for other in others.order_by("valid_from"):
        if meet(row, other):
            if isinstance(row, Rule):
                raise SamePlace(position=row.position, first=other.valid_from)
            raise Overlaps(first=other.valid_from)


def meet(one: Any, other: Any) -> bool:
    """Whether two dated rows hold on a common day."""
    first, last = max(one.valid_from, other.valid_from), min(one.valid_to or date.max, other.valid_to or date.max)
    return bool(first <= last)
