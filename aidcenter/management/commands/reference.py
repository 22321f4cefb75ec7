"""manage.py reference: the known tables of the country and of a county, without the demonstration."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.moves import Refused
from disbursements import banks, return_reasons
from programs import reference


class Command(BaseCommand):
    help = "Load the national tables, or a county's terms, standards or banks; loading again brings rows up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("table", choices=["national", "standards", "banks"])
        parser.add_argument("file", type=Path, nargs="?", help="a TOML file (default for national: the one supplied)")

    def handle(self, *args: Any, table: str, file: Path | None, **options: Any) -> None:
        if table != "national" and file is None:
            raise CommandError(f"Which county's {table}? Name the file, as in: reference {table} FILE")
        try:
            if table == "national":
                left = reference.load_national(file or reference.NATIONAL)
                return_reasons.load()
            else:
                left = []
                if file and table == "banks":
                    banks.load(file, at=timezone.now())
                elif file:
                    left = reference.load_standards(file)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Loaded: {file or reference.NATIONAL}")
        if left:
            self.stdout.write("Left as the county keeps it on its pages:\n  " + "\n  ".join(left))
