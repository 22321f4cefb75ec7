"""What the tables of the house have in common."""

from pathlib import Path

from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parent.parent.parent
LAYERS = [
    "common",
    "schools",
    "accounts",
    "jobs",
    "students",
    "programs",
    "disbursements",
    "audits",
    "reports",
    "aidcenter",
]
"""Bottom to top, as in the import linter's contract."""


def own_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in LAYERS]
