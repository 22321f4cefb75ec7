"""First passwords: shown once, good for one sign-in within three days, and changed before anything else."""

import logging
import re
from datetime import timedelta
from time import perf_counter

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import first_passwords, users
from accounts.models import Action, User
from common import workdays
from tests.factories import NOW, PASSWORD, NoticeFactory, SchoolFactory, TermFactory, UserFactory

pytestmark = pytest.mark.django_db

OWN = "a-word-of-my-own"
SHOWN = re.compile(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}")
ARGON2 = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]


@pytest.fixture
def slip(db):
    user = UserFactory(officer=True)
    return users.reset_password(user, by=UserFactory(admin=True), at=timezone.now())


def sign_in(slip, client=None):
    client = client or Client()
    answer = client.post(reverse("login"), {"username": slip.user.username, "password": slip.password})
    return client, answer


def change(client, new=OWN):
    return client.post(reverse("accounts:password"), {"new_password1": new, "new_password2": new})


class TestThePassword:
    def test_is_long_and_has_no_sign_that_looks_like_another(self):
        made = {first_passwords.give(User(), at=NOW).password for _each in range(200)}

        assert len(made) == 200
        assert all(SHOWN.fullmatch(password) for password in made)
        assert not set("".join(made)) & set("0O1lIio")

    def test_is_not_spelled_out_where_a_slip_is_printed(self, slip):
        assert slip.password not in repr(slip)

    def test_is_hashed_in_a_moment_and_at_full_cost_when_it_is_used(self, settings):
        settings.PASSWORD_HASHERS = ARGON2
        user = UserFactory()
        begun = perf_counter()
        slips = [first_passwords.give(User(), at=timezone.now()) for _each in range(20)]
        spent = perf_counter() - begun
        begun = perf_counter()
        for _each in range(20):
            make_password(PASSWORD)
        spent_at_full_cost = perf_counter() - begun

        slip = users.reset_password(user, by=UserFactory(admin=True), at=timezone.now())
        light = user.password
        _client, answer = sign_in(slip)

        assert spent < spent_at_full_cost / 2
        assert check_password(slips[0].password, slips[0].user.password)
        assert answer.headers["Location"] == "/"
        user.refresh_from_db()
        assert user.password.split("$")[3] != light.split("$")[3]
        assert user.password.split("$")[3] == make_password(PASSWORD).split("$")[3]


class TestTheSlip:
    def test_is_shown_on_the_next_page_and_never_again(self, as_role):
        client, user = as_role("admin"), UserFactory()

        answer = client.post(reverse("accounts:reset-password", args=[user.pk]))
        first = client.get(answer.headers["Location"]).content.decode()
        second = client.get(answer.headers["Location"]).content.decode()

        (password,) = set(SHOWN.findall(first))
        assert Client().login(username=user.username, password=password)
        assert not SHOWN.search(second)
        assert "初始密码已经显示过" in second

    def test_comes_with_a_new_account(self, as_role):
        client = as_role("admin")

        page = client.post(
            reverse("accounts:create"), {"username": "chen", "name": "陈", "role": "auditor"}, follow=True
        ).content.decode()

        assert Client().login(username="chen", password=SHOWN.search(page)[0])

    def test_lies_nowhere_in_plain(self, as_role, caplog):
        client, user = as_role("admin"), UserFactory()
        with caplog.at_level(logging.DEBUG):
            answer = client.post(reverse("accounts:reset-password", args=[user.pk]))
            waiting = str(dict(client.session.items()))
            password = SHOWN.search(client.get(answer.headers["Location"]).content.decode())[0]

        shown = str(dict(client.session.items()))
        stored = [str(session.get_decoded()) for session in Session.objects.all()]
        actions = [str(action.details) + action.target_label for action in Action.objects.all()]
        assert all(password not in text for text in [waiting, shown, caplog.text, *stored, *actions])
        assert "first-password" in waiting
        assert "first-password" not in shown

    def test_is_gone_if_the_password_was_reset_once_more(self, as_role):
        client, user = as_role("admin"), UserFactory()
        answer = client.post(reverse("accounts:reset-password", args=[user.pk]))

        users.set_password(user, OWN, by=user, at=timezone.now())

        assert not SHOWN.search(client.get(answer.headers["Location"]).content.decode())


