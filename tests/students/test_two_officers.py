"""Two officers of one school at the same moment: one version wins, the other officer is told."""

from itertools import count

import pytest

from common.moves import Refused
from jobs import run
from jobs.choices import JobState
from jobs.models import Job
from programs.reference import load_national
from schools.models import SchoolKind
from students import runs
from students.choices import RosterState
from students.models import Enrollment, Roster
from tests.factories import NOW, SchoolFactory, TermFactory, UserFactory, resident_id
from tests.together import at_once
from tests.workbooks import roster, roster_row

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 50


@pytest.fixture
def desk():
    load_national()
    school = SchoolFactory(code="4116250001", name="示范小学", kind=SchoolKind.objects.get(pk="primary"))
    return school, TermFactory(), [UserFactory(officer=True, school=school) for _each in range(2)]


def file_of(who, rows=3):
    return roster([roster_row(n, id_number=resident_id(n), class_name=f"{who}班") for n in range(1, rows + 1)])


def do_jobs():
    for job in Job.objects.waiting().order_by("pk"):
        run.execute(job.pk)


def test_fifty_times_upload_and_confirm_together(desk):
    school, term, officers = desk
    numbers = count(1)

    for _round in range(ROUNDS):
        files = [(who, file_of(next(numbers))) for who in officers]
        uploaded = at_once(
            *(
                lambda by=by, content=content: runs.upload_roster(
                    school=school, term=term, content=content, name="花名册.xlsx", by=by, at=NOW
                )
                for by, content in files
            )
        )
        assert all(isinstance(one, Roster) for one in uploaded), uploaded
        assert len({one.version for one in uploaded}) == 2
        assert Roster.objects.filter(state=RosterState.UPLOADED).count() == 1
        do_jobs()

        told = at_once(
            *(
                lambda one=one: runs.confirm_roster(
                    Roster.objects.get(pk=one.pk), by=one.uploaded_by, at=NOW, reason="换了班级"
                )
                for one in uploaded
            )
        )
        assert sorted(isinstance(one, Refused) for one in told) == [False, True], told
        do_jobs()

        in_force = Roster.objects.get(state=RosterState.IN_FORCE)
        assert in_force.version == max(one.version for one in uploaded)
        assert set(Enrollment.objects.values_list("roster", "state")) == {(in_force.pk, "studying")}
    assert not Job.objects.exclude(state=JobState.DONE).exclude(error_code="wrong-state").exists()


def test_the_same_version_confirmed_by_both_is_confirmed_once(desk):
    school, term, officers = desk
    uploaded = runs.upload_roster(
        school=school, term=term, content=file_of(1), name="花名册.xlsx", by=officers[0], at=NOW
    )
    do_jobs()

    told = at_once(
        *(lambda by=by: runs.confirm_roster(Roster.objects.get(pk=uploaded.pk), by=by, at=NOW) for by in officers)
    )

    assert sorted(isinstance(one, Refused) for one in told) == [False, True]
    assert Job.objects.filter(kind="roster-commit").count() == 1
