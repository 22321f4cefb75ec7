"""A school's way with its file on the pages: see what is wrong, mend it in three ways, look twice, hand in."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Action
from jobs import run
from jobs.models import Job
from programs.reference import load_national
from schools.models import SchoolKind
from students.choices import RosterState
from students.models import Enrollment, Roster, RosterCorrection
from tests import factories as make
from tests.factories import resident_id
from tests.workbooks import roster, roster_row

pytestmark = pytest.mark.django_db


def child(number, **facts):
    return roster_row(number, **{"id_number": resident_id(number), **facts})


def work_off():
    """What the worker would do meanwhile."""
    for job in Job.objects.waiting().order_by("pk"):
        run.execute(job.pk)


@pytest.fixture
def school():
    load_national()
    make.TermFactory()
    return make.SchoolFactory(code="4116250001", name="示范小学", kind=SchoolKind.objects.get(pk="primary"))


@pytest.fixture
def officer(as_role, school):
    return as_role("school", school=school)


def hand_in(officer, rows):
    content = roster(rows, school="示范小学", code="4116250001", term="2021A")
    officer.post(reverse("students:roster-upload"), {"file": SimpleUploadedFile("花名册.xlsx", content)})
    work_off()
    return Roster.objects.latest("pk")


def press(officer, name, found, **data):
    answer = officer.post(reverse(f"students:{name}", args=[found.pk]), data, follow=True)
    found.refresh_from_db()
    return answer.content.decode()


class TestMendingOnThePage:
    def test_offers_a_field_for_every_cell_that_is_wrong(self, officer):
        found = hand_in(officer, [child(1, grade="高九"), child(2)])

        page = officer.get(found.get_absolute_url()).content.decode()

        assert 'name="cell:4:grade"' in page
        assert 'name="drop" value="4"' in page

    def test_saves_what_was_typed_and_checks_at_once(self, officer):
        found = hand_in(officer, [child(1, grade="高九"), child(2, class_name=""), child(3)])

        page = press(officer, "roster-correct", found, **{"cell:4:grade": "三年级", "cell:5:class_name": "2班"})

        assert (found.state, found.rows_refused, found.rows_good) == (RosterState.CHECKED, 0, 3)
        assert "已改正并重新校验。" in page
        assert "已改正的单元格" in page

    def test_takes_a_word_for_a_doubt(self, officer):
        found = hand_in(officer, [roster_row(1), child(2)])

        press(officer, "roster-correct", found, **{"cell:4:id_number": "", "cell:4:note": "户口正在办理"})

        assert found.rows_doubtful == 0

    def test_takes_a_proposal_with_one_press(self, officer):
        found = hand_in(officer, [child(1, name="王 小一"), child(2)])
        [issue] = found.issues.filter(field="name")

        press(officer, "roster-correct", found, accept="4:name")

        assert RosterCorrection.objects.get().value == issue.repair == "王小一"
        assert not found.issues.filter(field="name").exists()

    def test_takes_all_proposals_of_a_kind_with_one_press(self, officer):
        found = hand_in(officer, [child(1, name="王 小一"), child(2, name="王 小二")])
        [code] = set(found.issues.filter(field="name").values_list("code", flat=True))

        press(officer, "roster-correct", found, accept_all=code)

        assert RosterCorrection.objects.count() == 2
        assert not found.issues.filter(field="name").exists()

    def test_never_shows_a_whole_number_even_as_a_proposal(self, officer):
        number = resident_id(1)
        found = hand_in(officer, [child(1, id_number=f"{number[:6]} {number[6:]}"), child(2)])

        page = officer.get(found.get_absolute_url()).content.decode()

        assert found.issues.get(repair__isnull=False).repair == number
        assert number not in page

    def test_leaves_a_row_out_and_takes_that_back(self, officer):
        found = hand_in(officer, [child(1), child(1), child(2)])

        press(officer, "roster-correct", found, drop="5")
        assert (found.rows_read, found.rows_refused) == (2, 0)
        press(officer, "roster-correct", found, undo="5:")

        assert (found.rows_read, found.rows_refused) == (3, 1)

    @pytest.mark.parametrize("data", [{}, {"cell:4:grade": " "}, {"accept": "4:grade"}, {"drop": "x"}, {"undo": "x:y"}])
    def test_with_nothing_to_save_says_so_and_changes_nothing(self, officer, data):
        found = hand_in(officer, [child(1, grade="高九")])

        page = press(officer, "roster-correct", found, **data)

        assert 'class="alert alert-red"' in page or "alert-red" in page
        assert not RosterCorrection.objects.exists()
        assert found.checks == 1

    def test_is_for_the_own_school_and_leaves_a_trace_without_values(self, officer, as_role):
        found = hand_in(officer, [child(1, grade="高九")])
        address = reverse("students:roster-correct", args=[found.pk])

        assert as_role("school").post(address, {"cell:4:grade": "三年级"}).status_code == 404
        assert as_role("auditor").post(address, {"cell:4:grade": "三年级"}).status_code == 403
        press(officer, "roster-correct", found, **{"cell:4:grade": "三年级"})

        assert Action.objects.get(verb="roster.corrected").details == {"cells": 1}


class TestHandingIn:
    def test_takes_the_good_rows_now_and_the_rest_later(self, officer):
        found = hand_in(officer, [child(1), child(2, grade="高九")])
        press(officer, "roster-confirm", found)
        work_off()
        assert Enrollment.objects.studying().count() == 1

        press(officer, "roster-rest", found)
        work_off()
        rest = Roster.objects.latest("pk")
        press(officer, "roster-correct", rest, **{"cell:5:grade": "三年级"})
        press(officer, "roster-confirm", rest)
        work_off()

        assert Enrollment.objects.studying().count() == 2
        found.refresh_from_db()
        assert found.state == RosterState.SUPERSEDED

    def test_asks_for_one_word_where_doubts_have_none(self, officer):
        found = hand_in(officer, [roster_row(1), child(2)])

        page = press(officer, "roster-confirm", found)
        assert "存疑行的统一说明" in page
        assert found.state == RosterState.CHECKED
        press(officer, "roster-confirm", found, word="户口正在办理")

        assert found.state == RosterState.COMMITTING

    def test_is_told_when_another_version_was_quicker_and_may_check_again(self, officer, school):
        found = hand_in(officer, [child(1)])
        make.RosterFactory(school=school, term=found.term, version=9)

        assert "换成第 9 版" in press(officer, "roster-confirm", found)
        press(officer, "roster-check-again", found)
        assert found.compared_with == 9
        press(officer, "roster-confirm", found)

        assert found.state == RosterState.COMMITTING


class TestVersions:
    def test_stay_readable_with_their_names_and_the_hash_of_the_file(self, officer):
        first = hand_in(officer, [child(1), child(2)])
        press(officer, "roster-confirm", first)
        work_off()
        second = hand_in(officer, [child(1), child(2), child(3)])

        names = officer.get(reverse("students:roster-rows", args=[first.pk])).content.decode()
        page = officer.get(second.get_absolute_url()).content.decode()

        assert child(2)[1] in names
        assert child(3)[1] not in names
        assert resident_id(1) not in names
        assert first.get_absolute_url() in page
        assert second.file.sha256 in page

    def test_say_why_the_county_sent_one_back(self, officer):
        found = hand_in(officer, [child(1)])
        Roster.objects.filter(pk=found.pk).update(
            sent_back_by=make.UserFactory(name="县经办"), sent_back_at=make.NOW, sent_back_reason="缺三年级二班"
        )

        assert "缺三年级二班" in officer.get(found.get_absolute_url()).content.decode()

    def test_say_when_the_county_handed_in_for_the_school(self, as_role, school):
        content = roster([child(1)], school="示范小学", code="4116250001", term="2021A")
        county = as_role("preparer")
        data = {"school": school.code, "file": SimpleUploadedFile("花名册.xlsx", content)}
        county.post(reverse("students:roster-upload"), data)
        work_off()

        page = county.get(Roster.objects.get().get_absolute_url()).content.decode()

        assert "由县资助中心代办" in page
