"""Accounts: opened, changed and closed by the administrator, each with a trace."""

import pytest
from django.urls import reverse

from accounts import users
from accounts.models import Action, User
from tests.factories import NOW, PASSWORD, SchoolFactory, UserFactory

pytestmark = pytest.mark.django_db


class TestCreate:
    def test_opens_an_account_that_can_sign_in_and_leaves_a_trace(self, client):
        admin = UserFactory(admin=True)

        slip = users.create(username="chen", name="陈志强", role="preparer", school=None, by=admin, at=NOW)

        assert client.login(username="chen", password=slip.password)
        action = Action.objects.get()
        assert (action.actor, action.verb, action.target_id) == (admin, "account.created", str(slip.user.pk))
        assert slip.password not in str(action.details)

    def test_asks_a_school_officer_for_a_school(self, as_role):
        answer = as_role("admin").post(
            reverse("accounts:create"),
            {"username": "chen", "name": "陈", "role": "school", "school": ""},
        )

        assert "学校资助专干必须填写学校标识码。" in answer.content.decode()
        assert not User.objects.filter(username="chen").exists()

    def test_keeps_what_was_typed_and_names_the_wrong_school(self, as_role):
        answer = as_role("admin").post(
            reverse("accounts:create"),
            {"username": "chen", "name": "陈志强", "role": "school", "school": "0000000000"},
        )

        assert "没有这个标识码的学校" in answer.content.decode()
        assert 'value="陈志强"' in answer.content.decode()

    def test_takes_no_name_twice_in_another_case(self, as_role):
        UserFactory(username="Chen")

        answer = as_role("admin").post(
            reverse("accounts:create"), {"username": "chen", "name": "陈", "role": "auditor"}
        )

        assert "这个账号已经有了" in answer.content.decode()


class TestChange:
    def test_moves_an_officer_to_another_school(self, as_role):
        client, officer, school = as_role("admin"), UserFactory(officer=True), SchoolFactory()

        client.post(
            reverse("accounts:edit", args=[officer.pk]),
            {"name": officer.name, "role": "school", "school": school.code, "is_active": "on"},
        )

        officer.refresh_from_db()
        assert officer.school == school
        assert Action.objects.get().details["changed"] == ["school"]

    def test_leaves_no_trace_where_nothing_changed(self):
        user = UserFactory()

        users.change(
            user, name=user.name, role=user.role, school=None, is_active=True, by=UserFactory(admin=True), at=NOW
        )

        assert not Action.objects.exists()

    def test_keeps_the_administrator_from_closing_the_own_account(self):
        admin = UserFactory(admin=True)

        with pytest.raises(users.OwnAccount):
            users.change(admin, name=admin.name, role=admin.role, school=None, is_active=False, by=admin, at=NOW)

        assert User.objects.get(pk=admin.pk).is_active


class TestPassword:
    def test_a_new_one_ends_sessions_with_the_old_one(self, as_role, client):
        user = UserFactory()
        client.force_login(user)

        as_role("admin").post(reverse("accounts:reset-password", args=[user.pk]))

        assert client.get("/").status_code == 302
        assert Action.objects.get().verb == "account.password-reset"

    def test_ones_own_is_not_reset_but_changed(self, as_role):
        client = as_role("admin")

        client.post(reverse("accounts:reset-password", args=[client.user.pk]))

        assert client.get("/").status_code == 200
        assert not Action.objects.exists()

    def test_ones_own_asks_for_the_old_one(self, as_role):
        client = as_role("auditor")
        new = {"new_password1": "another-long-word", "new_password2": "another-long-word"}

        refused = client.post(reverse("accounts:password"), {"old_password": "wrong", **new})
        taken = client.post(reverse("accounts:password"), {"old_password": PASSWORD, **new})

        assert "原密码不正确。" in refused.content.decode()
        assert taken.status_code == 302
        assert client.get("/").status_code == 200


class TestSignIn:
    def test_says_the_same_for_a_wrong_name_and_a_wrong_password(self, client):
        UserFactory(username="chen")

        words = {
            client.post(reverse("login"), {"username": name, "password": "x"})
            .content.decode()
            .count("账号或密码不正确")
            for name in ["chen", "nobody"]
        }

        assert words == {1}

    def test_a_closed_account_stays_outside(self, client):
        UserFactory(username="chen", is_active=False)

        client.post(reverse("login"), {"username": "chen", "password": PASSWORD})

        assert client.get("/").status_code == 302
