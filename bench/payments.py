"""A full term's money: proposals, a batch of 25,000, the bank's file, its answer: `python -m bench.payments`.

Makes a database of its own (SQLite, or beside the one of DATABASE_URL) and takes it away again. Every step runs in a
process of its own, as a worker would
run it, so that its peak of memory is its own. Each stands beside a named baseline measured in the same run: what the
step cannot do without, done in the plainest way (reading the rows it reads, writing the rows it writes).
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import date
from time import perf_counter
from typing import Any

import django

from bench.county_database import AT, SCHOOLS, parts, stored, write
from bench.measure import own_peak_mb, timed
from bench.own_database import database_of_its_own, step

CHILDREN = 287_000
ENTITLED = 95_000 // 2
"""Awards of a term; the year has 95,000."""
PAID = 25_000
SECONDS, MEGABYTES = 30, 500
STEPS = ("propose", "prepare", "build", "approve", "bank-file", "answer")
RETURN_HEAD = ("序号", "户名", "金额(元)", "状态", "失败原因", "到账日期")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.payments", description=__doc__)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--step", choices=["fill", *STEPS], help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
    if options.step:
        django.setup()
        work = _fill if options.step == "fill" else globals()[f"_{options.step.replace('-', '_')}"]
        print(json.dumps(work(options.scale)))
        return 0
    with database_of_its_own() as environment:
        return _measure(environment, options.scale)


def _measure(environment: Mapping[str, str], scale: float) -> int:
    step(environment, "bench.payments", "fill", "--scale", str(scale))
    missed = 0
    print(f"{'step':<12}{'rows':>9}{'seconds':>9}{'rows/s':>10}{'peak MB':>9}   beside")
    for name in STEPS:
        found = step(environment, "bench.payments", name, "--scale", str(scale))
        missed += found["seconds"] > SECONDS or found["peak_mb"] > MEGABYTES
        ratio = f"{found['seconds'] / found['baseline']:.1f} × {found['beside']}" if found["baseline"] else ""
        print(
            f"{name:<12}{found['rows']:>9,}{found['seconds']:>9.1f}{found['rows'] / found['seconds']:>10,.0f}"
            f"{found['peak_mb']:>9,}   {ratio}",
            flush=True,
        )
    print(f"goal: each at most {SECONDS} s and {MEGABYTES} MB: " + (f"{missed} missed it" if missed else "met"))
    return 0


def _cost(work: Callable[[], Any], rows: int, baseline: Callable[[], Any] | None = None, beside: str = "") -> Any:
    seconds = timed(work)[0]
    peak = own_peak_mb()
    return {
        "rows": rows,
        "seconds": seconds,
        "peak_mb": peak,
        "baseline": timed(baseline)[0] if baseline else 0,
        "beside": beside,
    }


# --- the county


def _fill(scale: float) -> dict[str, Any]:
    """A term's children in 1,100 schools; of some the list of poor households knows, and all of those have a card."""
    from django.core.management import call_command
    from django.db import transaction

    from accounts.models import User
    from disbursements import return_reasons
    from students.models import Card, Enrollment, Hardship, Student

    began = perf_counter()
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        return_reasons.load()
        users = [
            User.objects.create(username=name, name=name, role=role)
            for name, role in (("one", User.Role.PREPARER), ("two", User.Role.APPROVER))
        ]
        term, program = _rules()
        rosters = _schools(term, users[0], int(SCHOOLS * scale) or 1)
        match = _someone_on_a_list(rosters[0], term, users[0])
        children = range(2, int(CHILDREN * scale) + 2)
        for part in parts(_student(n) for n in children):
            write(Student, part)
        for part in parts(_enrollment(n, rosters[n % len(rosters)]) for n in children):
            write(Enrollment, part)
        every = len(children) / (ENTITLED * scale)
        entitled = [children[int(n * every)] for n in range(int(ENTITLED * scale))]
        for part in parts(_hardship(n, match, term) for n in entitled):
            write(Hardship, part)
        for part in parts(_card(n) for n in entitled):
            write(Card, part)
        _fund(program, term, users)
    return {"seconds": perf_counter() - began}


