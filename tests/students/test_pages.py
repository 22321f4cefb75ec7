"""The pages of children, rosters, other offices' lists and the cross-check: who sees what, and what an act leaves.

That every page answers every role rightly, costs the same for twenty rows as for one and gives its part to htmx
is tested for all pages together (tests/harness).
"""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Action
from common import resident_ids
from jobs import run
from jobs.models import Job
from programs.reference import load_national
from schools.models import SchoolKind
from students.choices import MatchState, RosterState, SnapshotState
from students.models import Crosscheck, Enrollment, Match, RegisterSnapshot, Roster, Student
from tests import factories as make
from tests.factories import resident_id
from tests.harness import world
from tests.workbooks import REGISTER_HEAD, roster, roster_row, xlsx

pytestmark = pytest.mark.django_db


def named(answer):
    return answer.content.decode()


def work_off():
    """What the worker would do meanwhile."""
    for job in Job.objects.waiting().order_by("pk"):
        run.execute(job.pk)


@pytest.fixture
def own():
    return world.build()


@pytest.fixture
def school():
    load_national()
    make.TermFactory()
    return make.SchoolFactory(code="4116250001", name="示范小学", kind=SchoolKind.objects.get(pk="primary"))


def file(rows, school, name="花名册.xlsx"):
    return SimpleUploadedFile(name, roster(rows, school=school.name, code=school.code, term="2021A"))


def child(number, **facts):
    return roster_row(number, id_number=resident_id(number), **facts)


class TestBeforeTheFirstTerm:
    @pytest.mark.parametrize(
        "address", ["students:list", "students:rosters", "students:registers", "students:crosschecks", "schools:list"]
    )
    def test_lists_say_that_there_is_nothing_yet(self, as_role, address):
        assert 'class="empty"' in named(as_role("preparer").get(reverse(address)))

    @pytest.mark.parametrize("address", ["students:roster-upload", "students:crosscheck-begin"])
    def test_there_is_nothing_to_hand_in_to(self, as_role, address):
        assert as_role("preparer").get(reverse(address)).status_code == 404


class TestChildren:
    def test_are_those_of_the_own_school_only(self, as_role, own):
        foreign = make.EnrollmentFactory()

        shown = named(as_role("school", school=own.school).get(reverse("students:list")))

        assert own.student.get_absolute_url() in shown
        assert foreign.student.get_absolute_url() not in shown

    def test_carry_no_whole_number(self, as_role, own):
        shown = named(as_role("preparer").get(reverse("students:list")))

        assert own.student.masked_id in shown
        assert own.student.id_number not in shown

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"q": "欧阳"}, {"欧阳小雨"}),
            ({"q": "阳小"}, set()),
            ({"school": "第九"}, {"欧阳小雨"}),
            ({"boarding": "0"}, {"欧阳小雨"}),
            ({"tab": "junior"}, {"欧阳小雨"}),
            ({"state": "left"}, {"已走同学"}),
            ({"category": "orphan"}, {"欧阳小雨"}),
            ({"category": "no-such-thing"}, {"欧阳小雨", "张三丰"}),
            ({}, {"欧阳小雨", "张三丰"}),
        ],
    )
    def test_can_be_narrowed(self, as_role, query, found):
        term = make.TermFactory()
        other = make.EnrollmentFactory(
            student__name="欧阳小雨",
            school=make.SchoolFactory(name="第九中学"),
            stage__code="junior",
            is_boarding=False,
        )
        make.EnrollmentFactory(student__name="张三丰")
        make.EnrollmentFactory(student__name="已走同学", state="left")
        match = make.MatchFactory(enrollment=other, person__category=make.HardshipCategoryFactory(code="orphan"))
        make.HardshipFactory(student=other.student, category=match.person.category, match=match, term=term)

        page = as_role("preparer").get(reverse("students:list"), query).context["page"]

        assert {enrollment.student.name for enrollment in page} == found

    def test_of_another_term_wait_for_the_switch(self, as_role):
        make.EnrollmentFactory(term=make.TermFactory(code="2021S"))
        make.TermFactory(code="2021A")

        assert as_role("preparer").get(reverse("students:list")).context["page"].total == 0


