"""The background runs of the product, each ordered and ready to start, with rows for several chunks."""

from collections.abc import Sequence
from datetime import date

from django.conf import settings
from factory.django import DjangoModelFactory

from accounts.models import User
from disbursements import batches, returns, sending
from jobs import run
from jobs.choices import JobState
from jobs.models import Job
from programs import recognitions
from programs.choices import Payer
from programs.reference import load_national, load_standards
from schools.models import School, SchoolKind, Stage, Term
from students import crosscheck, decisions, registers, rosters
from students.choices import MatchState
from students.models import HardshipCategory, Match, RegisterSnapshot, RegisterSource, Roster
from tests import factories
from tests.factories import (
    NOW,
    AwardFactory,
    CardFactory,
    EnrollmentFactory,
    HardshipFactory,
    ProgramFactory,
    SchoolFactory,
    ShareFactory,
    StudentFactory,
    TermFactory,
    UserFactory,
    card_number,
    resident_id,
)
from tests.funding import fund
from tests.workbooks import RECOGNITION_HEAD, REGISTER_HEAD, roster, roster_row, xlsx

STANDARDS = settings.BASE_DIR / "fixtures" / "standards" / "411625.toml"
RETURN_HEAD = ("序号", "户名", "金额(元)", "状态", "失败原因", "到账日期")


def reset_numbers() -> None:
    """Let the factories count from the beginning, so that the same orders make the same rows."""
    for made in vars(factories).values():
        if isinstance(made, type) and issubclass(made, DjangoModelFactory) and made._meta.model:
            made.reset_sequence(0, force=True)


def roster_check(rows: int = 25) -> Job:
    school, officer = _school()
    return _order_check(_upload(school, officer, range(rows)))


def wrong_roster_check() -> Job:
    """Another school's file, so the run ends in a refusal."""
    school, officer = _school()
    return _order_check(_upload(school, officer, range(3), code="4116250009"))


def roster_commit(rows: int = 25) -> Job:
    """A school's second roster of the term: a fifth of the children left, as many came, some have another class."""
    school, officer = _school()
    _commit(_check(_upload(school, officer, range(rows))))
    moved = rows // 5
    second = _check(_upload(school, officer, range(moved, rows + moved), class_name="2班"))
    return _order_commit(second)


def register_freeze(rows: int = 25) -> Job:
    load_national()
    return _order_freeze(rows)


def empty_register_freeze() -> Job:
    """A list without a single name, so the run ends in a refusal."""
    load_national()
    return _order_freeze(12, has_names=False)


def crosscheck_run(rows: int = 25) -> Job:
    """The second comparison of a term, which takes the place of the first.

    Of five listed children one has no number in its roster, which somebody confirmed of the first such child, and one
    is in no roster.
    """
    load_national()
    for number in range(rows):
        if number % 5 < 4:
            mistyped = {"id_number": ""} if number % 5 == 3 else {}
            child = StudentFactory(number=number, **mistyped)
            EnrollmentFactory(student=child, stage=Stage.objects.get(pk="primary"))
    snapshot = RegisterSnapshot.objects.get(pk=_done(_order_freeze(rows)).params["snapshot_id"])
    first = _done(_order_crosscheck(snapshot))
    suspected = Match.objects.filter(state=MatchState.SUSPECTED).order_by("pk").first()
    decisions.decide(suspected, is_same=True, by=first.started_by, at=NOW, note="电话核实")
    return _order_crosscheck(snapshot)


def awards_propose(rows: int = 12) -> Job:
    load_national()
    load_standards(STANDARDS)
    term = Term.objects.get(pk="2021A")
    school = SchoolFactory(kind=SchoolKind.objects.get(pk="nine-year"))
    for number in range(rows):
        enrollment = EnrollmentFactory(
            student=StudentFactory(number=number), term=term, school=school, stage=Stage.objects.get(pk="primary")
        )
        poor = HardshipCategory.objects.get(pk="lifted-from-poverty")
        HardshipFactory(student=enrollment.student, term=term, category=poor)
    return run.start("awards-propose", by=UserFactory(), at=NOW, term=term, term_id=term.pk)


def foreign_recognition_read() -> Job:
    """A list with none of the school's children, so the run ends in a refusal."""
    return recognition_read(3, is_of_this_school=False)


def recognition_read(rows: int = 12, *, is_of_this_school: bool = True) -> Job:
    load_national()
    school, officer = _school()
    of = school if is_of_this_school else SchoolFactory()
    children = [EnrollmentFactory(student=StudentFactory(number=number), school=of) for number in range(rows)]
    lines = [
        [place, child.student.name, child.student.id_number, child.grade, child.class_name, "困难", ""]
        for place, child in enumerate(children, start=1)
    ]
    uploaded = recognitions.upload(
        school=school,
        term=children[0].term,
        content=xlsx(RECOGNITION_HEAD, lines),
        name="认定名单.xlsx",
        by=officer,
        at=NOW,
    )
    return run.start("recognition-read", by=officer, at=NOW, list_id=uploaded.pk)


