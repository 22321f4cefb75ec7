"""Mending a checked roster on its page: what people typed or pressed, as cells; and the cells mended so far."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from common.moves import Refused
from common.roles import Person
from students.models import Roster
from students.roster_columns import COLUMNS
from students.roster_rows import masked_value

_TYPED = "cell:"


class NothingTyped(Refused):
    code = "nothing-typed"
    message = _("没有填写要改的内容。请在“改为”或“说明”里填写后再保存。")


class NoProposal(Refused):
    code = "no-proposal"
    message = _("这一处已经没有改正建议，请刷新页面。")


def cells(roster: Roster, typed: QueryDict) -> dict[tuple[int, str], str | None]:
    """(row, field) → what the cell shall hold; None takes a correction back, the field "" leaves the row out.

    One button speaks for one cell (`accept`, `drop`, `undo`); without one, everything typed on the page counts.
    """
    if place := typed.get("accept"):
        row, field = _place(place)
        repairs = roster.issues.filter(row=row, field=field).values_list("repair", flat=True)
        proposed = next((repair for repair in repairs if repair), None)
        if proposed is None:
            raise NoProposal()
        return {(row, field): proposed}
    if place := typed.get("drop"):
        return {(_place(f"{place}:")[0], ""): ""}
    if place := typed.get("undo"):
        return {_place(place): None}
    found: dict[tuple[int, str], str | None] = {
        _place(name.removeprefix(_TYPED)): value.strip()
        for name, values in typed.lists()
        for value in values
        if name.startswith(_TYPED) and value.strip()
    }
    if not found:
        raise NothingTyped()
    return found


def _place(text: str) -> tuple[int, str]:
    row, _colon, field = text.partition(":")
    if not row.isdecimal() or len(row) > 7:
        raise NoProposal()
    return int(row), field


@dataclass(frozen=True)
class Correction:
    """One mended cell as the page lists it."""

    row: int
    field: str
    name: str
    value: str
    by: Person
    at: Any

    @property
    def place(self) -> str:
        return f"{self.row}:{self.field}"


def shown(roster: Roster) -> list[Correction]:
    """The cells mended so far, numbers masked."""
    return [
        Correction(
            row=one.row,
            field=one.field,
            name=COLUMNS[one.field].name if one.field in COLUMNS else "",
            value=masked_value(one.field, one.value),
            by=one.made_by,
            at=one.made_at,
        )
        for one in roster.corrections.select_related("made_by")
    ]
