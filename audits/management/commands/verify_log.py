"""Check that nobody changed the action log, and seal what is new.

For a daily timer: it fails where the log is damaged, and names each stretch.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audits import log_checks, seals


class Command(BaseCommand):
    help = "Count the sealed stretches of the action log again and seal the rows that came since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only-check", action="store_true", help="seal nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        damaged = rows = stretches = 0
        for stretch in seals.check(last_seen=log_checks.last_seen()):
            stretches, rows = stretches + 1, rows + stretch.rows
            if stretch.flaw:
                damaged += 1
                days = " to ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in (stretch.since, stretch.until) if moment)
                self.stderr.write(f"Stretch {stretch.number} ({stretch.rows} rows, {days}): {stretch.flaw.value}")
        if not options["only_check"]:
            while seals.seal_next(at=timezone.now()):
                pass
        end = seals.end_of_chain()
        self.stdout.write(f"{stretches} stretches with {rows} rows checked; newest seal {end.number} {end.digest}")
        if damaged:
            raise CommandError(f"{damaged} stretches of the action log are not as they were sealed.")
