"""Records of rosters and lists in the form in which they are compared (`students.suspicion.Record`)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from common import names
from common.resident_ids import IdKind
from schools.models import Term
from students.models import Enrollment, RegisterPerson, RegisterSnapshot
from students.suspicion import Record, birth_of, number_of
from students.vocabulary import Vocabulary

SCHOOL_AGES = range(2, 22)
"""Who is looked for in rosters, by the age on the first day of the term."""

_GROWN_UP = frozenset(
    {
        *(
            "配偶",
            "妻",
            "妻子",
            "夫",
            "丈夫",
            "父",
            "母",
            "父亲",
            "母亲",
            "之父",
            "之母",
            "祖父",
            "祖母",
            "之祖父",
            "之祖母",
        ),
        *("岳父", "岳母", "之岳父", "之岳母", "公公", "婆婆", "之公公", "之婆婆", "儿媳", "之儿媳", "女婿", "之女婿"),
        *("孙媳", "之孙媳", "孙女婿", "之孙女婿"),
    }
)
"""Relations to the head of a household that no child has; a head may be an orphan of ten."""

_CHILD = (
    "pk", "student__key", "student__id_number", "student__id_kind", "student__name_key", "student__sex",
    "student__born_on", "student__guardian_phone_index", "student__town_name", "student__village",
    "student__guardian_name", "student__guardian_id", "stage",
)  # fmt: skip
_PERSON = (
    "pk", "key", "id_number", "id_kind", "name_key", "sex", "born_on", "phone_index", "town_name", "village",
    "household_no", "relation", "schooling",
)  # fmt: skip
_ROWS_AT_A_TIME = 5_000


def children_of(term: Term) -> list[Record]:
    """All children of the term's rosters. Their numbers are plain in memory only, and only for as long as this."""
    rows = Enrollment.objects.here().filter(term=term).order_by("pk")
    return [_child(term, row) for row in rows.values_list(*_CHILD).iterator(chunk_size=_ROWS_AT_A_TIME)]


def people_of(snapshot: RegisterSnapshot, term: Term) -> list[Record]:
    """All lines of a list. Whose number another member of the household has as well may be anybody's."""
    rows = list(_lines(snapshot))
    stage_of = lru_cache(maxsize=4_096)(Vocabulary().schooling)
    shared = Counter((row[10], row[2]) for row in rows if row[2] and row[10])
    return [_person(term, row, stage_of(row[12]), is_shared=shared[row[10], row[2]] > 1) for row in rows]


def _lines(snapshot: RegisterSnapshot) -> Iterator[tuple[Any, ...]]:
    people = RegisterPerson.objects.filter(snapshot=snapshot).order_by("row")
    yield from people.values_list(*_PERSON).iterator(chunk_size=_ROWS_AT_A_TIME)


def _child(term: Term, row: tuple[Any, ...]) -> Record:
    pk, key, number, _kind, name, sex, born_on, phone, town, village, guardian, guardian_id, stage = row
    number, what = number_of(number, _kind)
    return Record(
        record=pk,
        key=key,
        number=number,
        kind=what,
        name=name,
        sound=names.sound(name),
        sex=sex,
        birth=birth_of(number, what, born_on),
        phone=phone or "",
        town=_town(town),
        village=_village(village),
        stage=stage,
        guardian_sound=names.sound(names.key(guardian)) if guardian else "",
        guardian_number=guardian_id,
        is_adult=what is IdKind.RESIDENT and born_on is not None and term.age_on_start(born_on) >= SCHOOL_AGES.stop,
    )


def _person(term: Term, row: tuple[Any, ...], stage: str, *, is_shared: bool) -> Record:
    pk, key, number, _kind, name, sex, born_on, phone, town, village, household, relation, _schooling = row
    number, what = number_of(number, _kind)
    return Record(
        record=pk,
        key=key,
        number=number,
        kind=what,
        name=name,
        sound=names.sound(name),
        sex=sex,
        birth=birth_of(number, what, born_on),
        phone=phone or "",
        town=_town(town),
        village=_village(village),
        stage=stage,
        household=household,
        is_adult=_is_grown_up(term, what, born_on, relation, is_shared=is_shared),
    )


def _is_grown_up(term: Term, what: IdKind, born_on: date | None, relation: str, *, is_shared: bool) -> bool:
    """Whether nobody looks for this person in a school: by its number, else by what it is to the head."""
    if relation in _GROWN_UP:
        return True
    if born_on is None or is_shared:
        return False
    return what is IdKind.RESIDENT and term.age_on_start(born_on) not in SCHOOL_AGES


_town = lru_cache(maxsize=4_096)(names.key)
_village = lru_cache(maxsize=16_384)(names.village_key)
