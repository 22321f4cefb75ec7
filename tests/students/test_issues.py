"""Every problem that the check can find has words for the officer in both languages, and every word a problem."""

import ast
import re
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import polib
import pytest
from django.conf import settings
from django.utils import translation

from students import issues
from students.choices import Severity
from students.issues import KINDS, Problem

APPS = ("aidcenter", "disbursements", "programs", "schools", "students")
_RAISING = {"Problem", "find", "_problem"}
_CODE = re.compile(r"[a-z]+(-[a-z0-9]+)+")
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@lru_cache(maxsize=1)
def modules():
    files = [path for app in APPS for path in Path(settings.BASE_DIR, app).rglob("*.py")]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in files if path.name != "issues.py"}


@lru_cache(maxsize=1)
def catalogue():
    entries = polib.pofile(str(Path(settings.BASE_DIR, "locale/en/LC_MESSAGES/django.po")))
    return {entry.msgid: entry.msgstr for entry in entries if not entry.obsolete and not entry.fuzzy}


def constants(tree):
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def raised():
    """Every code that stands where a problem is made."""
    calls = [node for tree in modules().values() for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    makers = [call for call in calls if getattr(call.func, "id", getattr(call.func, "attr", "")) in _RAISING]
    return {text for call in makers for text in constants(call.args[0]) if _CODE.fullmatch(text)}


def texts(kind):
    with translation.override(settings.LANGUAGE_CODE):
        return str(kind.what), str(kind.mend)


class TestKind:
    def test_is_there_for_every_code_that_is_raised(self):
        assert len(raised()) > 40
        assert raised() - KINDS.keys() == set()

    def test_is_raised_somewhere(self):
        written = set().union(*map(constants, modules().values()))

        assert KINDS.keys() - written == set()

    @pytest.mark.parametrize("code", KINDS)
    def test_says_in_whole_sentences_what_is_wrong_and_how_to_mend_it(self, code):
        what, mend = texts(KINDS[code])

        assert what.endswith("。")
        assert mend.endswith("。")
        assert len(what) >= 6
        assert len(mend) >= 4

    @pytest.mark.parametrize("code", KINDS)
    def test_has_words_in_english(self, code):
        for text in texts(KINDS[code]):
            assert catalogue().get(text)
            assert set(_PLACEHOLDER.findall(catalogue()[text])) == set(_PLACEHOLDER.findall(text))


class TestWording:
    def test_says_what_was_found(self):
        issue = SimpleNamespace(code="id-twice", params={"other": 4}, severity=Severity.ERROR)

        assert issues.wording(issue)[0] == "与第 4 行是同一个学生（证件号相同）。"

    def test_of_a_doubt_that_was_explained_says_so(self):
        issue = SimpleNamespace(code="id-missing", params={"word": "户口正在办理"}, severity=Severity.NOTE)

        assert issues.wording(issue)[0] == "没有填写证件号。（已说明：户口正在办理）"


class TestProblem:
    def test_is_as_grave_as_its_kind_until_it_is_explained(self):
        assert Problem("id-missing", "id_number").severity is Severity.DOUBT
        assert Problem("id-missing", "id_number", {"word": "补办中"}, is_explained=True).severity is Severity.NOTE
