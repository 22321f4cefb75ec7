"""The tables of a county with ten years of terms: `python -m bench.reports [--awards 1000000] [--times 20]`.

Fills a database of its own (SQLite, or beside the one of DATABASE_URL) with confirmed awards of twenty terms in 1,100
schools, and asks for every page of reports through Django's client: median and 95th percentile, beside them the seconds
of a processor (the same on a busy machine; what PostgreSQL's own processes need is not in them), and the peak of memory
of the process that answered. Goal: the 95th percentile of a page at most half a second on two cores.
"""

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from functools import partial
from statistics import median
from time import perf_counter, process_time
from typing import Any

import django

from bench.county_database import AT, ROOT, SCHOOLS, parts, stored, write
from bench.measure import own_peak_mb, timed
from bench.own_database import database_of_its_own

AWARDS = 1_000_000
YEARS = range(2012, 2022)
TOWNS = 22
GOAL_SECONDS = 0.5
TIMES = 20
PROGRAMS = (
    ("preschool-living", "preschool", 50_000),
    ("boarder-living", "primary", 50_000),
    ("boarder-living", "junior", 62_500),
    ("day-pupil-living", "primary", 25_000),
    ("senior-grant", "senior", 100_000),
    ("vocational-grant", "vocational", 100_000),
)
"""Of an award: program, stage, fen."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.reports", description=__doc__)
    parser.add_argument("--awards", type=int, default=AWARDS)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--step", choices=["fill", "pages", "rest"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
    if options.step:
        django.setup()
        print(json.dumps(_STEPS[options.step](options)))
        return 0
    with database_of_its_own() as environment:
        for step in _STEPS:
            command = [sys.executable, "-m", "bench.reports", "--step", step]
            command += ["--awards", str(options.awards), "--times", str(options.times)]
            if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
                return 1
    return 0


# --- the county


def fill(options: argparse.Namespace) -> dict[str, Any]:
    """Twenty terms of awards, signed; some children have two programs, and each term has others."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from accounts.models import User
    from programs.models import Award
    from programs.reference import load_national
    from schools.models import Term
    from students.models import Enrollment, Student

    began = perf_counter()
    call_command("migrate", verbosity=0)
    draw = random.Random(1)
    with transaction.atomic():
        load_national()
        users = [
            User.objects.create(username=name, name=name, role=role)
            for name, role in (("preparer", User.Role.PREPARER), ("approver", User.Role.APPROVER))
        ]
        codes = [f"{year}{season}" for year in YEARS for season in "SA"]
        terms = [Term.objects.create(code=code, **_days(code)) for code in codes]
        each = options.awards // len(terms)
        schools = _schools()
        children = int(each * 1.2) // SCHOOLS * SCHOOLS
        for part in parts(_student(n) for n in range(1, children + 1)):
            write(Student, part)
        standards = _standards()
        for place, term in enumerate(terms):
            lists, rosters = _lists(term, schools, users, place)
            if place:
                _again(term, place, children, each)
                continue
            here = sorted(draw.sample(range(1, children + 1), int(each * 0.7)))
            for part in parts(_enrollment(n, term, schools, rosters) for n in here):
                write(Enrollment, part)
            for part in parts(_awards(draw, here, each, term, schools, lists, standards)):
                write(Award, part)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"awards": Award.objects.count(), "children": children, "seconds": round(perf_counter() - began, 1)}


def _days(code: str) -> dict[str, date]:
    year = int(code[:4])
    if code.endswith("A"):
        return {
            "starts_on": date(year, 9, 1),
            "ends_on": date(year + 1, 1, 20),
            "roster_due_on": date(year, 9, 30),
        }
    return {"starts_on": date(year, 3, 1), "ends_on": date(year, 7, 10), "roster_due_on": date(year, 3, 31)}


def _schools() -> list[int]:
    from schools.models import School, SchoolKind, Town

    kind = SchoolKind.objects.order_by("position", "code")[0]
    towns = [Town.objects.create(code=f"990101{100 + n}000", name=f"第{n}乡", position=n) for n in range(TOWNS)]
    return [
        School.objects.create(code=f"39{n:08d}", name=f"第{n}小学", town=towns[n % TOWNS], kind=kind).pk
        for n in range(SCHOOLS)
    ]


def _student(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "key": f"bench-{n}",
        "name": f"学生{n}",
        "name_key": f"学生{n}",
        "sex": "unknown",
        "id_kind": "resident",
        "id_number": f"990101{n:012d}",
    }


