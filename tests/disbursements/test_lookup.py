"""Families look up where their child's aid is: the child's own, nothing more, and no way to try out digits."""

import logging
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from disbursements import lookup
from disbursements.choices import Told
from students.models import Student
from tests.factories import AwardFactory, PaymentFactory, ProgramFactory, StudentFactory, TermFactory

pytestmark = pytest.mark.django_db

NOTHING = "没有查到与所填姓名、证件号相符的资助记录"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(lookup, "SECONDS", 0)


@pytest.fixture
def award():
    """500 yuan that arrived on 3 December."""
    award = AwardFactory(confirmed=True, amount_fen=50_000)
    PaymentFactory(award=award, paid=True, paid_on=date(2021, 12, 3))
    return award


def ask(client, name, digits, **more):
    return client.post(reverse("look-up"), {"name": name, "digits": digits}, **more)


def own(client, award, **changes):
    child = award.student
    facts = {"name": child.name, "digits": child.id_number[-6:], **changes}
    return ask(client, facts["name"], facts["digits"])


class TestAnswer:
    def test_is_the_term_the_state_and_the_day(self, client, award):
        page = own(client, award).content.decode()

        assert "2021年秋季学期" in page
        assert "已到账" in page
        assert "2021-12-03" in page

    def test_is_nothing_else(self, client, award):
        page = own(client, award).content.decode()

        child = award.student
        for told in ("500", award.program.name, award.school.name, child.name, child.id_number[-6:], child.village):
            assert not told or told not in page

    def test_is_the_same_for_no_such_child_and_no_aid(self, client, award):
        without = StudentFactory()
        answers = [
            ask(client, without.name, without.id_number[-6:]),
            own(client, award, digits="999999"),
            own(client, award, name="没有这个人"),
        ]

        pages = {answer.content.decode().split("<main")[1].replace(_token(answer), "") for answer in answers}
        assert len(pages) == 1
        assert NOTHING in pages.pop()

    def test_costs_the_same_queries_found_or_not(self, client, award):
        own(client, award)

        def cost(**changes):
            with CaptureQueriesContext(connection) as queries:
                own(client, award, **changes)
            return len(queries)

        assert cost() == cost(digits="999999")

    def test_takes_at_least_its_time(self, award, monkeypatch):
        slept = []
        monkeypatch.setattr(lookup, "SECONDS", 0.3)
        monkeypatch.setattr(lookup.time, "sleep", slept.append)

        lookup.ask(award.student.name, "999999", address="192.0.2.1")

        assert 0 < slept[0] <= 0.3

    def test_forgives_blanks_and_a_small_x(self, client, award):
        child = award.student
        Student.objects.filter(pk=child.pk).update(id_number=child.id_number[:-1] + "X")
        digits = child.id_number[-6:-1]

        assert (
            "已到账"
            in own(client, award, name=f" {child.name} ", digits=f"{digits[:3]} {digits[3:]}ｘ").content.decode()
        )

    def test_puts_two_programs_that_stand_alike_in_one_line(self, award):
        other = AwardFactory(confirmed=True, enrollment=award.enrollment, program=ProgramFactory(code="other"))
        PaymentFactory(award=other, paid=True, paid_on=date(2021, 12, 3))

        child = award.student
        assert lookup.find(child.name_key, child.id_number[-6:]) == [
            lookup.Line(TermFactory(), Told.ARRIVED, date(2021, 12, 3))
        ]

    def test_tells_nothing_of_what_is_not_confirmed(self, client):
        assert NOTHING in own(client, AwardFactory()).content.decode()

    def test_tells_nothing_of_two_children_alike(self, client, award):
        twin = StudentFactory(name=award.student.name)
        Student.objects.filter(pk=twin.pk).update(id_number=award.student.id_number)

        assert NOTHING in own(client, award).content.decode()

    @pytest.mark.parametrize("kind", ["none", "lost"])
    def test_tells_nothing_of_a_child_without_a_number(self, client, award, kind):
        Student.objects.filter(pk=award.student_id).update(id_kind=kind)

        assert NOTHING in own(client, award).content.decode()

    def test_finds_one_among_very_many_of_its_name_and_unseals_few(self, award, monkeypatch):
        monkeypatch.setattr(lookup, "MOST_NAMESAKES", 2)
        child = award.student
        for number in range(3):
            StudentFactory(name=child.name, born_on=date(2012, 3, 30 - number))
        Student.objects.filter(pk=child.pk).update(born_on=date(2012, 3, int(child.id_number[12:14])))

        assert len(lookup._namesakes(child.name_key, child.id_number[-6:])) <= 2
        assert lookup.find(child.name_key, child.id_number[-6:])


class TestPage:
    def test_is_kept_by_nobody(self, client, award):
        for answer in (client.get(reverse("look-up")), own(client, award)):
            assert answer.headers["Cache-Control"] == "no-store"
            assert "noindex" in answer.headers["X-Robots-Tag"]

    def test_takes_nothing_from_an_address(self, client, award):
        child = award.student

        page = client.get(reverse("look-up"), {"name": child.name, "digits": child.id_number[-6:]}).content.decode()

        assert "已到账" not in page
        assert NOTHING not in page

    def test_says_what_to_mend(self, client):
        for digits in ("12345", "1234567", "abcdef", "12345Y"):
            assert "最后六位" in ask(client, "陈", digits).content.decode()

    def test_sends_a_child_without_a_number_to_its_school(self, client):
        assert "请直接向学校询问" in client.get(reverse("look-up")).content.decode()

    def test_leaves_nothing_in_logs(self, client, award, caplog):
        caplog.set_level(logging.DEBUG)

        own(client, award)

        assert award.student.name not in caplog.text
        assert award.student.id_number[-6:] not in caplog.text


class TestLimits:
    def test_stop_an_address(self, client, award, monkeypatch):
        monkeypatch.setitem(lookup.FROM_ONE_ADDRESS, "limit", 2)

        answers = [own(client, award) for _each in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert "查询次数太多" in answers[-1].content.decode()
        child = award.student
        assert ask(client, child.name, child.id_number[-6:], REMOTE_ADDR="192.0.2.99").status_code == 200

    def test_stop_trying_out_digits_of_one_name_from_many_addresses(self, client, award, monkeypatch):
        monkeypatch.setitem(lookup.FOR_ONE_NAME, "limit", 2)

        answers = [ask(client, "陈一", f"00000{n}", REMOTE_ADDR=f"192.0.2.{n}") for n in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert own(client, award).status_code == 200


def _token(answer):
    return answer.content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
