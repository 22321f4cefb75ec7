"""Schools: the list with the term's children, one school, and the sheet that adds and changes many."""

import io
from importlib import import_module
from time import perf_counter

import pytest
import tablib
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Action
from schools.models import School
from schools.resources import SchoolResource
from tests import factories as make
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db

HEAD = (
    "学校标识码", "学校名称", "乡镇", "学校类型", "学段", "办别", "县城", "寄宿", "户名", "开户行", "账号",
)  # fmt: skip


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
        "stages": "",
        "ownership": "公办",
        "in_town": "",
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


class TestStagesOfItsOwn:
    def test_are_those_of_its_kind_until_some_are_chosen(self):
        primary, junior = make.StageFactory(code="primary"), make.StageFactory(code="junior")
        school = make.SchoolFactory(kind=make.SchoolKindFactory(code="nine-year", stages=[primary, junior]))
        assert school.stage_codes() == {"primary", "junior"}

        school.stages.add(primary)

        assert School.objects.get().stage_codes() == {"primary"}
        assert list(School.objects.teaching(["junior"])) == []
        assert list(School.objects.teaching(["primary", "junior"])) == [school]

    def test_come_with_the_sheet_and_go_out_again(self, as_role):
        make.StageFactory(code="primary", position=1), make.StageFactory(code="junior", position=2)
        client = as_role("preparer")

        client.post(reverse("schools:import"), {"file": sheet(line(1, stages="初中、小学"), line(2, stages="大学"))})
        client.post(reverse("schools:import-confirm"))

        assert School.objects.get().stage_codes() == {"primary", "junior"}
        rows = list(load_workbook(io.BytesIO(client.get(reverse("schools:export")).content)).active.values)
        assert rows[1][HEAD.index("学段")] == "小学、初中"

    def test_changed_by_a_sheet_leave_their_name_in_the_log(self, as_role):
        make.StageFactory(code="primary"), make.StageFactory(code="junior")
        client = as_role("preparer")
        for stages in ("小学、初中", "小学"):
            client.post(reverse("schools:import"), {"file": sheet(line(1, stages=stages))})
            client.post(reverse("schools:import-confirm"))

        assert Action.objects.get(verb="school.changed").details["columns"] == ["学段"]
        assert School.objects.get().stage_codes() == {"primary"}


class TestTheCountyTown:
    def test_of_schools_from_before_is_that_of_their_town(self):
        seat = make.TownFactory(code="990101200000", name="县城街道", is_county_town=True)
        inside, outside = make.SchoolFactory(town=seat, is_county_town=False), make.SchoolFactory()

        import_module("schools.migrations.0003_own_stages_and_place").copy_from_town(apps, None)

        assert dict(School.objects.values_list("pk", "is_county_town")) == {inside.pk: True, outside.pk: False}

    def test_is_where_the_town_of_a_new_school_is_unless_the_sheet_says_otherwise(self, as_role):
        make.TownFactory(code="990101200000", name="县城街道", is_county_town=True)
        client = as_role("preparer")

        lines = [line(1, town="县城街道"), line(2, town="县城街道", in_town="否"), line(3), line(4, in_town="是")]
        client.post(reverse("schools:import"), {"file": sheet(*lines)})
        client.post(reverse("schools:import-confirm"))

        assert list(School.objects.order_by("code").values_list("is_county_town", flat=True)) == [
            True, False, False, True,
        ]  # fmt: skip

    def test_of_a_known_school_stays_where_the_cell_is_empty(self, as_role):
        school = make.SchoolFactory(code="4116200001", is_county_town=True)
        client = as_role("preparer")

        client.post(reverse("schools:import"), {"file": sheet(line(1))})
        client.post(reverse("schools:import-confirm"))

        school.refresh_from_db()
        assert (school.name, school.is_county_town) == ("第1小学", True)


def facts(**changed):
    return {
        "name": "城关一小",
        "town": "990101100000",
        "kind": "primary",
        "ownership": "public",
        "has_boarding": "on",
        "account_holder": "",
        "account_bank": "",
        "account_number": "",
        **changed,
    }