def _standards() -> dict[tuple[str, str], tuple[int, int]]:
    """(program, stage) → (rule, standard), and who bears how much."""
    from programs.models import Program, Rule, Share, Standard

    found = {}
    since = {"valid_from": date(2010, 1, 1), "document_no": "示教〔2010〕1号"}
    for code in dict.fromkeys(program for program, _stage, _fen in PROGRAMS):
        for payer, part_of in (("central", 600), ("province", 320), ("county", 80)):
            Share.objects.create(program_id=code, payer=payer, per_mille=part_of, **since)
    for position, (code, stage, fen) in enumerate(PROGRAMS, start=1):
        program = Program.objects.get(pk=code)
        rule = Rule.objects.create(program=program, position=position, description="家庭经济困难", **since)
        standard = Standard.objects.create(program=program, stage_id=stage, amount_fen=fen, **since)
        found[code, stage] = (rule.pk, standard.pk)
    return found


def _lists(term: Any, schools: list[int], users: list[Any], place: int) -> tuple[dict[int, int], dict[int, int]]:
    """school → its signed list and its roster of the term."""
    from programs.choices import ListState
    from programs.models import AwardList
    from students.choices import RosterState
    from students.models import Roster

    preparer, approver = users
    file = stored(f"roster-{term.pk}", preparer)
    keys = {school: place * len(schools) + n for n, school in enumerate(schools, start=1)}
    signed = {
        "term": term.pk,
        "number": 1,
        "state": ListState.CONFIRMED,
        "prepared_by": preparer.pk,
        "prepared_at": AT,
        "school_approved_by": preparer.pk,
        "school_approved_at": AT,
        "confirmed_by": approver.pk,
        "confirmed_at": AT,
    }
    write(AwardList, [{"id": keys[school], "school": school, **signed} for school in schools])
    in_force = {
        "term": term.pk,
        "version": 1,
        "file": file.pk,
        "state": RosterState.IN_FORCE,
        "uploaded_by": preparer.pk,
        "uploaded_at": AT,
        "committed_by": preparer.pk,
        "committed_at": AT,
    }
    write(Roster, [{"id": keys[school], "school": school, **in_force} for school in schools])
    return keys, keys


def _program_of(n: int) -> tuple[str, str, int]:
    return PROGRAMS[n % len(PROGRAMS)]


def _enrollment(n: int, term: Any, schools: list[int], rosters: dict[int, int]) -> dict[str, Any]:
    school = schools[n % len(schools)]
    return {
        "id": n,
        "student": n,
        "term": term.pk,
        "school": school,
        "stage": _program_of(n)[1],
        "grade": "三年级",
        "grade_no": 3,
        "class_name": "1班",
        "is_boarding": True,
        "is_rural": True,
        "roster": rosters[school],
        "row": n,
    }


def _awards(
    draw: random.Random,
    here: list[int],
    each: int,
    term: Any,
    schools: list[int],
    lists: dict[int, int],
    standards: dict[tuple[str, str], tuple[int, int]],
) -> Iterator[dict[str, Any]]:
    from students.models import HardshipCategory

    categories = list(HardshipCategory.objects.order_by("priority").values_list("code", "group"))
    second, key = set(draw.sample(here, each - len(here))), 0
    for n in here:
        program, stage, fen = _program_of(n)
        kinds = [(program, stage, fen)]
        if n in second:
            other = next(each_of for each_of in PROGRAMS if each_of[0] != program)
            kinds.append((other[0], stage, other[2]))
        code, group = categories[n % len(categories)] if n % 3 == 0 else (None, "")
        for of, where, amount_fen in kinds:
            key += 1
            rule, standard = next(value for (name, _stage), value in standards.items() if name == of)
            school = schools[n % len(schools)]
            yield {
                "id": key,
                "student": n,
                "enrollment": n,
                "program": of,
                "term": term.pk,
                "list": lists[school],
                "school": school,
                "stage": where,
                "grade": "三年级",
                "grade_no": 3,
                "class_name": "1班",
                "is_boarding": True,
                "category": code,
                "is_registered_poor": group == "registered-poor",
                "amount_fen": amount_fen,
                "rule": rule,
                "standard": standard,
                "state": "confirmed",
            }


