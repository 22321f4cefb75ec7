"""Factories make rows that every constraint accepts, on both databases."""

import inspect

import pytest
from django.core.validators import EMPTY_VALUES
from factory import Trait
from factory.django import DjangoModelFactory

from common import resident_ids
from tests import factories
from tests.harness.models import own_models

FACTORIES = {
    name: made
    for name, made in vars(factories).items()
    if inspect.isclass(made) and issubclass(made, DjangoModelFactory) and made is not DjangoModelFactory
}
CASES = [(name, {}) for name in FACTORIES] + [
    (name, {trait: True})
    for name, made in FACTORIES.items()
    for trait, declared in made._meta.parameters.items()
    if isinstance(declared, Trait) and trait not in {"signed", "filed", "signed_by_school"}
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "traits"), CASES)
def test_a_row_is_made_and_is_valid(name, traits):
    row = FACTORIES[name](**traits)

    row.clean_fields(exclude=[field.name for field in row._meta.fields if getattr(row, field.name) in EMPTY_VALUES])
    assert type(row).objects.filter(pk=row.pk).exists()


def test_every_model_has_a_factory():
    made = {factory._meta.model for factory in FACTORIES.values()}
    assert [model._meta.label for model in own_models() if model not in made] == []


@pytest.mark.django_db
def test_many_children_have_different_valid_numbers():
    children = factories.StudentFactory.create_batch(600)

    assert {resident_ids.kind(child.id_number) for child in children} == {resident_ids.IdKind.RESIDENT}
    assert len({child.id_number for child in children}) == 600


@pytest.mark.django_db
def test_a_batch_adds_up_its_payments():
    batch = factories.BatchFactory(settled=True, with_payments=4)

    assert (batch.people, batch.amount_fen) == (4, 4 * 50_000)
    assert {payment.state for payment in batch.payments.all()} == {"paid"}
