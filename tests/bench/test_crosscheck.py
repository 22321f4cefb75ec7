"""The figures of the cross-check beside the truth, and its baselines over the same rows."""

import importlib.util

import pytest

from bench import crosscheck, growth, splink_search
from bench.crosscheck_county import County
from common.resident_ids import IdKind
from students.matching import Found
from students.suspicion import Record


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    folder = tmp_path_factory.mktemp("county")
    County(3, scale=0.02).write(folder)
    return folder


def record(number, **facts):
    given = {
        "record": number, "key": f"k{number}", "number": "", "kind": IdKind.NONE, "name": "张小明",
        "sound": "zhang xiao ming", "sex": "male", "birth": "", "phone": "", "town": "城关镇", "village": "东关",
    }  # fmt: skip
    return Record(**{**given, **facts})


def pair(child, person, score):
    return Found(child, person, "", score, [])


class TestFigures:
    def test_the_search_finds_the_hidden_and_confirms_nobody_else(self, county):
        result = crosscheck.measure(county)

        assert result["hidden"] > 20
        assert result["false_automatic"] == 0
        assert result["recall"]["first_three"] >= 0.95
        assert sum(row["hidden"] for row in result["kinds"].values()) == result["hidden"]

    def test_plain_comparison_finds_what_is_written_alike_and_no_more(self, county):
        result = crosscheck.measure(county, crosscheck.exact_search)

        assert result["clean_missed"] == 0
        assert result["recall"]["first"] < 0.2

    def test_a_pair_that_is_none_counts_as_false(self):
        child, person = record(1), record(2)
        sure = Found(child, person, "exact", 100.0, [])

        assert crosscheck.figures([sure], {("1", "9"): "id_digit"})["false_automatic"] == 1
        assert crosscheck.figures([sure], {("1", "2"): "id_digit"})["false_automatic"] == 0

    def test_says_aloud_when_splink_is_not_there(self, county, monkeypatch, capsys):
        monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

        assert set(crosscheck.baselines(county)) == {"exact"}
        crosscheck.show_beside({})
        assert "Splink is left out" in capsys.readouterr().out


class TestSplinkBaseline:
    """What is made of Splink's weights; Splink itself runs in `make bench`."""

    def test_a_pair_that_is_best_for_both_is_confirmed(self):
        child, other, person = record(1), record(2), record(3)
        found = splink_search.settle([pair(child, person, 20.0), pair(other, person, 12.0)], automatic=10.0)

        assert [(one.child.record, one.tier) for one in found] == [(1, "splink")]

    def test_of_two_that_fit_alike_none_is_confirmed(self):
        child, other, person = record(1), record(2), record(3)
        found = splink_search.settle([pair(child, person, 20.0), pair(other, person, 20.0)], automatic=10.0)

        assert [(one.child.record, one.tier, one.rank) for one in found] == [(1, "", 1), (2, "", 2)]

    def test_a_child_enrolled_twice_is_one_child(self):
        child, again, person = record(1), record(2, key="k1"), record(3)
        found = splink_search.settle([pair(child, person, 20.0), pair(again, person, 18.0)], automatic=10.0)

        assert {one.tier for one in found} == {"splink"}
        assert len(found) == 2


class TestGrowth:
    def test_three_counties_as_one_find_what_each_finds(self, tmp_path):
        for county in (1, 2, 3):
            growth.made(tmp_path / str(county), 0.01, county)

        one, three = (growth.measure(tmp_path, size) for size in (1, 3))

        assert three["children"] > 2.9 * one["children"]
        assert three["first"] > 0.95
        assert (one["false"], three["false"]) == (0, 0)
