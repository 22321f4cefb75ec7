"""The action log: every verb has words, and people find what they look for."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from accounts import actions
from audits.wording import VERBS
from tests.factories import ActionFactory, TermFactory, UserFactory

ROOMS = ["aidcenter", "reports", "audits", "disbursements", "programs", "students", "jobs", "accounts", "schools"]
WRITTEN = re.compile(r"actions\.record\(([^)]*?)\bat=", re.DOTALL)
VERB = re.compile(r'"([a-z-]+\.[a-z-]+)"')


def test_every_verb_written_anywhere_has_words():
    sources = [path.read_text() for room in ROOMS for path in Path(settings.BASE_DIR, room).rglob("*.py")]
    written = {verb for text in sources for call in WRITTEN.findall(text) for verb in VERB.findall(call)}

    assert "roster.confirmed" in written
    assert written - VERBS.keys() == set()


@pytest.mark.django_db
def test_the_log_keeps_the_offices_language_whatever_the_actor_reads_in():
    term = TermFactory(code="2021A")

    with translation.override("en"):
        action = actions.record(UserFactory(), "report.exported", term, at=timezone.now())
        assert str(term) == "Autumn 2021"

    assert action.target_label == "2021年秋季学期"


@pytest.mark.django_db
class TestPage:
    def test_is_narrowed_by_person_act_and_day(self, as_role):
        wanted = ActionFactory(actor=UserFactory(name="刘芳"), verb="batch.approved", target_label="甲")
        ActionFactory(actor=wanted.actor, verb="batch.sent", target_label="乙")
        ActionFactory(verb="batch.approved", target_label="丙")
        client = as_role("auditor")

        def labels(**filters):
            return {
                line["action"].target_label for line in client.get(reverse("audits:actions"), filters).context["lines"]
            }

        assert labels(q="刘") == {"甲", "乙"}
        assert labels(q="刘", verb="batch.approved") == {"甲"}
        assert labels(verb="batch.approved", since="2021-10-11", until="2021-10-11") == {"甲", "丙"}
        assert labels(since="2021-10-12") == set()

    def test_is_not_bothered_by_nonsense(self, as_role):
        ActionFactory()

        page = as_role("auditor").get(
            reverse("audits:actions"), {"since": "soon", "verb": "x", "page": "9", "size": "7"}
        )

        assert len(page.context["lines"]) == 1
