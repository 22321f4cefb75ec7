"""Schools' officers: kept by county staff, handed over without losing anything, brought and taken along as a sheet."""

import io
import re
from datetime import date
from time import perf_counter

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts import imports, officer_lists, officers, users
from accounts.models import Action, User
from common.roles import Role
from jobs import run
from jobs.models import Job
from programs.reference import load_national
from schools.models import SchoolKind
from students import rosters
from students.models import Enrollment
from tests import factories as make
from tests.workbooks import roster, roster_row, xlsx

pytestmark = pytest.mark.django_db

SHOWN = re.compile(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}")
HEAD = ("学校标识码", "学校名称", "姓名", "账号", "状态")


def sheet(*lines, head=HEAD):
    return SimpleUploadedFile("专干名单.xlsx", xlsx(head, lines, above=("示范县学校资助专干名单",)))


def bring(client, *lines, head=HEAD):
    return client.post(reverse("accounts:officers-import"), {"file": sheet(*lines, head=head)})


class TestTheList:
    def test_shows_officers_and_no_other_account(self, as_role):
        officer = make.UserFactory(officer=True)

        for role in ("preparer", "approver", "admin"):
            assert list(as_role(role).get(reverse("accounts:officers")).context["page"]) == [officer]

    def test_tells_schools_that_nobody_works_for(self, as_role):
        make.UserFactory(principal=True, school=make.UserFactory(officer=True).school)
        left = make.UserFactory(officer=True, is_active=False).school
        never = make.SchoolFactory()
        make.UserFactory(principal=True, school=(signs_alone := make.SchoolFactory()))
        make.SchoolFactory(is_active=False)

        answer = as_role("preparer").get(reverse("accounts:officers"), {"tab": "vacant"})

        assert set(answer.context["page"]) == {left, never, signs_alone}
        assert [tab.count for tab in answer.context["tabs"]] == [4, 3, 1, 3]

    @pytest.mark.parametrize(
        "query", [{"q": "东关"}, {"name": "王"}, {"name": "east"}, {"town": "411625999"}, {"tab": "closed"}]
    )
    def test_can_be_narrowed(self, as_role, query):
        town = make.TownFactory(code="411625999", name="东关镇")
        school = make.SchoolFactory(name="东关小学", town=town)
        found = make.UserFactory(officer=True, school=school, name="王芳", username="east", is_active=False)
        make.UserFactory(officer=True, name="李强")

        assert list(as_role("preparer").get(reverse("accounts:officers"), query).context["page"]) == [found]


class TestWhoMayBeTouched:
    @pytest.mark.parametrize("name", ["officer-edit", "officer-reset", "officer-hand-over"])
    @pytest.mark.parametrize("role", [role for role in Role if role != Role.SCHOOL])
    def test_nobody_but_officers(self, as_role, name, role):
        address = reverse(f"accounts:{name}", args=[make.UserFactory(role=role).pk])
        client = as_role("preparer")

        assert (client.get(address).status_code, client.post(address).status_code) == (404, 404)

    @pytest.mark.parametrize("role", ["school", "auditor"])
    def test_by_nobody_but_county_staff(self, as_role, role):
        officer = make.UserFactory(officer=True)
        client = as_role(role)

        assert client.get(reverse("accounts:officers")).status_code == 403
        assert client.post(reverse("accounts:officer-hand-over", args=[officer.pk])).status_code == 403

    def test_county_staff_keep_no_other_accounts(self, as_role):
        assert as_role("approver").get(reverse("accounts:list")).status_code == 403


class TestAppointing:
    def test_opens_an_account_with_a_first_password(self, as_role):
        school = make.SchoolFactory(code="4116250001")
        client = as_role("preparer")

        asked = client.get(reverse("accounts:officer-create"), {"school": school.code}).content.decode()
        page = client.post(
            reverse("accounts:officer-create"), {"school": school.code, "name": "王芳", "username": ""}, follow=True
        ).content.decode()

        officer = User.objects.get(role=Role.SCHOOL)
        assert 'value="4116250001-01"' in asked
        assert (officer.username, officer.name, officer.school) == ("4116250001-01", "王芳", school)
        assert Client().login(username=officer.username, password=SHOWN.search(page)[0])
        assert Action.objects.get().verb == "account.created"

    def test_never_gives_a_name_twice(self):
        school, by = make.SchoolFactory(code="4116250001"), make.UserFactory()
        make.UserFactory(officer=True, school=school, username="4116250001-07", is_active=False)

        slip = officers.appoint(school=school, name="王芳", by=by, at=timezone.now())

        assert slip.user.username == "4116250001-08"

    def test_says_what_is_wrong(self, as_role):
        make.UserFactory(username="wang")

        page = (
            as_role("preparer")
            .post(reverse("accounts:officer-create"), {"school": "1", "name": "", "username": "Wang"})
            .content.decode()
        )

        assert "没有这个标识码的学校" in page
        assert "这个账号已经有了" in page
        assert not User.objects.filter(role=Role.SCHOOL).exists()


