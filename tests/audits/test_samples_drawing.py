"""Draws: fair, of the size that was asked for, and the same for everybody who has the file and the seed."""

import hashlib
import random
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given
from hypothesis import strategies as st

from audits import drawing
from audits.choices import Draw
from audits.drawing import Row

rows_of = st.lists(
    st.builds(
        Row,
        number=st.integers(1, 10**9),
        school=st.sampled_from(["4100000001", "4100000002", "4100000003"]),
        fen=st.integers(1, 10**7),
        weight=st.integers(1, 40),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row.number,
)
WHOLE_COUNTY = [Draw.EQUAL, Draw.BY_MONEY, Draw.BY_RISK]
POPULATION = [
    Row(number, f"41000000{number % 4:02d}", fen=(number % 7 + 1) * 12_500, weight=1 + 5 * (number % 9 == 0))
    for number in range(101, 181)
]


class TestDraw:
    @given(rows=rows_of, way=st.sampled_from(WHOLE_COUNTY), size=st.integers(1, 80), seed=st.text(max_size=8))
    def test_takes_as_many_as_were_asked_for_and_nobody_twice(self, rows, way, size, seed):
        drawn = drawing.draw(rows, way=way, seed=seed, size=size)

        assert len(drawn) == min(size, len(rows))
        assert len(set(drawn)) == len(drawn)
        assert set(drawn) <= {row.number for row in rows}

    @given(rows=rows_of, size=st.integers(1, 30), schools=st.integers(0, 4), seed=st.text(max_size=8))
    def test_by_school_takes_as_many_of_each_drawn_school(self, rows, size, schools, seed):
        drawn = set(drawing.draw(rows, way=Draw.BY_SCHOOL, seed=seed, size=size, schools=schools))

        of_school = Counter(row.school for row in rows)
        taken = Counter(row.school for row in rows if row.number in drawn)
        assert len(taken) == min(schools or len(of_school), len(of_school))
        assert all(people == min(size, of_school[school]) for school, people in taken.items())

    @given(rows=rows_of, way=st.sampled_from(list(Draw)), size=st.integers(1, 30), mix=st.randoms())
    def test_does_not_depend_on_the_order_of_the_rows(self, rows, way, size, mix):
        mixed = list(rows)
        mix.shuffle(mixed)

        again = drawing.draw(mixed, way=way, seed="种子", size=size, schools=2)

        assert again == drawing.draw(rows, way=way, seed="种子", size=size, schools=2)
        assert drawing.written(mixed) == drawing.written(rows)

    @given(rows=rows_of, size=st.integers(1, 30))
    def test_by_money_takes_everything_as_large_as_the_interval(self, rows, size):
        drawn = set(drawing.draw(rows, way=Draw.BY_MONEY, seed="7", size=size))

        total = sum(row.fen for row in rows)
        assert {row.number for row in rows if row.fen * size >= total} <= drawn

    @pytest.mark.parametrize("way", list(Draw))
    def test_by_another_seed_takes_others(self, way):
        draws = {tuple(drawing.draw(POPULATION, way=way, seed=str(seed), size=12, schools=2)) for seed in range(20)}
        assert len(draws) == 20

    @pytest.mark.parametrize(
        ("way", "weigh"),
        [(Draw.EQUAL, lambda row: 1), (Draw.BY_MONEY, lambda row: row.fen), (Draw.BY_RISK, lambda row: row.weight)],
    )
    def test_takes_each_in_proportion_to_what_it_weighs(self, way, weigh):
        size, seeds = 8, 1_500
        times = Counter(
            number for seed in range(seeds) for number in drawing.draw(POPULATION, way=way, seed=f"s{seed}", size=size)
        )

        whole = sum(map(weigh, POPULATION))
        chances = {row.number: size * weigh(row) / whole for row in POPULATION}
        assert max(chances.values()) < 1
        squares = sum(
            (times[number] - seeds * chance) ** 2 / (seeds * chance * (1 - chance))
            for number, chance in chances.items()
        )
        assert squares < 125  # 80 degrees of freedom: the fixed seeds stay under what one draw in a thousand exceeds

    @pytest.mark.parametrize(
        ("way", "drawn"),
        [
            (Draw.EQUAL, [116, 118, 136, 169, 180]),
            (Draw.BY_MONEY, [114, 117, 143, 164, 167]),
            (Draw.BY_RISK, [104, 108, 126, 135, 151]),
            (Draw.BY_SCHOOL, [104, 107, 115, 116, 119, 136, 139, 148, 163, 180]),
        ],
    )
    def test_gives_the_names_that_it_gave_when_it_was_written_down(self, way, drawn):
        """A sample that was drawn once is drawn again years later: a change of the way would break this."""
        assert drawing.draw(POPULATION, way=way, seed="2021-示范县", size=5, schools=2) == drawn

    def test_follows_the_description_that_an_auditor_reads(self):
        """The equal draw and the draw by money, written a second time from the words alone."""

        def rank(what):
            return int(hashlib.sha256(f"seed:{what}".encode()).hexdigest(), 16)

        in_order = sorted(POPULATION, key=lambda row: rank(f"award:{row.number}"))
        total = sum(row.fen for row in POPULATION)
        points = [(rank("start") % total + k * total) / 6 for k in range(6)]
        hit, reached = [], 0
        for row in in_order:
            hit += [row.number for point in points if reached <= point < reached + row.fen]
            reached += row.fen

        assert drawing.draw(POPULATION, way=Draw.EQUAL, seed="seed", size=6) == sorted(
            row.number for row in in_order[:6]
        )
        assert drawing.draw(POPULATION, way=Draw.BY_MONEY, seed="seed", size=6) == sorted(hit)


class TestShare:
    def test_says_what_each_drawn_row_stands_for(self):
        rows = [Row(1, "a", 1_000, 1), Row(2, "a", 900, 1), *(Row(n, "a", 10, 1) for n in range(3, 103))]

        part = drawing.share(rows, size=12)

        assert (part.certain, part.rest_size, part.rest_weight) == (2, 10, 1_000)
        assert part.is_certain(900)
        assert not part.is_certain(10)


class TestPopulationFile:
    @given(rows=rows_of)
    def test_is_read_back_as_it_was_written(self, rows):
        assert drawing.read(drawing.written(rows)) == sorted(rows)

    def test_is_read_after_a_spreadsheet_wrote_it_again(self):
        again = drawing.written(POPULATION).decode("utf-8-sig").encode("gb18030")
        assert drawing.read(again) == POPULATION

    @pytest.mark.parametrize(
        "line",
        ["x,4100000001,100,1", "5,4100000001,100", "5,4100000001,0,1", "5,4100000001,100,0", "101,4100000001,100,1"],
    )
    def test_with_a_line_that_does_not_fit_is_refused_as_a_whole(self, line):
        content = drawing.written(POPULATION) + f"{line}\r\n".encode()
        with pytest.raises(drawing.NotAPopulation) as refused:
            drawing.read(content)
        assert refused.value.params == {"row": len(POPULATION) + 2}

    def test_without_a_line_is_refused(self):
        with pytest.raises(drawing.NotAPopulation):
            drawing.read(b"")


class TestRedraw:
    """`manage.py redraw` on a downloaded file; no database is at hand."""

    def test_prints_the_same_numbers_with_both_digests(self, tmp_path: Path):
        file, out = tmp_path / "population.csv", StringIO()
        file.write_bytes(drawing.written(POPULATION))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()

        call_command(
            "redraw", str(file), "--seed", "abc", "--draw", "by-money", "--size", "9", "--sha256", digest, stdout=out
        )

        population, result, *numbers = out.getvalue().splitlines()
        drawn = drawing.draw(POPULATION, way=Draw.BY_MONEY, seed="abc", size=9)
        assert [int(number) for number in numbers] == drawn
        assert digest in population
        assert drawing.digest(drawn) in result

    def test_refuses_a_file_that_is_not_the_one_drawn_from(self, tmp_path: Path):
        file = tmp_path / "population.csv"
        file.write_bytes(drawing.written(POPULATION[1:]))
        other = hashlib.sha256(drawing.written(POPULATION)).hexdigest()
        with pytest.raises(CommandError, match="not the one"):
            call_command("redraw", str(file), "--seed", "a", "--draw", "equal", "--size", "3", "--sha256", other)

    def test_refuses_what_is_no_population(self, tmp_path: Path):
        file = tmp_path / "population.csv"
        file.write_bytes(random.Random(3).randbytes(200))
        with pytest.raises(CommandError):
            call_command("redraw", str(file), "--seed", "a", "--draw", "equal", "--size", "3")
