"""One workbook for a whole county, from the upload to the last school: `python -m bench.county_file [--rows N]`.

The database is the one that the settings name; schools, term and children are made up and stay in it. The workbook is
made by a process of its own, so that the memory measured here is that of splitting, checking and committing.
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import django

from bench.measure import timed

ROWS = 300_000
SCHOOLS = 1_100
TERM = "2031A"
CODES = [f"39{90_000_000 + n}" for n in range(SCHOOLS)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--make", type=Path, help="only make the workbook")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
    django.setup()
    if options.make:
        make(options.make, options.rows)
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "county.xlsx"
        command = [sys.executable, "-m", "bench.county_file", "--rows", str(options.rows), "--make", str(path)]
        subprocess.run(command, check=True)  # our own module
        content = path.read_bytes()
    measure(content, options.rows)


def make(path: Path, count: int) -> None:
    """A workbook whose rows go through all schools in turn: the hardest order for whoever has to part them."""
    import xlsxwriter

    from tests.factories import card_number, resident_id
    from tests.workbooks import ROSTER_HEAD, roster_row

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["学校标识码", *ROSTER_HEAD])
        for n in range(count):
            born = date(2021, 9, 1) + timedelta(days=n // 500)
            facts = {
                "name": f"王{chr(0x4E00 + n % 20_000)}{chr(0x4E00 + n // 20_000)}",
                "id_number": resident_id(n, born_on=born),
                "card_number": card_number(n),
                "card_holder": "王建国",
                "card_relation": "父亲",
            }
            sheet.write_row(n + 1, 0, [CODES[n % SCHOOLS], *roster_row(n % 20_000, **facts)])


def measure(content: bytes, count: int) -> None:
    from django.core.management import call_command
    from django.utils import timezone

    from accounts.models import User
    from common import sheets
    from common.roles import Role
    from jobs import run
    from jobs.models import Job
    from programs.reference import load_national
    from schools.models import School, SchoolKind, Term, Town
    from students import county_files, runs
    from students.models import Enrollment

    call_command("keys", "init", stdout=io.StringIO())
    call_command("migrate", verbosity=0)
    load_national()
    days = {"starts_on": date(2031, 9, 1), "ends_on": date(2032, 1, 20), "roster_due_on": date(2031, 10, 1)}
    term, _made = Term.objects.get_or_create(code=TERM, defaults=days)
    town, _made = Town.objects.get_or_create(code="990101900000", defaults={"name": "测速第二乡"})
    kind = SchoolKind.objects.get(pk="primary")
    School.objects.bulk_create(
        [School(code=code, name=f"测速{code}小学", town=town, kind=kind, has_boarding=True) for code in CODES],
        ignore_conflicts=True,
    )
    by, _made = User.objects.get_or_create(username="bench", defaults={"name": "测速", "role": Role.PREPARER})

    def step(title: str, work: Callable[[], Any]) -> Any:
        seconds, result = timed(work)
        print(f"{title:<26}{seconds:>8.1f} s  {count / seconds:>9,.0f} rows/s  {_peaks()}", flush=True)
        return result

    def work_off() -> None:
        job = run.execute(Job.objects.waiting().filter(kind__startswith="county-file").latest("pk").pk)
        sheets.of_this_thread().close()  # what the parser needed is known once it has ended
        if job.error_code:
            raise SystemExit(f"The run ended with {job.error_code}.")

    print(f"workbook{len(content) / 1e6:>24.1f} MB, {count:,} rows, {SCHOOLS:,} schools", flush=True)
    upload = partial(runs.upload_county_file, term=term, name="全县汇总.xlsx", by=by, at=timezone.now())
    file = step("upload", partial(upload, content=content))
    del content
    step("split and check", work_off)
    file.refresh_from_db()
    runs.confirm_county_file(file, by=by, at=timezone.now(), reason="测速", word="测速")
    step("commit", work_off)
    taken = Enrollment.objects.filter(roster__in=county_files.versions(file)).count()
    if taken != count:
        raise SystemExit(f"{taken} of {count} rows were taken.")


def _peaks() -> str:
    """The most memory of this process so far, and of the one that parses."""
    own, parser = (
        resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return f"{own:>6,} MB, parser {parser:,} MB"


if __name__ == "__main__":
    main()
