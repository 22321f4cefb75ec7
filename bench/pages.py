"""Seconds of the main pages over the loaded county, through Django's client: `python -m bench.pages`."""

import os
from functools import partial
from statistics import median

import django

from bench.measure import timed

TIMES = 20
PAGES: tuple[tuple[str, list[str], str], ...] = (
    ("home", [], ""),
    ("students:list", [], ""),
    ("students:rosters", [], ""),
    ("students:rosters", [], "?tab=late"),
    ("students:rosters", [], "?tab=towns"),
    ("students:rosters", [], "?size=100"),
    ("students:county-files", [], ""),
    ("students:headings", [], ""),
    ("schools:list", [], ""),
    ("schools:towns", [], ""),
    ("accounts:officers", [], ""),
    ("programs:fees", [], ""),
    ("programs:terms", [], ""),
    ("programs:awards", [], ""),
    ("programs:lists", [], ""),
    ("disbursements:batches", [], ""),
    ("reports:report", ["2021A"], ""),
    ("reports:report", ["2021"], ""),
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
    for name, arguments, query in PAGES:
        address = reverse(name, args=arguments) + query
        seconds = []
        for _ in range(TIMES):
            taken, answer = timed(partial(client.get, address))
            if answer.status_code != 200:
                raise SystemExit(f"{address} answered {answer.status_code}.")
            seconds.append(taken)
        p95 = sorted(seconds)[TIMES * 95 // 100 - 1]
        print(f"{address:<34}{median(seconds):>8.3f} s median, {p95:.3f} s p95 of {TIMES}")


if __name__ == "__main__":
    main()