class TestPrincipal:
    def test_is_marked_when_the_account_is_opened_and_stays_with_whoever_comes_next(self, as_role):
        school, county = make.SchoolFactory(code="4116250001"), as_role("preparer")

        county.post(reverse("accounts:officer-create"), {"school": school.code, "name": "李校长", "is_principal": "on"})
        first = officers.principals(school.pk).get()
        officers.hand_over(
            first, name="赵校长", on=timezone.localdate(), reason="调动", by=county.user, at=timezone.now()
        )

        assert officers.principals(school.pk).get().name == "赵校长"

    def test_is_marked_and_unmarked_later_on_record(self, as_role):
        officer, county = make.UserFactory(officer=True), as_role("preparer")
        address = reverse("accounts:officer-edit", args=[officer.pk])

        county.post(address, {"name": officer.name, "is_active": "on", "is_principal": "on"})
        assert list(officers.principals(officer.school_id)) == [officer]
        assert Action.objects.get().details["changed"] == ["is_principal"]
        county.post(address, {"name": officer.name, "is_active": "on"})

        assert not officers.principals(officer.school_id).exists()

    def test_ends_where_the_account_leaves_the_school(self):
        officer = make.UserFactory(principal=True)

        users.change(
            officer,
            name=officer.name,
            role="auditor",
            school=None,
            is_active=True,
            by=make.UserFactory(admin=True),
            at=timezone.now(),
        )

        officer.refresh_from_db()
        assert not officer.is_principal


class TestChanging:
    def test_closes_an_account_and_ends_its_sessions(self, as_role):
        officer = make.UserFactory(officer=True)
        theirs = as_role("school", user=officer)

        as_role("approver").post(reverse("accounts:officer-edit", args=[officer.pk]), {"name": "王芳"})

        officer.refresh_from_db()
        assert (officer.name, officer.is_active) == ("王芳", False)
        assert theirs.get("/").status_code == 302

    def test_reopens_it_with_a_new_first_password(self, as_role):
        officer = make.UserFactory(officer=True, is_active=False)

        page = (
            as_role("preparer")
            .post(
                reverse("accounts:officer-edit", args=[officer.pk]),
                {"name": officer.name, "is_active": "on"},
                follow=True,
            )
            .content.decode()
        )

        assert Client().login(username=officer.username, password=SHOWN.search(page)[0])
        assert not Client().login(username=officer.username, password=make.PASSWORD)

    def test_resets_a_password(self, as_role):
        officer = make.UserFactory(officer=True)

        page = (
            as_role("preparer").post(reverse("accounts:officer-reset", args=[officer.pk]), follow=True).content.decode()
        )

        assert Client().login(username=officer.username, password=SHOWN.search(page)[0])


