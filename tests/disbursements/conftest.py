"""The office that most tests of money begin with."""

import pytest

from disbursements import return_reasons
from programs.choices import Payer
from tests.factories import ProgramFactory, ShareFactory, TermFactory, UserFactory


@pytest.fixture
def words_of_banks(db):
    """The words of banks that every county begins with."""
    return_reasons.load()


@pytest.fixture
def term(db):
    return TermFactory()


@pytest.fixture
def preparer(db):
    return UserFactory()


@pytest.fixture
def approver(db):
    return UserFactory(approver=True)


@pytest.fixture
def program(db):
    """Borne half and half."""
    program = ProgramFactory()
    ShareFactory(program=program, payer=Payer.CENTRAL, per_mille=500)
    ShareFactory(program=program, payer=Payer.COUNTY, per_mille=500)
    return program
