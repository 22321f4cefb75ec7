"""Wiring. The Celery app is made with the package, so that whoever starts a run knows its broker."""

from aidcenter.celery import app as celery_app

__all__ = ["celery_app"]