class TestFindingByNumber:
    def test_leads_to_the_child(self, as_role, own):
        answer = as_role("auditor").post(reverse("students:find"), {"number": f" {own.student.id_number.lower()} "})

        assert answer.headers["Location"] == own.student.get_absolute_url()

    def test_takes_nothing_from_the_address(self, as_role, own):
        answer = as_role("preparer").get(reverse("students:find"), {"number": own.student.id_number})

        assert answer.status_code == 200
        assert own.student.name not in named(answer)

    def test_finds_no_child_of_another_school(self, as_role, own):
        foreign = make.EnrollmentFactory().student

        shown = named(
            as_role("school", school=own.school).post(reverse("students:find"), {"number": foreign.id_number})
        )

        assert "没有查到这个号码" in shown
        assert foreign.name not in shown


class TestTheWholeNumber:
    def test_is_shown_once_for_a_purpose_and_leaves_a_trace(self, as_role, own):
        client = as_role("school", school=own.school)

        answer = client.post(reverse("students:reveal", args=[own.student.pk]), {"purpose": "evidence"})

        action = Action.objects.get(verb="student.id-revealed")
        assert own.student.id_number in named(answer)
        assert answer.headers["Cache-Control"] == "no-store"
        assert (action.actor, action.target_id, action.details) == (
            client.user, str(own.student.pk), {"purpose": "evidence"}
        )  # fmt: skip

    @pytest.mark.parametrize("data", [{}, {"purpose": "curiosity"}])
    def test_is_not_shown_without_a_purpose(self, as_role, own, data):
        answer = as_role("preparer").post(reverse("students:reveal", args=[own.student.pk]), data)

        assert own.student.id_number not in named(answer)
        assert not Action.objects.filter(verb="student.id-revealed").exists()

    def test_is_never_for_auditors(self, as_role, own):
        answer = as_role("auditor").post(reverse("students:reveal", args=[own.student.pk]), {"purpose": "evidence"})

        assert answer.status_code == 403
        assert not Action.objects.filter(verb="student.id-revealed").exists()

    def test_of_a_guardian_is_masked_and_shown_on_record_as_well(self, as_role, own):
        number = resident_id(801, born_on=date(1985, 5, 6))
        Student.objects.filter(pk=own.student.pk).update(guardian_id=number)
        client = as_role("school", school=own.school)

        page = named(client.get(own.student.get_absolute_url()))
        answer = client.post(reverse("students:reveal-guardian", args=[own.student.pk]), {"purpose": "comparison"})

        assert number not in page
        assert resident_ids.mask(number) in page
        assert number in named(answer)
        assert own.student.id_number not in named(answer)
        assert Action.objects.get(verb="student.guardian-id-revealed").details == {"purpose": "comparison"}

    def test_comes_to_htmx_as_a_part_that_hides_itself(self, as_role, own):
        answer = as_role("approver").post(
            reverse("students:reveal", args=[own.student.pk]), {"purpose": "account"}, headers={"HX-Request": "true"}
        )

        assert "<html" not in named(answer)
        assert 'hx-trigger="load delay:60s"' in named(answer)


