"""Writing rows in sets beside the ORM's own way: `python -m bench.loading`.

Baseline: `bulk_create(update_conflicts=True)` in parts of 500, the same rows, the same table, both empty
and again onto the full table. Nothing is kept.
"""

import os

import django

from bench.measure import timed

ROWS = 20_000


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
    django.setup()
    from django.db import transaction

    from common.bulk import upsert
    from common.resident_ids import IdKind
    from students.models import Student

    fields = (
        "key", "name", "name_key", "sex", "born_on", "id_type", "id_kind", "id_number", "id_number_index",
        "guardian_name", "guardian_phone", "guardian_phone_index", "town_name", "village",
    )  # fmt: skip
    rows = [
        (
            f"{n:032x}",
            f"名{n}",
            f"名{n}",
            "male",
            None,
            "",
            IdKind.OTHER,
            f"X{n:08d}",
            f"{n:032x}",
            "监护人",
            "",
            None,
            "乡",
            "村",
        )
        for n in range(ROWS)
    ]

    def by_set() -> None:
        upsert(Student, fields, rows, unique=["key"], update=fields[1:])

    def by_orm() -> None:
        Student.objects.bulk_create(
            [Student(**dict(zip(fields, row, strict=True))) for row in rows],
            batch_size=500,
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=fields[1:],
        )

    figures = {}
    for name, write in (("bulk_create", by_orm), ("common.bulk", by_set)):
        with transaction.atomic():
            figures[name] = timed(write)[0], timed(write)[0]
            transaction.set_rollback(True)
    for name, (first, again) in figures.items():
        print(f"{name:<26}{ROWS / first:>10,.0f} rows/s empty{ROWS / again:>12,.0f} rows/s again, nothing changed")
    base, ours = figures["bulk_create"], figures["common.bulk"]
    print(f"common.bulk ÷ bulk_create: {base[0] / ours[0]:.1f} × empty, {base[1] / ours[1]:.1f} × again")


if __name__ == "__main__":
    main()
