"""A web process in small: orders a job and says how long that took (python -m tests.jobs.order_towns)."""

import time

import django

django.setup()

from accounts.models import User  # noqa: E402
from jobs import run  # noqa: E402
from tests.factories import NOW  # noqa: E402
from tests.jobs import handlers  # noqa: E402, F401

started = time.monotonic()
job = run.start("test-towns", by=User.objects.get(), at=NOW, towns=5)
print(job.pk, time.monotonic() - started)
