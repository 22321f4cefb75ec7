"""Rules for auditors over what was handed in."""

import pytest

from jobs import files
from programs.models import Award
from reports import handed_in
from reports.choices import Layout
from tests import factories as make
from tests.audits.looking import look
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def award():
    return make.AwardFactory(confirmed=True)


@pytest.fixture
def by():
    return make.UserFactory()


@pytest.fixture
def report(award, by):
    return handed_in.freeze(Layout.SCHOOLS, "2021", by=by, at=NOW)


class TestNoLongerHolds:
    def test_finds_what_changed_since(self, award, report):
        Award.objects.filter(pk=award.pk).update(amount_fen=40_000)
        make.AwardFactory(confirmed=True)

        [found] = look("handed-in-no-longer-holds")

        assert (found.key, found.amount_fen) == (f"report:{report.pk}", 40_000)
        assert (found.facts["changed"], found.facts["new"], found.facts["gone"]) == (1, 1, 0)
        assert (found.facts["was_fen"], found.facts["now_fen"]) == (50_000, 90_000)

    def test_counts_figures_that_changed_though_no_award_did(self, award, report):
        type(award.school).objects.filter(pk=award.school_id).update(town=make.TownFactory(code="990199999000"))

        [found] = look("handed-in-no-longer-holds")

        assert (found.facts["changed"], found.facts["new"], found.facts["gone"]) == (0, 0, 0)
        assert found.facts["figures"] > 0

    def test_leaves_alone_what_holds(self, report):
        assert look("handed-in-no-longer-holds") == []

    def test_leaves_alone_a_change_that_the_table_does_not_show(self, award, report):
        Award.objects.filter(pk=award.pk).update(stage=make.StageFactory(code="junior"))

        assert look("handed-in-no-longer-holds") == []

    def test_leaves_alone_what_a_newer_version_settled(self, report, by):
        make.AwardFactory(confirmed=True)
        handed_in.freeze(Layout.SCHOOLS, "2021", by=by, at=NOW, why="补充名单审定")

        assert look("handed-in-no-longer-holds") == []

    def test_looks_at_a_year_once(self, report):
        make.TermFactory(code="2021S")
        make.AwardFactory(confirmed=True)

        assert look("handed-in-no-longer-holds", term="2021S") == []
        assert len(look("handed-in-no-longer-holds", term="2021A")) == 1


class TestRowsExchanged:
    def test_finds_rows_that_are_other_than_those_kept(self, report, monkeypatch):
        content = files.content(report.rows)
        monkeypatch.setattr(files, "content", lambda file: content.replace(b"50000", b"50001", 1))

        [found] = look("handed-in-rows-exchanged")

        assert found.key == f"report:{report.pk}"
        assert look("handed-in-no-longer-holds") == []

    def test_leaves_alone_rows_as_they_were_kept(self, award, report):
        Award.objects.filter(pk=award.pk).update(amount_fen=40_000)

        assert look("handed-in-rows-exchanged") == []
