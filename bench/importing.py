"""A roster's whole way beside django-import-export's: `python -m bench.importing`.

Ours: workbooks of 250 rows are uploaded, checked, confirmed and committed. The baseline takes rows of the same
workbooks with ModelResources as they come (one for the child, one for its enrollment, one for its card, foreign keys
by their codes), reading the workbook through tablib: as shipped, and with `use_bulk` and `skip_diff`. Its own
pages look first (a dry run of the whole import) and import then, as ours check first and commit then. So like stands
beside like: reading and committing beside its import alone, the whole way beside its look and import. It checks and
compares nothing of what is in the cells. The database is the one that the settings name; what is made up here stays.
"""

import os
from datetime import date, timedelta
from functools import partial
from statistics import median
from typing import Any

import django

from bench.measure import peak_mb, timed

SCHOOLS = 40
ROWS = 250
BASELINE_EVERY = 8
BASELINES: dict[str, dict[str, bool]] = {"as shipped": {}, "use_bulk, skip_diff": {"use_bulk": True, "skip_diff": True}}
TERM = "2032A"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
    django.setup()
    term, officer, schools = _office()
    books = [_workbook(place) for place in range(SCHOOLS)]
    _commit(_check(schools[0], term, officer, books[0]), officer)  # starts the helper process and fills caches

    checks, commits = [], []
    baseline: dict[tuple[str, bool], list[float]] = {}
    for place in range(1, SCHOOLS):
        checking, roster = timed(partial(_check, schools[place], term, officer, books[place]))
        if roster.rows_good != ROWS:
            raise SystemExit(f"{roster.rows_good} of {ROWS} rows can be taken: the comparison would be unfair.")
        checks.append(checking)
        commits.append(timed(partial(_commit, roster, officer))[0])
        if place % BASELINE_EVERY == 0:  # between ours, so that whatever else the machine does disturbs both alike
            for name, options in BASELINES.items():
                for looks_first in (False, True):
                    taken = _baseline(books[place], schools[0], term, officer, options, looks_first=looks_first)
                    baseline.setdefault((name, looks_first), []).append(taken)
    commit = ROWS / median(commits)
    whole = ROWS / (median(checks) + median(commits))
    checked = min(timed(partial(_check, schools[0], term, officer, _workbook(SCHOOLS, 300)))[0] for _each in range(3))
    print(f"{'a roster of 300 rows, upload to checked':<46}{checked:>8.2f} s")
    print(f"{'rosters read, checked and committed':<46}{whole:>8,.0f} rows/s, peak {peak_mb()} MB")
    print(f"{'  of this confirmed, read and committed':<46}{commit:>8,.0f} rows/s")
    for (name, looks_first), seconds in baseline.items():
        base = ROWS / median(seconds)
        ours, what = (whole, "whole ÷ look and import") if looks_first else (commit, "commit ÷ import")
        print(f"django-import-export {name:<25}{base:>8,.0f} rows/s; {what}: {ours / base:.1f} ×")


def _check(school: Any, term: Any, officer: Any, content: bytes) -> Any:
    from students import runs

    roster = runs.upload_roster(school=school, term=term, content=content, name="花名册.xlsx", by=officer, at=_now())
    _do(roster)
    roster.refresh_from_db()
    return roster


def _commit(roster: Any, officer: Any) -> None:
    from students import runs

    runs.confirm_roster(roster, by=officer, at=_now())
    _do(roster)


def _do(roster: Any) -> None:
    """What the worker would do: the run that the roster waits for."""
    from jobs import run
    from students import runs

    job = runs.job_of(roster)
    if job is not None:
        run.execute(job.pk)


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def _office() -> tuple[Any, Any, list[Any]]:
    from accounts.models import User
    from programs.reference import load_national
    from schools.models import School, SchoolKind, Term, Town

    load_national()
    term, _made = Term.objects.get_or_create(
        code=TERM,
        defaults={"starts_on": date(2032, 9, 1), "ends_on": date(2033, 1, 20), "roster_due_on": date(2032, 9, 30)},
    )
    officer, _made = User.objects.get_or_create(username="bench", defaults={"name": "bench", "role": "preparer"})
    town, _made = Town.objects.get_or_create(code="990101999000", defaults={"name": "测速乡"})
    kind = SchoolKind.objects.get(pk="primary")
    schools = [
        School.objects.get_or_create(
            code=f"38{80_000_000 + place}",
            defaults={"name": f"测速小学{place}", "town": town, "kind": kind, "has_boarding": True},
        )[0]
        for place in range(SCHOOLS)
    ]
    return term, officer, schools


