"""Every address × every role × GET and POST, with an own, a foreign and a missing row (tests.harness.access_table)."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.roles import Role
from tests.factories import UserFactory
from tests.harness import world
from tests.harness.access_table import DOORS, Door
from tests.harness.urls import Address, all_urls, own_urls
from tests.harness.world import World

ADDRESSES = {address.name: address for address in own_urls()}
WRITE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(?P<table>\w+)"')
TOKEN = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w+|(?<="X-CSRFToken": ")\w+|(?<="X-CSRFToken":")\w+')
MISSING = {"int": 987_654_321, "slug": "no-such-thing", "string": "0"}


def test_the_table_names_every_address():
    assert sorted(ADDRESSES) == sorted(DOORS)


def test_the_views_say_what_the_table_says():
    different = {
        name: (sorted(address.view.roles or ["public"]), sorted(DOORS[name].roles or ["public"]))
        for name, address in ADDRESSES.items()
        if name in DOORS and getattr(address.view, "roles", ()) != DOORS[name].roles
    }
    assert different == {}


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(set(DOORS) & set(ADDRESSES)))
def test_the_door(name: str):
    door, own, foreign = DOORS[name], world.build(), world.build()
    for visitor in [None, *Role]:
        client = Client(raise_request_exception=True)
        if visitor:
            client.force_login(UserFactory(role=visitor, **({"school": own.school} if visitor == Role.SCHOOL else {})))
        _knock(client, visitor, door, ADDRESSES[name], own, foreign)


def _knock(client: Client, visitor: Role | None, door: Door, address: Address, own: World, foreign: World) -> None:
    is_let_in = door.roles is None or visitor in door.roles
    own_row, foreign_row = path_of(address.name, own), path_of(address.name, foreign)
    for method, expected in (("get", door.get), ("post", door.post)):
        who = f"{visitor or 'nobody'}: {method.upper()} {address.name}"
        with (
            _undone(),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            answer = getattr(client, method)(own_row)
        if is_let_in:
            assert answer.status_code in expected, f"{who} gives {answer.status_code}, not {sorted(expected)}"
            if method == "get" or visitor == Role.AUDITOR:
                allowed = {"accounts_action", "jobs_job"} if door.is_traced else set()
                assert _written(queries) <= allowed, who
        elif visitor is None:
            assert (answer.status_code, answer.headers.get("Location", "")[:7]) == (302, "/login/"), who
        else:
            assert answer.status_code in {403, 405}, f"{who} gives {answer.status_code}, not 403"
            assert _written(queries) == set(), who
        if is_let_in and door.rows:
            missing = _answer(client, method, _missing(address))
            assert missing.status_code in {404, 405}, f"{who} of a missing row gives {missing.status_code}"
            if visitor == Role.SCHOOL and not door.is_shared:
                refused = _answer(client, method, foreign_row)
                assert refused.status_code == missing.status_code, f"{who} of a foreign row: {refused.status_code}"
                same = without_tokens(refused) == without_tokens(missing)
                assert same, f"{who}: a foreign row looks different from a missing one"


def without_tokens(answer: HttpResponse) -> str:
    """The page without what is new in every answer, and without the address that was asked for."""
    return TOKEN.sub("", answer.content.decode()).replace(answer.wsgi_request.path, "")


def path_of(name: str, rows: World) -> str:
    """The address with the keys of these rows in it."""
    values = [
        row[1:] if row.startswith("=") else attrgetter(row if "." in row else f"{row}.pk")(rows)
        for row in DOORS[name].rows
    ]
    assert len(values) == len(ADDRESSES[name].parameters), f"{name} takes {ADDRESSES[name].parameters}"
    return reverse(name, args=values)


def _missing(address: Address) -> str:
    return reverse(address.name, args=[MISSING[kind] for kind in address.kinds])


def _answer(client: Client, method: str, path: str) -> HttpResponse:
    with _undone():
        return getattr(client, method)(path)


@contextmanager
def _undone() -> Iterator[None]:
    """What a request wrote is taken back, so that the next one finds the same rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _written(queries: CaptureQueriesContext) -> set[str]:
    """The tables that were changed, other than the visitor's own session."""
    changes = (WRITE.match(query["sql"]) for query in queries.captured_queries)
    return {change["table"] for change in changes if change} - {"django_session"}


class TestAdmin:
    """The administrator's tables guard themselves; nobody else gets in."""

    @pytest.mark.django_db
    @pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN])
    def test_lets_in_no_other_role(self, as_role: Callable[..., Client], role: str):
        assert as_role(role).get(reverse("admin:index")).status_code == 302

    def test_is_known_to_the_resolver(self):
        assert any(address.name == "admin:index" for address in all_urls())


@pytest.mark.django_db
class TestSession:
    def test_leads_to_the_sign_in_page_and_back(self):
        user, client = UserFactory(), Client()
        user.set_password("another-long-password")
        user.save()

        refused = client.get("/students/")
        assert refused.headers["Location"] == "/login/?next=/students/"
        admitted = client.post(
            refused.headers["Location"], {"username": user.username, "password": "another-long-password"}
        )

        assert admitted.headers["Location"] == "/students/"
        assert client.session[SESSION_KEY] == str(user.pk)

    def test_of_a_closed_account_is_refused_at_once(self, as_role: Callable[..., Client]):
        client = as_role(Role.PREPARER)
        client.user.is_active = False
        client.user.save()

        assert client.get("/students/").status_code == 302
