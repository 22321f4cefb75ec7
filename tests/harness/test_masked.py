"""What an auditor opens holds no whole number: every page and file, looked through for every sealed value there is."""

import io
import re
import zipfile

import pytest
from django.apps import apps
from django.http import HttpResponse

from common.roles import Role
from common.sealed import SealedField
from tests import factories as make
from tests.harness import world
from tests.harness.access_table import DOORS
from tests.harness.test_access import ADDRESSES, path_of

pytestmark = pytest.mark.django_db
OPEN_TO_AUDITORS = sorted(
    name for name, door in DOORS.items() if name in ADDRESSES and door.roles and Role.AUDITOR in door.roles
)
SHORTEST = 8
"""Shorter values may stand in a page by chance."""


def sealed_values() -> dict[str, str]:
    """value → the column that it stands in."""
    found = {}
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            if isinstance(column, SealedField):
                label = f"{model._meta.label}.{column.name}"
                for value in model._base_manager.values_list(column.name, flat=True):
                    if value and len(value) >= SHORTEST:
                        found[value] = label
    return found


def text_of(answer: HttpResponse) -> str:
    """All that can be read in it; of an archive (also .xlsx and .docx) what its parts hold."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return "\n".join(part.decode("utf-8", errors="replace") for part in _parts(content))


def _parts(content: bytes) -> list[bytes]:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return [content]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return [part for name in archive.namelist() for part in _parts(archive.read(name))]


@pytest.fixture
def own():
    """Rows with every number that the product keeps, of a child whose papers are all there."""
    rows = world.build()
    student = rows.student
    student.guardian_id = make.resident_id(771, sex="female")
    student.guardian_phone = "13937264815"
    student.save()
    card = make.CardFactory(student=student, number=make.card_number(7_316_294))
    award = make.AwardFactory(
        enrollment=rows.enrollment, program=make.ProgramFactory(code="paid-program"), confirmed=True
    )
    make.PaymentFactory(award=award, paid=True, card=card)
    return rows


def test_no_page_and_no_file_of_an_auditor_holds_a_whole_number(own, as_role):
    client = as_role("auditor")
    secrets = sealed_values()
    columns = set(secrets.values())
    assert {"students.Student.id_number", "students.Student.guardian_phone", "students.Card.number"} <= columns
    told: list[str] = []
    opened = 0

    for name in OPEN_TO_AUDITORS:
        answer = client.get(path_of(name, own))
        if answer.status_code == 200:
            opened += 1
            text = re.sub(r"[\s ]", "", text_of(answer))
            told += [f"{name} tells {column}" for value, column in secrets.items() if value in text]

    assert told == []
    assert opened > len(OPEN_TO_AUDITORS) / 2
