"""Seconds of the main pages over the loaded county, through Django's client: `python -m bench.pages`."""

import os
from functools import partial
from statistics import median

import django

from bench.measure import timed

PAGES: tuple[tuple[str, list[str]], ...] = (
    ("home", []),
    ("students:list", []),
    ("students:rosters", []),
    ("programs:awards", []),
    ("programs:lists", []),
    ("disbursements:batches", []),
    ("reports:report", ["2021A"]),
    ("reports:report", ["2021"]),
)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client
    from django.urls import reverse

    from accounts.models import User

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("collectstatic", interactive=False, verbosity=0)
    client = Client()
    client.force_login(User.objects.get(username="preparer"))
    for name, arguments in PAGES:
        address = reverse(name, args=arguments)
        seconds = []
        for _ in range(5):
            taken, answer = timed(partial(client.get, address))
            if answer.status_code != 200:
                raise SystemExit(f"{address} answered {answer.status_code}.")
            seconds.append(taken)
        print(f"{address:<26}{median(seconds):>8.3f} s (median of 5, worst {max(seconds):.3f})")


if __name__ == "__main__":
    main()
