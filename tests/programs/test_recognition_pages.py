"""The pages of recognition lists: who hands in what for whom, and what a school reads of its own file."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from jobs import run
from jobs.models import Job
from programs.choices import RecognitionListState
from programs.models import RecognitionList
from tests import factories as make
from tests.workbooks import RECOGNITION_HEAD, xlsx

pytestmark = pytest.mark.django_db
UPLOAD = "programs:recognition-upload"


def words(answer):
    return answer.content.decode()


def file(rows):
    return SimpleUploadedFile("认定名单.xlsx", xlsx(RECOGNITION_HEAD, rows))


def line(child, level="困难"):
    return [1, child.name, child.id_number, "三年级", "1班", level, ""]


def work_off():
    """What the worker would do meanwhile."""
    for job in Job.objects.waiting().order_by("pk"):
        run.execute(job.pk)


@pytest.fixture
def child():
    return make.EnrollmentFactory(student__name="欧阳小雨")


class TestHandingIn:
    def test_keeps_the_file_for_the_own_school_and_orders_its_reading(self, as_role, child):
        client = as_role("school", school=child.school)

        answer = client.post(reverse(UPLOAD), {"file": file([line(child.student)])})

        uploaded = RecognitionList.objects.get()
        assert answer.headers["Location"] == uploaded.get_absolute_url()
        assert (uploaded.school, uploaded.term, uploaded.uploaded_by) == (child.school, child.term, client.user)
        assert Job.objects.get().params == {"list_id": uploaded.pk}

    def test_takes_no_other_school_from_an_officer(self, as_role, child):
        other = make.SchoolFactory()

        as_role("school", school=child.school).post(
            reverse(UPLOAD), {"school": other.code, "file": file([line(child.student)])}
        )

        assert RecognitionList.objects.get().school == child.school

    def test_lets_the_county_say_for_which_school(self, as_role, child):
        as_role("preparer").post(reverse(UPLOAD), {"school": child.school.code, "file": file([line(child.student)])})

        assert RecognitionList.objects.get().school == child.school

    def test_says_beside_the_field_why_a_file_is_refused(self, as_role, child):
        broken = SimpleUploadedFile("认定名单.xlsx", b"")

        answer = as_role("school", school=child.school).post(reverse(UPLOAD), {"file": broken})

        assert answer.context["form"].errors["file"]
        assert not RecognitionList.objects.exists()

    def test_of_a_closed_term_is_refused_in_words(self, as_role, child):
        child.term.state = "closed"
        child.term.save()

        answer = as_role("school", school=child.school).post(reverse(UPLOAD), {"file": file([line(child.student)])})

        assert "该学期已经结束，不能再上传认定名单。" in words(answer)

    def test_has_no_place_before_the_first_term(self, as_role):
        assert as_role("preparer").get(reverse(UPLOAD)).status_code == 404


class TestList:
    def hand_in(self, client, rows):
        return client.post(reverse(UPLOAD), {"file": file(rows)}).headers["Location"]

    def test_shows_how_far_the_reading_is(self, as_role, child):
        client = as_role("school", school=child.school)

        assert "正在排队" in words(client.get(self.hand_in(client, [line(child.student)])))

    def test_names_the_recognized_and_the_lines_left_out_with_the_remedy(self, as_role, child):
        client = as_role("school", school=child.school)
        address = self.hand_in(
            client, [line(child.student), line(make.StudentFactory()), line(child.student, "很困难")]
        )
        work_off()

        page = client.get(address)

        assert [recognition.student for recognition in page.context["page"]] == [child.student]
        assert [(left_out.row, left_out.what) for left_out in page.context["not_taken"]] == [
            (3, "本校现行花名册里没有这名学生。"),
            (4, "没有认定等级，或等级不是规定的写法。"),
        ]
        assert "请填“特别困难”“困难”“一般困难”或“不困难”。" in words(page)

    def test_shows_no_whole_number(self, as_role, child):
        client = as_role("school", school=child.school)
        address = self.hand_in(client, [line(child.student)])
        work_off()

        shown = words(client.get(address))

        assert child.student.masked_id in shown
        assert child.student.id_number not in shown

    def test_says_why_a_file_could_not_be_read(self, as_role, child):
        client = as_role("school", school=child.school)
        address = self.hand_in(client, [line(make.StudentFactory())])
        work_off()

        assert "名单里没有本校花名册中的学生" in words(client.get(address))
        assert RecognitionList.objects.get().state == RecognitionListState.REFUSED

    def test_is_found_by_level(self, as_role, child):
        other = make.EnrollmentFactory(school=child.school)
        client = as_role("school", school=child.school)
        address = self.hand_in(client, [line(child.student), line(other.student, "特别困难")])
        work_off()

        page = client.get(address, {"tab": "special"})

        assert [recognition.student for recognition in page.context["page"]] == [other.student]


class TestLists:
    def test_are_those_of_the_own_school_only(self, as_role):
        own, foreign = make.RecognitionListFactory(), make.RecognitionListFactory()

        shown = words(as_role("school", school=own.school).get(reverse("programs:recognitions")))

        assert own.get_absolute_url() in shown
        assert foreign.get_absolute_url() not in shown

    def test_are_those_of_the_chosen_term(self, as_role):
        make.RecognitionListFactory(term=make.TermFactory(code="2021S"))
        make.TermFactory(code="2021A")

        assert as_role("preparer").get(reverse("programs:recognitions")).context["page"].total == 0

    def test_lead_the_officer_to_the_upload_and_the_auditor_not(self, as_role):
        make.TermFactory()

        assert reverse(UPLOAD) in words(as_role("school").get(reverse("programs:recognitions")))
        assert reverse(UPLOAD) not in words(as_role("auditor").get(reverse("programs:recognitions")))