def batch_build(rows: int = 25) -> Job:
    program = ProgramFactory()
    for payer in (Payer.CENTRAL, Payer.COUNTY):
        ShareFactory(program=program, payer=payer, per_mille=500)
    for award in AwardFactory.create_batch(rows, program=program, confirmed=True):
        CardFactory(student=award.student)
    by = UserFactory()
    batch = batches.prepare(term=TermFactory(), program=program, by=by, at=NOW)
    return run.start("batch-build", by=by, at=NOW, batch_id=batch.pk)


def bank_file(rows: int = 12) -> Job:
    built = _done(batch_build(rows))
    batch = batches.Batch.objects.get(pk=built.params["batch_id"])
    fund(
        issued_on=date(2021, 9, 1),
        program=batch.program,
        term=batch.term,
        amount_fen=100_000_000,
        by=built.started_by,
        at=NOW,
    )
    batches.approve(batch, by=UserFactory(approver=True), at=NOW)
    return run.start("batch-bank-file", by=built.started_by, at=NOW, batch_id=batch.pk)


def empty_return_read() -> Job:
    """An answer without a line, so the run ends in a refusal."""
    return return_read(2, has_lines=False)


def return_read(rows: int = 12, *, has_lines: bool = True) -> Job:
    written = _done(bank_file(rows))
    batch = batches.Batch.objects.get(pk=written.params["batch_id"])
    sending.send(batch, by=written.started_by, at=NOW)
    lines = [
        [
            line,
            holder,
            fen / 100,
            "失败" if line % 4 == 0 else "成功",
            "户名不符" if line % 4 == 0 else "",
            "2021-10-20",
        ]
        for line, fen, holder in batch.payments.order_by("line_no").values_list("line_no", "amount_fen", "card__holder")
        if has_lines
    ]
    text = "\r\n".join(",".join(map(str, row)) for row in [RETURN_HEAD, *lines])  # the same bytes in every second
    uploaded = returns.upload(batch, content=text.encode(), name="回盘.csv", by=written.started_by, at=NOW)
    return run.start("return-read", by=written.started_by, at=NOW, return_id=uploaded.pk)


def _done(job: Job) -> Job:
    job = run.execute(job.pk)
    assert job.state == JobState.DONE, job.error_code
    return job


def _school() -> tuple[School, User]:
    load_national()
    school = SchoolFactory(code="4116250001", name="示范小学", kind=SchoolKind.objects.get(pk="primary"))
    return school, UserFactory(officer=True, school=school)


def _upload(
    school: School, officer: User, numbers: Sequence[int], *, code: str = "4116250001", class_name: str = "1班"
) -> Roster:
    rows = []
    for number in numbers:
        card = {"card_number": card_number(number), "card_holder": "王建国", "card_relation": "父亲"}
        rows.append(
            roster_row(
                number,
                id_number=resident_id(number, born_on=date(2012, 3, 1 + number // 500)),
                class_name=class_name if number % 2 else "1班",
                **(card if number % 3 else {}),
            )
        )
    content = roster(rows, school=school.name, code=code, term="2021A")
    return rosters.upload(school=school, term=TermFactory(), content=content, name="花名册.xlsx", by=officer, at=NOW)


def _order_check(uploaded: Roster) -> Job:
    return run.start("roster-check", by=uploaded.uploaded_by, at=NOW, school=uploaded.school, roster_id=uploaded.pk)


def _check(uploaded: Roster) -> Roster:
    _done(_order_check(uploaded))
    uploaded.refresh_from_db()
    return uploaded


def _order_commit(checked: Roster) -> Job:
    rosters.confirm(checked, by=checked.uploaded_by, at=NOW, reason="学生随家长转学")
    return run.start("roster-commit", by=checked.uploaded_by, at=NOW, school=checked.school, roster_id=checked.pk)


def _commit(checked: Roster) -> None:
    _done(_order_commit(checked))


def _order_freeze(rows: int, *, has_names: bool = True) -> Job:
    by = UserFactory()
    children = [StudentFactory.build(number=number) for number in range(rows)]
    lines = [
        [
            *("城关镇", "东关村", f"H{number}", str(number), child.name if has_names else ""),
            *(child.id_number, "之子", "脱贫户", "", "张大山"),
        ]
        for number, child in enumerate(children)
    ]
    snapshot = registers.upload(
        source=RegisterSource.objects.get(pk="registered-poor"),
        as_of=date(2021, 10, 1),
        content=xlsx(REGISTER_HEAD, lines, above=("全县脱贫人口信息表",)),
        name="脱贫人口.xlsx",
        by=by,
        at=NOW,
    )
    return run.start("register-freeze", by=by, at=NOW, snapshot_id=snapshot.pk)


def _order_crosscheck(snapshot: RegisterSnapshot) -> Job:
    by = UserFactory()
    checked = crosscheck.begin(term=TermFactory(), snapshots=[snapshot], by=by, at=NOW)
    return run.start("crosscheck", by=by, at=NOW, crosscheck_id=checked.pk)
