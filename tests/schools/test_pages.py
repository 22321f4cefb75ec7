"""Schools: the list with the term's children, one school, and the sheet that adds and changes many."""

import io
from time import perf_counter

import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Action
from schools.models import School
from schools.resources import SchoolResource
from tests import factories as make
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db

HEAD = ("学校标识码", "学校名称", "乡镇", "学校类型", "办别", "寄宿", "户名", "开户行", "账号")


@pytest.fixture(autouse=True)
def _reference():
    make.TownFactory()
    make.SchoolKindFactory()


def line(number, **cells):
    values = {
        "code": f"41162{number:05d}",
        "name": f"第{number}小学",
        "town": "城关镇",
        "kind": "完全小学",
        "ownership": "公办",
        "boarding": "是",
        "holder": f"第{number}小学",
        "bank": "农商行",
        "account": f"62000000{number:08d}",
        **cells,
    }
    return list(values.values())


def sheet(*lines):
    return SimpleUploadedFile("学校名单.xlsx", xlsx(HEAD, lines, above=("示范县学校名单",)))


class TestTheResource:
    def test_adds_a_county_of_schools_in_a_moment(self, django_assert_max_num_queries):
        dataset = tablib.Dataset(*[line(number) for number in range(1, 1101)], headers=HEAD)

        begun = perf_counter()
        with django_assert_max_num_queries(40):
            result = SchoolResource().import_data(dataset, raise_errors=True)

        assert result.totals["new"] == School.objects.count() == 1100
        assert perf_counter() - begun < 5
        assert School.objects.get(code="4116200007").account_number == "6200000000000007"

    def test_brought_again_changes_nothing(self):
        dataset = tablib.Dataset(line(1), line(2), headers=HEAD)
        SchoolResource().import_data(dataset, raise_errors=True)

        result = SchoolResource().import_data(dataset, raise_errors=True)

        assert (result.totals["new"], result.totals["update"], result.totals["skip"]) == (0, 0, 2)

    def test_brings_known_schools_up_to_date(self):
        SchoolResource().import_data(tablib.Dataset(line(1), line(2), headers=HEAD), raise_errors=True)

        SchoolResource().import_data(
            tablib.Dataset(line(1, name="城关一小", boarding="否"), headers=HEAD), raise_errors=True
        )

        changed = School.objects.get(code="4116200001")
        assert (changed.name, changed.has_boarding, changed.account_number) == ("城关一小", False, "6200000000000001")
        assert School.objects.count() == 2

    def test_a_masked_number_and_a_missing_column_leave_what_is_known(self):
        SchoolResource().import_data(tablib.Dataset(line(1), headers=HEAD), raise_errors=True)

        SchoolResource().import_data(tablib.Dataset(line(1, name="城关一小", account="****0001"), headers=HEAD))
        SchoolResource().import_data(tablib.Dataset(line(1, name="城关二小")[:4], headers=HEAD[:4]))

        school = School.objects.get()
        assert (school.name, school.account_number, school.account_bank) == ("城关二小", "6200000000000001", "农商行")


