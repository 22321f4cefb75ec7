"""The action log: who did what to what, when. Written in the transaction of the act itself."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.utils import translation

from accounts.models import Action, User


def record(by: User | None, verb: str, target: models.Model, *, at: datetime, **details: object) -> Action:
    """Leave a trace of one act.

    `details` hold codes and numbers for later readers, never a full id, card or phone.
    `by` is None only for what the system does by the clock. The label is in the office's language, whatever
    the actor reads in.
    """
    with translation.override(settings.LANGUAGE_CODE):
        label = str(target)[:200]
    return Action.objects.create(
        actor=by,
        verb=verb,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=label,
        at=at,
        details=details,
    )


def on(targets: Collection[models.Model], verb: str) -> QuerySet[Action]:
    """What was done of one kind to some objects of one class."""
    labels = {target._meta.label_lower for target in targets}
    return Action.objects.filter(
        target_type__in=labels, target_id__in=[str(target.pk) for target in targets], verb=verb
    )