class TestTheForm:
    def test_adds_a_school(self, as_role):
        stage = make.StageFactory()

        as_role("preparer").post(reverse("schools:create"), facts(code="4116200009", stages=[stage.code]))

        school = School.objects.get()
        assert (school.code, school.name, school.stage_codes()) == ("4116200009", "城关一小", {"primary"})
        assert Action.objects.get().verb == "school.added"

    def test_refuses_a_code_that_is_taken(self, as_role):
        make.SchoolFactory(code="4116200009")

        answer = as_role("preparer").post(reverse("schools:create"), facts(code="4116200009"))

        assert answer.context["form"].errors["code"] == ["已经有这个标识码的学校。"]
        assert School.objects.count() == 1

    def test_keeps_a_masked_account_and_names_the_changed_columns_without_numbers(self, as_role):
        school = make.SchoolFactory(name="旧名")
        number, client = school.account_number, as_role("approver")
        shown = client.get(reverse("schools:edit", args=[school.code])).content.decode()
        masked = f"****{number[-4:]}"

        client.post(
            reverse("schools:edit", args=[school.code]),
            facts(account_holder=school.account_holder, account_bank=school.account_bank, account_number=masked),
        )

        school.refresh_from_db()
        assert number not in shown
        assert masked in shown
        assert (school.name, school.account_number) == ("城关一小", number)
        assert Action.objects.get().details == {"columns": ["学校名称"]}

    def test_takes_a_new_account_whose_number_is_nowhere_in_the_log(self, as_role):
        school, number = make.SchoolFactory(), make.card_number(77)

        as_role("preparer").post(reverse("schools:edit", args=[school.code]), facts(account_number=number))

        school.refresh_from_db()
        assert school.account_number == number
        assert "学校账号" in Action.objects.get().details["columns"]
        assert number not in str(Action.objects.get().details)

    def test_saved_unchanged_leaves_no_trace(self, as_role):
        school = make.SchoolFactory(name="城关一小", account_holder="", account_bank="", account_number="")

        as_role("preparer").post(reverse("schools:edit", args=[school.code]), facts())

        assert not Action.objects.exists()


class TestClosing:
    def test_asks_for_a_reason_and_keeps_the_rows(self, as_role):
        enrollment = make.EnrollmentFactory()
        school, client = enrollment.school, as_role("preparer")
        address = reverse("schools:close", args=[school.code])

        refused = client.post(address, {"reason": " "})
        client.post(address, {"reason": "撤并到东关小学"})

        school.refresh_from_db()
        assert refused.context["form"].errors["reason"]
        assert not school.is_active
        assert list(school.enrollments.all()) == [enrollment]
        assert Action.objects.get(verb="school.closed").details == {"reason": "撤并到东关小学"}

    def test_nobody_signs_in_for_it_any_more(self, as_role):
        officer = make.UserFactory(officer=True)
        other = make.UserFactory(officer=True)

        as_role("preparer").post(reverse("schools:close", args=[officer.school.code]), {"reason": "撤并"})

        officer.refresh_from_db()
        other.refresh_from_db()
        assert (officer.is_active, other.is_active) == (False, True)
        assert set(Action.objects.values_list("verb", flat=True)) == {"account.changed", "school.closed"}

    def test_is_told_to_the_second_who_closes(self, as_role):
        school = make.SchoolFactory(is_active=False)

        answer = as_role("preparer").post(reverse("schools:close", args=[school.code]), {"reason": "撤并"}, follow=True)

        assert [str(message) for message in answer.context["messages"]] == [
            "状态已经变化，可能其他人刚刚办理过，请刷新页面后再看。"
        ]
        assert not Action.objects.exists()

    def test_can_be_taken_back(self, as_role):
        school = make.SchoolFactory(is_active=False)

        as_role("approver").post(reverse("schools:reopen", args=[school.code]))

        school.refresh_from_db()
        assert school.is_active
        assert Action.objects.get().verb == "school.reopened"
