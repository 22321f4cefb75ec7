"""Handing a file in as an officer does, and children as they are known before it."""

from jobs import run
from jobs.choices import JobState
from students import identity, rosters
from tests import factories as make
from tests.factories import NOW


def hand_in(school, officer, content, *, term=None, name="花名册.xlsx"):
    """Upload and check; (the version, its run)."""
    term = term or make.TermFactory()
    uploaded = rosters.upload(school=school, term=term, content=content, name=name, by=officer, at=NOW)
    job = run.execute(run.start("roster-check", by=officer, at=NOW, school=school, roster_id=uploaded.pk).pk)
    uploaded.refresh_from_db()
    return uploaded, job


def put_in_force(uploaded, officer):
    rosters.confirm(uploaded, by=officer, at=NOW, reason="核对", word="已看户口簿")
    job = run.start("roster-commit", by=officer, at=NOW, school=uploaded.school, roster_id=uploaded.pk)
    assert run.execute(job.pk).state == JobState.DONE
    uploaded.refresh_from_db()


def enroll(school, *, term=None, card=None, **facts):
    """A child of the school's roster in force; `student__…` are its own facts, `card` those of its card."""
    own = {name.removeprefix("student__"): facts.pop(name) for name in list(facts) if name.startswith("student__")}
    student = make.StudentFactory.build(**own)
    student.key = identity.student_key(
        number=student.id_number,
        kind=student.id_kind,
        school_code=school.code,
        name_key=student.name_key,
        born_on=student.born_on,
    )
    student.save()
    if card is not None:
        make.CardFactory(student=student, **card)
    return make.EnrollmentFactory(school=school, student=student, term=term or make.TermFactory(), **facts)
