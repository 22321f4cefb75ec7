"""What the face may be made of: CSS that county office machines understand, and nothing inline."""

import re
from pathlib import Path

import pytest
from django.conf import settings

STATIC = Path(settings.BASE_DIR, "static/ui")
TEMPLATES = Path(settings.BASE_DIR, "templates")
TOO_NEW = {
    ":has(": "Chromium 105",
    "color-mix(": "111",
    "light-dark(": "123",
    "oklch(": "111",
    "oklab(": "111",
    "@container": "105",
    "@property": "behaves differently from one to the next",
    "@layer": "99",
    ":popover-open": "114",
    "text-wrap": "114",
    "inset-inline": "fine, but we write sides",
}


def sheets() -> list[Path]:
    return sorted(STATIC.glob("*.css"))


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("sheet", sheets(), ids=lambda path: path.name)
def test_stylesheets_keep_to_chromium_88(sheet):
    css = without_comments(sheet.read_text())

    assert [feature for feature in TOO_NEW if feature in css] == []


@pytest.mark.parametrize("sheet", sheets(), ids=lambda path: path.name)
def test_stylesheets_nest_only_in_at_rules(sheet):
    css = re.sub(r"\"[^\"]*\"", "", without_comments(sheet.read_text()))
    open_blocks: list[str] = []
    for head, brace in re.findall(r"([^{};]*)([{};])", css):
        if brace == "{":
            assert not open_blocks or open_blocks[-1].startswith("@"), f"{head.strip()} is nested"
            open_blocks.append(head.strip())
        elif brace == "}":
            open_blocks.pop()


def test_every_stylesheet_is_linked_once():
    """By every page, or after the others by a page whose paper is another."""
    linked = [name for path in TEMPLATES.rglob("*.html") for name in re.findall(r"ui/([\w-]+\.css)", path.read_text())]

    assert sorted(linked) == [sheet.name for sheet in sheets()]


@pytest.mark.parametrize("pattern", [r"\sstyle=", r"<style", r"\son[a-z]+=", r"<script(?![^>]*\bsrc=)", r"javascript:"])
def test_templates_hold_nothing_inline(pattern):
    guilty = [
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if re.search(pattern, path.read_text(), flags=re.IGNORECASE)
    ]

    assert guilty == []
