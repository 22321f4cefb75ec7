"""The order of the rooms, and what every model and view owes its reader."""

import subprocess
import sys
import tomllib

import pytest
from django.core.management import call_command
from django.db.models import UniqueConstraint

from tests.harness.models import LAYERS, ROOT, own_models
from tests.harness.urls import own_urls


def test_imports_point_downwards():
    linted = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_the_import_contract_names_the_same_rooms():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert [contract["layers"] for contract in contracts if contract["type"] == "layers"] == [LAYERS[::-1]]


def test_foreign_keys_point_downwards():
    """Strings such as "programs.Award" escape the import linter, so look at the tables."""
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in own_models()
        for field in model._meta.get_fields()
        if field.is_relation
        and field.concrete
        and field.related_model
        and field.related_model._meta.app_label in LAYERS
        and LAYERS.index(field.related_model._meta.app_label) > LAYERS.index(model._meta.app_label)
    ]
    assert upward == []


IN_ORDER_ANYWAY = {
    "schools.Term": "no two terms of a county begin on one day",
    "students.Hardship": "the facts of one child and category begin with their terms",
}


def test_every_model_says_what_it_is():
    silent = [
        model._meta.label
        for model in own_models()
        if not model.__doc__ or model.__doc__.startswith(f"{model.__name__}(")
    ]
    assert silent == []


def test_every_constraint_and_index_is_named_after_its_model():
    astray = [
        f"{model._meta.label}: {rule.name}"
        for model in own_models()
        for rule in [*model._meta.constraints, *model._meta.indexes]
        if not rule.name.startswith(_short(model))
    ]
    assert astray == []


def _short(model):
    """Snapshots and crosschecks go by the last word of their name."""
    name = model._meta.model_name
    return ("snapshot",) if name == "registersnapshot" else (name,)


def test_orderings_are_total():
    """Where a list's order ends in ties, two databases show two lists."""
    loose = [
        f"{model._meta.label}: {model._meta.ordering}"
        for model in own_models()
        if model._meta.ordering and not _is_total(model) and model._meta.label not in IN_ORDER_ANYWAY
    ]
    assert loose == []


def _is_total(model):
    plain = [name.lstrip("-") for name in model._meta.ordering]
    if "pk" in plain or model._meta.pk.name in plain:
        return True
    unique = [{field.name} for field in model._meta.fields if field.unique]
    unique += [
        set(rule.fields)
        for rule in model._meta.constraints
        if isinstance(rule, UniqueConstraint) and not rule.condition
    ]
    return any(fields and fields <= set(plain) for fields in unique)


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_every_view_of_ours_names_its_roles_or_is_public():
    unmarked = [url.route for url in own_urls() if not hasattr(url.view, "roles")]
    assert unmarked == []
