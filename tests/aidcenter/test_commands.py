"""Commands of an installation: its reference tables, and a demonstration that was interrupted."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from aidcenter.management.commands import demo
from programs.models import Program, Standard
from schools.models import Term
from tests.factories import StudentFactory, UserFactory
from tests.harness.models import ROOT

pytestmark = pytest.mark.django_db


class TestReference:
    def test_loads_the_tables_of_a_new_installation(self):
        call_command("reference", "national", stdout=StringIO())
        call_command("reference", "standards", str(ROOT / "fixtures/standards/411625.toml"), stdout=StringIO())

        assert Program.objects.exists()
        assert Standard.objects.exists()
        assert Term.objects.exists()

    def test_says_what_is_wrong_with_a_file(self, tmp_path):
        broken = tmp_path / "standards.toml"
        broken.write_text("[[term", encoding="utf-8")

        with pytest.raises(CommandError, match=r"standards\.toml"):
            call_command("reference", "standards", str(broken))

    def test_asks_for_the_countys_file(self):
        with pytest.raises(CommandError, match="reference standards FILE"):
            call_command("reference", "standards")


class TestAnInterruptedDemonstration:
    @pytest.fixture
    def var(self, settings, tmp_path):
        settings.VAR_DIR = tmp_path
        return tmp_path

    def test_is_named_and_nothing_is_removed_from_a_database_of_ones_own(self, var, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "sqlite:///elsewhere.sqlite3")
        UserFactory()
        StudentFactory()
        demo.started_mark().write_text(demo.this_database(), encoding="utf-8")

        with pytest.raises(CommandError, match="interrupted") as stopped:
            call_command("demo", "--if-empty", stdout=StringIO())

        assert str(var) in str(stopped.value)

    def test_is_none_where_the_year_was_run_to_its_end(self, var):
        UserFactory()
        StudentFactory()
        demo.started_mark().write_text(demo.this_database(), encoding="utf-8")
        demo.complete_mark().touch()

        call_command("demo", "--if-empty", stdout=StringIO())

    def test_takes_away_only_the_database_that_it_made_itself(self, var, monkeypatch):
        monkeypatch.delenv("DATABASE_URL", raising=False)
        database = var / "aidcenter.sqlite3"

        assert demo.own_database({"ENGINE": "django.db.backends.sqlite3", "NAME": database}) == database
        assert demo.own_database({"ENGINE": "django.db.backends.postgresql", "NAME": "aidcenter"}) is None
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{database}")
        assert demo.own_database({"ENGINE": "django.db.backends.sqlite3", "NAME": database}) is None
