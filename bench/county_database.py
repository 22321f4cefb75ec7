"""One county of `bench/crosscheck_county.py` in the product's database: filled, or looked at after its cross-check.

`python -m bench.county_database fill --data DIR` writes rosters in force and a frozen list through `common.bulk` and
orders the cross-check, which then waits for a worker. `… outcome --data DIR` says what came of it beside the truth.
The database is the one of DATABASE_URL, and migrated. A row's number in the files is its key in the tables.
"""

import argparse
import csv
import hashlib
import json
import os
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHOOLS = 1_100
ROWS_AT_A_TIME = 20_000
AT = datetime(2021, 10, 11, 1, 30, tzinfo=UTC)
_STAGES = {"学前教育": "preschool", "小学": "primary", "初中": "junior", "高中": "senior"}
_SEXES = {"男": "male", "女": "female"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("act", choices=["fill", "outcome"])
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
    import django

    django.setup()
    print(json.dumps(fill(options.data) if options.act == "fill" else outcome(options.data)))
    return 0


def fill(folder: Path) -> dict[str, Any]:
    """The county as it stands when the office presses the button: all rosters in force, a list frozen."""
    from django.db import transaction

    from accounts.models import User
    from jobs import run
    from programs.reference import load_national
    from schools.models import Term
    from students import crosscheck
    from students.models import RegisterPerson

    began = perf_counter()
    with transaction.atomic():
        load_national()
        user = User.objects.create(username="province", name="省级经办", role=User.Role.PREPARER)
        term = Term.objects.create(
            code="2021A", starts_on=date(2021, 9, 1), ends_on=date(2022, 1, 20), roster_due_on=date(2021, 9, 30)
        )
        children = _fill_rosters(folder / "roster.csv", term, user)
        snapshot = _snapshot(user)
        people = sum(write(RegisterPerson, part) for part in parts(_people(_rows(folder / "register.csv"), snapshot)))
        asked = crosscheck.begin(term=term, snapshots=[snapshot], by=user, at=AT)
        run.start("crosscheck", by=user, at=AT, term=term, crosscheck_id=asked.pk)
    return {"children": children, "people": people, "seconds": round(perf_counter() - began, 1)}


def _fill_rosters(path: Path, term: Any, user: Any) -> int:
    from students.models import Enrollment, Student

    file = stored("roster", user)
    rosters: dict[str, Any] = {}
    students: dict[str, tuple[int, str]] = {}
    written = 0
    for part in parts(_rows(path)):
        new_students, enrollments = [], []
        for row in part:
            code = _school_code(row["school"])
            if code not in rosters:
                rosters[code] = _roster(code, row["school"], term, file, user)
            facts = _student(row, code)
            mine = int(row["rid"]), facts["name_key"]
            if students.get(facts["key"], mine)[1] != mine[1]:
                facts["key"] = _key_of_another(facts, code)
            if facts["key"] not in students:
                students[facts["key"]] = mine
                new_students.append({"id": mine[0], **facts})
            enrollments.append(_enrollment(row, rosters[code], students[facts["key"]][0]))
        write(Student, new_students)
        written += write(Enrollment, enrollments)
    return written


def _student(row: dict[str, str], school_code: str) -> dict[str, Any]:
    from common import names, resident_ids
    from common.resident_ids import IdKind
    from students import identity
    from students.roster_rows import phone_index

    number = resident_ids.normalize(row["id"])[:40]
    kind, name_key = resident_ids.kind(number), names.key(row["name"])
    born_on = resident_ids.born_on(number) if kind is IdKind.RESIDENT else None
    phone = resident_ids.normalize(row["phone"])
    guardian_id = resident_ids.normalize(row["guardian_id"])
    return {
        "key": identity.student_key(
            number=number, kind=kind, school_code=school_code, name_key=name_key, born_on=born_on
        ),
        "name": row["name"],
        "name_key": name_key,
        "sex": _SEXES.get(row["sex"], "unknown"),
        "born_on": born_on,
        "id_kind": kind,
        "id_number": number,
        "id_number_index": identity.number_index(number, kind),
        "guardian_name": row["guardian"],
        "guardian_phone": phone,
        "guardian_phone_index": phone_index(phone),
        "guardian_id": guardian_id,
        "guardian_id_index": identity.number_index(guardian_id, resident_ids.kind(guardian_id)),
        "town_name": row["township"],
        "village": row["village"],
    }


def _key_of_another(facts: dict[str, Any], school_code: str) -> str:
    """A number under a second name is in doubt (child-elsewhere); here the two stay two children."""
    from common.resident_ids import IdKind
    from students import identity

    return identity.student_key(
        number=facts["id_number"],
        kind=IdKind.OTHER,
        school_code=school_code,
        name_key=facts["name_key"],
        born_on=facts["born_on"],
    )


def _enrollment(row: dict[str, str], roster: Any, student: int) -> dict[str, Any]:
    return {
        "id": int(row["rid"]),
        "student": student,
        "term": roster.term_id,
        "school": roster.school_id,
        "stage": _STAGES[row["stage"]],
        "grade": row["grade"],
        "class_name": row["cls"],
        "is_boarding": row["boarding"] == "是",
        "is_rural": True,
        "roster": roster.pk,
        "row": int(row["rid"]),
    }


def _people(rows: Iterable[dict[str, str]], snapshot: Any) -> Iterator[dict[str, Any]]:
    from common import names, resident_ids
    from common.resident_ids import IdKind
    from students import identity
    from students.roster_rows import phone_index

    for row in rows:
        number = resident_ids.normalize(row["id"])[:40]
        kind, name_key = resident_ids.kind(number), names.key(row["name"])
        phone = resident_ids.normalize(row["phone"])
        yield {
            "id": int(row["gid"]),
            "snapshot": snapshot.pk,
            "row": int(row["gid"]),
            "key": identity.person_key(
                source=snapshot.source_id, household_no=row["hh"], number=number, name_key=name_key
            ),
            "household_no": row["hh"],
            "relation": row["relation"],
            "head_name": row["head_name"],
            "name": row["name"],
            "name_key": name_key,
            "sex": _SEXES.get(row["sex"], "unknown"),
            "born_on": resident_ids.born_on(number) if kind is IdKind.RESIDENT else None,
            "id_kind": kind,
            "id_number": number,
            "id_number_index": identity.number_index(number, kind),
            "phone": phone,
            "phone_index": phone_index(phone),
            "town_name": row["township"],
            "village": row["village"],
            "category": snapshot.source.category_id,
            "label": row["category"],
            "schooling": row["edu"],
        }


def _school_code(name: str) -> str:
    """The files name more schools than a county has; each name goes to one of as many as there are."""
    digits = re.search(r"\d+$", name)
    return f"39{(int(digits[0]) if digits else zlib.crc32(name.encode())) % SCHOOLS:08d}"


def _roster(code: str, name: str, term: Any, file: Any, user: Any) -> Any:
    from schools.models import School, SchoolKind, Town
    from students.choices import RosterState
    from students.models import Roster

    town, _made = Town.objects.get_or_create(code="990101100000", defaults={"name": "城关镇"})
    kind = SchoolKind.objects.order_by("position", "code")[0]
    school = School.objects.create(code=code, name=name, town=town, kind=kind)
    return Roster.objects.create(
        school=school,
        term=term,
        version=1,
        file=file,
        state=RosterState.IN_FORCE,
        uploaded_by=user,
        uploaded_at=AT,
        committed_by=user,
        committed_at=AT,
    )


def _snapshot(user: Any) -> Any:
    from students.choices import SnapshotState
    from students.models import RegisterSnapshot, RegisterSource

    return RegisterSnapshot.objects.create(
        source=RegisterSource.objects.select_related("category").get(pk="registered-poor"),
        as_of=date(2021, 8, 31),
        file=stored("register", user),
        state=SnapshotState.FROZEN,
        uploaded_by=user,
        uploaded_at=AT,
    )


def stored(kind: str, user: Any) -> Any:
    """The row of a file; nobody opens it here."""
    from jobs.models import StoredFile

    sha256 = hashlib.sha256(kind.encode()).hexdigest()
    return StoredFile.objects.create(kind=kind, name=f"{kind}.csv", sha256=sha256, size=1, stored_by=user, stored_at=AT)


def write(model: Any, rows: list[dict[str, Any]]) -> int:
    """Through common.bulk; what a row does not name has the field's own default."""
    from common.bulk import insert

    if not rows:
        return 0
    defaults = {field.name: field.get_default() for field in model._meta.concrete_fields if not field.primary_key}
    fields = list({**defaults, **rows[0]})
    insert(model, fields, [[{**defaults, **row}[name] for name in fields] for row in rows])
    return len(rows)


def parts(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    waiting = iter(rows)
    while part := list(islice(waiting, ROWS_AT_A_TIME)):
        yield part


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def outcome(folder: Path) -> dict[str, Any]:
    """What the finished run found of the hidden children, and a mark that equal results have in common."""
    from students.choices import CrosscheckState, MatchState
    from students.models import Crosscheck, Match

    run = Crosscheck.objects.get(state=CrosscheckState.DONE)
    matches = list(
        Match.objects.filter(crosscheck=run)
        .order_by("enrollment", "person")
        .values_list("enrollment", "person", "state", "tier", "score", "rank")
    )
    truth = {(int(row["rid"]), int(row["gid"])): row["kind"] for row in _rows(folder / "truth.csv")}
    hidden = {pair for pair, kind in truth.items() if kind != "clean"}
    found: Counter[str] = Counter()
    for child, person, state, _tier, _score, rank in matches:
        pair = (child, person)
        found["automatic"] += state == MatchState.SURE
        found["false_automatic"] += state == MatchState.SURE and pair not in truth
        found["hidden_first"] += pair in hidden and (state == MatchState.SURE or rank == 1)
    mark = hashlib.sha256(repr(matches).encode()).hexdigest()[:16]
    return {"matches": len(matches), "hidden": len(hidden), **found, "mark": mark}


if __name__ == "__main__":
    sys.exit(main())