class TestTheOneSignIn:
    def test_leads_every_page_to_the_change_of_the_password(self, slip):
        TermFactory()
        client, _answer = sign_in(slip)

        for name in ("home", "students:list", "students:rosters", "jobs:list", "styleguide"):
            assert client.get(reverse(name)).headers["Location"] == reverse("accounts:password")
        assert client.post(reverse("switch-term"), {"term": "2021A"}).headers["Location"] == reverse(
            "accounts:password"
        )
        assert client.get(reverse("accounts:password")).status_code == 200

    def test_leads_a_part_of_a_page_there_as_a_whole(self, slip):
        client, _answer = sign_in(slip)

        answer = client.get(reverse("students:list"), headers={"HX-Request": "true"})

        assert answer.headers["HX-Redirect"] == reverse("accounts:password")

    def test_leaves_the_language_the_public_page_and_the_way_out(self, slip):
        client, _answer = sign_in(slip)
        today = timezone.localdate()
        notice = NoticeFactory(starts_on=today, ends_on=workdays.last_day(today, 6), working_days=6)

        assert client.get(reverse("programs:public", args=[notice.token])).status_code == 200
        assert client.get(reverse("live")).status_code == 200
        assert client.post(reverse("switch-language"), {"language": "en"}).cookies
        assert client.post(reverse("logout")).headers["Location"] == reverse("login")

    def test_is_the_only_one(self, slip):
        sign_in(slip)

        client, answer = sign_in(slip)

        assert "初始密码只能用一次，已经用过了。请联系县资助中心重置密码。" in answer.content.decode()
        assert client.get("/").status_code == 302

    def test_is_refused_after_three_days(self, slip):
        User.objects.filter(pk=slip.user.pk).update(first_password_until=timezone.now() - timedelta(minutes=1))

        client, answer = sign_in(slip)

        assert "初始密码已过有效期。请联系县资助中心重置密码。" in answer.content.decode()
        assert client.get("/").status_code == 302

    def test_is_not_spent_by_a_wrong_password(self, slip):
        Client().post(reverse("login"), {"username": slip.user.username, "password": "something else"})

        assert sign_in(slip)[1].headers["Location"] == "/"

    def test_is_one_persons_of_two_who_try_at_once(self, slip):
        first, second = User.objects.get(pk=slip.user.pk), User.objects.get(pk=slip.user.pk)
        first_passwords.use(first, at=timezone.now())

        with pytest.raises(first_passwords.Used):
            first_passwords.use(second, at=timezone.now())

    def test_cannot_be_made_again_by_the_back_office(self, slip):
        sign_in(slip)

        answer = Client().post(
            reverse("admin:login"), {"username": slip.user.username, "password": slip.password, "next": "/"}
        )

        assert answer.headers["Location"].startswith(reverse("login"))

    def test_a_reset_gives_another_one(self, slip):
        sign_in(slip)
        again = users.reset_password(slip.user, by=UserFactory(admin=True), at=timezone.now())

        assert sign_in(slip)[1].status_code == 200
        assert sign_in(again)[1].headers["Location"] == "/"


class TestTheChange:
    def test_opens_the_pages_and_clears_the_marks(self, slip):
        TermFactory()
        client, _answer = sign_in(slip)

        change(client)

        assert client.get(reverse("home")).status_code == 200
        user = User.objects.get(pk=slip.user.pk)
        assert (user.first_password_until, user.first_password_used_at) == (None, None)
        assert Client().login(username=user.username, password=OWN)

    def test_ends_other_sessions(self, slip):
        client, _answer = sign_in(slip)
        other = Client()
        other.force_login(User.objects.get(pk=slip.user.pk))

        change(client)

        assert other.get("/").headers["Location"].startswith(reverse("login"))

    def test_does_not_take_the_first_password_again(self, slip):
        client, _answer = sign_in(slip)

        answer = change(client, slip.password)

        assert "新密码不能与原密码相同。" in answer.content.decode()
        assert User.objects.get(pk=slip.user.pk).has_first_password


class TestOtherAccounts:
    def test_with_a_password_of_their_own_sign_in_as_often_as_they_like(self):
        user = UserFactory()

        for _each in range(2):
            client = Client()
            client.post(reverse("login"), {"username": user.username, "password": PASSWORD})
            assert client.get(reverse("accounts:password")).status_code == 200

    def test_the_first_administrator_comes_from_the_command_line(self, monkeypatch):
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", OWN)

        call_command("createsuperuser", username="root", name="管理员", role="admin", interactive=False)

        assert not User.objects.get(username="root").has_first_password

    def test_the_database_knows_no_use_of_what_was_not_given(self):
        user = UserFactory(officer=True, school=SchoolFactory())

        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=user.pk).update(first_password_used_at=NOW)
