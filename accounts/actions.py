"""The action log: who did what to what, when. Written in the transaction of the act itself."""

from datetime import datetime

from django.db import models

from accounts.models import Action, User


def record(by: User | None, verb: str, target: models.Model, *, at: datetime, **details: object) -> Action:
    """Leave a trace of one act.

    `details` hold codes and numbers for later readers, never a full id, card or phone.
    `by` is None only for what the system does by the clock.
    """
    return Action.objects.create(
        actor=by,
        verb=verb,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=str(target)[:200],
        at=at,
        details=details,
    )
