"""manage.py keys init: the key ring of this installation."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from common import keyring


class Command(BaseCommand):
    help = "Make the key ring for sealed values (never overwrites one), or show its check value."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["init", "show"])

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        path = Path(settings.KEYRING_FILE)
        if act == "init" and not path.exists():
            keyring.write_new(path)
            self.stdout.write(f"Key ring made: {path}. Keep a copy away from the database and its backups.")
        self.stdout.write(f"Check value: {keyring.read(path).check_value()}")
