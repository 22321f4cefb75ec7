"""The same figures everywhere, read back: `python -m bench.papers [REFERENCE]` over the loaded county.

The report's page, its workbook and the annual summary are made as people get them and read as people read them; each
program's awards and money, for all and for the registered poor, in each term and the year, have to be those of
`reports.totals` to the fen, and those of a file of published figures where one is given.
"""

import io
import os
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import django

from bench.measure import timed

Key = tuple[str, str, str]
"""Program, term or year, who."""
Figures = dict[Key, tuple[int, int]]
"""Awards and fen."""


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from reports import reference, totals
    from schools.models import Term

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("collectstatic", interactive=False, verbosity=0)
    published = reference.read(Path(sys.argv[1])) if len(sys.argv) > 1 else None
    year = reference.year_of(published) if published else str(Term.objects.latest("starts_on").year)
    ours = {
        (line["program"], line["term"], line["who"]): (line["persons"], line["amount_fen"])
        for line in totals.lines(year)
    }
    failures = 0
    if published:
        compared = [each for each in reference.compare(published) if "crosscheck" not in each.what]
        failures += sum(not each.agrees for each in compared)
        print(f"{'published':<12}{len(compared):>6} figures, {sum(not each.agrees for each in compared)} differ")
    for name, take in (("page", _page), ("workbook", _workbook), ("document", _document)):
        seconds, found = timed(partial(take, year))
        different = {key for key in ours.keys() | found.keys() if ours.get(key, (0, 0)) != found.get(key, (0, 0))}
        failures += len(different)
        print(f"{name:<12}{len(found):>6} figures, {len(different)} differ, {seconds:.2f} s")
        for key in sorted(different)[:20]:
            print(f"    {key}: {ours.get(key)} in totals, {found.get(key)} in the {name}")
        if not found:
            raise SystemExit(f"Nothing was read from the {name}.")
    return 1 if failures else 0


def _client() -> Any:
    from django.test import Client

    from accounts.models import User

    client = Client()
    client.force_login(User.objects.filter(role="preparer").order_by("pk")[0])
    return client


def _columns(year: str) -> list[tuple[str, str]]:
    """Term or year and who, from left to right."""
    from reports import totals

    scopes = [*(term.pk for term in totals.terms_of(year)), year]
    return [(scope, who) for scope in scopes for who in (totals.ALL, totals.REGISTERED_POOR)]


def _programs() -> dict[str, str]:
    from django.utils.translation import gettext as _

    from programs.models import Program
    from reports import totals

    return {**{str(program): program.pk for program in Program.objects.all()}, _("合计"): totals.EVERY_PROGRAM}


def _lines(year: str, rows: Iterator[tuple[str, list[Decimal]]]) -> Figures:
    """Rows of people, awards and money for each column."""
    programs, found = _programs(), {}
    for label, values in rows:
        for place, column in enumerate(_columns(year)):
            _people, awards, yuan = values[3 * place : 3 * place + 3]
            found[programs[label], *column] = (int(awards), int(yuan * 100))
    return {key: figure for key, figure in found.items() if figure != (0, 0)}


def _page(year: str) -> Figures:
    from django.urls import reverse
    from lxml import html  # type: ignore[import-untyped]

    page = html.fromstring(_client().get(reverse("reports:report", args=[year])).content)
    rows = [row for row in page.xpath("//table[contains(@class, 'report')]/tbody/tr") if "part" not in row.get("class")]
    return _lines(
        year,
        (
            (
                row.find("th").text_content().strip(),
                [Decimal(cell.text_content().strip().replace(",", "")) for cell in row.findall("td")],
            )
            for row in rows
        ),
    )


def _workbook(year: str) -> Figures:
    import openpyxl
    from django.urls import reverse

    answer = _client().get(reverse("reports:export", args=[year]))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    programs = _programs()
    rows = (
        (str(row[1]), [Decimal(str(value)) for value in row[3:]])
        for row in sheet.iter_rows(min_row=6, values_only=True)
        if row[1] in programs and not row[2]
    )
    return _lines(year, rows)


def _document(year: str) -> Figures:
    from django.utils import timezone

    from programs.models import Program
    from reports import summary_document, totals
    from reports.models import SummaryText
    from schools.models import term_name
    from tests.reports.summary_reader import figures_said

    _summary, content = summary_document.made(int(year), SummaryText.objects.all(), at=timezone.now())
    scopes = {"全年" if scope == year else term_name(scope): scope for scope, _who in _columns(year)}
    programs = {program.short_name: program.pk for program in Program.objects.all()} | {"合计": totals.EVERY_PROGRAM}
    found: Figures = {}
    for (who, _stage, program, column), (awards, fen) in figures_said(content).items():
        if program in programs and (awards, fen) != (0, 0):
            key = (programs[program], scopes[column], who)
            before = found.get(key, (0, 0))
            found[key] = (before[0] + awards, before[1] + fen)
    return found


if __name__ == "__main__":
    sys.exit(main())
