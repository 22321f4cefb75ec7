"""The texts of code and templates, and the English catalogue that has to hold every one of them.

`make messages` (this module as a command) writes new texts into the catalogue and takes vanished ones out. It needs no
gettext on the machine: Django turns templates into something that Babel's Python extractor reads.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polib
from babel.messages.extract import extract
from django.utils.translation.template import templatize

from tests.harness.models import LAYERS, ROOT

CATALOGUE = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_ALIAS = re.compile(r"\b(gettext(?:_lazy|_noop)?) as (\w+)")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_TO_BE_COPIED = re.compile(r'"[^"]*"')
"""Words that a file or a field has to hold as they are, in quotation marks."""
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdif]|%%")
REFERENCE_ROWS = ROOT / "fixtures" / "national.toml"
NAMED_ON_PAGES = {
    "stage": ("name",),
    "school_kind": ("name",),
    "category": ("name",),
    "register_source": ("name", "office"),
    "program": ("name", "short_name"),
}
"""Tables of reference rows, and the fields that are translated where they are shown."""


@dataclass(frozen=True)
class Text:
    """One message: its context, its id, and its plural."""

    context: str | None
    singular: str
    plural: str | None

    @property
    def key(self) -> tuple[str | None, str]:
        return self.context, self.singular


def texts() -> dict[tuple[str | None, str], tuple[Text, list[str]]]:
    """Every message of the product with the files that hold it."""
    found: dict[tuple[str | None, str], tuple[Text, list[str]]] = {}
    for path in [*_sources(), REFERENCE_ROWS]:
        for text in _names_of_rows() if path == REFERENCE_ROWS else _in_file(path):
            places = found.setdefault(text.key, (text, []))[1]
            place = path.relative_to(ROOT).as_posix()
            if place not in places:
                places.append(place)
    return found


def _sources() -> Iterator[Path]:
    for folder in [*LAYERS, "templates"]:
        for suffix in ("*.py", "*.html", "*.txt"):
            yield from sorted(path for path in (ROOT / folder).rglob(suffix) if "migrations" not in path.parts)


def _in_file(path: Path) -> Iterator[Text]:
    source = path.read_text(encoding="utf-8")
    keywords = dict(KEYWORDS)
    if path.suffix == ".py":
        keywords |= dict.fromkeys((alias for _original, alias in _ALIAS.findall(source)), None)
    else:
        source = "\n".join(line.lstrip() for line in templatize(source, origin=str(path)).splitlines())
    for _line, message, _comments, context in extract("python", BytesIO(source.encode()), keywords):
        singular, plural = message if isinstance(message, tuple) else (message, None)
        if singular:
            yield Text(context, singular, plural)


def _names_of_rows() -> Iterator[Text]:
    tables = tomllib.loads(REFERENCE_ROWS.read_text(encoding="utf-8"))
    for table, fields in NAMED_ON_PAGES.items():
        for row in tables[table]:
            for field in fields:
                yield Text(None, row[field], None)


def catalogue() -> polib.POFile:
    if CATALOGUE.exists():
        return polib.pofile(str(CATALOGUE), wrapwidth=110)
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = {
        "Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return fresh


def missing() -> list[str]:
    """Texts that English doesn't have yet."""
    translated = {(entry.msgctxt, entry.msgid) for entry in catalogue() if entry.translated() and not entry.fuzzy}
    return [
        f"{singular}  ({', '.join(places)})"
        for (context, singular), (_text, places) in texts().items()
        if (context, singular) not in translated
    ]


def vanished() -> list[str]:
    """Entries that no text asks for any more."""
    known = texts()
    return [entry.msgid for entry in catalogue() if (entry.msgctxt, entry.msgid) not in known]


def mistranslated() -> list[str]:
    """Entries whose English has other placeholders than the Chinese, or speaks Chinese outside of quotation marks."""
    return [
        entry.msgid
        for entry in catalogue()
        for english in [entry.msgstr, *entry.msgstr_plural.values()]
        if english
        and (
            _CHINESE.search(_TO_BE_COPIED.sub("", english))
            or set(_PLACEHOLDER.findall(english)) - set(_PLACEHOLDER.findall(entry.msgid))
        )
    ]


def update() -> polib.POFile:
    """The catalogue with the texts of today, in the order of their files."""
    old = {(entry.msgctxt, entry.msgid): entry for entry in catalogue()}
    new = catalogue()
    new.clear()
    for key, (text, places) in texts().items():
        entry = old.pop(key, None) or polib.POEntry(msgctxt=text.context, msgid=text.singular)
        if text.plural:
            entry.msgid_plural = text.plural
            entry.msgstr_plural = entry.msgstr_plural or {0: "", 1: ""}
        entry.occurrences = [(place, "") for place in places]
        entry.flags = ["python-format"] if _PLACEHOLDER.search(text.singular) else []
        new.append(entry)
    return new


def main() -> None:
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    update().save(str(CATALOGUE))
    sys.stdout.write(f"{CATALOGUE.relative_to(ROOT)}: {len(missing())} texts to translate\n")


if __name__ == "__main__":
    main()
