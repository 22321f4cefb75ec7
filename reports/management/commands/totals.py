"""manage.py totals 2021 [--format json|table]"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.money import yuan
from common.moves import Refused
from reports import totals


class Command(BaseCommand):
    help = "Print people and money by program, term and who, for a term (2021S) or a year (2021)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("scope", help="a term like 2021S, or a year like 2021")
        parser.add_argument("--format", choices=["table", "json"], default="table")

    def handle(self, *args: Any, scope: str, **options: Any) -> None:
        try:
            lines = totals.lines(scope)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["format"] == "json":
            self.stdout.write(json.dumps(lines, ensure_ascii=False, indent=1))
            return
        self.stdout.write(f"{'program':<22}{'term':<8}{'who':<18}{'persons':>10}{'yuan':>20}")
        for line in lines:
            self.stdout.write(
                f"{line['program']:<22}{line['term']:<8}{line['who']:<18}"
                f"{line['persons']:>10,}{yuan(line['amount_fen']):>20}"
            )
