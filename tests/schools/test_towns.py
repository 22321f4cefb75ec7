"""Towns: kept by hand and by sheet, each change with its trace."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Action
from schools.models import Town
from tests import factories as make
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db

HEAD = ("代码", "名称", "县城", "排序")


def bring(client, *lines, head=HEAD):
    file = SimpleUploadedFile("乡镇.xlsx", xlsx(head, lines))
    return client.post(reverse("schools:towns-import"), {"file": file}).context["outcome"]


class TestTheForm:
    def test_adds_a_town(self, as_role):
        as_role("preparer").post(
            reverse("schools:town-create"), {"code": "990101300000", "name": "白云镇", "position": 3}
        )

        town = Town.objects.get()
        assert (town.code, town.name, town.is_county_town, town.position) == ("990101300000", "白云镇", False, 3)
        assert Action.objects.get().verb == "town.added"

    def test_refuses_a_name_that_is_taken(self, as_role):
        make.TownFactory(name="白云镇")

        answer = as_role("preparer").post(
            reverse("schools:town-create"), {"code": "990101300000", "name": "白云镇", "position": 3}
        )

        assert answer.context["form"].non_field_errors() == ["已经有这个代码或名称的乡镇。"]
        assert Town.objects.count() == 1

    def test_changes_a_town_and_names_what_changed(self, as_role):
        town = make.TownFactory(name="白云镇")

        as_role("approver").post(
            reverse("schools:town", args=[town.code]), {"name": "白云镇", "position": 0, "is_county_town": "on"}
        )

        town.refresh_from_db()
        assert town.is_county_town
        assert Action.objects.get().details == {"columns": ["县城"]}

    def test_leaves_schools_where_they_said_they_are(self, as_role):
        school = make.SchoolFactory(is_county_town=False)

        as_role("preparer").post(
            reverse("schools:town", args=[school.town_id]), {"name": "县城", "position": 0, "is_county_town": "on"}
        )

        school.refresh_from_db()
        assert not school.is_county_town


class TestTheSheet:
    def test_is_looked_at_first_and_taken_on_a_word(self, as_role):
        make.TownFactory(code="990101100000", name="旧名")
        client = as_role("preparer")

        outcome = bring(client, ("990101100000", "城关镇", "是", 1), ("990101200000", "白云镇", "否", 2))
        before = Town.objects.count()
        client.post(reverse("schools:towns-import-confirm"))

        assert (before, outcome.added, outcome.changed) == (1, 1, 1)
        assert list(Town.objects.values_list("name", "is_county_town", "position")) == [
            ("城关镇", True, 1),
            ("白云镇", False, 2),
        ]
        assert sorted(Action.objects.values_list("verb", flat=True)) == ["town.added", "town.changed"]

    def test_says_of_each_row_what_is_wrong(self, as_role):
        make.TownFactory(code="990101100000", name="城关镇")

        outcome = bring(
            as_role("preparer"),
            ("12", "短码乡", "", ""),
            ("990101200000", "城关镇", "", ""),
            ("990101300000", "", "", ""),
            ("990101400000", "白云镇", "也许", "第一"),
            ("990101500000", "青山乡", "", ""),
            ("990101500000", "绿水乡", "", ""),
        )

        assert outcome.refused == [
            (2, ["代码：乡镇代码是 6 到 12 位数字。"]),
            (3, ["名称：已经有名为“城关镇”的乡镇。"]),
            (4, ["名称：没有填写名称。"]),
            (5, ["县城：“也许”看不懂，请填“是”或“否”。", "排序：“第一”看不懂，请填一个整数。"]),
            (7, ["代码：与第 5 个乡镇的代码相同。"]),
        ]
        assert outcome.added == 1

    def test_that_went_out_comes_back_unchanged(self, as_role):
        make.TownFactory(code="990101100000", name="城关镇", is_county_town=True, position=1)
        make.TownFactory(code="990101200000", name="白云镇", position=2)
        client = as_role("preparer")

        exported = client.get(reverse("schools:towns-export")).content
        rows = list(load_workbook(io.BytesIO(exported)).active.values)
        outcome = bring(client, *rows[1:], head=rows[0])

        assert rows[0] == HEAD
        assert (outcome.unchanged, outcome.changes, outcome.refused) == (2, [], [])


class TestTheList:
    def test_counts_the_schools_that_are_open(self, as_role):
        school = make.SchoolFactory()
        make.SchoolFactory(town=school.town, is_active=False)

        [town] = as_role("auditor").get(reverse("schools:towns")).context["page"]

        assert (town, town.running) == (school.town, 1)