def _workbook(place: int, rows: int = ROWS) -> bytes:
    from tests.factories import card_number, resident_id
    from tests.workbooks import ROSTER_HEAD, roster_row, xlsx

    lines = []
    for n in range(place * 1_000, place * 1_000 + rows):
        born = date(2022, 9, 2) + timedelta(days=n // 500)
        facts = {
            "name": f"王{chr(0x4E00 + n % 20_000)}{chr(0x4E00 + n // 20_000)}",
            "id_number": resident_id(n % 500, born_on=born),
            "class_name": f"{n % 5 + 1}班",
            "guardian_phone": f"1990000{n % 10_000:04d}",
            "card_number": card_number(n),
            "card_holder": "王建国",
            "card_relation": "父亲",
        }
        lines.append(roster_row(n, **facts))
    return xlsx(ROSTER_HEAD, lines)


def _baseline(
    content: bytes,
    school: Any,
    term: Any,
    officer: Any,
    options: dict[str, Any],
    *,
    looks_first: bool,
) -> float:
    import tablib
    from django.db import transaction
    from import_export import fields, resources, widgets

    from common import names, resident_ids
    from common.sealed import index as index_of
    from jobs.choices import FileKind
    from jobs.models import StoredFile
    from schools.models import School, Stage, Term
    from students import identity
    from students.models import Card, Enrollment, Roster, Student

    class ChildResource(resources.ModelResource):  # type: ignore[misc]
        class Meta:
            model = Student
            import_id_fields = ("key",)
            fields = (
                "key", "name", "name_key", "sex", "id_type", "id_kind", "id_number", "id_number_index",
                "guardian_name", "guardian_phone", "guardian_phone_index", "town_name", "village",
            )  # fmt: skip

    class EnrollmentResource(resources.ModelResource):  # type: ignore[misc]
        student = fields.Field("student", "student", widgets.ForeignKeyWidget(Student, "key"))
        school = fields.Field("school", "school", widgets.ForeignKeyWidget(School, "code"))
        stage = fields.Field("stage", "stage", widgets.ForeignKeyWidget(Stage, "name"))
        term = fields.Field("term", "term", widgets.ForeignKeyWidget(Term, "code"))
        roster = fields.Field("roster", "roster", widgets.ForeignKeyWidget(Roster, "pk"))

        class Meta:
            model = Enrollment
            import_id_fields = ("student", "term", "school")
            fields = (
                "student",
                "school",
                "stage",
                "term",
                "roster",
                "grade",
                "class_name",
                "is_boarding",
                "is_rural",
                "row",
            )

    class CardResource(resources.ModelResource):  # type: ignore[misc]
        student = fields.Field("student", "student", widgets.ForeignKeyWidget(Student, "key"))

        class Meta:
            model = Card
            import_id_fields = ("student", "number_index", "holder")
            fields = ("student", "number_index", "holder", "number", "relation", "since", "is_current")

    for resource in (ChildResource, EnrollmentResource, CardResource):
        for name, value in options.items():
            setattr(resource._meta, name, value)

    def take() -> None:
        file = StoredFile.objects.create(
            kind=FileKind.ROSTER, name="x", sha256="0" * 64, size=1, stored_by=officer, stored_at=_now()
        )
        roster = Roster.objects.create(
            school=school,
            term=term,
            version=900,
            file=file,
            uploaded_by=officer,
            uploaded_at=_now(),
            state="discarded",
        )
        sheet = tablib.Dataset().load(content, "xlsx")
        children = tablib.Dataset(headers=list(ChildResource._meta.fields))
        places = tablib.Dataset(headers=list(EnrollmentResource._meta.fields))
        cards = tablib.Dataset(headers=list(CardResource._meta.fields))
        for line, row in enumerate(sheet.dict, start=2):
            key = identity.student_key(
                number="9" + row["身份证件号码"],
                kind=resident_ids.IdKind.RESIDENT,
                school_code="",
                name_key="",
                born_on=None,
            )
            number, phone = row["身份证件号码"], row["监护人电话"]
            children.append(
                (key, row["学生姓名★"], names.key(row["学生姓名★"]), "male", "resident", "resident", number,
                 index_of("id", number), row["监护人姓名"], phone, index_of("phone", phone), row["户籍乡镇"],
                 row["户籍村"])
            )  # fmt: skip
            places.append(
                (
                    key,
                    school.code,
                    row["学段"],
                    TERM,
                    roster.pk,
                    row["年级"],
                    row["班级"],
                    row["就读方式"] == "住校",
                    True,
                    line,
                )
            )
            index = index_of("card", row["卡号"])
            cards.append((key, index, row["持卡人"], row["卡号"], "本人", "2032-09-01", True))
        for resource, dataset in ((ChildResource, children), (EnrollmentResource, places), (CardResource, cards)):
            if looks_first:
                resource().import_data(dataset, dry_run=True, raise_errors=True)
            resource().import_data(dataset, raise_errors=True)

    with transaction.atomic():
        seconds, _done = timed(take)
        transaction.set_rollback(True)
    return seconds


if __name__ == "__main__":
    main()
