"""manage.py compare_totals FILE: our figures beside published ones."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reports import reference


class Command(BaseCommand):
    help = "Compare our figures with a file of published ones, line by line; fails where one differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        comparisons = reference.compare(reference.read(file))
        for comparison in comparisons:
            mark = "=" if comparison.agrees else "≠"
            self.stdout.write(f"{mark} {comparison.what}: published {comparison.published}, ours {comparison.ours}")
        wrong = sum(not comparison.agrees for comparison in comparisons)
        if wrong or not comparisons:
            raise CommandError(f"{wrong} of {len(comparisons)} figures differ.")
        self.stdout.write(f"All {len(comparisons)} figures agree.")