def _rules() -> tuple[Any, Any]:
    """One program for the poor, borne by three payers."""
    from programs.choices import Payee, ProgramKind
    from programs.models import Program, Rule, Share, Standard, TermProgram
    from schools.models import Stage, Term
    from students.models import HardshipCategory

    term = Term.objects.create(
        code="2021A", starts_on=date(2021, 9, 1), ends_on=date(2022, 1, 20), roster_due_on=date(2021, 9, 30)
    )
    stage = Stage.objects.create(code="primary", name="小学")
    category = HardshipCategory.objects.create(code="poor", name="脱贫家庭学生", group="registered-poor", priority=1)
    program = Program.objects.create(
        code="grant", name="助学金", short_name="助学金", kind=ProgramKind.MONEY, payee=Payee.STUDENT
    )
    program.stages.add(stage)
    since = {"valid_from": date(2021, 1, 1), "document_no": "示教〔2021〕1号"}
    rule = Rule.objects.create(program=program, description="脱贫家庭", **since)
    rule.categories.add(category)
    Standard.objects.create(program=program, amount_fen=62_550, **since)
    for payer, part in (("central", 600), ("province", 320), ("county", 80)):
        Share.objects.create(program=program, payer=payer, per_mille=part, **since)
    TermProgram.objects.create(term=term, program=program)
    return term, program


def _schools(term: Any, user: Any, how_many: int) -> list[Any]:
    from schools.models import School, SchoolKind, Town
    from students.choices import RosterState
    from students.models import Roster

    town = Town.objects.create(code="990101100000", name="城关镇")
    kind = SchoolKind.objects.create(code="primary", name="完全小学")
    file = stored("roster", user)
    signed = {"uploaded_by": user, "uploaded_at": AT, "committed_by": user, "committed_at": AT}
    return [
        Roster.objects.create(
            school=School.objects.create(code=f"39{n:08d}", name=f"第{n}小学", town=town, kind=kind),
            term=term,
            version=1,
            file=file,
            state=RosterState.IN_FORCE,
            **signed,
        )
        for n in range(how_many)
    ]


def _someone_on_a_list(roster: Any, term: Any, user: Any) -> Any:
    """The one pair that every hardship of this county is said to rest on: nobody opens it here."""
    from students.choices import CrosscheckState, MatchState, SnapshotState
    from students.models import (
        Crosscheck,
        Enrollment,
        HardshipCategory,
        Match,
        RegisterPerson,
        RegisterSnapshot,
        RegisterSource,
        Student,
    )

    category = HardshipCategory.objects.get()
    write(Student, [_student(1)])
    write(Enrollment, [_enrollment(1, roster)])
    source = RegisterSource.objects.create(code="poor", name="脱贫名单", office="乡村振兴局", category=category)
    snapshot = RegisterSnapshot.objects.create(
        source=source,
        as_of=date(2021, 8, 31),
        file=stored("register", user),
        state=SnapshotState.FROZEN,
        uploaded_by=user,
        uploaded_at=AT,
    )
    person = RegisterPerson.objects.create(
        snapshot=snapshot,
        row=1,
        key="1",
        name="张一",
        name_key="张一",
        id_kind="other",
        category=category,
        label="脱贫",
    )
    crosscheck = Crosscheck.objects.create(term=term, state=CrosscheckState.DONE, made_by=user, made_at=AT)
    crosscheck.snapshots.add(snapshot)
    return Match.objects.create(
        crosscheck=crosscheck, enrollment=Enrollment.objects.get(), person=person, tier="exact", state=MatchState.SURE
    )


def _student(n: int) -> dict[str, Any]:
    name = f"张{chr(0x4E00 + n % 2000)}{chr(0x4E00 + n // 2000)}"
    return {
        "id": n,
        "key": f"{n:032x}",
        "name": name,
        "name_key": name,
        "id_kind": "other",
        "id_number": f"X{n:08d}",
        "id_number_index": f"{n:032x}",
    }


def _enrollment(n: int, roster: Any) -> dict[str, Any]:
    return {
        "id": n,
        "student": n,
        "term": roster.term_id,
        "school": roster.school_id,
        "stage": "primary",
        "grade": "三年级",
        "class_name": f"{n % 3 + 1}班",
        "is_boarding": True,
        "is_rural": True,
        "roster": roster.pk,
        "row": n,
    }


def _hardship(n: int, match: Any, term: Any) -> dict[str, Any]:
    return {
        "student": n,
        "category": "poor",
        "label": "脱贫",
        "match": match.pk,
        "snapshot": match.person.snapshot_id,
        "term": term.pk,
        "from_on": term.starts_on,
        "known_on": term.starts_on,
    }


def _card(n: int) -> dict[str, Any]:
    return {
        "student": n,
        "number": f"620000{n:013d}",
        "number_index": f"{n:032x}",
        "holder": _student(n)["name"],
        "relation": "本人",
        "bank": "示范县农村商业银行",
        "since": date(2021, 9, 1),
        "is_current": True,
    }


