"""manage.py crosscheck 2021A [--format json|table]"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from students.choices import CrosscheckState
from students.models import Crosscheck


class Command(BaseCommand):
    help = "Print a term's cross-check in force: children by source, state, tier and stage."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("term", help="a term like 2021A")
        parser.add_argument("--format", choices=["table", "json"], default="table")

    def handle(self, *args: Any, term: str, **options: Any) -> None:
        run = Crosscheck.objects.filter(term=term, state=CrosscheckState.DONE).first()
        if run is None:
            raise CommandError(f"No cross-check is in force for {term}.")
        if options["format"] == "json":
            counted = {"term": term, "run": run.pk, "made_at": run.made_at.isoformat(), **run.counts}
            self.stdout.write(json.dumps(counted, ensure_ascii=False, indent=1))
            return
        self.stdout.write(f"{'source':<18}{'state':<12}{'tier':<16}{'stage':<12}{'children':>10}")
        for line in run.counts["lines"]:
            self.stdout.write(
                f"{line['source']:<18}{line['state']:<12}{line['tier']:<16}{line['stage']:<12}{line['children']:>10,}"
            )
        self.stdout.write(f"Listed people who wait for a person's word: {run.counts['suspected']:,}")
