"""manage.py redraw POPULATION.csv --seed … --draw … --size …: the same names again, without the database."""

import hashlib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audits import drawing
from audits.choices import Draw
from common.money import yuan
from common.moves import Refused


class Command(BaseCommand):
    help = "Draw again from a downloaded population file and print the numbers drawn, with the digests of both."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("population", type=Path)
        parser.add_argument("--seed", required=True)
        parser.add_argument("--draw", required=True, choices=Draw.values)
        parser.add_argument("--size", required=True, type=int, help="how many; by school: how many of each")
        parser.add_argument("--schools", type=int, default=0, help="by school: how many schools; 0 is every school")
        parser.add_argument("--sha256", default="", help="what the file's digest has to be")

    def handle(self, *args: Any, population: Path, sha256: str, **options: Any) -> None:
        try:
            content = population.read_bytes()
            rows = drawing.read(content)
        except OSError as error:
            raise CommandError(f"{population} cannot be read.") from error
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        found = hashlib.sha256(content).hexdigest()
        if sha256 and found != sha256.lower():
            raise CommandError(f"The file's SHA-256 is {found}: it is not the one that was drawn from.")
        if options["size"] < 1 or options["schools"] < 0:
            raise CommandError("The size is at least 1, the number of schools at least 0.")
        drawn = drawing.draw(
            rows, way=options["draw"], seed=options["seed"], size=options["size"], schools=options["schools"]
        )
        money = yuan(sum(row.fen for row in rows))
        self.stdout.write(f"Population: {len(rows)} awards, {money} yuan, SHA-256 {found}")
        self.stdout.write(f"Drawn: {len(drawn)}, SHA-256 {drawing.digest(drawn)}")
        for number in drawn:
            self.stdout.write(str(number))