class TestHandingOver:
    def hand_over(self, client, officer, **fields):
        wanted = {"name": "李强", "username": "", "on": "2021-10-08", "reason": "岗位调整", **fields}
        return client.post(reverse("accounts:officer-hand-over", args=[officer.pk]), wanted, follow=True)

    def test_closes_one_account_and_opens_the_next(self, as_role):
        officer = make.UserFactory(officer=True, name="王芳")
        theirs = as_role("school", user=officer)

        page = self.hand_over(as_role("preparer"), officer).content.decode()

        successor = User.objects.get(name="李强")
        assert (successor.school, successor.role, successor.is_active) == (officer.school, Role.SCHOOL, True)
        assert theirs.get("/").status_code == 302
        assert Client().login(username=successor.username, password=SHOWN.search(page)[0])

    def test_is_on_record_with_day_and_reason(self, as_role):
        officer = make.UserFactory(officer=True, name="王芳")

        self.hand_over(as_role("preparer"), officer)

        action = Action.objects.get(verb="account.handed-over")
        assert (action.target_id, action.target_label) == (str(officer.pk), "王芳")
        assert action.details == {
            "school": officer.school.code,
            "successor": User.objects.get(name="李强").pk,
            "on": "2021-10-08",
            "reason": "岗位调整",
        }

    def test_gives_an_account_back_to_somebody_who_had_it_before(self, as_role):
        officer = make.UserFactory(officer=True)
        before = make.UserFactory(officer=True, school=officer.school, is_active=False)

        page = self.hand_over(as_role("approver"), officer, successor=before.pk, name="").content.decode()

        assert Client().login(username=before.username, password=SHOWN.search(page)[0])
        assert not User.objects.get(pk=officer.pk).is_active
        assert User.objects.filter(school=officer.school).count() == 2

    def test_offers_no_account_of_another_school(self, as_role):
        officer = make.UserFactory(officer=True)
        make.UserFactory(officer=True, school=officer.school, is_active=False)
        foreign = make.UserFactory(officer=True, is_active=False)

        self.hand_over(as_role("preparer"), officer, successor=foreign.pk)

        assert User.objects.get(pk=officer.pk).is_active
        assert not User.objects.get(pk=foreign.pk).is_active

    def test_asks_for_the_name_of_whoever_comes(self, as_role):
        officer = make.UserFactory(officer=True)

        page = self.hand_over(as_role("preparer"), officer, name="").content.decode()

        assert "请填写接任人的姓名。" in page
        assert User.objects.get(pk=officer.pk).is_active

    def test_happens_once_if_two_try(self):
        officer, by = make.UserFactory(officer=True), make.UserFactory()
        seen_by_another = User.objects.get(pk=officer.pk)
        words = {"on": date(2021, 10, 8), "reason": "岗位调整", "by": by, "at": make.NOW}
        officers.hand_over(officer, name="李强", **words)

        with pytest.raises(officers.NotInService):
            officers.hand_over(seen_by_another, name="赵敏", **words)

        assert not User.objects.filter(name="赵敏").exists()

    def test_leaves_everything_as_it_was_where_it_fails(self):
        officer, by = make.UserFactory(officer=True), make.UserFactory(username="li")

        with pytest.raises(officers.Taken):
            officers.hand_over(
                officer, name="李强", username="LI", on=date(2021, 10, 8), reason="x", by=by, at=make.NOW
            )

        assert User.objects.get(pk=officer.pk).is_active
        assert not Action.objects.exists()

    def test_loses_nothing_a_roster_on_its_way_is_confirmed_by_the_successor(self, as_role):
        load_national()
        school = make.SchoolFactory(kind=SchoolKind.objects.get(pk="primary"))
        before = make.UserFactory(officer=True, school=school, name="王芳")
        term = make.TermFactory()
        content = roster(
            [roster_row(number, id_number=make.resident_id(number)) for number in (1, 2)],
            school=school.name,
            code=school.code,
            term=term.code,
        )
        waiting = rosters.upload(
            school=school, term=term, content=content, name="花名册.xlsx", by=before, at=timezone.now()
        )
        job = run.start("roster-check", by=before, at=timezone.now(), school=school, roster_id=waiting.pk)
        run.execute(job.pk)

        self.hand_over(as_role("preparer"), before)
        successor = User.objects.get(name="李强")
        users.set_password(successor, make.PASSWORD, by=successor, at=timezone.now())
        client = as_role("school", user=successor)
        page = client.get(waiting.get_absolute_url())
        file = client.get(reverse("jobs:file", args=[waiting.file_id]))
        client.post(reverse("students:roster-confirm", args=[waiting.pk]))
        run.execute(Job.objects.latest("pk").pk)

        waiting.refresh_from_db()
        assert page.status_code == 200
        assert b"".join(file) == content
        assert (waiting.state, waiting.uploaded_by, waiting.committed_by) == ("in_force", before, successor)
        assert Enrollment.objects.filter(school=school).count() == 2
        assert Action.objects.filter(verb="roster.uploaded", actor=before).exists()

    def test_is_not_an_officers_own_to_begin(self, as_role):
        client = as_role("school")

        assert client.get(reverse("accounts:officer-hand-over", args=[client.user.pk])).status_code == 403


