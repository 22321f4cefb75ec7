"""What leaves the office for everybody's eyes: open pages and the papers for boards.

None of them tells what 教财厅函〔2017〕28号 forbids, nor why a child is aided.

Open pages are found by walking the resolver, so that one added later is looked at as well. A paper that is hung up or
handed out belongs into PAPERS.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from common import masking, sealed
from programs.choices import Level, NoticeState
from programs.models import Application, Award, Notice, RecognitionRound
from tests import factories as make
from tests.harness import world
from tests.harness.test_access import ADDRESSES, path_of
from tests.harness.world import World

pytestmark = pytest.mark.django_db
BORN_ON = date(2013, 9, 27)
OPEN = sorted(name for name, address in ADDRESSES.items() if getattr(address.view, "roles", ()) is None)
PAPERS = {
    "programs:notice-sheet": frozenset(),
    "programs:notice-result": frozenset(),
    "programs:round-sheet": frozenset({"level"}),  # what a publicity of recognition is about (教财〔2018〕16号)
    "disbursements:slips-sheet": frozenset(),
}
"""Papers for the board or for families, and what they may say beyond the rule."""
OUTPUTS = [*OPEN, *PAPERS]
NAMES_CHILDREN = {"programs:public", "programs:public-objection", "programs:notice-sheet", "programs:round-sheet"} | {
    "disbursements:slips-sheet"
}
"""Here the child's name proves that the test looks at a page about the child."""


@dataclass
class Child:
    """Somebody of whom everything is known, in words that occur nowhere else."""

    own: World
    secrets: dict[str, list[str]] = field(default_factory=dict)


def writings(day: date) -> list[str]:
    return [f"{day:%Y-%m-%d}", f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日", f"{day:%Y年%m月%d日}"]


@pytest.fixture
def child() -> Child:
    own = world.build()
    student, award = own.student, own.award
    number = make.resident_id(231, born_on=BORN_ON, sex="male")
    guardian = make.resident_id(233, born_on=date(1985, 3, 19), sex="female")
    student.born_on, student.id_number, student.guardian_id = BORN_ON, number, guardian
    student.id_number_index = sealed.index("id", number)
    student.guardian_name, student.guardian_phone = "慕容翠花", "13937264815"
    student.town_name, student.village = "落霞镇", "孤鹜庄"
    student.save()
    card = make.CardFactory(student=student, number=make.card_number(7_316_294))
    category = make.HardshipCategoryFactory(code="destitute", name="特困救助供养学生")
    facts = {"category": category, "level": Level.SPECIAL, "is_registered_poor": True}
    Award.objects.filter(pk=award.pk).update(**facts)
    paid = make.AwardFactory(
        enrollment=own.enrollment, program=make.ProgramFactory(code="boarder-living-again"), confirmed=True, **facts
    )
    make.PaymentFactory(award=paid, paid=True)
    Application.objects.filter(pk=own.application.pk).update(
        state="decided", class_level=Level.SPECIAL, level=Level.SPECIAL, votes_for=5, votes_against=0
    )
    today = timezone.localdate()
    RecognitionRound.objects.filter(pk=own.round.pk).update(
        state="published", public_from=today, public_to=own.notice.ends_on, public_days=6
    )
    objection = own.objection
    objection.person, objection.contact, objection.words = "司马举报", "13526483719", "他家三代都有低保"
    objection.save()
    return Child(
        own,
        {
            "number": [number, number[-8:], masking.resident_id(number), number[-6:]],
            "guardian's number": [guardian, guardian[-8:], guardian[6:14], masking.resident_id(guardian)],
            "birth": writings(BORN_ON),
            "card": [card.number, card.number[-8:], masking.card(card.number)],
            "guardian": [student.guardian_name],
            "phone": [student.guardian_phone, student.guardian_phone[-8:], masking.phone(student.guardian_phone)],
            "home": [student.town_name, student.village],
            "category": [category.name, "建档立卡", "脱贫", "低保"],
            "level": [str(Level.SPECIAL.label)],
            "objector": [objection.person, objection.contact, objection.contact[-8:]],
            "key": [student.get_absolute_url()],
        },
    )


def answers(name: str, child: Child) -> Iterator[HttpResponse]:
    """What the output says: to whoever comes by, or to the officer who prints it; and to what people send."""
    client = Client()
    if name in PAPERS:
        client.force_login(make.UserFactory(approver=True))
    address = path_of(name, child.own)
    if name == "programs:notice-result":
        yield client.get(address)
        Notice.objects.filter(pk=child.own.notice.pk).update(
            state=NoticeState.DOWN, result="已办结", taken_down_at=timezone.now()
        )
    yield client.get(address)
    if name in PAPERS:
        return
    yield client.post(address)
    if name == "look-up":
        student = child.own.student
        yield client.post(address, {"name": student.name, "digits": student.id_number[-6:]})
    if name == "programs:public-objection":
        yield client.post(address, {"words": "这家有车有房，请核实一下"}, follow=True)


def told(answer: HttpResponse) -> str:
    """The page and its headers, without the marks that are random anyway."""
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    text = html.unescape(answer.content.decode())
    return re.sub(r"[0-9a-f]{24,}|csrfmiddlewaretoken\" value=\"\w+|X-CSRFToken\": ?\"\w+", "", f"{headers}\n{text}")


def leaks(name: str, child: Child) -> list[str]:
    allowed = PAPERS.get(name, frozenset())
    pages = [told(answer) for answer in answers(name, child)]
    return [
        f"{kind}: {secret}"
        for kind, secrets in child.secrets.items()
        if kind not in allowed
        for secret in secrets
        if any(secret in page for page in pages)
    ]


@pytest.mark.parametrize("name", OUTPUTS)
def test_tells_nothing_that_is_nobodys_business(name: str, child: Child):
    assert leaks(name, child) == []


@pytest.mark.parametrize("name", sorted(NAMES_CHILDREN & set(ADDRESSES)))
def test_speaks_of_the_child_at_all(name: str, child: Child):
    assert any(child.own.student.name in told(answer) for answer in answers(name, child))


def test_the_look_up_finds_the_child(child: Child):
    *_before, answer = answers("look-up", child)

    assert answer.context["lines"]


class TestTheTestItself:
    """It finds what leaks: every secret is put where the open page and the paper show a class."""

    @pytest.mark.parametrize("name", ["programs:public", "programs:notice-sheet"])
    def test_finds_whatever_is_put_on_the_page(self, name: str, child: Child):
        for kind, secrets in child.secrets.items():
            for secret in secrets:
                Award.objects.filter(pk=child.own.award.pk).update(class_name=secret[:30])
                assert f"{kind}: {secret[:30]}" in leaks(name, child)

    def test_looks_at_an_address_that_is_added_later(self):
        """The open pages come from the resolver: each of ours that says `@public` is among them."""
        assert {"login", "live", "ready", "look-up", "programs:public", "programs:public-objection"} <= set(OPEN)
