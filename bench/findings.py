"""The rules of an audit over a full term (287,000 children, 47,500 awards): `python -m bench.findings`.

Makes the database of `bench.payments` with all its steps, confirms the rest of the term, plants cases among the rows,
and runs every rule twice: the first run writes what it finds, the second finds it again. Each runs in a process of its
own, as a worker would run it. A run may take 60 s and 500 MB.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from time import perf_counter
from typing import Any

import django

from bench import payments
from bench.county_database import stored
from bench.measure import own_peak_mb
from bench.own_database import database_of_its_own, step

SECONDS, MEGABYTES = 60, 500
STEPS = ("plant", "run", "again")
CONFIRMED_AT = datetime(2021, 11, 1, 2, 0, tzinfo=UTC)
RUN_AT = datetime(2021, 12, 20, 1, 0, tzinfo=UTC)
ONE_IN = 100
"""One row in so many is a case."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.findings", description=__doc__)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
    if options.step:
        django.setup()
        steps: dict[str, Callable[[], Any]] = {"plant": plant, "run": partial(look, 0), "again": partial(look, 1)}
        print(json.dumps(steps[options.step]()))
        return 0
    scale = ("--scale", str(options.scale))
    with database_of_its_own() as environment:
        for name in ("fill", *payments.STEPS):
            step(environment, "bench.payments", name, *scale)
        step(environment, "bench.findings", "plant", *scale)
        missed = 0
        for name in ("run", "again"):
            found = step(environment, "bench.findings", name, *scale)
            missed += found["seconds"] > SECONDS or found["peak_mb"] > MEGABYTES
            print(f"{name:<8}{found['findings']:>8,} findings{found['seconds']:>8.1f} s{found['peak_mb']:>6,} MB")
            for rule, (seconds, n) in found["rules"].items():
                print(f"  {rule:<32}{n:>8,}{seconds:>8.1f} s", flush=True)
    return 1 if missed and options.scale >= 1 else 0


def plant() -> dict[str, Any]:
    """Everything is confirmed after a notice; one in a hundred of each kind is not as it should be."""
    from django.db import transaction
    from django.db.models import F
    from django.db.models.functions import Mod

    from accounts.models import User
    from programs.choices import AwardState, ListState, NoticeState
    from programs.models import Award, AwardList, Notice, NoticePhoto
    from schools.models import Term
    from students.models import Card, Enrollment, Hardship, Student

    term = Term.objects.get()
    one, two = User.objects.get(username="one"), User.objects.get(username="two")
    with transaction.atomic():
        Award.objects.exclude(state=AwardState.DROPPED).update(state=AwardState.CONFIRMED)
        AwardList.objects.update(
            state=ListState.CONFIRMED,
            school_approved_by=two,
            school_approved_at=CONFIRMED_AT - timedelta(days=20),
            confirmed_by=two,
            confirmed_at=CONFIRMED_AT,
        )
        photo = stored("photo", one)
        for award_list in AwardList.objects.order_by("pk"):
            if award_list.pk % ONE_IN == 1:
                continue
            notice = Notice.objects.create(
                list=award_list,
                token=f"{award_list.pk:032x}",
                state=NoticeState.DOWN,
                starts_on=date(2021, 10, 11),
                ends_on=date(2021, 10, 15),
                working_days=5,
                result="无异议",
                put_up_by=one,
                put_up_at=CONFIRMED_AT - timedelta(days=20),
                taken_down_at=CONFIRMED_AT - timedelta(days=14),
            )
            if award_list.pk % ONE_IN != 2:
                NoticePhoto.objects.create(
                    notice=notice, file=photo, taken_on=notice.starts_on, kept_by=one, kept_at=notice.put_up_at
                )
        # Two records of one child; a card of others; an odd amount; a hardship that ended; a child that left.
        aided = list(Award.objects.order_by("student").values_list("student", flat=True))
        for first, second in list(pairwise(aided))[:: ONE_IN * 2]:
            Student.objects.filter(pk=second).update(id_number_index=f"{first:032x}")
        Card.objects.annotate(m=Mod("student", 50)).filter(m=4).update(number_index="0" * 32)
        Award.objects.annotate(m=Mod("pk", ONE_IN)).filter(m=5).update(amount_fen=F("amount_fen") + 100)
        ended = Hardship.objects.annotate(m=Mod("student", ONE_IN)).filter(m=6)
        ended.update(to_on=term.starts_on + timedelta(days=30))
        Award.objects.annotate(m=Mod("pk", ONE_IN)).filter(m=7).update(state=AwardState.DROPPED, dropped_reason="测算")
        Enrollment.objects.annotate(m=Mod("pk", ONE_IN * 10)).filter(m=8).update(state="left")
    return {"awards": Award.objects.count()}


def look(times_before: int) -> dict[str, Any]:
    """One run as the worker does it, with the seconds of each rule."""
    from accounts.models import User
    from audits import finding_runs
    from audits.findings import RULES, Rule
    from audits.models import Finding
    from jobs import run
    from jobs.choices import JobState
    from schools.models import Term

    seconds: dict[str, float] = {}

    def timed(rule: Rule) -> Rule:
        def timed_look(term: Term, today: date) -> list[Any]:
            began = perf_counter()
            found = list(rule.look(term, today))
            seconds[rule.code] = round(perf_counter() - began, 1)
            return found

        return Rule(**{**vars(rule), "look": timed_look})

    for code, rule in RULES.items():
        RULES[code] = timed(rule)
    by, at = User.objects.get(username="two"), RUN_AT + timedelta(days=times_before)
    began = perf_counter()
    job = run.execute(finding_runs.begin(Term.objects.get(), by=by, at=at).pk)
    if job.state != JobState.DONE:
        raise SystemExit(f"{job.error_code} {job.error_params}")
    found = Finding.objects.standing()
    return {
        "findings": found.count(),
        "seconds": perf_counter() - began,
        "peak_mb": own_peak_mb(),
        "rules": {code: (seconds[code], found.filter(rule=code).count()) for code in RULES},
    }


if __name__ == "__main__":
    sys.exit(main())
