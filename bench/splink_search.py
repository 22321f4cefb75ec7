"""Splink (DuckDB) over the same records, as the baseline of `bench/crosscheck.py --beside`.

It gets what the product's search gets: numbers, names and places brought into one form, names by sound, and of each
listed child the names and numbers of its household. One model, trained on the data at hand as Splink's guide says:
the prior from number and name, u from random pairs (seeded), m by expectation maximisation over three blockings.
Automatic is a pair at or above a probability where nobody else fits either side as well; what it leaves is ranked
by weight, the best three for each listed child.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import log2
from typing import Any

from students.matching import CANDIDATES_KEPT, Found
from students.suspicion import Record

SEED = 1
AUTOMATIC = 0.99
"""The match probability from which a pair is confirmed. On seed 101 no higher one has fewer false pairs: none."""

WORTH_A_LOOK = -14.0
"""The match weight from which a pair is shown: on seed 101, which no table shows, as many people to look at as ours."""

RECALL_OF_NUMBER_AND_NAME = 0.93
TIER = "splink"


def search(children: Sequence[Record], people: Sequence[Record], *, automatic: float = AUTOMATIC) -> list[Found]:
    """The pairs in the form of `matching.search`, scores being match weights."""
    scored = _pairs(children, people)
    return settle(scored, automatic=log2(automatic / (1 - automatic)))


def _pairs(children: Sequence[Record], people: Sequence[Record]) -> list[Found]:
    from splink import DuckDBAPI, Linker, block_on

    wanted = [person for person in people if not person.is_adult]
    database = DuckDBAPI()
    tables = [
        database.register(_columns(_child_rows(children)), dataset_display_name="a_roster"),
        database.register(_columns(_person_rows(wanted, people)), dataset_display_name="b_register"),
    ]
    linker = Linker(tables, _settings(), log_level="ERROR")
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on("number", "name")], recall=RECALL_OF_NUMBER_AND_NAME
    )
    training.estimate_u_using_random_sampling(max_pairs=5e6, seed=SEED)
    for columns in (("number",), ("name", "town", "village"), ("phone",)):
        training.estimate_parameters_using_expectation_maximisation(block_on(*columns), record_sample_proportion=1.0)
    found = linker.inference.predict(threshold_match_weight=WORTH_A_LOOK)
    child_of = {child.record: child for child in children}
    person_of = {person.record: person for person in wanted}
    rows = found.as_dict()
    return [
        Found(child_of[child], person_of[person], "", weight, [])
        for child, person, weight in zip(rows["unique_id_l"], rows["unique_id_r"], rows["match_weight"], strict=True)
    ]


def _settings() -> Any:
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons
    from splink import SettingsCreator, block_on

    def compare(name: str, *parts: Any) -> Any:
        return comparisons.CustomComparison(output_column_name=name, comparison_levels=list(parts))

    def alike(column: str) -> Any:
        return compare(column, levels.NullLevel(column), levels.ExactMatchLevel(column), levels.ElseLevel())

    return SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("number"),
            block_on("core"),
            block_on("cut"),
            block_on("tail"),
            block_on("sound"),
            block_on("phone"),
            block_on("birth", "surname"),
            block_on("town", "village", "surname"),
            block_on("town", "village", "given"),
            block_on("adults", "town", arrays_to_explode=["adults"]),
            block_on("adult_numbers", arrays_to_explode=["adult_numbers"]),
            block_on("members", arrays_to_explode=["members"]),
        ],
        comparisons=[
            # The birth date stands in the number and nowhere else, so it is a level of it and no second witness.
            compare(
                "number",
                levels.NullLevel("number"),
                levels.ExactMatchLevel("number"),
                levels.ExactMatchLevel("core"),
                levels.ExactMatchLevel("cut"),
                levels.DamerauLevenshteinLevel("number", 1),
                levels.ArrayIntersectLevel("members", 1),
                levels.DamerauLevenshteinLevel("number", 2),
                levels.ExactMatchLevel("birth"),
                levels.ElseLevel(),
            ),
            compare(
                "name",
                levels.NullLevel("name"),
                levels.ExactMatchLevel("name", term_frequency_adjustments=True),
                # Another member of the household bears it: set by hand, for training takes siblings for one child.
                levels.ArrayIntersectLevel("names", 1).configure(m_probability=1e-9, fix_m_probability=True),
                levels.ExactMatchLevel("sound"),
                levels.JaroWinklerLevel("name", 0.7),
                levels.ElseLevel(),
            ),
            alike("sex"),
            alike("phone"),
            alike("stage"),
            compare("adults", levels.NullLevel("adults"), levels.ArrayIntersectLevel("adults", 1), levels.ElseLevel()),
            compare(
                "village",
                levels.NullLevel("village"),
                levels.And(levels.ExactMatchLevel("village"), levels.ExactMatchLevel("town")),
                levels.ExactMatchLevel("town"),
                levels.ElseLevel(),
            ),
        ],
        retain_matching_columns=False,
    )


def _child_rows(children: Iterable[Record]) -> Iterator[dict[str, Any]]:
    for child in children:
        yield {
            **_row(child),
            "adults": _some([child.guardian_sound]),
            "adult_numbers": _some([child.guardian_number]),
            "members": _some([child.number]),
            "names": [child.name],
        }


def _person_rows(wanted: Iterable[Record], people: Iterable[Record]) -> Iterator[dict[str, Any]]:
    households: Mapping[str, list[Record]] = defaultdict(list)
    for person in people:
        if person.household:
            households[person.household].append(person)
    for person in wanted:
        others = [member for member in households.get(person.household, ()) if member is not person]
        yield {
            **_row(person),
            "adults": _some(member.sound for member in others if member.is_adult),
            "adult_numbers": _some(member.number for member in others if member.is_adult),
            "members": _some(member.number for member in others),
            "names": [member.name for member in others],
        }


def _row(record: Record) -> dict[str, Any]:
    values = {
        "number": record.number,
        "core": record.core,
        "cut": record.number[:15] if len(record.number) == 18 else "",
        "tail": record.number[6:] if len(record.number) == 18 else "",
        "birth": record.birth,
        "name": record.name,
        "sound": record.sound,
        "surname": record.name[:1],
        "given": record.name[1:],
        "sex": "" if record.sex == "unknown" else record.sex,
        "phone": record.phone,
        "town": record.town,
        "village": record.village,
        "stage": record.stage,
    }
    return {"unique_id": record.record, **{name: value or None for name, value in values.items()}}


def _some(values: Iterable[str]) -> list[str] | None:
    return sorted({value for value in values if value}) or None


def _columns(rows: Iterable[dict[str, Any]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            columns[name].append(value)
    return dict(columns)


def settle(scored: Sequence[Found], *, automatic: float) -> list[Found]:
    """Confirmed where the pair is best for both; a child enrolled twice is one child. Then the best of the rest."""
    of_person: dict[int, dict[str, float]] = defaultdict(dict)
    of_child: dict[str, dict[int, float]] = defaultdict(dict)
    for one in scored:
        person, child = one.person.record, one.child.key
        of_person[person][child] = max(one.score, of_person[person].get(child, one.score))
        of_child[child][person] = max(one.score, of_child[child].get(person, one.score))
    certain: list[Found] = []
    rest: dict[int, list[Found]] = defaultdict(list)
    for one in scored:
        person, child = one.person.record, one.child.key
        rivals = [score for key, score in of_person[person].items() if key != child]
        rivals += [score for record, score in of_child[child].items() if record != person]
        if one.score >= automatic and all(score < one.score for score in rivals):
            certain.append(replace(one, tier=TIER))
        else:
            rest[person].append(one)
    found_people = {one.person.record for one in certain}
    found_children = {one.child.record for one in certain}
    for person in sorted(rest.keys() - found_people):
        free = [one for one in rest[person] if one.child.record not in found_children]
        free.sort(key=lambda one: (-one.score, one.child.record))
        certain += [replace(one, rank=rank) for rank, one in enumerate(free[:CANDIDATES_KEPT], start=1)]
    return certain
