"""All that runs write, as one short text: equal where the rows are equal."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from jobs.models import Job

ROOMS = ("students", "programs", "disbursements", "accounts", "schools")


_NOT_OF_THE_WORK = {"target_id", "target_label", "date_joined", "password", "zip_password", "in_force_at"}


def lines() -> Iterator[str]:
    """Every row of the domain without the keys that the database gave away, and how the jobs ended."""
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            names = [field.name for field in model._meta.concrete_fields if not _is_a_given_key(field)]
            rows = sorted(repr([_settled(value) for value in row]) for row in model._base_manager.values_list(*names))
            yield from (f"{model._meta.label} {row}" for row in rows)
    for job in Job.objects.order_by("pk"):
        yield f"{job.kind} {job.state} {job.error_code} {_settled(job.result)}"


def _is_a_given_key(field: models.Field) -> bool:
    """Numbers that follow from the order of inserts, what moves with the clock, and what is drawn by lot."""
    is_numbered = isinstance(field, models.AutoField) or (
        isinstance(field, models.ForeignKey) and isinstance(field.target_field, models.AutoField)
    )
    return is_numbered or field.name in _NOT_OF_THE_WORK


def _settled(value: Any) -> Any:
    """A workbook holds the second in which it was written, so its sum differs from try to try."""
    if isinstance(value, dict):
        return {key: value[key] for key in sorted(value) if key not in {"sha256", "file_id"}}
    return value