class TestHandingInARoster:
    def test_keeps_the_file_and_orders_its_check(self, as_role, school):
        client = as_role("school", school=school)

        answer = client.post(reverse("students:roster-upload"), {"file": file([child(1)], school)})

        uploaded = Roster.objects.get()
        job = Job.objects.get()
        assert answer.headers["Location"] == uploaded.get_absolute_url()
        assert (uploaded.school, uploaded.uploaded_by, uploaded.state) == (school, client.user, RosterState.UPLOADED)
        assert (job.kind, job.params, job.school) == ("roster-check", {"roster_id": uploaded.pk}, school)
        assert f'hx-get="{reverse("jobs:progress", args=[job.pk])}"' in named(client.get(uploaded.get_absolute_url()))

    def test_a_school_cannot_hand_in_for_another(self, as_role, school):
        other = make.SchoolFactory()

        as_role("school", school=school).post(
            reverse("students:roster-upload"), {"school": other.code, "file": file([child(1)], school)}
        )

        assert Roster.objects.get().school == school

    def test_the_county_names_the_school_by_its_code(self, as_role, school):
        client = as_role("preparer")

        unknown = client.post(
            reverse("students:roster-upload"), {"school": "0000000000", "file": file([child(1)], school)}
        )
        assert "没有这个标识码的学校" in named(unknown)
        assert not Roster.objects.exists()

        client.post(reverse("students:roster-upload"), {"school": school.code, "file": file([child(1)], school)})
        assert Roster.objects.get().school == school

    def test_a_file_that_is_no_sheet_is_refused_in_words(self, as_role, school):
        client = as_role("school", school=school)
        page = SimpleUploadedFile("花名册.xls", b"<html><body><table><tr><td>1</td></tr></table></body></html>")

        answer = client.post(reverse("students:roster-upload"), {"file": page}, headers={"HX-Request": "true"})

        assert 'role="alert"' in named(answer)
        assert "<html" not in named(answer)
        assert not Roster.objects.exists()

    def test_htmx_is_told_where_to_go(self, as_role, school):
        answer = as_role("school", school=school).post(
            reverse("students:roster-upload"), {"file": file([child(1)], school)}, headers={"HX-Request": "true"}
        )

        assert answer.headers["HX-Redirect"] == Roster.objects.get().get_absolute_url()


@pytest.fixture
def checked(as_role, school):
    """A school's officer with a file of which one row of three is wrong."""
    client = as_role("school", school=school)
    rows = [child(1), child(2, boarding="不详"), child(3)]
    client.post(reverse("students:roster-upload"), {"file": file(rows, school)})
    work_off()
    client.roster = Roster.objects.get()
    return client


class TestACheckedRoster:
    def test_names_cell_field_value_problem_and_remedy(self, checked):
        context = checked.get(checked.roster.get_absolute_url()).context

        line, total, foot = context["issues"]
        assert (line.cell, line.field, line.value) == ("J5", "就读方式", "不详")
        assert (line.what, line.mend) == ("就读方式没有填写或看不懂。", "请填：走读、住校。")
        assert [one.what for one in (total, foot)] == [
            "这一行是合计行，没有当作学生。",
            "这一行是签字、说明等表外文字，没有当作学生。",
        ]
        assert [(kind.code, kind.count) for kind in context["kinds"]] == [
            ("boarding-unknown", 1),
            ("total-row", 1),
            ("foot-row", 1),
        ]

    def test_shows_who_came_by_name(self, checked):
        shown = named(checked.get(reverse("students:roster-difference", args=[checked.roster.pk])))

        assert child(1)[1] in shown
        assert child(2)[1] not in shown

    def test_becomes_the_term_s_roster_when_somebody_says_so(self, checked):
        answer = checked.post(reverse("students:roster-confirm", args=[checked.roster.pk]))
        work_off()

        checked.roster.refresh_from_db()
        assert answer.headers["Location"] == checked.roster.get_absolute_url()
        assert checked.roster.state == RosterState.IN_FORCE
        assert Enrollment.objects.count() == 2

    def test_can_be_put_away(self, checked):
        checked.post(reverse("students:roster-discard", args=[checked.roster.pk]))

        checked.roster.refresh_from_db()
        assert checked.roster.state == RosterState.DISCARDED
        assert not Enrollment.objects.exists()

    def test_is_out_of_reach_for_auditors_and_other_schools(self, checked, as_role):
        address = reverse("students:roster-confirm", args=[checked.roster.pk])

        assert as_role("auditor").post(address).status_code == 403
        assert as_role("school").post(address).status_code == 404
        checked.roster.refresh_from_db()
        assert checked.roster.state == RosterState.CHECKED


