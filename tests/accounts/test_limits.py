"""How often one address may do something on the open pages."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from accounts import limits
from accounts.models import Allowance

pytestmark = pytest.mark.django_db


def allow(key="look-up 192.0.2.7"):
    return limits.allow(key, limit=3, per_seconds=60)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is moved."""
    now = [timezone.now()]
    monkeypatch.setattr(limits.timezone, "now", lambda: now[0])
    return now


class TestAllow:
    def test_says_no_after_the_last_time(self, clock):
        assert [allow() for _each in range(5)] == [True, True, True, False, False]

    def test_counts_each_key_by_itself(self, clock):
        assert [allow() for _each in range(4)][-1] is False
        assert allow("look-up 192.0.2.8")

    def test_begins_again_with_the_next_window_and_leaves_no_old_rows(self, clock):
        assert [allow() for _each in range(4)][-1] is False
        clock[0] += timedelta(seconds=60)

        assert allow()
        assert Allowance.objects.count() == 1

    def test_keeps_no_address(self, clock):
        allow()

        assert "192.0.2.7" not in str(Allowance.objects.values())


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_more_than_the_limit():
    together, told = threading.Barrier(6), []

    def ask() -> None:
        together.wait(timeout=10)
        try:
            told.append(limits.allow("together", limit=3, per_seconds=3_600 * 24 * 365))
        finally:
            connection.close()

    everybody = [threading.Thread(target=ask) for _each in range(6)]
    for one in everybody:
        one.start()
    for one in everybody:
        one.join(timeout=30)

    assert sorted(told) == [False] * 3 + [True] * 3


class TestAddress:
    request = staticmethod(
        lambda: RequestFactory().get("/", headers={"x-forwarded-for": "203.0.113.5, 192.0.2.9"}, REMOTE_ADDR="10.0.0.1")
    )

    def test_is_the_callers_own_where_no_proxy_stands_in_front(self, settings):
        settings.HTTPS = False
        assert limits.address_of(self.request()) == "10.0.0.1"

    def test_is_what_the_proxy_wrote_last(self, settings):
        settings.HTTPS = True
        assert limits.address_of(self.request()) == "192.0.2.9"

    @pytest.mark.parametrize(
        ("address", "place"),
        [
            ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::ffff:192.0.2.9", "192.0.2.9"),
            ("192.0.2.9", "192.0.2.9"),
            ("", ""),
            ("unix:", "unix:"),
        ],
    )
    def test_of_the_newer_kind_is_that_of_the_house(self, settings, address, place):
        """Whoever has one address of a /64 has them all, and would never come too often."""
        settings.HTTPS = False
        assert limits.address_of(RequestFactory().get("/", REMOTE_ADDR=address)) == place

    def test_of_the_newer_kind_comes_too_often_as_a_house(self):
        for last in range(5):
            place = limits.address_of(RequestFactory().get("/", REMOTE_ADDR=f"2001:db8::{last:x}"))
            told = limits.allow(f"test {place}", limit=3, per_seconds=3_600)
        assert told is False
