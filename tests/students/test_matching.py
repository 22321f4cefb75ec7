"""None mistaken: which pairs confirm themselves, which are put before people, and in which order."""

import random
from datetime import date

import pytest

from bench import crosscheck as bench
from bench.crosscheck_county import County
from common import names
from common.resident_ids import IdKind, check_digit
from students import matching
from students.suspicion import Record, birth_of, number_of
from tests.factories import resident_id

VILLAGE = {"town": "城关镇", "village": "东关"}
NUMBERS = iter(range(1, 10_000))


def record(name, number, **facts):
    n = next(NUMBERS)
    written, kind = number_of(number)
    return Record(
        **{
            "record": n,
            "key": number if kind is IdKind.RESIDENT else f"row-{n}",
            "number": written,
            "kind": kind,
            "name": name,
            "sound": names.sound(name),
            "sex": "unknown",
            "birth": birth_of(written, kind, None),
            "phone": "",
            **VILLAGE,
            **facts,
        }
    )


def listed(name, number, household="H1", **facts):
    return record(name, number, household=household, **facts)


def other_digit(number, place):
    return number[:place] + ("1" if number[place] != "1" else "2") + number[place + 1 :]


def certain(children, people):
    return {(one.child.record, one.person.record): one.tier for one in matching.search(children, people) if one.tier}


def suspected(children, people):
    return {
        (one.child.record, one.person.record): one.rank for one in matching.search(children, people) if not one.tier
    }


class TestCertain:
    def test_one_slip_in_the_number_needs_a_witness(self):
        number = resident_id(1)
        child = record("张小明", other_digit(number, 15))
        far_away = record("张小明", other_digit(number, 15), town="", village="")

        assert certain([child], [listed("张小明", number)]) != {}
        assert certain([far_away], [listed("张小明", number)]) == {}

    def test_a_guardians_number_is_a_witness_where_the_name_is_written_otherwise(self):
        number, parents = resident_id(1), resident_id(801, born_on=date(1985, 5, 6))
        typed = {"guardian_sound": names.sound("刘老五"), "town": "", "village": ""}
        child = record("张小明", other_digit(number, 15), guardian_number=parents, **typed)
        parent = listed("王建国", parents, is_adult=True)
        stranger = listed("王建国", resident_id(802, born_on=date(1985, 5, 6)), is_adult=True)

        assert certain([child], [listed("张小明", number), parent]) != {}
        assert certain([child], [listed("张小明", number), stranger]) == {}

    def test_two_right_numbers_are_two_numbers_however_near(self):
        first = resident_id(1)
        near = other_digit(first, 15)[:17]
        child = record("张小明", near + check_digit(near))

        assert certain([child], [listed("张小明", first)]) == {}

    def test_two_children_who_fit_one_person_are_both_put_before_people(self):
        number = resident_id(1)
        children = [record("张小明", other_digit(number, 15)), record("张小明", other_digit(number, 14))]
        person = listed("张小明", number)

        assert certain(children, [person]) == {}
        assert len(suspected(children, [person])) == 2

    def test_one_child_enrolled_twice_is_one_child(self):
        number = resident_id(1)
        rows = [record("张晓明", number), record("张晓明", number)]

        assert len(certain(rows, [listed("张小明", number)])) == 2

    def test_children_of_one_name_in_one_household_are_never_certain(self):
        first, second = resident_id(1), resident_id(2)
        people = [listed("张小明", first), listed("张小明", second)]

        assert certain([record("张小明", first)], people) == {}

    def test_a_twins_number_typed_for_the_other_is_not_certain(self):
        """王子涵 and 王子晗 sound alike: her sister's number with her own name says who she is."""
        number, sisters = resident_id(1), resident_id(2)
        people = [listed("王子涵", number), listed("王子晗", sisters)]
        child = record("王子晗", number)

        assert certain([child], people) == {}
        assert suspected([child], people)[child.record, people[1].record] == 1

    def test_a_fathers_number_typed_for_the_child_needs_two_witnesses(self):
        father = listed("张大山", resident_id(3), is_adult=True)
        person = listed("张小明", resident_id(1), phone="p")
        one = record("张小明", father.number)
        two = record("张小明", father.number, phone="p")

        assert certain([one], [father, person]) == {}
        assert certain([two], [father, person]) == {(two.record, person.record): "near-household"}

    def test_siblings_whose_numbers_were_swapped_are_put_before_people(self):
        first, second = listed("张小明", resident_id(1)), listed("张小红", resident_id(2))
        children = [record("张小明", second.number), record("张小红", first.number)]

        assert certain(children, [first, second]) == {}
        ranks = suspected(children, [first, second])
        assert ranks[children[0].record, first.record] == ranks[children[1].record, second.record] == 1

    def test_equal_remains_of_lost_numbers_are_no_equal_numbers(self):
        child = record("张小明", "4.11625E+17", village="")

        assert certain([child], [listed("张小明", "4.11625E+17", village="西关")]) == {}

    def test_a_persons_no_is_kept(self):
        number = resident_id(1)
        child, person = record("张小明", number), listed("张小明", number)

        found = matching.search([child], [person], decided={(child.key, person.key): False})

        assert [one.tier for one in found] == [""]


class TestSuspected:
    def test_at_most_three_candidates_come_each_with_its_rank(self):
        person = listed("张小明", "")
        children = [record("张小明", resident_id(n)) for n in range(1, 7)]

        assert sorted(suspected(children, [person]).values()) == [1, 2, 3]

    def test_the_answer_does_not_depend_on_the_order_of_the_rows(self):
        people = [listed(f"张小{c}", resident_id(n)) for n, c in enumerate("明红兰军", start=1)]
        children = [record(p.name, other_digit(p.number, 16), village="") for p in people] + [
            record("张小明", "", key="z"),
            record("张小明", "", key="a"),
        ]
        expected = sorted((o.child.key, o.person.key, o.rank, o.tier) for o in matching.search(children, people))

        for seed in range(5):
            mixed = random.Random(seed).sample(children, len(children))
            found = matching.search(mixed, random.Random(seed).sample(people, len(people)))
            assert sorted((o.child.key, o.person.key, o.rank, o.tier) for o in found) == expected

    def test_a_missing_number_and_a_wrong_surname_are_found_in_the_village(self):
        child = record("乌海轩", "")

        assert suspected([child], [listed("马海轩", resident_id(1))]) != {}


@pytest.mark.parametrize("noise", [1.0, 3.0])
@pytest.mark.parametrize("seed", range(101, 106))
def test_nobody_is_mistaken_and_hardly_anybody_missed(tmp_path, seed, noise):
    """A twentieth of a county with every kind of error and trap; whole ones are measured in `bench`."""
    County(seed, scale=0.05, noise=noise).write(tmp_path)

    found = bench.measure(tmp_path)

    assert found["false_automatic"] == 0, found["false"]
    assert found["recall"]["first_three"] >= (0.98 if noise == 1.0 else 0.95)
    assert found["suspicions_per_hidden"] <= 2