class TestARosterThatWouldEmptyTheSchool:
    @pytest.fixture
    def unusual(self, checked, school):
        checked.post(reverse("students:roster-confirm", args=[checked.roster.pk]))
        work_off()
        checked.post(reverse("students:roster-upload"), {"file": file([child(9)], school)})
        work_off()
        checked.roster = Roster.objects.get(state=RosterState.CHECKED)
        return checked

    @pytest.mark.parametrize(
        "data",
        [{}, {"reason": "撤并"}, {"term_name": "2021年秋季学期"}, {"reason": "撤并", "term_name": "2021年春季学期"}],
    )
    def test_asks_for_a_reason_and_the_name_of_the_term(self, unusual, data):
        answer = unusual.post(reverse("students:roster-confirm", args=[unusual.roster.pk]), data)

        unusual.roster.refresh_from_db()
        assert answer.status_code == 200
        assert 'role="alert"' in named(answer)
        assert unusual.roster.state == RosterState.CHECKED

    def test_is_taken_with_both(self, unusual):
        unusual.post(
            reverse("students:roster-confirm", args=[unusual.roster.pk]),
            {"reason": "教学点撤并到中心校", "term_name": "2021年秋季学期"},
        )
        work_off()

        unusual.roster.refresh_from_db()
        assert (unusual.roster.state, unusual.roster.reason) == (RosterState.IN_FORCE, "教学点撤并到中心校")


class TestAnotherOfficesList:
    def test_is_kept_and_its_reading_ordered(self, as_role):
        load_national()
        line = ["城关镇", "东关村", "H1", "1", "张一", resident_id(1), "之子", "脱贫户", "", "张大山"]
        client = as_role("preparer")

        answer = client.post(
            reverse("students:register-upload"),
            {
                "source": "registered-poor",
                "as_of": "2021-10-01",
                "file": SimpleUploadedFile("脱贫人口.xlsx", xlsx(REGISTER_HEAD, [line])),
            },
        )
        work_off()

        snapshot = RegisterSnapshot.objects.get()
        shown = named(client.get(snapshot.get_absolute_url()))
        assert answer.headers["Location"] == snapshot.get_absolute_url()
        assert (snapshot.state, snapshot.as_of, snapshot.people) == (SnapshotState.FROZEN, date(2021, 10, 1), 1)
        assert snapshot.file.sha256 in shown
        assert "张一" in shown
        assert resident_id(1) not in shown

    def test_of_tomorrow_is_refused(self, as_role):
        load_national()

        answer = as_role("preparer").post(
            reverse("students:register-upload"),
            {
                "source": "registered-poor",
                "as_of": "2999-01-01",
                "file": SimpleUploadedFile("名单.xlsx", xlsx(REGISTER_HEAD, [])),
            },
        )

        assert "名单日期不能晚于今天" in named(answer)
        assert not RegisterSnapshot.objects.exists()

    def test_is_withdrawn_with_a_reason(self, as_role, own):
        client = as_role("preparer")
        address = reverse("students:snapshot-withdraw", args=[own.snapshot.pk])

        client.post(address, {"reason": ""})
        own.snapshot.refresh_from_db()
        assert own.snapshot.state == SnapshotState.FROZEN

        client.post(address, {"reason": "部门重新提供"})
        own.snapshot.refresh_from_db()
        assert (own.snapshot.state, own.snapshot.withdrawn_reason) == (SnapshotState.WITHDRAWN, "部门重新提供")

    def test_is_not_for_schools(self, as_role, own):
        assert as_role("school", school=own.school).get(own.snapshot.get_absolute_url()).status_code == 403


class TestTheCrosscheck:
    def test_begins_with_the_chosen_lists(self, as_role):
        make.TermFactory()
        old, new = [make.RegisterSnapshotFactory(as_of=date(2021, month, 1)) for month in (3, 9)]
        client = as_role("preparer")

        proposed = client.get(reverse("students:crosscheck-begin")).context["form"].initial["snapshots"]
        answer = client.post(reverse("students:crosscheck-begin"), {"snapshots": [new.pk], "confirms": "near"})

        check = Crosscheck.objects.get()
        assert proposed == [new]
        assert answer.headers["Location"] == check.get_absolute_url()
        assert list(check.snapshots.all()) == [new]
        assert Job.objects.get().params == {"crosscheck_id": check.pk}
        assert old.state == SnapshotState.FROZEN

    def test_shows_what_waits_first(self, as_role, own):
        make.MatchFactory(enrollment__school=own.school)

        context = as_role("auditor").get(own.crosscheck.get_absolute_url()).context

        assert [match.pk for match in context["page"]] == [own.match.pk]
        assert [(tab.key, tab.count) for tab in context["tabs"] if tab.count] == [("suspected", 1), ("sure", 1)]