class TestTheSheet:
    def test_is_looked_at_before_anything_changes(self, as_role):
        school = make.SchoolFactory()

        answer = bring(as_role("preparer"), [school.code, "", "王芳", "", ""])

        assert (answer.context["outcome"].added, answer.context["opened"]) == (1, 1)
        assert school.name in answer.content.decode()
        assert not User.objects.filter(role=Role.SCHOOL).exists()

    def test_opens_accounts_whose_passwords_can_be_taken_along_once(self, as_role):
        one, two = make.SchoolFactory(), make.SchoolFactory()
        client = as_role("approver")

        bring(client, [one.code, "", "王芳", "", ""], [two.code, "", "李强", "liqiang", "在用"])
        page = client.post(reverse("accounts:officers-import-confirm"), follow=True)
        waiting = str(dict(client.session.items()))
        first = client.post(reverse("accounts:officers-slips-file"))
        second = client.post(reverse("accounts:officers-slips-file"), follow=True)

        lines = list(load_workbook(io.BytesIO(first.content)).active.values)[3:]
        assert "下载初始密码" in page.content.decode()
        assert [line[:4] for line in lines] == [
            (one.code, one.name, "王芳", f"{one.code}-01"),
            (two.code, two.name, "李强", "liqiang"),
        ]
        for *_facts, username, password, _until in lines:
            assert Client().login(username=username, password=password)
            assert password not in waiting
        assert "初始密码已经取走" in second.content.decode()
        assert Action.objects.get(verb="account.slips-taken").details == {"slips": 2}
        assert Action.objects.filter(verb="account.created").count() == 2

    def test_brought_again_opens_nothing_twice(self, as_role):
        school, client = make.SchoolFactory(), as_role("preparer")
        bring(client, [school.code, "", "王芳", "", ""])
        client.post(reverse("accounts:officers-import-confirm"))

        outcome = bring(client, [school.code, "", "王芳", "", ""]).context["outcome"]

        assert (outcome.unchanged, outcome.changes, outcome.refused) == (1, [], [])

    def test_renames_closes_and_reopens(self, as_role):
        client = as_role("preparer")
        renamed, closed = make.UserFactory(officer=True), make.UserFactory(officer=True)
        reopened = make.UserFactory(officer=True, is_active=False)

        bring(
            client,
            [renamed.school.code, "", "王小芳", renamed.username, ""],
            [closed.school.code, "", closed.name, closed.username.upper(), "停用"],
            [reopened.school.code, "", reopened.name, reopened.username, "在用"],
        )
        client.post(reverse("accounts:officers-import-confirm"))

        assert User.objects.get(pk=renamed.pk).name == "王小芳"
        assert Client().login(username=renamed.username, password=make.PASSWORD)
        assert not User.objects.get(pk=closed.pk).is_active
        assert User.objects.get(pk=reopened.pk).has_first_password
        assert not Client().login(username=reopened.username, password=make.PASSWORD)

    def test_says_of_each_row_what_is_wrong_and_takes_the_others(self, as_role):
        school, client = make.SchoolFactory(), as_role("preparer")
        foreign = make.UserFactory(officer=True, username="zhao")
        make.UserFactory(username="Boss", approver=True)

        outcome = bring(
            client,
            [school.code, "", "王芳", "wang", ""],
            ["0000000000", "", "李强", "li", ""],
            [school.code, "", "", "sun", ""],
            [school.code, "", "周立", "boss", ""],
            [school.code, "", "赵敏", foreign.username, ""],
            [school.code, "", "钱进", "WANG", ""],
            [school.code, "", "吴用", "wu yong", ""],
            [school.code, "", "郑和", "zheng", "休假"],
        ).context["outcome"]
        client.post(reverse("accounts:officers-import-confirm"))

        assert outcome.refused == [
            (4, ["学校标识码：没有标识码为“0000000000”的学校。"]),
            (5, ["姓名：没有填写姓名。"]),
            (6, ["账号：这个账号不是学校资助专干，不能在这里改动。"]),
            (7, ["账号：这个账号属于另一所学校。换学校的专干请在新学校另开账号。"]),
            (8, ["账号：与第 1 名专干的账号相同。"]),
            (9, ["账号：账号只能有文字、数字和 @ . + - _。"]),
            (10, ["状态：“休假”看不懂，请填“在用”或“停用”。"]),
        ]
        assert set(User.objects.filter(school=school).values_list("name", flat=True)) == {"王芳"}
        assert User.objects.get(username="Boss").role == Role.APPROVER

    def test_cannot_be_taken_twice_nor_unseen(self, as_role):
        school, client = make.SchoolFactory(), as_role("preparer")
        bring(client, [school.code, "", "王芳", "", ""])
        client.post(reverse("accounts:officers-import-confirm"))

        answer = client.post(reverse("accounts:officers-import-confirm"))

        assert answer.headers["Location"] == reverse("accounts:officers-import")
        assert User.objects.filter(role=Role.SCHOOL).count() == 1

    def test_opens_a_countys_officers_in_a_moment(self, settings):
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
        schools = [make.SchoolFactory() for _each in range(200)]
        content = xlsx(HEAD, [[school.code, "", f"专干{number}", "", ""] for number, school in enumerate(schools)])

        begun = perf_counter()
        outcome, slips = officer_lists.take(content, by=make.UserFactory(), at=timezone.now())

        assert (outcome.added, len(slips)) == (200, 200)
        assert perf_counter() - begun < 10

    def test_leaves_with_no_password_and_comes_back_as_it_went(self, as_role):
        officer = make.UserFactory(officer=True, is_active=False)
        make.UserFactory(officer=True)
        client = as_role("preparer")

        exported = client.get(reverse("accounts:officers-export")).content
        outcome = imports.preview(officer_lists.OFFICERS, exported)

        rows = list(load_workbook(io.BytesIO(exported)).active.values)
        assert rows[0] == HEAD
        assert (officer.school.code, officer.school.name, officer.name, officer.username, "停用") in rows
        assert (outcome.unchanged, outcome.changes, outcome.refused) == (2, [], [])