def _again(term: Any, place: int, children: int, each: int) -> None:
    """The first term once more, of other children: written by the database itself. Every fifth child changed school."""
    from django.db import connection

    from programs.models import Award
    from students.models import Enrollment

    moved = f"CASE WHEN student_id %% 5 = 0 THEN {place * 5} ELSE 0 END"
    child = f"(student_id - 1 + {place * 7 * SCHOOLS} + {moved}) %% {children} + 1"
    of_enrollment = {
        "id": f"{place * children} + {child}",
        "student_id": child,
        "term_id": "%s",
        "roster_id": f"roster_id + {place * SCHOOLS}",
    }
    of_award = {
        "id": f"id + {place * each}",
        "student_id": child,
        "enrollment_id": f"{place * children} + {child}",
        "term_id": "%s",
        "list_id": f"list_id + {place * SCHOOLS}",
    }
    with connection.cursor() as cursor:
        for model, other in ((Enrollment, of_enrollment), (Award, of_award)):
            columns = [str(field.column) for field in model._meta.concrete_fields]
            taken = ", ".join(other.get(column, column) for column in columns)
            table = model._meta.db_table
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {taken} FROM {table} WHERE term_id = %s",  # noqa: S608 -- our own columns
                [term.pk, f"{YEARS[0]}S"],
            )


# --- the pages


def pages(options: argparse.Namespace) -> dict[str, Any]:
    """Every page, so many times; which of them were slower than the goal."""
    from reports.choices import Layout

    client, slow = _client(), []
    addresses = [
        *(
            (f"{layout}, {scope}", f"/reports/{scope}/?layout={layout}")
            for scope in ("2021A", "2021")
            for layout in Layout
        ),
        ("schools, 2021, a town open", "/reports/2021/?layout=schools&town=990101100000"),
        ("school year", "/reports/2020-2021/"),
        ("names of a year, first page", "/reports/names/?scope=2021"),
        ("names of a year, last page", "/reports/names/?scope=2021&page=99999"),
        ("children of a year, first page", "/reports/names/?scope=2021&tab=people"),
        ("children of a year, last page", "/reports/names/?scope=2021&tab=people&page=99999"),
        ("names of a school", "/reports/names/?scope=2021&school=3900000005"),
        ("names of a payer", "/reports/names/?scope=2021&payer=central"),
        ("names of a category", "/reports/names/?scope=2021A&who=registered-poor"),
        *(
            (f"compare {layout}, years", f"/reports/compare/?layout={layout}&earlier=2020&later=2021")
            for layout in Layout
        ),
        ("handed in", "/reports/handed-in/"),
    ]
    print(f"{'page':<36}{'median':>8}{'p95':>8}{'cpu':>8}")
    for words, address in addresses:
        began = process_time()
        seconds = _times(client, address, options.times)
        cpu = (process_time() - began) / options.times
        p95 = seconds[max(len(seconds) * 95 // 100 - 1, 0)]
        slow += [words] if p95 > GOAL_SECONDS else []
        print(f"{words:<36}{median(seconds):>8.3f}{p95:>8.3f}{cpu:>8.3f}", flush=True)
    met = f"{len(slow)} slower" if slow else "met"
    print(f"goal: p95 at most {GOAL_SECONDS} s: {met}; the process needed {own_peak_mb()} MB at most")
    return {"slow": slow}


def rest(options: argparse.Namespace) -> dict[str, Any]:
    """What takes longer by its nature, once each: files, the rules, a report kept and compared."""
    from django.utils import timezone

    from accounts.models import User
    from reports import crossfooting, handed_in

    client, by = _client(), User.objects.get(username="preparer")
    for words, address in (
        ("workbook by schools, 2021", "/reports/2021/export/?layout=schools"),
        ("paper by schools, 2021", "/reports/2021/print/?layout=schools"),
    ):
        print(f"{words:<36}{_times(client, address, 1)[0]:>8.1f}", flush=True)
    for number in range(1, 11):
        seconds, _found = timed(partial(crossfooting.run, "2021", only=[number]))
        print(f"rule {number:<31}{seconds:>8.1f}", flush=True)
    seconds, report = timed(partial(handed_in.freeze, "schools", "2021", by=by, at=timezone.now()))
    print(f"{'a year kept as handed in':<36}{seconds:>8.1f}")
    seconds, _found = timed(partial(handed_in.differences, report))
    print(f"{'what changed since':<36}{seconds:>8.1f}")
    print(f"{'at most, MB':<36}{own_peak_mb():>8}")
    return {}


def _client() -> Any:
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from accounts.models import User

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("collectstatic", interactive=False, verbosity=0)
    client = Client()
    client.force_login(User.objects.get(username="preparer"))
    return client


def _times(client: Any, address: str, times: int) -> list[float]:
    seconds = []
    if times > 1:
        client.get(address)  # what is looked up once in the life of a process
    for _each in range(times):
        taken, answer = timed(partial(client.get, address))
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}.")
        seconds.append(taken)
    return sorted(seconds)


_STEPS = {"fill": fill, "pages": pages, "rest": rest}

if __name__ == "__main__":
    sys.exit(main())