class TestASuspicion:
    @pytest.mark.parametrize(("role", "is_shown"), [("preparer", True), ("auditor", False)])
    def test_marks_the_slip_for_who_may_see_the_number_and_shows_no_more_of_it(self, as_role, role, is_shown):
        number = resident_id(7)
        slip = number[:9] + str((int(number[9]) + 1) % 10) + number[10:]
        match = make.MatchFactory(suspected=True, enrollment__student__id_number=number, person__id_number=slip)

        shown = named(as_role(role).get(match.get_absolute_url()))

        assert (f"<mark>{number[9]}</mark>" in shown) is is_shown
        assert (f"<mark>{slip[9]}</mark>" in shown) is is_shown
        assert number not in shown
        assert number[6:14] not in shown

    @pytest.mark.parametrize(("role", "is_whole"), [("preparer", True), ("auditor", False)])
    def test_tells_a_whole_birth_date_only_who_may_see_the_number(self, as_role, role, is_whole):
        match = make.MatchFactory(suspected=True, person__household_no="H1")
        make.RegisterPersonFactory(
            snapshot=match.person.snapshot, household_no="H1", born_on=match.person.born_on, row=2
        )
        client = as_role(role)

        pages = [match.get_absolute_url(), match.person.snapshot.get_absolute_url()]

        day = f"{match.person.born_on:%Y-%m-%d}"
        assert [day in named(client.get(page)) for page in pages] == [is_whole, is_whole]

    def test_is_decided_and_leads_to_the_next_one(self, as_role, own):
        following = make.MatchFactory(suspected=True, enrollment__school=own.school, score=10)
        client = as_role("approver")

        answer = client.post(
            reverse("students:match-decide", args=[own.match.pk]) + "?school=" + own.school.code,
            {"is_same": "yes", "note": "电话核实过监护人"},
        )

        own.match.refresh_from_db()
        assert answer.headers["Location"] == f"{following.get_absolute_url()}?school={own.school.code}"
        assert (own.match.state, own.match.decided_by, own.match.note) == (
            MatchState.CONFIRMED, client.user, "电话核实过监护人"
        )  # fmt: skip

    def test_after_the_last_one_the_run_is_shown(self, as_role, own):
        answer = as_role("preparer").post(
            reverse("students:match-decide", args=[own.match.pk]), {"is_same": "no", "note": "同名不同人"}
        )

        own.match.refresh_from_db()
        assert answer.headers["Location"] == own.crosscheck.get_absolute_url()
        assert own.match.state == MatchState.REJECTED

    @pytest.mark.parametrize("data", [{"is_same": "yes"}, {"note": "看过"}, {"is_same": "maybe", "note": "看过"}])
    def test_needs_a_word_and_against_the_evidence_a_reason_and_keeps_what_was_typed(self, as_role, own, data):
        Match.objects.filter(pk=own.match.pk).update(reasons=["id-absent", "name-differs"])

        answer = as_role("preparer").post(reverse("students:match-decide", args=[own.match.pk]), data)

        own.match.refresh_from_db()
        assert answer.status_code == 200
        assert data.get("note", "") in named(answer)
        assert own.match.state == MatchState.SUSPECTED

    def test_is_only_read_by_auditors(self, as_role, own):
        client = as_role("auditor")

        assert reverse("students:match-decide", args=[own.match.pk]) not in named(
            client.get(own.match.get_absolute_url())
        )
        answer = client.post(reverse("students:match-decide", args=[own.match.pk]), {"is_same": "yes", "note": "看过"})
        assert answer.status_code == 403
        assert Match.objects.get().state == MatchState.SUSPECTED
