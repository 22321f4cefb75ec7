"""manage.py crossfoot FILE [--format text|json]: the numbers of a published summary that its own terms contradict."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.moves import Refused
from reports.published import findings, texts, wording
from reports.published.terms import Rule


class Command(BaseCommand):
    help = (
        "Read a published summary (.txt in UTF-8 or GB18030, or .docx), mark every number that the text's own terms "
        "contradict, and propose the reading that fits. Nothing is stored or changed. "
        "Exit code 0: the text was read, whatever was found; 1: the file can't be read; 2: wrong arguments."
    )

    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        answer = _answer(file)
        rows = wording.records(answer.findings)
        if options["format"] == "json":
            record = {
                "file": file.name,
                "figures_read": answer.figures,
                "relations_compared": answer.relations,
                "contradictions": len(answer.findings),
                "figures": rows,
            }
            self.stdout.write(json.dumps(record, ensure_ascii=False, indent=1))
            return
        for row in rows:
            self._say(row)
        self.stdout.write(f"{answer.figures} figures read, {answer.relations} relations compared.")
        if answer.relations:
            self.stdout.write(f"{len(answer.findings)} contradictions, {len(rows)} figures.")
        else:
            self.stdout.write("Nothing to compare, so nothing is said of contradictions.")

    def _say(self, row: dict[str, Any]) -> None:
        rules = "；".join(str(wording.RULES[Rule(code)]) for code in row["rules"])
        self.stdout.write(f"{row['line']}:{row['column']} {row['printed']}  {rules}")
        if row["contradicts"]:
            others = "、".join(f"{one['printed']}({one['line']}:{one['column']})" for one in row["contradicts"])
            self.stdout.write(f"    ≠ {others}")
        if row["reading"]:
            self.stdout.write(f"    → {row['reading']}{'' if row['is_only_reading'] else ' ?'}")
        if row["advice"]:
            self.stdout.write(f"    {row['advice']}")


def _answer(file: Path) -> findings.Answer:
    """What is contradicted in the file, or a CommandError that says what is wrong with it."""
    try:
        if file.is_dir():
            raise CommandError(f"{file} is a folder, not a file.")
        if file.stat().st_size > texts.MOST_BYTES:
            raise texts.TextTooLarge(megabytes=texts.MOST_BYTES // 1_000_000)
        return findings.read(texts.text_of(file.read_bytes()))
    except FileNotFoundError as error:
        raise CommandError(f"There is no file {file}.") from error
    except OSError as error:
        raise CommandError(f"{file} can't be read: {error.strerror}.") from error
    except Refused as refusal:
        raise CommandError(str(refusal)) from refusal