class TestTheSheet:
    def test_is_looked_at_before_anything_changes(self, as_role):
        client = as_role("preparer")

        outcome = client.post(reverse("schools:import"), {"file": sheet(line(1), line(2))}).context["outcome"]

        assert (outcome.rows, outcome.added, outcome.changed) == (2, 2, 0)
        assert not School.objects.exists()

    def test_is_taken_on_a_word_and_every_school_has_its_trace(self, as_role):
        client = as_role("approver")
        make.SchoolFactory(code="4116200001", name="旧名")

        client.post(reverse("schools:import"), {"file": sheet(line(1), line(2))})
        client.post(reverse("schools:import-confirm"))

        verbs = list(Action.objects.order_by("pk").values_list("verb", "target_label"))
        assert sorted(verbs) == [("school.added", "第2小学"), ("school.changed", "第1小学")]
        assert "学校名称" in Action.objects.get(verb="school.changed").details["columns"]
        assert School.objects.count() == 2

    def test_cannot_be_taken_twice(self, as_role):
        client = as_role("preparer")
        client.post(reverse("schools:import"), {"file": sheet(line(1))})
        client.post(reverse("schools:import-confirm"))

        answer = client.post(reverse("schools:import-confirm"))

        assert answer.headers["Location"] == reverse("schools:import")
        assert Action.objects.filter(verb="school.added").count() == 1

    def test_says_of_each_row_what_is_wrong_and_takes_the_others(self, as_role):
        client = as_role("preparer")
        wrong = [line(2, town="没有乡"), line(3, code="12"), line(4, kind="大学"), line(5, boarding="也许"), line(1)]

        outcome = client.post(reverse("schools:import"), {"file": sheet(line(1), *wrong)}).context["outcome"]
        client.post(reverse("schools:import-confirm"))

        assert outcome.refused == [
            (4, ["乡镇：没有名为“没有乡”的乡镇。"]),
            (5, ["学校标识码：学校标识码是 10 位数字。"]),
            (6, ["学校类型：没有名为“大学”的学校类型。"]),
            (7, ["寄宿：“也许”看不懂，请填“是”或“否”。"]),
            (8, ["学校标识码：与第 1 所学校的标识码相同。"]),
        ]
        assert [school.name for school in School.objects.all()] == ["第1小学"]

    def test_lies_sealed_between_look_and_word(self, as_role):
        client = as_role("preparer")

        client.post(reverse("schools:import"), {"file": sheet(line(1))})

        assert "PK" not in client.session["school-list"][:8]

    def test_is_not_for_schools_and_auditors(self, as_role):
        for role in ("school", "auditor"):
            assert as_role(role).post(reverse("schools:import"), {"file": sheet(line(1))}).status_code == 403
        assert not School.objects.filter(code__startswith="41162").exists()


class TestTheExport:
    def test_comes_back_as_it_went(self, as_role):
        SchoolResource().import_data(tablib.Dataset(line(1), line(2), headers=HEAD), raise_errors=True)
        client = as_role("preparer")

        exported = client.get(reverse("schools:export")).content
        outcome = client.post(
            reverse("schools:import"), {"file": SimpleUploadedFile("学校名单.xlsx", exported)}
        ).context["outcome"]

        rows = list(load_workbook(io.BytesIO(exported)).active.values)
        assert rows[0] == HEAD
        assert rows[1][-1] == "****0001"
        assert (outcome.unchanged, outcome.changes, outcome.refused) == (2, [], [])


class TestTheList:
    def test_counts_the_children_of_the_term(self, as_role):
        enrollment = make.EnrollmentFactory()
        make.EnrollmentFactory(school=enrollment.school, state="left")
        make.EnrollmentFactory(school=enrollment.school, term=make.TermFactory(code="2021S"))

        lines = as_role("preparer").get(reverse("schools:list")).context["lines"]

        assert lines == [(enrollment.school, 1)]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"q": "一小"}, {"城关一小"}),
            ({"q": "39"}, {"城关一小", "东关二小"}),
            ({"town": "x"}, {"城关一小", "东关二小"}),
        ],
    )
    def test_can_be_narrowed(self, as_role, query, found):
        make.SchoolFactory(name="城关一小"), make.SchoolFactory(name="东关二小")

        assert {
            school.name for school in as_role("auditor").get(reverse("schools:list"), query).context["page"]
        } == found


class TestASchool:
    def test_shows_its_account_masked(self, as_role):
        school = make.SchoolFactory()

        shown = as_role("school", school=school).get(school.get_absolute_url()).content.decode()

        assert school.account_number not in shown
        assert f"****{school.account_number[-4:]}" in shown

    def test_is_not_there_for_another_school(self, as_role):
        assert as_role("school").get(make.SchoolFactory().get_absolute_url()).status_code == 404