def _fund(program: Any, term: Any, users: list[Any]) -> None:
    from disbursements import funds

    for payer in ("central", "province", "county"):
        quota = funds.allot(
            document_no="示财教〔2021〕1号",
            issued_on=date(2021, 9, 1),
            program=program,
            term=term,
            payer=payer,
            amount_fen=100_000_000_000,
            by=users[0],
            at=AT,
        )
        funds.arrive(quota, amount_fen=quota.amount_fen, arrived_on=date(2021, 9, 1), by=users[0], at=AT)


# --- the steps


def _people() -> tuple[Any, Any]:
    from accounts.models import User

    return User.objects.get(username="one"), User.objects.get(username="two")


def _executed(kind: str, **params: Any) -> None:
    from jobs import run
    from jobs.choices import JobState

    job = run.execute(run.start(kind, by=_people()[0], at=AT, **params).pk)
    if job.state != JobState.DONE:
        raise SystemExit(f"{kind}: {job.error_code} {job.error_params}")


def _propose(scale: float) -> dict[str, Any]:
    from schools.models import Term
    from students.models import Enrollment

    term = Term.objects.get()
    found = _cost(
        lambda: _executed("awards-propose", term=term, term_id=term.pk),
        Enrollment.objects.count(),
        lambda: list(Enrollment.objects.values_list().iterator()),
        "reading every enrollment",
    )
    _confirm(int(PAID * scale))
    return dict(found)


def _confirm(how_many: int) -> None:
    """What the schools, publicity and the second person would do: here by two statements, so much is to be paid."""
    from programs.choices import AwardState
    from programs.models import Award

    first = Award.objects.order_by("pk").values_list("pk", flat=True)[:how_many]
    if len(first) != how_many:
        raise SystemExit(f"Only {len(first)} children were proposed.")
    Award.objects.filter(pk__lte=max(first)).update(state=AwardState.CONFIRMED)


def _batch() -> Any:
    from disbursements.models import Batch

    return Batch.objects.select_related("term", "program", "prepared_by").get()


def _prepare(scale: float) -> dict[str, Any]:
    from disbursements import batches
    from programs.models import Award, Program
    from schools.models import Term

    term, program, by = Term.objects.get(), Program.objects.get(), _people()[0]
    found = _cost(
        lambda: batches.prepare(term=term, program=program, by=by, at=AT),
        int(PAID * scale),
        lambda: Award.objects.confirmed().count(),
        "counting the confirmed",
    )
    return dict(found)


def _build(scale: float) -> dict[str, Any]:
    from django.db import transaction

    from disbursements.models import Payment

    batch = _batch()

    def by_orm() -> None:
        rows = list(batch.payments.values())
        with transaction.atomic():
            batch.payments.all().delete()
            Payment.objects.bulk_create([Payment(**row) for row in rows], batch_size=500)
            transaction.set_rollback(True)

    return dict(
        _cost(lambda: _executed("batch-build", batch_id=batch.pk), int(PAID * scale), by_orm, "bulk_create of its rows")
    )


def _approve(scale: float) -> dict[str, Any]:
    from disbursements import batches

    batch, by = _batch(), _people()[1]
    return dict(_cost(lambda: batches.approve(batch, by=by, at=AT), int(PAID * scale)))


def _bank_file(scale: float) -> dict[str, Any]:
    from disbursements import sending

    batch = _batch()
    found = _cost(
        lambda: _executed("batch-bank-file", batch_id=batch.pk),
        int(PAID * scale),
        lambda: _answer_file(batch),
        "openpyxl writing as many lines",
    )
    sending.send(_batch(), by=_people()[0], at=AT)
    return dict(found)


def _answer_file(batch: Any) -> bytes:
    """What the bank would give back: one in a hundred failed."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(RETURN_HEAD)
    lines = batch.payments.order_by("line_no").values_list("line_no", "card__holder", "amount_fen")
    for line, holder, fen in lines.iterator():
        failed = line % 100 == 0
        said = ("失败", "户名不符") if failed else ("成功", "")
        sheet.append((line, holder, f"{fen / 100:.2f}", *said, "2021-10-20"))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _answer(scale: float) -> dict[str, Any]:
    from openpyxl import load_workbook

    from disbursements import returns

    batch, by = _batch(), _people()[0]
    content = _answer_file(batch)
    answer = returns.upload(batch, content=content, name="回盘.xlsx", by=by, at=AT)
    found = _cost(
        lambda: _executed("return-read", return_id=answer.pk),
        int(PAID * scale),
        lambda: list(load_workbook(io.BytesIO(content), read_only=True).worksheets[0].values),
        "openpyxl reading the file",
    )
    states = dict.fromkeys(_batch().payments.values_list("state", flat=True).distinct())
    if set(states) - {"paid", "failed"}:
        raise SystemExit(f"Not every line was settled: {', '.join(states)}")
    return dict(found)


if __name__ == "__main__":
    sys.exit(main())
