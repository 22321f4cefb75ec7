"""What the next list of a source changes: who came, who left, about whom it says something else.

One definition for the counts of a frozen list, its page, its workbook, and for the awards that it touches. A line is
known again by its key (source, household, number, name). Where that was mended, the same valid number, or the same
name in the same household, is the same person: changed, neither come nor left.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, TextChoices
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from common.resident_ids import IdKind
from students.choices import SnapshotState
from students.models import RegisterPerson, RegisterSnapshot

People = QuerySet[RegisterPerson]


class Change(TextChoices):
    """How a list differs from the one before."""

    CAME = "came", _("新进入")
    LEFT = "left", _("离开")
    CHANGED = "changed", _("信息变动")


def earlier(snapshot: RegisterSnapshot) -> RegisterSnapshot | None:
    """The last frozen list of the same source that is not younger."""
    rows = RegisterSnapshot.objects.filter(source=snapshot.source_id, state=SnapshotState.FROZEN)
    rows = rows.filter(Q(as_of__lt=snapshot.as_of) | Q(as_of=snapshot.as_of, pk__lt=snapshot.pk))
    return rows.order_by("-as_of", "-pk").first()


def compare(snapshot: RegisterSnapshot) -> dict[str, Any]:
    """The columns that say how many came, left and changed since the list before; nothing for a first list."""
    before = earlier(snapshot)
    if before is None:
        return {"compared_with": None, "came": 0, "left": 0, "changed": 0}
    snapshot.compared_with = before
    return {"compared_with": before, **counts(snapshot)}


def counts(snapshot: RegisterSnapshot) -> dict[str, int]:
    """How many came, left and changed since the list that this one is compared with."""
    return {change.value: people(snapshot, change).count() for change in Change}


def is_unusual(snapshot: RegisterSnapshot) -> bool:
    """So many left that the list may be a part of one: more than a third of the list before."""
    before = snapshot.compared_with
    return before is not None and snapshot.left * 3 > before.people


def people(snapshot: RegisterSnapshot, change: Change) -> People:
    """The people of one kind of change: of the new list, or of the one before for those who left."""
    before = snapshot.compared_with
    if before is None:
        return RegisterPerson.objects.none()
    match change:
        case Change.CAME:
            return _missing_in(before, snapshot)
        case Change.LEFT:
            return _missing_in(snapshot, before)
        case Change.CHANGED:
            return _changed(before, snapshot)


def _of(snapshot: RegisterSnapshot) -> People:
    return RegisterPerson.objects.filter(snapshot=snapshot)


def _same_key(snapshot: RegisterSnapshot) -> People:
    return _of(snapshot).filter(key=OuterRef("key"))


def _same_number(snapshot: RegisterSnapshot) -> People:
    return _of(snapshot).filter(id_number_index=OuterRef("id_number_index"), id_kind=IdKind.RESIDENT)


def _same_name(snapshot: RegisterSnapshot) -> People:
    rows = _of(snapshot).filter(household_no=OuterRef("household_no"), name_key=OuterRef("name_key"))
    return rows.exclude(household_no="")


def _missing_in(other: RegisterSnapshot, snapshot: RegisterSnapshot) -> People:
    """People of a list whom another one does not know, by whatever is written for them."""
    return _of(snapshot).filter(~Exists(_same_key(other)), ~Exists(_same_number(other)), ~Exists(_same_name(other)))


def _changed(before: RegisterSnapshot, snapshot: RegisterSnapshot) -> People:
    """People of whom both lists know, and who were mended or are in another category now."""
    known = Exists(_same_key(before))
    as_before = Exists(_same_key(before).filter(category=OuterRef("category")))
    mended = Exists(_same_number(before)) | Exists(_same_name(before))
    return _of(snapshot).filter(~as_before).filter(known | mended)


@dataclass(frozen=True)
class Line:
    """One person of a change, as the list before said it and as it is said now."""

    before: RegisterPerson | None
    now: RegisterPerson | None

    @property
    def person(self) -> RegisterPerson:
        found = self.now or self.before
        if found is None:
            raise ValueError("A change is somebody's.")
        return found

    @property
    def differs(self) -> set[str]:
        """The fields in which the two lists differ."""
        if self.before is None or self.now is None:
            return set()
        compared = {
            "name": (self.before.name_key, self.now.name_key),
            "number": (self.before.id_number, self.now.id_number),
            "household": (self.before.household_no, self.now.household_no),
            "category": (self.before.category_id, self.now.category_id),
        }
        return {name for name, (then, now) in compared.items() if then != now}


def for_list(rows: People, snapshot: RegisterSnapshot, change: Change) -> People:
    """People of a change in the order of their file; those who changed with their row in the list before."""
    rows = rows.select_related("category").defer("phone").order_by("row")
    before = snapshot.compared_with
    if change != Change.CHANGED or before is None:
        return rows
    found = [Subquery(same(before).order_by("row").values("pk")[:1]) for same in (_same_key, _same_number, _same_name)]
    return rows.annotate(before_pk=Coalesce(*found))


def lines(rows: Iterable[RegisterPerson], change: Change) -> list[Line]:
    """The people of a page or a part of a workbook as lines, in one query more for those who changed."""
    shown = list(rows)
    if change == Change.LEFT:
        return [Line(person, None) for person in shown]
    if change == Change.CAME:
        return [Line(None, person) for person in shown]
    wanted = [person.before_pk for person in shown]  # type: ignore[attr-defined]
    before = RegisterPerson.objects.select_related("category").defer("phone").in_bulk(wanted)
    return [Line(before.get(pk), person) for pk, person in zip(wanted, shown, strict=True)]
